"""What a person does with the packages, in a root of a release of Debian.

/packages-0 and /packages-1 in it have those of two versions. The database is
outside; systemd does not run, so the daemons are started as their units say.
"""
import contextlib
import re
import shutil

import debian_nginx
import harness
from debian_server import blocks
from debian_root import PATH

LINTIAN = "lintian --allow-root --fail-on error,warning *.deb"
VERSIONS = "0.1.0~before", "0.1.0~now"
DAEMONS = "customer", "employee"
# What the packages of each version are made of. The second links one program
# again, the one that is asked for its version.
TARGETS = (*DAEMONS, "cafe-deploy", "extras"), ("customer", "extras")
PAGES = {"customer": "/suppliers", "employee": "/admin/suppliers"}
NOBODY = "65534:65534"  # as little as DynamicUser=yes
OURS = re.compile(r"cafe-|/cafe(/|$)")


def walk(root, database):
    before = listed(root)
    shell(root, "apt-get update -qq")
    install(root, 0)
    assert shell(root, "cafe-customer --version").startswith(
        f"customer {VERSIONS[0]}\n")
    ports = {name: configure(root, database, name) for name in DAEMONS}
    serve(root, ports, debian_nginx.check_https)

    # both ask nothing, and leave our configuration as it is
    upgrade, roll_back = guide_commands(root, database)
    for commands, version in (upgrade, VERSIONS[1]), (roll_back, VERSIONS[0]):
        shell(root, commands)
        assert shell(root, "cafe-customer --version").startswith(
            f"customer {version}\n")
        serve(root, ports)
    install(root, 1)

    names = "cafe-customer cafe-employee cafe-common cafe-deploy"
    shell(root, f"apt-get remove -y -qq {names}")
    left = {path for path in listed(root) - before if OURS.search(path)}
    assert {"/etc/cafe/customer.yaml", "/etc/cafe/customer.password",
            "/etc/cafe/employee.yaml", "/etc/cafe/employee.password"} <= left
    assert not [path for path in left
                if not path.startswith(("/etc/cafe", "/var/lib/dpkg/info"))]
    shell(root, f"dpkg --purge {names}")
    left = {path for path in listed(root) - before if OURS.search(path)}
    assert left == set()


def shell(root, command):
    done = root.run(command, folder="/")
    assert done.returncode == 0, f"{command}\n{done.stdout[-4000:]}"
    return done.stdout


def install(root, number):
    """No file of the packages may be one of another package."""
    shell(root, "apt-get install -y -qq --no-install-recommends "
                f"/packages-{number}/*.deb")


def guide_commands(root, database):
    """Those by which docs/operators/server.md upgrades and rolls back, with our
    folders; the privileges are granted from outside."""
    (root.path / "etc/cafe/migrate.password").write_text(
        database.passwords["migrate"], encoding="utf-8")
    upgrade, roll_back, _ = blocks("server.md", "Upgrade and roll back")
    changed = []
    for commands, count in (upgrade, 3), (roll_back, 1):
        for there, here in (("./new/", "/packages-1/"),
                            ("./old/", "/packages-0/"),
                            ("new/", "/packages-1/"),
                            ("apt install", "apt-get install -y -qq")):
            commands = commands.replace(there, here)
        lines = [line for line in commands.splitlines()
                 if line and not line.startswith("mariadb ")]
        assert len(lines) >= count
        changed.append(" && ".join(lines))
    return changed


def listed(root):
    """Every file, except the packages themselves and apt's memory."""
    return set(shell(root, "find / -xdev -path /src -prune -o -path /proc "
                           "-prune -o -path '/packages-*' -prune -o "
                           "-path /var/log -prune -o -path /var/cache -prune "
                           "-o -print").splitlines())


def configure(root, database, name):
    """As docs/operators/server.md says: options in the file, the password beside."""
    port = harness.free_port()
    folder = root.path / "etc/cafe"
    sample = folder / f"{name}.yaml"
    text = sample.read_text(encoding="utf-8")
    assert "#port: 8080\n" in text
    # as docs/operators/https.md says, and this machine
    office = ("hosts: cafe.example\nallow: 'loopback,192.0.2.0/24'"
              if name == "employee" else "")
    sample.write_text(text + f"""
{office}
port: {port}
bind: '127.0.0.1'
ops: {{port: 0}}
drain_delay_ms: 0
catalog: {{wait_ms: {harness.PATIENCE_MS}}}
db: {{host: '127.0.0.1', port: {database.port}, user: '{name}'}}
""", encoding="utf-8")
    secret = folder / f"{name}.password"
    secret.write_text(database.passwords[name], encoding="utf-8")
    secret.chmod(0o600)
    return port


def serve(root, ports, check=None):
    """Both daemons at once, each with a page, and what else is to be checked;
    then both stop in order."""
    with contextlib.ExitStack() as stack:
        clients = {name: stack.enter_context(started(root, name, port))
                   for name, port in ports.items()}
        for name, client in clients.items():
            answer = client.get(PAGES[name])
            assert answer.status == 200
            assert "Suppliers" in answer.text
        if check:
            check(root, ports)


@contextlib.contextmanager
def started(root, name, port):
    """ExecStart of the unit, by a user without rights, with its credential."""
    unit = shell(root, f"cat /usr/lib/systemd/system/cafe-{name}.service")
    command = re.search(r"(?m)^ExecStart=(.+)$", unit)[1].split()
    variable, value = re.search(r"(?m)^Environment=(\w+)=(.+)$", unit).groups()
    _, source = re.search(r"(?m)^LoadCredential=(.+):(.+)$", unit).groups()
    credentials = root.path / f"run/credentials-{name}"
    credentials.mkdir()
    try:
        secret = credentials / "db.password"
        shutil.copy(root.path / source.lstrip("/"), secret)
        secret.chmod(0o400)
        shutil.chown(secret, 65534, 65534)
        daemon = harness.Process(
            name, root.argv(f"--userspec={NOBODY}", *command),
            str(root.path / "tmp"),
            {"PATH": PATH,
             variable: value.replace("%d", f"/run/credentials-{name}")})
        try:
            client = harness.Client(port)
            harness.wait_until(lambda: answers(daemon, client, PAGES[name]),
                               f"{name} shows a page")
            yield client
        except BaseException:
            print(daemon.output()[-4000:])  # pytest shows it
            raise
        finally:
            status = daemon.stop()
        assert status == 0, daemon.output()
    finally:
        shutil.rmtree(credentials)


def answers(daemon, client, page):
    if not daemon.running():
        raise AssertionError(daemon.output())
    with contextlib.suppress(OSError):
        return client.get(page).status == 200
    return False
