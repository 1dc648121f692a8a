"""The load balancers of deploy/, as far as one machine is one."""
import subprocess

import harness


def local_config(_):
    """That of ./cafe up."""
    return harness.ROOT / "deploy/local/haproxy.cfg"


def compose_config(folder):
    """That of docker-compose.yml, without Docker's name server, on one port."""
    text = (harness.ROOT / "deploy/compose/haproxy.cfg").read_text()
    text = text.replace("    bind :8080\n", "").replace(
        "bind :80", 'bind "127.0.0.1:$CAFE_PORT"')
    text = text.replace(" resolvers docker resolve-prefer ipv4 init-addr none",
                        "")
    for name in ("customer", "employee"):
        text = text.replace(
            f"server-template {name} 10 {name}:8080",
            f'server {name}1 "127.0.0.1:$CAFE_{name.upper()}_PORT"')
    assert text.count("$CAFE_") == 5 and "template" not in text
    path = folder / "compose.cfg"
    path.write_text(text)
    return path


def rehearsal_config(folder):
    """What cafe-deploy writes, on one port, for everybody in the office."""
    aws = harness.ROOT / "deploy/aws"
    text = subprocess.run(
        [harness.BIN / "print_balancer", aws / "balancer.yaml",
         aws / "listeners.yaml", "customer", "employee"], check=True,
        capture_output=True, text=True).stdout
    text = text.replace("    bind :8080\n", "").replace(
        "bind :80", 'bind "127.0.0.1:$CAFE_PORT"')
    for name in ("customer", "employee"):
        text = text.replace(
            f" {name}:8080", f' "127.0.0.1:$CAFE_{name.upper()}_PORT"')
    assert text.count("$CAFE_") == 3
    text = text.replace("/etc/cafe-pages", str(harness.ROOT / "deploy/pages"))
    # The map is asked for the port, which is not known yet.
    text = text.replace("%[dst_port,concat(:,txn.rule)", "%[var(txn.rule)")
    text = text.replace("/etc/cafe", str(folder))
    (folder / "rules.map").write_text("default customer-tg-one\n"
                                      "admin employee-tg-one\n")
    (folder / "office.acl").write_text("0.0.0.0/0\n")
    path = folder / "rehearsal.cfg"
    path.write_text(text)
    return path


CONFIGS = {"local": local_config, "compose": compose_config,
           "rehearsal": rehearsal_config}
