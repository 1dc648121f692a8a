/* One request: what a handler may ask of it. */
#ifndef CAFE_REQUEST_H
#define CAFE_REQUEST_H

#include <sys/socket.h>

#include "cafe/base/arena.h"
#include "cafe/base/counters.h"
#include "cafe/base/form.h"
#include "cafe/base/lifetime.h"
#include "cafe/http/parser.h"
#include "cafe/http/router.h"

/*
 * A request lives from its head until the answer that a respond_… function
 * gave it has been handed to the connection. A handler may return first and
 * answer later, on the loop thread; the request waits, also when the peer has
 * gone, and when the server has answered 503 in its place because it took too
 * long: then its answer goes nowhere. Everything here is for the loop thread
 * only.
 */
struct request;

/** The application that the server was opened with. */
void *request_app(const struct request *req);

/**
 * Memory that lives as long as the request, at most 4 MiB. Another thread may
 * use it while the loop does not, and it is not freed before the answer.
 */
struct arena *request_arena(struct request *req);

/** The parsed head; it lives as long as the request. */
const struct request_head *request_head(const struct request *req);
enum method request_method(const struct request *req);

/** The row that matched, borrowed from its table; NULL for 404 and 405. */
const struct route *request_route(const struct request *req);

/** A check refused it: show nothing of what it asked for. */
bool request_refused(const struct request *req);

/**
 * The verdict of a check that has returned CHECK_LATER, exactly once and after
 * it has returned. The request lives until then.
 *
 * status  0: the next check is asked; else the status to refuse with.
 * Thread  Loop thread.
 */
void request_check_done(struct request *req, int status);

/**
 * For a check that refuses a form which may be the client's own: the body is
 * read all the same, up to 1 MiB, so that the error hook can give it back.
 */
void request_keep_form(struct request *req);

/** A refused form, or one over its route's limit, has been read to its end. */
bool request_form_kept(const struct request *req);

/** What a handler hands to the function that answers later; NULL at first. */
void *request_own(const struct request *req);
void request_set_own(struct request *req, void *own);

/** A segment that "{name}" stood for, escapes kept; absent if there is none. */
struct slice request_param(const struct request *req, const char *name);

/**
 * A segment "{name}" as an id: any 32-bit number except 0; rows that were made
 * by SQL may have negative ones.
 *
 * Errors  ERROR_NOT_FOUND: no such number, or one in another spelling ("007").
 */
MUST_CHECK enum error request_param_id(const struct request *req,
                                       const char *name, int64_t *id);

/** The first field of this name; absent if there is none. */
struct slice request_field(const struct request *req, const char *name);

/** The whole body; empty when there is none. */
struct slice request_body(const struct request *req);

/** The media type of the body is that of a form; parameters do not count. */
bool request_has_form(const struct request *req);

/**
 * The body as a form; parsed once.
 *
 * Errors  ERROR_NOT_FOUND (another content type), and those of form_parse().
 */
MUST_CHECK enum error request_form(struct request *req,
                                   const struct form **form);

/** The query as a form; parsed once. Errors as form_parse(). */
MUST_CHECK enum error request_query(struct request *req,
                                    const struct form **form);

/** The peer's address as the socket has it. */
const struct sockaddr *request_peer(const struct request *req);

/**
 * Whether the client's connection is encrypted: a peer that the server believes
 * says so in X-Forwarded-Proto. The answer then has Strict-Transport-Security
 * (RFC 6797).
 */
bool request_encrypted(const struct request *req);

/**
 * Whether the peer has closed its side while the request is handled, which
 * costs a system call. One that has sent another request counts as there.
 */
bool request_peer_ended(const struct request *req);

/**
 * The client as text, for the log. It is the peer's address until a check
 * hook has set another one (from X-Forwarded-For).
 */
const char *request_client(const struct request *req);

/** The text is copied; out of memory the client stays as it was. */
void request_set_client(struct request *req, const char *client);

/** The user that is signed in, for the log and the history; NULL: none. */
const char *request_user(const struct request *req);

/** The text is copied; out of memory there is no user. */
void request_set_user(struct request *req, const char *user);

/** The role that a check has found, one of enum route_flags; 0: none was looked
 * for. */
unsigned request_role(const struct request *req);
void request_set_role(struct request *req, unsigned role);

/**
 * 32 hex digits, or the peer's own X-Request-Id where the server believes it
 * and it is valid.
 */
const char *request_id(const struct request *req);

/** Count it as refused and log why; only the first call for a request
 * counts. */
void request_reject(struct request *req, enum rejection why);

/** Why it is refused, and what to do, as sentences for the error page; NULL:
 * the status says it. */
const char *request_explanation(const struct request *req);

/** text: must live as long as the request. */
void request_explain(struct request *req, const char *text);

/** For what lasts as long as the request, and has to be told when it ends. */
struct lifetime *request_life(struct request *req);

/**
 * Count memory for an answer that is about to be made. It counts until the
 * answer is sent or the request ends; an answer that its client does not read
 * at once counts by the length of its page instead, and a page once, however
 * many requests it answers.
 *
 * Where answers_max_bytes are counted already, the answers of clients that
 * hardly read (less than about 16 KiB a second) are cut off, the slowest first;
 * then those of clients that have more than half, for one that has less. What
 * one client lets make at a time is half at most. A client is the address of
 * request_client(), or the first 64 bits of it in IPv6.
 *
 * bytes    What this request counts in all: called again when the true length
 *          is known, it asks for the difference.
 * Returns  false: there is no room, and what was counted stays. One answer is
 *          always let in where there are no others.
 */
bool request_reserve(struct request *req, size_t bytes);

/** Set what request_reserve() counts, without asking for room. */
void request_set_reserved(struct request *req, size_t bytes);

/** The request whose lifetime this is. */
struct request *request_of(struct lifetime *life);

#endif
