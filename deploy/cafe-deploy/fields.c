/* Reading a map by a table of its keys. */
#include "fields.h"

#include <string.h>

#include "cafe/base/nearest.h"

const struct rule rule_any = { "a text", "", NULL, DOCUMENT_MAX_BYTES };

const struct rule rule_name = { "a name of letters, digits, - and _", "", "-_",
                                255 };

const struct rule rule_group_name = {
    "the name of a target group: letters, digits and -, at most 32", "", "-", 32
};

static bool is_letter_or_digit(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9');
}

bool rule_allows(const struct rule *rule, const char *text)
{
    size_t i, len = strlen(text);

    if (len > rule->max_bytes)
        return false;
    if (rule->others == NULL)
        return true;
    if (len == 0 ||
        (!is_letter_or_digit(text[0]) && !byte_is_in(text[0], rule->first)))
        return false;
    for (i = 1; i < len; i++) {
        if (!is_letter_or_digit(text[i]) && !byte_is_in(text[i], rule->others))
            return false;
    }
    return true;
}

/* One value, not a list, a map or what CloudFormation computes. */
static enum error check_value(const struct document *document,
                              const struct node *node, const char *wanted)
{
    if (node->kind == NODE_MAP)
        return document_fault(document, node, "a map; expected %s", wanted);
    if (node->kind == NODE_LIST)
        return document_fault(document, node, "a list; expected %s", wanted);
    if (node->tag != NULL)
        return document_fault(document, node, "%s; expected %s",
                              document_shown(document, node->tag), wanted);
    return OK;
}

enum error text_read(const struct document *document, const struct node *node,
                     const struct rule *rule, const char **text)
{
    enum error err = check_value(document, node, rule->what);

    if (err != OK)
        return err;
    /* JSON tells texts from numbers by their quotes, and so does AWS; in YAML
     * both may be plain. */
    if (document->dialect == DIALECT_JSON && !node->quoted)
        return document_fault(document, node,
                              "%s without quotes; put it in double quotes",
                              document_shown(document, node->text));
    if (!rule_allows(rule, node->text))
        return document_fault(document, node, "'%s' is not %s",
                              document_shown(document, node->text), rule->what);
    *text = node->text;
    return OK;
}

static enum error fields_read_word(const struct document *document,
                                   const struct node *node, const char *word)
{
    const char *text;
    enum error err = text_read(document, node, &rule_any, &text);

    if (err == OK && strcmp(text, word) != 0)
        return document_fault(document, node, "'%s' is not '%s'",
                              document_shown(document, text), word);
    return err;
}

static enum error fields_read_number(const struct document *document,
                                     const struct node *node,
                                     const struct field *field,
                                     unsigned *result)
{
    uint64_t number = 0;
    enum error err = check_value(document, node, "a number");

    if (err != OK)
        return err;
    /* A task's cpu and memory are numbers in quotes to AWS, all others are
     * without. */
    if (document->dialect == DIALECT_JSON && node->quoted &&
        field->kind != FIELD_UNITS)
        return document_fault(document, node,
                              "a number in quotes; write it without");
    if (document->dialect == DIALECT_JSON && !node->quoted &&
        field->kind == FIELD_UNITS)
        return document_fault(document, node,
                              "%s without quotes; put it in double quotes",
                              document_shown(document, node->text));
    if (slice_number(slice_of(node->text), field->max, &number) != OK ||
        number < field->min)
        return document_fault(
            document, node, "'%s' is not a number from %u to %u",
            document_shown(document, node->text), field->min, field->max);
    *result = (unsigned)number;
    return OK;
}

enum error port_read(const struct document *document, const struct node *node,
                     void *result)
{
    static const struct field port = { .kind = FIELD_NUMBER,
                                       .min = 1,
                                       .max = 65535 };

    return fields_read_number(document, node, &port, result);
}

enum error revision_read(const struct document *document,
                         const struct node *node, void *result)
{
    static const struct rule rule = { "a task definition, FAMILY:REVISION", "",
                                      "-_:/", 2048 };
    const char *text = NULL, *colon;
    uint64_t revision;
    enum error err = text_read(document, node, &rule, &text);

    if (err != OK)
        return err;
    colon = strrchr(text, ':');
    if (colon != NULL &&
        (slice_number(slice_of(colon + 1), INT32_MAX, &revision) != OK ||
         revision == 0))
        return document_fault(document, node,
                              "'%s' has no revision number after the colon",
                              document_shown(document, text));
    *(const char **)result = text;
    return OK;
}

static enum error read_switch(const struct document *document,
                              const struct node *node, bool *result)
{
    enum error err = check_value(document, node, "true or false");
    bool on;

    if (err != OK)
        return err;
    on = strcmp(node->text, "true") == 0;
    if (node->quoted || (!on && strcmp(node->text, "false") != 0))
        return document_fault(document, node,
                              "expected true or false, without quotes");
    *result = on;
    return OK;
}

static enum error read_choice(const struct document *document,
                              const struct node *node, const char *const *words)
{
    const char *text, *list = words[0];
    enum error err = text_read(document, node, &rule_any, &text);

    for (size_t i = 0; err == OK && words[i] != NULL; i++) {
        if (strcmp(text, words[i]) == 0)
            return OK;
        if (i > 0)
            list = arena_printf(document->arena, "%s, %s",
                                list != NULL ? list : "", words[i]);
    }
    if (err == OK)
        return document_fault(document, node, "'%s' is not one of %s",
                              document_shown(document, text),
                              list != NULL ? list : "");
    return err;
}

/* Whether an entry of a list ahead of this one has the same text there. */
static bool is_repeated(const struct node *entry, const char *key)
{
    const struct node *other = entry->parent->first, *mine, *its;

    if (entry->kind != NODE_MAP || (mine = document_get(entry, key)) == NULL)
        return false;
    for (; other != entry; other = other->next) {
        its = other->kind == NODE_MAP ? document_get(other, key) : NULL;
        if (its != NULL && its->text != NULL && mine->text != NULL &&
            strcmp(its->text, mine->text) == 0)
            return true;
    }
    return false;
}

static enum error read_list(const struct document *document,
                            const struct node *list, const struct field *field)
{
    enum error err = list_check(document, list, field->min, field->max);

    for (const struct node *node = list->first; node != NULL && err == OK;
         node = node->next) {
        err = field_check(document, node, field->entry);
        if (err == OK && field->unique != NULL &&
            is_repeated(node, field->unique))
            return document_fault(document, node,
                                  "its '%s' appears twice; remove one",
                                  field->unique);
    }
    return err;
}

static enum error read_texts(const struct document *document,
                             const struct node *map)
{
    const char *text;
    enum error err = OK;

    if (map->kind != NODE_MAP)
        return document_fault(document, map, "expected a map of keys");
    for (const struct node *node = map->first; node != NULL && err == OK;
         node = node->next)
        err = text_read(document, node, &rule_any, &text);
    return err;
}

/* A value with nothing in it, into the struct of the map. */
static enum error read_leaf(const struct document *document,
                            const struct node *node, const struct field *field,
                            void *target)
{
    switch (field->kind) {
    case FIELD_TEXT:
        return text_read(document, node, field->rule, target);
    case FIELD_NUMBER:
    case FIELD_UNITS:
        return fields_read_number(document, node, field, target);
    default:
        return read_switch(document, node, target);
    }
}

/* Read a value by the row of its key. A row without a target of its own only
 * checks: what the rehearsal has no use for must be valid all the same, or AWS
 * would refuse it. */
static enum error fields_read_field(const struct document *document,
                                    const struct node *node,
                                    const struct field *field, void *result)
{
    union {
        const char *text;
        unsigned number;
        bool on;
    } unstored;

    switch (field->kind) {
    case FIELD_KNOWN:
        break;
    case FIELD_TEXT:
    case FIELD_NUMBER:
    case FIELD_UNITS:
    case FIELD_SWITCH:
        return read_leaf(document, node, field,
                         field->unstored ? (void *)&unstored
                                         : (char *)result + field->offset);
    case FIELD_WORD:
        return fields_read_word(document, node, field->word);
    case FIELD_CHOICE:
        return read_choice(document, node, field->words);
    case FIELD_MAP:
        return fields_read(document, node, field->fields, result);
    case FIELD_LIST:
        return read_list(document, node, field);
    case FIELD_TEXTS:
        return read_texts(document, node);
    case FIELD_REFUSED:
        return document_key_fault(document, node, "%s; remove it", field->word);
    case FIELD_READ:
        return field->read(document, node,
                           field->unstored ? result
                                           : (char *)result + field->offset);
    }
    return OK;
}

enum error field_check(const struct document *document, const struct node *node,
                       const struct field *field)
{
    return fields_read_field(document, node, field, NULL);
}

static enum error fields_unknown_key(const struct document *document,
                                     const struct node *node,
                                     const struct field *fields)
{
    const char *nearest = NULL;
    /* Of a short key nearly every other is near: at most half of its letters
     * may differ. */
    size_t least = strlen(node->key) / 2 + 1;

    if (least > NEAREST_TOO_FAR)
        least = NEAREST_TOO_FAR;
    for (; fields->key != NULL; fields++) {
        size_t apart = nearest_distance(fields->key, node->key);

        if (apart < least) {
            least = apart;
            nearest = fields->key;
        }
    }
    if (nearest != NULL)
        return document_key_fault(
            document, node, "AWS has no such key; did you mean '%s'?", nearest);
    return document_key_fault(document, node, "AWS has no such key; remove it");
}

static enum error read_entry(const struct document *document,
                             const struct node *node,
                             const struct field *fields, void *result)
{
    const struct field *field = fields;

    while (field->key != NULL && strcmp(field->key, node->key) != 0)
        field++;
    if (field->key == NULL)
        return fields_unknown_key(document, node, fields);
    return fields_read_field(document, node, field, result);
}

enum error fields_read(const struct document *document, const struct node *map,
                       const struct field *fields, void *result)
{
    enum error err = OK;

    if (map->kind != NODE_MAP)
        return document_fault(document, map, "expected a map of keys");
    for (const struct node *node = map->first; node != NULL && err == OK;
         node = node->next)
        err = read_entry(document, node, fields, result);
    /* After the present keys: a misspelt one is named as such, not as a missing
     * one. */
    for (; fields->key != NULL && err == OK; fields++) {
        if (fields->required && document_get(map, fields->key) == NULL)
            err = document_fault(document, map, "'%s' is missing; add it",
                                 fields->key);
    }
    return err;
}

enum error list_check(const struct document *document, const struct node *node,
                      size_t min, size_t max)
{
    if (node->kind != NODE_LIST)
        return document_fault(document, node, "expected a list");
    if (node->count < min || node->count > max) {
        if (min == max)
            return document_fault(document, node,
                                  "%zu entries; expected exactly %zu",
                                  node->count, min);
        return document_fault(document, node,
                              "%zu entries; expected %zu to %zu", node->count,
                              min, max);
    }
    return OK;
}
