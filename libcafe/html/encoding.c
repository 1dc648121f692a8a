/* Chooses an encoding by Accept-Encoding (RFC 9110 12.5.3), and a media type by
 * Accept (12.5.1). */
#include "cafe/html/encoding.h"

#include <stdio.h>
#include <string.h>

enum { WEIGHT_ONE = 1000, UNSAID = -1 };

static const char *const names[ENCODINGS] = {
    [ENCODING_IDENTITY] = "identity",
    [ENCODING_GZIP] = "gzip",
    [ENCODING_BROTLI] = "br",
};

const char *encoding_name(enum encoding encoding)
{
    return names[encoding];
}

/* "0", "0.5", "1.000" in thousandths; false when it is something else. */
static bool parse_weight(struct slice text, int *weight)
{
    int unit = WEIGHT_ONE / 10;

    if (text.len == 0 || text.len > 5 ||
        (text.data[0] != '0' && text.data[0] != '1') ||
        (text.len > 1 && text.data[1] != '.'))
        return false;
    *weight = (text.data[0] - '0') * WEIGHT_ONE;
    for (size_t i = 2; i < text.len; i++, unit /= 10) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        *weight += (text.data[i] - '0') * unit;
    }
    return *weight <= WEIGHT_ONE;
}

/* Read "br;q=0.5". */
static bool parse_member(struct slice member, struct slice *name, int *weight)
{
    struct slice parameter;

    *weight = WEIGHT_ONE;
    *name = slice_trim(slice_cut(&member, ';'));
    if (member.len == 0)
        return name->len > 0;
    parameter = slice_trim(member);
    if (!slice_starts(parameter, "q=") && !slice_starts(parameter, "Q="))
        return false;
    return parse_weight((struct slice){ parameter.data + 2, parameter.len - 2 },
                        weight);
}

static void encoding_note(struct slice name, int weight, int weights[ENCODINGS],
                          int *any)
{
    if (slice_is(name, "*"))
        *any = weight;
    if (slice_is_nocase(name, "x-gzip"))
        weights[ENCODING_GZIP] = weight;
    for (size_t e = 0; e < ENCODINGS; e++) {
        if (slice_is_nocase(name, names[e]))
            weights[e] = weight;
    }
}

enum encoding encoding_choose(struct slice list)
{
    int weights[ENCODINGS] = { UNSAID, UNSAID, UNSAID };
    int any = 0;
    enum encoding best = ENCODING_IDENTITY;
    struct slice member;

    while (slice_member(&list, &member)) {
        struct slice name;
        int weight;

        if (!parse_member(member, &name, &weight))
            return ENCODING_IDENTITY;
        encoding_note(name, weight, weights, &any);
    }
    /* Identity is taken where nothing better is, even when it was not asked
     * for: an answer is worth more than a 406. */
    for (enum encoding e = ENCODING_GZIP; e < ENCODINGS; e++) {
        int weight = weights[e] == UNSAID ? any : weights[e];
        int least = weights[best] == UNSAID ? 1 : weights[best];

        if (weight > 0 && weight >= least)
            best = e;
    }
    return best;
}

/* Media types. */

/* How a client would like a type, and where it says so. */
struct liking {
    int weight;
    int precision; /* 3: by name, 2: its kind, 1: any, 0: not at all */
    size_t position;
};

static int precision_of(struct slice range, const char *type)
{
    struct slice family = slice_of(type);
    struct slice wanted = slice_cut(&family, '/'); /* "text" */
    struct slice subtype = range;
    struct slice name = slice_cut(&subtype, '/');
    char copy[32];

    if (slice_is_nocase(range, type))
        return 3;
    if (!slice_is(subtype, "*"))
        return 0;
    if (slice_is(name, "*"))
        return 1;
    snprintf(copy, sizeof(copy), "%.*s", (int)wanted.len, wanted.data);
    return slice_is_nocase(name, copy) ? 2 : 0;
}

/* The weight among parameters; false: it can't be read. */
static bool find_weight(struct slice parameters, int *weight)
{
    *weight = WEIGHT_ONE;
    while (parameters.len > 0) {
        struct slice parameter = slice_trim(slice_cut(&parameters, ';'));

        if (slice_starts(parameter, "q=") || slice_starts(parameter, "Q="))
            return parse_weight(
                (struct slice){ parameter.data + 2, parameter.len - 2 },
                weight);
    }
    return true;
}

static struct liking liking_of(struct slice accept, const char *type)
{
    struct liking best = { 0, 0, 0 };

    for (size_t position = 1; accept.len > 0; position++) {
        struct slice member = slice_cut(&accept, ',');
        struct slice range = slice_trim(slice_cut(&member, ';'));
        struct liking found = { 0, precision_of(range, type), position };

        if (found.precision > best.precision &&
            find_weight(member, &found.weight))
            best = found;
    }
    return best;
}

bool accept_prefers(struct slice accept, const char *type, const char *other)
{
    struct liking a = liking_of(accept, type);
    struct liking b = liking_of(accept, other);

    /* A browser names text/html, and takes anything else as a wildcard: the
     * exact name decides between equal weights. */
    if (a.weight != b.weight || a.weight == 0)
        return a.weight > b.weight;
    if (a.precision != b.precision)
        return a.precision > b.precision;
    return a.position < b.position;
}
