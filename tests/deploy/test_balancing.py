"""Groups, listeners and rules of deploy/aws; a defect of each is seen."""
import balancing
from defects import change, drop, inside, remove, script, make_tests


def policy(name, number, **changes):
    return inside(lambda it: it.policies[name]["Statement"][number], **changes)


def move_a_rule(it):
    it.templates["balancer"]["Resources"]["Rule"] = (
        it.templates["listeners"]["Resources"].pop("TestAdmin"))


WORLD = [{"IpProtocol": "tcp", "FromPort": 8080, "ToPort": 8080,
          "CidrIp": "0.0.0.0/0"}]
ADMIN_ONLY = [{"Field": "path-pattern",
               "PathPatternConfig": {"Values": ["/admin/*"]}}]

DEFECTS = [
    ("target_groups_fit", change("balancer", "CustomerTgOne", Port=80),
     "customer-tg-one: Port"),
    ("target_groups_fit",
     change("balancer", "EmployeeTgTwo", TargetType="instance"), "TargetType"),
    ("target_groups_fit",
     change("balancer", "EmployeeTgTwo", HealthCheckPath="/"),
     "employee-tg-two: HealthCheckPath"),
    ("target_groups_fit",
     drop("balancer", "EmployeeTgOne", "TargetGroupAttributes"),
     "deregistration delay is None"),
    ("target_groups_fit",
     lambda it: it.deployments["customer"].target.update(ContainerPort=80),
     "customer-tg-two: Port is 8080, not 80"),

    ("listeners_route", change("listeners", "Test", Port=8081), "Test: Port"),
    ("listeners_route", change("listeners", "ProductionAdmin",
                               Conditions=ADMIN_ONLY),
     "ProductionAdmin: conditions"),
    ("listeners_route", change("listeners", "TestAdmin", Actions=[
        {"Type": "forward", "TargetGroupArn": {"Ref": "EmployeeTgTwo"}}]),
     "TestAdmin: actions"),
    ("listeners_route", change("listeners", "TestAdmin", ListenerArn={
        "Ref": "Production"}), "TestAdmin: listener"),

    ("https_routes", inside(
        lambda it: it.resource("listeners-https", "Production")
        ["DefaultActions"][0]["RedirectConfig"], StatusCode="HTTP_302"),
     "Production: default action"),
    ("https_routes", change("listeners-https", "Secure", Protocol="HTTP"),
     "Secure: protocol"),
    ("https_routes", drop("listeners-https", "Secure", "SslPolicy"),
     "Secure: certificate and policy"),
    ("https_routes", drop("listeners-https", "Test", "Certificates"),
     "Test: certificate and policy"),
    ("https_routes", change("listeners-https", "SecureAdmin", Conditions=[
        balancing.PATHS]), "SecureAdmin: conditions"),
    ("https_routes", lambda it: it.templates["listeners-https"]["Outputs"]
     .update(Production={"Value": {"Ref": "Production"}}), "the outputs"),
    ("https_routes", lambda it: it.templates["listeners-https"]["Resources"]
     .update(More={"Type": "AWS::ElasticLoadBalancingV2::ListenerRule"}),
     "the listeners and rules"),

    ("https_routes", change("listeners-https", "SecureAdmin", Actions=[
        balancing.forward("EmployeeProduction")]), "SecureAdmin: actions"),
    ("https_routes", change("listeners-https", "SecureApi", Conditions=[
        balancing.API, balancing.OFFICE]), "SecureApi: conditions"),

    ("people_sign_in", change("listeners-https", "SecureApi", Priority=3),
     "the priority of programs"),
    ("people_sign_in", lambda it: it.templates["network"]["Resources"]
     ["SignInEgress"].update(Condition="Https"), "the provider is reached"),

    ("https_begins_apart", script("$(target Test CustomerTgOne)",
                                     "$(target Test CustomerTgTwo)"),
     "where the listeners begin"),

    ("listeners_are_left_alone",
     policy("listeners-policy", 0, Effect="Allow"), "the policy of"),
    ("listeners_are_left_alone",
     policy("listeners-certificate-policy", 0, Resource="*"),
     "the policy while"),
    ("listeners_are_left_alone",
     policy("listeners-certificate-policy", 1, Action="Update:*"),
     "the policy while"),
    ("listeners_are_left_alone", move_a_rule, "Rule stands in balancer"),
    ("listeners_are_left_alone",
     script("modify-rule --rule-arn", "modify-rule --actions x --rule-arn"),
     "where a rule leads"),
    ("listeners_are_left_alone", script("Values=[/admin,/admin/*]",
                                        "Values=[/admin/*]"),
     "does not keep the paths"),

    ("ipv6_is_whole", remove("network", "PublicSubnet2Ipv6"),
     "what IPv6 needs"),
    ("ipv6_is_whole", remove("network", "PublicDefaultRouteIpv6"),
     "what IPv6 needs"),
    ("ipv6_is_whole", change("balancer", "Balancer", IpAddressType="ipv4"),
     "the balancer's addresses"),

    ("groups_are_a_chain",
     change("network", "TaskGroup", SecurityGroupIngress=WORLD),
     "what the groups admit"),
    ("groups_are_a_chain",
     change("network", "DatabaseGroup", SecurityGroupIngress=WORLD),
     "what the groups admit"),
    ("groups_are_a_chain", remove("network", "TaskIngress"),
     "what the groups admit"),
    ("groups_are_a_chain", remove("network", "SecureIngressIpv6"),
     "what the groups admit"),
    ("groups_are_a_chain",
     change("network", "TestIngress2", CidrIpv6="::/0"),
     "what the groups admit"),
    ("groups_are_a_chain",
     lambda it: it.resource("network", "BalancerGroup")
     ["SecurityGroupIngress"].extend(WORLD), "what the groups admit"),
    ("groups_are_a_chain", lambda it: it.templates["network"]["Conditions"]
     .update(Https={"Fn::Equals": ["", ""]}), "when they do"),
    ("groups_are_a_chain",
     change("database", "Database", PubliclyAccessible=True),
     "PubliclyAccessible"),
]


test_the_files_keep, test_a_defect_is_seen, test_each_check_has_a_defect = (
    make_tests(balancing, DEFECTS))
