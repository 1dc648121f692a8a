"""Body framing: lengths, codings, limits, and games with a second request."""
from rows import (BODY, CODING, CUSTOMER, EMPLOYEE, EXPECT, FORM, HEALTH,
                  LENGTH, SAME, form, get, row)

INNER = b"GET /healthz?inner HTTP/1.1\r\nHost: cafe\r\n\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
MIB = 1024 * 1024


def length(value, body=b""):
    """GET with that Content-Length."""
    return get(fields=b"Content-Length:" + value + b"\r\n") + body


LENGTHS = [
    *[row(LENGTH, f"length{value.decode()}", length(value), 200)
      for value in (b" 0", b"0", b" 00", b" 000000000000000")],
    # a tab is white space, but not every parser takes it for some here
    *[row(LENGTH, f"tab in a length: {value!r}", length(value), 400,
          via=(200,))
      for value in (b"\t0\t", b" 0\t")],
    *[row(LENGTH, f"no length: {value!r}", length(value), 400)
      for value in (b"", b" ", b" 0000000000000000", b" 1234567890123456",
                    b" 18446744073709551616", b" -0", b" +0", b" -1", b" 0x0",
                    b" 0 0", b" 0;", b" 0.0", b" 1e0",
                    b" 0b", b" a", b' "0"', b" \xb2", b" \xd9\xa3", b" _0",
                    b" 0_0", b" %30")],
    row(LENGTH, "the longest length there is", length(b" 999999999999999"),
        413, "closed"),
    row(LENGTH, "the same length twice",
        get(fields=b"Content-Length: 0\r\nContent-Length: 0\r\n"), 400,
        via=(200,), note="HAProxy makes one of them"),
    row(LENGTH, "two lengths",
        get(fields=b"Content-Length: 0\r\nContent-Length: 5\r\n") + b"hello",
        400),
    row(LENGTH, "two lengths, the second empty",
        get(fields=b"Content-Length: 0\r\nContent-Length:\r\n"), 400),
    row(LENGTH, "lengths in other letters",
        get(fields=b"content-length: 0\r\nCONTENT-LENGTH: 0\r\n"), 400,
        via=(200,)),
    *[row(LENGTH, f"length{value.decode()}", length(value), 400, via=(200,))
      for value in (b" 0,0", b" 0, 0")],
    row(LENGTH, "a name that is none",
        get(fields=b"Content_Length: 5\r\n"), 200),
    row(LENGTH, "no length at all", FORM + b"\r\n", 422, daemons=EMPLOYEE),
    row(LENGTH, "length 0 on a form", form(b""), 422, daemons=EMPLOYEE),
    row(LENGTH, "length of a form in 15 digits",
        FORM + b"Content-Length: 000000000000003\r\n\r\na=1", 422,
        daemons=EMPLOYEE),
]

CODINGS = [
    *[row(CODING, f"coding {value!r}",
          get(fields=b"Transfer-Encoding:" + value + b"\r\n"), 411)
      for value in (b" chunked", b"chunked", b" Chunked", b" CHUNKED",
                    b" chunked \t")],
    *[row(CODING, f"coding {value!r}",
          get(fields=b"Transfer-Encoding:" + value + b"\r\n"), 501)
      for value in (b"", b" ", b" identity", b" gzip", b" gzip, chunked",
                    b" chunked, gzip", b" chunked, chunked", b" chunked,",
                    b" ,chunked", b" chunked;a=b", b' "chunked"', b" xchunked",
                    b" chunkedx", b" chunk", b" chunked identity",
                    b" chunked\xa0", b" 'chunked'")],
    row(CODING, "a vertical tab behind chunked",
        get(fields=b"Transfer-Encoding: chunked\x0b\r\n"), 400),
    row(CODING, "a folded coding",
        get(fields=b"Transfer-Encoding:\r\n chunked\r\n"), 400, via=(411,)),
    row(CODING, "chunked twice", get(fields=CHUNKED + CHUNKED), 501),
    row(CODING, "chunked, then another",
        get(fields=CHUNKED + b"Transfer-Encoding: identity\r\n"), 501),
    row(CODING, "another, then chunked",
        get(fields=b"Transfer-Encoding: identity\r\n" + CHUNKED), 501),
    row(CODING, "an empty one, then chunked",
        get(fields=b"Transfer-Encoding:\r\n" + CHUNKED), 501),
    row(CODING, "length, then chunked",
        get(fields=b"Content-Length: 5\r\n" + CHUNKED) + b"0\r\n\r\n", 501,
        via=(411,), note="HAProxy takes the length away"),
    row(CODING, "chunked, then length",
        get(fields=CHUNKED + b"Content-Length: 5\r\n") + b"0\r\n\r\n", 501,
        via=(411,)),
    row(CODING, "length 0 and chunked",
        get(fields=b"Content-Length: 0\r\n" + CHUNKED) + b"0\r\n\r\n", 501,
        via=(411,)),
    row(CODING, "chunked on 1.0",
        get(fields=CHUNKED, version=b"HTTP/1.0") + b"0\r\n\r\n", 501),
    row(CODING, "length and chunked on 1.0",
        get(fields=b"Content-Length: 5\r\n" + CHUNKED, version=b"HTTP/1.0") +
        b"0\r\n\r\n", 501),
    row(CODING, "a name that is none",
        get(fields=b"Transfer_Encoding: chunked\r\n"), 200),
    row(CODING, "TE and Trailer are other fields",
        get(fields=b"TE: trailers, chunked\r\nTrailer: A\r\n"), 200),
    row(CODING, "a chunked form",
        FORM + CHUNKED + b"\r\n3\r\na=1\r\n0\r\n\r\n", 411, daemons=EMPLOYEE),
    row(CODING, "a chunked post to a page",
        get(fields=SAME + CHUNKED, method=b"POST") + b"0\r\n\r\n", 411),
    row(CODING, "a request behind a chunked body",
        FORM + CHUNKED + b"\r\n0\r\n\r\n" + INNER, 411, daemons=EMPLOYEE,
        via=(411, 200), note="HAProxy knows where that body ends"),
    row(CODING, "a request inside a chunked body",
        get(fields=CHUNKED) + b"2c\r\n" + INNER + b"\r\n0\r\n\r\n", 411),
    row(CODING, "a request for those who read the length",
        get(fields=b"Content-Length: 4\r\n" + CHUNKED) + b"2c\r\n" + INNER +
        b"\r\n0\r\n\r\n", 501, via=(411,)),
    row(CODING, "a request for those who read the coding",
        get(fields=CHUNKED + b"Content-Length: 48\r\n") + b"0\r\n\r\n" +
        INNER, 501, via=(411,), note="HAProxy closes behind both fields"),
]

# A closing answer to what has a body that is not read: the next request
# could not be told from it. HAProxy knows where it ends and goes on.
BODIES = [
    row(BODY, "get with a body", length(b" 5", b"hello"), 413, "closed"),
    row(BODY, "get with a request as body",
        length(b" %d" % len(INNER), INNER), 413, "closed"),
    row(BODY, "head with a body",
        get(fields=b"Content-Length: 5\r\n", method=b"HEAD") + b"hello", 413,
        "closed"),
    row(BODY, "a body for a page",
        get(fields=SAME + b"Content-Length: 5\r\n", method=b"POST") +
        b"hello" + INNER, 405, "closed", allow="GET, HEAD", via=(405, 200)),
    row(BODY, "a body for no page",
        get(b"{p}/nothing", SAME + b"Content-Length: 5\r\n", method=b"POST") +
        b"hello" + INNER, 404, "closed", via=(404, 200)),
    row(BODY, "a body from nowhere",
        get(b"{p}/supplier-add", b"Content-Length: 5\r\n", method=b"POST") +
        b"hello" + INNER, 403, "closed", daemons=EMPLOYEE, via=(403, 200)),
    row(BODY, "a form from nowhere",
        form(b"name=a").replace(SAME, b"") + HEALTH, (403, 200), "open",
        daemons=EMPLOYEE, note="read, so that it can come back filled in"),
    row(BODY, "a form of 1 MiB and a byte from nowhere",
        form(b"notes=" + b"a" * (MIB + 1 - 6)).replace(SAME, b"") + INNER,
        403, "closed", daemons=EMPLOYEE, via=(403, 200)),
    row(BODY, "a form from another site",
        form(b"name=a").replace(b"same-origin", b"cross-site") + INNER, 403,
        "closed", daemons=EMPLOYEE, via=(403, 200)),
    row(BODY, "options with a body",
        get(fields=b"Content-Length: %d\r\n" % len(INNER), method=b"OPTIONS") +
        INNER, 405, "closed", allow="GET, HEAD"),
    row(BODY, "a form", form(b"name=a&city=b"), 422, daemons=EMPLOYEE),
    row(BODY, "a form on 1.0",
        form(b"name=a").replace(b"HTTP/1.1", b"HTTP/1.0"), 422, "closed",
        daemons=EMPLOYEE),
    row(BODY, "no form",
        form(b"name=a").replace(b"x-www-form-urlencoded", b"octet-stream"),
        415, daemons=EMPLOYEE),
    row(BODY, "a faulty escape in a form", form(b"name=%zz"), (400,), "open",
        daemons=EMPLOYEE, note="read to its end, so framing is sound"),
    row(BODY, "a form of 512 KiB", form(b"notes=" + b"a" * (524288 - 6)), 422,
        daemons=EMPLOYEE),
    row(BODY, "a form of 512 KiB and a byte",
        form(b"notes=" + b"a" * (524289 - 6)), 413, "open",
        daemons=EMPLOYEE),
    row(BODY, "a form of 1 MiB", form(b"notes=" + b"a" * (MIB - 6)), 413,
        "open", daemons=EMPLOYEE),
    row(BODY, "a form of 1 MiB and a request behind it",
        form(b"notes=" + b"a" * (MIB - 6)) + HEALTH, (413, 200), "open",
        daemons=EMPLOYEE),
    row(BODY, "a form of 1 MiB and a byte",
        form(b"notes=" + b"a" * (MIB + 1 - 6)), 413, "closed",
        daemons=EMPLOYEE),
    row(BODY, "a form of 1 MiB and a byte, a request behind it",
        form(b"notes=" + b"a" * (MIB + 1 - 6)) + INNER, 413, "closed",
        daemons=EMPLOYEE, via=(413, 200)),
    row(BODY, "1 MiB for a page",
        get(fields=b"Content-Length: 1048576\r\n", method=b"POST") +
        b"a" * MIB, 405, "closed", daemons=CUSTOMER, allow="GET, HEAD"),
    row(BODY, "a form and a request", form(b"a=1") + HEALTH, (422, 200),
        daemons=EMPLOYEE),
    row(BODY, "a form that looks like a request",
        form(INNER + INNER) + HEALTH, (422, 200), daemons=EMPLOYEE),
    row(BODY, "a length that is one short",
        form(b"a=1", 2) + HEALTH, (422, 501), daemons=EMPLOYEE,
        note="1GET is a method that nobody knows"),
    row(BODY, "a length that is one long",
        form(b"a=1", 4) + HEALTH, (422, 501), daemons=EMPLOYEE,
        note="ET is a method that nobody knows"),
    row(BODY, "a body without a length",
        FORM + b"\r\na=1\r\n", (422, 400), daemons=EMPLOYEE),
    row(BODY, "a form, an empty line, a request",
        form(b"a=1") + b"\r\n" + HEALTH, (422, 200), daemons=EMPLOYEE),
    row(BODY, "a form, two empty lines, a request",
        form(b"a=1") + b"\r\n\r\n" + HEALTH, (422, 400), daemons=EMPLOYEE,
        via=(422, 200)),
    row(BODY, "zeros behind a form", form(b"a=1") + b"\0\0\n", (422, 400),
        daemons=EMPLOYEE),
    row(BODY, "a head that ends early", b"GET {p}/ HTTP/1.1\r\nHost: ca", (),
        "closed", half=True),
    row(BODY, "a body that ends early", form(b"a=1", 10), (), "closed",
        daemons=EMPLOYEE, half=True),
    row(BODY, "the peer's end behind a request", get(), 200, "closed",
        half=True),
    row(BODY, "the peer's end behind two requests", HEALTH + get(),
        (200, 200), "closed", half=True),
]

CONTINUE = b"Expect: 100-continue\r\n"

EXPECTS = [
    row(EXPECT, "a form that expects 100",
        FORM + CONTINUE + b"Content-Length: 3\r\n\r\na=1", 422,
        daemons=EMPLOYEE),
    row(EXPECT, "other letters",
        FORM + b"expect: 100-Continue\r\nContent-Length: 3\r\n\r\na=1", 422,
        daemons=EMPLOYEE),
    row(EXPECT, "nothing to continue", get(fields=CONTINUE), 200),
    row(EXPECT, "on 1.0", get(fields=CONTINUE, version=b"HTTP/1.0"), 200,
        "closed"),
    row(EXPECT, "and a head that is refused",
        get(fields=CONTINUE + b"A : b\r\n"), 400),
    row(EXPECT, "and a coding", get(fields=CONTINUE + CHUNKED), 411),
    row(EXPECT, "and a body that is too large",
        FORM + CONTINUE + b"Content-Length: 1048577\r\n\r\n", 413, "closed",
        daemons=EMPLOYEE),
    row(EXPECT, "and a body for a page",
        get(fields=SAME + CONTINUE + b"Content-Length: 5\r\n",
            method=b"POST"), 405, "closed", allow="GET, HEAD"),
    row(EXPECT, "and requests around it",
        HEALTH + FORM + CONTINUE + b"Content-Length: 3\r\n\r\na=1" + HEALTH,
        (200, 422, 200), daemons=EMPLOYEE),
]

ROWS = LENGTHS + CODINGS + BODIES + EXPECTS
