/* An alarm of CloudWatch: its rule in a template, and counting by it. */
#include "alarm.h"

#include <stddef.h>
#include <string.h>

#include "fields.h"

static const char metric_name[] = "HTTPCode_Target_5XX_Count";

static const struct rule rule_word = { "a name", "", "-_/. ", 255 };

/* What is needed of an alarm, and of its metrics on errors. */
struct found {
    const char *name, *operator, * metric, *stat;
    unsigned threshold, period_s;
};

static field_fn read_metrics;

static const struct field metric_fields[] = {
    { .key = "MetricName",
      .kind = FIELD_TEXT,
      .required = true,
      .offset = offsetof(struct found, metric),
      .rule = &rule_name },
    { .key = "Namespace" },
    { .key = "Dimensions" },
    { .key = NULL },
};

static const struct field stat_fields[] = {
    { .key = "Metric",
      .kind = FIELD_MAP,
      .required = true,
      .fields = metric_fields },
    { .key = "Stat",
      .kind = FIELD_TEXT,
      .required = true,
      .offset = offsetof(struct found, stat),
      .rule = &rule_word },
    { .key = "Period",
      .kind = FIELD_NUMBER,
      .required = true,
      .offset = offsetof(struct found, period_s),
      .min = 1,
      .max = 86400 },
    { .key = "Unit" },
    { .key = NULL },
};

static const struct field query_fields[] = {
    { .key = "MetricStat", .kind = FIELD_MAP, .fields = stat_fields },
    { .key = "AccountId" },
    { .key = "Expression" },
    { .key = "Id", .required = true },
    { .key = "Label" },
    { .key = "Period" },
    { .key = "ReturnData" },
    { .key = NULL },
};

/* Keys without an offset are known, so that they are no fault; the rehearsal
 * does not need them. */
static const struct field alarm_fields[] = {
    { .key = "AlarmName",
      .kind = FIELD_TEXT,
      .required = true,
      .offset = offsetof(struct found, name),
      .rule = &rule_word },
    { .key = "ComparisonOperator",
      .kind = FIELD_TEXT,
      .required = true,
      .offset = offsetof(struct found, operator),
      .rule = &rule_name },
    { .key = "Threshold",
      .kind = FIELD_NUMBER,
      .required = true,
      .offset = offsetof(struct found, threshold),
      .min = 0,
      .max = 1000000 },
    { .key = "Metrics", .kind = FIELD_READ, .read = read_metrics },
    { .key = "MetricName",
      .kind = FIELD_TEXT,
      .offset = offsetof(struct found, metric),
      .rule = &rule_name },
    { .key = "Statistic",
      .kind = FIELD_TEXT,
      .offset = offsetof(struct found, stat),
      .rule = &rule_word },
    { .key = "Period",
      .kind = FIELD_NUMBER,
      .offset = offsetof(struct found, period_s),
      .min = 1,
      .max = 86400 },
    { .key = "ActionsEnabled" },
    { .key = "AlarmActions" },
    { .key = "AlarmDescription" },
    { .key = "DatapointsToAlarm" },
    { .key = "Dimensions" },
    { .key = "EvaluateLowSampleCountPercentile" },
    { .key = "EvaluationPeriods" },
    { .key = "ExtendedStatistic" },
    { .key = "InsufficientDataActions" },
    { .key = "Namespace" },
    { .key = "OKActions" },
    { .key = "Tags" },
    { .key = "ThresholdMetricId" },
    { .key = "TreatMissingData" },
    { .key = "Unit" },
    { .key = NULL },
};

static bool is_about_errors(const struct found *found)
{
    return found->metric != NULL && strcmp(found->metric, metric_name) == 0;
}

/* All that are about errors have the same period: the first one's is taken. */
static enum error read_metrics(const struct document *document,
                               const struct node *list, void *result)
{
    struct found *found = (struct found *)result;
    enum error err = list_check(document, list, 1, 500);

    for (const struct node *node = err == OK ? list->first : NULL;
         node != NULL && err == OK && !is_about_errors(found);
         node = node->next)
        err = fields_read(document, node, query_fields, found);
    return err;
}

/* Down a path of keys; NULL where it ends. */
static const struct node *alarm_find(const struct node *node,
                                     const char *const *path)
{
    for (; *path != NULL && node != NULL; path++)
        node = node->kind == NODE_MAP ? document_get(node, *path) : NULL;
    return node;
}

static bool is_text(const struct node *node, const char *text)
{
    return node != NULL && node->kind == NODE_TEXT &&
           strcmp(node->text, text) == 0;
}

static bool deploys(const struct node *group, const char *service)
{
    static const char *const path[] = { "Properties", "ECSServices", NULL };
    const struct node *list = alarm_find(group, path);

    for (const struct node *node = list != NULL ? list->first : NULL;
         node != NULL; node = node->next) {
        if (node->kind == NODE_MAP &&
            is_text(document_get(node, "ServiceName"), service))
            return true;
    }
    return false;
}

/* So many errors raise it. */
static enum error alarm_apply(const struct document *document,
                              const struct node *node,
                              const struct found *found, struct alarm *alarm)
{
    bool reached = strcmp(found->operator, "GreaterThanOrEqualToThreshold") ==
                   0;

    if (!reached && strcmp(found->operator, "GreaterThanThreshold") != 0)
        return document_fault(document, node,
                              "'%s' can't be rehearsed; write "
                              "GreaterThanOrEqualToThreshold",
                              document_shown(document, found->operator));
    if (found->stat == NULL || strcmp(found->stat, "Sum") != 0 ||
        !found->period_s)
        return document_fault(document, node,
                              "errors are counted: write Sum and a period");
    alarm->name = found->name;
    alarm->errors = reached ? found->threshold : found->threshold + 1;
    alarm->period_s = found->period_s;
    return alarm->errors > 0
               ? OK
               : document_fault(
                     document, node,
                     "zero errors would raise it, too; write a threshold of 1");
}

/* The alarm that a list's entry names by !Ref. */
static enum error alarm_read_named(const struct document *document,
                                   const struct node *entry,
                                   struct alarm *alarm)
{
    const struct node *name =
        entry->kind == NODE_MAP ? document_get(entry, "Name") : NULL;
    const struct node *resource, *properties = NULL;
    struct found found = { .name = NULL };
    enum error err;

    if (name != NULL && name->kind == NODE_MAP) /* { Ref: … } */
        name = name->first;
    resource =
        name != NULL && name->kind == NODE_TEXT
            ? document_get(document_get(document->top, "Resources"), name->text)
            : NULL;
    if (resource != NULL && resource->kind == NODE_MAP)
        properties = document_get(resource, "Properties");
    if (properties == NULL)
        return document_fault(document, entry,
                              "not an alarm of this template; write Name: "
                              "!Ref …");
    err = fields_read(document, properties, alarm_fields, &found);
    if (err != OK || !is_about_errors(&found))
        return err;
    return alarm_apply(document, properties, &found, alarm);
}

static enum error alarm_read_group(const struct document *document,
                                   const struct node *group,
                                   struct alarm *alarm)
{
    static const char *const path[] = { "Properties", "AlarmConfiguration",
                                        "Alarms", NULL };
    const struct node *list = alarm_find(group, path);
    enum error err = OK;

    for (const struct node *node = list != NULL ? list->first : NULL;
         node != NULL && err == OK && alarm->errors == 0; node = node->next)
        err = alarm_read_named(document, node, alarm);
    return err;
}

enum error alarm_read(struct arena *arena, const struct template_source *source,
                      const char *service, struct alarm *alarm,
                      struct text *error)
{
    struct document document = { arena, source->path, DIALECT_TEMPLATE,
                                 error, NULL,         0 };
    const char *name = arena_printf(arena, "%s-microservice", service);
    const struct node *resources;
    enum error err = name != NULL ? document_read(&document, source->text)
                                  : ERROR_MEMORY;

    *alarm = (struct alarm){ .errors = 0 };
    if (err != OK)
        return err;
    resources = document.top->kind == NODE_MAP
                    ? document_get(document.top, "Resources")
                    : NULL;
    if (resources == NULL || resources->kind != NODE_MAP)
        return document_fault(&document, document.top,
                              "'Resources' is missing; add it");
    for (const struct node *node = resources->first; node != NULL;
         node = node->next) {
        if (node->kind == NODE_MAP &&
            is_text(document_get(node, "Type"),
                    "AWS::CodeDeploy::DeploymentGroup") &&
            deploys(node, name))
            return alarm_read_group(&document, node, alarm);
    }
    return document_fault(&document, resources,
                          "no deployment group of %s; add one", name);
}

/* Move to the slot of this moment, emptying those in between. All slots
 * together are a little longer than the period, so none of its errors is lost
 * at the edge. */
static void alarm_advance(const struct alarm *alarm, struct error_count *count,
                          int64_t now_ms)
{
    int64_t width_ms = (int64_t)alarm->period_s * 1000 / (ALARM_SLOTS - 1) + 1;

    for (size_t i = 0; i < ALARM_SLOTS && now_ms >= count->begin_ms + width_ms;
         i++) {
        count->slot = (count->slot + 1) % ALARM_SLOTS;
        count->slots[count->slot] = 0;
        count->begin_ms += width_ms;
    }
    if (now_ms >= count->begin_ms + width_ms) /* all slots are empty */
        count->begin_ms = now_ms;
}

uint64_t alarm_count(const struct alarm *alarm, struct error_count *count,
                     uint64_t counter, int64_t now_ms)
{
    uint64_t sum = 0;

    if (!count->begun)
        *count = (struct error_count){ .begin_ms = now_ms,
                                       .last = counter,
                                       .begun = true };
    alarm_advance(alarm, count, now_ms);
    /* The counter is HAProxy's and starts with it. A smaller one than before is
     * that of a restarted HAProxy: all that it has counted is new. */
    count->slots[count->slot] += counter >= count->last ? counter - count->last
                                                        : counter;
    count->last = counter;
    for (size_t i = 0; i < ALARM_SLOTS; i++)
        sum += count->slots[i];
    return sum;
}
