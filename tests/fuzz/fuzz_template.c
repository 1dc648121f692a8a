/* Templates: any source compiles or is refused with one line; rendering it
 * stays within its limits and escapes. A line "----" in the input separates
 * the template "a" from its partial "b". */
#include "cafe/base/utf8.h"
#include "cafe/html/template.h"
#include "fuzz.h"

enum {
    OUT_MAX_BYTES = 64 * 1024,
    /* Sections of two items in each other double the work, as do partials
     * that name two partials; templates come from the designer, so that is
     * allowed, but here it would only take time. */
    SECTIONS_MAX = 8,
    PARTIALS_MAX = 1
};

static const char separator[] = "\n----\n";
static const char hostile[] = "<b title=\"'&'\">\xc3\xa9{{name}}";

static size_t count(struct slice text, char byte)
{
    size_t found = 0;

    for (size_t i = 0; i < text.len; i++)
        found += text.data[i] == byte;
    return found;
}

static struct context *make_context(struct arena *arena, bool short_lists)
{
    struct context *context = context_open(arena);
    struct context *object = context_object(context, "o");
    struct context *list = context_list(context, "l");
    struct context *item = context_list_object(list);

    context_string(context, "n", hostile);
    context_number(context, "i", INT64_MIN);
    context_flag(context, "t", true);
    context_flag(context, "f", false);
    context_string(context, "e", "");
    context_html(context, "h", SLICE("(safe)"));
    context_string(object, "n", hostile);
    context_object(object, "o");
    context_string(item, "n", "first");
    if (!short_lists) {
        context_list_text(list, slice_of(hostile));
        context_list_text(context_list_list(context_list(context, "ll")),
                          SLICE("x"));
    }
    context_list(context, "el");
    return context;
}

/* Nothing in it writes a value raw or changes delimiters, and it has no such
 * byte itself: then there is none in what is rendered. */
static void check_escaped(struct slice source, const struct text *out)
{
    static const char bytes[] = "<>\"";

    if (count(source, '&') > 0 || count(source, '=') > 0 ||
        memmem(source.data, source.len, "{{{", 3) != NULL ||
        memmem(source.data, source.len, "{{ {", 4) != NULL)
        return;
    for (const char *byte = bytes; *byte != '\0'; byte++) {
        if (count(source, *byte) == 0)
            CHECK(count(text_slice(out), *byte) == 0);
    }
}

/* `whole` is the source of "a" and all that it may include. */
static void render(const struct templates *templates, struct slice a,
                   struct slice whole)
{
    bool partials = count(whole, '>') > 0;
    struct arena *arena = arena_open(0);
    struct text out;

    CHECK(arena != NULL);
    text_init(&out, OUT_MAX_BYTES);
    template_render(templates, "a", make_context(arena, partials), &out);
    CHECK(out.len <= OUT_MAX_BYTES);
    if (!out.failed) {
        CHECK(utf8_valid(text_slice(&out)));
        if (memmem(a.data, a.len, "{{", 2) == NULL)
            CHECK(slice_equal(text_slice(&out), a));
        check_escaped(whole, &out);
    }
    text_free(&out);
    arena_close(arena);
}

/* Cut the input at the separator. */
static struct slice second(struct slice *input)
{
    size_t len = sizeof(separator) - 1;
    const char *at = memmem(input->data, input->len, separator, len);
    struct slice rest = { input->data, 0 };

    if (at != NULL) {
        rest.data = at + len;
        rest.len = input->len - (size_t)(at - input->data) - len;
        input->len = (size_t)(at - input->data);
    }
    return rest;
}

/* "a:12: section 'x' is not closed". A name may have line ends in it. */
static void check_error(const struct text *error, const char *name)
{
    const char *text = text_string(error);

    CHECK(error->len > 2);
    CHECK(text[0] == name[0] && text[1] == ':');
    CHECK(utf8_valid(text_slice(error)) || strlen(text) == error->len);
}

static bool add(struct templates *templates, const char *name,
                struct slice source)
{
    struct text error;
    enum error err;

    text_init(&error, 0);
    err = templates_add(templates, name, source, &error);
    CHECK(err == OK || err == ERROR_CONFIG);
    if (err != OK)
        check_error(&error, name);
    else
        CHECK(error.len == 0 && utf8_valid(source));
    text_free(&error);
    return err == OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice whole = fuzz_slice(data, size);
    struct slice a = whole;
    struct slice b = second(&a);
    struct templates *templates;

    CHECK(templates_open_empty(&templates) == OK);
    if (add(templates, "a", a) && add(templates, "b", b) &&
        count(whole, '#') <= SECTIONS_MAX && count(whole, '>') <= PARTIALS_MAX)
        render(templates, a, whole);
    templates_close(templates);
    return 0;
}
