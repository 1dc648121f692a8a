"""Field lines, the limits of a head, and Host."""
from rows import END, FIELD, GET, HOST, HOSTS, LIMIT, get, row

TOKEN = b"!#$%&'*+-.^_`|~09AZaz"
VALUE = bytes([9]) + bytes(range(0x20, 0x7f)) + bytes(range(0x80, 0x100))


def sized(head_bytes):
    """A head of exactly that many bytes, in one long field."""
    start = b"GET /healthz HTTP/1.1\r\n" + HOST + b"A: "
    return start + b"b" * (head_bytes - len(start) - 4) + b"\r\n\r\n"


def spread(head_bytes):
    """A head of exactly that many bytes, in fields of 400."""
    head = b"GET /healthz HTTP/1.1\r\n" + HOST
    while len(head) + 402 < head_bytes - 6:
        head += b"A: " + b"b" * 395 + b"\r\n"
    return head + b"A: " + b"b" * (head_bytes - len(head) - 7) + b"\r\n\r\n"


def counted(fields):
    """That many fields, Host among them."""
    return get(b"/healthz", b"A: b\r\n" * (fields - 1))


LIMITS = [
    row(LIMIT, "64 fields", counted(64), 200, via=(431,),
        note="HAProxy adds X-Forwarded-For"),
    row(LIMIT, "63 fields", counted(63), 200),
    row(LIMIT, "65 fields", counted(65), 431),
    row(LIMIT, "1,000 fields", counted(1000), 431),
    row(LIMIT, "head of 16 KiB", sized(16384), 200, via="haproxy"),
    row(LIMIT, "head of 16 KiB in many fields", spread(16384), 200,
        via="haproxy"),
    row(LIMIT, "head of 16 KiB and a byte", sized(16385), 431),
    row(LIMIT, "head of 16 KiB and a byte in many fields", spread(16385), 431),
    row(LIMIT, "head of 64 KiB", sized(65536), 431),
    row(LIMIT, "a field that never ends",
        b"GET /healthz HTTP/1.1\r\n" + HOST + b"A: " + b"b" * 17000, 431),
    row(LIMIT, "fields that never end",
        b"GET /healthz HTTP/1.1\r\n" + HOST + b"A: b\r\n" * 70, 431, via=(),
        note="HAProxy waits"),
    row(LIMIT, "a field name of 8,000 bytes",
        get(b"/healthz", b"A" * 8000 + b": b\r\n"), 200,
        via="haproxy"),
]

FIELDS = [
    row(FIELD, "an empty value", get(fields=b"A:\r\n"), 200),
    row(FIELD, "a value of spaces", get(fields=b"A: \t \r\n"), 200),
    row(FIELD, "no space behind the colon", get(fields=b"A:b\r\n"), 200),
    row(FIELD, "spaces and tabs around a value",
        get(fields=b"A:\t b \t\r\n"), 200),
    row(FIELD, "colons in a value", get(fields=b"A: b: c\r\n"), 200),
    row(FIELD, "every byte that a name may have",
        get(fields=TOKEN + b": b\r\n"), 200),
    row(FIELD, "every byte that a value may have",
        get(fields=b"A: b" + VALUE + b"c\r\n"), 200),
    row(FIELD, "the same name twice", get(fields=b"A: b\r\nA: c\r\n"), 200),
    row(FIELD, "no colon", get(fields=b"A\r\n"), 400),
    row(FIELD, "no name", get(fields=b": b\r\n"), 400),
    row(FIELD, "a colon alone", get(fields=b":\r\n"), 400),
    row(FIELD, "a space before the colon", get(fields=b"A : b\r\n"), 400),
    row(FIELD, "a tab before the colon", get(fields=b"A\t: b\r\n"), 400),
    row(FIELD, "a space before Host's colon", get(host=b"Host : cafe\r\n"),
        400),
    row(FIELD, "a space before the length's colon",
        get(fields=b"Content-Length : 0\r\n"), 400),
    row(FIELD, "a space before the coding's colon",
        get(fields=b"Transfer-Encoding : chunked\r\n"), 400),
    row(FIELD, "a space before a name", get(fields=b" A: b\r\n"), 400),
    row(FIELD, "a space before the first name", get(host=b" Host: cafe\r\n"),
        400),
    row(FIELD, "a space in a name", get(fields=b"A b: c\r\n"), 400),
    *[row(FIELD, f"name with {bytes([byte])!r}",
          get(fields=b"A" + bytes([byte]) + b"A: b\r\n"), 400)
      for byte in b'\0\x01\x0b\x1f\x7f\x80\xff"(),/;<=>?@[\\]{}'],
    *[row(FIELD, f"value with {bytes([byte])!r}",
          get(fields=b"A: b" + bytes([byte]) + b"c\r\n"), 400)
      for byte in b"\0\x01\x08\x0b\x0c\x1b\x1f\x7f"],
    row(FIELD, "a NUL at the end of a value", get(fields=b"A: b\0\r\n"), 400),
    row(FIELD, "a line folded with a space",
        get(fields=b"A: b\r\n c\r\n"), 400, via=(200,)),
    row(FIELD, "a line folded with a tab",
        get(fields=b"A: b\r\n\tc\r\n"), 400, via=(200,)),
    row(FIELD, "a folded line of blanks", get(fields=b"A: b\r\n \r\n"), 400,
        via=(200,)),
    row(FIELD, "Host folded", get(host=b"Host:\r\n cafe\r\n"), 400,
        via=(200,)),
    row(FIELD, "a bare LF ends a field", get(fields=b"A: b\n"), 400,
        via=(200,)),
    row(FIELD, "a bare LF ends the head", GET + HOST + b"\n", 400, via=(200,)),
    row(FIELD, "a bare LF in a value", get(fields=b"A: b\nC: d\r\n"), 400,
        via=(200,)),
    row(FIELD, "a bare CR in a value", get(fields=b"A: b\rC: d\r\n"), 400),
    row(FIELD, "CR CR LF ends a field", get(fields=b"A: b\r\r\n"), 400),
    row(FIELD, "CR CR LF ends the head", GET + HOST + b"\r\r\n", 400),
    row(FIELD, "LF CR ends a field", get(fields=b"A: b\n\r"), 400),
    row(FIELD, "a field by a bare LF behind Host",
        get(host=b"Host: cafe\nA: b\r\n"), 400, via=(200,)),
]


def host(value, **more):
    return get(host=b"Host: " + value + b"\r\n", **more)


HOSTNAMES = [
    *[row(HOSTS, f"host {value.decode()}", host(value), 200)
      for value in (b"cafe", b"CAFE", b"cafe.example", b"cafe.", b"127.0.0.1",
                    b"cafe:8080", b"cafe:1", b"cafe:65535", b"[::1]",
                    b"[::1]:8080", b"[2001:db8::1]", b"[::ffff:127.0.0.1]",
                    b"ca_fe", b"123")],
    row(HOSTS, "host a,b", host(b"a,b"), 200, via="haproxy",
        note="HAProxy 3 refuses it"),
    row(HOSTS, "host as the last field",
        GET + b"A: b\r\nhOST: cafe\r\n" + END, 200),
    row(HOSTS, "host with blanks around", host(b" \tcafe\t "), 200),
    row(HOSTS, "no host", get(host=b""), 400),
    row(HOSTS, "two hosts", get(host=HOST + HOST), 400, via=(200,),
        note="HAProxy makes one of them"),
    row(HOSTS, "two different hosts",
        get(host=HOST + b"Host: evil.example\r\n"), 400),
    row(HOSTS, "a second, empty host", get(host=HOST + b"Host:\r\n"), 400),
    row(HOSTS, "an empty host", get(host=b"Host:\r\n"), 400),
    *[row(HOSTS, f"no host: {value!r}", host(value), 400)
      for value in (b"a b", b"cafe, cafe", b"cafe/", b"cafe/x", b"cafe?x",
                    b"cafe#x", b"u@cafe", b"u:p@cafe", b"http://cafe",
                    b":80", b"cafe:65536", b"cafe:99999999999999999999",
                    b"cafe:8o", b"cafe:-1", b"cafe:80:80", b"cafe: 80",
                    b"::1", b"[::1", b"::1]", b"[::g]", b"[]", b"[::1]x",
                    b"[::1]]", b"[", b"]", b"caf\xc3\xa9", b"cafe\\", b"<cafe>",
                    b"{cafe}", b"caf%zz", b"ca\"fe", b"cafe\tx")],
    *[row(HOSTS, f"no address: {value.decode()}", host(value), 400)
      for value in (b"[....]", b"[:::]", b"[::::::::]", b"[dead]",
                    b"[1::2::3]", b"[1:2:3:4:5:6:7:8:9]", b"[12345::]",
                    b"[::256.0.0.1]")],
    row(HOSTS, "host with an empty port", host(b"cafe:"), 400,
        note="RFC 3986 has empty ports; nobody sends one"),
    row(HOSTS, "1.0 with a bad host", host(b"a b", version=b"HTTP/1.0"), 400),
    row(HOSTS, "1.0 with two hosts",
        get(host=HOST + HOST, version=b"HTTP/1.0"), 400, via=(200,)),
    row(HOSTS, "1.0 with an empty host",
        get(host=b"Host:\r\n", version=b"HTTP/1.0"), 400),
]

ROWS = LIMITS + FIELDS + HOSTNAMES
