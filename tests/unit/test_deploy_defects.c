/* The files for AWS in JSON: each defect that somebody could make is found, in
 * its location, and the message says what to do. */
#include "test_deploy_defect.h"

#define CONTAINER "containerDefinitions[0]"
#define UNIT_1 CONTAINER ".environment[1]"
#define HEALTH CONTAINER ".healthCheck"
#define VPC "networkConfiguration.awsvpcConfiguration"
#define NO_JSON "not JSON; put texts in double quotes"
#define NO_KEY "expected a key in double quotes"
#define COMMA "a comma before the end; remove it"
#define FARGATE "Fargate does not support this; remove it"

/* A container with one more key. */
#define ADDED(to, at, message)                                           \
    {                                                                    \
        TASK, "\"essential\": true", "\"essential\": true, " to " ", at, \
            message                                                      \
    }

static const struct defect task_defects[] = {
    /* Not what JSON is. */
    { TASK, "\"essential\": true,", "\"essential\": true", "\"portMappings\"",
      "expected ',' or '}'" },
    { TASK, "\"essential\"", "essential", "essential: true", NO_KEY },
    { TASK, "\"drop\"", "\"add\": [], }, \"drop\"", "}, \"drop\"", COMMA },
    { TASK, "\"--healthcheck\"", "\"--healthcheck\", ",
      "],\n                \"interval\"", COMMA },
    { TASK, "\"containerDefinitions\": [", "\"containerDefinitions\": &a [",
      "&a", NO_JSON },
    { TASK, "\"awsvpc\"", "*a", "*a", NO_JSON },
    { TASK, "\"awsvpc\"", "'awsvpc'", "'awsvpc'", NO_JSON },
    { TASK, "\"essential\": true", "\"essential\": yes", "yes", NO_JSON },
    { TASK, "\"essential\": true", "\"essential\": True", "True", NO_JSON },
    { TASK, "\"stopTimeout\": 30", "\"stopTimeout\": 030", "030", NO_JSON },
    { TASK, "\"stopTimeout\": 30", "\"stopTimeout\": +30", "+30", NO_JSON },
    { TASK, "\"stopTimeout\": 30", "\"stopTimeout\" 30", "30,",
      "expected ':' and a value" },
    { TASK, "\"stopTimeout\": 30", "\"stopTimeout\":,", ",,",
      "expected a value" },
    { TASK, "\"essential\": true", "// why\n\"essential\": true", "// why",
      NO_KEY },
    { TASK, "\"essential\": true", "\"user\": \"1\"", "\"user\": \"10001",
      "'user' appears twice; remove one" },
    { TASK, "\"essential\": true", "[1]: true", "[1]", NO_KEY },
    { TASK, "\"customer\"", "\"a\\u0000b\"", "\"a\\u0000",
      "a NUL character; remove it" },
    { TASK, "\"customer\"", "\"a\\x41\"", "\"a\\x41",
      "an escape that JSON doesn't have" },
    { TASK, "\"customer\"", "\"a\nb\"", "\"a\nb",
      "a text without its closing quote" },
    { TASK, "\"customer\"", "\"a\tb\"", "\"a\tb",
      "a control character; write it as \\n, \\t or \\u00…" },
    { TASK, "\"customer\"", "\"\\ud800\"", "\"\\ud800",
      "not a Unicode character; replace it" },
    { TASK, "\"customer-microservice\"\n}", "\"f\"\n}\n{}", "{}",
      "expected the end of the file" },
    { TASK, NULL, "{\"family\": [1", "1",
      "ends too early; something is not closed" },
    { TASK, NULL, "{\"family\": \"x", "x",
      "ends too early; something is not closed" },
    { TASK, NULL, " \n", "\n", "ends too early; something is not closed" },
    { TASK, NULL, "", "", "nothing in it" },
    { TASK, NULL, "# only a comment\n", "", "expected '{'" },
    { TASK, NULL, "family: f\n", "", "expected '{'" },
    { TASK, NULL, "\xef\xbb\xbf{}", "", "expected '{'" },
    { TASK, NULL, "[]", "", "expected a map of keys" },
    { TASK, NULL, "{\"family\": \"\xff\"}", "\xff",
      "a byte that is not UTF-8; remove it" },
    { TASK, NULL, "{\"volumes\": [[[[[[[[[[[[[[[[\n1]]]]]]]]]]]]]]]]}", "[\n",
      "nested too deeply; 16 levels are allowed" },
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
    { TASK, "            \"image\"", "            \"workingDirectory\"",
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
      CONTAINER ".linuxParameters.capabilities.drop[0]: 'CAP_ALL' is not a "
                "capability; ECS has names like NET_RAW" },
    /* What goes together. */
    { TASK, "\"name\": \"APP_DB_NAME\"", "\"name\": \"APP_DB_USER\"",
      "{\n                    \"name\": \"APP_DB_USER\",\n"
      "                    \"value\": \"COFFEE\"",
      CONTAINER ".environment[2]: 'APP_DB_USER' appears twice; remove one" },
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
                "with awsvpc they must be the same" },
    { TASK, "\"protocol\": \"tcp\"", "\"protocol\": \"udp\"", "\"udp\"",
      CONTAINER ".portMappings[0].protocol: 'udp' is not 'tcp'" },
    { TASK, "\"portMappings\": [", "\"portMappings\": [{}, ", "[{}",
      CONTAINER ".portMappings: 2 entries; expected exactly 1" },
    { TASK, "\"containerDefinitions\": [", "\"containerDefinitions\": [{}, ",
      "[{}", "containerDefinitions: 2 entries; expected exactly 1" },
    { TASK, "\"essential\": true", "\"essential\": false", "false",
      CONTAINER ".essential: one container must be essential; set true" },
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
    /* As AWS's reference has it. */
    { TASK, "\"cpu\": \"256\"", "\"cpu\": 256", "256,\n",
      "cpu: 256 without quotes; put it in double quotes" },
    { TASK, "\"memory\": \"512\"", "\"memory\": 512", "512",
      "memory: 512 without quotes; put it in double quotes" },
    { TASK, "\"interval\": 10", "\"interval\": 1", "1,",
      HEALTH ".interval: '1' is not a number from 5 to 300" },
    { TASK, "\"interval\": 10", "\"interval\": 10.5", "10.5",
      HEALTH ".interval: '10.5' is not a number from 5 to 300" },
    { TASK, "\"timeout\": 5", "\"timeout\": 61", "61",
      HEALTH ".timeout: '61' is not a number from 2 to 60" },
    { TASK, "\"retries\": 3", "\"retries\": 11", "11,",
      HEALTH ".retries: '11' is not a number from 1 to 10" },
    { TASK, "\"startPeriod\": 10", "\"startPeriod\": 301", "301",
      HEALTH ".startPeriod: '301' is not a number from 0 to 300" },
    { TASK, "\"CMD\"", "\"/bin/sh\"", "\"/bin/sh\"",
      HEALTH ".command[0]: '/bin/sh' is not one of CMD, CMD-SHELL" },
    { TASK, "\"/usr/bin/customer\"", "1", "1,\n",
      HEALTH ".command[1]: 1 without quotes; put it in double quotes" },
    { TASK, "\"awslogs\"", "\"syslog\"", "\"syslog\"",
      CONTAINER ".logConfiguration.logDriver: 'syslog' is not one of awslogs, "
                "splunk, awsfirelens" },
    { TASK, "\"awslogs-stream-prefix\"", "\"awslogs-stream\"",
      "\"awslogs-stream\"",
      CONTAINER ".logConfiguration.options.awslogs-stream: " UNKNOWN
                "remove it" },
    { TASK, "\"mode\": \"blocking\"", "\"mode\": \"fast\"", "\"fast\"",
      CONTAINER
      ".logConfiguration.options.mode: 'fast' is not one of blocking, "
      "non-blocking" },
    { TASK, "\"mode\": \"blocking\"", "\"mode\": true",
      "true\n                }",
      CONTAINER ".logConfiguration.options.mode: true without quotes; put it "
                "in double quotes" },
    { TASK, "\"X86_64\"", "\"amd64\"", "\"amd64\"",
      "runtimePlatform.cpuArchitecture: 'amd64' is not one of X86_64, ARM64" },
    { TASK, "\"FARGATE\"", "\"FARGATE\", \"fargate\"", "\"fargate\"",
      "requiresCompatibilities[1]: 'fargate' is not one of EC2, FARGATE, "
      "EXTERNAL, MANAGED_INSTANCES" },
    { TASK, ":role/CafeTaskRole\"", ":role/Cafe TaskRole\"",
      "\"arn:aws:iam::111122223333:role/Cafe TaskRole",
      "taskRoleArn: 'arn:aws:iam::111122223333:role/Cafe TaskRole' is not the "
      "name or ARN of a role" },
    ADDED("\"privileged\": true", "\"privileged\"",
          CONTAINER ".privileged: " FARGATE),
    ADDED("\"cpu\": \"1\"", "\"1\"",
          CONTAINER ".cpu: a number in quotes; write it without"),
    ADDED("\"cpu\": 512", "512", CONTAINER ".cpu: more than the task's 256"),
    ADDED("\"memory\": 5", "5 ",
          CONTAINER ".memory: '5' is not a number from 6 to 122880"),
    ADDED("\"memory\": 513", "513",
          CONTAINER ".memory: more than the task's 512"),
    ADDED("\"memory\": 64, \"memoryReservation\": 64", "64 ",
          CONTAINER ".memoryReservation: 64 MiB; it must be less than memory"),
    ADDED("\"startTimeout\": 121", "121",
          CONTAINER ".startTimeout: '121' is not a number from 2 to 120"),
    ADDED("\"command\": \"--version\"", "\"--version\"",
          CONTAINER ".command: expected a list"),
    ADDED("\"dependsOn\": [{\"containerName\": \"x\", \"condition\": \"UP\"}]",
          "\"UP\"",
          CONTAINER
          ".dependsOn[0].condition: 'UP' is not one of START, COMPLETE, "
          "SUCCESS, HEALTHY"),
    ADDED("\"dockerLabels\": {\"a\": 1}", "1}",
          CONTAINER ".dockerLabels.a: 1 without quotes; put it in double "
                    "quotes"),
    ADDED("\"ulimits\": [{\"name\": \"nofile\", \"softLimit\": 1}]",
          "{\"name\": \"nofile\"",
          CONTAINER ".ulimits[0]: 'hardLimit' is missing; add it"),
    ADDED("\"restartPolicy\": {\"enabled\": true, \"restartAttemptPeriod\": 5}",
          "5}",
          CONTAINER ".restartPolicy.restartAttemptPeriod: '5' is not a number "
                    "from 60 to 1800"),
    ADDED("\"mountPoints\": [{\"sourceVolume\": \"v\", \"containerPath\": "
          "\"/v\"}]",
          "\"v\"",
          CONTAINER ".mountPoints[0].sourceVolume: 'v' is not one of the "
                    "volumes"),
    ADDED("\"interactive\": null", "null",
          CONTAINER ".interactive: expected true or false, without quotes"),
    { TASK, "\"networkMode\"",
      "\"volumes\": [{\"name\": \"v\"}, {\"name\": \"v\"}], \"networkMode\"",
      "{\"name\": \"v\"}]",
      "volumes[1]: its 'name' appears twice; remove one" },
    { TASK, "\"networkMode\"",
      "\"volumes\": [{\"name\": \"v\", \"host\": {\"sourcePath\": \"/\"}}], "
      "\"networkMode\"",
      "\"sourcePath\"", "volumes[0].host.sourcePath: " FARGATE },
    { TASK, "\"networkMode\"",
      "\"tags\": [{\"key\": \"k\"}, {\"key\": \"k\", \"value\": \"v\"}], "
      "\"networkMode\"",
      "{\"key\": \"k\", \"v", "tags[1]: its 'key' appears twice; remove one" },
    { TASK, "\"networkMode\"",
      "\"ephemeralStorage\": {\"sizeInGiB\": 20}, \"networkMode\"", "20}",
      "ephemeralStorage.sizeInGiB: '20' is not a number from 21 to 200" },
    { TASK, "\"networkMode\"", "\"ipcMode\": \"task\", \"networkMode\"",
      "\"ipcMode\"", "ipcMode: " FARGATE },
};

static const struct defect service_defects[] = {
    { SERVICE, "customer-microservice:3", "customer-microservice:REVISION",
      "\"customer-microservice:REV",
      "taskDefinition: 'customer-microservice:REVISION' has no revision "
      "number after the colon" },
    { SERVICE, "customer-microservice:3", "customer-microservice:0",
      "\"customer-microservice:0",
      "taskDefinition: 'customer-microservice:0' has no revision number after "
      "the colon" },
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
    { SERVICE, "\"desiredCount\": 1", "\"desiredCount\": \"1\"", "\"1\"",
      "desiredCount: a number in quotes; write it without" },
    { SERVICE, "\"subnets\": [", "\"subnets\": [1, ", "1, ",
      VPC ".subnets[0]: 1 without quotes; put it in double quotes" },
    { SERVICE, "\"DISABLED\"", "\"NO\"", "\"NO\"",
      VPC ".assignPublicIp: 'NO' is not one of ENABLED, DISABLED" },
    { SERVICE, "Seconds\": 60", "Seconds\": -1", "-1,\n",
      "healthCheckGracePeriodSeconds: '-1' is not a number from 0 to "
      "2147483647" },
    { SERVICE, "\"desiredCount\": 1",
      "\"desiredCount\": 1, \"placementStrategy\": []", "\"placementStrategy\"",
      "placementStrategy: " FARGATE },
    { SERVICE, "\"desiredCount\": 1",
      "\"desiredCount\": 1, \"capacityProviderStrategy\": []", "\"capacity",
      "capacityProviderStrategy: not together with launchType; remove it" },
    { SERVICE, "\"desiredCount\": 1",
      "\"desiredCount\": 1, \"deploymentConfiguration\": {\"strategy\": "
      "\"BLUE_GREEN\"}",
      "\"strategy\"",
      "deploymentConfiguration.strategy: not with the deployment controller "
      "CODE_DEPLOY; remove it" },
    { SERVICE, "\"desiredCount\": 1",
      "\"desiredCount\": 1, \"propagateTags\": \"ALL\"", "\"ALL\"",
      "propagateTags: 'ALL' is not one of TASK_DEFINITION, SERVICE, NONE" },
};

static void test_task_defects(void **state)
{
    assert_defects(state, task_defects, COUNT(task_defects));
}

static void test_service_defects(void **state)
{
    assert_defects(state, service_defects, COUNT(service_defects));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(test_task_defects),
        WITH(test_service_defects),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
