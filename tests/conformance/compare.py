#!/usr/bin/python3
"""The table against nginx, side by side with the contract and the daemons.

    tests/conformance/compare.py     nginx alone, printed
"""
import getpass
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import client  # noqa: E402
import drive  # noqa: E402
import harness  # noqa: E402
import table  # noqa: E402

NGINX = pathlib.Path("/usr/sbin/nginx")
REPORT = harness.ARTIFACTS / "conformance.txt"
PATIENCE_S = 1
PAGES = ("/", "/admin", "/admin/", "/suppliers", "/suppliers/",
         "/admin/suppliers", "/admin/suppliers/", "/healthz",
         "/admin/supplier-add", "/admin/supplier-update")

CONFIG = """
{user}
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/nginx-error.log;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    default_type text/plain;
    client_body_temp_path {folder}/nginx-body;
    proxy_temp_path {folder}/nginx-proxy;
    fastcgi_temp_path {folder}/nginx-fastcgi;
    uwsgi_temp_path {folder}/nginx-uwsgi;
    scgi_temp_path {folder}/nginx-scgi;
    server {{
        listen 127.0.0.1:{port};
        add_header X-Request-Id $http_x_request_id always;
        location / {{ return 404; }}
{locations}
    }}
}}
"""


def start_nginx(folder):
    """nginx that has the pages of both daemons; its process and port."""
    folder = pathlib.Path(folder)
    port = harness.free_port()
    user = f"user {getpass.getuser()};" if os.getuid() == 0 else ""
    config = folder / "nginx.conf"
    config.write_text(CONFIG.format(
        folder=folder, port=port, user=user,
        locations="\n".join(f'        location = {path} {{ return 200 "ok"; }}'
                            for path in PAGES)))
    process = harness.Process("nginx", [
        NGINX, "-p", folder, "-e", folder / "nginx-error.log", "-c", config],
        folder)
    server = harness.Client(port)

    def serves():
        if not process.running():
            raise AssertionError(process.output())
        try:
            return server.get("/healthz").status == 200
        except OSError:
            return False
    harness.wait_until(serves, "nginx serves")
    return process, port


def run_nginx(folder):
    """Outcomes of nginx by case, the bytes for the first daemon of each."""
    process, port = start_nginx(folder)
    try:
        return drive.run_whole(port, [
            ((case.rule, case.name), case, case.for_daemon(case.daemons[0]))
            for case in table.CASES], PATIENCE_S)
    finally:
        process.stop()


def shorten(statuses):
    """A row of equal statuses as one of them and how many."""
    if len(statuses) > 4 and len(set(statuses)) == 1:
        return f"{len(statuses)} × {statuses[0]}"
    return " ".join(map(str, statuses)) or "-"


def describe(outcome):
    if outcome is None:
        return ""
    return f"{shorten(outcome.statuses)} {outcome.error or outcome.state}"


def lax(case, outcome):
    """Does it take what the contract refuses? Each request counts."""
    refused = [status in table.REFUSALS for status in case.statuses]
    got = [status < 400 or status == 404 for status in outcome.statuses]
    return any(r and g for r, g in zip(refused, got))


def report(nginx, daemons):
    """The text of the report.

    nginx    Outcomes by (rule, name).
    daemons  For "customer" and "employee" the same; may be empty.
    """
    lines = [f"{'case':52} {'contract':18} {'customer':18} {'employee':18} "
             f"nginx", ""]
    rule = None
    taken = waits = 0
    for case in table.CASES:
        key = (case.rule, case.name)
        if case.rule != rule:
            rule = case.rule
            lines.append(f"-- {rule}")
        columns = [f"{shorten(case.statuses)} {case.state}"] + [
            describe(outcomes.get(key))[:18]
            for outcomes in (daemons.get("customer", {}),
                             daemons.get("employee", {}))]
        laxer = lax(case, nginx[key])
        taken += laxer
        waits += nginx[key].error == client.LATE
        lines.append(f"{case.name[:52]:52} " +
                     " ".join(f"{c:18}" for c in columns) +
                     f" {describe(nginx[key])[:48]}"
                     f"{'   <- takes it' if laxer else ''}")
    refused = sum(not case.accepted for case in table.CASES)
    lines += ["", f"{len(table.CASES)} cases. Of {refused} with something "
              f"that the contract refuses, nginx takes {taken}. To {waits} "
              f"it had not said all within {PATIENCE_S} s."]
    return "\n".join(lines) + "\n"


def write(text):
    harness.ARTIFACTS.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(text)


def main():
    folder = harness.make_folder()
    try:
        text = report(run_nginx(folder), {})
    finally:
        harness.remove_folder(folder)
    print(text, end="")


if __name__ == "__main__":
    main()
