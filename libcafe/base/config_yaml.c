/* Configuration files in YAML, read event by event with libyaml. A tree of the
 * document would need its own limits against deep nesting and aliases; here the
 * next event is known before it is taken. Faults name file, line and column. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

#include "cafe/base/file.h"
#include "config_private.h"

enum { FILE_MAX_BYTES = 64 * 1024, DEPTH_MAX = 8 };

struct reading {
    struct config *config;
    const char *path;
    struct text *error;
    yaml_parser_t parser;
    struct text key;            /* dotted name of what is being read */
    size_t key_lens[DEPTH_MAX]; /* of the mappings around it */
    int depth;                  /* of mappings */
    bool expects_key;
    const struct option *list; /* the sequence being read */
    yaml_mark_t list_mark;     /* where it begins */
    struct text items;
    unsigned char *seen; /* for each option: it was in this file */
};

static enum error fault_at(struct reading *reading, yaml_mark_t mark,
                           const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static enum error fault_at(struct reading *reading, yaml_mark_t mark,
                           const char *format, ...)
{
    va_list args;

    text_printf(reading->error, "%s:%zu:%zu: ", reading->path, mark.line + 1,
                mark.column + 1);
    va_start(args, format);
    text_vprintf(reading->error, format, args);
    va_end(args);
    return ERROR_CONFIG;
}

/* Whether a dotted name is the beginning of an option's. */
static bool is_group(const struct config *config, const char *name)
{
    const struct option *option = config->source.options;
    size_t len = strlen(name);

    for (; option->name != NULL; option++) {
        if (strncmp(option->name, name, len) == 0 && option->name[len] == '.')
            return true;
    }
    return false;
}

static enum error config_yaml_unknown_key(struct reading *reading,
                                          yaml_mark_t mark)
{
    const char *name = text_string(&reading->key);
    const struct option *nearest = config_nearest(reading->config, name);

    if (nearest != NULL)
        return fault_at(reading, mark, "unknown key '%s'; did you mean '%s'?",
                        name, nearest->name);
    return fault_at(reading, mark, "unknown key '%s'", name);
}

static void key_cut(struct reading *reading, size_t len)
{
    reading->key.len = len;
    if (reading->key.data != NULL)
        reading->key.data[len] = '\0';
}

/* A key of the present mapping: note its dotted name. */
static enum error config_yaml_read_key(struct reading *reading,
                                       const yaml_event_t *event)
{
    const char *name;

    key_cut(reading, reading->key_lens[reading->depth - 1]);
    if (reading->key.len > 0)
        text_append_char(&reading->key, '.');
    text_append(&reading->key, (const char *)event->data.scalar.value,
                event->data.scalar.length);
    reading->expects_key = false;
    name = text_string(&reading->key);
    /* Judged at the key, not at the value: so the place in the message is that
     * of the word that is wrong. */
    if (config_find(reading->config, slice_of(name)) == NULL &&
        !is_group(reading->config, name))
        return config_yaml_unknown_key(reading, event->start_mark);
    return OK;
}

static enum error store(struct reading *reading, const struct option *option,
                        struct slice value, yaml_mark_t mark)
{
    size_t index = (size_t)(option - reading->config->source.options);
    const char *origin = arena_printf(reading->config->arena, "%s:%zu:%zu",
                                      reading->path, mark.line + 1,
                                      mark.column + 1);

    reading->expects_key = true;
    /* YAML forbids equal keys, but libyaml lets them pass: the last would win
     * silently. */
    if (reading->seen[index])
        return fault_at(reading, mark, "'%s' is set twice", option->name);
    reading->seen[index] = 1;
    return config_assign(reading->config, option, value, origin,
                         reading->error);
}

static enum error config_yaml_read_scalar(struct reading *reading,
                                          const yaml_event_t *event)
{
    struct slice value = { (const char *)event->data.scalar.value,
                           event->data.scalar.length };
    const struct option *option;

    if (reading->depth == 0)
        return fault_at(reading, event->start_mark, "expected 'key: value'");
    /* A sequence becomes what the environment would have: one comma-separated
     * text. */
    if (reading->list != NULL) {
        if (reading->items.len > 0)
            text_append_char(&reading->items, ',');
        text_append_slice(&reading->items, value);
        return OK;
    }
    if (reading->expects_key)
        return config_yaml_read_key(reading, event);
    option = config_find(reading->config, text_slice(&reading->key));
    if (option == NULL)
        return fault_at(reading, event->start_mark,
                        "'%s' is a group of options, not a value",
                        text_string(&reading->key));
    return store(reading, option, value, event->start_mark);
}

static enum error begin_mapping(struct reading *reading, yaml_mark_t mark)
{
    if (reading->list != NULL)
        return fault_at(reading, mark, "expected a plain list");
    if (reading->depth > 0 && reading->expects_key)
        return fault_at(reading, mark, "expected a key");
    if (reading->depth == DEPTH_MAX)
        return fault_at(reading, mark, "nested too deep");
    if (reading->depth > 0 &&
        !is_group(reading->config, text_string(&reading->key)))
        return fault_at(reading, mark, "'%s' takes one value",
                        text_string(&reading->key));
    reading->key_lens[reading->depth++] = reading->key.len;
    reading->expects_key = true;
    return OK;
}

static enum error end_mapping(struct reading *reading)
{
    reading->depth--;
    key_cut(reading, reading->key_lens[reading->depth]);
    reading->expects_key = true;
    return OK;
}

static enum error begin_sequence(struct reading *reading, yaml_mark_t mark)
{
    const struct option *option =
        config_find(reading->config, text_slice(&reading->key));

    if (reading->depth == 0 || reading->list != NULL || reading->expects_key ||
        option == NULL || option->kind != OPTION_LIST)
        return fault_at(reading, mark, "no list is expected here");
    reading->list = option;
    reading->list_mark = mark;
    text_reset(&reading->items);
    return OK;
}

static enum error end_sequence(struct reading *reading)
{
    const struct option *option = reading->list;

    reading->list = NULL;
    return store(reading, option, text_slice(&reading->items),
                 reading->list_mark);
}

static enum error config_yaml_read_event(struct reading *reading,
                                         const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return config_yaml_read_scalar(reading, event);
    case YAML_MAPPING_START_EVENT:
        return begin_mapping(reading, event->start_mark);
    case YAML_MAPPING_END_EVENT:
        return end_mapping(reading);
    case YAML_SEQUENCE_START_EVENT:
        return begin_sequence(reading, event->start_mark);
    case YAML_SEQUENCE_END_EVENT:
        return end_sequence(reading);
        /* An alias could repeat a large value at little cost. */
    case YAML_ALIAS_EVENT:
        return fault_at(reading, event->start_mark,
                        "aliases are not supported");
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_START_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        break;
    }
    return OK;
}

static enum error config_yaml_read_events(struct reading *reading)
{
    bool more = true;
    enum error err = OK;

    while (more && err == OK) {
        yaml_event_t event;

        if (!yaml_parser_parse(&reading->parser, &event))
            return fault_at(reading, reading->parser.problem_mark, "%s",
                            reading->parser.problem != NULL
                                ? reading->parser.problem
                                : "not YAML");
        more = event.type != YAML_STREAM_END_EVENT;
        err = config_yaml_read_event(reading, &event);
        if (err == OK && (reading->key.failed || reading->items.failed))
            err = ERROR_MEMORY;
        yaml_event_delete(&event);
    }
    return err;
}

static enum error read_content(struct reading *reading, struct slice content)
{
    enum error err;

    if (!yaml_parser_initialize(&reading->parser))
        return ERROR_MEMORY;
    yaml_parser_set_input_string(
        &reading->parser, (const unsigned char *)content.data, content.len);
    err = config_yaml_read_events(reading);
    yaml_parser_delete(&reading->parser);
    return err;
}

enum error config_read_yaml(struct config *config, const char *path,
                            struct text *error)
{
    struct reading reading = { .config = config, .path = path, .error = error };
    struct text content;
    enum error err;

    if (path[0] == '\0') {
        text_append_string(error, "flag --config: names no file");
        return ERROR_CONFIG;
    }
    text_init(&content, FILE_MAX_BYTES);
    text_init(&reading.key, FILE_MAX_BYTES);
    text_init(&reading.items, FILE_MAX_BYTES);
    reading.seen = arena_alloc(config->arena, config->option_count + 1);
    err = reading.seen != NULL ? file_read(path, &content, error)
                               : ERROR_MEMORY;
    if (err == OK)
        err = read_content(&reading, text_slice(&content));
    text_free(&content);
    text_free(&reading.key);
    text_free(&reading.items);
    return err;
}
