/* Revisions as texts. */
#include "cafe/suppliers/revision.h"

#include <stdint.h>

bool revision_same(const struct revision *a, const struct revision *b)
{
    return a->number == b->number && a->at_us == b->at_us;
}

void revision_write(struct text *out, const struct revision *revision)
{
    text_printf(out, "%llu-%lld", (unsigned long long)revision->number,
                (long long)revision->at_us);
}

enum error revision_parse(struct slice text, struct revision *revision)
{
    struct slice rest = text;
    struct slice number = slice_cut(&rest, '-');
    uint64_t found, at_us;

    if (slice_number(number, INT64_MAX, &found) != OK ||
        slice_number(rest, INT64_MAX, &at_us) != OK)
        return ERROR_SYNTAX;
    *revision = (struct revision){ found, (int64_t)at_us };
    return OK;
}
