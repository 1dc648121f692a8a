/*
 * Mustache templates: a set of compiled files, and rendering them.
 *
 * A set is complete before it is used and never changes, so threads may render
 * with it at the same time. Whatever can be wrong with a template is found when
 * it is compiled; rendering can only run out of memory or of the room that its
 * output has, and both are in text.failed.
 */
#include "template.h"

#include <stdlib.h>
#include <string.h>

#include "cafe/base/file.h"
#include "cafe/base/utf8.h"

enum { FILE_MAX_BYTES = 256 * 1024 };

static const char extension[] = ".html";

/* The set. */

enum error templates_open_empty(struct templates **result)
{
    /* Without a limit: the files are the operator's, not a client's. */
    struct arena *arena = arena_open(0);
    struct templates *templates =
        arena != NULL ? arena_alloc(arena, sizeof(*templates)) : NULL;

    if (templates == NULL) {
        arena_close(arena);
        return ERROR_MEMORY;
    }
    templates->arena = arena;
    *result = templates;
    return OK;
}

void templates_close(struct templates *templates)
{
    if (templates != NULL)
        arena_close(templates->arena);
}

/* A template of the set; NULL if there is none. */
static const struct template_file *templates_find(
    const struct templates *templates, struct slice name)
{
    for (const struct template_file *file = templates->files; file != NULL;
         file = file->next) {
        if (slice_is(name, file->name))
            return file;
    }
    return NULL;
}

/* Compile a source, known by `label` in messages. */
static enum error templates_add_source(struct templates *templates,
                                       struct slice name, const char *label,
                                       struct slice source, struct text *error)
{
    struct arena *arena = templates->arena;
    struct template_file *file = arena_alloc(arena, sizeof(*file));
    struct slice copy = arena_slice(arena, source);
    enum error err;

    if (file == NULL || copy.data == NULL)
        return ERROR_MEMORY;
    if (!utf8_valid(copy)) {
        text_printf(error, "%s: is not valid UTF-8", label);
        return ERROR_CONFIG;
    }
    if ((file->name = arena_copy(arena, name.data, name.len)) == NULL)
        return ERROR_MEMORY;
    err = template_compile(arena, label, copy, &file->nodes, error);
    if (err != OK)
        return err;
    file->next = templates->files;
    templates->files = file;
    return OK;
}

enum error templates_add(struct templates *templates, const char *name,
                         struct slice source, struct text *error)
{
    return templates_add_source(templates, slice_of(name), name, source, error);
}

/* The length of a file name without ".html"; 0 when it ends otherwise. */
static size_t stem_len(const char *entry)
{
    size_t len = strlen(entry);
    size_t end = sizeof(extension) - 1;

    if (len <= end || strcmp(entry + len - end, extension) != 0)
        return 0;
    return len - end;
}

/* Compile folder/entry, if it is a template. */
static enum error add_file(const char *folder, const char *entry, void *context,
                           struct text *error)
{
    struct templates *templates = context;
    struct slice name = { entry, stem_len(entry) };
    const char *path;
    struct text source;
    enum error err;

    if (name.len == 0)
        return OK;
    path = arena_printf(templates->arena, "%s/%s", folder, entry);
    if (path == NULL)
        return ERROR_MEMORY;
    text_init(&source, FILE_MAX_BYTES);
    err = file_read(path, &source, error);
    if (err == OK)
        err = templates_add_source(templates, name, path, text_slice(&source),
                                   error);
    text_free(&source);
    return err;
}

/* Every partial that a file names has to be there: a wrong name stops the
 * start, not a page. Only here, since files come in any order and may include
 * each other. */
static enum error check_partials(const struct templates *templates,
                                 const char *folder,
                                 const struct template_file *file,
                                 const struct node *node, struct text *error)
{
    for (; node != NULL; node = node->next) {
        enum error err = OK;

        if (node->kind == NODE_PARTIAL &&
            templates_find(templates, node->text) == NULL) {
            text_printf(error, "%s/%s%s:%d: there is no partial %.*s%s", folder,
                        file->name, extension, node->line, (int)node->text.len,
                        node->text.data, extension);
            return ERROR_CONFIG;
        }
        err = check_partials(templates, folder, file, node->children, error);
        if (err != OK)
            return err;
    }
    return OK;
}

enum error templates_open(const char *folder, struct templates **result,
                          struct text *error)
{
    struct templates *templates = NULL;
    enum error err = templates_open_empty(&templates);

    if (err != OK)
        return err;
    err = folder_each(folder, add_file, templates, error);
    for (const struct template_file *file = templates->files;
         err == OK && file != NULL; file = file->next)
        err = check_partials(templates, folder, file, file->nodes, error);
    if (err != OK) {
        templates_close(templates);
        return err;
    }
    *result = templates;
    return OK;
}

/* Rendering. */

/* A context that names are looked up in, and those around it. They are on the
 * stack, each in the call that renders its section: the template bounds how
 * deep that goes, not the data (SECTIONS_MAX_DEPTH, PARTIALS_MAX_DEPTH). */
struct scope {
    const struct context *context;
    const struct scope *outer;
};

struct renderer {
    const struct templates *templates;
    struct text *out;
    const char *indent; /* before each line of the source */
    size_t indent_len;
    size_t depth; /* of partials */
};

/* Each byte that has to be a character reference. */
static const char *reference(char byte)
{
    switch (byte) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

/* What is in between is appended in stretches: most texts have nothing to
 * escape. */
void html_escape(struct text *out, struct slice raw)
{
    size_t from = 0;

    for (size_t i = 0; i < raw.len; i++) {
        const char *escaped = reference(raw.data[i]);

        if (escaped == NULL)
            continue;
        text_append(out, raw.data + from, i - from);
        text_append_string(out, escaped);
        from = i + 1;
    }
    if (raw.len > from)
        text_append(out, raw.data + from, raw.len - from);
}

/* "." is the innermost context. Only the first part of a dotted name is looked
 * for outwards (specification, "Dotted Names - Context Precedence"): "a.b"
 * never takes "a" from one object and "b" from another. */
static const struct context *look_up(const struct scope *scope,
                                     struct slice name)
{
    const struct context *found = NULL;
    struct slice part;

    if (slice_is(name, "."))
        return scope->context;
    part = slice_cut(&name, '.');
    for (; scope != NULL && found == NULL; scope = scope->outer)
        found = context_member(scope->context, part);
    while (found != NULL && name.len > 0)
        found = context_member(found, slice_cut(&name, '.'));
    return found;
}

/* A partial that stands alone on a line is indented as a whole (specification,
 * "Partials - Standalone Indentation"). The lines of the partial's source get
 * the indent, not those of the values in it: in a <textarea> or <pre> they
 * would show it. */
static void write_indent(struct renderer *renderer)
{
    if (renderer->indent_len > 0)
        text_append(renderer->out, renderer->indent, renderer->indent_len);
}

static void write_literal(struct renderer *renderer, struct slice text)
{
    while (renderer->indent_len > 0) {
        const char *end = memchr(text.data, '\n', text.len);
        size_t len = end != NULL ? (size_t)(end - text.data) + 1 : text.len;

        /* After the last line end it is the next node that begins a line. */
        if (len == text.len)
            break;
        text_append(renderer->out, text.data, len);
        write_indent(renderer);
        text.data += len;
        text.len -= len;
    }
    text_append_slice(renderer->out, text);
}

static void render_nodes(struct renderer *renderer, const struct node *node,
                         const struct scope *scope);

static void render_value(struct renderer *renderer, const struct node *node,
                         const struct scope *scope)
{
    const struct context *context = look_up(scope, node->text);

    if (node->kind == NODE_RAW || context_kind(context) == CONTEXT_HTML)
        text_append_slice(renderer->out, context_slice(context));
    else
        html_escape(renderer->out, context_slice(context));
}

/* As the specification has it, and an empty text is false, too: a template asks
 * with the name of a field whether there is anything to show. */
static bool is_false(const struct context *context)
{
    switch (context_kind(context)) {
    case CONTEXT_FALSE:
        return true;
    case CONTEXT_LIST:
        return context_first(context) == NULL;
    case CONTEXT_TEXT:
    case CONTEXT_HTML:
        return context_slice(context).len == 0;
    case CONTEXT_TRUE:
    case CONTEXT_OBJECT:
        return false;
    }
    return false;
}

static void render_section(struct renderer *renderer, const struct node *node,
                           const struct scope *scope)
{
    const struct context *context = look_up(scope, node->text);
    struct scope inner = { context, scope };

    if (is_false(context))
        return;
    if (context_kind(context) != CONTEXT_LIST) {
        render_nodes(renderer, node->children, &inner);
        return;
    }
    for (context = context_first(context); context != NULL;
         context = context_next(context)) {
        inner.context = context;
        render_nodes(renderer, node->children, &inner);
        /* A long list must not be walked to its end for nothing. */
        if (renderer->out->failed)
            return;
    }
}

static void render_partial(struct renderer *renderer, const struct node *node,
                           const struct scope *scope)
{
    const struct template_file *file =
        templates_find(renderer->templates, node->text);
    /* The indent of a partial is added to the one around it. */
    struct renderer inner = *renderer;
    struct text indent;

    if (file == NULL)
        return;
    /* A partial may include itself, as long as the data end that: trees are
     * shown so. Where they don't, the stack must not grow with them. */
    if (++inner.depth > PARTIALS_MAX_DEPTH) {
        text_fail(renderer->out);
        return;
    }
    text_init(&indent, 0);
    text_append(&indent, renderer->indent, renderer->indent_len);
    text_append_slice(&indent, node->indent);
    inner.indent = text_string(&indent);
    inner.indent_len = strlen(inner.indent);
    render_nodes(&inner, file->nodes, scope);
    if (indent.failed)
        text_fail(renderer->out);
    text_free(&indent);
}

static void render_node(struct renderer *renderer, const struct node *node,
                        const struct scope *scope)
{
    if (node->line_start)
        write_indent(renderer);
    switch (node->kind) {
    case NODE_LITERAL:
        write_literal(renderer, node->text);
        break;
    case NODE_VALUE:
    case NODE_RAW:
        render_value(renderer, node, scope);
        break;
    case NODE_SECTION:
        render_section(renderer, node, scope);
        break;
    case NODE_INVERTED:
        if (is_false(look_up(scope, node->text)))
            render_nodes(renderer, node->children, scope);
        break;
    case NODE_PARTIAL:
        render_partial(renderer, node, scope);
        break;
    }
}

static void render_nodes(struct renderer *renderer, const struct node *node,
                         const struct scope *scope)
{
    for (; node != NULL && !renderer->out->failed; node = node->next)
        render_node(renderer, node, scope);
}

void template_render(const struct templates *templates, const char *name,
                     const struct context *context, struct text *out)
{
    const struct template_file *file =
        templates_find(templates, slice_of(name));
    struct renderer renderer = { .templates = templates,
                                 .out = out,
                                 .indent = "" };
    struct scope scope = { context, NULL };

    if (file == NULL)
        text_fail(out);
    else
        render_nodes(&renderer, file->nodes, &scope);
}
