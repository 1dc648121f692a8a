"""What each role has to be allowed, and nothing else: role, action, resource.

The sources are AWS's own. Where a role follows a policy that AWS manages, what
is left out of that stands in LEFT_OUT, with its reason.
"""
import re

TASK_EXECUTION = "AmazonECSTaskExecutionRolePolicy"
CODEDEPLOY = "AWSCodeDeployRoleForECS"
TRAFFIC = "AmazonECSInfrastructureRolePolicyForLoadBalancers"

# Resources by the words that the rows use. An ARN is written without what
# stands in front of its own part.
IMAGES = ("ecr:repository/customer", "ecr:repository/employee")
LOGS = ("logs:log-group:awslogs-cafe-CICD:*",)
TASK_ROLES = ("ExecutionRole", "TaskRole")
BALANCER = ("elasticloadbalancing:listener/app/microservicesLB/*",
            "elasticloadbalancing:listener-rule/app/microservicesLB/*")
GROUPS = ("elasticloadbalancing:targetgroup/customer-tg-*/*",
          "elasticloadbalancing:targetgroup/employee-tg-*/*")
SERVICES = ("ecs:service/microservices-serverlesscluster/*",
            "ecs:task-set/microservices-serverlesscluster/*")
DEPLOYMENTS = ("codedeploy:application:microservices",
               "codedeploy:deploymentgroup:microservices/*",
               "codedeploy:deploymentconfig:*")
ARTIFACTS = ("s3:cafe-pipeline-*/*",)
EVERYTHING = ("*",)

# Role, source, actions, resources.
ROWS = (
    ("CafeExecutionRole", TASK_EXECUTION,
     "ecr:GetAuthorizationToken", EVERYTHING),
    ("CafeExecutionRole", TASK_EXECUTION,
     "ecr:BatchCheckLayerAvailability ecr:GetDownloadUrlForLayer "
     "ecr:BatchGetImage", IMAGES),
    ("CafeExecutionRole", TASK_EXECUTION,
     "logs:CreateLogStream logs:PutLogEvents", LOGS),
    ("CafeExecutionRole",
     "ECS Developer Guide, task execution IAM role: Secrets Manager",
     "secretsmanager:GetSecretValue",
     ("secretsmanager:secret:cafe/customer-??????",
      "secretsmanager:secret:cafe/employee-??????")),

    ("CafeMigrationRole", TASK_EXECUTION,
     "ecr:GetAuthorizationToken", EVERYTHING),
    ("CafeMigrationRole", TASK_EXECUTION,
     "ecr:BatchCheckLayerAvailability ecr:GetDownloadUrlForLayer "
     "ecr:BatchGetImage", ("ecr:repository/employee",)),
    ("CafeMigrationRole", TASK_EXECUTION,
     "logs:CreateLogStream logs:PutLogEvents", LOGS),
    ("CafeMigrationRole",
     "ECS Developer Guide, task execution IAM role: Secrets Manager",
     "secretsmanager:GetSecretValue",
     ("secretsmanager:secret:cafe/*", "AdminSecret")),

    ("CafeCodeDeployRole", CODEDEPLOY,
     "ecs:DescribeServices ecs:CreateTaskSet ecs:UpdateServicePrimaryTaskSet "
     "ecs:DeleteTaskSet", SERVICES),
    ("CafeCodeDeployRole", CODEDEPLOY,
     "elasticloadbalancing:DescribeTargetGroups "
     "elasticloadbalancing:DescribeListeners "
     "elasticloadbalancing:DescribeRules cloudwatch:DescribeAlarms",
     EVERYTHING),
    ("CafeCodeDeployRole", CODEDEPLOY,
     "elasticloadbalancing:ModifyListener elasticloadbalancing:ModifyRule",
     BALANCER),
    ("CafeCodeDeployRole", CODEDEPLOY,
     "s3:GetObject s3:GetObjectVersion", ARTIFACTS),
    ("CafeCodeDeployRole", CODEDEPLOY, "iam:PassRole", TASK_ROLES),

    ("CafeTrafficRole", TRAFFIC,
     "elasticloadbalancing:DescribeListeners "
     "elasticloadbalancing:DescribeRules "
     "elasticloadbalancing:DescribeTargetGroups "
     "elasticloadbalancing:DescribeTargetHealth", EVERYTHING),
    ("CafeTrafficRole", TRAFFIC,
     "elasticloadbalancing:DeregisterTargets "
     "elasticloadbalancing:RegisterTargets", GROUPS),
    ("CafeTrafficRole", TRAFFIC,
     "elasticloadbalancing:ModifyListener elasticloadbalancing:ModifyRule",
     BALANCER),

    ("CafePipelineRole",
     "CodePipeline User Guide, service role: artifact bucket",
     "s3:GetObject s3:GetObjectVersion s3:PutObject", ARTIFACTS),
    ("CafePipelineRole",
     "CodePipeline User Guide, service role: artifact bucket",
     "s3:GetBucketLocation s3:GetBucketVersioning", ("s3:cafe-pipeline-*",)),
    ("CafePipelineRole", "CodePipeline User Guide, CodeCommit source",
     "codecommit:CancelUploadArchive codecommit:GetBranch "
     "codecommit:GetCommit codecommit:GetRepository "
     "codecommit:GetUploadArchiveStatus codecommit:UploadArchive",
     ("codecommit:deployment",)),
    ("CafePipelineRole", "CodePipeline User Guide, CodeStarSourceConnection",
     "codeconnections:UseConnection codestar-connections:UseConnection",
     ("Connection",)),
    ("CafePipelineRole", "CodePipeline User Guide, ECR source",
     "ecr:DescribeImages", IMAGES),
    ("CafePipelineRole",
     "CodePipeline User Guide, ECS and CodeDeploy blue-green",
     "codedeploy:CreateDeployment codedeploy:GetApplication "
     "codedeploy:GetApplicationRevision codedeploy:GetDeployment "
     "codedeploy:GetDeploymentConfig codedeploy:RegisterApplicationRevision",
     DEPLOYMENTS),
    ("CafePipelineRole", "CodePipeline User Guide, ECS standard action",
     "ecs:DescribeServices ecs:UpdateService", SERVICES[:1]),
    ("CafePipelineRole", "CodePipeline User Guide, ECS standard action",
     "ecs:DescribeTaskDefinition", EVERYTHING),
    ("CafePipelineRole",
     "CodePipeline User Guide, ECS and CodeDeploy blue-green",
     "ecs:RegisterTaskDefinition", EVERYTHING),
    ("CafePipelineRole",
     "CodePipeline User Guide, ECS and CodeDeploy blue-green",
     "ecs:TagResource", ("ecs:task-definition/*",)),
    ("CafePipelineRole",
     "CodePipeline User Guide, ECS and CodeDeploy blue-green",
     "iam:PassRole", TASK_ROLES),

    ("CafeEventsRole", "CodePipeline User Guide, EventBridge rule for a source",
     "codepipeline:StartPipelineExecution",
     ("codepipeline:update-customer-microservice",
      "codepipeline:update-employee-microservice")),
)

# Of policies that AWS manages.
LEFT_OUT = {
    CODEDEPLOY: {
        "lambda:InvokeFunction": "the AppSpecs have no hooks",
        "sns:Publish": "the deployment groups have no triggers",
    },
}

# The policies themselves, to be compared with a newer copy where there is one.
MANAGED = {
    TASK_EXECUTION:
        "ecr:GetAuthorizationToken ecr:BatchCheckLayerAvailability "
        "ecr:GetDownloadUrlForLayer ecr:BatchGetImage logs:CreateLogStream "
        "logs:PutLogEvents",
    CODEDEPLOY:
        "ecs:DescribeServices ecs:CreateTaskSet "
        "ecs:UpdateServicePrimaryTaskSet ecs:DeleteTaskSet "
        "elasticloadbalancing:DescribeTargetGroups "
        "elasticloadbalancing:DescribeListeners "
        "elasticloadbalancing:ModifyListener "
        "elasticloadbalancing:DescribeRules elasticloadbalancing:ModifyRule "
        "lambda:InvokeFunction cloudwatch:DescribeAlarms sns:Publish "
        "s3:GetObject s3:GetObjectVersion iam:PassRole",
    TRAFFIC:
        "elasticloadbalancing:DescribeListeners "
        "elasticloadbalancing:DescribeRules "
        "elasticloadbalancing:DescribeTargetGroups "
        "elasticloadbalancing:DescribeTargetHealth "
        "elasticloadbalancing:RegisterTargets "
        "elasticloadbalancing:DeregisterTargets "
        "elasticloadbalancing:ModifyListener elasticloadbalancing:ModifyRule",
}


def as_list(value):
    return value if isinstance(value, list) else [value]


def resource_of(value):
    """A resource of a template as the rows above name it."""
    if isinstance(value, dict):
        (kind, target), = value.items()
        if kind == "Fn::GetAtt":
            return target[0]
        if kind == "Ref":
            return target
        value = target
    value = value.replace("${AWS::Region}:${AWS::AccountId}", "")
    value = value.replace("-${AWS::AccountId}", "")
    return re.sub(r"^arn:aws:(\w+):+", r"\1:", value)


def needed():
    return {(role, action, resource) for role, _, actions, resources in ROWS
            for action in actions.split() for resource in resources}


def given(it):
    return {(role, action, resource_of(resource))
            for role, statement in it.statements()
            if statement["Effect"] == "Allow"
            for action in as_list(statement["Action"])
            for resource in as_list(statement["Resource"])}


def roles_may_what_they_need(it):
    """All that each role needs, and nothing else; managed policies whole."""
    have, want = given(it), needed()
    wrong = [f"{role} lacks {action} on {resource}"
             for role, action, resource in sorted(want - have)]
    wrong += [f"{role} needs no {action} on {resource}"
              for role, action, resource in sorted(have - want)]
    wrong += [f"nobody can take {properties['RoleName']}"
              for _, _, properties in it.of_type("IAM::Role")
              for trust in [properties["AssumeRolePolicyDocument"]["Statement"]]
              if [(one["Effect"], one["Action"]) for one in trust] !=
              [("Allow", "sts:AssumeRole")]]
    wrong += [f"{role} has the policy {policy} attached"
              for _, _, properties in it.of_type("IAM::Role")
              for role in [properties["RoleName"]]
              for policy in properties.get("ManagedPolicyArns", [])]
    return wrong


def managed_policies_are_followed():
    """The rows that name a managed policy have all of it, but LEFT_OUT."""
    wrong = []
    for policy, text in MANAGED.items():
        roles = {row[0] for row in ROWS if row[1] == policy}
        for role in sorted(roles):
            actions = {action for row in ROWS if row[:2] == (role, policy)
                       for action in row[2].split()}
            rest = set(text.split()) - set(LEFT_OUT.get(policy, {}))
            wrong += [f"{role}: {action} of {policy}"
                      for action in sorted(actions ^ rest)]
    return wrong
