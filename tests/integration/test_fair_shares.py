"""What one client asks for does not keep the event loop from others."""
import signal
import socket

import harness


def answered(daemon):
    """The paths of its requests in the order in which they were answered."""
    return [line["path"] for line in daemon.lines() if line["msg"] == "request"]


def test_many_requests_at_once_let_others_in(customer):
    """Hundreds on one connection: somebody else's comes after a few."""
    many, one = (socket.create_connection(("127.0.0.1", customer.port),
                                          harness.WAIT_S) for _ in range(2))
    request = b"GET /many HTTP/1.1\r\nHost:x\r\n\r\n"
    for peer in (many, one):  # both are accepted
        peer.sendall(request)
        assert peer.recv(12) == b"HTTP/1.1 404"
    customer.process.send(signal.SIGSTOP)
    many.sendall(500 * request)
    one.sendall(request.replace(b"many", b"one"))
    customer.process.send(signal.SIGCONT)
    got = b""
    while got.count(b"HTTP/1.1 404") < 500:
        got += many.recv(65536)
    paths = harness.wait_until(
        lambda: len(answered(customer)) == 503 and answered(customer),
        "all are in the log")
    assert paths[2:].index("/one") <= 32
    many.close()
    one.close()
