/* Makes pages of HTML, each with the same security fields. */
#include "cafe/html/render.h"

/* Nothing is loaded but our own styles and pictures (Bootstrap's are data:),
 * nothing runs, and forms go nowhere else. */
#define POLICY                                                     \
    "default-src 'none'; style-src 'self'; img-src 'self' data:; " \
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

static const char *const policies[] = {
    [NO_SCRIPTS] = POLICY,
    [SCRIPTS] = POLICY "; script-src 'self'",
    [SCRIPTS_THAT_ASK] = POLICY "; script-src 'self'; connect-src 'self'",
};

struct page *render_begin(int status, const char *cache, enum scripts scripts)
{
    struct page *page = page_open(status);

    if (page == NULL)
        return NULL;
    page_field(page, "Content-Type", "text/html; charset=utf-8");
    page_field(page, "Cache-Control", cache);
    page_secure(page, policies[scripts]);
    return page;
}

void render_body(struct page *page, const struct templates *templates,
                 const char *name, const struct context *context)
{
    struct text body;

    text_init(&body, RENDER_MAX_BYTES);
    template_render(templates, name, context, &body);
    page_body(page, &body);
}
