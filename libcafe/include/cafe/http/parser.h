/* The strict HTTP/1.1 request head parser (RFC 9112). It allocates nothing. */
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

/** A parsed head. Every slice points into the bytes that were parsed. */
struct request_head {
    enum method method; /* METHOD_UNKNOWN: a token we don't know; 501 */
    struct slice method_text;
    struct slice target; /* as received */
    struct slice path;   /* absolute, escapes kept; of absolute-form too; "*"
                            asks about the server (OPTIONS only) */
    struct slice query;  /* without '?'; absent when there is none */
    struct slice host;   /* "" on HTTP/1.0 without Host */
    int minor_version;   /* 0 or 1 */
    bool keep_alive;
    bool expects_continue;
    int64_t content_length; /* 0 when there is none */
    bool chunked;           /* the body says itself where it ends */
    size_t field_count;
    struct field_line fields[PARSER_FIELDS_MAX];
};

/** Where a parse stands. Zero-initialise it for each request. */
struct parser {
    size_t line_start;  /* offset of the line being read */
    size_t scanned;     /* bytes looked at for its end */
    bool started;       /* the request line has been read */
    bool skipped_empty; /* the one empty line before it was there */
    size_t host_count;
    size_t length_count;
    size_t encoding_count;
    bool chunked;
};

/**
 * Go on parsing a head. Call it with the same bytes and more behind them as
 * they arrive; it goes on where it stopped, and what it finds does not depend
 * on how the bytes were split.
 *
 * bytes     All bytes received since the end of the last request, at the same
 *           address each time: slices of `head` point into them.
 * head      Filled while parsing; valid when *status is 0 and *head_len > 0.
 * head_len  Bytes of the head, its empty line included, once complete; else 0.
 * Returns   0 to go on (or complete), otherwise the status to refuse with and
 *           close: 400, 414, 431, 501 or 505.
 * Source    RFC 9112 2.2, 3, 5, 6; RFC 9110 4.2, 5.6.
 */
MUST_CHECK int parser_feed(struct parser *parser, struct slice bytes,
                           struct request_head *head, size_t *head_len);

/** The host that the request names, without its port; "" if it names none. */
struct slice head_host_name(const struct request_head *head);

/** The value of the first field of this name (any case); absent if none. */
struct slice head_field(const struct request_head *head, const char *name);

/** How often a field of this name occurs. */
size_t head_field_count(const struct request_head *head, const char *name);

/**
 * Read a method by its exact name.
 *
 * Returns  METHOD_UNKNOWN when it is none of ours.
 */
enum method method_parse(struct slice name);

/** "GET"; "-" for METHOD_UNKNOWN. A static string. */
const char *method_name(enum method method);

#endif
