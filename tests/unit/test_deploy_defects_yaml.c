/* The files for AWS in YAML: each defect that somebody could make is found, in
 * its location, and the message says what to do. */
#include "test_deploy_defect.h"

#define TARGET "Resources[0].TargetService"
#define BALANCED TARGET ".Properties.LoadBalancerInfo"

static const struct defect appspec_defects[] = {
    /* What YAML has and AWS does not take. */
    { APPSPEC, "Resources:", "Resources: &a", "&a",
      "anchors are not supported; write the value out" },
    { APPSPEC, "8080", "*a", "*a",
      "aliases are not supported; write the value out" },
    { APPSPEC, "8080", "!Ref a", "!Ref", "tags are not supported; remove it" },
    { APPSPEC, "version: 0.0", "version: 0.0\n<<: {}", "<<",
      "merge keys are not supported; write the keys out" },
    { APPSPEC, "version: 0.0", "version: 0.0\n[1]: true", "[1]",
      "expected the name of a key" },
    { APPSPEC, "version: 0.0", "version: 0.0\nversion: 0.0",
      "version: 0.0\nResources", "'version' appears twice; remove one" },
    { APPSPEC, "\"customer\"", "\"a\\0b\"", "\"a\\0b",
      "a NUL character; remove it" },
    { APPSPEC, NULL, "version: 0.0\n---\n{}", "---",
      "a second document; keep one" },
    { APPSPEC, NULL, "# only a comment\n", "", "nothing in it" },
    { APPSPEC, NULL, "version: \xff", "\xff", "invalid leading UTF-8 octet" },
    { APPSPEC, NULL, "Hooks: [[[[[[[[[[[[[[[[\n1]]]]]]]]]]]]]]]]", "[\n",
      "nested too deeply; 16 levels are allowed" },
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
      TARGET ".Properties.TaskDefinition: "
             "'arn:aws:ecs:us-east-1:111122223333:task-definition/cafe:latest' "
             "has no revision number after the colon" },
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
      "Hooks[1].AfterInstall: the event appears twice; remove one" },
    { APPSPEC, "version: 0.0",
      "version: 0.0\nHooks: [{AfterInstall: f, BeforeInstall: g}]", "{After",
      "Hooks[0]: 2 events; expected one an entry" },
    { APPSPEC, "version: 0.0",
      "version: 0.0\nHooks:\n  - AfterInstall: ../bin/sh", "../",
      "Hooks[0].AfterInstall: '../bin/sh' is not the name of a function: "
      "letters, digits, - and _" },
    { APPSPEC, "version: 0.0", "version: 0.0\nHooks: {AfterInstall: f}",
      "{After", "Hooks: expected a list" },
    { APPSPEC, "        LoadBalancerInfo:",
      "        CapacityProviderStrategy:\n          - { Base: 1 }\n"
      "        LoadBalancerInfo:",
      "{ Base",
      TARGET ".Properties.CapacityProviderStrategy[0]: 'CapacityProvider' is "
             "missing; add it" },
    { APPSPEC, "        LoadBalancerInfo:",
      "        NetworkConfiguration: { AwsvpcConfiguration: { Subnets: "
      "[a], "
      "AssignPublicIp: yes } }\n        LoadBalancerInfo:",
      "yes",
      TARGET ".Properties.NetworkConfiguration.AwsvpcConfiguration."
             "AssignPublicIp: 'yes' is not one of ENABLED, DISABLED" },
};

static const struct defect balancer_defects[] = {
    { GROUPS_FILE, "Name: customer-tg-two", "Name: customer-tg-one",
      "Type: AWS::ElasticLoadBalancingV2::TargetGroup\n    Properties:\n"
      "      Name: customer-tg-one\n      TargetType: ip\n      HealthCheck",
      "Resources.CustomerTgTwo: a second group 'customer-tg-one'; rename "
      "one" },
    { GROUPS_FILE, "Properties:\n      Name: customer-tg-one",
      "Properties: &group\n      Name: customer-tg-one", "&group",
      "anchors are not supported; write the value out" },
    { GROUPS_FILE, "Name: customer-tg-two", "Name: !Ref Name", "!Ref Name",
      "Resources.CustomerTgTwo.Properties.Name: !Ref; expected the name of a "
      "target group: letters, digits and -, at most 32" },
    { GROUPS_FILE, "TargetType: ip", "TargetType: instance", "instance",
      "Resources.CustomerTgOne.Properties.TargetType: 'instance' is not "
      "'ip'" },
    { GROUPS_FILE, "HealthCheckPath: /readyz", "HealthCheckPath: readyz",
      "readyz",
      "Resources.EditorsFirst.Properties.HealthCheckPath: 'readyz' is not a "
      "path; "
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
      "Resources.ProductionRule.Properties.ListenerArn: 'Prodction' is not a "
      "listener; name one" },
    { LISTENERS_FILE, "!Ref CustomerTgOneArn", "!Ref CustomerTgThree",
      "!Ref CustomerTgThree",
      "Resources.Test.Properties.DefaultActions[0].ForwardConfig."
      "TargetGroups[0].TargetGroupArn: 'CustomerTgThree' is not a target "
      "group; "
      "name one" },
    { LISTENERS_FILE, "!Ref CustomerTgOneArn", "!Ref EmployeeTgTwo",
      "!Ref EmployeeTgTwo",
      "Resources.Test.Properties.DefaultActions[0].ForwardConfig."
      "TargetGroups[0].TargetGroupArn: 'employee-tg-two' is not a group of "
      "customer; name one" },
    { LISTENERS_FILE, "[EmployeeTgTwo, ", "[CustomerTgTwo, ",
      "!GetAtt [CustomerTgTwo",
      "Resources.ProductionRule.Properties.Actions[0].TargetGroupArn: "
      "'customer-tg-two' is not a group of employee; name one" },
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
      "Resources.TestRule.Properties.Conditions[1].Values[0]: 'admin' is not "
      "a path; begin with /" },
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
      "Resources.TestRule.Properties.Conditions: there is no path-pattern "
      "condition; add one" },
    { LISTENERS_FILE, "  ProductionRule:\n    Type: AWS::Elastic",
      "  ProductionRule:\n    Type: AWS::Plastic",
      "Type: AWS::ElasticLoadBalancingV2::Listener\n    Properties:\n"
      "      LoadBalancerArn: !ImportValue Balancer\n      Port: 80\n",
      "Resources.Production: has no rule for paths; add one" },
    { LISTENERS_FILE, "  Production:\n    Type: AWS::Elastic",
      "  Production:\n    Type: AWS::Plastic", "!Ref Production",
      "Resources.ProductionRule.Properties.ListenerArn: 'Production' is not a "
      "listener; name one" },
    { LISTENERS_FILE, NULL, "Resources: {}", NULL,
      "no listener on port 80; add one" },
};

static void test_appspec_defects(void **state)
{
    assert_defects(state, appspec_defects, COUNT(appspec_defects));
}

static void test_balancer_defects(void **state)
{
    assert_defects(state, balancer_defects, COUNT(balancer_defects));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(test_appspec_defects),
        WITH(test_balancer_defects),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
