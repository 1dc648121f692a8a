"""
What the operators' guides take for granted: a Debian server on which the
packages' daemons run below systemd. Of systemd there is what the units use:
sockets that stay open, a password that is copied at each start, and systemctl.
"""
import os
import re
import socket
import subprocess
import textwrap
import threading

import harness
from test_systemd import listener, with_sockets

DAEMONS = "customer", "employee"
SYSTEMCTL = """#!/bin/sh
echo "$*" >{folder}/asked
read -r answer <{folder}/answered
[ "$answer" = done ] || {{ echo "$answer" >&2; exit 1; }}
"""


def blocks(guide, heading):
    """The indented commands below a heading of docs/operators, up to the next
    heading that is not below it."""
    text = (harness.ROOT / "docs/operators" / guide).read_text()
    found = re.search(rf"(?m)^(##+) {heading}\n", text)
    part = re.split(rf"(?m)^#{{2,{len(found[1])}}} ", text[found.end():])[0]
    return [textwrap.dedent(block) for block in
            re.findall(r"(?m)(?:^    .*\n|^\n(?=    ))+", part)]


class Server:
    """The packages' files in a folder, and the daemons' sockets."""

    def __init__(self, folder, database, start):
        self.folder, self.database, self.start = folder, database, start
        self.etc = folder / "etc"
        self.daemons, self.said = {}, []
        self.between = None
        self.sockets = {name: listener() for name in DAEMONS}
        self.make_files()
        self.manager = threading.Thread(target=self.manage, daemon=True)
        self.manager.start()

    def make_files(self):
        programs = self.folder / "bin"
        programs.mkdir()
        self.etc.mkdir()
        for name in DAEMONS:
            (programs / f"cafe-{name}").symlink_to(harness.BIN / name)
            (self.etc / f"{name}.yaml").write_text(
                f"db: {{socket: '{self.database.socket}', user: {name}}}\n")
        (programs / "systemctl").write_text(
            SYSTEMCTL.format(folder=self.folder))
        (programs / "systemctl").chmod(0o755)
        os.mkfifo(self.folder / "asked")
        os.mkfifo(self.folder / "answered")
        (self.folder / ".my.cnf").write_text(
            f"[client]\nsocket={self.database.socket}\n"
            f"user={self.database.admin}\n")

    def run(self, commands, between=None):
        """By bash, as they are printed, with the folders of here. What is
        called between two commands may change what they find."""
        self.between = between
        if between:
            commands = f"trap 'systemctl between' DEBUG\n{commands}"
        common = self.folder / "usr/share/doc/cafe-common"
        for there, here in (("/etc/cafe", self.etc),
                            ("/usr/share/doc/cafe-common",
                             harness.ROOT / "deploy/local")):
            commands = commands.replace(there, str(here))
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", commands], text=True,
            capture_output=True, check=False, cwd=self.folder,
            timeout=harness.WAIT_S * 2,
            env={"PATH": f"{self.folder}/bin:{os.environ['PATH']}",
                 "HOME": str(self.folder), **harness.sanitizer_options()})
        assert done.returncode == 0, done.stdout + done.stderr
        return done

    def manage(self):
        """Do what systemctl is asked, until it is asked to end."""
        while (asked := (self.folder / "asked").read_text().strip()) != "end":
            answer = "done"
            try:
                self.obey(asked)
            except Exception as error:  # pylint: disable=broad-except
                answer = f"{asked}: {error}"
            if asked != "between":
                self.said.append(asked)
            (self.folder / "answered").write_text(answer + "\n")

    def obey(self, asked):
        if asked == "between":
            self.between()
            return
        verb, *units = asked.split()
        names = dict.fromkeys(re.fullmatch(
            r"cafe-(\w+)(?:\.service|\.socket)?", unit)[1] for unit in units)
        assert verb in ("start", "stop", "restart") and names
        for name in names:
            if verb != "start":
                self.stop(name)
            if verb != "stop":
                self.begin(name)

    def begin(self, name):
        """As the unit says: LoadCredential= copies the password."""
        secret = self.folder / f"{name}.credential"
        secret.write_bytes((self.etc / f"{name}.password").read_bytes())
        sock = self.sockets[name].fileno()
        self.daemons[name] = self.start(
            name, self.database, prefix=with_sockets(sock), pass_fds=(sock,),
            argv=("--config", self.etc / f"{name}.yaml"), LISTEN_FDS=1,
            APP_DB_USER="", APP_DB_SOCKET="", APP_DB_PASSWORD="",
            APP_DB_PASSWORD_FILE=secret)

    def stop(self, name):
        assert self.daemons.pop(name).stop() == 0

    def client(self, name):
        return harness.Client(self.sockets[name].getsockname()[1])

    def close(self):
        (self.folder / "asked").write_text("end\n")
        self.manager.join(harness.WAIT_S)
        for sock in self.sockets.values():
            sock.close()


class Readers:
    """
    Ask for pages over and over, each on a connection of its own. What they got
    that is not 200 is in `failed`.
    """

    def __init__(self, *pages):
        self.count = {path: 0 for _, path in pages}
        self.failed = []
        self.ended = threading.Event()
        self.threads = [threading.Thread(target=self.read, args=page)
                        for page in pages]

    def read(self, client, path):
        while not self.ended.is_set():
            try:
                status = client.get(path).status
            except OSError as error:
                status = repr(error)
            self.count[path] += 1
            if status != 200:
                self.failed.append((path, status))

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def more(self):
        """Wait until each page has been asked for from here on."""
        before = dict(self.count)
        harness.wait_until(
            lambda: all(self.count[path] > number + 1
                        for path, number in before.items()),
            "pages are read")

    def __exit__(self, *_):
        self.ended.set()
        for thread in self.threads:
            thread.join(harness.WAIT_S)
