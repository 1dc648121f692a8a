"""nginx in front of the load balancer, and clients at addresses of their own.

All of 127.0.0.0/8 is this machine: each client and each proxy gets an address
of it, and no test needs another network.
"""
import contextlib
import getpass
import http.client
import os
import pathlib

import harness

NGINX = pathlib.Path("/usr/sbin/nginx")

CONFIG = """
{user}
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/nginx-error.log;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {folder}/nginx-body;
    proxy_temp_path {folder}/nginx-proxy;
    fastcgi_temp_path {folder}/nginx-fastcgi;
    uwsgi_temp_path {folder}/nginx-uwsgi;
    scgi_temp_path {folder}/nginx-scgi;
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://127.0.0.1:{upstream};
            proxy_bind {address};
{fields}
        }}
    }}
}}
"""


class Nginx(harness.Client):
    """
    nginx that hands everything on.

    upstream  The port that it hands on to.
    address   Its own, as the next one sees it.
    fields    What it sets, by name, in nginx's variables; without any it does
              what nginx does by default: Host is the upstream's.
    """

    def __init__(self, folder, upstream, address="127.0.0.2", **fields):
        port = harness.free_port()
        place = pathlib.Path(folder) / f"nginx-{port}"
        place.mkdir()
        user = f"user {getpass.getuser()};" if os.getuid() == 0 else ""
        lines = "\n".join(
            f"            proxy_set_header {name} {value};"
            for name, value in harness.dashed(fields).items())
        config = place / "nginx.conf"
        config.write_text(CONFIG.format(
            folder=place, port=port, upstream=upstream, address=address,
            user=user, fields=lines))
        self.process = harness.Process("nginx", [
            NGINX, "-p", place, "-e", place / "nginx-error.log", "-c", config],
            folder)
        super().__init__(port)
        harness.wait_until(self.serves, "nginx serves")

    def serves(self):
        if not self.process.running():
            raise AssertionError(self.process.output())
        with contextlib.suppress(OSError, http.client.HTTPException):
            return self.get("/healthz").status == 200
        return False

    def stop(self):
        self.process.stop()


def visit(port, path, source="127.0.0.1", fields=()):
    """The status for a client at an address, with (name, value) fields."""
    connection = http.client.HTTPConnection(
        "127.0.0.1", port, timeout=harness.WAIT_S, source_address=(source, 0))
    with contextlib.closing(connection):
        connection.putrequest("GET", path)
        for name, value in fields:
            connection.putheader(name, value)
        connection.endheaders()
        return harness.Response(connection.getresponse()).status
