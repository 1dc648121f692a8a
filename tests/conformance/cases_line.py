"""Request lines: methods, spaces, versions, and how long a line may be."""
from rows import (CUSTOMER, EMPLOYEE, END, HEALTH, HOST, LIMIT, LINE,
                  METHOD, SAME, VERSION, get, row)

READ = "GET, HEAD"
BOTH = "GET, HEAD, POST"


def padded(target_bytes, method=b"GET"):
    """A request whose target has exactly that many bytes."""
    start = b"/healthz?"
    return get(start + b"a" * (target_bytes - len(start)), method=method)


METHODS = [
    row(METHOD, "get home", get(), 200),
    row(METHOD, "get list", get(b"{p}/suppliers"), 200),
    row(METHOD, "get unknown page", get(b"{p}/nothing"), 404),
    row(METHOD, "head home", get(method=b"HEAD"), 200),
    row(METHOD, "head list", get(b"{p}/suppliers", method=b"HEAD"), 200),
    row(METHOD, "head unknown page", get(b"{p}/nothing", method=b"HEAD"), 404),
    row(METHOD, "options on a page", get(method=b"OPTIONS"), 405, allow=READ),
    row(METHOD, "options on a form",
        get(b"{p}/supplier-add", method=b"OPTIONS"), 405, allow=BOTH,
        daemons=EMPLOYEE),
    row(METHOD, "options on an unknown page",
        get(b"{p}/nothing", method=b"OPTIONS"), 404),
    *[row(METHOD, f"{name.decode()} on a page", get(fields=SAME, method=name),
          405, allow=READ) for name in (b"POST", b"PUT", b"PATCH", b"DELETE")],
    row(METHOD, "put on a form",
        get(b"{p}/supplier-add", SAME, method=b"PUT"), 405, allow=BOTH,
        daemons=EMPLOYEE),
    row(METHOD, "get where only post is",
        get(b"{p}/supplier-update"), 405, allow="POST", daemons=EMPLOYEE),
    row(METHOD, "head where only post is",
        get(b"{p}/supplier-update", method=b"HEAD"), 405, allow="POST",
        daemons=EMPLOYEE),
    row(METHOD, "post on an unknown page",
        get(b"{p}/nothing", SAME, method=b"POST"), 404),
    row(METHOD, "post from nowhere", get(method=b"POST"), 403,
        daemons=EMPLOYEE, note="a check refuses before 405"),
    row(METHOD, "post to customers from nowhere", get(method=b"POST"), 405,
        allow=READ, daemons=CUSTOMER),
    row(METHOD, "post from another site",
        get(fields=b"Sec-Fetch-Site: cross-site\r\n", method=b"POST"), 403,
        daemons=EMPLOYEE),
    *[row(METHOD, f"unknown method {name.decode()}", get(method=name), 501)
      for name in (b"BREW", b"TRACE", b"CONNECT", b"PROPFIND", b"get", b"Get",
                   b"GETX", b"GE", b"PRI", b"X" * 64,
                   b"!#$%&'*+-.^_`|~09Az")],
    row(METHOD, "connect to a host", get(b"cafe:80", method=b"CONNECT"), 501),
    row(METHOD, "unknown method with a bad target",
        get(b"*", method=b"BREW"), 501),
    *[row(METHOD, f"method is no token: {name!r}", get(method=name), 400)
      for name in (b"", b"G(T", b"G:T", b"G/T", b'"GET"', b"G\0T", b"G\xe9T",
                   b"G\x7fT", b"G,T", b"[GET]")],
    row(METHOD, "a tab behind the method", get(method=b"GET\t"), 400,
        via=(200,)),
]

SPACES = [
    row(LINE, "one space each", b"GET /healthz HTTP/1.1\r\n" + HOST + END, 200),
    row(LINE, "two spaces before the target", get(b" {p}/"), 400,
        via=(200,)),
    row(LINE, "two spaces before the version", get(b"{p}/ "), 400,
        via=(200,)),
    row(LINE, "a space in front", b" " + HEALTH, 400),
    row(LINE, "a space at the end", get(version=b"HTTP/1.1 "), 400),
    row(LINE, "a tab at the end", get(version=b"HTTP/1.1\t"), 400),
    row(LINE, "tabs instead of spaces",
        b"GET\t/healthz\tHTTP/1.1\r\n" + HOST + END, 400, via=(200,)),
    row(LINE, "a vertical tab as space",
        b"GET\x0b/healthz HTTP/1.1\r\n" + HOST + END, 400),
    row(LINE, "a form feed before the version",
        b"GET /healthz\x0cHTTP/1.1\r\n" + HOST + END, 400),
    row(LINE, "a fourth part", get(version=b"HTTP/1.1 x"), 400),
    row(LINE, "no target", b"GET HTTP/1.1\r\n" + HOST + END, 400),
    row(LINE, "an empty target", get(b""), 400),
    row(LINE, "no version", b"GET /healthz\r\n" + HOST + END, 400),
    row(LINE, "a method alone", b"GET\r\n" + HOST + END, 400),
    row(LINE, "a bare LF ends the line",
        b"GET /healthz HTTP/1.1\n" + HOST + END, 400, via=(200,)),
    row(LINE, "bare LF everywhere",
        b"GET /healthz HTTP/1.1\nHost: cafe\n\n", 400, via=(200,)),
    row(LINE, "a bare CR ends the line",
        b"GET /healthz HTTP/1.1\r" + HOST + END, 400),
    row(LINE, "CR CR LF ends the line",
        b"GET /healthz HTTP/1.1\r\r\n" + HOST + END, 400),
    row(LINE, "bytes of a TLS hello",
        b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03\n\r\n", 400),
    row(LINE, "an empty line in front", b"\r\n" + HEALTH, 200),
    row(LINE, "two empty lines in front", b"\r\n\r\n" + HEALTH, 400,
        via=(200,)),
    row(LINE, "a bare LF in front", b"\n" + HEALTH, 400, via=(200,)),
    row(LINE, "a bare CR in front", b"\r" + HEALTH, 400),
    row(LINE, "a line with a space in front", b" \r\n" + HEALTH, 400),
    row(LINE, "a NUL in front", b"\0" + HEALTH, 400),
    row(LINE, "a byte order mark in front", b"\xef\xbb\xbf" + HEALTH, 400),
]

VERSIONS = [
    row(VERSION, "1.1", get(version=b"HTTP/1.1"), 200),
    row(VERSION, "1.0", get(version=b"HTTP/1.0"), 200, "closed"),
    row(VERSION, "1.0 without host", get(version=b"HTTP/1.0", host=b""), 200,
        "closed"),
    row(VERSION, "version HTTP/0.9", get(version=b"HTTP/0.9"), 505),
    *[row(VERSION, f"version {text.decode()}", get(version=text), 505,
          via=(200,), note="HAProxy hands on 1.1 for any higher version")
      for text in (b"HTTP/2.0", b"HTTP/2.1", b"HTTP/3.0", b"HTTP/9.9")],
    row(VERSION, "version 1.2", get(version=b"HTTP/1.2"), 505, via=(200,),
        note="the contract names no status for another minor version"),
    row(VERSION, "version 1.9", get(version=b"HTTP/1.9"), 505, via=(200,)),
    *[row(VERSION, f"no version: {text!r}", get(version=text), 400)
      for text in (b"http/1.1", b"Http/1.1", b"HTTP/1.10", b"HTTP/11.1",
                   b"HTTP/01.1", b"HTTP/1.01", b"HTTP/1", b"HTTP/11",
                   b"HTTP/1.", b"HTTP/.1", b"HTTP/1,1", b"HTTP/1.x",
                   b"HTTP/-1.1", b"HTTP1.1", b"HTTPS/1.1", b"HTTQ/1.1",
                   b"HTTP/1.1\0", b"HTTP/1.1\x0b", b"HTTP\\1.1")],
    row(VERSION, "the preface of HTTP/2",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, via=(),
        note="HAProxy goes on in HTTP/2"),
]

LIMITS = [
    row(LIMIT, "target of 8 KiB", padded(8192), 200),
    row(LIMIT, "target of 8 KiB and a byte", padded(8193), 414),
    row(LIMIT, "target of 8,250 bytes", padded(8250), 414),
    row(LIMIT, "target of 9,000 bytes", padded(9000), 414),
    row(LIMIT, "target of 40,000 bytes", padded(40000), 414),
    row(LIMIT, "head with a target of 8 KiB", padded(8192, b"HEAD"), 200),
    row(LIMIT, "head with a target of 8,193 bytes", padded(8193, b"HEAD"),
        414),
    row(LIMIT, "head with a target of 9,000 bytes", padded(9000, b"HEAD"),
        414, note="no answer to HEAD has a body"),
    row(LIMIT, "a request line that never ends", b"GET /" + b"a" * 9000, 414,
        via=(), note="HAProxy waits"),
    row(LIMIT, "absolute-form of 8 KiB",
        get(b"http://cafe/healthz?" + b"a" * (8192 - 20)), 200),
    row(LIMIT, "absolute-form of 8 KiB and a byte",
        get(b"http://cafe/healthz?" + b"a" * (8193 - 20)), 414),
]

ANSWERS_TO_HEAD = [
    row(METHOD, f"head and {what}", raw, status)
    for what, raw, status in (
        ("a bad target", get(b"{p}/%zz", method=b"HEAD"), 400),
        ("a bad version", get(version=b"HTTP/1.x", method=b"HEAD"), 400),
        ("version 0.9", get(version=b"HTTP/0.9", method=b"HEAD"), 505),
        ("no host", get(host=b"", method=b"HEAD"), 400),
        ("a field without a name",
         get(fields=b": x\r\n", method=b"HEAD"), 400),
        ("a chunked body",
         get(fields=b"Transfer-Encoding: chunked\r\n", method=b"HEAD"), 411),
        ("an unknown coding",
         get(fields=b"Transfer-Encoding: gzip\r\n", method=b"HEAD"), 501))
]

ROWS = METHODS + SPACES + VERSIONS + LIMITS + ANSWERS_TO_HEAD
