"""The migration's containers do on a real MariaDB what they are to do on RDS.

Their shell commands, environment and SQL are those of the task definition;
the administrator has the rights that RDS gives its own, and no more. What is
left out is ECS itself, and that the server is one of RDS.
"""
import base64
import json
import os
import subprocess

import pytest

import contracts
import harness
from balancing import HEALTH_PATHS
from infrastructure import FOLDER

# docs.aws.amazon.com/AmazonRDS/latest/UserGuide, on one page there:
# UsingWithRDS.MasterAccounts.html
ADMIN = """
CREATE USER admin@'%' IDENTIFIED BY 'admin-password' REQUIRE SSL;
GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, RELOAD, PROCESS,
  REFERENCES, INDEX, ALTER, SHOW DATABASES, CREATE TEMPORARY TABLES,
  LOCK TABLES, EXECUTE, REPLICATION CLIENT, CREATE VIEW, SHOW VIEW,
  CREATE ROUTINE, ALTER ROUTINE, CREATE USER, EVENT, TRIGGER,
  REPLICATION SLAVE ON *.* TO admin@'%' WITH GRANT OPTION;
"""
PASSWORDS = {"admin": "admin-password", "customer": "it's \\ a \"word\"",
             "employee": "employee-2", "migrate": "migrate-2"}


def certificate(folder):
    """A key and a certificate for the server, which RDS has, too."""
    made = {name: folder / f"{name}.pem" for name in ("key", "cert")}
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days",
         "2", "-subj", "/CN=supplierdb", "-keyout", made["key"], "-out",
         made["cert"]], check=True, capture_output=True)
    return [f"--ssl-key={made['key']}", f"--ssl-cert={made['cert']}"]


@pytest.fixture(name="rds", scope="module")
def fixture_rds(tmp_path_factory):
    """A server with binary log and TLS, as database.yaml asks for."""
    folder = harness.make_folder(large=True)
    options = certificate(tmp_path_factory.mktemp("rds"))
    server = harness.Database(
        folder, "--log-bin", "--server-id=1", "--require-secure-transport=1",
        "--log-bin-trust-function-creators=1", "--skip-name-resolve", *options)
    server.start()
    server.sql(ADMIN, "mysql")
    yield server
    server.stop()
    harness.remove_folder(folder)


def base64_of(path):
    return base64.b64encode(path.read_bytes()).decode()


def filled():
    """The task definition as apply.sh fills it in, without host and image."""
    text = (FOLDER / "taskdef-migrate.json").read_text()
    for placeholder, path in (
            ("<SQL-SCRIPT>", FOLDER / "sql.sh"),
            ("<ACCOUNTS-SQL>", FOLDER / "accounts.sql"),
            ("<GRANTS-SQL>", harness.ROOT / "deploy/local/grants.sql")):
        text = text.replace(placeholder, base64_of(path))
    return {row["name"]: row
            for row in json.loads(text)["containerDefinitions"]}


def run(rds, container, passwords=None):
    """What ECS would start: command, environment and secrets of a container."""
    env = {"PATH": os.environ["PATH"], **harness.sanitizer_options()}
    env.update({row["name"]: row["value"].replace("<RDS-ENDPOINT>",
                                                  "127.0.0.1")
                for row in container["environment"]})
    for row in container["secrets"]:
        name = row["valueFrom"].partition("-")[0].lstrip("<").lower()
        env[row["name"]] = (passwords or PASSWORDS)[name]
    if "entryPoint" in container:
        env["DB_PORT"] = str(rds.port)
        argv = container["entryPoint"]
    else:
        env["APP_DB_PORT"] = str(rds.port)
        argv = [harness.BIN / "employee", *container["command"]]
    return subprocess.run(argv, env=env, text=True, capture_output=True,
                          check=False)


@pytest.fixture(name="migrated", scope="module")
def fixture_migrated(rds):
    for container in filled().values():
        done = run(rds, container)
        assert done.returncode == 0, done.stdout + done.stderr
    return rds


def tables(server, account):
    return server.client(
        "COFFEE", "-e", "SHOW TABLES", user=account,
        password=PASSWORDS[account]).stdout.split()


def test_the_accounts_get_what_they_need_and_no_more(migrated):
    assert "supplier_form_keys" in tables(migrated, "migrate")
    assert "supplier_form_keys" not in tables(migrated, "customer")
    assert "supplier_form_keys" in tables(migrated, "employee")
    refused = migrated.refused("DELETE FROM suppliers", user="customer",
                               password=PASSWORDS["customer"])
    assert "denied" in refused


def test_the_migration_may_run_again_while_daemons_serve(migrated):
    """No account loses a right, and a changed password is applied."""
    for container in filled().values():
        done = run(migrated, container,
                   {**PASSWORDS, "employee": "employee-3"})
        assert done.returncode == 0, done.stdout + done.stderr
    assert "suppliers" in tables(migrated, "customer")
    assert tables(migrated, "employee") == []
    run(migrated, filled()["accounts"])
    assert "suppliers" in tables(migrated, "employee")


@pytest.mark.parametrize("name", ["accounts", "grants"])
def test_a_wrong_password_ends_the_container_with_a_failure(rds, name):
    done = run(rds, filled()[name], {**PASSWORDS, "admin": "no"})
    assert done.returncode != 0 and "Access denied" in done.stderr


def test_the_sql_stops_at_its_first_fault(migrated):
    container = filled()["grants"]
    for row in container["environment"]:
        if row["name"] == "SQL":
            row["value"] = base64.b64encode(b"NONSENSE;").decode()
    done = run(migrated, container)
    assert done.returncode != 0 and "NONSENSE" in done.stderr


@pytest.mark.parametrize("name", contracts.DAEMONS)
def test_a_task_answers_its_health_check(migrated, tmp_path, name):
    """
    As the load balancer asks: without X-Forwarded-For, by the task's address.
    """
    task = contracts.Deployment(name)
    settings = {row: contracts.fill_in(value)
                for row, value in task.variables.items()
                if row != "APP_DB_HOST"}
    settings["APP_ALLOW"] = "loopback,private,192.0.2.0/24"
    if name == "customer":
        del settings["APP_ALLOW"]
    daemon = harness.Daemon(
        name, tmp_path, APP_DB_HOST="127.0.0.1", APP_DB_PORT=migrated.port,
        APP_DB_PASSWORD=PASSWORDS[name], **settings)
    try:
        assert daemon.get(HEALTH_PATHS[name]).status == 200
    finally:
        daemon.stop()
