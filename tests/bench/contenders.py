"""What is measured: our daemon, the least a server can do (floor.c) and nginx
with the same bytes, an Express app.

Each function starts one program, leaves its end to an ExitStack and returns
one Contender for each page of it.
"""
import dataclasses
import getpass
import http.client
import itertools
import os
import pathlib
import re
import socket

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
    {settings}
    keepalive_requests 1000;
    client_body_temp_path {folder}/nginx-body;
    proxy_temp_path {folder}/nginx-proxy;
    fastcgi_temp_path {folder}/nginx-fastcgi;
    uwsgi_temp_path {folder}/nginx-uwsgi;
    scgi_temp_path {folder}/nginx-scgi;
    server {{
        listen 127.0.0.1:{port};
        root {folder}/pages;
        {encoding}
        location = /healthz {{
            default_type text/plain;
            return 200 "healthy\\n";
        }}
    }}
}}
"""


# Which of these is the fastest depends on the page and the kernel.
NGINX_SENDFILE = ("sendfile off;", "sendfile on;",
                  "sendfile on; tcp_nopush on;")
NGINX_CACHE = ("open_file_cache off;",
               "open_file_cache max=100 inactive=60s;"
               " open_file_cache_valid 60s; open_file_cache_min_uses 1;")
NGINX_SETTINGS = [" ".join(pair) for pair in
                  itertools.product(NGINX_SENDFILE, NGINX_CACHE)]


@dataclasses.dataclass(frozen=True)
class Contender:
    """One page of one program, and the process whose CPU time it costs."""
    name: str
    port: int
    pid: int
    path: str
    logs: str = "off"
    encoding: str = "identity"

    @property
    def page(self):
        if self.path == "/healthz":
            return "tiny"
        if "?per=" in self.path:
            return "/suppliers, same size"
        return self.path + (", brotli" if self.encoding == "br" else "")

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}{self.path}"

    def get(self):
        return harness.Client(self.port).get(self.path,
                                             Accept_Encoding=self.encoding)

    def as_long_as(self, size):
        """The list's first page with so many rows that it has about size bytes:
        there are more pages, counts and cities to name than in a short list."""
        pages = [dataclasses.replace(self, path=f"/suppliers?per={rows}")
                 for rows in range(20, 51)]
        return min(pages, key=lambda page: abs(len(page.get().body) - size))

    def check(self):
        """It answers, and not from a database of a while ago."""
        answer = self.get()
        sent = answer.headers.get("Content-Encoding", "identity")
        if answer.status != 200 or "Cafe-As-Of" in answer.headers or \
                sent != self.encoding:
            raise RuntimeError(f"{self.name} answers {answer.status} at "
                               f"{self.path}\n{answer.headers}")
        return answer

    def bytes(self):
        """An answer as it is sent, with its head."""
        with socket.create_connection(("127.0.0.1", self.port),
                                      harness.WAIT_S) as sock:
            sock.sendall(f"GET {self.path} HTTP/1.1\r\nHost: bench\r\n"
                         f"Accept-Encoding: {self.encoding}\r\n\r\n".encode())
            got, wanted = b"", None
            while wanted is None or len(got) < wanted:
                if not (chunk := sock.recv(65536)):
                    raise RuntimeError(f"{self.name} sends half an answer")
                got += chunk
                head = got.find(b"\r\n\r\n")
                if head >= 0:
                    length = re.search(rb"(?i)^content-length: (\d+)\r$",
                                       got[:head + 2], re.M)
                    wanted = head + 4 + int(length[1])
            return got


def load_suppliers(database, count):
    """A fresh database with that many suppliers."""
    database.make_ready()
    database.sql(LOAD % count)
    bytes_each = database.sql(
        "SELECT ROUND(AVG(LENGTH(CONCAT(name, address, city, state, country,"
        " email, phone, notes)))) FROM suppliers")[0][0]
    if not 270 <= int(bytes_each) <= 330:
        raise RuntimeError(f"a supplier has {bytes_each} bytes")


def launch_daemon(stack, folder, database, program=None, **settings):
    """The customer daemon, perhaps not ready yet."""
    daemon = harness.Daemon("customer", folder, database, wait=False,
                            program=program,
                            **{"APP_LOG": "json", "APP_LOG_REQUESTS": "off",
                               **settings})
    stack.callback(daemon.stop)
    return daemon


def start_ours(stack, folder, database, logs="off", program=None):
    """Its page, its tiny page and its compressed page."""
    daemon = launch_daemon(stack, folder, database, program=program,
                           APP_LOG_REQUESTS=logs)
    ready = harness.wait_until(daemon.find_ready, "customer is ready")
    return [Contender("cafe", ready["port"], daemon.process.pid, path, logs,
                      encoding)
            for path, encoding in (("/suppliers", "identity"),
                                   ("/healthz", "identity"),
                                   ("/suppliers", "br"))]


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


def start_floor(stack, folder, contender):
    """The floor under a contender: what it answers, sent by floor.c."""
    folder = pathlib.Path(folder)
    answer = folder / f"answer-{contender.port}-{contender.page[1:5]}"
    answer.write_bytes(contender.bytes())
    port = harness.free_port()
    process = harness.Process(
        "floor", [harness.BIN / "bench_floor", str(port), answer], folder)
    stack.callback(process.stop)
    floor = dataclasses.replace(contender, name="floor", port=port,
                                pid=process.pid)
    wait_for_page(floor, process)
    return floor


def start_nginx(stack, folder, contender, settings, logs="off"):
    """nginx with one worker: a contender's bytes from a file, and a tiny
    page."""
    page = contender.check().body
    port = harness.free_port()
    folder = pathlib.Path(folder) / f"nginx-{port}"
    (folder / "pages").mkdir(parents=True)
    (folder / "pages/suppliers").write_bytes(page)
    log = (f"{folder}/access.log combined buffer=64k flush=1s"
           if logs == "on" else "off")
    user = f"user {getpass.getuser()};" if os.getuid() == 0 else ""
    encoding = ("add_header Content-Encoding br;"
                if contender.encoding == "br" else "")
    config = folder / "nginx.conf"
    config.write_text(NGINX.format(folder=folder, port=port, log=log,
                                   user=user, settings=settings,
                                   encoding=encoding))
    process = harness.Process("nginx", [
        "/usr/sbin/nginx", "-p", folder, "-e", folder / "nginx-error.log",
        "-c", config], folder)
    stack.callback(process.stop)
    pages = [Contender("nginx", port, only_child(process.pid), path, logs,
                       encoding)
             for path, encoding in (("/suppliers", contender.encoding),
                                    ("/healthz", "identity"))]
    wait_for_page(pages[0], process)
    if pages[0].check().body != page:
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
