"""A minimal Debian in a folder, for tests that install something there."""
import pathlib
import platform
import shutil
import subprocess

import harness

RELEASES = ("bookworm", "trixie")
HERE = platform.freedesktop_os_release().get("VERSION_CODENAME")
OTHER = [name for name in RELEASES if name != HERE]
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


class Root:
    """
    A minimal Debian in a folder. Its mounts are in a mount namespace of each
    command's own, so they are gone with it and never in the way of removal.
    It has the ports of this machine, hence the file that counts them.
    """

    def __init__(self, folder, release):
        self.path = pathlib.Path(folder) / "root"
        done = subprocess.run(
            [harness.ROOT / "tests/images/root.sh", release, self.path],
            text=True, capture_output=True, check=False)
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr
        # what is thrown away need not survive a power cut
        (self.path / "etc/dpkg/dpkg.cfg.d/unsafe-io").write_text(
            "force-unsafe-io\n")
        # as the installer of Debian does
        (self.path / "etc/hosts").write_text("127.0.0.1 localhost\n")

    def copy_project(self):
        """The files that git knows, as a clone has them, and shared/."""
        target = self.path / "src/cafe"
        target.mkdir(parents=True)
        names = subprocess.run(["git", "ls-files"], cwd=harness.ROOT,
                               text=True, capture_output=True,
                               check=True).stdout.splitlines()
        for name in names:
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(harness.ROOT / name, target / name)
        shared = harness.ROOT.parent / "shared"
        if shared.is_dir():
            shutil.copytree(shared, self.path / "src/shared")
        for words in (["init", "--quiet"], ["add", "."],
                      ["-c", "user.name=x", "-c", "user.email=x@x.example",
                       "commit", "--quiet", "--message", "As it is"]):
            subprocess.run(["git", *words], cwd=target, check=True)
        return target

    def run(self, command, folder="/src/cafe"):
        """A shell command in a folder, the project's; its whole output."""
        return subprocess.run(
            self.argv("sh", "-c", f"cd {folder} && {command}"),
            text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL, check=False, timeout=1800,
            env={"PATH": PATH, "HOME": "/root", "LANG": "C.UTF-8", "CI": "1"})

    def argv(self, *words):
        """What becomes a program in this root, or chroot's options and it."""
        name = harness.PORTS_FILE.name
        script = ('mount -t proc proc "$0/proc" && '
                  'mount -t tmpfs tmpfs "$0/dev/shm" && '
                  f'touch {harness.PORTS_FILE} "$0/tmp/{name}" && '
                  f'mount --bind {harness.PORTS_FILE} "$0/tmp/{name}" && '
                  'root=$0 && case $1 in --*) set -- "$1" "$root" "${@:2}" ;; '
                  '*) set -- "$root" "$@" ;; esac && exec chroot "$@"')
        return ["unshare", "--mount", "bash", "-c", script, self.path, *words]
