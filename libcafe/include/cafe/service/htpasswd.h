/* A file of names and hashes of passwords, "ann:$y$j9T$…". */
#ifndef CAFE_HTPASSWD_H
#define CAFE_HTPASSWD_H

#include "cafe/base/text.h"

struct account {
    struct slice name;
    const char *hash; /* without password_hash_fault() */
};

struct htpasswd;

/**
 * Read a file: a line for each of at most 1000 people; empty ones and those
 * that begin with "#" are passed over.
 *
 * error   One line: the file, the line where there is one, what is wrong. Never
 *         a hash: it may be a password.
 * Errors  ERROR_CONFIG (unreadable, writable by others than its owner, a line
 *         that is not one, a name twice, nobody), ERROR_MEMORY.
 */
MUST_CHECK enum error htpasswd_open(const char *path, struct htpasswd **file,
                                    struct text *error);
void htpasswd_close(struct htpasswd *file);

/** As htpasswd_open(), of the bytes of a file. */
MUST_CHECK enum error htpasswd_parse(struct slice bytes, const char *path,
                                     struct htpasswd **file,
                                     struct text *error);

/** The account of this name; NULL: there is none. */
const struct account *htpasswd_find(const struct htpasswd *file,
                                    struct slice name);

/** Any account, the same one for the same number. */
const struct account *htpasswd_any(const struct htpasswd *file,
                                   uint64_t number);

/**
 * Write a line, in place of the one with this name if there is one. The file is
 * exchanged as a whole: no reader sees half of it, and two programs that write
 * to it wait for each other. A new one has mode 0600; an existing one keeps its
 * owner and mode, without write permission for others.
 *
 * hash      As password_hash() makes it.
 * replaced  Out: there was one.
 * error     One line.
 * Errors    ERROR_CONFIG (the file is faulty or can't be written, the name is
 *           none), ERROR_MEMORY.
 */
MUST_CHECK enum error htpasswd_put(const char *path, struct slice name,
                                   const char *hash, bool *replaced,
                                   struct text *error);

#endif
