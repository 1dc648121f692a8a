/* Which build this is. */
#ifndef CAFE_VERSION_H
#define CAFE_VERSION_H

/**
 * The version: "0.2.0" of a release, "0.1.0+g1a2b3c4" of a commit, with
 * ".dirty" after uncommitted changes, "0.1.0+dev" of a build for development.
 *
 * Returns  A static string of letters, digits and ".+-".
 */
const char *version_text(void);

/** The compiler and the libraries it was built with, a line each. A static
 * string that ends with a line feed. */
const char *version_build(void);

#endif
