/* What a request may do: editors change suppliers, readers look at them; a
 * program's key says which. */
#ifndef CAFE_ROLES_H
#define CAFE_ROLES_H

#include "cafe/service/access.h"

/** The names and groups of those who may change. */
struct editor_list;

/**
 * Parse a comma-separated list of at most 256 names; "group:buyers" is a group.
 * Names are compared byte by byte.
 *
 * error   One line that names the faulty one.
 * Errors  ERROR_CONFIG, ERROR_MEMORY.
 */
MUST_CHECK enum error editor_list_open(const char *text,
                                       struct editor_list **list,
                                       struct text *error);
void editor_list_close(struct editor_list *list);

/** Whether one of the list is a group. */
bool editor_list_has_groups(const struct editor_list *list);

/**
 * A check_fn (context: struct access_rules), after identity_check(): finds the
 * request's role, unless key_check() has, and compares it with the flags of its
 * route. Without a list of editors everybody is one; where tokens bring the
 * name, everybody who has one. A route that has no flag of the role is refused
 * with 403; if it is a form that origin_check() would let pass, it is kept
 * (request_keep_form()).
 */
int role_check(void *context, struct request *req);

/** Whether role_check() has refused it. */
bool role_refused(const struct request *req);

#endif
