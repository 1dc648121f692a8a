/* Mustache templates, compiled once from files, rendered into text. */
#ifndef CAFE_TEMPLATE_H
#define CAFE_TEMPLATE_H

#include "cafe/base/text.h"
#include "cafe/html/context.h"

/** A set of compiled templates that may include each other as partials. */
struct templates;

/**
 * Compile every *.html file of a folder; its name without .html is the
 * template's name. A partial that is not in the folder, an unclosed section or
 * tag, a file over 256 KiB or of invalid UTF-8 is an error.
 *
 * error   On failure one line, "views/nav.html:12: section 'x' is not closed".
 * Errors  ERROR_CONFIG, ERROR_MEMORY.
 */
MUST_CHECK enum error templates_open(const char *folder,
                                     struct templates **templates,
                                     struct text *error);

/** An empty set, to be filled by templates_add(); partials may be missing. */
MUST_CHECK enum error templates_open_empty(struct templates **templates);

/** Compile a text under a name. Errors as templates_open(). */
MUST_CHECK enum error templates_add(struct templates *templates,
                                    const char *name, struct slice source,
                                    struct text *error);

void templates_close(struct templates *templates);

/**
 * Render a template with a context. Mustache as its specification has it,
 * without lambdas: {{name}} escapes & < > " ', {{{name}}} and {{&name}} don't.
 * Missing names and partials render as nothing. Partials nest at most 32 deep
 * and sections 64; beyond that, and for an unknown name, `out` is marked
 * failed.
 *
 * Thread  Any; a compiled set doesn't change.
 */
void template_render(const struct templates *templates, const char *name,
                     const struct context *context, struct text *out);

/** Append with & < > " ' as character references. */
void html_escape(struct text *out, struct slice raw);

#endif
