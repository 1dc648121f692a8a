"""What must hold of the way in, in deploy/aws: groups, listeners, rules.

As in infrastructure.py, a check gives back what is wrong, a list of lines.
"""
import re

from infrastructure import compare

# What the load balancer asks, to know whether a task serves.
HEALTH_PATHS = {"customer": "/", "employee": "/admin/suppliers"}
ADMIN_PATHS = ["/admin", "/admin/*"]
PATHS = {"Field": "path-pattern", "PathPatternConfig": {"Values": ADMIN_PATHS}}
OFFICE = {"Field": "source-ip", "SourceIpConfig": {"Values": {"Ref": "Office"}}}
NOTHING = {"Ref": "AWS::NoValue"}
CERTIFICATE = [{"CertificateArn": {"Ref": "Certificate"}}]
TLS = "ELBSecurityPolicy-TLS13-1-2-2021-06"  # TLS 1.2 and 1.3


def forward(parameter):
    return {"Type": "forward", "TargetGroupArn": {"Ref": parameter}}


def target_groups_fit(it):
    """Port, kind and health check are those of the tasks."""
    wrong = []
    for _, _, group in it.of_type("ElasticLoadBalancingV2::TargetGroup"):
        name = group["Name"]
        service = name.split("-")[0]
        attributes = {row["Key"]: row["Value"]
                      for row in group.get("TargetGroupAttributes", [])}
        wrong += compare([
            (f"{name}: Port", group["Port"],
             it.deployments[service].target["ContainerPort"]),
            (f"{name}: TargetType", group["TargetType"], "ip"),
            (f"{name}: Protocol", group["Protocol"], "HTTP"),
            (f"{name}: HealthCheckPath", group.get("HealthCheckPath"),
             HEALTH_PATHS[service]),
            (f"{name}: Matcher", group["Matcher"], {"HttpCode": "200"}),
            (f"{name}: deregistration delay",
             attributes.get("deregistration_delay.timeout_seconds"), "30")])
    return wrong


BEARER = {"Field": "http-header", "HttpHeaderConfig": {
    "HttpHeaderName": "Authorization", "Values": ["Bearer *"]}}
API = {"Field": "path-pattern",
       "PathPatternConfig": {"Values": ["/admin/api/*"]}}
SIGN_IN = {
    "Type": "authenticate-oidc", "Order": 1, "AuthenticateOidcConfig": {
        "Issuer": {"Ref": "OidcIssuer"},
        "AuthorizationEndpoint": {"Ref": "OidcAuthorization"},
        "TokenEndpoint": {"Ref": "OidcToken"},
        "UserInfoEndpoint": {"Ref": "OidcUserInfo"},
        "ClientId": {"Ref": "OidcClient"},
        "ClientSecret": {
            "Fn::Sub": "{{resolve:secretsmanager:${OidcSecret}}}"},
        "Scope": "openid email",
        "OnUnauthenticatedRequest": "authenticate"}}


def signed_in(parameter):
    return {"Fn::If": ["SignIn", [SIGN_IN, {**forward(parameter), "Order": 2}],
                       [forward(parameter)]]}


# Listener, port, certificate and policy, where it leads.
HTTP_LISTENERS = (
    ("Production", 80, None, forward("CustomerTgTwo")),
    ("Test", 8080, None, forward("CustomerTgOne")))
HTTPS_LISTENERS = (
    ("Production", 80, None, {"Type": "redirect", "RedirectConfig": {
        "Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}}),
    ("Secure", 443, TLS, forward("CustomerProduction")),
    ("Test", 8080, TLS, forward("CustomerTest")))
# Rule, listener, conditions, where it leads.
HTTP_RULES = (
    ("ProductionAdmin", "Production", [PATHS], [forward("EmployeeTgTwo")]),
    ("TestAdmin", "Test", [PATHS], [forward("EmployeeTgOne")]))
HTTPS_RULES = (
    ("SecureAdmin", "Secure", [PATHS, OFFICE],
     signed_in("EmployeeProduction")),
    ("SecureApi", "Secure", [API, BEARER, OFFICE],
     [forward("EmployeeProduction")]),
    ("TestAdmin", "Test", [PATHS, OFFICE], signed_in("EmployeeTest")))
# What CodeDeploy and phase 8 change.
HTTP_OUTPUTS = {name: {"Ref": name} for name in
                ("Production", "ProductionAdmin", "Test", "TestAdmin")}
HTTPS_OUTPUTS = {**HTTP_OUTPUTS, "Production": {"Ref": "Secure"},
                 "ProductionAdmin": {"Ref": "SecureAdmin"},
                 "Api": {"Ref": "SecureApi"}}


def listeners_route(it):
    """80 begins with the groups two, 8080 with one; /admin goes to employee."""
    return routes(it, "listeners", HTTP_LISTENERS, HTTP_RULES, HTTP_OUTPUTS)


def https_routes(it):
    """443 serves, 80 sends there; the tests use the certificate, too."""
    return routes(it, "listeners-https", HTTPS_LISTENERS, HTTPS_RULES,
                  HTTPS_OUTPUTS)


def routes(it, template, listeners, rules, outputs):
    wrong = compare([
        ("the listeners and rules", set(it.templates[template]["Resources"]),
         {row[0] for row in (*listeners, *rules)}),
        ("the outputs", {name: row["Value"] for name, row in
                         it.templates[template]["Outputs"].items()},
         outputs)])
    for name, port, tls, action in listeners:
        front = it.resource(template, name)
        wrong += compare([
            (f"{name}: Port", front["Port"], port),
            (f"{name}: protocol", front["Protocol"],
             "HTTPS" if tls else "HTTP"),
            (f"{name}: certificate and policy",
             (front.get("Certificates"), front.get("SslPolicy")),
             (CERTIFICATE if tls else None, tls)),
            (f"{name}: default action", front["DefaultActions"], [action])])
    for name, listener, conditions, actions in rules:
        rule = it.resource(template, name)
        wrong += compare([
            (f"{name}: listener", rule["ListenerArn"], {"Ref": listener}),
            (f"{name}: conditions", rule["Conditions"], conditions),
            (f"{name}: actions", rule["Actions"], actions)])
    return wrong


def people_sign_in(it):
    """Programs with a key come first; the load balancer reaches the provider;
    nothing of it is there without --oidc."""
    api = it.templates["listeners-https"]["Resources"]["SecureApi"]
    egress = it.templates["network"]["Resources"]["SignInEgress"]
    return compare([
        ("the priority of programs", api["Properties"]["Priority"], 1),
        ("the priority of people",
         it.resource("listeners-https", "SecureAdmin")["Priority"], 2),
        ("the order of priorities", api["DependsOn"], "SecureAdmin"),
        ("when programs come in", api["Condition"], "SignIn"),
        ("when the provider is reached", egress["Condition"], "SignIn"),
        ("the port of the provider", egress["Properties"]["ToPort"], 443)])


def https_begins_apart(it):
    """Without listeners: production with the groups two, the tests with one."""
    begin = dict(re.findall(r"=\$\(target (\w+) (\w+)\)", it.script))
    return compare([
        ("where the listeners begin", begin,
         {"Production": "CustomerTgTwo", "ProductionAdmin": "EmployeeTgTwo",
          "Test": "CustomerTgOne", "TestAdmin": "EmployeeTgOne"})])


def listeners_are_left_alone(it):
    """No update of a stack undoes what CodeDeploy and phase 8 have done."""
    certificate = it.policies["listeners-certificate-policy"]["Statement"]
    everybody = {"Effect": "Allow", "Principal": "*"}
    listeners = [f"LogicalResourceId/{name}" for name in
                 ("Production", "Secure", "SecureAdmin", "SecureApi", "Test",
                  "TestAdmin")]
    wrong = compare([
        ("the policy of the listeners' stack",
         it.policies["listeners-policy"]["Statement"],
         [{"Effect": "Deny", "Principal": "*", "Action": "Update:*",
           "Resource": "*"}]),
        ("the policy while the certificate changes", certificate,
         [{**everybody, "Action": "Update:Modify", "Resource": listeners},
          {**everybody, "Action": "Update:Delete",
           "Resource": ["LogicalResourceId/ProductionAdmin",
                        "LogicalResourceId/SecureApi"]}])])
    for template, document in it.templates.items():
        for name, resource in document["Resources"].items():
            inside = "Listener" in resource["Type"].rpartition("::")[2]
            if inside != template.startswith("listeners"):
                wrong.append(f"{name} stands in {template}")
    if re.search(r"modify-rule[^\n]*(\\\n[^\n]*)*--actions", it.script):
        wrong.append("apply.sh changes where a rule leads")
    condition = "{Values=[%s]}" % ",".join(ADMIN_PATHS)
    if condition not in it.script:
        wrong.append(f"phase 8 does not keep the paths {condition}")
    return wrong


def addresses(row):
    return row.get("CidrIp"), row.get("CidrIpv6")


def office(number):
    """IPv4 or IPv6, as its range is."""
    name = f"Office{number}"
    return ({"Fn::If": [f"{name}Ipv6", NOTHING, {"Ref": name}]},
            {"Fn::If": [f"{name}Ipv6", {"Ref": name}, NOTHING]})


def is_yes(name):
    return {"Fn::Equals": [{"Ref": name}, "yes"]}


def differs(one, other):
    return {"Fn::Not": [{"Fn::Equals": [one, other]}]}


def ipv6_is_whole(it):
    """Both public subnets have a range and a way out, if the balancer is to
    have such addresses."""
    found = set()
    for name, resource in it.templates["network"]["Resources"].items():
        kind = resource["Type"].rpartition("::")[2]
        if resource.get("Condition") == "Ipv6" and "Ingress" not in kind:
            row = it.resource("network", name)
            place = [row[key]["Ref"] for key in
                     ("SubnetId", "RouteTableId", "VpcId") if key in row]
            found.add((kind, *place))
    return compare([
        ("what IPv6 needs", found,
         {("VPCCidrBlock", "Vpc"), ("SubnetCidrBlock", "PublicSubnet1"),
          ("SubnetCidrBlock", "PublicSubnet2"), ("Route", "PublicRoutes")}),
        ("the balancer's addresses",
         it.resource("balancer", "Balancer")["IpAddressType"],
         {"Ref": "AddressType"})])


def groups_are_a_chain(it):
    """World, load balancer, tasks, database: each reaches the next only."""
    inside = {name: [(None, row) for row in
                     properties.get("SecurityGroupIngress", [])]
              for _, name, properties in it.of_type("EC2::SecurityGroup")}
    for template, name, row in it.of_type("EC2::SecurityGroupIngress"):
        condition = it.templates[template]["Resources"][name].get("Condition")
        inside[row["GroupId"]["Ref"]] += [(condition, row)]
    admitted = {
        name: [(condition, row["FromPort"], row["ToPort"],
                row.get("SourceSecurityGroupId") or addresses(row))
               for condition, row in rows]
        for name, rows in inside.items()}
    database = it.resource("database", "Database")
    return compare([
        ("what the groups admit", admitted,
         {"BalancerGroup": [
             (None, 80, 80, ("0.0.0.0/0", None)),
             ("Https", 443, 443, ("0.0.0.0/0", None)),
             ("Ipv6", 80, 80, (None, "::/0")),
             ("HttpsIpv6", 443, 443, (None, "::/0")),
             *((f"Office{n}", 8080, 8080, office(n)) for n in (1, 2, 3))],
          "TaskGroup": [(None, 8080, 8080, {"Ref": "BalancerGroup"})],
          "DatabaseGroup": [(None, 3306, 3306, {"Ref": "TaskGroup"})]}),
        ("when they do", it.templates["network"]["Conditions"],
         {name: is_yes(name) for name in ("Https", "Ipv6", "MultiAz",
                                       "SignIn")} |
         {"HttpsIpv6": {"Fn::And": [{"Condition": "Https"},
                                    {"Condition": "Ipv6"}]}} |
         {f"Office{n}": differs({"Ref": f"Office{n}"}, "") for n in (1, 2, 3)} |
         {f"Office{n}Ipv6": differs({"Fn::Select": [
             0, {"Fn::Split": [":", {"Ref": f"Office{n}"}]}]},
                                    {"Ref": f"Office{n}"})
          for n in (1, 2, 3)}),
        ("PubliclyAccessible", database["PubliclyAccessible"], False),
        ("the database's groups", database["VPCSecurityGroups"],
         [{"Ref": "DatabaseGroup"}])])


CHECKS = (target_groups_fit, listeners_route, https_routes, https_begins_apart,
          listeners_are_left_alone, people_sign_in, ipv6_is_whole,
          groups_are_a_chain)
