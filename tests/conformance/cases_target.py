"""Targets: their forms, bytes, escapes, dot segments and double slashes."""
from rows import CUSTOMER, TARGET, get, row

PATHS = [
    row(TARGET, "every byte that a path may have",
        get(b"{p}/azAZ09-._~!$&'()*+,;=:@[]"), 404,
        note="brackets are on no list of refused bytes"),
    *[row(TARGET, f"path with {bytes([byte])!r}",
          get(b"{p}/a" + bytes([byte]) + b"b"), 400)
      for byte in b'"<>\\^{|}#`\t\r\0\x01\x1f\x7f\x80\xc3\xff'],
    row(TARGET, "path with 0x21", get(b"{p}/!"), 404),
    row(TARGET, "path with 0x7e", get(b"{p}/~"), 404),
    row(TARGET, "query with what browsers leave", get(b"{p}/?a=[{|\\^`}]"),
        200),
    row(TARGET, "an empty query", get(b"{p}/?"), 200),
    row(TARGET, "question marks and slashes in a query",
        get(b"{p}/??/a/../b?"), 200),
    *[row(TARGET, f"query with {bytes([byte])!r}",
          get(b"{p}/?a=" + bytes([byte]) + b"b"), 400)
      for byte in b'#<>"\t\0\x1f\x7f\x80\xff'],
    row(TARGET, "a fragment", get(b"{p}/#top"), 400),
]

ESCAPES = [
    row(TARGET, "an escaped letter", get(b"{p}/supplier%73"), 404),
    row(TARGET, "escapes in both cases", get(b"{p}/%c3%A9%2F%0d%0a%7f"), 404),
    row(TARGET, "an escaped slash", get(b"{p}/a%2Fsuppliers"), 404),
    row(TARGET, "an escaped slash behind admin", get(b"/admin%2fsuppliers"),
        404),
    row(TARGET, "an escaped letter in admin", get(b"/%61dmin/suppliers"),
        404),
    row(TARGET, "escapes in a query", get(b"{p}/?a=%C3%a9%26%3d%FF"), 200),
    *[row(TARGET, f"incomplete escape {text.decode()}", get(b"{p}/" + text),
          400)
      for text in (b"%", b"%4", b"%g1", b"%1g", b"%%41", b"%-1", b"a%2/",
                   b"%u0041", b"%00", b"a%00b", b"%2500%00")],
    *[row(TARGET, f"incomplete escape ?{text.decode()}",
          get(b"{p}/?a=" + text), 400)
      for text in (b"%", b"%4", b"%zz", b"%00", b"%4&b=1")],
    row(TARGET, "an escaped percent sign before 00", get(b"{p}/%2500"), 404),
]

DOTS = [
    *[row(TARGET, f"dot segment {text.decode()}", get(b"{p}/" + text), 400)
      for text in (b".", b"..", b"./", b"../", b"a/./b", b"a/../b", b"a/..",
                   b"a/.", b"..//", b"%2e", b"%2E%2e/", b".%2e/a", b"a/%2e.",
                   b"a%2f..%2fb", b"..%2fa", b"a%5c..%5cb", b"..%5c",
                   b"a/..?q", b"..%2F..%2F..%2Fetc/passwd")],
    *[row(TARGET, f"no dot segment {text.decode()}", get(b"{p}/" + text), 404)
      for text in (b"...", b".a", b"a.", b"..a", b"a..", b"a/.b/..c", b"..;/a",
                   b".well-known/a", b"%2e%2e%2e", b"a..b/c", b"%252e%252e")],
    row(TARGET, "dots in a query", get(b"{p}/?../a&/./"), 200),
]

SLASHES = [
    row(TARGET, "// in front is no authority", get(b"//cafe/"), 404),
    row(TARGET, "// and another host", get(b"//evil.example/suppliers"), 404),
    row(TARGET, "// in front of a page", get(b"/{p}/suppliers"), 404),
    row(TARGET, "// inside", get(b"{p}//suppliers"), 404),
    row(TARGET, "///", get(b"///"), 404),
    row(TARGET, "a slash behind a page", get(b"{p}/suppliers/"), 200),
    row(TARGET, "two slashes after a page", get(b"{p}/suppliers//"), 404),
]


def absolute(target, host=b"cafe", **more):
    return get(target, host=b"Host: " + host + b"\r\n", **more)


FORMS = [
    row(TARGET, "asterisk with get", get(b"*"), 400),
    row(TARGET, "authority-form", get(b"cafe:80"), 400),
    row(TARGET, "no slash in front", get(b"suppliers"), 400),
    row(TARGET, "a query alone", get(b"?a=b"), 400),
    row(TARGET, "an escaped slash in front", get(b"%2fhealthz"), 400),
    row(TARGET, "a backslash in front", get(b"\\healthz"), 400),
    row(TARGET, "absolute-form", absolute(b"http://cafe{p}/"), 200),
    row(TARGET, "absolute-form with a query",
        absolute(b"http://cafe{p}/suppliers?page=1"), 200),
    row(TARGET, "absolute-form, other letters",
        absolute(b"HTTP://CAFE{p}/", b"caFe"), 200),
    row(TARGET, "absolute-form without a path", absolute(b"http://cafe"), 200,
        daemons=CUSTOMER),
    row(TARGET, "absolute-form, a query only", absolute(b"http://cafe?a=b"),
        200, daemons=CUSTOMER, via="haproxy"),
    row(TARGET, "absolute-form, port 80", absolute(b"http://cafe:80{p}/"),
        200),
    row(TARGET, "absolute-form, host with port 80",
        absolute(b"http://cafe{p}/", b"cafe:80"), 200),
    row(TARGET, "absolute-form, both with a port",
        absolute(b"http://cafe:8080{p}/", b"cafe:8080"), 200),
    row(TARGET, "absolute-form, https", absolute(b"https://cafe{p}/"), 200),
    row(TARGET, "absolute-form, https and port 443",
        absolute(b"https://cafe{p}/", b"cafe:443"), 200),
    row(TARGET, "absolute-form, IPv6",
        absolute(b"http://[::1]{p}/", b"[::1]"), 200),
    row(TARGET, "absolute-form, an empty port", absolute(b"http://cafe:/"),
        400, via=(200,), note="HAProxy takes the port away"),
    row(TARGET, "absolute-form on 1.0",
        absolute(b"http://cafe{p}/", version=b"HTTP/1.0"), 200, "closed"),
    row(TARGET, "absolute-form on 1.0 without host",
        get(b"http://cafe{p}/", version=b"HTTP/1.0", host=b""), 400),
    row(TARGET, "absolute-form, // in its path",
        absolute(b"http://cafe{p}//suppliers"), 404),
    *[row(TARGET, f"absolute-form {text.decode()} for {host.decode()}",
          absolute(text, host), 400)
      for text, host in (
          (b"http://evil.example/", b"cafe"), (b"http://cafe:81/", b"cafe"),
          (b"http://cafe:443/", b"cafe"), (b"https://cafe:80/", b"cafe"),
          (b"http://cafe/", b"cafe:443"), (b"https://cafe/", b"cafe:80"),
          (b"http://cafe.example/", b"cafe"), (b"http://caf/", b"cafe"),
          (b"http://u@cafe/", b"cafe"), (b"http://u:p@cafe/", b"cafe"),
          (b"http:///", b"cafe"), (b"http://", b"cafe"),
          (b"http://:80/", b"cafe"),
          (b"http://cafe:80:80/", b"cafe"), (b"http://cafe:0x50/", b"cafe"),
          (b"http:/cafe/", b"cafe"), (b"http:cafe", b"cafe"),
          (b"ftp://cafe/", b"cafe"), (b"httpx://cafe/", b"cafe"),
          (b"//cafe:80:80", b"a b"), (b"http://cafe#/", b"cafe"),
          (b"http://cafe\\/", b"cafe"), (b"http://cafe/../", b"cafe"),
          (b"http://cafe/%00", b"cafe"), (b"http://[::1/", b"[::1"))],
]

ROWS = PATHS + ESCAPES + DOTS + SLASHES + FORMS
