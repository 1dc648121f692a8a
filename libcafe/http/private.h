/*
 * The heart of http/: server, connections (connection.c, connections.c,
 * answer.c, room.c), request and response are one module in seven files that
 * see each other from inside. A server has connections, a connection has a
 * request, a request gets a response, and that sets the connection going again,
 * so their calls form a circle. It is the only one that tests/lint allows. What
 * does not need the heart is in files below it.
 */
#ifndef CAFE_HTTP_PRIVATE_H
#define CAFE_HTTP_PRIVATE_H

#include <event2/event.h>
#include <event2/event_struct.h>
#include <netinet/in.h>

#include "cafe/http/response.h"
#include "cafe/http/server.h"
#include "chunked.h"
#include "date.h"
#include "durations.h"
#include "request_id.h"
#include "spares.h"
#include "trace.h"

enum {
    /* A body over its route's limit is read up to here, so that a form can
     * come back filled in. */
    BODY_READ_MAX_BYTES = 1024 * 1024,
    /* What is longer is an upload. Each takes its whole length of memory, so
     * there are few at a time, and they have to come in faster than forms: one
     * of 32 MiB in ten minutes. */
    UPLOADS_MAX = 1,
    UPLOAD_MIN_RATE = 64 * 1024 /* bytes per second */
};

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

enum connection_state {
    CONNECTION_IDLE,      /* kept alive, no byte of a request yet */
    CONNECTION_HEAD,      /* reading a head */
    CONNECTION_BODY,      /* reading a body */
    CONNECTION_HANDLING,  /* a handler has the request */
    CONNECTION_WRITING,   /* the answer is on its way */
    CONNECTION_LINGERING, /* answered and shut; reading on until the peer ends,
                             so that no reset overtakes the answer */
    CONNECTION_CLOSED     /* about to be freed */
};

struct connection {
    struct server *server;
    struct connection *next;
    struct connection **previous; /* what points to this one */
    struct event event;
    evutil_socket_t fd;
    enum connection_state state;
    bool advancing; /* connection_advance() is at work further up */
    bool closing;   /* close once the answer is out */
    bool given_up;  /* answered in place of its handler, which has it still */
    short awaiting; /* EV_READ, EV_WRITE or 0 */
    int64_t deadline_ms;
    int64_t requests;
    int streak;   /* of them, begun in this turn of the loop */
    char *buffer; /* NULL while idle */
    size_t filled;
    size_t used; /* bytes at its front that the request at hand owns */
    struct request *req;
    char *head; /* what a first write left of the answer's head */
    size_t head_len;
    size_t written;      /* of head and body together */
    size_t read;         /* of that, by the peer, when it was last looked at */
    int64_t write_by_ms; /* the whole answer */
    union address peer;
    char peer_text[INET6_ADDRSTRLEN];
};

/** What a request takes of the memory for answers: see room.c. */
struct room {
    struct request *next;
    struct request **previous; /* NULL: it takes nothing */
    size_t reserved;           /* bytes, for an answer that is being made */
    bool held;                 /* the answer waits for its peer */
    size_t read;               /* bytes of it, when that was last looked at */
    size_t pace;               /* bytes read lately */
    uint64_t client;           /* whose it is: all of a network are one */
};

struct request {
    struct connection *connection;
    struct server *server;
    struct lifetime life; /* its arena: the request is in it, too */
    struct parser parser;
    struct route_match match;
    bool head_complete;
    bool encrypted;  /* between the client and a peer that is believed */
    bool refused;    /* by a check */
    bool form_kept;  /* read the body of a refused form all the same */
    int refusal;     /* status decided on before the handler; 0 for none */
    size_t head_len; /* bytes of the head, once it is complete */
    struct chunk_reader *chunks; /* of a chunked body that is being read */
    struct text body;
    bool body_read; /* to its end */
    bool uploading; /* the body is one of UPLOADS_MAX */
    size_t check;   /* the one to ask next, or that decides later */
    bool form_parsed, query_parsed;
    enum error form_error, query_error;
    struct form form, query;
    void *own; /* the handler's */
    const char *user;
    unsigned role; /* one of enum route_flags; 0: not looked for */
    const char *id;
    char trace_id[TRACE_ID_BYTES]; /* "" if it has none */
    enum rejection rejection;
    const char *explanation;
    int64_t started_us;

    /* The answer. */
    bool answered;
    struct page *page;
    int status;
    bool bodyless;     /* HEAD, 304 */
    const char *extra; /* "Name: value\r\n" lines of this answer alone */

    struct room room;

    struct request_head head; /* the last: its table of fields is not zeroed */
};

struct server {
    struct event_base *base;
    const struct server_config *config;
    const struct route *tables[2];
    struct evconnlistener *listener;
    struct event *sweep;
    struct connection *connections;
    struct connection *abandoned; /* closed; a handler has the request */
    struct connection *next;      /* the one that a walk goes on with */
    struct request *answers;      /* that take memory for answers */
    size_t answers_bytes;         /* of it, together */
    size_t uploads;               /* requests with such a body */
    size_t connection_count;
    int64_t accepted_ms; /* when the last connection came in; 0: never */
    bool draining;
    bool stopped;
    bool starved; /* out of descriptors: not accepting */
    int64_t starved_logged_ms;
    int port;
    struct spares spares;
    struct text scratch; /* the head of the answer being written */
    struct date date;
    struct request_ids ids;
    struct durations *durations;
};

/* connection.c */

/** Go over to a state: the one function that changes it. */
void connection_enter(struct connection *connection,
                      enum connection_state state);

/** Wait for EV_READ, EV_WRITE or nothing (0) from the socket. */
void connection_await(struct connection *connection, short what);

/** The request at hand is over. */
void connection_end_request(struct connection *connection);

/** Shut our side and read on, so that no reset overtakes the answer. */
void connection_linger(struct connection *connection);

/** Its buffer is not needed now. */
void connection_release_buffer(struct connection *connection);

/** Go on as far as possible after something happened. May free it. */
void connection_advance(struct connection *connection);

/** Its deadline has passed. May free it. */
void connection_expire(struct connection *connection);

/** The server stops: take a request that has arrived already, else close. */
void connection_finish(struct connection *connection);

/* answer.c */

/** The answer is there: make its head. */
void answer_begin(struct connection *connection);

/** Write what the socket takes. */
void answer_advance(struct connection *connection);

/** How many bytes of its answer a peer has acknowledged: what the kernel still
 * has for it may be megabytes. */
size_t answer_read(const struct connection *connection);

/** It was not read in time: go on if it is read at all, else close. */
void answer_expire(struct connection *connection);

/** Close in the middle of an answer; why is for the log. */
void answer_cut(struct connection *connection, const char *why);

/* room.c */

/** An answer waits for its peer. */
void room_hold(struct request *req);

/** A request takes no memory for its answer any more. */
void room_leave(struct request *req);

/** Twice a second: see how fast everybody reads. */
void room_look(struct server *server);

/* connections.c */

/** Serve an accepted socket; it is closed when that is impossible. */
void connection_open(struct server *server, evutil_socket_t fd,
                     const struct sockaddr *peer);

/** Close at once; the request ends unanswered. */
void connection_close(struct connection *connection);

/** The handler of a request that was given up is done with it. May free it. */
void connection_handed_back(struct connection *connection);

/** Free one that is in the server's list of abandoned ones. */
void connection_forget(struct connection *connection);

/* body.c */

/** Its length is not 0, or not known before its end. */
bool body_announced(const struct request *req);

/** Whether it is read: for the handler, or for the page that gives a form
 * back. */
bool body_wanted(const struct request *req);

/** Let a body be longer than forms are, if its route takes that. Returns false
 * when too many do that already. */
bool body_make_room(struct request *req);

/** The request has ended. */
void body_leave(struct request *req);

/** How fast the body has to come in, in bytes per second. */
int64_t body_rate(const struct request *req);

/** Before the first body_take(). Returns false when out of memory. */
bool body_begin(struct request *req);

/**
 * Move what the connection's buffer has of the body to the request.
 *
 * whole    Out: that was its end.
 * Returns  0, or the status to refuse with and close.
 */
int body_take(struct connection *connection, bool *whole);

/* request.c */

/** A new request on a connection; NULL when out of memory. */
struct request *request_open(struct connection *connection);

/** The head is there: find route and id, ask the checks, set refusal. Returns
 * false when a check decides later. */
bool request_route_it(struct request *req);

/** The same from there on, with what that check has decided. */
bool request_go_on(struct request *req, int status);

/** Run hooks and free it. */
void request_close(struct request *req);

/* response.c */

/** Write the answer's head into the server's scratch text. */
void response_head(struct request *req, bool closing);

/** Count it, and write the line of the request log. */
void response_note(const struct request *req);

/* server.c */

/** A descriptor became free. */
void server_resume(struct server *server);

#endif
