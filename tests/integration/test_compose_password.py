"""deploy/compose/change-password.sh, with a stand-in for Compose alone: what it
runs in the container of the database is run here."""
import os
import subprocess

import pytest

import harness
from debian_server import Readers
from test_database_guide import reconnect, refused
from writers import connect, insert

SCRIPT = harness.ROOT / "deploy/compose/change-password.sh"
COMPOSE = """#!/bin/bash
# exec -T db bash -c COMMAND; all connections are closed before it and after it
set -euo pipefail
[ "$1 $2 $3 $4 $5" = "exec -T db bash -c" ]
close() {{ mariadb --execute "KILL HARD USER {account}"; }}
close
bash -c "${{6//\\/run\\/secrets/{secrets}}}"
close
"""
PAGES = {"customer": "/suppliers", "employee": "/admin/suppliers"}


@pytest.fixture(name="change")
def make_change(folder, own):
    """Run the script with secrets in the folder, as Compose mounts them."""
    secrets = folder / "secrets"
    secrets.mkdir()
    for account in ("root", *PAGES):
        path = secrets / f"{account}.password"
        path.write_text(own.passwords.get(account, "x"))
        path.chmod(0o444)
    (folder / ".my.cnf").write_text(
        f"[client]\nsocket={own.socket}\nuser={own.admin}\n")

    def run(account):
        compose = folder / "compose"
        compose.write_text(COMPOSE.format(
            account=account, secrets=str(secrets).replace("/", "\\/")))
        compose.chmod(0o755)
        return subprocess.run(
            ["bash", SCRIPT, account], text=True, capture_output=True,
            check=False, timeout=harness.WAIT_S,
            env={"PATH": os.environ["PATH"], "HOME": str(folder),
                 "CAFE_SECRETS": str(secrets), "CAFE_COMPOSE": str(compose)})
    run.secrets = secrets
    return run


@pytest.mark.parametrize("account", PAGES)
def test_nobody_notices(change, own, start, account):
    insert(connect(own), name="Before")
    secret = change.secrets / f"{account}.password"
    old, place = secret.read_text(), secret.stat().st_ino
    daemon = start(account, own, APP_DB_PASSWORD="",
                   APP_DB_PASSWORD_FILE=secret)
    with Readers((daemon, PAGES[account])) as readers:
        readers.more()
        done = change(account)
        assert done.returncode == 0, done.stderr
        reconnect(own, account, readers)
    assert not readers.failed
    new = secret.read_text()
    assert len(new) == 32 and refused(own, account, old)
    assert not refused(own, account, new)
    assert secret.stat().st_ino == place
    assert secret.stat().st_mode & 0o777 == 0o444
    assert not [line for line in daemon.lines()
                if "denied" in line.get("reason", "")]


def test_a_password_with_quotes(change, own):
    """It was set by hand."""
    secret = change.secrets / "customer.password"
    secret.chmod(0o644)
    secret.write_text("it's a \\ \"test\"")
    own.sql("ALTER USER customer@'%' IDENTIFIED BY "
            "'it''s a \\\\ \"test\"'", "mysql")
    assert not refused(own, "customer", secret.read_text())
    done = change("customer")
    assert done.returncode == 0, done.stderr
    assert not refused(own, "customer", secret.read_text())


def test_a_database_that_refuses_keeps_the_password(change, own):
    secret = change.secrets / "customer.password"
    old = secret.read_text()
    own.stop()
    assert change("customer").returncode
    assert secret.read_text() == old


def test_only_the_daemons_accounts(change):
    done = change("root")
    assert done.returncode == 2 and "usage" in done.stderr
