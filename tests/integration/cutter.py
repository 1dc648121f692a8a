"""
A relay in front of the database that breaks one exchange at a chosen packet:
the connection ends after the packet, after its header or in its middle, an
error of the server takes the place of an answer, or the server is told to end
the connection.
"""
import contextlib
import itertools
import socket
import threading
import time

import pymysql

import harness
from writers import connect, query

PACKETS_MAX = 400  # more than any request needs

ASKS, ANSWERS = "asks", "answers"

# How a packet breaks: which direction is counted, and what still arrives of
# the packet; or "error" in its place, or "kill" before it.
BREAKS = {
    "after_an_ask": (ASKS, "whole"),
    "inside_an_ask": (ASKS, "half"),
    "after_an_answer": (ANSWERS, "whole"),
    "after_the_header_of_an_answer": (ANSWERS, "header"),
    "inside_an_answer": (ANSWERS, "half"),
    "interrupted": (ANSWERS, "error"),
    "connection_killed": (ASKS, "kill"),
}

# KILL QUERY and max_statement_time, in turn.
INTERRUPTIONS = 1317, 1969

COM_PING = b"\1\0\0\0\x0e"
COLUMN = b"\3def"  # what the definition of a column or parameter begins with


class Pair:
    """A connection of the daemon and the one to the server for it."""

    def __init__(self, near, far):
        self.near, self.far = near, far
        self.thread_id = None    # at the server, from its greeting
        self.commanding = False  # authentication is over
        self.committing = False
        self.packets = 0         # that were counted
        self.last = b""          # answer

    def end(self):
        for sock in (self.near, self.far):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)


def read_packet(reader):
    """Three bytes of length, a sequence number, the body; b"" at the end."""
    head = reader.read(4)
    size = int.from_bytes(head[:3], "little")
    body = reader.read(size) if len(head) == 4 else b""
    return head + body if len(head) == 4 and len(body) == size else b""


def error_packet(number, sequence):
    body = (b"\xff" + number.to_bytes(2, "little") +
            b"#70100" + b"Query execution was interrupted")
    return len(body).to_bytes(3, "little") + bytes([sequence]) + body


class Cutter:
    """The relay. Unarmed it only passes packets on."""

    def __init__(self, database):
        self.database = database
        self.lock = threading.Lock()
        self.side, self.how, self.left = None, None, 0
        self.rung = None  # of a ladder: packets that a connection may have
        self.replaced = 0
        self.losing = False  # answers to COMMIT
        self.closed = False  # nobody new gets in
        self.pairs = []
        self.admin = connect(database)
        self.path = str(database.folder / f"cut-{time.monotonic_ns()}.sock")
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen()
        threading.Thread(target=self.accept, daemon=True).start()

    def arm(self, side, how, packets):
        """Break at the nth packet, counted over all connections."""
        with self.lock:
            self.side, self.how, self.left = side, how, packets

    def arm_ladder(self, side, how):
        """Break each connection, each one packet later than the one before."""
        with self.lock:
            self.side, self.how, self.rung = side, how, 0

    def lose_commits(self, losing):
        """
        Break all connections instead of the answer to a COMMIT, and let nobody
        new in from then on: another connection would learn the outcome. False:
        let all in again.
        """
        with self.lock:
            self.losing, self.closed = losing, False

    def lost(self, pair, packet, side):
        """Whether this is the answer to a COMMIT that gets lost."""
        with self.lock:
            if side == ASKS and packet[4:] == b"\3COMMIT":
                pair.committing = self.losing
            if side == ANSWERS and pair.committing:
                self.closed = True
            return side == ANSWERS and pair.committing

    def disarm(self):
        """Whether it has broken anything."""
        with self.lock:
            self.side = None
            return self.left == 0

    def drop(self):
        """End all connections, so that what follows makes new ones."""
        with self.lock:
            pairs, self.pairs = self.pairs, []
        for pair in pairs:
            pair.end()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                near = self.listener.accept()[0]
                far = socket.socket(socket.AF_UNIX)
                far.connect(self.database.socket)
                pair = Pair(near, far)
                with self.lock:
                    if self.closed:
                        pair.end()
                        continue
                    self.pairs.append(pair)
                for args in ((near, far, ASKS), (far, near, ANSWERS)):
                    threading.Thread(target=self.copy, args=(pair, *args),
                                     daemon=True).start()

    def reach(self, pair, side, another):
        """
        What is to be done at this packet; None: pass it on. It is not counted
        where it is another of the same.
        """
        with self.lock:
            if side != self.side or another or (
                    self.how == "error" and not pair.commanding):
                return None
            if self.rung is not None:
                pair.packets += 1
                if pair.packets != self.rung + 1:
                    return None
                self.rung += 1
                return self.how
            if self.left == 0:
                return None
            self.left -= 1
            return self.how if self.left == 0 else None

    def copy(self, pair, source, sink, side):
        with contextlib.suppress(OSError), source.makefile("rb") as reader:
            while packet := read_packet(reader):
                if self.lost(pair, packet, side):
                    self.drop()
                    break
                how = self.reach(pair, side, self.note(pair, packet, side))
                if how is None or how == "whole":
                    sink.sendall(packet)
                elif how in ("header", "half"):
                    share = 0 if how == "header" else (len(packet) - 4) // 2
                    sink.sendall(packet[:4 + share])
                elif how == "kill":
                    with contextlib.suppress(pymysql.err.OperationalError):
                        query(self.admin, f"KILL {pair.thread_id}")
                    sink.sendall(packet)
                else:
                    self.replace(pair, reader, packet)
                if how in ("whole", "header", "half") or \
                        how and self.rung is not None:
                    break
        pair.end()

    @staticmethod
    def note(pair, packet, side):
        """Whether it is one more definition of many columns."""
        another = packet[4:8] == COLUMN == pair.last[4:8]
        if side == ANSWERS:
            pair.last = packet
        if side == ANSWERS and pair.thread_id is None:
            place = packet.index(b"\0", 5) + 1
            pair.thread_id = int.from_bytes(packet[place:place + 4], "little")
        if side == ASKS and packet[3] == 0:
            pair.commanding = True
        return another

    def replace(self, pair, reader, packet):
        """
        An error in place of this packet and all that would follow: what the
        server still sends ends where it answers a ping, with the number 1.
        """
        pair.far.sendall(COM_PING)
        while rest := read_packet(reader):
            if rest[3] == 1:
                break
        number = INTERRUPTIONS[self.replaced % 2]
        self.replaced += 1
        pair.near.sendall(error_packet(number, packet[3]))

    def close(self):
        self.drop()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


def at_each_packet(cutter, breaking, step):
    """
    Do a step on new connections with a break at each packet in turn, until it
    needs no more of them; at a desk at one packet in three.
    """
    for packets in itertools.count(1, 3 if harness.DESK else 1):
        assert packets < PACKETS_MAX
        cutter.drop()
        cutter.arm(*breaking, packets)
        step(packets)
        if not cutter.disarm():
            return packets
