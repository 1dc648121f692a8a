/* The load balancer that CloudFormation templates make together. */
#include <string.h>

#include "balancer_template.h"

/* References. */

/* The text in !Ref X, !GetAtt X.Y, !ImportValue X, {"Fn::Sub": X}, …; NULL
 * where there is none. */
static const char *reference_text(const struct node *node)
{
    while (node != NULL && node->kind != NODE_TEXT)
        node = node->first;
    return node != NULL ? node->text : NULL;
}

/* Step over each "${…}", whatever it stands for. */
static const char *skip_variables(const char *at)
{
    const char *end;

    while (at[0] == '$' && at[1] == '{' && (end = strchr(at, '}')) != NULL)
        at = end + 1;
    return at;
}

/* Letters and digits of a name in lower case, up to an attribute, and without
 * "arn" at its end: "customertgtwo" for all its spellings. Templates name one
 * group as CustomerTgTwo, customer-tg-two and CustomerTgTwoArn; CloudFormation
 * resolves that at run time, which a file alone can't. */
static struct slice plain_name(const char *name, char *buffer, size_t size)
{
    size_t len = 0;

    for (name = skip_variables(name); *name != '\0' && *name != '.';
         name = skip_variables(name + 1)) {
        char byte = *name;

        if (byte >= 'A' && byte <= 'Z')
            byte = (char)(byte - 'A' + 'a');
        if (((byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9')) &&
            len < size)
            buffer[len++] = byte;
    }
    if (len > 3 && memcmp(buffer + len - 3, "arn", 3) == 0)
        len -= 3;
    return (struct slice){ buffer, len };
}

static bool same_name(const char *a, const char *b)
{
    char buffers[2][256]; /* CloudFormation's ids have at most 255 */

    return slice_equal(plain_name(a, buffers[0], sizeof(buffers[0])),
                       plain_name(b, buffers[1], sizeof(buffers[1])));
}

/* The name that stands where a resource is referred to. */
static enum error read_reference(const struct document *document,
                                 const struct node *node, const char **name)
{
    *name = reference_text(node);
    if (*name == NULL)
        return document_fault(document, node, "refers to nothing; name it");
    return OK;
}

static enum error find_listener(const struct balancer *balancer,
                                const struct found_rule *rule, size_t *index)
{
    const struct document *document = rule->resource.document;
    const char *name;
    enum error err = read_reference(document, rule->listener, &name);

    if (err != OK)
        return err;
    for (size_t i = 0; i < LISTENERS; i++) {
        const struct node *node = balancer->listeners[i].resource.node;

        if (node != NULL && same_name(node->key, name)) {
            *index = i;
            return OK;
        }
    }
    return document_fault(document, rule->listener,
                          "'%s' is not a listener; name one",
                          document_shown(document, name));
}

/* A target group by its logical id or by its name. */
static enum error find_group(const struct balancer *balancer,
                             const struct document *document,
                             const struct node *node, const char **group)
{
    const char *name;
    enum error err = read_reference(document, node, &name);

    if (err != OK)
        return err;
    for (size_t i = 0; i < balancer->group_count; i++) {
        const struct found_group *found = &balancer->groups[i];

        if (same_name(found->resource.node->key, name) ||
            same_name(found->group.name, name)) {
            *group = found->group.name;
            return OK;
        }
    }
    return document_fault(document, node,
                          "'%s' is not a target group; name "
                          "one",
                          document_shown(document, name));
}

/* A target group of a service: "customer-" is in front of its name. */
static enum error find_group_of(const struct balancer *balancer,
                                const struct document *document,
                                const struct node *node, const char *prefix,
                                const char **group)
{
    enum error err = find_group(balancer, document, node, group);

    if (err == OK && strncmp(*group, prefix, strlen(prefix)) != 0)
        return document_fault(
            document, node, "'%s' is not a group of %.*s; name one",
            document_shown(document, *group), (int)strlen(prefix) - 1, prefix);
    return err;
}

/* Give each listener its rule. */
static enum error join_rules(struct balancer *balancer)
{
    size_t i, index = 0;
    enum error err;

    for (i = 0; i < balancer->loose_count; i++) {
        const struct found_rule *rule = &balancer->loose[i];

        if ((err = find_listener(balancer, rule, &index)) != OK)
            return err;
        if (balancer->rules[index].resource.node != NULL)
            return document_fault(rule->resource.document, rule->resource.node,
                                  "a second rule of its listener; keep one");
        balancer->rules[index] = *rule;
    }
    return OK;
}

/* Check that all listeners, rules and groups are there. The templates are read
 * one after the other, so this can be known only at the end. */
static enum error check_complete(const struct document *last,
                                 const struct balancer *balancer)
{
    static const char *const prefixes[] = { "customer-", "employee-" };

    for (size_t i = 0; i < LISTENERS; i++) {
        if (balancer->listeners[i].resource.node == NULL)
            return document_fault(last, last->top,
                                  "no listener on port %u; add one",
                                  i == 0 ? 80 : 8080);
        if (balancer->rules[i].resource.node == NULL)
            return document_fault(balancer->listeners[i].resource.document,
                                  balancer->listeners[i].resource.node,
                                  "has no rule for paths; add one");
    }
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(*prefixes); i++) {
        size_t count = 0;

        for (size_t j = 0; j < balancer->group_count; j++)
            count += strncmp(balancer->groups[j].group.name, prefixes[i],
                             strlen(prefixes[i])) == 0;
        if (count != GROUPS / 2)
            return document_fault(last, last->top,
                                  "expected two target groups '%s…', found %zu",
                                  prefixes[i], count);
    }
    return OK;
}

/* Both listeners must have the same paths: otherwise the test listener would
 * test other routes than production has. */
static enum error check_paths(const struct balancer *balancer)
{
    const struct found_rule *one = &balancer->rules[0];
    const struct found_rule *two = &balancer->rules[1];

    for (size_t i = 0; i < PATHS_MAX; i++) {
        const char *a = one->paths[i], *b = two->paths[i];

        if ((a == NULL) != (b == NULL) || (a != NULL && strcmp(a, b) != 0))
            return document_fault(two->resource.document, two->path_list,
                                  "other paths than those of %s; make them "
                                  "the same",
                                  document_shown(two->resource.document,
                                                 one->resource.node->key));
    }
    return OK;
}

static enum error fill_listener(const struct balancer *balancer, size_t index,
                                struct listener *listener)
{
    const struct found_listener *found = &balancer->listeners[index];
    const struct found_rule *rule = &balancer->rules[index];
    enum error err;

    listener->port = found->port;
    if ((err = find_group_of(balancer, found->resource.document, found->group,
                             "customer-", &listener->default_group)) != OK)
        return err;
    return find_group_of(balancer, rule->resource.document, rule->group,
                         "employee-", &listener->admin_group);
}

/* What was found, put together. */
static enum error load_balancer_assemble(const struct document *last,
                                         struct balancer *balancer,
                                         struct load_balancer *result)
{
    struct load_balancer whole = { .paths = { NULL } };
    enum error err;

    if ((err = join_rules(balancer)) != OK ||
        (err = check_complete(last, balancer)) != OK ||
        (err = check_paths(balancer)) != OK)
        return err;
    for (size_t i = 0; i < LISTENERS; i++) {
        if ((err = fill_listener(balancer, i, &whole.listeners[i])) != OK)
            return err;
    }
    memcpy(whole.paths, balancer->rules[0].paths, sizeof(whole.paths));
    for (size_t i = 0; i < GROUPS; i++)
        whole.groups[i] = balancer->groups[i].group;
    *result = whole;
    return OK;
}

enum error load_balancer_read(struct arena *arena,
                              const struct template_source *templates,
                              size_t count, struct load_balancer *result,
                              struct text *error)
{
    struct document *documents = arena_alloc(arena, count * sizeof(*documents));
    struct balancer *balancer = arena_alloc(arena, sizeof(*balancer));
    enum error err;

    if (documents == NULL || balancer == NULL)
        return ERROR_MEMORY;
    for (size_t i = 0; i < count; i++) {
        documents[i] = (struct document){
            arena, templates[i].path, DIALECT_TEMPLATE, error, NULL, 0
        };
        if ((err = document_read(&documents[i], templates[i].text)) != OK ||
            (err = balancer_template_read(&documents[i], balancer)) != OK)
            return err;
    }
    return load_balancer_assemble(&documents[count - 1], balancer, result);
}
