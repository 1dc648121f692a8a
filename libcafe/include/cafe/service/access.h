/* Access to a daemon: address ranges, trusted proxies, the names that are
 * served, and origins. */
#ifndef CAFE_ACCESS_H
#define CAFE_ACCESS_H

#include <sys/socket.h>

#include "cafe/base/text.h"
#include "cafe/http/request.h"

/** A list of CIDR ranges, IPv4 and IPv6. */
struct cidr_list;

/**
 * Parse a comma-separated list; "" and "none" are empty; at most 256 ranges.
 * The words "loopback" and "private" stand for 127.0.0.0/8 and ::1, and for RFC
 * 1918, RFC 4193 (fc00::/7) and link-local (169.254.0.0/16, fe80::/10).
 *
 * error   One line that names the faulty range.
 * Errors  ERROR_CONFIG, ERROR_MEMORY.
 */
MUST_CHECK enum error cidr_list_open(const char *text, struct cidr_list **list,
                                     struct text *error);
void cidr_list_close(struct cidr_list *list);

/** Whether an address is in one of the ranges; IPv4-mapped IPv6 counts as
 * IPv4. */
bool cidr_list_has(const struct cidr_list *list,
                   const struct sockaddr *address);

/** As cidr_list_has(), for a numeric address as text; other texts are in none.
 */
bool cidr_list_has_text(const struct cidr_list *list, struct slice address);

/** Whether a text is a numeric IPv4 or IPv6 address, without brackets or port.
 */
bool address_is_valid(struct slice text);

/** The names under which a daemon is served. */
struct host_list;

/**
 * Parse a comma-separated list of at most 64 host names and addresses, without
 * scheme and port; "any" stands for all. localhost, loopback and private
 * addresses (as cidr_list_open() knows them) are in each list.
 *
 * error   One line that names the faulty one.
 * Errors  ERROR_CONFIG, ERROR_MEMORY.
 */
MUST_CHECK enum error host_list_open(const char *text, struct host_list **list,
                                     struct text *error);
void host_list_close(struct host_list *list);

/** A list of origins, "https://cafe.example". */
struct origin_list;

/**
 * Parse a comma-separated list of at most 64 origins: "http://" or "https://",
 * a host, and a port unless it is the scheme's own.
 *
 * error   One line that names the faulty one.
 * Errors  ERROR_CONFIG, ERROR_MEMORY.
 */
MUST_CHECK enum error origin_list_open(const char *text,
                                       struct origin_list **list,
                                       struct text *error);
void origin_list_close(struct origin_list *list);

/** Whether one of the origins has this host, whatever its port. A NULL list has
 * none. */
bool origin_list_names(const struct origin_list *list, struct slice host);

struct editor_list;
struct htpasswd;
struct log;
struct token_keys;
struct token_wait;

/** Who may use a daemon, and what for: the options, read. */
struct access_rules {
    struct cidr_list *allow;     /* NULL: everybody */
    struct cidr_list *proxies;   /* trusted to name the client */
    struct host_list *hosts;     /* that are served; NULL: all */
    struct origin_list *origins; /* the site's own; NULL: those of the host */
    char *identity; /* field with the name of a person; NULL or "": none */
    char *groups;   /* field with the groups of a person; NULL or "": none */
    struct token_keys *keys;     /* the identity is a token; NULL: a name */
    char *signer, *claim;        /* with keys: of its tokens; the name's */
    struct token_wait *wait;     /* borrowed; NULL: nobody fetches keys */
    struct log *log;             /* borrowed; for tokens that are refused */
    struct htpasswd *accounts;   /* who may sign in; NULL: nobody has to */
    struct editor_list *editors; /* who may change; NULL: everybody */
};

/**
 * A check_fn (context: struct access_rules). If the peer is a trusted proxy,
 * the client is the right-most address in X-Forwarded-For that is not a trusted
 * proxy; without such an address the client is the peer. A port after an
 * address is left out. The client is set by request_set_client(). Refused: 404.
 *
 * Unless everybody may come in, requests of unknown clients are refused, too:
 * X-Forwarded-For has something else than an address; the peer is not a trusted
 * proxy but shows that it forwards (X-Forwarded-For, Forwarded, Via, X-Real-IP
 * and the like); a trusted proxy forwards without naming a client in
 * X-Forwarded-For; the client is a loopback or private address with others to
 * the left of it.
 */
int access_check(void *context, struct request *req);

/**
 * Whether a header field may name the person that a request is from: a field
 * name (RFC 9110 5.1) that is not known to hold a token or something else. ""
 * is allowed.
 *
 * error   One line that says what is wrong with it.
 * Errors  ERROR_CONFIG.
 */
MUST_CHECK enum error identity_field_check(const char *name,
                                           struct text *error);

/** Whether a field has a token that names the person, which is verified. */
bool identity_is_token(const char *field);

/** Whether a text can be the name of a person or a group: 1 to 254 bytes of
 * UTF-8 that can be shown in a line. */
bool identity_valid(struct slice name);

/** Whether a text can be the name of a person: identity_valid(), and not "key
 * NAME", which stands for the key of a program. */
bool identity_is_person(struct slice name);

/**
 * A check_fn (context: struct access_rules). The identity field of a trusted
 * proxy becomes request_user(); of other peers it is ignored, and so is the
 * field with groups. Refused with 400: several such fields, names and groups
 * that are not identity_valid(), tokens that are faulty, not signed by one of
 * the keys, expired or another signer's, more than 1024 groups, and several
 * Authorization fields of any peer: the checks that follow read one. An empty
 * field names nobody.
 *
 * Where keys are fetched, a request whose token names another key waits for it.
 * If none comes it is refused with 503, and a form is kept
 * (request_keep_form()).
 */
int identity_check(void *context, struct request *req);

/** A token_wait_fn (context: struct access_rules): the same, once a request has
 * waited. */
int identity_check_again(void *context, struct request *req);

/** The groups of the person, comma-separated, as a trusted proxy names them,
 * after identity_check(); absent if there are none. */
struct slice identity_groups(const struct access_rules *rules,
                             const struct request *req);

/** A believe_fn (context: struct access_rules): the trusted proxies. */
bool access_believe(void *context, const struct sockaddr *peer);

/**
 * A check_fn (context: struct access_rules) against names of other sites that
 * are made to lead here (DNS rebinding): 421 unless the host of the request, as
 * Host or an absolute-form target names it, is in the list of hosts or is that
 * of one of the origins. Port, letter case and a dot at its end don't matter,
 * X-Forwarded-Host is not looked at. A request without Host (HTTP/1.0) passes:
 * no browser sends one.
 */
int host_check(void *context, struct request *req);

/**
 * A check_fn (context: struct access_rules) against cross-site posts. Safe
 * methods pass, and so does a request with a key (key_check()). Sec-Fetch-Site
 * same-origin or none passes, any other value is 403. Without it, Origin must
 * be one of the site's own: those of the option, else the request's host and
 * port, or those in X-Forwarded-Host of a trusted proxy. With neither, a
 * request passes unless it has a field that browsers add by themselves: Cookie,
 * Referer, Authorization (except Bearer), or Accept-Language together with a
 * User-Agent "Mozilla/…".
 *
 * A form that is refused without Sec-Fetch-Site is kept (request_keep_form()).
 */
int origin_check(void *context, struct request *req);

/** For another check that refuses a form: keep it (request_keep_form()), unless
 * a browser marks it as another site's. */
void origin_keep_form(const struct access_rules *rules, struct request *req);

/**
 * The origin that a refused form names; absent if it names none, if it can't
 * be shown, or if Sec-Fetch-Site has decided.
 */
struct slice origin_named(const struct request *req);

#endif
