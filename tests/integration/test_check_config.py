"""--check-config: what it finds, in which words, and that a start agrees."""
import contextlib
import os
import re
import socket
import subprocess

import pytest

import harness
from change_log import Session

# One bad value of each option, and the line that a start refuses it with.
# {place} is the flag, the variable, or the place in the file.
NUMBER = "{place}: '{value}' is not a number from "
ADDRESS = "{place}: '{value}' is not a numeric address"
RANGE = ("{place}: '{value}' is not an address range; use for example "
         "10.0.0.0/8, loopback or private")
MISSING = "{place}: {value}: No such file or directory"
CONTROL = "{place}: control characters are not allowed here"
NO_TOKEN = ("{place}: needs identity.header x-amzn-oidc-data, the only field "
            "with a token that is verified")
BAD = {
    "port": ("65536", NUMBER + "0 to 65535"),
    "bind": ("localhost", ADDRESS),
    "user": ("no-such-user", "{place}: there is no user '{value}'"),
    "ops.port": ("-1", NUMBER + "0 to 65535"),
    "ops.bind": ("192.0.2.1", "{place}: '{value}' is not an address of this "
                              "machine"),
    "allow": ("10.0.0.0/33", RANGE),
    "trusted_proxies": ("the-balancer", RANGE),
    "hosts": ("http://cafe.example", "{place}: '{value}' is not a host name; "
              "use for example cafe.example or 10.0.0.5, without scheme and "
              "port"),
    "identity.header": ("X Forwarded", "{place}: '{value}' is not the name of "
                        "a header field; use for example X-Forwarded-User"),
    "identity.keys": ("/nowhere", NO_TOKEN),
    "identity.wanted": ("/nowhere", "{place}: needs identity.keys, the folder "
                                    "for the keys"),
    "identity.signer": ("arn:aws:any", NO_TOKEN),
    "identity.claim": ("a\tb", CONTROL),
    "customer.admin_link": ("maybe", "{place}: '{value}' is not on or off"),
    "origins": ("cafe.example", "{place}: '{value}' is not an origin; use for "
                "example https://cafe.example or http://10.0.0.5:8080"),
    "db.host": ("a\tb", CONTROL),
    "db.port": ("0", NUMBER + "1 to 65535"),
    "db.socket": ("/" + "x" * 108, "{place}: is longer than the 107 bytes of "
                                   "a socket's path"),
    "db.user": ("a\tb", CONTROL),
    "db.password": ("a\tb", CONTROL),
    "db.password_file": ("/nowhere", "{place}: cannot read the password file "
                                     "{value}: No such file or directory"),
    "db.name": ("a\tb", CONTROL),
    "db.tls": ("on", "{place}: '{value}' is not one of off, require, verify"),
    "db.tls_ca": ("/nowhere", MISSING),
    "db.connect_timeout_s": ("61", NUMBER + "1 to 60"),
    "db.read_timeout_s": ("0", NUMBER + "1 to 300"),
    "db.write_timeout_s": ("1.5", NUMBER + "1 to 300"),
    "db.threads": ("65", NUMBER + "1 to 64"),
    "db.queue_max": ("0", NUMBER + "1 to 100000"),
    "db.queue_ms": ("60001", NUMBER + "1 to 60000"),
    "log": ("xml", "{place}: '{value}' is not one of auto, json, text"),
    "log_level": ("loud", "{place}: '{value}' is not one of debug, info, "
                          "warning, error"),
    "log_requests": ("maybe", "{place}: '{value}' is not on or off"),
    "log_repeat_s": ("0", NUMBER + "1 to 86400"),
    "drain_delay_ms": ("25000", "{place}: 25000 ms must be less than the "
                                "25000 ms of stop_max_ms (default)"),
    "stop_max_ms": ("5000", "drain_delay_ms (default): 5000 ms must be less "
                            "than the 5000 ms of {place}"),
    "http.head_ms": ("0", NUMBER + "1 to 600000"),
    "http.body_ms": ("5s", NUMBER + "1 to 600000"),
    "http.body_min_rate": ("0", NUMBER + "1 to 1000000000"),
    "http.handle_ms": ("3600001", NUMBER + "1 to 3600000"),
    "http.idle_ms": ("0", NUMBER + "1 to 3600000"),
    "http.write_ms": ("600001", NUMBER + "1 to 600000"),
    "http.write_max_ms": ("0", NUMBER + "1 to 86400000"),
    "http.linger_ms": ("60001", NUMBER + "1 to 60000"),
    "http.connections_max": ("0", NUMBER + "1 to 1000000"),
    "http.requests_max": ("many", NUMBER + "1 to 1000000000"),
    "views": ("/nowhere", MISSING),
    "statics": ("/nowhere", MISSING),
    "content": ("/nowhere", "{place}: {value}/home.md: No such file or "
                            "directory"),
    "cache.max_bytes": ("32M", NUMBER + "0 to 1099511627776"),
    "catalog.max_bytes": ("0", NUMBER + "1048576 to 1099511627776"),
    "catalog.max_age_ms": ("1h", NUMBER + "0 to 3600000"),
    "catalog.wait_ms": ("0", NUMBER + "1 to 60000"),
    "catalog.compare_ms": ("99", NUMBER + "100 to 86400000"),
    "map_url": ("javascript:{{query}}", "{place}: 'javascript:{{query}}' is "
                "not an http or https URL with {{query}} in it; use none for no "
                "map"),
    "report_address": ("office", "{place}: 'office' is not an e-mail "
                       "address; use none for no link"),
    "take_max_bytes": ("65535", NUMBER + "65536 to 4294967296"),
}
BAD_OF_EMPLOYEE = {
    "identity.groups_header": ("Remote-Groups", "{place}: needs "
                               "identity.header, which names the person whose "
                               "groups these are"),
    "identity.htpasswd": ("/nowhere", MISSING),
    "identity.key_per_minute": ("0", NUMBER + "1 to 1000000"),
    "identity.logout_url": ("//evil.example", "{place}: '{value}' is neither a "
                            "path nor an http or https URL; use for example "
                            "/oauth2/sign_out"),
    "editors": ("ann", "{place}: needs identity.header or identity.htpasswd: "
                       "without them nobody has a name"),
}
OF_CUSTOMER = {"--map-url", "--report-address", "--take-max-bytes"}


def run(name, *argv, **env):
    return subprocess.run(
        [harness.BIN / name, *argv], text=True, capture_output=True,
        timeout=harness.WAIT_S, check=False,
        env={"PATH": os.environ["PATH"], **harness.sanitizer_options(),
             "APP_PORT": "0", "APP_OPS_PORT": "0", **env})


def refused(name, *argv, **env):
    """The one line on which a check and a start refuse something."""
    checked = run(name, "--check-config", *argv, **env)
    started = run(name, *argv, **env)
    for done in checked, started:
        assert done.returncode == 1, done
        assert done.stderr.count("\n") == 1, done.stderr
    assert checked.stdout == ""
    assert checked.stderr == started.stderr
    return checked.stderr.removeprefix(f"{name}: ").rstrip("\n")


def accepted(name, *argv, **env):
    done = run(name, "--check-config", *argv, **env)
    assert done.returncode == 0, done.stderr
    return done.stderr


def options_of(name):
    shown = run(name, "--help").stdout
    return {flag: variable for flag, variable in re.findall(
        r"^  (--\S+) .*\n.*\n      \((APP_\w+)", shown, re.MULTILINE)}


def flag_of(option):
    return "--" + re.sub(r"[._]", "-", option)


def variables_of(options):
    return {flag_of(option): "APP_" + re.sub(r"[._]", "_", option).upper()
            for option in options}


def test_the_table_has_every_option():
    known = options_of("customer")
    assert len(known) > 40
    assert known == variables_of(BAD)
    others = options_of("employee")
    assert set(known) - set(others) == OF_CUSTOMER
    assert {flag: others[flag] for flag in set(others) - set(known)} == \
        variables_of(BAD_OF_EMPLOYEE)


def written(option, value, path):
    """A file that sets an option, and the place of its value."""
    *groups, key = option.split(".")
    lines = [f"{group}:" for group in groups]
    quoted = value.replace("\t", "\\t")
    lines.append("  " * len(groups) + f'{key}: "{quoted}"')
    path.write_text("\n".join(lines) + "\n")
    return f"{path}:{len(lines)}:{2 * len(groups) + len(key) + 3}: {option}"


@pytest.mark.parametrize("option", [*BAD, *BAD_OF_EMPLOYEE])
def test_bad_values_are_refused_in_one_line(option, folder):
    """In the same words, wherever the value stands."""
    name = "customer" if option in BAD else "employee"
    value, message = {**BAD, **BAD_OF_EMPLOYEE}[option]
    value = value.format()
    variable = "APP_" + re.sub(r"[._]", "_", option).upper()
    path = folder / "cafe.yaml"
    place = written(option, value, path)
    others = {"APP_OPS_PORT": str(harness.free_port()),
              "APP_OPS_BIND": "127.0.0.1", variable: ""}
    for where, argv, env in (
            (f"flag {flag_of(option)}", (flag_of(option), value), {}),
            (f"environment {variable}", (), {variable: value}),
            (place, ("--config", str(path)), {})):
        line = refused(name, *argv, **{**others, **env})
        assert line == message.format(place=where, value=value)


def test_settings_that_can_t_be_meant_together(folder):
    password = folder / "password"
    password.write_text("x")
    long = folder / "long"
    long.write_text("x" * 5000)
    no_pem = folder / "ca.pem"
    no_pem.write_text("certificate\n")
    content = folder / "content"
    content.mkdir()
    (content / "home.md").write_text("Welcome.\n")
    for env, message in (
            ({"APP_DB_PASSWORD": "x", "APP_DB_PASSWORD_FILE": str(password)},
             "environment APP_DB_PASSWORD_FILE: a password is already set by "
             "environment APP_DB_PASSWORD"),
            ({"APP_DB_PASSWORD_FILE": str(folder)},
             "environment APP_DB_PASSWORD_FILE: cannot read the password file "
             f"{folder}: Is a directory"),
            ({"APP_DB_PASSWORD_FILE": str(long)},
             "environment APP_DB_PASSWORD_FILE: the password file "
             f"{long} is too long"),
            ({"APP_DB_TLS": "verify", "APP_DB_TLS_CA": str(no_pem)},
             f"environment APP_DB_TLS_CA: {no_pem}: contains no PEM "
             "certificate"),
            ({"APP_PORT": "", "APP_OPS_PORT": "8080"},
             "environment APP_OPS_PORT: 8080 is also the port of "
             "port (default)"),
            ({"APP_DRAIN_DELAY_MS": "9000", "APP_STOP_MAX_MS": "8000"},
             "environment APP_DRAIN_DELAY_MS: 9000 ms must be less than the "
             "8000 ms of environment APP_STOP_MAX_MS"),
            ({"APP_CONTENT": str(content)},
             f"environment APP_CONTENT: {content}/openapi.json: No such file "
             "or directory")):
        assert refused("customer", **env) == message
    assert refused("employee", APP_CONTENT="/nowhere") == \
        "environment APP_CONTENT: /nowhere/openapi.json: No such file or " \
        "directory"
    assert refused("customer", "--db-host=") == \
        "flag --db-host: is empty, and so is db.socket"
    assert refused("customer", "--db-name", "") == "flag --db-name: is empty"
    assert refused("employee", "--allow=") == \
        "flag --allow: is empty; write 0.0.0.0/0,::/0 to allow everybody"


def test_a_file_that_may_not_be_read(folder):
    path = folder / "secret"
    path.write_text("x")
    path.chmod(0)
    powers = "-dac_override,-dac_read_search"  # what lets root read it
    prefix = ("setpriv", "--bounding-set", powers, "--inh-caps",
              powers) if os.geteuid() == 0 else ()
    for variable in "APP_DB_PASSWORD_FILE", "APP_DB_TLS_CA":
        done = subprocess.run(
            [*prefix, harness.BIN / "customer", "--check-config"], text=True,
            capture_output=True, check=False, timeout=harness.WAIT_S,
            env={"PATH": os.environ["PATH"], variable: str(path),
                 **harness.sanitizer_options()})
        assert done.returncode == 1
        assert f"environment {variable}: " in done.stderr
        assert f"{path}: Permission denied" in done.stderr


def test_what_is_accepted(folder):
    password = folder / "password"
    password.write_text("x\n")
    certificates = folder / "ca.pem"
    certificates.write_text("-----BEGIN CERTIFICATE-----\n")
    for env in ({}, {"APP_DRAIN_DELAY_MS": "0", "APP_STOP_MAX_MS": "0"},
                {"APP_DRAIN_DELAY_MS": "4999", "APP_STOP_MAX_MS": "5000"},
                {"APP_DB_PASSWORD_FILE": str(password)},
                {"APP_DB_TLS_CA": str(certificates)},
                {"APP_PORT": "8080", "APP_OPS_PORT": "8080",
                 "APP_BIND": "127.0.0.1", "APP_OPS_BIND": "127.0.0.2"},
                {"APP_TRUSTED_PROXIES": "none", "APP_ALLOW": "none"},
                {"APP_DB_HOST": "", "APP_DB_NAME": "", "APP_PORT": "",
                 "APP_ALLOW": "", "APP_LOG": "", "APP_VIEWS": ""}):
        for name in "customer", "employee":
            assert accepted(name, **env) == ""
    assert accepted("customer", APP_MAP_URL="none") == ""


def test_ports_in_use_are_no_fault():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert accepted("customer", APP_PORT=port, APP_BIND="127.0.0.1") == ""
        assert accepted("customer", APP_OPS_PORT=port) == ""


def test_an_unknown_variable_is_a_warning(start, database):
    assert accepted("employee", APP_DB_HOSTS="db", APP_UNHEARD_OF="") == (
        "employee: warning: environment APP_DB_HOSTS: there is no such "
        "option; did you mean APP_DB_HOST?\n"
        "employee: warning: environment APP_UNHEARD_OF: there is no such option; "
        "see --help\n")
    daemon = start("customer", database, APP_PROT="1")
    warning, = [line for line in daemon.lines()
                if line["msg"] == "unknown variable"]
    assert warning["level"] == "warning"
    assert "did you mean APP_PORT?" in warning["reason"]
    database.make_empty()
    done = subprocess.run(
        [harness.BIN / "employee", "--migrate"], text=True, check=True,
        capture_output=True,
        env={**database.environment("migrate"), "APP_DB_USR": "x"})
    assert "did you mean APP_DB_USER?" in done.stderr


def test_an_empty_variable_opens_nothing(start, database):
    """It counts as not set: the office's own networks, as by default."""
    daemon = start("employee", database, APP_ALLOW="", APP_TRUSTED_PROXIES="")
    assert daemon.get("/admin").status == 200
    assert daemon.get("/admin", X_Forwarded_For="192.0.2.1").status == 404


def test_nobody_is_a_list_too(start, database):
    closed = start("employee", database, APP_ALLOW="none")
    assert closed.get("/admin").status == 404
    trusting = start("employee", database, APP_TRUSTED_PROXIES="none")
    assert trusting.get("/admin").status == 200
    # not believed, and so the client is unknown
    assert trusting.get("/admin", X_Forwarded_For="127.0.0.1").status == 404


# With the database.

def connect(name, **env):
    return run(name, "--check-config=connect", **env)


def fault(name, **env):
    done = connect(name, **env)
    assert done.returncode == 1 and done.stdout == "", done
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr.removeprefix(f"{name}: ")


def over_tcp(database, account="customer", **changes):
    return {"APP_DB_HOST": "127.0.0.1", "APP_DB_PORT": str(database.port),
            "APP_DB_USER": account,
            "APP_DB_PASSWORD": harness.PASSWORDS[account], **changes}


def test_the_database_is_asked(database):
    for name in "customer", "employee":
        for env in over_tcp(database, name), database.environment(name):
            done = connect(name, **env)
            assert done.returncode == 0, done.stderr
            assert "so is the database" in done.stdout
    with Session(database, "employee") as session:
        assert session.ask("SELECT COUNT(*) FROM suppliers") == ((0,),)
        assert session.ask("SELECT n FROM supplier_revision") == ((0,),)


def test_each_fault_of_a_connection_has_its_own_words(database, folder):
    free = str(harness.free_port())
    wrong = folder / "wrong"
    wrong.write_text("wrong")
    silent = str(folder / "none.sock")
    for changes, place, words in (
            ({"APP_DB_PASSWORD": "wrong"}, "environment APP_DB_PASSWORD",
             "the database refuses the account customer: Access denied"),
            ({"APP_DB_PASSWORD": "", "APP_DB_PASSWORD_FILE": str(wrong)},
             "environment APP_DB_PASSWORD_FILE",
             "the database refuses the account customer: Access denied"),
            ({"APP_DB_USER": "nobody"}, "environment APP_DB_PASSWORD",
             "the database refuses the account nobody: Access denied"),
            ({"APP_DB_PORT": free}, "environment APP_DB_HOST",
             "the database can't be reached: "),
            ({"APP_DB_HOST": "nowhere.invalid"}, "environment APP_DB_HOST",
             "the database can't be reached: Unknown server host"),
            ({"APP_DB_SOCKET": silent}, "environment APP_DB_SOCKET",
             "the database can't be reached: "),
            ({"APP_DB_NAME": "TEA"}, "environment APP_DB_NAME",
             "there is no database TEA, or the account customer has no "
             "privileges on it: ")):
        line = fault("customer", **over_tcp(database, **changes))
        assert line.startswith(f"{place}: {words}"), line


def test_a_database_without_tls(folder):
    made = harness.Database(folder, "--disable-ssl")  # MariaDB 11 has it
    made.start()
    try:
        made.make_ready()
        for value in "require", "verify":
            line = fault("customer", **over_tcp(made, APP_DB_TLS=value))
            assert line.startswith(
                "environment APP_DB_TLS: no TLS with the database: "), line
    finally:
        made.stop()


def certificate(folder, name):
    """A certificate of 127.0.0.1 that vouches for itself, and its key."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days",
         "2", "-subj", f"/CN={name}", "-addext",
         "subjectAltName=IP:127.0.0.1", "-keyout", folder / f"{name}.key",
         "-out", folder / f"{name}.pem"], check=True, capture_output=True)
    return str(folder / f"{name}.pem"), str(folder / f"{name}.key")


def test_certificates_are_told_from_passwords(folder):
    pem, key = certificate(folder, "own")
    other, _ = certificate(folder, "other")
    server = harness.Database(folder, f"--ssl-cert={pem}", f"--ssl-key={key}")
    server.start()
    try:
        server.make_ready()
        tls = {"APP_DB_TLS": "verify", "APP_DB_TLS_CA": pem}
        done = connect("customer", **over_tcp(server, **tls))
        assert done.returncode == 0, done.stderr
        line = fault("customer", **over_tcp(server, APP_DB_TLS="verify",
                                            APP_DB_TLS_CA=other))
        assert line.startswith("environment APP_DB_TLS: no TLS with the "
                               "database: "), line
        line = fault("customer", **over_tcp(server, APP_DB_PASSWORD="x",
                                            **tls))
        assert line.startswith("environment APP_DB_PASSWORD: "), line
    finally:
        server.stop()


def test_a_database_that_does_not_answer(folder):
    """It is given the time to connect, no more."""
    path = str(folder / "silent")
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as sock:
        sock.bind(path)
        sock.listen()
        line = fault("customer", APP_DB_SOCKET=path,
                     APP_DB_CONNECT_TIMEOUT_S="1")
    assert line.startswith("environment APP_DB_SOCKET: the database can't be "
                           "reached: "), line


def test_a_schema_that_is_missing_or_too_old(database):
    env = over_tcp(database)
    database.sql("GRANT SELECT ON COFFEE.* TO customer@'%';"
                 "DELETE FROM cafe_migrations WHERE number > 2")
    assert fault("customer", **env).startswith("db.name (default): ")
    assert "run: employee --migrate" in fault("customer", **env)
    database.sql("DROP TABLE cafe_migrations")
    line = fault("customer", **env)
    assert "cafe_migrations' doesn't exist (1146); run: employee" in line
    database.make_empty()
    line = fault("customer", **env)
    assert "there is no database COFFEE, or" in line
    assert "run: employee --migrate" in line


# Rights that each daemon needs; each is taken away alone.
RIGHTS = [("customer", right) for right in (
    "SELECT ON COFFEE.suppliers", "SELECT ON COFFEE.supplier_revision",
    "SELECT (supplier_id) ON COFFEE.supplier_changes",
    "SELECT ON COFFEE.cafe_migrations")]
RIGHTS += [("employee", f"{right} ON COFFEE.{table}")
           for table in ("suppliers", "supplier_form_keys")
           for right in ("SELECT", "INSERT", "UPDATE", "DELETE")]
RIGHTS += [("employee", f"SELECT ON COFFEE.{table}") for table in (
    "supplier_changes", "supplier_revision", "cafe_migrations")]


def test_each_missing_right_is_named(database):
    for name, right in RIGHTS:
        database.sql(f"REVOKE {right} FROM {name}@'%'")
        line = fault(name, **over_tcp(database, name))
        assert line.startswith("environment APP_DB_USER: a privilege is "
                               "missing: "
                               ), (right, line)
        verb, table = right.split()[0], right.rsplit(".", maxsplit=1)[1]
        assert f"{verb} command denied" in line and table in line, line
        assert "run grants.sql, after employee --migrate" in line
        database.sql((harness.ROOT / "deploy/local/grants.sql").read_text())
        assert connect(name, **over_tcp(database, name)).returncode == 0


@pytest.mark.parametrize("word", ["connected", ""])
def test_another_word(word):
    done = run("customer", f"--check-config={word}")
    assert done.returncode == 1
    assert done.stderr == f"customer: --check-config: '{word}' is not connect\n"
