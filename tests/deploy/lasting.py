"""What must hold in deploy/aws so that the site outlasts the loss of a zone, a
full disk, and more visitors than usual.

As in infrastructure.py, a check gives back what is wrong, a list of lines.
"""
import re

from contracts import CLUSTER, DAEMONS
from infrastructure import compare

PROPERTIES = ("SubnetId", "AllocationId", "RouteTableId", "NatGatewayId")


def chosen(then, otherwise):
    return {"Fn::If": ["MultiAz", then, otherwise]}


def each_zone_has_a_way_out(it):
    """Two public and two private subnets, in two zones; with MultiAz the
    second private one has a gateway in its own zone."""
    resources = it.templates["network"]["Resources"]
    wrong = []
    for name in ("PublicSubnet", "PrivateSubnet"):
        for number in (0, 1):
            zone = it.resource("network", f"{name}{number + 1}")[
                "AvailabilityZone"]["Fn::Select"]
            wrong += compare([(f"{name}{number + 1}: zone", zone,
                               [number, {"Fn::GetAZs": ""}])])
    second = {name: resource.get("Properties", {})
              for name, resource in resources.items()
              if resource.get("Condition") == "MultiAz"}
    have = {name: {key: row[key] for key in PROPERTIES if key in row}
            for name, row in second.items()}
    return wrong + compare([
        ("what the second zone has", have,
         {"NatAddress2": {},
          "NatGateway2": {"SubnetId": {"Ref": "PublicSubnet2"},
                          "AllocationId": {"Fn::GetAtt": [
                              "NatAddress2", "AllocationId"]}},
          "PrivateRoutes2": {},
          "PrivateDefaultRoute2": {"RouteTableId": {"Ref": "PrivateRoutes2"},
                                   "NatGatewayId": {"Ref": "NatGateway2"}}}),
        ("the first zone's way out",
         it.resource("network", "PrivateSubnet1Routes")["RouteTableId"],
         {"Ref": "PrivateRoutes"}),
        ("the second zone's way out",
         it.resource("network", "PrivateSubnet2Routes")["RouteTableId"],
         chosen({"Ref": "PrivateRoutes2"}, {"Ref": "PrivateRoutes"}))])


def images_come_straight(it):
    """From S3, past the gateways."""
    (_, _, endpoint), = it.of_type("EC2::VPCEndpoint")
    first = {"Ref": "PrivateRoutes"}
    return compare([
        ("the endpoint", (endpoint["VpcEndpointType"],
                          endpoint["ServiceName"]),
         ("Gateway", {"Fn::Sub": "com.amazonaws.${AWS::Region}.s3"})),
        ("its routes", endpoint["RouteTableIds"],
         chosen([first, {"Ref": "PrivateRoutes2"}], [first]))])


def database_lasts(it):
    """A standby and protection if asked for; storage that grows."""
    database = it.resource("database", "Database")
    document = it.templates["database"]
    wrong = compare([
        (key, database.get(key), {"Fn::If": [name, True, False]})
        for key, name in (("MultiAZ", "MultiAz"),
                          ("DeletionProtection", "Protect"))])
    wrong += compare([
        ("the conditions", document["Conditions"],
         {name: {"Fn::Equals": [{"Ref": name}, "yes"]}
          for name in ("MultiAz", "Protect")})])
    most = database.get("MaxAllocatedStorage", 0)
    # RDS wants a tenth more than there is, at least.
    if most < 1.1 * int(database["AllocatedStorage"]):
        wrong.append(f"the storage grows to {most} GiB only")
    return wrong


def services_scale(it):
    """By the requests of both target groups, by their healthy tasks."""
    wrong = []
    for name in DAEMONS:
        title = name.title()
        target = it.resource("scaling", title)
        policy = it.resource("scaling", f"{title}ByRequests")
        tracking = policy["TargetTrackingScalingPolicyConfiguration"]
        rows = tracking["CustomizedMetricSpecification"]["Metrics"]
        metrics = {row["Id"]: (
            row["MetricStat"]["Stat"],
            row["MetricStat"]["Metric"]["MetricName"],
            row["MetricStat"]["Metric"]["Dimensions"][1]["Value"][
                "Fn::Select"][1]["Fn::Split"][1]["Ref"])
            for row in rows if "MetricStat" in row}
        formula, = [row["Expression"] for row in rows if "Expression" in row]
        wrong += compare([
            (f"{name}: service", target["ResourceId"],
             f"service/{CLUSTER}/{name}-microservice"),
            (f"{name}: what is scaled", target["ScalableDimension"],
             "ecs:service:DesiredCount"),
            (f"{name}: how many", (target["MinCapacity"],
                                   target["MaxCapacity"]),
             ({"Ref": f"{title}Tasks"}, {"Ref": "MostTasks"})),
            (f"{name}: policy", (policy["PolicyType"],
                                 policy["ScalingTargetId"]),
             ("TargetTrackingScaling", {"Ref": title})),
            (f"{name}: metrics", metrics,
             {f"{word}{number}": (stat, metric, f"{title}Tg{side}")
              for word, stat, metric in (
                  ("requests", "Sum", "RequestCount"),
                  ("tasks", "Average", "HealthyHostCount"))
              for number, side in ((1, "One"), (2, "Two"))}),
            (f"{name}: formula", re.sub(r"FILL\((\w+), 0\)", r"\1", formula),
             "(requests1 + requests2) / (tasks1 + tasks2)")])
    return wrong


CHECKS = (each_zone_has_a_way_out, images_come_straight, database_lasts,
          services_scale)
