"""What must hold of alarms and logs in deploy/aws: who is told, and of what.

As in infrastructure.py, a check gives back what is wrong, a list of lines.
"""
import json
import re

from contracts import CLUSTER, DAEMONS
from infrastructure import compare

TOPIC = {"Ref": "Topic"}
# Alarm, metric, comparison, what counts without data.
ALARMS = {
    "CustomerGone": ("HealthyHostCount", "LessThan", "breaching"),
    "EmployeeGone": ("HealthyHostCount", "LessThan", "breaching"),
    "BalancerErrors": ("HTTPCode_ELB_5XX_Count", "GreaterThanOrEqualTo",
                       "notBreaching"),
    "Slow": ("TargetResponseTime", "GreaterThanOrEqualTo", "notBreaching"),
    "DatabaseStorage": ("FreeStorageSpace", "LessThan", "missing"),
    "DatabaseCpu": ("CPUUtilization", "GreaterThanOrEqualTo", "missing"),
    "DatabaseConnections": ("DatabaseConnections", "GreaterThanOrEqualTo",
                            "missing"),
    "DatabaseMemory": ("FreeableMemory", "LessThan", "missing"),
}


def stats(alarm):
    """(metric, dimensions) of an alarm, of one metric or of several."""
    rows = [row["MetricStat"]["Metric"] for row in alarm.get("Metrics", [])
            if "MetricStat" in row] or [alarm]
    return [(row["MetricName"], {one["Name"]: one["Value"]
                                 for one in row["Dimensions"]})
            for row in rows]


def everything_is_watched(it):
    """Each alarm watches its metric of our balancer, groups or database."""
    have = {name: alarm for template, name, alarm in
            it.of_type("CloudWatch::Alarm") if template == "watch"}
    wrong = compare([("the alarms", set(have), set(ALARMS))])
    database = it.resource("database", "Database")["DBInstanceIdentifier"]
    for name in sorted(set(have) & set(ALARMS)):
        metric, comparison, without = ALARMS[name]
        alarm = have[name]
        places = [place for _, place in stats(alarm)]
        if name.endswith("Gone"):
            title = name.removesuffix("Gone")
            groups = [place["TargetGroup"]["Fn::Select"][1]["Fn::Split"][1]
                      for place in places]
            wrong += compare([(f"{name}: groups", groups,
                               [{"Ref": f"{title}TgOne"},
                                {"Ref": f"{title}TgTwo"}])])
        elif name.startswith("Database"):
            wrong += compare([(f"{name}: database", places,
                               [{"DBInstanceIdentifier": database}])])
        else:
            wrong += compare([(f"{name}: balancer", places,
                               [{"LoadBalancer": {"Ref": "BalancerName"}}])])
        wrong += compare([
            (f"{name}: metric", {one for one, _ in stats(alarm)}, {metric}),
            (f"{name}: comparison", alarm["ComparisonOperator"],
             f"{comparison}Threshold"),
            (f"{name}: without data", alarm.get("TreatMissingData"), without)])
    return wrong


def somebody_is_told(it):
    """Each alarm and a failed pipeline tell the topic, which may be told."""
    wrong = []
    for _, name, alarm in it.of_type("CloudWatch::Alarm"):
        wrong += compare([(f"{name}: {key}", alarm.get(key), [TOPIC])
                          for key in ("AlarmActions", "OKActions")])
    rule = it.resource("watch", "PipelineFailed")
    statement, = it.resource("watch", "TopicPolicy")["PolicyDocument"][
        "Statement"]
    mail = it.resource("watch", "ByMail")
    return wrong + compare([
        ("the failed pipelines", rule["EventPattern"],
         {"source": ["aws.codepipeline"],
          "detail-type": ["CodePipeline Pipeline Execution State Change"],
          "detail": {"state": ["FAILED"], "pipeline": [
              it.pipeline(name)["Name"] for name in DAEMONS]}}),
        ("whom a failed pipeline tells",
         [row["Arn"] for row in rule["Targets"]], [TOPIC]),
        ("who may tell the topic",
         (statement["Principal"], statement["Action"], statement["Resource"]),
         ({"Service": ["cloudwatch.amazonaws.com", "events.amazonaws.com"]},
          "sns:Publish", TOPIC)),
        ("of which account", statement.get("Condition"),
         {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}),
        ("the mail", (mail["TopicArn"], mail["Protocol"], mail["Endpoint"]),
         (TOPIC, "email", {"Ref": "Mail"}))])


def logs_are_written(it):
    """Of the balancer, the database and the containers."""
    balancer = it.templates["balancer"]["Resources"]["Balancer"]
    attributes = {row["Key"]: row["Value"] for row in
                  balancer["Properties"]["LoadBalancerAttributes"]}
    policy = it.resource("balancer", "AccessLogsPolicy")
    bucket = it.resource("balancer", "AccessLogs")
    encryption = bucket["BucketEncryption"][
        "ServerSideEncryptionConfiguration"][0]
    return compare([
        ("the access log", {key: value for key, value in attributes.items()
                            if key.startswith("access_logs")},
         {"access_logs.s3.enabled": "true",
          "access_logs.s3.bucket": {"Ref": "AccessLogs"}}),
        ("what comes before the balancer", balancer.get("DependsOn"),
         "AccessLogsPolicy"),
        ("the policy of the access log's bucket",
         (policy["Bucket"], policy["PolicyDocument"]["Statement"]),
         ({"Ref": "AccessLogs"},
          [{"Effect": "Allow", "Action": "s3:PutObject",
            "Principal": {
                "Service": "logdelivery.elasticloadbalancing.amazonaws.com"},
            "Resource": {"Fn::Sub": "arn:aws:s3:::${AccessLogs}/AWSLogs/"
                                    "${AWS::AccountId}/*"}}])),
        ("the bucket's encryption", encryption,
         {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}),
        ("how long it is kept",
         bucket["LifecycleConfiguration"]["Rules"],
         [{"Status": "Enabled", "ExpirationInDays": 90}]),
        ("the database's logs", it.resource("database", "Database").get(
            "EnableCloudwatchLogsExports"), ["error", "slowquery"]),
        ("the cluster's settings", it.resource("cluster", "Cluster").get(
            "ClusterSettings"),
         [{"Name": "containerInsights", "Value": "enabled"}])])


def dashboard_shows_all(it):
    """It is JSON of widgets that fit, of this region, and has every alarm."""
    text = it.resource("watch", "Dashboard")["DashboardBody"]["Fn::Sub"]
    try:
        widgets = json.loads(text)["widgets"]
    except ValueError as error:
        return [f"the dashboard is no JSON: {error}"]
    wrong = compare([
        ("the alarms of the dashboard",
         sorted(re.findall(r"arn:aws:cloudwatch:\$\{AWS::Region\}:"
                           r"\$\{AWS::AccountId\}:alarm:([\w-]+)\"", text)),
         it.names("CloudWatch::Alarm", "AlarmName")),
        ("its services", set(re.findall(r"\w+-microservice(?=\")", text)),
         {f"{name}-microservice" for name in DAEMONS}),
        ("its cluster", CLUSTER in text, True),
        ("its balancer", '"LoadBalancer", "${BalancerName}"' in text, True),
        ("its database", it.resource("database", "Database")[
            "DBInstanceIdentifier"] in text, True)])
    taken = set()
    for widget in widgets:
        place = {(x, y) for x in range(widget["x"],
                                       widget["x"] + widget["width"])
                 for y in range(widget["y"], widget["y"] + widget["height"])}
        title = widget["properties"]["title"]
        if place & taken or widget["x"] + widget["width"] > 24:
            wrong.append(f"{title} lies on another widget")
        taken |= place
        if widget["type"] == "metric":
            wrong += compare([(f"{title}: region",
                               widget["properties"].get("region"),
                               "${AWS::Region}")])
    return wrong


CHECKS = (everything_is_watched, somebody_is_told, logs_are_written,
          dashboard_shows_all)
