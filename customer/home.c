/* The home page: what content/home.md says. */
#include "cafe/file.h"
#include "cafe/markdown.h"
#include "customer.h"

enum error home_open(struct customer *self, struct text *error)
{
    const char *folder = self->service->settings->content;
    struct text path, source;
    enum error err;

    text_init(&path, 0);
    text_init(&source, MARKDOWN_SOURCE_MAX_BYTES);
    text_init(&self->home, 0);
    text_printf(&path, "%s/home.md", folder);
    err = file_read(text_string(&path), &source, error);
    if (err == OK) {
        markdown_render(text_slice(&source), &self->home);
        if (self->home.failed) {
            text_printf(error, "%s: is nested too deeply", text_string(&path));
            err = ERROR_CONFIG;
        }
    }
    text_free(&path);
    text_free(&source);
    return err;
}

/* GET / */
void home_show(struct request *req)
{
    const struct customer *self = request_app(req);
    struct page_key key;
    struct view *view;

    if (page_answer_kept(self->service, req, "/", 0, &key))
        return;
    view = page_view(self->service, req, "Welcome");
    view_flag(view, "at_home", true);
    view_number(view, "text_max", SEARCH_TEXT_MAX_CHARS);
    view_html(view, "content", text_slice(&self->home));
    page_answer(self->service, req,
                page_render(self->service, "home", view, 200, "no-cache"),
                &key);
}
