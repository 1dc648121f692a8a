"""Without its database a daemon lives, says so, and recovers by itself."""
import signal
import subprocess

import pytest

import harness
from test_employee import SUPPLIER, add, anyway, typed_of


def test_starts_without_a_database(start, server):
    missing = {"APP_DB_SOCKET": "/nonexistent/db.sock",
               "APP_DB_USER": "customer", "APP_CATALOG_WAIT_MS": "100"}
    customer = start("customer", None, **missing)
    home = customer.get("/")  # load balancers ask for it
    assert home.status == 503 and home.headers["Retry-After"]
    assert "Welcome" in home.text and 'class="count"' not in home.text
    assert home.headers["Cache-Control"] == "no-store"
    page = customer.get("/suppliers")
    assert page.status == 503 and page.headers["Retry-After"]
    assert "not available right now" in page.text
    assert customer.get("/healthz").status == 200
    assert customer.get("/readyz").status == 503
    employee = start("employee", None, **missing)
    assert employee.get("/admin").status == 200
    assert employee.get("/admin/suppliers").status == 503


def test_recovers_by_itself(start, folder):
    own = harness.Database(folder)
    customer = start("customer", own, APP_CATALOG_WAIT_MS=500)
    employee = start("employee", own, APP_CATALOG_WAIT_MS=500)
    assert customer.get("/suppliers").status == 503
    own.start()
    try:
        own.make_ready()
        harness.wait_until(lambda: customer.get("/suppliers").status == 200,
                           "customer recovers")
        harness.wait_until(lambda: employee.get("/readyz").status == 200,
                           "employee is ready")
        add(employee)
        assert SUPPLIER["name"] in customer.get("/suppliers").text
        own.kill()
        page = customer.get("/suppliers")
        assert page.status == 200 and SUPPLIER["name"] in page.text
        assert "This page shows the data as of" in page.text
        assert page.headers["Cafe-As-Of"]
        assert page.headers["Cache-Control"] == "no-store"
        home = customer.get("/")
        assert home.status == 200 and "1 supplier<" in home.text
        assert "This page shows the data as of" in home.text
        assert home.headers["Cafe-As-Of"]
        typed = {**SUPPLIER, "name": "Typed while away"}
        form = employee.post("/admin/supplier-add", typed)
        assert form.status == 503 and typed_of(form.text) == typed
        own.start()
        harness.wait_until(
            lambda: not customer.get("/suppliers").headers["Cafe-As-Of"],
            "customer is fresh again")
        assert employee.post("/admin/supplier-add",
                             anyway(name=typed["name"])).status == 303
        assert typed["name"] in customer.get("/suppliers").text
    finally:
        own.stop()


def test_an_older_schema_is_not_ready(start, server):
    server.make_empty()
    server.sql("GRANT SELECT ON COFFEE.* TO customer@'%'")
    customer = start("customer", server)
    answer = customer.get("/readyz")
    assert answer.status == 503 and "employee --migrate" in answer.text
    page = customer.get("/suppliers")
    assert page.status == 503 and "employee --migrate" in page.text


def test_a_wrong_password_is_said(start, server):
    server.make_ready()
    customer = start("customer", server, APP_DB_PASSWORD="wrong",
                     APP_CATALOG_WAIT_MS=100)
    assert customer.get("/suppliers").status == 503
    customer.stop()
    assert "Access denied" in customer.process.output()
    assert "wrong" not in customer.process.output()


def test_employees_see_the_last_state(start, own):
    """Whatever page shows only what the catalog has is shown, and marked."""
    employee = start("employee", own, APP_CATALOG_WAIT_MS=500)
    add(employee)
    pages = {"/admin/suppliers": 200, "/admin/suppliers?q=finca": 200,
             "/admin/suppliers?saved=1": 200,
             "/admin/supplier-update/1": 200,
             "/admin/supplier-remove/1": 200}
    for path, status in pages.items():
        fresh = employee.get(path)
        assert fresh.status == status and not fresh.headers["Cafe-As-Of"]
        assert "This page shows the data as of" not in fresh.text
    assert employee.get("/admin/supplier-update/2").status == 404
    own.kill()
    for path, status in pages.items():
        stale = employee.get(path)
        assert stale.status == status and stale.headers["Cafe-As-Of"]
        assert "This page shows the data as of" in stale.text
        assert SUPPLIER["name"] in stale.text
        # a browser keeps a form, for what was typed into it
        assert stale.headers["Cache-Control"] == (
            "private, no-cache" if path.startswith("/admin/supplier-update/")
            else "no-store")
    # Somebody may have added it meanwhile: it is not said to be gone.
    for path in "/admin/supplier-update/2", "/admin/supplier-remove/2":
        assert employee.get(path).status == 503
    assert employee.get("/admin/supplier-update/x").status == 404
    assert employee.get("/admin/supplier-add").status == 200
    assert employee.get("/admin").status == 200


def until_fresh(daemon, path):
    def fresh():
        page = daemon.get(path)
        return page.status == 200 and not page.headers["Cafe-As-Of"]
    harness.wait_until(fresh, f"{path} is fresh")


@pytest.mark.parametrize("tls", ("off", "require", "verify"))
def test_a_server_that_hangs_never_holds_the_loop(start, folder, tls):
    """However the connections are made. A loop that waited would do so for a
    minute."""
    cert, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes",
         "-keyout", key, "-out", cert, "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost"],
        check=True, capture_output=True)
    own = harness.Database(folder, f"--ssl-cert={cert}", f"--ssl-key={key}")
    own.start()
    try:
        own.make_ready()
        daemons = [start(name, own, APP_DB_SOCKET="", APP_DB_HOST="localhost",
                         APP_DB_PORT=own.port, APP_DB_TLS=tls,
                         APP_DB_TLS_CA=cert if tls == "verify" else "",
                         APP_DB_READ_TIMEOUT_S=60, APP_CATALOG_WAIT_MS=500)
                   for name in ("customer", "employee")]
        paths = ("/suppliers", "/admin/suppliers")
        for daemon, path in zip(daemons, paths):
            until_fresh(daemon, path)
        own.process.send(signal.SIGSTOP)
        for daemon, path in zip(daemons, paths):
            page = daemon.get(path)
            assert page.status == 200 and page.headers["Cafe-As-Of"]
            assert daemon.get("/healthz").status == 200
        own.process.send(signal.SIGCONT)
        for daemon, path in zip(daemons, paths):
            until_fresh(daemon, path)
    finally:
        own.process.send(signal.SIGCONT)
        own.stop()
