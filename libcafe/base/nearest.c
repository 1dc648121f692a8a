/* How near a misspelt name is to one that exists. */
#include "cafe/base/nearest.h"

#include <stdbool.h>
#include <string.h>

#include "cafe/base/text.h"

enum { NAME_MAX_BYTES = 64 };

static size_t smallest(size_t a, size_t b, size_t c)
{
    size_t least = a < b ? a : b;

    return least < c ? least : c;
}

/* Flags, variables and keys spell the same name with other separators. */
static bool alike(char a, char b)
{
    static const char separators[] = "-._";

    return a == b || (byte_is_in(a, separators) && byte_is_in(b, separators));
}

size_t nearest_distance(const char *a, const char *b)
{
    /* One row of the table is enough: the cell above is what the row held
     * before, and the one on the diagonal is saved ahead. */
    size_t row[NAME_MAX_BYTES + 1];
    size_t len_a = strlen(a), len_b = strlen(b);

    if (len_a > NAME_MAX_BYTES || len_b > NAME_MAX_BYTES)
        return NAME_MAX_BYTES;
    for (size_t j = 0; j <= len_b; j++)
        row[j] = j;
    for (size_t i = 1; i <= len_a; i++) {
        size_t diagonal = row[0];

        row[0] = i;
        for (size_t j = 1; j <= len_b; j++) {
            size_t above = row[j];

            row[j] = smallest(row[j] + 1, row[j - 1] + 1,
                              diagonal + !alike(a[i - 1], b[j - 1]));
            diagonal = above;
        }
    }
    return row[len_b];
}
