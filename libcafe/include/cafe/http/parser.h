/* The strict parser of HTTP/1.1 request heads (RFC 9112). It allocates
 * nothing and may be used on any thread. */
#ifndef CAFE_PARSER_H
#define CAFE_PARSER_H

#include "cafe/base/text.h"

enum {
    PARSER_FIELDS_MAX = 64,
    PARSER_HEAD_MAX_BYTES = 16 * 1024,
    PARSER_TARGET_MAX_BYTES = 8 * 1024
};

enum method {
    METHOD_UNKNOWN = 0,
    GET = 1 << 0,
    HEAD = 1 << 1,
    POST = 1 << 2,
    PUT = 1 << 3,
    PATCH = 1 << 4,
    DELETE = 1 << 5,
    OPTIONS = 1 << 6
};

struct field_line {
    struct slice name;
    struct slice value; /* without white space at its ends */
};

/** A parsed head. Its slices point into the bytes that were parsed, or to
 * constants. */
struct request_head {
    enum method method; /* METHOD_UNKNOWN only in a refused head */
    struct slice method_text;
    struct slice target; /* as received */
    struct slice path;   /* begins with "/", escapes kept; "*" asks about the
                            server itself (OPTIONS only) */
    struct slice query;  /* without '?'; absent when there is none */
    struct slice host;   /* "" on HTTP/1.0 without Host */
    int minor_version;   /* 0 or 1 */
    bool keep_alive;
    bool expects_continue;
    int64_t content_length; /* 0 when there is none */
    bool chunked;           /* the body says itself where it ends */
    size_t field_count;
    struct field_line fields[PARSER_FIELDS_MAX]; /* the last member */
};

/** Where a parse stands. Zero-initialise it for each request. */
struct parser {
    size_t line_start;  /* offset of the line being read */
    size_t scanned;     /* bytes looked at for its end */
    bool started;       /* the request line has been read */
    bool skipped_empty; /* the one empty line that may come first */
    size_t host_count;
    size_t length_count;
    size_t encoding_count;
    bool chunked;
};

/**
 * Go on parsing a head. Call it again with the same bytes and those that have
 * arrived since; it goes on where it stopped, and what it finds does not depend
 * on how the bytes were split.
 *
 * bytes     All bytes received since the end of the last request, at the same
 *           address each time: slices of `head` point into them.
 * head      Zero except `fields` at first; complete when *head_len > 0.
 *           After a refusal its method is set as far as it was read, so that
 *           the answer to HEAD has no body; the rest has no meaning.
 * head_len  Bytes of the head, its empty line included, once complete; else 0.
 * Returns   0 to go on (or complete), otherwise the status to refuse with and
 *           close: 400, 414, 431, 501 or 505.
 * Source    RFC 9112 2.2, 3, 5, 6; RFC 9110 4.2, 5.6.
 */
MUST_CHECK int parser_feed(struct parser *parser, struct slice bytes,
                           struct request_head *head, size_t *head_len);

/** The value of the first field of this name (any case); absent if none. */
struct slice head_field(const struct request_head *head, const char *name);

/** Whether a text can be the name of a field: a token (RFC 9110 5.6.2). */
bool field_name_valid(struct slice name);

/** How often a field of this name occurs. */
size_t head_field_count(const struct request_head *head, const char *name);

/** "GET"; "-" for METHOD_UNKNOWN. A static string. */
const char *method_name(enum method method);

#endif
