/* Files that wait in the database to be read, and how they are read. */
#ifndef CAFE_IMPORT_UPLOAD_H
#define CAFE_IMPORT_UPLOAD_H

#include "cafe/import/import.h"

enum { IMPORT_SAMPLES = 3, IMPORT_SAMPLE_MAX_BYTES = 200 };

/** How a file is read: the settings of an import. */
struct import_settings {
    struct import_format format;
    size_t count; /* of columns that are mapped; 0: by their names */
    unsigned char targets[IMPORT_COLUMNS_MAX];
    struct slice list; /* the query of the list that it came from; borrowed of
                          the text that was read */
};

/** Read the settings of an import; false: they are none. */
bool import_settings_read(struct slice text, struct import_settings *settings);

/** Append them. */
void import_settings_write(struct text *out,
                           const struct import_settings *settings);

/*
 * The next ones run on a database thread. Errors also: ERROR_DB_…
 */

/**
 * Note a new import with its file, to be read by a worker. Safe to run again.
 *
 * import  Its key, person, file_name, settings and switches. If there is one
 *         with this key already, nothing is changed.
 */
MUST_CHECK enum error import_upload(struct db_connection *connection,
                                    struct import *import, struct slice bytes);

/** Change how a file is read, and have it read again. Errors: ERROR_CONFLICT:
 * it is being read, or written, already. */
MUST_CHECK enum error import_read_again(struct db_connection *connection,
                                        const struct import *import);

/** Set whether missing suppliers are removed, of a preview. */
MUST_CHECK enum error import_set_removing(struct db_connection *connection,
                                          int64_t id, bool remove_missing);

/** What a person says of an ambiguous row, or of a possible duplicate, which
 * can only be a new supplier all the same. */
struct import_answer {
    int64_t n;  /* of the row */
    bool added; /* it is a new supplier */
    int64_t id; /* else the supplier that it is about */
};

/**
 * Take an answer: the row becomes new, changed, same or faulty, or a duplicate
 * where another row is about that supplier.
 *
 * Errors  ERROR_CONFLICT: the import is no preview, the row is not asked about,
 *         or not with this supplier, which may be gone.
 */
MUST_CHECK enum error import_take_answer(struct db_connection *connection,
                                         const struct import *import,
                                         const struct import_answer *answer);

/** The header of a file and its first rows; texts are cut, in the arena. */
struct import_sample {
    size_t columns;
    size_t rows; /* without the header */
    struct slice *header;
    struct slice *cells[IMPORT_SAMPLES];
};

/** Read them. A file that can't be read has none, or fewer. */
MUST_CHECK enum error import_sample_read(struct db_connection *connection,
                                         struct arena *arena, int64_t id,
                                         const struct import_format *format,
                                         struct import_sample *sample);

/** Call `each` for the latest imports; texts live until it returns. */
typedef enum error import_each_fn(void *context, const struct import *import);
MUST_CHECK enum error import_list(struct db_connection *connection,
                                  struct arena *arena, size_t limit,
                                  import_each_fn *each, void *context);

/** A file to be read by one task. */
struct import_reading {
    int64_t id;
    const char *task;
    bool (*is_stopping)(void *context); /* asked between rows */
    void *context;
};

/**
 * Compare a file with the directory: the import becomes a preview, or has
 * failed, with the problem.
 *
 * Errors  ERROR_BUSY: another task reads it, or it is not to be read.
 *         ERROR_STOPPING: is_stopping() said so. After an error, run it again.
 */
MUST_CHECK enum error import_read_file(struct db_connection *connection,
                                       const struct import_reading *reading);

#endif
