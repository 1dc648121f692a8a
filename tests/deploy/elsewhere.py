"""Another machine, as far as this one's network can tell."""
import ctypes
import http.client
import os
import socket
import subprocess
import threading

import harness
from test_https import Secure

NEW_NETWORK = 0x40000000  # CLONE_NEWNET
HERE = range(253, 1, -4)  # the first address of a network of two; theirs is next
OFFICE, OUTSIDE = "192.0.2", "198.51.100"  # the guides' office, and no office


class Machine:
    """
    A network of its own, at the end of a cable to this machine. It is in the
    office and outside. It takes two addresses of both only, and those that
    this machine does not have: it may be in such a network, too, or have a
    cable to another test's machine.
    """

    def __init__(self):
        self.name = f"cafe-{os.getpid()}"
        cable = f"cafe{os.getpid()}"  # 15 characters at most
        inside = ("-n", self.name)
        self.ip("netns", "add", self.name)
        self.ip("link", "add", cable, "type", "veth", "peer", "name", "cable",
                "netns", self.name)
        with harness.locked(harness.PORTS_FILE.with_name("cafe-test-cables")):
            known = self.ip("-4", "-oneline", "address", "show")
            self.here = next(last for last in HERE if not any(
                f" {network}.{last}/" in known
                for network in (OFFICE, OUTSIDE)))
            for network in (OFFICE, OUTSIDE):
                self.ip("address", "add", f"{network}.{self.here}/30", "dev",
                        cable)
        for network in (OFFICE, OUTSIDE):
            self.ip(*inside, "address", "add", f"{network}.{self.here + 1}/30",
                    "dev", "cable")
        self.ip("link", "set", cable, "up")
        self.ip(*inside, "link", "set", "cable", "up")

    @staticmethod
    def ip(*words):
        return subprocess.run(["ip", *words], check=True, text=True,
                              capture_output=True).stdout

    def connect(self, network, port, timeout):
        """A connection from there to here; only the thread moves there."""
        made = []

        def run():
            libc = ctypes.CDLL(None, use_errno=True)
            with open(f"/run/netns/{self.name}", "rb") as namespace:
                if libc.setns(namespace.fileno(), NEW_NETWORK) != 0:
                    raise OSError(ctypes.get_errno(), "setns")
            try:
                made.append(socket.create_connection(
                    (f"{network}.{self.here}", port), timeout,
                    (f"{network}.{self.here + 1}", 0)))
            except OSError as error:
                made.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
        if isinstance(made[0], OSError):
            raise made[0]
        return made[0]

    def remove(self):
        """The cable goes with it."""
        self.ip("netns", "delete", self.name)


class Visitor(Secure):
    """A browser there, or on this machine if no network is named."""

    def __init__(self, port, chain, machine=None, network=None):
        super().__init__(port, chain)
        self.machine, self.network = machine, network
        self.fault = None

    def connect(self, address, timeout, source):
        if not self.network:
            return socket.create_connection(("127.0.0.1", self.port), timeout)
        return self.machine.connect(self.network, self.port, timeout)

    def answers(self, path):
        """Whether there is a page; if not, self.fault says why. One that does
        not come must not take all the time in which it may be asked for."""
        self.seconds = harness.WAIT_S / 6
        try:
            self.fault = self.get(path).status
        except (OSError, http.client.HTTPException) as error:
            self.fault = repr(error)
        finally:
            del self.seconds
        return self.fault == 200
