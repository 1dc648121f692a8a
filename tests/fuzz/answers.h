/* What a connection has to answer, worked out from all of its bytes at once,
 * and a checker of what it did answer. */
#ifndef CAFE_FUZZ_ANSWERS_H
#define CAFE_FUZZ_ANSWERS_H

#include "cafe/http/parser.h"
#include "cafe/http/server.h"

enum { EXPECTED_MAX = 1002, EXPECTED_BODY_MAX_BYTES = 256 };

/** What ends an answer's connection, or leaves it open. */
enum ending { STAYS, CLOSES };

struct expected {
    int status;
    enum ending ending;
    bool may_be_304;         /* a condition was sent */
    bool may_continue;       /* 100 Continue may stand before it */
    bool bodyless;           /* HEAD */
    bool options;            /* it says what the path takes */
    const struct page *page; /* its body; NULL: `body` */
    char body[EXPECTED_BODY_MAX_BYTES];
};

/** Where the bytes end. */
enum rest { REST_NONE, REST_HEAD, REST_BODY };

struct model {
    const struct server_config *config;
    bool draining;
    size_t count;
    struct expected answers[EXPECTED_MAX];
    bool closed;    /* the last answer closes the connection */
    enum rest rest; /* an incomplete request after the last answer */
    bool rest_may_continue;
    enum method rest_method;
};

/** Work out the answers to a whole stream of bytes. */
void model_make(struct model *model, struct slice bytes);

/** The answer to an incomplete request at its deadline. */
void model_expire(struct model *model);

/** The body of a page that answers a request, and of one for an error. */
void model_echo(const struct request_head *head, struct slice body, char *text);
void model_error(int status, char *text);

/** What of the answers a reader has seen. */
struct answers {
    struct slice bytes; /* not looked at yet */
    size_t count;
    bool continued; /* 100 Continue was there for the next one */
};

/**
 * Check the answers that are whole.
 *
 * Returns  All expected ones have been there. Anything else than what the
 *          model expects ends the run.
 */
bool answers_check(struct answers *answers, const struct model *model);

#endif
