"""Keep-alive, pipelining, upgrades, and what all answers have in common."""
from rows import (ALIVE, ANSWER, CUSTOMER, EMPLOYEE, HEALTH, PIPE, READ, SAME,
                  form, get, row)

LIST = get(b"{p}/suppliers")
HOME = get()
MISSING = get(b"{p}/nothing")
BAD = get(fields=b"A : b\r\n")
CLOSE = get(fields=b"Connection: close\r\n")
HEAD = get(method=b"HEAD")


def connection(value, version=b"HTTP/1.1"):
    return get(fields=b"Connection:" + value + b"\r\n", version=version)


def marked(number):
    return get(b"/healthz", b"X-Request-Id: pipelined-%d\r\n" % number)


KEPT = [
    *[row(ALIVE, f"connection{value.decode()}", connection(value), 200)
      for value in (b"", b" keep-alive", b" Keep-Alive", b" closed", b" clos",
                    b" x-close", b" close-x", b" close x", b" close;q=1",
                    b' "close"', b" ,", b" Upgrade", b" te, upgrade")],
    *[row(ALIVE, f"connection{value.decode()}", connection(value), 200,
          "closed")
      for value in (b" close", b"close", b" Close", b" CLOSE", b" close,",
                    b" ,close", b" keep-alive, close", b" close, keep-alive",
                    b" x,close,y", b" x\t,\tclose\t", b" ,,close,,")],
    row(ALIVE, "close in the second of two fields",
        get(fields=b"Connection: keep-alive\r\nConnection: close\r\n"), 200,
        "closed"),
    row(ALIVE, "close in the first of two fields",
        get(fields=b"Connection: close\r\nConnection: keep-alive\r\n"), 200,
        "closed"),
    row(ALIVE, "close named in another field",
        get(fields=b"Proxy-Connection: close\r\nKeep-Alive: close\r\n"), 200),
    row(ALIVE, "1.0", get(version=b"HTTP/1.0"), 200, "closed"),
    row(ALIVE, "1.0 that wants to stay",
        connection(b" keep-alive", b"HTTP/1.0"), 200, "closed"),
    row(ALIVE, "1.0 with close", connection(b" close", b"HTTP/1.0"), 200,
        "closed"),
    row(ALIVE, "404 stays", MISSING, 404),
    row(ALIVE, "404 with close",
        get(b"{p}/nothing", b"Connection: close\r\n"), 404, "closed"),
    row(ALIVE, "h2c is ignored",
        get(fields=b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
            b"HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n"), 200),
    row(ALIVE, "a web socket is ignored",
        get(fields=b"Connection: Upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            b"Sec-WebSocket-Version: 13\r\n"), 200),
]

PIPELINED = [
    row(PIPE, "two", HOME + HOME, (200, 200)),
    row(PIPE, "ten", b"".join(marked(i) for i in range(10)), (200,) * 10),
    row(PIPE, "a hundred", HEALTH * 100, (200,) * 100),
    row(PIPE, "a slow page before a quick one", LIST + HEALTH, (200, 200)),
    row(PIPE, "slow, quick, none, slow", LIST + HEALTH + MISSING + LIST,
        (200, 200, 404, 200)),
    row(PIPE, "head between two", HOME + HEAD + HOME, (200, 200, 200),
        heads=(1,)),
    row(PIPE, "heads of slow pages",
        get(b"{p}/suppliers", method=b"HEAD") * 3 + HEALTH, (200,) * 4,
        heads=(0, 1, 2)),
    row(PIPE, "an empty line between", HOME + b"\r\n" + HOME, (200, 200)),
    row(PIPE, "two empty lines between", HOME + b"\r\n\r\n" + HOME,
        (200, 400), via=(200, 200)),
    row(PIPE, "a bare LF between", HOME + b"\n" + HOME, (200, 400),
        via=(200, 200)),
    row(PIPE, "close, then more", CLOSE + HOME, 200, "closed"),
    row(PIPE, "one, close, then more", HOME + CLOSE + HOME, (200, 200),
        "closed"),
    row(PIPE, "1.0, then more", get(version=b"HTTP/1.0") + HOME, 200,
        "closed"),
    row(PIPE, "refused, then more", BAD + HOME, 400),
    row(PIPE, "one, refused, then more", HOME + BAD + HOME, (200, 400)),
    row(PIPE, "a slow one, refused, then more", LIST + BAD + HOME,
        (200, 400)),
    row(PIPE, "an unknown method, then more",
        get(method=b"BREW") + HOME, 501, via=(501, 200)),
    row(PIPE, "405, then more", get(fields=SAME, method=b"PUT") + HOME,
        (405, 200), allow=READ),
    row(PIPE, "options, then more", get(method=b"OPTIONS") + HOME, (204, 200),
        allow=READ),
    row(PIPE, "options on the server, then more",
        get(b"*", method=b"OPTIONS") + HEALTH, (204, 200), allow=READ,
        daemons=CUSTOMER),
    row(PIPE, "none, then more", MISSING + HOME, (404, 200)),
    row(PIPE, "too many fields, then more",
        get(fields=b"A: b\r\n" * 64) + HOME, 431, via=(431, 200)),
    row(PIPE, "too long a target, then more",
        get(b"/" + b"a" * 8200) + HOME, 414, via=(414, 200)),
    row(PIPE, "a form, then a page", form(b"a=1") + HOME, (422, 200),
        daemons=EMPLOYEE),
    row(PIPE, "form, list, form, home",
        form(b"a=1") + LIST + form(b"b=2") + HOME, (422, 200, 422, 200),
        daemons=EMPLOYEE),
    row(PIPE, "a page, then a form", HOME + form(b"a=1"), (200, 422),
        daemons=EMPLOYEE),
    row(PIPE, "a long head behind a long head",
        get(b"/healthz", b"A: " + b"b" * 15000 + b"\r\n") * 3, (200,) * 3),
    row(PIPE, "garbage behind a request", HOME + b"\xde\xad\xbe\xef\n",
        (200, 400)),
]

ANSWERS = [
    row(ANSWER, "a page that did not change",
        get(fields=b"If-None-Match: *\r\n"), 304, daemons=CUSTOMER),
    row(ANSWER, "304, then more",
        get(fields=b"If-None-Match: *\r\n") + HOME, (304, 200),
        daemons=CUSTOMER),
    row(ANSWER, "304 to head",
        get(fields=b"If-None-Match: *\r\n", method=b"HEAD") + HOME,
        (304, 200), daemons=CUSTOMER),
    row(ANSWER, "another tag",
        get(fields=b'If-None-Match: "none"\r\n'), 200, daemons=CUSTOMER),
    row(ANSWER, "pages for employees have no tag",
        get(fields=b"If-None-Match: *\r\n"), 200, daemons=EMPLOYEE),
    row(ANSWER, "an id of the client",
        get(fields=b"X-Request-Id: a-Z_0.9\r\n"), 200),
    row(ANSWER, "an id that is none",
        get(fields=b"X-Request-Id: a b\r\n"), 200),
    row(ANSWER, "two ids",
        get(fields=b"X-Request-Id: a\r\nX-Request-Id: b\r\n"), 200),
    row(ANSWER, "a range is ignored",
        get(fields=b"Range: bytes=0-1\r\n"), 200),
]

ROWS = KEPT + PIPELINED + ANSWERS
