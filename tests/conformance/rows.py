"""Short hands for the rows of the table, and the bytes that recur in them."""

HOST = b"Host: cafe\r\n"
END = b"\r\n"
GET = b"GET {p}/ HTTP/1.1\r\n"
HEALTH = b"GET /healthz HTTP/1.1\r\nHost: cafe\r\n\r\n"
FORM = (b"POST {p}/supplier-add HTTP/1.1\r\nHost: cafe\r\n"
        b"Sec-Fetch-Site: same-origin\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\n")
COOKIE = b"Cookie: a=b\r\n"
SAME = b"Sec-Fetch-Site: same-origin\r\n"
EMPLOYEE = ("employee",)
CUSTOMER = ("customer",)

READ = "GET, HEAD, OPTIONS"
BOTH = "GET, HEAD, POST, OPTIONS"
ALL = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"

LINE = "request line"
METHOD = "methods"
TARGET = "target"
VERSION = "version"
FIELD = "fields"
LIMIT = "limits"
HOSTS = "host"
LENGTH = "content-length"
CODING = "transfer-encoding"
CHUNK = "chunks"
BODY = "body"
EXPECT = "expect"
ALIVE = "keep-alive"
PIPE = "pipelining"
ANSWER = "answers"


def row(rule, name, raw, status, state=None, **more):
    """A row; one status of a refused head closes, any other keeps open."""
    statuses = status if isinstance(status, tuple) else (status,)
    if state is None:
        last = statuses[-1] if statuses else 400
        state = ("closed" if last in (400, 414, 431, 501, 505)
                 else "open")
    return {"rule": rule, "name": name, "raw": raw, "statuses": statuses,
            "state": state, **more}


def get(target=b"{p}/", fields=b"", version=b"HTTP/1.1", host=HOST,
        method=b"GET"):
    """A request without a body."""
    return (method + b" " + target + b" " + version + b"\r\n" + host +
            fields + END)


def chunked(raw, head=FORM):
    """A post with a chunked body, as it goes over the wire."""
    return head + b"Transfer-Encoding: chunked\r\n\r\n" + raw


def form(body, length=None):
    """A post of the employees' form; an incomplete form comes back, 422."""
    length = len(body) if length is None else length
    return FORM + b"Content-Length: %d\r\n\r\n" % length + body
