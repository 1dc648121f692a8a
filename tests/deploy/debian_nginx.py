"""
HTTPS by nginx in a root of Debian, as docs/operators/https.md prints it.
There is no systemd, so nginx is started where the guide reloads it. Each site
listens on ports of the test's own instead of 80 and 443.
"""
import re

import harness
from debian_server import blocks
from elsewhere import OFFICE, OUTSIDE, Machine, Visitor
from test_https import NAME, make_certificate

LIVE = f"/etc/letsencrypt/live/{NAME}"
START = "systemctl() { echo \"systemctl $*\"; nginx; }"


class Nginx:
    """What the guide makes, in front of both daemons at their ports."""

    def __init__(self, root, ports):
        self.root, self.daemons = root, ports
        self.https, self.http = harness.free_port(), harness.free_port()
        self.elsewhere = Machine()
        live = root.path / LIVE.lstrip("/")
        live.mkdir(parents=True)  # as certbot leaves it
        self.chain, _ = make_certificate(live)

    def set_up(self):
        """Each line as it is printed, but the editor's is ours to do."""
        commands = blocks("https.md", "HTTPS on a server")[0]
        before, edit, after = re.split(r"(?m)^(editor .*)\n", commands)
        assert edit.endswith("    # the name, and the certificate")
        before = before.replace(
            "apt install", "apt-get install -y -qq --no-install-recommends")
        self.run(before)
        self.edit(edit.split()[1])
        # as Debian has it, next to ours
        self.edit("/etc/nginx/sites-enabled/default")
        said = self.run(f"{START}\n{after}")
        assert "syntax is ok" in said
        assert "\nsystemctl reload nginx\n" in said

    def run(self, commands):
        script = self.root.path / "guide.sh"
        script.write_text(f"set -e\n{commands}", encoding="utf-8")
        done = self.root.run("sh guide.sh", folder="/")
        script.unlink()
        assert done.returncode == 0, done.stdout[-4000:]
        return done.stdout

    def edit(self, name):
        path = self.root.path / name.lstrip("/")
        text = path.read_text(encoding="utf-8")
        assert f"server_name {NAME};" in text or "default_server" in text
        text = re.sub(r"(?m)^\s*listen \[::\].*\n", "", text)
        for there, here in (
                ("listen 80", f"listen {self.http}"),
                ("listen 443", f"listen {self.https}"),
                ("127.0.0.1:8080", f"127.0.0.1:{self.daemons['customer']}"),
                ("127.0.0.1:8081", f"127.0.0.1:{self.daemons['employee']}")):
            text = text.replace(there, here)
        path.write_text(text, encoding="utf-8")

    def check(self):
        """Who sees what, and what leads to HTTPS."""
        office, outside = (
            Visitor(self.https, self.chain, self.elsewhere, network)
            for network in (OFFICE, OUTSIDE))
        try:
            harness.wait_until(lambda: office.answers("/suppliers"),
                               "nginx serves")
        except AssertionError as error:
            log = self.root.path / "var/log/nginx/error.log"
            raise AssertionError(f"{error}: {office.fault}\n"
                                 f"{log.read_text()}") from error
        assert office.get("/admin/suppliers").status == 200
        assert outside.get("/admin/suppliers").status == 404
        page = outside.get("/suppliers")
        assert page.status == 200
        assert page.headers["Strict-Transport-Security"]
        plain = harness.Client(self.http).get("/suppliers?q=x", Host=NAME)
        assert plain.status == 308
        assert plain.headers["Location"] == f"https://{NAME}/suppliers?q=x"
        # Debian's own site still answers under any other name
        other = harness.Client(self.http).get("/", Host="other.example")
        assert "nginx" in other.text

    def remove(self):
        self.elsewhere.remove()
        self.run("[ ! -e /run/nginx.pid ] || nginx -s quit\n"
                 "apt-get purge -y -qq --auto-remove 'nginx*'\n"
                 "rm -r /etc/letsencrypt")


def check_https(root, ports):
    """The daemons run there."""
    nginx = Nginx(root, ports)
    try:
        nginx.set_up()
        nginx.check()
    finally:
        nginx.remove()
