/* Finds countries in country-names.txt, which is built in: folds of names in
 * the order of their bytes, one a line, each followed by a tab and a code. */
#include "countries.h"

#include <string.h>

enum { NAME_MAX_BYTES = 256, CODE_BYTES = sizeof(struct country) };

/* Of the build. */
extern const char country_names[];
extern const size_t country_names_bytes;

/* Where the line begins that this position is in. */
static size_t line_start(size_t at)
{
    while (at > 0 && country_names[at - 1] != '\n')
        at--;
    return at;
}

/* A line's name. */
static struct slice name_at(size_t start)
{
    const char *line = country_names + start;
    const char *tab = memchr(line, '\t', country_names_bytes - start);

    return (struct slice){ line, tab != NULL ? (size_t)(tab - line) : 0 };
}

static int country_compare(struct slice a, struct slice b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = memcmp(a.data, b.data, len);

    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

/* By halves, in bytes instead of lines. */
static struct country country_search(struct slice name)
{
    size_t low = 0, high = country_names_bytes; /* beginnings of lines */
    struct country country = { { 0 } };

    while (low < high) {
        size_t start = line_start(low + (high - low) / 2);
        struct slice found = name_at(start);
        size_t code = start + found.len + 1;
        int order = country_compare(name, found);

        if (order == 0) {
            memcpy(country.code, country_names + code, CODE_BYTES);
            return country;
        }
        if (order < 0)
            high = start;
        else
            low = code + CODE_BYTES + 1; /* and the end of the line */
    }
    return country;
}

/* Words of a query are split at hyphens, so that names are compared without. */
struct country country_of(struct slice fold)
{
    char name[NAME_MAX_BYTES];

    if (fold.len == 0 || fold.len > sizeof(name))
        return (struct country){ { 0 } };
    for (size_t i = 0; i < fold.len; i++)
        name[i] = (char)(fold.data[i] == '-' ? ' ' : fold.data[i]);
    return country_search((struct slice){ name, fold.len });
}
