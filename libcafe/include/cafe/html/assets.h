/* Static files, loaded at start, named by content, compressed in advance. */
#ifndef CAFE_ASSETS_H
#define CAFE_ASSETS_H

#include "cafe/base/page.h"
#include "cafe/base/text.h"

struct assets;

/**
 * Load every file of some folders (not recursive; a later folder wins). A file
 * F.br or F.gz beside F is its compressed form. Files have 4 MiB at most.
 *
 * folders  NULL-terminated.
 * prefix   URL path they are served under, for instance "/static".
 * error    One line on failure.
 * Errors   ERROR_CONFIG (missing folder, file of unknown type or too large),
 *          ERROR_MEMORY.
 */
MUST_CHECK enum error assets_open(const char *const folders[],
                                  const char *prefix, struct assets **assets,
                                  struct text *error);
void assets_close(struct assets *assets);

/**
 * The URL path of a file, "/static/<hash>/cafe.css"; NULL if there is none. All
 * URLs carry one hash, of the whole set.
 * It lives as long as the assets.
 */
const char *assets_url(const struct assets *assets, const char *name);

/**
 * The page of a file: immutable for a year, with ETag, type and Vary, in the
 * best encoding that is accepted.
 *
 * path             What follows the prefix: "<hash>/cafe.css".
 * accept_encoding  The request's field; absent for identity.
 * Returns          A new reference; NULL when the hash or name is unknown.
 */
struct page *assets_page(const struct assets *assets, struct slice path,
                         struct slice accept_encoding);

#endif
