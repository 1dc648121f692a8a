"""A client that believes nothing: it reads answers from a raw socket with a
framing of its own and says what became of the connection.
"""
import dataclasses
import itertools
import re
import select
import socket
import time

ANSWER_S = 120
END_S = 30
PROBE_S = 1
HURRY_S = 0.02
LATE = "no answer in time"

STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([1-5]\d\d) [\t\x20-\x7e]*")
FIELD_LINE = re.compile(rb"([!#-'*+.^_`|~0-9A-Za-z-]+):[ \t]*"
                        rb"([\t\x20-\x7e\x80-\xff]*?)[ \t]*")
ONCE = (b"content-length", b"date", b"x-request-id", b"content-type", b"etag")
PROBE = b"GET /healthz HTTP/1.1\r\nHost: cafe\r\nX-Request-Id: %s\r\n\r\n"
numbers = itertools.count(1)


class Malformed(Exception):
    """Bytes that are no well-formed answer, or not where one belongs."""


@dataclasses.dataclass
class Answer:
    status: int
    fields: list
    head: bytes
    body: bytes

    def field(self, name):
        """The value of a field by its name in small letters; None if none."""
        return next((v for n, v in self.fields if n == name.encode()), None)

    @property
    def id(self):
        return (self.field("x-request-id") or b"").decode()

    @property
    def closes(self):
        members = (self.field("connection") or b"").lower().split(b",")
        return b"close" in [member.strip() for member in members]

    @property
    def lasting(self):
        """All its bytes, apart from its date, its id and a form's key."""
        whole = re.sub(rb"(?m)^Date: .*\r\n", b"", self.head) + self.body
        whole = re.sub(rb'"form_key" value="[\w-]{22}"', b"KEY", whole)
        return whole.replace(self.id.encode(), b"ID") if self.id else whole


@dataclasses.dataclass
class Outcome:
    """What became of the bytes of a case."""
    answers: list
    state: str
    error: str = ""
    interim: int = 0

    @property
    def statuses(self):
        return tuple(answer.status for answer in self.answers)

    @property
    def lasting(self):
        return [answer.lasting for answer in self.answers]

    def __str__(self):
        statuses = " ".join(map(str, self.statuses)) or "no answer"
        return f"{statuses}, {self.error or self.state}"


def parse_head(head):
    """Status and fields of a head without its last empty line."""
    first, *lines = head.split(b"\r\n")
    match = STATUS_LINE.fullmatch(first)
    if not match:
        raise Malformed(f"status line {first[:80]!r}")
    fields = []
    for line in lines:
        field = FIELD_LINE.fullmatch(line)
        if not field:
            raise Malformed(f"field line {line[:80]!r}")
        fields.append((field[1].lower(), field[2]))
    names = [name for name, _ in fields]
    for name in ONCE:
        if names.count(name) > 1:
            raise Malformed(f"{name.decode()} more than once")
    return int(match[1]), fields


def body_length(status, fields, to_head):
    """Bytes of the body that follows; the length has to be there."""
    if any(name == b"transfer-encoding" for name, _ in fields):
        raise Malformed("an answer with Transfer-Encoding")
    length = next((v for n, v in fields if n == b"content-length"), None)
    if status in (204, 304) or status < 200:
        if status != 304 and length is not None:
            raise Malformed(f"{status} with a length")
        return 0
    if length is None or not re.fullmatch(rb"\d+", length):
        raise Malformed(f"{status} with the length {length}")
    return 0 if to_head else int(length)


class Connection:
    """A socket, and what has come from it but has not been read as answer."""

    def __init__(self, port, answer_s=ANSWER_S):
        self.answer_s = answer_s
        self.buffer = b""
        self.ended = False
        self.interim = 0
        self.sock = socket.create_connection(("127.0.0.1", port), answer_s)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def close(self):
        self.sock.close()

    def send(self, data):
        """False when the peer does not take it any more."""
        try:
            self.sock.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            return False
        return True

    def hurry(self, deadline):
        """So many answers have arrived by then, this one among them."""
        self.answer_s = max(HURRY_S, deadline - time.monotonic())

    def shut(self):
        self.sock.shutdown(socket.SHUT_WR)

    def fill(self, deadline):
        """Wait for bytes; False at the peer's end."""
        if self.ended:
            return False
        poll = select.poll()
        poll.register(self.sock, select.POLLIN)
        left = deadline - time.monotonic()
        if left <= 0 or not poll.poll(left * 1000):
            raise TimeoutError
        return self.take()

    def take(self):
        """Bytes that are there already; False at the peer's end."""
        try:
            got = self.sock.recv(262144)
        except ConnectionResetError:
            raise Malformed("reset, so answers can be lost") from None
        self.buffer += got
        self.ended = not got
        return bool(got)

    def read_answer(self, to_head=False):
        """The next answer that is not 1xx; None when the peer ends first."""
        deadline = time.monotonic() + self.answer_s
        while True:
            while b"\r\n\r\n" not in self.buffer:
                if not self.fill(deadline):
                    if self.buffer:
                        raise Malformed(f"ends with {self.buffer[:80]!r}")
                    return None
            head, _, rest = self.buffer.partition(b"\r\n\r\n")
            status, fields = parse_head(head)
            length = body_length(status, fields, to_head)
            while len(rest) < length:
                if not self.fill(deadline):
                    raise Malformed(f"ends in the body of {status}")
                rest = self.buffer[len(head) + 4:]
            self.buffer = rest[length:]
            if status >= 200:
                return Answer(status, fields, head + b"\r\n\r\n",
                              rest[:length])
            self.interim += 1

    def expect_end(self):
        """Nothing comes any more, and the peer ends."""
        try:
            while self.fill(time.monotonic() + min(END_S, self.answer_s)):
                pass
        except TimeoutError:
            raise Malformed("says that it closes, and does not") from None
        if self.buffer:
            raise Malformed(f"behind the last answer: {self.buffer[:80]!r}")


def send_probe(connection):
    """Ask for one more page; its id, or None when no request takes it."""
    mark = "probe-%d" % next(numbers)
    return mark if connection.send(PROBE % mark.encode()) else None


def ask_probe(port):
    """A request with an id of its own, answered; the id."""
    connection = Connection(port)
    try:
        mark = send_probe(connection)
        connection.read_answer()
        return mark
    finally:
        connection.close()


def find_state(connection, answers):
    """Is the connection good for one more request?"""
    if not answers or answers[-1].closes:
        connection.expect_end()
        return "closed"
    if connection.buffer:
        raise Malformed(f"behind the last answer: {connection.buffer[:80]!r}")
    mark = send_probe(connection)
    answer = connection.read_answer() if mark else None
    if answer is None:
        raise Malformed("closes without saying so")
    if (answer.status, answer.id) != (200, mark):
        raise Malformed(f"{answer.status} {answer.id}, which is no answer to "
                        f"{mark}")
    return "open"


def finish(connection, case):
    """Read what comes back once all of a case has been sent."""
    answers = []
    state, error = "unknown", ""
    try:
        while len(answers) < len(case.statuses) or not case.statuses:
            answer = connection.read_answer(case.answers_head(len(answers)))
            if answer is None:
                break
            answers.append(answer)
        if case.half or len(answers) < len(case.statuses):
            connection.expect_end()
            state = "closed"
        else:
            state = find_state(connection, answers)
    except TimeoutError:
        error = LATE
    except (Malformed, OSError) as reason:
        error = str(reason)
    return Outcome(answers, state, error, connection.interim)


def gather(connection, case):
    """As finish(), behind a proxy that has a connection of its own to the
    client: whatever comes up to the answer to a probe belongs to the case,
    and an end says nothing. The proxy's own refusal is its last word, and
    may have a body even where HEAD was asked; what it says to the probe's
    bytes is no answer to the case."""
    answers = []
    error = ""
    try:
        while len(answers) < len(case.behind_proxy[0]):
            answer = connection.read_answer(case.answers_head(len(answers)))
            if answer is None:
                return Outcome(answers, "closed")
            answers.append(answer)
            if not answer.id:
                return Outcome(answers, "unknown")
        connection.answer_s = PROBE_S
        mark = None
        if answers and not case.half:
            mark = send_probe(connection)
        while mark and (answer := connection.read_answer()):
            if answer.id == mark:
                break
            if answer.id:
                answers.append(answer)
    except TimeoutError:
        if len(answers) < len(case.behind_proxy[0]):
            error = LATE
    except (Malformed, OSError) as reason:
        error = str(reason)
    return Outcome(answers, "unknown", error, connection.interim)


def exchange(port, case, raw, answer_s=ANSWER_S, read=finish):
    """Send a case in one piece and see what becomes of it. Only a direct
    peer is told that no more comes: a proxy may give up because of that."""
    connection = Connection(port, answer_s)
    try:
        connection.send(raw)
        if case.half and read is finish:
            connection.shut()
        return read(connection, case)
    finally:
        connection.close()
