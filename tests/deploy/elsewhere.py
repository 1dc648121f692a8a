"""Another machine, as far as this one's network can tell."""
import ctypes
import http.client
import os
import socket
import subprocess
import threading

from test_https import Secure

NEW_NETWORK = 0x40000000  # CLONE_NEWNET
HERE, THERE = 253, 254
OFFICE, OUTSIDE = "192.0.2", "198.51.100"  # the guides' office, and no office


class Machine:
    """
    A network of its own, at the end of a cable to this machine. It is in the
    office and outside. It takes the last few addresses of both only: this
    machine may be in such a network, too.
    """

    def __init__(self):
        self.name = f"cafe-{os.getpid()}"
        cable = f"cafe{os.getpid()}"  # 15 characters at most
        inside = ("-n", self.name)
        self.ip("netns", "add", self.name)
        self.ip("link", "add", cable, "type", "veth", "peer", "name", "cable",
                "netns", self.name)
        for network in (OFFICE, OUTSIDE):
            self.ip("address", "add", f"{network}.{HERE}/30", "dev", cable)
            self.ip(*inside, "address", "add", f"{network}.{THERE}/30", "dev",
                    "cable")
        self.ip("link", "set", cable, "up")
        self.ip(*inside, "link", "set", "cable", "up")

    @staticmethod
    def ip(*words):
        subprocess.run(["ip", *words], check=True, capture_output=True)

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
                    (f"{network}.{HERE}", port), timeout,
                    (f"{network}.{THERE}", 0)))
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

    def connect(self, address, timeout, source):
        if not self.network:
            return socket.create_connection(("127.0.0.1", self.port), timeout)
        return self.machine.connect(self.network, self.port, timeout)

    def answers(self, path):
        try:
            return self.get(path).status == 200
        except (OSError, http.client.HTTPException):
            return False
