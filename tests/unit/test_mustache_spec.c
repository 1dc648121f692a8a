/* Every case of the Mustache specification's YAML files, read with libyaml. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <yaml.h>

#include "cafe/html/template.h"

static const char *const files[] = { "comments", "delimiters", "interpolation",
                                     "inverted", "partials",   "sections" };

struct count {
    int passed, failed;
};

static struct slice scalar(const yaml_node_t *node)
{
    return (struct slice){ (const char *)node->data.scalar.value,
                           node->data.scalar.length };
}

static yaml_node_t *member(yaml_document_t *doc, const yaml_node_t *map,
                           const char *name)
{
    const yaml_node_pair_t *pair;

    for (pair = map->data.mapping.pairs.start;
         pair < map->data.mapping.pairs.top; pair++) {
        if (slice_is(scalar(yaml_document_get_node(doc, pair->key)), name))
            return yaml_document_get_node(doc, pair->value);
    }
    return NULL;
}

/* A decimal number without the zeros at its end: 1.210 is 1.21. */
static struct slice number(struct slice text)
{
    if (text.len > 0 && memchr(text.data, '.', text.len) != NULL &&
        strspn(text.data, "0123456789.-") == text.len) {
        while (text.data[text.len - 1] == '0')
            text.len--;
    }
    return text;
}

static void fill_object(yaml_document_t *doc, const yaml_node_t *node,
                        struct arena *arena, struct context *object);

static void fill_list(yaml_document_t *doc, const yaml_node_t *node,
                      struct arena *arena, struct context *list)
{
    const yaml_node_item_t *item;

    for (item = node->data.sequence.items.start;
         item < node->data.sequence.items.top; item++) {
        const yaml_node_t *value = yaml_document_get_node(doc, *item);

        if (value->type == YAML_SCALAR_NODE)
            context_list_text(list, value->data.scalar.style ==
                                            YAML_PLAIN_SCALAR_STYLE
                                        ? number(scalar(value))
                                        : scalar(value));
        else if (value->type == YAML_SEQUENCE_NODE)
            fill_list(doc, value, arena, context_list_list(list));
        else
            fill_object(doc, value, arena, context_list_object(list));
    }
}

static void fill_scalar(const yaml_node_t *value, struct context *object,
                        const char *name)
{
    struct slice text = scalar(value);
    bool plain = value->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;

    if (plain && slice_is(text, "true"))
        context_flag(object, name, true);
    else if (plain && (slice_is(text, "false") || slice_is(text, "null") ||
                       slice_is(text, "~") || text.len == 0))
        context_flag(object, name, false);
    else
        context_text(object, name, plain ? number(text) : text);
}

static void fill_object(yaml_document_t *doc, const yaml_node_t *node,
                        struct arena *arena, struct context *object)
{
    const yaml_node_pair_t *pair;

    for (pair = node->data.mapping.pairs.start;
         pair < node->data.mapping.pairs.top; pair++) {
        struct slice key = scalar(yaml_document_get_node(doc, pair->key));
        const char *name = arena_copy(arena, key.data, key.len);
        const yaml_node_t *value = yaml_document_get_node(doc, pair->value);

        if (value->type == YAML_SCALAR_NODE)
            fill_scalar(value, object, name);
        else if (value->type == YAML_SEQUENCE_NODE)
            fill_list(doc, value, arena, context_list(object, name));
        else
            fill_object(doc, value, arena, context_object(object, name));
    }
}

static void add_partials(yaml_document_t *doc, const yaml_node_t *test,
                         struct templates *templates, struct text *error)
{
    const yaml_node_t *partials = member(doc, test, "partials");
    const yaml_node_pair_t *pair;

    if (partials == NULL)
        return;
    for (pair = partials->data.mapping.pairs.start;
         pair < partials->data.mapping.pairs.top; pair++) {
        const yaml_node_t *key = yaml_document_get_node(doc, pair->key);
        const yaml_node_t *value = yaml_document_get_node(doc, pair->value);
        char name[64];

        snprintf(name, sizeof(name), "%s",
                 (const char *)key->data.scalar.value);
        if (templates_add(templates, name, scalar(value), error) != OK)
            return;
    }
}

/* "." has to work at the root for a context that is a text or a list. */
static const struct context *root_of(yaml_document_t *doc,
                                     const yaml_node_t *data,
                                     struct arena *arena)
{
    struct context *root = context_open(arena);

    if (data->type == YAML_MAPPING_NODE) {
        fill_object(doc, data, arena, root);
        return root;
    }
    if (data->type == YAML_SCALAR_NODE)
        fill_scalar(data, root, "x");
    else
        fill_list(doc, data, arena, context_list(root, "x"));
    return context_member(root, SLICE("x"));
}

static bool run(yaml_document_t *doc, const yaml_node_t *test, struct text *out,
                struct text *error)
{
    struct arena *arena = arena_open(0);
    struct templates *templates = NULL;
    bool same = false;

    if (templates_open_empty(&templates) != OK)
        abort();
    add_partials(doc, test, templates, error);
    if (templates_add(templates, "the template",
                      scalar(member(doc, test, "template")), error) == OK) {
        template_render(templates, "the template",
                        root_of(doc, member(doc, test, "data"), arena), out);
        same =
            !out->failed &&
            slice_equal(text_slice(out), scalar(member(doc, test, "expected")));
    }
    templates_close(templates);
    arena_close(arena);
    return same;
}

static void run_one(const char *file, yaml_document_t *doc,
                    const yaml_node_t *test, struct count *count)
{
    struct text out, error;

    text_init(&out, 0);
    text_init(&error, 0);
    if (run(doc, test, &out, &error)) {
        count->passed++;
    } else {
        count->failed++;
        printf("FAILED %s: %s\n  got      <%s> %s\n  expected <%s>\n", file,
               (const char *)member(doc, test, "name")->data.scalar.value,
               text_string(&out), text_string(&error),
               (const char *)member(doc, test, "expected")->data.scalar.value);
    }
    text_free(&out);
    text_free(&error);
}

static void run_file(const char *name, struct count *count)
{
    char path[4096];
    yaml_parser_t parser;
    yaml_document_t doc;
    const yaml_node_t *tests;
    const yaml_node_item_t *item;
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s.yml", SPEC_FOLDER, name);
    if ((file = fopen(path, "rb")) == NULL || !yaml_parser_initialize(&parser))
        abort();
    yaml_parser_set_input_file(&parser, file);
    if (!yaml_parser_load(&parser, &doc))
        abort();
    tests = member(&doc, yaml_document_get_root_node(&doc), "tests");
    for (item = tests->data.sequence.items.start;
         item < tests->data.sequence.items.top; item++)
        run_one(name, &doc, yaml_document_get_node(&doc, *item), count);
    yaml_document_delete(&doc);
    yaml_parser_delete(&parser);
    fclose(file);
}

int main(void)
{
    struct count count = { 0, 0 };

    if (access(SPEC_FOLDER, R_OK) != 0) {
        printf("SKIPPED: the Mustache specification is not at %s\n",
               SPEC_FOLDER);
        return 77;
    }
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        run_file(files[i], &count);
    printf("%d cases passed, %d failed\n", count.passed, count.failed);
    return count.failed > 0 || count.passed == 0;
}
