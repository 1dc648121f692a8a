/* E-mail addresses: what a mail program can send to. */
#ifndef CAFE_EMAIL_H
#define CAFE_EMAIL_H

#include <stdbool.h>

#include "cafe/base/text.h"

/**
 * Read an address as tidy_email() gives it: one @, and around it no character
 * that would end the address or begin another one in a mail program. Whether it
 * exists, only the server at the other end knows. Quoted local parts and
 * addresses of networks in brackets (RFC 5321) are refused: hardly anybody has
 * one, and a comma or bracket that was typed by mistake is common.
 *
 * text    Valid UTF-8.
 * local   Out, may be NULL: what is before the @.
 * domain  Out, may be NULL: what is after it.
 * fault   Out, may be NULL: the offset of the first character that can't be in
 *         an address; the text's length if there is not one @ with something on
 *         both sides.
 * Returns Whether the text is an address.
 */
bool email_read(struct slice text, struct slice *local, struct slice *domain,
                size_t *fault);

#endif
