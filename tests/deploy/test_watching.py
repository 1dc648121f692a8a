"""Alarms and logs of deploy/aws; a defect of each is seen."""
import watching
from defects import change, drop, inside, remove, make_tests


def statement(it):
    return it.resource("watch", "TopicPolicy")["PolicyDocument"]["Statement"][0]


def dashboard(old, new):
    def defect(it):
        body = it.resource("watch", "Dashboard")["DashboardBody"]
        assert old in body["Fn::Sub"]
        body["Fn::Sub"] = body["Fn::Sub"].replace(old, new)
    return defect


def bucket_policy(it):
    return it.resource("balancer", "AccessLogsPolicy")["PolicyDocument"][
        "Statement"][0]


DEFECTS = [
    ("everything_is_watched", remove("watch", "DatabaseStorage"),
     "the alarms"),
    ("everything_is_watched",
     change("watch", "Slow", MetricName="RequestCount"), "Slow: metric"),
    ("everything_is_watched", change("watch", "DatabaseCpu", Dimensions=[
        {"Name": "DBInstanceIdentifier", "Value": "coffee"}]),
     "DatabaseCpu: database"),
    ("everything_is_watched", change("watch", "BalancerErrors", Dimensions=[
        {"Name": "LoadBalancer", "Value": "x"}]), "BalancerErrors: balancer"),
    ("everything_is_watched", lambda it: it.resource(
        "watch", "EmployeeGone")["Metrics"].pop(), "EmployeeGone: groups"),
    ("everything_is_watched",
     change("watch", "DatabaseMemory",
            ComparisonOperator="GreaterThanThreshold"),
     "DatabaseMemory: comparison"),
    ("everything_is_watched",
     change("watch", "CustomerGone", TreatMissingData="notBreaching"),
     "CustomerGone: without data"),

    ("somebody_is_told", drop("watch", "Slow", "AlarmActions"),
     "Slow: AlarmActions"),
    ("somebody_is_told", drop("codedeploy", "CustomerErrors", "AlarmActions"),
     "CustomerErrors: AlarmActions"),
    ("somebody_is_told", inside(
        lambda it: it.resource("watch", "PipelineFailed")["EventPattern"]
        ["detail"], state=["STOPPED"]), "the failed pipelines"),
    ("somebody_is_told", change("watch", "PipelineFailed", Targets=[]),
     "whom a failed pipeline tells"),
    ("somebody_is_told", inside(statement, Principal={
        "Service": ["cloudwatch.amazonaws.com"]}), "who may tell"),
    ("somebody_is_told", lambda it: statement(it).pop("Condition"),
     "of which account"),
    ("somebody_is_told", change("watch", "ByMail", Protocol="sms"),
     "the mail"),

    ("logs_are_written", change("balancer", "Balancer",
                                LoadBalancerAttributes=[]),
     "the access log"),
    ("logs_are_written", lambda it: it.templates["balancer"]["Resources"]
     ["Balancer"].pop("DependsOn"), "what comes before"),
    ("logs_are_written", inside(bucket_policy, Action="s3:*"),
     "the policy of the access log"),
    ("logs_are_written", inside(
        lambda it: it.resource("balancer", "AccessLogs")["BucketEncryption"]
        ["ServerSideEncryptionConfiguration"][0]
        ["ServerSideEncryptionByDefault"], SSEAlgorithm="aws:kms"),
     "the bucket's encryption"),
    ("logs_are_written", inside(
        lambda it: it.resource("balancer", "AccessLogs")
        ["LifecycleConfiguration"]["Rules"][0], Status="Disabled"),
     "how long it is kept"),
    ("logs_are_written",
     drop("database", "Database", "EnableCloudwatchLogsExports"),
     "the database's logs"),
    ("logs_are_written", drop("cluster", "Cluster", "ClusterSettings"),
     "the cluster's settings"),

    ("dashboard_shows_all", dashboard('"p99"', "p99"), "no JSON"),
    ("dashboard_shows_all", dashboard("alarm:cafe-slow", "alarm:slow"),
     "the alarms of the dashboard"),
    ("dashboard_shows_all", dashboard("employee-micro", "employees-micro"),
     "its services"),
    ("dashboard_shows_all", dashboard("microservices-serverlesscluster", "c"),
     "its cluster"),
    ("dashboard_shows_all", dashboard("${BalancerName}", "x"), "its balancer"),
    ("dashboard_shows_all", dashboard("supplierdb", "x"), "its database"),
    ("dashboard_shows_all", dashboard('"y": 12', '"y": 7'),
     "lies on another"),
    ("dashboard_shows_all", dashboard('"region": "${AWS::Region}"',
                                      '"region": "us-east-1"'),
     "region is"),
]


test_the_files_keep, test_a_defect_is_seen, test_each_check_has_a_defect = (
    make_tests(watching, DEFECTS))
