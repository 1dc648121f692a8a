/* How near a misspelt name is to one that exists. */
#ifndef CAFE_NEAREST_H
#define CAFE_NEAREST_H

#include <stddef.h>

/** Names that are this far apart, or farther, are no help as a suggestion. */
enum { NEAREST_TOO_FAR = 4 };

/**
 * How many letters have to be added, removed or replaced to make one name of
 * the other (Levenshtein's distance). '-', '.' and '_' are taken for the same.
 *
 * Returns  At least NEAREST_TOO_FAR for a name over 64 bytes.
 */
size_t nearest_distance(const char *a, const char *b);

#endif
