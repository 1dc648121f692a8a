/* Reading a small file whole. */
#ifndef CAFE_FILE_H
#define CAFE_FILE_H

#include "cafe/text.h"

/**
 * Append a file's bytes to a text.
 *
 * content  Its max_bytes bounds what is read.
 * error    On failure one line, "views/nav.html: No such file or directory".
 * Errors   ERROR_CONFIG (missing, unreadable, no regular file, too large),
 *          ERROR_MEMORY.
 * Thread   Any; it blocks.
 */
MUST_CHECK enum error file_read(const char *path, struct text *content,
                                struct text *error);

#endif
