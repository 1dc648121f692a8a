/* The files for AWS: each defect that somebody could make is found, in its
 * place, and the message says what to do. */
#include "test_deploy.h"

#define CONTAINER "containerDefinitions[0]"
#define UNIT_1 CONTAINER ".environment[1]"
#define TARGET "Resources[0].TargetService"
#define BALANCED TARGET ".Properties.LoadBalancerInfo"
#define UNKNOWN "AWS knows no such key; "

/* A file in which `from` (the first one; NULL: all) became `to`. The message
 * names the place of the first `at` in what came of it; NULL: it is about the
 * templates together, and names the beginning of the last one. */
struct defect {
    const char *file;
    const char *from, *to;
    const char *at;
    const char *message;
};

static const struct defect task_defects[] = {
    /* Not what JSON is. */
    { TASK, "\"essential\": true,", "\"essential\": true",
      ": [\n                {\n                    \"protocol\"",
      "did not find expected ',' or '}'" },
    { TASK, "\"essential\"", "essential", "essential: true",
      "a key without quotes; put it in double quotes" },
    { TASK, "\"containerDefinitions\": [", "\"containerDefinitions\": &a [",
      "&a", "anchors have no meaning here; write it out" },
    { TASK, "\"awsvpc\"", "*a", "*a",
      "aliases have no meaning here; write it out" },
    { TASK, "\"awsvpc\"", "!Ref \"awsvpc\"", "!Ref",
      "tags have no meaning here; remove it" },
    { TASK, "\"essential\": true", "\"<<\": {}", "\"<<\"",
      "merge keys have no meaning here; write it out" },
    { TASK, "\"essential\": true", "\"user\": \"1\"", "\"user\": \"10001",
      "'user' is there twice; remove one" },
    { TASK, "\"essential\": true", "[1]: true", "[1]",
      "expected the name of a key" },
    { TASK, "\"customer\"", "\"a\\u0000b\"", "\"a\\u0000",
      "a NUL character; remove it" },
    { TASK, "\"customer-microservice\"\n}", "\"f\"\n}\n---\n{}", "---",
      "a second document; keep one" },
    { TASK, NULL, "", "", "nothing in it" },
    { TASK, NULL, "# only a comment\n", "", "nothing in it" },
    { TASK, NULL, "[]", "", "expected a map of keys" },
    { TASK, NULL, "{\"family\": \"\xff\"}", "\xff",
      "invalid leading UTF-8 octet" },
    { TASK, NULL, "{\"volumes\": [[[[[[[[[[[[[[[[\n1]]]]]]]]]]]]]]]]}", "[\n",
      "nested too deep; 16 are allowed" },
    /* Keys. */
    { TASK, "\"environment\"", "\"enviroment\"", "\"enviroment\"",
      CONTAINER ".enviroment: " UNKNOWN "did you mean 'environment'?" },
    { TASK, "\"networkMode\"", "\"x\\ny\"", "\"x\\ny\"",
      "x?y: " UNKNOWN "remove it" },
    { TASK, "\"value\": \"customer\"", "\"valeu\": \"customer\"", "\"valeu\"",
      UNIT_1 ".valeu: " UNKNOWN "did you mean 'value'?" },
    { TASK, "\"containerPort\"", "\"ContainerPort\"", "\"ContainerPort\"",
      CONTAINER ".portMappings[0].ContainerPort: " UNKNOWN
                "did you mean 'containerPort'?" },
    { TASK, "\"timeout\"", "\"timeOut\"", "\"timeOut\"",
      CONTAINER ".healthCheck.timeOut: " UNKNOWN "did you mean 'timeout'?" },
    { TASK, "\"family\": \"customer-microservice\"", "\"tags\": []", "{",
      "'family' is missing; add it" },
    { TASK, "            \"image\"", "            \"command\"",
      "{\n            \"name\": \"customer\"",
      CONTAINER ": 'image' is missing; add it" },
    { TASK, "\"valueFrom\"", "\"value\"", "\"value\": \"arn:",
      CONTAINER ".secrets[0].value: " UNKNOWN "remove it" },
    /* Kinds of values. */
    { TASK, "\"value\": \"5000\"", "\"value\": 5000", "5000\n",
      CONTAINER ".environment[5].value: 5000 without quotes; put it in double "
                "quotes" },
    { TASK, "\"containerPort\": 8080", "\"containerPort\": \"8080\"",
      "\"8080\"",
      CONTAINER ".portMappings[0].containerPort: a number in quotes; write it "
                "without" },
    { TASK, "\"containerPort\": 8080", "\"containerPort\": 65536", "65536",
      CONTAINER ".portMappings[0].containerPort: '65536' is not a number from "
                "1 to 65535" },
    { TASK, "\"essential\": true", "\"essential\": \"true\"", "\"true\"",
      CONTAINER ".essential: expected true or false, without quotes" },
    { TASK, "\"essential\": true", "\"essential\": yes", "yes",
      CONTAINER ".essential: expected true or false, without quotes" },
    { TASK, "\"user\": \"10001:10001\"", "\"user\": [10001]", "[10001]",
      CONTAINER ".user: a list; expected USER or USER:GROUP" },
    { TASK, "\"user\": \"10001:10001\"", "\"user\": {}", "{}",
      CONTAINER ".user: a map; expected USER or USER:GROUP" },
    { TASK, "\"secrets\": [", "\"secrets\": {}, \"links\": [", "{},",
      CONTAINER ".secrets: expected a list" },
    /* Names. */
    { TASK, "\"name\": \"customer\"", "\"name\": \"cafe/customer\"", "\"cafe/",
      CONTAINER ".name: 'cafe/customer' is not a name of letters, digits, - "
                "and _" },
    { TASK, "\"family\": \"customer-microservice\"", "\"family\": \"-f\"",
      "\"-f\"", "family: '-f' is not a name of letters, digits, - and _" },
    { TASK, "\"127.0.0.1:5000/cafe", "\"<IMAGE1_NAME> ", "\"<IMAGE1_NAME>",
      CONTAINER ".image: '<IMAGE1_NAME> @sha256:0123456789abcdef' is not an "
                "image, REGISTRY/NAME@sha256:DIGEST" },
    { TASK, "\"name\": \"APP_DB_NAME\"", "\"name\": \"A=B\"", "\"A=B\"",
      CONTAINER ".environment[2].name: 'A=B' is not the name of a variable" },
    { TASK, "\"arn:aws:secretsmanager", "\"<DB-SECRET-ARN>", "\"<DB-SECRET",
      CONTAINER ".secrets[0].valueFrom: '<DB-SECRET-ARN>:us-east-1:"
                "111122223333:secret:cafe-AbCdEf:passwo…' is not the ARN of a "
                "secret or a parameter" },
    { TASK, "\"ALL\"", "\"CAP_ALL\"", "\"CAP_ALL\"",
      CONTAINER ".linuxParameters.capabilities.drop[0]: 'CAP_ALL' is no "
                "capability; ECS has names like NET_RAW" },
    /* What goes together. */
    { TASK, "\"name\": \"APP_DB_NAME\"", "\"name\": \"APP_DB_USER\"",
      "{\n                    \"name\": \"APP_DB_USER\",\n"
      "                    \"value\": \"COFFEE\"",
      CONTAINER ".environment[2]: 'APP_DB_USER' is there twice; remove one" },
    { TASK, "\"name\": \"APP_DB_PASSWORD\"", "\"name\": \"APP_DB_USER\"",
      "{\n                    \"name\": \"APP_DB_USER\",\n"
      "                    \"valueFrom\"",
      CONTAINER ".secrets[0]: 'APP_DB_USER' is in environment, too; remove "
                "one" },
    { TASK, "\"containerPort\": 8080",
      "\"containerPort\": 8080, \"hostPort\": "
      "80",
      "80\n",
      CONTAINER ".portMappings[0].hostPort: 80 is not the containerPort 8080; "
                "with awsvpc they are the same" },
    { TASK, "\"protocol\": \"tcp\"", "\"protocol\": \"udp\"", "\"udp\"",
      CONTAINER ".portMappings[0].protocol: 'udp' is not 'tcp'" },
    { TASK, "\"portMappings\": [", "\"portMappings\": [{}, ", "[{}",
      CONTAINER ".portMappings: 2 entries; expected exactly 1" },
    { TASK, "\"containerDefinitions\": [", "\"containerDefinitions\": [{}, ",
      "[{}", "containerDefinitions: 2 entries; expected exactly 1" },
    { TASK, "\"essential\": true", "\"essential\": false", "false",
      CONTAINER ".essential: one container has to be; set true" },
    { TASK, "\"stopTimeout\": 30", "\"stopTimeout\": 121", "121",
      CONTAINER ".stopTimeout: '121' is not a number from 2 to 120" },
    { TASK, "\"stopTimeout\": 30", "\"stopTimeout\": 1",
      "1,\n            \"log",
      CONTAINER ".stopTimeout: '1' is not a number from 2 to 120" },
    { TASK, "\"awsvpc\"", "\"bridge\"", "\"bridge\"",
      "networkMode: 'bridge' is not 'awsvpc'" },
    { TASK, "\"FARGATE\"", "\"EC2\"", "[\n        \"EC2\"",
      "requiresCompatibilities: 'FARGATE' is missing; add it" },
    { TASK, "\"LINUX\"", "\"WINDOWS_SERVER_2022_CORE\"", "\"WINDOWS",
      "runtimePlatform.operatingSystemFamily: 'WINDOWS_SERVER_2022_CORE' is "
      "not 'LINUX'" },
    { TASK, "\"cpu\": \"256\"", "\"cpu\": \"0.25 vCPU\"", "\"0.25",
      "cpu: '0.25 vCPU' is not a number from 256 to 16384" },
    { TASK, "\"memory\": \"512\"", "\"memory\": \"4096\"", "\"4096\"",
      "memory: Fargate has no task of 256 CPU units with 4096 MiB; take a pair "
      "that it has" },
};

static const struct defect appspec_defects[] = {
    { APPSPEC, "version: 0.0", "version: 1", "1", "version: '1' is not '0.0'" },
    { APPSPEC, "version: 0.0\n", "", "", "'version' is missing; add it" },
    { APPSPEC, "version: 0.0", "version:\t0.0\n\tx: 1", "\tx",
      "found a tab character that violates indentation" },
    { APPSPEC, "Resources:", "Resource:", "Resource:",
      "Resource: " UNKNOWN "did you mean 'Resources'?" },
    { APPSPEC, "Resources:\n", "Resources:\n  - {}\n", "- {}",
      "Resources: 2 entries; expected exactly 1" },
    { APPSPEC, "TargetService:", "MyService:", "MyService:",
      "Resources[0].MyService: " UNKNOWN "remove it" },
    { APPSPEC, "AWS::ECS::Service", "AWS::Lambda::Function", "AWS::Lambda",
      TARGET ".Type: 'AWS::Lambda::Function' is not 'AWS::ECS::Service'" },
    { APPSPEC, "ContainerName:", "containerName:", "containerName:",
      BALANCED ".containerName: " UNKNOWN "did you mean 'ContainerName'?" },
    { APPSPEC, "\"customer\"", "[customer]", "[customer]",
      BALANCED ".ContainerName: a list; expected a name of letters, digits, - "
               "and _" },
    { APPSPEC, "8080", "00", "00\n",
      BALANCED ".ContainerPort: '00' is not a number from 1 to 65535" },
    { APPSPEC, "8080", "http", "http",
      BALANCED ".ContainerPort: 'http' is not a number from 1 to 65535" },
    { APPSPEC, "          ContainerPort: 8080", "", "ContainerName",
      BALANCED ": 'ContainerPort' is missing; add it" },
    { APPSPEC, "cafe:7", "cafe:latest", "arn:aws:ecs",
      TARGET ".Properties.TaskDefinition: 'arn:aws:ecs:us-east-1:111122223333:"
             "task-definition/cafe:latest' has no number behind the colon; it "
             "is the revision" },
    { APPSPEC, "arn:aws:ecs", "<TASK_DEFINITION>", "<TASK",
      TARGET ".Properties.TaskDefinition: '<TASK_DEFINITION>:us-east-1:"
             "111122223333:task-definition/cafe:7' is not a task definition, "
             "FAMILY:REVISION" },
    { APPSPEC, "version: 0.0", "version: 0.0\nHooks:\n  - AfterInstal: f",
      "AfterInstal",
      "Hooks[0].AfterInstal: " UNKNOWN "did you mean 'AfterInstall'?" },
    { APPSPEC, "version: 0.0",
      "version: 0.0\nHooks: [AfterInstall: f, AfterInstall: g]",
      "AfterInstall: g",
      "Hooks[1].AfterInstall: the event is there twice; remove one" },
    { APPSPEC, "version: 0.0",
      "version: 0.0\nHooks: [{AfterInstall: f, BeforeInstall: g}]", "{After",
      "Hooks[0]: 2 events; expected one an entry" },
    { APPSPEC, "version: 0.0",
      "version: 0.0\nHooks:\n  - AfterInstall: ../bin/sh", "../",
      "Hooks[0].AfterInstall: '../bin/sh' is not the name of a function: "
      "letters, digits, - and _" },
    { APPSPEC, "version: 0.0", "version: 0.0\nHooks: {AfterInstall: f}",
      "{After", "Hooks: expected a list" },
};

static const struct defect service_defects[] = {
    { SERVICE, "customer-microservice:3", "customer-microservice:REVISION",
      "\"customer-microservice:REV",
      "taskDefinition: 'customer-microservice:REVISION' has no number behind "
      "the colon; it is the revision" },
    { SERVICE, "customer-microservice:3", "customer-microservice:0",
      "\"customer-microservice:0",
      "taskDefinition: 'customer-microservice:0' has no number behind the "
      "colon; it is the revision" },
    { SERVICE, "\"desiredCount\": 1", "\"desiredCount\": -1", "-1,",
      "desiredCount: '-1' is not a number from 0 to 5000" },
    { SERVICE, "\"desiredCount\"", "\"desiredCounts\"", "\"desiredCounts\"",
      "desiredCounts: " UNKNOWN "did you mean 'desiredCount'?" },
    { SERVICE, "\"CODE_DEPLOY\"", "\"ECS\"", "\"ECS\"",
      "deploymentController.type: 'ECS' is not 'CODE_DEPLOY'" },
    { SERVICE, "\"FARGATE\"", "\"EC2\"", "\"EC2\"",
      "launchType: 'EC2' is not 'FARGATE'" },
    { SERVICE, "\"REPLICA\"", "\"DAEMON\"", "\"DAEMON\"",
      "schedulingStrategy: 'DAEMON' is not 'REPLICA'" },
    { SERVICE, "targetgroup/customer-tg-two", "targetgroup/customer_tg_two",
      "\"arn:aws:elastic",
      "loadBalancers[0].targetGroupArn: 'customer_tg_two' is not the name of a "
      "target group: letters, digits and -, at most 32" },
    { SERVICE, "targetgroup/", "targetGroup/", "\"arn:aws:elastic",
      "loadBalancers[0].targetGroupArn: 'arn:aws:elasticloadbalancing:us-east-"
      "1:111122223333:targetGroup/…' is not the name of a target group: "
      "letters, digits and -, at most 32" },
    { SERVICE, "\"loadBalancers\": [", "\"loadBalancers\": [], \"tags\": [",
      "[], ", "loadBalancers: 0 entries; expected exactly 1" },
    { SERVICE, "\"microservices-serverlesscluster\"", "\"\"", "\"\"",
      "cluster: '' is not a name or an ARN" },
    { SERVICE, "\"subnets\"", "\"tags\"", "\"tags\"",
      "networkConfiguration.awsvpcConfiguration.tags: " UNKNOWN "remove it" },
    { SERVICE, "\"awsvpcConfiguration\"", "\"awsVpcConfiguration\"", "\"awsVpc",
      "networkConfiguration.awsVpcConfiguration: " UNKNOWN
      "did you mean 'awsvpcConfiguration'?" },
    { SERVICE, "\"serviceName\": \"customer-microservice\",", "", "{",
      "'serviceName' is missing; add it" },
};

static const struct defect balancer_defects[] = {
    { GROUPS_FILE, "Name: customer-tg-two", "Name: customer-tg-one",
      "Type: AWS::ElasticLoadBalancingV2::TargetGroup\n    Properties:\n"
      "      Name: customer-tg-one\n      TargetType: ip\n      HealthCheck",
      "Resources.CustomerTgTwo: a second group 'customer-tg-one'; rename "
      "one" },
    { GROUPS_FILE, "Properties:\n      Name: customer-tg-one",
      "Properties: &group\n      Name: customer-tg-one", "&group",
      "anchors have no meaning here; write it out" },
    { GROUPS_FILE, "Name: customer-tg-two", "Name: !Ref Name", "!Ref Name",
      "Resources.CustomerTgTwo.Properties.Name: !Ref; expected the name of a "
      "target group: letters, digits and -, at most 32" },
    { GROUPS_FILE, "TargetType: ip", "TargetType: instance", "instance",
      "Resources.CustomerTgOne.Properties.TargetType: 'instance' is not "
      "'ip'" },
    { GROUPS_FILE, "HealthCheckPath: /readyz", "HealthCheckPath: readyz",
      "readyz",
      "Resources.EditorsFirst.Properties.HealthCheckPath: 'readyz' is no path; "
      "begin with /" },
    { GROUPS_FILE, "HealthCheckPath", "HealthChekPath", "HealthChekPath",
      "Resources.CustomerTgOne.Properties.HealthChekPath: " UNKNOWN
      "did you mean 'HealthCheckPath'?" },
    { GROUPS_FILE, "Name: employee-tg-two", "Name: other-tg-two", NULL,
      "expected two target groups 'employee-…', found 1" },
    { GROUPS_FILE, "  EditorsFirst:",
      "  Fifth:\n    Type: AWS::ElasticLoadBalancingV2::TargetGroup\n"
      "    Properties: {Name: x, TargetType: ip}\n  EditorsFirst:",
      "Type: AWS::ElasticLoadBalancingV2::TargetGroup\n    Properties: { Name: "
      "employee-tg-two",
      "Resources.EmployeeTgTwo: a fifth target group; expected four" },
    { GROUPS_FILE, "    Type: AWS::ElasticLoadBalancingV2::LoadBalancer\n", "",
      "Properties: { Name: cafe",
      "Resources.Balancer: 'Type' is missing; add it" },
    { GROUPS_FILE, NULL, "Resources: []", "[]",
      "Resources: expected a map of keys" },
    { GROUPS_FILE, NULL, "Resources: {A: [Type]}", "[Type]",
      "Resources.A: 'Type' is missing; add it" },
    { GROUPS_FILE, NULL,
      "Resources: {A: {Type: AWS::ElasticLoadBalancingV2::Listener}}", "{Type",
      "Resources.A: 'Properties' is missing; add it" },
    { LISTENERS_FILE, "Port: 80\n", "Port: 81\n",
      "Type: AWS::ElasticLoadBalancingV2::Listener\n    Properties:\n"
      "      LoadBalancerArn: !ImportValue Balancer\n      Port: 81",
      "Resources.Production: listens on 81; expected 80, and 8080 for tests" },
    { LISTENERS_FILE, "Port: 80\n", "Port: 8080\n",
      "Type: AWS::ElasticLoadBalancingV2::Listener\n    Properties:\n"
      "      LoadBalancerArn: !ImportValue Balancer\n      Port: 8080\n"
      "      DefaultActions:\n        - Type: forward\n          TargetGroupA",
      "Resources.Production: a second listener on 8080; keep one" },
    { LISTENERS_FILE, "!Ref Production", "!Ref Test",
      "Type: AWS::ElasticLoadBalancingV2::ListenerRule\n    Properties:\n"
      "      ListenerArn: !Ref Test",
      "Resources.ProductionRule: a second rule of its listener; keep one" },
    { LISTENERS_FILE, "!Ref Production", "!Ref Prodction", "!Ref Prodction",
      "Resources.ProductionRule.Properties.ListenerArn: 'Prodction' is no "
      "listener; name one" },
    { LISTENERS_FILE, "!Ref CustomerTgOneArn", "!Ref CustomerTgThree",
      "!Ref CustomerTgThree",
      "Resources.Test.Properties.DefaultActions[0].ForwardConfig."
      "TargetGroups[0].TargetGroupArn: 'CustomerTgThree' is no target group; "
      "name one" },
    { LISTENERS_FILE, "!Ref CustomerTgOneArn", "!Ref EmployeeTgTwo",
      "!Ref EmployeeTgTwo",
      "Resources.Test.Properties.DefaultActions[0].ForwardConfig."
      "TargetGroups[0].TargetGroupArn: 'employee-tg-two' is no group of "
      "customer; name one" },
    { LISTENERS_FILE, "[EmployeeTgTwo, ", "[CustomerTgTwo, ",
      "!GetAtt [CustomerTgTwo",
      "Resources.ProductionRule.Properties.Actions[0].TargetGroupArn: "
      "'customer-tg-two' is no group of employee; name one" },
    { LISTENERS_FILE, "!GetAtt [EmployeeTgTwo, TargetGroupArn]", "{}", "{}",
      "Resources.ProductionRule.Properties.Actions[0].TargetGroupArn: refers "
      "to nothing; name it" },
    { LISTENERS_FILE, "          TargetGroupArn: { Ref: EditorsFirst }", "",
      "Type: forward\n\n",
      "Resources.TestRule.Properties.Actions[0]: 'TargetGroupArn' is missing; "
      "add it" },
    { LISTENERS_FILE, "Type: forward", "Type: redirect", "redirect",
      "Resources.Test.Properties.DefaultActions[0].Type: 'redirect' is not "
      "'forward'" },
    { LISTENERS_FILE, "Values: [/admin, /admin/*] }",
      "Values: [/admin, /admin/x] }", "[/admin, /admin/x]",
      "Resources.TestRule.Properties.Conditions[1].Values: other paths than "
      "those of ProductionRule; make them the same" },
    { LISTENERS_FILE, "Values: [/admin, /admin/*] }", "Values: [/admin] }",
      "[/admin]",
      "Resources.TestRule.Properties.Conditions[1].Values: other paths than "
      "those of ProductionRule; make them the same" },
    { LISTENERS_FILE, "Values: [/admin, /admin/*] }",
      "Values: [/1, /2, /3, /4, /5, /6] }", "[/1",
      "Resources.TestRule.Properties.Conditions[1].Values: 6 entries; "
      "expected 1 to 5" },
    { LISTENERS_FILE, "Values: [/admin, /admin/*] }", "Values: [admin] }",
      "admin]",
      "Resources.TestRule.Properties.Conditions[1].Values[0]: 'admin' is no "
      "path; begin with /" },
    { LISTENERS_FILE, "Values: [/admin, /admin/*] }",
      "Values: [/*/admin, /admin/*] }", "/*/admin",
      "Resources.TestRule.Properties.Conditions[1].Values[0]: '/*/admin' has a "
      "'*' before its end; write /path*" },
    { LISTENERS_FILE, ", Values: [/admin, /admin/*] }", " }", "{ Field: path",
      "Resources.TestRule.Properties.Conditions[1]: 'Values' is missing; add "
      "it" },
    { LISTENERS_FILE, "Field: source-ip", "Field: path-pattern",
      "Field: path-pattern",
      "Resources.TestRule.Properties.Conditions[0]: 'Values' is missing; add "
      "it" },
    { LISTENERS_FILE, "SourceIpConfig: { Values: [192.0.2.0/24] }\n",
      "SourceIpConfig: {}\n        - { Field: path-pattern, Values: [/x] }\n",
      "{ Field: path-pattern, Values: [/admin",
      "Resources.TestRule.Properties.Conditions[2]: a second path-pattern; "
      "keep one" },
    { LISTENERS_FILE, "{ Field: path-pattern, Values",
      "{ Field: host-header, "
      "Values",
      "- Field: source-ip",
      "Resources.TestRule.Properties.Conditions: no condition is a "
      "path-pattern; add one" },
    { LISTENERS_FILE, "  ProductionRule:\n    Type: AWS::Elastic",
      "  ProductionRule:\n    Type: AWS::Plastic",
      "Type: AWS::ElasticLoadBalancingV2::Listener\n    Properties:\n"
      "      LoadBalancerArn: !ImportValue Balancer\n      Port: 80\n",
      "Resources.Production: has no rule for paths; add one" },
    { LISTENERS_FILE, "  Production:\n    Type: AWS::Elastic",
      "  Production:\n    Type: AWS::Plastic", "!Ref Production",
      "Resources.ProductionRule.Properties.ListenerArn: 'Production' is no "
      "listener; name one" },
    { LISTENERS_FILE, NULL, "Resources: {}", NULL,
      "no listener on port 80; add one" },
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
    const char *at = defect->at ? strstr(file.data, defect->at) : NULL;
    struct place place;

    if (defect->at == NULL)
        return arena_printf(fixture->arena, LISTENERS_FILE ":1:1: %s",
                            defect->message);
    if (at == NULL)
        fail_msg("%s: '%s' is not in it", defect->file, defect->at);
    place = document_place(file, (size_t)(at - file.data));
    return arena_printf(fixture->arena, "%s:%zu:%zu: %s", defect->file,
                        place.line, place.column, defect->message);
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
    size_t i;

    for (i = 0; i < COUNT(names); i++) {
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
    size_t i;

    for (i = 0; i < count; i++)
        assert_defect(*state, &defects[i]);
}

static void test_task_defects(void **state)
{
    assert_defects(state, task_defects, COUNT(task_defects));
}

static void test_appspec_defects(void **state)
{
    assert_defects(state, appspec_defects, COUNT(appspec_defects));
}

static void test_service_defects(void **state)
{
    assert_defects(state, service_defects, COUNT(service_defects));
}

static void test_balancer_defects(void **state)
{
    assert_defects(state, balancer_defects, COUNT(balancer_defects));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(test_task_defects),
        WITH(test_appspec_defects),
        WITH(test_service_defects),
        WITH(test_balancer_defects),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
