"""Zones, storage and scaling of deploy/aws; a defect of each is seen."""
import copy

import pytest

import lasting
from defects import change, drop, inside, remove
from infrastructure import Infrastructure
from lasting import CHECKS


def tracking(it):
    policy = it.resource("scaling", "EmployeeByRequests")
    return policy["TargetTrackingScalingPolicyConfiguration"][
        "CustomizedMetricSpecification"]["Metrics"]


# The check, what is done to the files, and what the complaint has to say.
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


@pytest.fixture(name="loaded", scope="module")
def fixture_loaded():
    return Infrastructure()


@pytest.fixture(name="it")
def fixture_it(loaded):
    return copy.deepcopy(loaded)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_files_keep(check, it):
    assert check(it) == []


@pytest.mark.parametrize("check, defect, words", [
    pytest.param(*row, id=f"{row[0]}-{number}")
    for number, row in enumerate(DEFECTS)])
def test_a_defect_is_seen(check, defect, words, it):
    defect(it)
    assert words in "\n".join(getattr(lasting, check)(it))


def test_each_check_has_a_defect():
    assert {row[0] for row in DEFECTS} == {check.__name__ for check in CHECKS}
