/* Private to import/: files in the database. */
#ifndef CAFE_IMPORT_FILES_H
#define CAFE_IMPORT_FILES_H

#include "cafe/import/upload.h"

enum { FILE_PART_BYTES = 1024 * 1024 };

/** Read a part of a file into a text; found: whether there is one. */
MUST_CHECK enum error files_read_part(struct db_connection *connection,
                                      int64_t id, int64_t part,
                                      struct text *bytes, bool *found);

#endif
