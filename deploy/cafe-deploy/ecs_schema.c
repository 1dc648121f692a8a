/* Tables of what both files for ECS have in common, and of volumes. */
#include "ecs_schema.h"

#include <string.h>

const struct rule rule_role = { "the name or ARN of a role", "", "-_:/+=,.@",
                                2048 };

static const struct rule rule_tag_key = { "the key of a tag, 1 to 128 bytes",
                                          "_.:/=+-@", "_.:/=+-@ ", 128 };
static const struct rule rule_tag_value = { "the value of a tag", "", NULL,
                                            256 };

const char *const ecs_enabled[] = { "ENABLED", "DISABLED", NULL };

const struct field ecs_text = { ECS_TEXT("") };

static const struct field tag_fields[] = {
    { ECS_RULED("key", rule_tag_key), .required = true },
    { ECS_RULED("value", rule_tag_value) },
    ECS_END,
};
const struct field ecs_tag = { ECS_MAP("", tag_fields) };

static const struct field secret_fields[] = {
    { ECS_TEXT("name"), .required = true },
    { ECS_TEXT("valueFrom"), .required = true },
    ECS_END,
};
static const struct field ecs_secret = { ECS_MAP("", secret_fields) };

/* Logs. */

static const char *const drivers[] = { "awslogs", "splunk", "awsfirelens",
                                       NULL };
static const char *const modes[] = { "blocking", "non-blocking", NULL };

static const struct field log_fields[] = {
    { ECS_CHOICE("logDriver", drivers), .required = true },
    { .key = "options", .kind = FIELD_TEXTS },
    { ECS_LIST("secretOptions", DOCUMENT_MAX_NODES, ecs_secret) },
    ECS_END,
};

/* The driver's own; on Fargate it needs the prefix, too. */
static const struct field awslogs_fields[] = {
    { ECS_TEXT("awslogs-group"), .required = true },
    { ECS_TEXT("awslogs-region"), .required = true },
    { ECS_TEXT("awslogs-stream-prefix"), .required = true },
    { ECS_TEXT("awslogs-create-group") },
    { ECS_TEXT("awslogs-datetime-format") },
    { ECS_TEXT("awslogs-multiline-pattern") },
    { ECS_TEXT("max-buffer-size") },
    { ECS_CHOICE("mode", modes) },
    ECS_END,
};

enum error ecs_logs_read(const struct document *document,
                         const struct node *map, void *result)
{
    const struct node *options;
    enum error err = fields_read(document, map, log_fields, result);

    if (err != OK ||
        strcmp(document_get(map, "logDriver")->text, drivers[0]) != 0)
        return err;
    options = document_get(map, "options");
    if (options == NULL)
        return document_fault(document, map, "'options' is missing; add it");
    return fields_read(document, options, awslogs_fields, result);
}

/* Volumes of a task. */

static const struct field efs_access_fields[] = {
    { ECS_TEXT("accessPointId") },
    { ECS_CHOICE("iam", ecs_enabled) },
    ECS_END,
};

static const struct field efs_fields[] = {
    { ECS_TEXT("fileSystemId"), .required = true },
    { ECS_TEXT("rootDirectory") },
    { ECS_CHOICE("transitEncryption", ecs_enabled) },
    { ECS_NUMBER("transitEncryptionPort", 1, 65535) },
    { ECS_MAP("authorizationConfig", efs_access_fields) },
    ECS_END,
};

static const struct field s3_fields[] = {
    { ECS_TEXT("fileSystemArn"), .required = true },
    { ECS_TEXT("rootDirectory") },
    { ECS_NUMBER("transitEncryptionPort", 1, 65535) },
    { ECS_TEXT("accessPointArn") },
    ECS_END,
};

/* A volume without a source is one of the task's own. */
static const struct field host_fields[] = {
    { ECS_REFUSED("sourcePath", NOT_ON_FARGATE) },
    ECS_END,
};

static const struct field volume_fields[] = {
    { ECS_RULED("name", rule_name), .required = true },
    { ECS_MAP("host", host_fields) },
    { ECS_MAP("efsVolumeConfiguration", efs_fields) },
    { ECS_MAP("s3filesVolumeConfiguration", s3_fields) },
    { ECS_SWITCH("configuredAtLaunch") },
    { ECS_REFUSED("dockerVolumeConfiguration", NOT_ON_FARGATE) },
    { ECS_REFUSED("fsxWindowsFileServerVolumeConfiguration", NOT_ON_FARGATE) },
    ECS_END,
};
const struct field ecs_volume = { ECS_MAP("", volume_fields) };

/* A proxy beside the container. */

static const char *const proxies[] = { "APPMESH", NULL };

static const struct field property_fields[] = {
    { ECS_TEXT("name") },
    { ECS_TEXT("value") },
    ECS_END,
};
static const struct field property = { ECS_MAP("", property_fields) };

const struct field ecs_proxy_fields[] = {
    { ECS_CHOICE("type", proxies) },
    { ECS_RULED("containerName", rule_name), .required = true },
    { ECS_LIST("properties", DOCUMENT_MAX_NODES, property) },
    ECS_END,
};

/* Volumes that a service makes for its tasks. */

static const char *const file_systems[] = { "ext3", "ext4", "xfs", "ntfs",
                                            NULL };
static const char *const from[] = { "TASK_DEFINITION", "SERVICE", "NONE",
                                    NULL };
static const char *const kinds[] = { "volume", NULL };

static const struct field tagged_fields[] = {
    { ECS_CHOICE("resourceType", kinds), .required = true },
    { ECS_LIST("tags", 50, ecs_tag), .unique = "key" },
    { ECS_CHOICE("propagateTags", from) },
    ECS_END,
};
static const struct field tagged = { ECS_MAP("", tagged_fields) };

static const struct field ebs_fields[] = {
    { ECS_RULED("roleArn", rule_role), .required = true },
    { ECS_SWITCH("encrypted") },
    { ECS_TEXT("kmsKeyId") },
    { ECS_TEXT("volumeType") },
    { ECS_NUMBER("sizeInGiB", 1, 65536) },
    { ECS_TEXT("snapshotId") },
    { ECS_NUMBER("volumeInitializationRate", 100, 300) },
    { ECS_NUMBER("iops", 100, 256000) },
    { ECS_NUMBER("throughput", 125, 2000) },
    { ECS_LIST("tagSpecifications", DOCUMENT_MAX_NODES, tagged) },
    { ECS_CHOICE("filesystemType", file_systems) },
    ECS_END,
};

static const struct field service_volume_fields[] = {
    { ECS_RULED("name", rule_name), .required = true },
    { ECS_MAP("managedEBSVolume", ebs_fields) },
    ECS_END,
};
const struct field ecs_service_volume = { ECS_MAP("", service_volume_fields) };
