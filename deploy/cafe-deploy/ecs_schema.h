/* What ECS takes in its files where the rehearsal only checks it: kinds, words
 * and ranges as the references of RegisterTaskDefinition and CreateService
 * have them, and what Fargate refuses of it. */
#ifndef CAFE_DEPLOY_ECS_SCHEMA_H
#define CAFE_DEPLOY_ECS_SCHEMA_H

#include <limits.h>

#include "fields.h"

/* Rows of values that are checked and not stored. */
#define ECS_TEXT(name) \
    .key = name, .kind = FIELD_TEXT, .unstored = true, .rule = &rule_any
#define ECS_RULED(name, rule_) \
    .key = name, .kind = FIELD_TEXT, .unstored = true, .rule = &(rule_)
#define ECS_NUMBER(name, min_, max_)                                  \
    .key = name, .kind = FIELD_NUMBER, .unstored = true, .min = min_, \
    .max = max_
#define ECS_SWITCH(name) .key = name, .kind = FIELD_SWITCH, .unstored = true
#define ECS_CHOICE(name, words_) \
    .key = name, .kind = FIELD_CHOICE, .words = words_
#define ECS_MAP(name, fields_) .key = name, .kind = FIELD_MAP, .fields = fields_
#define ECS_LIST(name, max_, entry_) \
    .key = name, .kind = FIELD_LIST, .max = max_, .entry = &(entry_)
#define ECS_REFUSED(name, why) .key = name, .kind = FIELD_REFUSED, .word = why
#define ECS_END     \
    {               \
        .key = NULL \
    }

/* Why. */
#define NOT_ON_FARGATE "Fargate does not support this"

/** A role: its name or its ARN. */
extern const struct rule rule_role;

/** Entries of lists: any text; a tag; a secret's name and ARN. */
extern const struct field ecs_text, ecs_tag;

/** "ENABLED" or "DISABLED". */
extern const char *const ecs_enabled[];

/** Logs of a container on Fargate, `logConfiguration`. */
field_fn ecs_logs_read;

/** The entry of a task's `volumes`, and its `proxyConfiguration`. */
extern const struct field ecs_volume;
extern const struct field ecs_proxy_fields[];

/** The entry of a service's `volumeConfigurations`. */
extern const struct field ecs_service_volume;

#endif
