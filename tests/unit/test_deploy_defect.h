/* A defect of a file for AWS, and that it is found. */
#ifndef CAFE_TEST_DEPLOY_DEFECT_H
#define CAFE_TEST_DEPLOY_DEFECT_H

#include "test_deploy.h"

#define UNKNOWN "AWS has no such key; "

/* A file in which `from` (the first one; NULL: all) became `to`. The message
 * names the location of the first `at` in what came of it; NULL: it is about
 * the templates together, and names the beginning of the last one. */
struct defect {
    const char *file;
    const char *from, *to;
    const char *at;
    const char *message;
};

/* A file with its defect. */
static struct slice mutate(struct fixture *fixture, const struct defect *defect)
{
    struct slice file = filled_file(fixture, defect->file);
    const char *at;

    if (defect->from == NULL)
        return slice_of(defect->to);
    at = strstr(file.data, defect->from);
    if (at == NULL)
        fail_msg("%s: '%s' is not in it", defect->file, defect->from);
    return slice_of(arena_printf(fixture->arena, "%.*s%s%s",
                                 (int)(at - file.data), file.data, defect->to,
                                 at + strlen(defect->from)));
}

/* The whole message: file, line, column, what is wrong. */
static const char *expected(struct fixture *fixture,
                            const struct defect *defect, struct slice file)
{
    const char *at = defect->at != NULL ? strstr(file.data, defect->at) : NULL;
    struct location location;

    if (defect->at == NULL)
        return arena_printf(fixture->arena, LISTENERS_FILE ":1:1: %s",
                            defect->message);
    if (at == NULL)
        fail_msg("%s: '%s' is not in it", defect->file, defect->at);
    location = document_location(file, (size_t)(at - file.data));
    return arena_printf(fixture->arena, "%s:%zu:%zu: %s", defect->file,
                        location.line, location.column, defect->message);
}

/* What is read of a file, whichever it is. */
union result {
    struct task_definition task;
    struct appspec appspec;
    struct service_file service;
    struct load_balancer balancer;
};

static enum error read_templates(struct fixture *fixture, const char *name,
                                 struct slice file, union result *result)
{
    static const char *const names[] = { GROUPS_FILE, LISTENERS_FILE };
    struct template_source templates[COUNT(names)];

    for (size_t i = 0; i < COUNT(names); i++) {
        templates[i].path = names[i];
        templates[i].text =
            strcmp(names[i], name) == 0 ? file : filled_file(fixture, names[i]);
    }
    return load_balancer_read(fixture->arena, templates, COUNT(names),
                              &result->balancer, &fixture->error);
}

static enum error read_any(struct fixture *fixture, const char *name,
                           struct slice file, union result *result)
{
    struct arena *arena = fixture->arena;
    struct text *error = &fixture->error;

    if (strcmp(name, TASK) == 0)
        return task_definition_read(arena, name, file, &result->task, error);
    if (strcmp(name, APPSPEC) == 0)
        return appspec_read(arena, name, file, &result->appspec, error);
    if (strcmp(name, SERVICE) == 0)
        return service_file_read(arena, name, file, &result->service, error);
    return read_templates(fixture, name, file, result);
}

/* Refused with exactly this line, and nothing comes out of it. */
static void assert_defect(struct fixture *fixture, const struct defect *defect)
{
    struct slice file = mutate(fixture, defect);
    union result result, before;

    memset(&result, 0xa5, sizeof(result));
    before = result;
    text_reset(&fixture->error);
    assert_int_equal(read_any(fixture, defect->file, file, &result),
                     ERROR_CONFIG);
    assert_string_equal(text_string(&fixture->error),
                        expected(fixture, defect, file));
    assert_memory_equal(&result, &before, sizeof(result));
}

static void assert_defects(void **state, const struct defect *defects,
                           size_t count)
{
    for (size_t i = 0; i < count; i++)
        assert_defect(*state, &defects[i]);
}

#endif
