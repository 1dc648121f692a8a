"""What is measured: our daemon, nginx with the same bytes, an Express app.

Each function starts one program, leaves its end to an ExitStack and returns
one Contender for each page of it.
"""
import dataclasses
import getpass
import http.client
import os
import pathlib

import harness

EXPRESS = harness.ROOT / "tests/bench/express"

# A row of about 300 bytes, with what has to be escaped and encoded.
LOAD = """
INSERT INTO suppliers
  (name, address, city, state, country, email, phone, notes)
SELECT CONCAT('Finca Ñandú & Sons ', LPAD(seq, 5, '0')),
       CONCAT(seq, ' Calle de los Cafetales, Bodega ', seq MOD 40),
       CONCAT('Armenia ', seq MOD 300),
       CONCAT('Quindío ', seq MOD 32),
       'Colombia',
       CONCAT('orders.', seq, '@finca-nandu.example'),
       CONCAT('+57 606 555 ', LPAD(seq MOD 10000, 4, '0')),
       CONCAT('Ask for **María**. Delivers on ',
              ELT(1 + seq MOD 5, 'Monday', 'Tuesday', 'Wednesday',
                  'Thursday', 'Friday'),
              ', in sacks of 60 kg; roasts on demand. ',
              'Closed from 20 December to 7 January. Customer number: ',
              LPAD(seq, 8, '0'), '.')
  FROM seq_1_to_%d
"""

NGINX = """
{user}
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/nginx-error.log;
events {{ worker_connections 4096; }}
http {{
    access_log {log};
    default_type "text/html; charset=utf-8";
    open_file_cache max=100 inactive=60s;
    open_file_cache_valid 60s;
    open_file_cache_min_uses 1;
    keepalive_requests 1000;
    client_body_temp_path {folder}/nginx-body;
    proxy_temp_path {folder}/nginx-proxy;
    fastcgi_temp_path {folder}/nginx-fastcgi;
    uwsgi_temp_path {folder}/nginx-uwsgi;
    scgi_temp_path {folder}/nginx-scgi;
    server {{
        listen 127.0.0.1:{port};
        root {folder}/pages;
        location = /healthz {{
            default_type text/plain;
            return 200 "healthy\\n";
        }}
    }}
}}
"""


@dataclasses.dataclass(frozen=True)
class Contender:
    """One page of one program, and the process whose CPU time it costs."""
    name: str
    port: int
    pid: int
    path: str
    logs: str = "off"

    @property
    def page(self):
        return "tiny" if self.path == "/healthz" else self.path

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}{self.path}"

    def get(self):
        return harness.Client(self.port).get(self.path,
                                             Accept_Encoding="identity")

    def check(self):
        """It answers, and not from a database of a while ago."""
        answer = self.get()
        if answer.status != 200 or "Cafe-As-Of" in answer.headers:
            raise RuntimeError(f"{self.name} answers {answer.status} at "
                               f"{self.path}\n{answer.headers}")
        return answer


def load_suppliers(database, count):
    """A fresh database with that many suppliers."""
    database.make_ready()
    database.sql(LOAD % count)
    bytes_each = database.sql(
        "SELECT ROUND(AVG(LENGTH(CONCAT(name, address, city, state, country,"
        " email, phone, notes)))) FROM suppliers")[0][0]
    if not 270 <= int(bytes_each) <= 330:
        raise RuntimeError(f"a supplier has {bytes_each} bytes")


def launch_daemon(stack, folder, database, **settings):
    """The customer daemon, perhaps not ready yet."""
    daemon = harness.Daemon("customer", folder, database, wait=False,
                            **{"APP_LOG": "json", "APP_LOG_REQUESTS": "off",
                               **settings})
    stack.callback(daemon.stop)
    return daemon


def start_ours(stack, folder, database, logs="off"):
    daemon = launch_daemon(stack, folder, database, APP_LOG_REQUESTS=logs)
    ready = harness.wait_until(daemon.find_ready, "customer is ready")
    return [Contender("cafe", ready["port"], daemon.process.pid, path, logs)
            for path in ("/suppliers", "/healthz")]


def wait_for_page(contender, process):
    def serves():
        if not process.running():
            raise RuntimeError(process.output())
        try:
            return contender.get().status == 200
        except (OSError, http.client.HTTPException):
            return False
    harness.wait_until(serves, f"{contender.name} serves")


def only_child(pid):
    children = pathlib.Path(f"/proc/{pid}/task/{pid}/children")
    return int(harness.wait_until(lambda: children.read_text().split(),
                                  "nginx has a worker")[0])


def start_nginx(stack, folder, page, logs="off"):
    """nginx with one worker that serves these bytes from a file."""
    folder = pathlib.Path(folder) / f"nginx-{logs}"
    (folder / "pages").mkdir(parents=True, exist_ok=True)
    (folder / "pages/suppliers").write_bytes(page)
    port = harness.free_port()
    log = (f"{folder}/access.log combined buffer=64k flush=1s"
           if logs == "on" else "off")
    user = f"user {getpass.getuser()};" if os.getuid() == 0 else ""
    config = folder / "nginx.conf"
    config.write_text(NGINX.format(folder=folder, port=port, log=log,
                                   user=user))
    process = harness.Process("nginx", [
        "/usr/sbin/nginx", "-p", folder, "-e", folder / "nginx-error.log",
        "-c", config], folder)
    stack.callback(process.stop)
    pages = [Contender("nginx", port, only_child(process.pid), path, logs)
             for path in ("/suppliers", "/healthz")]
    wait_for_page(pages[0], process)
    if pages[0].get().body != page:
        raise RuntimeError("nginx serves other bytes than cafe")
    return pages


def start_express(stack, folder, database):
    port = harness.free_port()
    env = database.environment("customer")
    env.update(NODE_ENV="production", APP_PORT=str(port))
    process = harness.Process("express", ["node", "app.js"], folder, env,
                              cwd=EXPRESS)
    stack.callback(process.stop)
    contender = Contender("express", port, process.pid, "/suppliers")
    wait_for_page(contender, process)
    return contender
