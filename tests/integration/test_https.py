"""HTTPS in front of both daemons: the profile https of docker-compose.yml, and
nginx with the file that docs/operators/https.md names."""
import http.client
import os
import pathlib
import re
import signal
import ssl
import subprocess

import pytest

import harness
from form_pages import anyway, names
from front import NGINX
from test_import_upload import multipart
from test_proxies import compose_config

NAME = "cafe.example"
OFFICE, OUTSIDE = "127.0.0.50", "127.0.0.66"
MIB = 1024 * 1024


def make_certificate(folder, name=NAME):
    """Self-made: the chain and the key."""
    chain, key = folder / "fullchain.pem", folder / "privkey.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
         f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}",
         "-keyout", key, "-out", chain], check=True, capture_output=True)
    return chain, key


class Secure(harness.Client):
    """A client of a site by its name, at an address of its own. It trusts the
    certificate, and nothing else."""

    def __init__(self, port, chain, source=OFFICE):
        super().__init__(port)
        self.context = ssl.create_default_context(cafile=chain)
        self.source = source

    def request(self, method, path, body=None, headers=None):
        connection = http.client.HTTPSConnection(
            NAME, self.port, timeout=self.seconds, context=self.context)
        connection._create_connection = self.connect  # pylint: disable=W0212
        headers = {"Host": NAME, **(headers or {})}
        if "Origin" in headers:
            headers["Origin"] = f"https://{NAME}"
        try:
            connection.request(method, path, body, headers)
            return harness.Response(connection.getresponse())
        finally:
            connection.close()

    def connect(self, _address, timeout, _source):
        return harness.socket.create_connection(
            ("127.0.0.1", self.port), timeout, (self.source, 0))


class Front:
    """One that speaks HTTPS and HTTP, below which both daemons are."""

    def __init__(self, folder, *daemons):
        self.folder = folder
        self.chain, self.key = make_certificate(folder)
        self.https, self.http = harness.free_port(), harness.free_port()
        self.process = self.start(*daemons)
        harness.wait_until(self.serves, "it serves")

    def serves(self):
        if not self.process.running():
            raise AssertionError(self.process.output())
        try:
            return self.client().get("/").status == 200
        except (OSError, http.client.HTTPException):
            return False

    def client(self, source=OFFICE):
        return Secure(self.https, self.chain, source)

    def plain(self):
        return harness.Client(self.http)


class HAProxy(Front):
    """As the service https of docker-compose.yml starts it."""

    def start(self, customer, employee):
        self.renew()
        config = compose_config(self.folder)
        text = config.read_text()
        assert text.count("bind :443 ") == 1
        config.write_text(text.replace("bind :443 ",
                                       'bind "127.0.0.1:$CAFE_TLS_PORT" '))
        routes = self.folder / "route"
        routes.write_text("Iface Destination Gateway Flags\n"
                          "eth0 00000000 0200007F 0003\n"
                          "eth0 0000007F 00000000 0001\n")
        return harness.Process(
            "haproxy", ["bash", harness.ROOT / "deploy/compose/https.sh",
                        config], self.folder,
            {"PATH": f"/usr/sbin:{os.environ['PATH']}",
             "CAFE_ROUTES": str(routes), "CAFE_PORT": str(self.http),
             "CAFE_TLS_PORT": str(self.https), "CAFE_PROXIES": "",
             "CAFE_PAGES": str(harness.ROOT / "deploy/pages"),
             "CAFE_CERTIFICATE": str(self.folder / "certificate/live"),
             "CAFE_CUSTOMER_PORT": str(customer.port),
             "CAFE_EMPLOYEE_PORT": str(employee.port)})

    def reload(self):
        """
        HAProxy 2.6 notices a signal that comes just before it goes to sleep
        only at the next one, so wait until it sleeps for the first time: it
        serves before.
        """
        status = pathlib.Path(f"/proc/{self.process.process.pid}/status")
        harness.wait_until(
            lambda: re.search(r"State:\s+S.*SigBlk:\s+0+\n",
                              status.read_text(), re.DOTALL),
            "HAProxy sleeps")
        self.process.send(signal.SIGUSR2)

    def renew(self):
        """As docs/operators.md says."""
        text = (harness.ROOT / "docs/operators.md").read_text()
        commands = re.search(r"(?m)^    install -d .*\n(?:    .*\n)+", text)[0]
        assert commands.count("\n") == 4
        subprocess.run(["bash", "-euc", commands], check=True,
                       cwd=self.folder)


class Nginx(Front):
    """With the example for a server, below which no load balancer is."""

    def start(self, customer, employee):
        text = (harness.ROOT / "deploy/packaging/nginx.conf").read_text()
        for there, here in (
                ("listen 80;", f"listen 127.0.0.1:{self.http};"),
                ("listen [::]:80;", ""), ("listen [::]:443 ssl http2;", ""),
                ("listen 443 ssl http2;",
                 f"listen 127.0.0.1:{self.https} ssl http2;"),
                ("/etc/letsencrypt/live/cafe.example", str(self.folder)),
                ("127.0.0.1:8080", f"127.0.0.1:{customer.port}"),
                ("127.0.0.1:8081", f"127.0.0.1:{employee.port}")):
            assert there in text, there
            text = text.replace(there, here)
        place = self.folder / "nginx"
        place.mkdir()
        (place / "site.conf").write_text(text)
        user = "user root;" if os.getuid() == 0 else ""
        (place / "nginx.conf").write_text(
            f"{user} daemon off; pid {place}/pid;\nevents {{ }}\n"
            f"http {{ access_log off; client_body_temp_path {place}/body;\n"
            f"proxy_temp_path {place}/proxy; uwsgi_temp_path {place}/uwsgi;\n"
            f"fastcgi_temp_path {place}/fastcgi; scgi_temp_path {place}/scgi;"
            f"\ninclude {place}/site.conf; }}\n")
        return harness.Process(
            "nginx", [NGINX, "-p", place, "-e", place / "error.log", "-c",
                      place / "nginx.conf"], self.folder)


@pytest.fixture(name="site", params=[HAProxy, Nginx],
                ids=lambda kind: kind.__name__)
def make_site(request, folder, start, database):
    site = request.param(folder, *(
        start(name, database, APP_TRUSTED_PROXIES="127.0.0.1", **settings)
        for name, settings in (
            ("customer", {}),
            ("employee", {"APP_ALLOW": OFFICE, "APP_HOSTS": NAME}))))
    yield site
    site.process.stop()


def test_http_leads_to_https(site):
    for path in "/suppliers?q=a%20b&page=2", "/admin", "/":
        found = site.plain().get(path, Host=NAME)
        assert found.status == 308
        assert found.headers["Location"] == f"https://{NAME}{path}"
    found = site.plain().get("/x", Host=f"{NAME}:80")
    assert found.headers["Location"] == f"https://{NAME}/x"


def test_a_save_over_https(site, database):
    client = site.client()
    page = client.get("/admin/suppliers")
    assert page.status == 200
    assert page.headers["Strict-Transport-Security"]
    done = client.post("/admin/supplier-add", anyway(name="Bean Ltd"))
    assert done.status == 303, done.text
    assert done.headers["Location"].startswith("/admin/suppliers")
    assert names(database) == ["Bean Ltd"]
    assert "Bean Ltd" in client.get("/suppliers").text


def test_only_the_office_edits(site):
    outside = site.client(OUTSIDE)
    assert outside.get("/suppliers").status == 200
    for forged in OFFICE, "127.0.0.1", f"{OFFICE}, 127.0.0.1":
        assert outside.get("/admin", X_Forwarded_For=forged).status == 404


def test_a_client_behind_dockers_proxy(folder, start, database):
    """It comes from the gateway, which has a private address."""
    site = HAProxy(folder, start("customer", database,
                                 APP_TRUSTED_PROXIES="127.0.0.1"),
                   start("employee", database, APP_HOSTS=NAME,
                         APP_TRUSTED_PROXIES="127.0.0.1"))
    gateway = site.client("127.0.0.2")
    assert gateway.get("/suppliers").status == 200
    assert gateway.get("/admin").status == 404
    assert gateway.get("/admin", X_Forwarded_For=OFFICE).status == 404
    assert site.client(OFFICE).get("/admin").status == 200
    site.process.stop()


def test_a_long_upload_comes_through(site):
    """More than nginx's own limit of 1 MiB."""
    client = site.client()
    key = re.search(r'name="form_key" value="(\S{22})"',
                    client.get("/admin/import").text)[1]
    body = multipart([("form_key", None, key.encode()),
                      ("file", "list.csv", b"name,city\n" + b"a,b\n" * MIB)],
                     "xyz")
    done = client.request("POST", "/admin/import", body, {
        "Content-Type": "multipart/form-data; boundary=xyz", "Origin": ""})
    assert done.status == 303, done.text


def test_a_renewed_certificate(folder, start, database):
    site = HAProxy(folder, start("customer", database),
                   start("employee", database))
    try:
        before, old = site.chain.read_bytes(), site.client()
        make_certificate(folder)
        assert site.chain.read_bytes() != before
        with pytest.raises(ssl.SSLError):
            site.client().get("/")
        site.renew()
        assert old.get("/").status == 200
        site.reload()

        def renewed():
            try:
                return site.client().get("/").status == 200
            except ssl.SSLError:
                return False
        harness.wait_until(renewed, "the new certificate is served")
    finally:
        site.process.stop()
