"""Another machine, as far as this one's network can tell."""
import ctypes
import os
import socket
import subprocess
import threading

NEW_NETWORK = 0x40000000  # CLONE_NEWNET
HERE, THERE = 253, 254


class Machine:
    """
    A network of its own, at the end of a cable to this machine. Of each of
    the networks that it is given, such as 192.0.2, it takes the last few
    addresses only: this machine may be in such a network, too.
    """

    def __init__(self, *networks):
        self.name = f"cafe-{os.getpid()}"
        cable = f"cafe{os.getpid()}"  # 15 characters at most
        inside = ("-n", self.name)
        self.ip("netns", "add", self.name)
        self.ip("link", "add", cable, "type", "veth", "peer", "name", "cable",
                "netns", self.name)
        for network in networks:
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
