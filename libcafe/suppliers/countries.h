/* Private to suppliers/: countries by their names in many languages. */
#ifndef CAFE_SUPPLIERS_COUNTRIES_H
#define CAFE_SUPPLIERS_COUNTRIES_H

#include "cafe/base/text.h"

/** A country by its code of ISO 3166-1, "PL"; not known: two NUL. */
struct country {
    char code[2];
};

/**
 * The country that has a name, whole and in any of the languages; not known if
 * there is none, or more than one.
 *
 * fold    By unicode_search_fold().
 * Thread  Any.
 */
struct country country_of(struct slice fold);

static inline bool country_is_known(struct country country)
{
    return country.code[0] != '\0';
}

static inline bool country_same(struct country a, struct country b)
{
    return a.code[0] == b.code[0] && a.code[1] == b.code[1];
}

#endif
