"""Zones, storage and scaling of deploy/aws; a defect of each is seen."""
import lasting
from defects import change, drop, inside, remove, make_tests


def tracking(it):
    policy = it.resource("scaling", "EmployeeByRequests")
    return policy["TargetTrackingScalingPolicyConfiguration"][
        "CustomizedMetricSpecification"]["Metrics"]


DEFECTS = [
    ("each_zone_has_a_way_out",
     change("network", "PublicSubnet2", AvailabilityZone={
         "Fn::Select": [0, {"Fn::GetAZs": ""}]}), "PublicSubnet2: zone"),
    ("each_zone_has_a_way_out",
     change("network", "NatGateway2", SubnetId={"Ref": "PublicSubnet1"}),
     "what the second zone has"),
    ("each_zone_has_a_way_out", remove("network", "PrivateDefaultRoute2"),
     "what the second zone has"),
    ("each_zone_has_a_way_out",
     change("network", "PrivateSubnet1Routes",
            RouteTableId={"Ref": "PublicRoutes"}), "the first zone's way"),
    ("each_zone_has_a_way_out",
     change("network", "PrivateSubnet2Routes",
            RouteTableId={"Ref": "PrivateRoutes"}), "the second zone's way"),

    ("images_come_straight",
     change("network", "S3", VpcEndpointType="Interface"), "the endpoint"),
    ("images_come_straight",
     change("network", "S3", RouteTableIds=[{"Ref": "PrivateRoutes"}]),
     "its routes"),

    ("database_lasts", change("database", "Database", MultiAZ=False),
     "MultiAZ"),
    ("database_lasts", drop("database", "Database", "DeletionProtection"),
     "DeletionProtection"),
    ("database_lasts",
     change("database", "Database", MaxAllocatedStorage=21), "to 21 GiB"),
    ("database_lasts", lambda it: it.templates["database"]["Conditions"]
     .update(Protect={"Fn::Equals": ["", ""]}), "the conditions"),

    ("services_scale", change("scaling", "Customer", ResourceId="service/x"),
     "customer: service"),
    ("services_scale",
     change("scaling", "Customer", ScalableDimension="ecs:x"),
     "customer: what is scaled"),
    ("services_scale", change("scaling", "Employee", MinCapacity=1),
     "employee: how many"),
    ("services_scale", change("scaling", "CustomerByRequests",
                              ScalingTargetId={"Ref": "Employee"}),
     "customer: policy"),
    ("services_scale", lambda it: tracking(it).pop(), "employee: metrics"),
    ("services_scale", inside(lambda it: tracking(it)[0], Expression="1"),
     "employee: formula"),
]


test_the_files_keep, test_a_defect_is_seen, test_each_check_has_a_defect = (
    make_tests(lasting, DEFECTS))
