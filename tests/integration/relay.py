"""A relay in front of a database that can be made to hang or to be slow.

Run as a program, it relays from an address in a network namespace of its own:

    relay.py ADDRESS PORT SOCKET
"""
import contextlib
import socket
import sys
import threading
import time

PASS, HANG = 0, None  # seconds until an answer is handed on; None: never


class Relay:
    """
    From a TCP port to the database's unix socket.

    delay   Seconds that each answer takes; HANG: connections are accepted, and
            nothing is ever answered.
    """

    def __init__(self, target, address="127.0.0.1", port=0):
        self.target = target
        self.delay = PASS
        self.changed = threading.Condition()
        self.open = set()
        self.listener = socket.create_server((address, port))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def behave(self, delay):
        """Connections that hung are broken when it passes again."""
        with self.changed:
            hung = self.delay is HANG and delay is not HANG
            self.delay = delay
            self.changed.notify_all()
        for sock in list(self.open) if hung else ():
            shut(sock)

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                near = self.listener.accept()[0]
                near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                far = socket.socket(socket.AF_UNIX)
                try:
                    far.connect(self.target)
                except OSError:
                    near.close()
                    continue
                self.open |= {near, far}
                for args in ((near, far, False), (far, near, True)):
                    threading.Thread(target=self.copy, args=args,
                                     daemon=True).start()

    def wait(self, answers):
        """Until what has been read may be handed on."""
        with self.changed:
            until = time.monotonic() + (self.delay or 0 if answers else 0)
            while self.delay is HANG or (self.delay and
                                         time.monotonic() < until):
                self.changed.wait(None if self.delay is HANG else
                                  until - time.monotonic())

    def copy(self, source, sink, answers):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self.wait(answers)
                sink.sendall(data)
        for sock in (source, sink):
            shut(sock)
            self.open.discard(sock)

    def close(self):
        self.behave(PASS)
        shut(self.listener)
        self.listener.close()
        for sock in list(self.open):
            shut(sock)


def shut(sock):
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)


if __name__ == "__main__":
    Relay(sys.argv[3], sys.argv[1], int(sys.argv[2]))
    threading.Event().wait()
