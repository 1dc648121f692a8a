/* Reads e-mail addresses. */
#include "cafe/suppliers/email.h"

#include <ctype.h>
#include <string.h>

#include "cafe/base/utf8.h"

/* With a meaning of their own in a list of addresses (RFC 5322 3.2.3), and
 * blanks. */
static bool email_ends_at(uint32_t letter)
{
    return letter_is_control(letter) || letter == ' ' ||
           (letter < 128 && byte_is_in((char)letter, ",;:<>()[]\\\""));
}

/* Names with dots between; letters outside ASCII are those of international
 * domains. The first character that has no place, or the length. */
static size_t email_check_domain(struct slice domain)
{
    for (size_t i = 0; i < domain.len; i++) {
        unsigned char c = (unsigned char)domain.data[i];
        bool lone = c == '.' && (i == 0 || i + 1 == domain.len ||
                                 domain.data[i - 1] == '.');

        if (lone ||
            (c < 128 && !isalnum(c) && c != '-' && c != '_' && c != '.'))
            return i;
    }
    return domain.len;
}

bool email_read(struct slice text, struct slice *local, struct slice *domain,
                size_t *fault)
{
    struct slice after = text;
    struct slice before = slice_cut(&after, '@');
    size_t at = utf8_find(text, email_ends_at);
    bool one = before.len > 0 && after.len > 0 &&
               memchr(after.data, '@', after.len) == NULL;

    if (one && at == text.len)
        at = before.len + 1 + email_check_domain(after);
    if (local != NULL)
        *local = before;
    if (domain != NULL)
        *domain = after;
    if (fault != NULL)
        *fault = one ? at : text.len;
    return one && at == text.len;
}
