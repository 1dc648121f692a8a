"""The aws command as tests call it: at once, where it is a Python program."""
import pathlib
import shutil
import subprocess

import harness

SERVER = pathlib.Path(__file__).parent / "aws_server.py"


def find(name):
    """Not pyenv's stand-in for a command: that takes a third of each call."""
    if shutil.which("pyenv"):
        done = subprocess.run(["pyenv", "which", name], text=True,
                              capture_output=True, check=False)
        if done.returncode == 0:
            return done.stdout.strip()
    return shutil.which(name)


def python_of(program, module):
    """The interpreter of a Python program that has a module; None if none."""
    if program is None:
        return None
    with open(program, "rb") as file:
        line = file.readline().decode(errors="replace")
    interpreter = line[2:].strip()
    if not line.startswith("#!") or "python" not in line:
        return None
    done = subprocess.run([interpreter, "-c", f"import {module}"],
                          capture_output=True, check=False)
    return interpreter if done.returncode == 0 else None


class Command:
    """
    The aws command at a path: words begin a call of it. Where it is a Python
    program, a server has read it and forks for each call, which takes a fifth
    of the time.
    """

    def __init__(self, program, folder, name="aws"):
        self.words = [program]
        self.server = None
        interpreter = python_of(program, "awscli.clidriver")
        if interpreter is None:
            return
        path = pathlib.Path(folder) / f"{name}.socket"
        self.server = harness.Process(
            name, [interpreter, SERVER, "serve", path], folder)
        harness.wait_until(lambda: path.exists() or not self.server.running(),
                           "the aws command is read", 120)
        assert self.server.running(), self.server.output()
        self.words = ["/usr/bin/python3", "-I", "-S", str(SERVER), "call",
                      str(path)]

    def stop(self):
        if self.server:
            self.server.stop()
