/* Reading small files whole, and the folders they are in. */
#ifndef CAFE_FILE_H
#define CAFE_FILE_H

#include <sys/types.h>

#include "cafe/base/text.h"

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

/** As file_read(), for a file that decides who is let in: one that others than
 * its owner may write to is ERROR_CONFIG. */
MUST_CHECK enum error file_read_own(const char *path, struct text *content,
                                    struct text *error);

/**
 * The same for a file that is open, of any kind, from where it is.
 *
 * path    For messages.
 * Errors  ERROR_CONFIG (unreadable, too large).
 */
MUST_CHECK enum error file_read_from(int fd, const char *path,
                                     struct text *content, struct text *error);

/** Read up to the end or max_bytes, also after signals. Returns the bytes; -1
 * with errno. */
ssize_t file_fill(int fd, char *data, size_t max_bytes);

/** Sees one entry of a folder; an error ends the walk with that error. */
typedef enum error folder_fn(const char *folder, const char *entry,
                             void *context, struct text *error);

/**
 * Call `each` for every entry of a folder that isn't hidden, in no order.
 *
 * error   On failure one line.
 * Errors  ERROR_CONFIG (no such folder); those of `each`.
 * Thread  Any; it blocks.
 */
MUST_CHECK enum error folder_each(const char *folder, folder_fn *each,
                                  void *context, struct text *error);

#endif
