"""Clients that read an answer slowly, or not at all."""
import http.client
import socket
import threading

import harness


def never_read(port, path, source="127.0.0.1"):
    """A client at an address that asks and does not read; its socket."""
    peer = socket.socket()
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    peer.settimeout(harness.WAIT_S)
    peer.bind((source, 0))
    peer.connect(("127.0.0.1", port))
    peer.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    return peer


def drained(peer):
    """What a peer is sent until its connection ends, however that is."""
    got = b""
    try:
        while chunk := peer.recv(65536):
            got += chunk
    except ConnectionResetError:
        pass
    return got


class SteadyReader(threading.Thread):
    """
    Reads a few kilobytes after each pause until the answer ends, or stop().

    size, length  Bytes of the body that were read, and that were announced.
    """

    def __init__(self, port, path, source="127.0.0.1", bytes_each=16384,
                 pause_s=0.02):
        super().__init__()
        self.answer = http.client.HTTPResponse(never_read(port, path, source))
        self.each, self.pause_s = bytes_each, pause_s
        self.size = self.length = 0
        self.ended = threading.Event()
        self.start()

    def run(self):
        try:
            self.answer.begin()
            self.length = int(self.answer.headers["Content-Length"])
            while not self.ended.wait(self.pause_s):
                chunk = self.answer.read1(self.each)
                if not chunk:
                    break
                self.size += len(chunk)
        except (OSError, http.client.HTTPException):
            pass
        self.answer.close()

    def stop(self):
        self.ended.set()
        self.join()

