"""Stand-ins for Docker and HAProxy: cafe-deploy itself, in the middle of what
it does, without a container."""
import contextlib
import os
import re
import socket
import subprocess
import threading

import harness

# Containers are files in a folder. A subcommand named in the file "slow" waits
# until that file is gone, and notes when it has ended.
DOCKER = r"""#!/bin/bash
cd "$STAND_IN" || exit
command=$1
shift
for last; do :; done
if [ "$last" = --print-config ]; then # what the image says
    while [ $# -gt 0 ]; do
        [ "$1" != --env ] || export "${2?}"
        shift
    done
    exec "@BIN@/customer" --print-config
fi
echo "$command $*" >>calls
if [ -e slow ] && [ "$(cat slow)" = "$command" ]; then
    touch begun
    while [ -e slow ]; do read -r -t 0.02 <> <(:); done
    touch ended
fi
case "$command" in
version) echo 20.10 ;;
network) [ "$1" != inspect ] || echo "$STAND_IN/state" ;;
image) echo "127.0.0.1:5000/customer@sha256:$(printf '%064d' 7)" ;;
container)
    for name; do :; done
    [ -e "containers/$name" ] && echo running 0 && exit
    echo "Error: No such container: $name" >&2
    exit 1
    ;;
run)
    while [ $# -gt 0 ]; do
        [ "$1" != --name ] || touch "containers/$2"
        shift
    done
    ;;
ps)
    for word; do :; done
    case "$word" in
    label=cafe.service=*) ls containers | grep "^${word##*=}-" ;;
    *) ls containers ;;
    esac
    ;;
rm)
    for name; do rm -f "containers/$name"; done
    ;;
esac
exit 0
"""
# It has begun when "hook" is there, and goes on without "held".
HOOK = """#!/bin/bash
cd "$STAND_IN" || exit
touch held hook
while [ -e held ]; do read -r -t 0.02 <> <(:); done
touch hook.over
"""
STAT = ("pxname", "svname", "scur", "status", "weight", "check_status",
        "hrsp_2xx", "hrsp_3xx", "hrsp_4xx", "hrsp_5xx", "econ", "eresp")
RULES = {"80:default": "customer-tg-two", "80:admin": "employee-tg-two",
         "8080:default": "customer-tg-two", "8080:admin": "employee-tg-two"}


def read_until(process, text):
    for line in process.stdout:
        if text in line:
            return
    raise AssertionError(f"{text!r} never came")


class Balancer:
    """HAProxy's admin socket, as far as it is asked."""

    def __init__(self, path):
        self.servers = {}  # "group/name": weight
        self.answers = {}  # "group/name": good ones, errors
        self.rules = dict(RULES)
        self.healthy = True
        self.looks = 0
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(str(path))
        self.socket.listen()
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:  # closed
                return
            # Who asks may be killed meanwhile.
            with connection, contextlib.suppress(ConnectionError):
                asked = connection.makefile().readline().strip()
                connection.sendall("\n".join(
                    self.answer(part.strip())
                    for part in asked.split(";")).encode() + b"\n")

    def answer(self, asked):
        words = asked.split()
        if asked == "show stat":
            self.looks += 1
            return "\n".join(["# " + ",".join(STAT)] + [
                self.stat(name) for name in self.servers])
        if asked == "show servers state":
            return "\n".join(["1", "# of ours"] + [
                "1 {} 1 {} 10.0.0.1 2 0 {}".format(*name.split("/"), weight)
                for name, weight in self.servers.items()])
        if words[:2] == ["show", "map"]:
            return "\n".join(f"0x1 {key} {group}"
                             for key, group in self.rules.items())
        if words[:2] == ["set", "map"]:
            self.rules[words[3]] = words[4]
        if words[:2] == ["add", "server"]:
            self.servers[words[2]] = int(words[-1])
        if words[:2] == ["set", "server"] and words[3] == "weight":
            self.servers[words[2]] = int(words[4])
        if words[:2] == ["del", "server"]:
            self.servers.pop(words[2], None)
        return ""

    def stat(self, name):
        good, errors = self.answers.get(name, (0, 0))
        up = self.healthy or self.servers[name] > 0
        return ",".join(name.split("/") + [
            "0", "UP" if up else "no check", str(self.servers[name]),
            "L7OK" if up else "INI", str(good), "0", "0", str(errors), "0",
            "0"])

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join()


class Stage:
    """A rehearsal of customer with one task, on stand-ins."""

    def __init__(self, folder):
        self.folder = folder
        self.state = folder / "state"
        self.hooks = folder / "hooks"
        self.files = folder / "files"
        for name in ("state/locks", "state/services", "state/taskdefs",
                     "state/secrets", "state/balancer", "state/pipelines",
                     "hooks", "programs", "containers"):
            (folder / name).mkdir(parents=True)
        subprocess.run(["cp", "-r", harness.ROOT / "deploy/deployment",
                        self.files], check=True)
        (folder / "programs/docker").write_text(
            DOCKER.replace("@BIN@", str(harness.BIN)))
        (folder / "programs/docker").chmod(0o755)
        (self.state / "settings").write_text("8080\n8081\n5000\n60\n60\n")
        (self.state / "secrets/customer.password").write_text("x")
        (self.state / "balancer/rules.map").write_text("".join(
            f"{key} {group}\n" for key, group in RULES.items()))
        (self.state / "balancer/office.acl").write_text("0.0.0.0/0\n")
        self.balancer = Balancer(self.state / "balancer/admin.sock")
        self.env = {**os.environ, **harness.sanitizer_options(),
                    "STAND_IN": str(folder),
                    "PATH": f"{folder}/programs:{os.environ['PATH']}"}
        for words in (["register"], ["service", "create"]):
            self.do(*words, "customer")

    def words(self, *words):
        return list(map(str, (
            harness.BIN / "cafe-deploy", "--state", self.state, "--root",
            harness.ROOT, "--files", self.files, "--hooks", self.hooks,
            *words)))

    def run(self, *words):
        return subprocess.run(self.words(*words), text=True, env=self.env,
                              capture_output=True, check=False,
                              timeout=harness.WAIT_S)

    def do(self, *words):
        done = self.run(*words)
        assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        return done.stdout

    def start(self, *words, **options):
        return subprocess.Popen(
            self.words(*words), **{
                "text": True, "env": self.env, "stdout": subprocess.PIPE,
                "stderr": subprocess.PIPE, "start_new_session": True,
                **options})

    def add_sources(self):
        """Of a pipeline: a commit of the files, and an image."""
        link = self.state / ("registry/docker/registry/v2/repositories/"
                             "customer/_manifests/tags/latest/current/link")
        link.parent.mkdir(parents=True)
        link.write_text(f"sha256:{7:064}")
        for words in (["init", "--quiet", "-b", "dev"], ["add", "."],
                      ["-c", "user.name=x", "-c", "user.email=x@x.example",
                       "commit", "--quiet", "-m", "Files"],
                      ["clone", "--quiet", "--bare", ".",
                       self.state / "repositories/deployment.git"]):
            subprocess.run(["git", *words], cwd=self.files, check=True)
        reference = "repositories/deployment.git/refs/heads/dev"
        commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=self.files,
                                check=True, text=True, capture_output=True)
        (self.state / reference).parent.mkdir(parents=True, exist_ok=True)
        (self.state / reference).write_text(commit.stdout)

    def slow_down(self, command):
        (self.folder / "slow").write_text(command)

    def speed_up(self):
        (self.folder / "slow").unlink()

    def add_hook(self, event, text):
        hook = self.hooks / "hook"
        hook.write_text(text)
        hook.chmod(0o755)
        appspec = self.files / "appspec-customer.yaml"
        appspec.write_text(appspec.read_text() + f"Hooks:\n  - {event}: hook\n")

    def snapshot(self):
        """Everything but how often something was tried, and its messages."""
        service = (self.state / "services/customer").read_text()
        return (re.sub(r"^(next_task|deployments) .*\n", "", service,
                       flags=re.MULTILINE),
                (self.state / "balancer/rules.map").read_text(),
                self.balancer.rules, self.balancer.servers,
                sorted(path.name for path in
                       (self.folder / "containers").iterdir()))

    def close(self):
        self.balancer.close()
