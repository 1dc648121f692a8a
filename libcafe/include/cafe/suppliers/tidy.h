/* Texts as they are typed or copied, in the characters that they stand for. */
#ifndef CAFE_TIDY_H
#define CAFE_TIDY_H

#include "cafe/base/arena.h"
#include "cafe/base/text.h"

/*
 * Each gives a text in the arena, or a part of the text that it was given;
 * tidied once more, it does not change. Texts are valid UTF-8.
 *
 * Errors  ERROR_MEMORY.
 */

/** A name or address: without blanks at the ends, and without soft hyphens,
 * zero-width spaces and what overrides the direction of writing. */
MUST_CHECK enum error tidy_line(struct arena *arena, struct slice text,
                                struct slice *result);

/**
 * A telephone number: spaces, dashes, brackets and digits of any kind become
 * ASCII, invisible characters are left out, and so are "tel:" or "Tel." in
 * front and angle brackets around it. Other characters stay.
 */
MUST_CHECK enum error tidy_phone(struct arena *arena, struct slice text,
                                 struct slice *result);

/**
 * An e-mail address: as a telephone number, and it is taken out of "mailto:"
 * and "Name <a@b>". Letters stay as they are, for names beyond ASCII.
 */
MUST_CHECK enum error tidy_email(struct arena *arena, struct slice text,
                                 struct slice *result);

/** Without white space of any script, and without other characters that show
 * nothing, at its ends. A part of the text, borrowed. */
struct slice tidy_ends(struct slice text);

/** The name of a character, for messages that refuse it: "the letter “B” as
 * character 6", "a tab as character 1", "U+202E as character 2"; in the arena,
 * NULL when out of memory. */
const char *tidy_name(struct arena *arena, struct slice text, size_t at);

#endif
