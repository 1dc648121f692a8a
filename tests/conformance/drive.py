"""Runs many cases at once: whole, in one-byte writes, and split in two.

One thread writes to many sockets in turn. Between two writes to the same
socket the daemon has had the time to read the first, so that the pieces
arrive as pieces.
"""
import concurrent.futures
import os
import select
import time

import client

THREADS = 16
ROUND_S = 15e-6      # for each socket, to have its piece read
WINDOW = 64          # splits under way at once
SPLIT_ALL_BYTES = 300
SPLIT_STEP = 64
SPLIT_LONG_BYTES = 64 * 1024
SPLIT_LONG_PLACES = 32 if os.environ.get("CAFE_LONG") else 8
REUSE_MAX = 900      # answers of a connection; the daemon ends it at 1,000
LATE_MAX = 20        # answers that may be late before patience ends
HURRY_S = 0.5
HURRY_FAULTS = 2     # splits that may go wrong before patience ends
FAULTS_MAX = 30      # and before the rest is left out


def run_whole(port, cases, patience_s=client.ANSWER_S, read=client.finish):
    """Outcomes of (key, case, raw), each case sent in one piece.

    patience_s  How long to wait for an answer; less once many are late.
    read        client.finish or client.gather.
    """
    late = []

    def run(case, raw):
        outcome = client.exchange(
            port, case, raw, patience_s if len(late) < LATE_MAX else HURRY_S,
            read)
        if outcome.error == client.LATE:
            late.append(case)
        return outcome

    with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
        futures = {key: pool.submit(run, case, raw)
                   for key, case, raw in cases}
        return {key: future.result() for key, future in futures.items()}


def pieces(raw):
    """One byte each; of what is long the beginning and the end."""
    if len(raw) <= 20 * 1024:
        return [raw[i:i + 1] for i in range(len(raw))]
    middle = range(1024, len(raw) - 64, 16 * 1024)
    return ([raw[i:i + 1] for i in range(1024)] +
            [raw[i:min(i + 16 * 1024, len(raw) - 64)] for i in middle] +
            [raw[i:i + 1] for i in range(len(raw) - 64, len(raw))])


class Talk:
    """A case on its way, piece by piece."""

    def __init__(self, port, key, case, raw):
        self.key, self.case = key, case
        self.connection = client.Connection(port)
        self.rest = iter(pieces(raw))
        self.reason = None

    def step(self):
        """Send the next piece; False when there is none, or no sense in it."""
        piece = next(self.rest, None)
        if piece is None or self.connection.ended or self.reason:
            return False
        return self.connection.send(piece)

    def take(self):
        try:
            self.connection.take()
        except client.Malformed as reason:
            self.reason = str(reason)

    def finish(self, deadline):
        self.connection.hurry(deadline)
        try:
            if self.reason:
                return client.Outcome([], "unknown", self.reason)
            if self.case.half:
                self.connection.shut()
            return client.finish(self.connection, self.case)
        finally:
            self.connection.close()


def run_bytewise(port, cases):
    """Outcomes of (key, case, raw), all sent in turn byte by byte."""
    talks = [Talk(port, *case) for case in cases]
    live = {talk.connection.sock.fileno(): talk for talk in talks}
    poll = select.poll()
    for number in live:
        poll.register(number, select.POLLIN)
    while live:
        end = time.monotonic() + ROUND_S * len(live)
        for number, talk in list(live.items()):
            if not talk.step():
                poll.unregister(number)
                del live[number]
        time.sleep(max(0, end - time.monotonic()))
        for number, _ in poll.poll(0):
            live[number].take()
    deadline = time.monotonic() + client.ANSWER_S
    return {talk.key: talk.finish(deadline) for talk in talks}


def places(length):
    """Where to split; everywhere in what is short."""
    if length < SPLIT_ALL_BYTES:
        return list(range(1, length))
    step = SPLIT_STEP
    if length > SPLIT_LONG_BYTES:
        step = length // SPLIT_LONG_PLACES
    return sorted({*range(step, length, step), length - 1, length - 2})


class Lane:
    """A connection that carries one split case after the other."""

    def __init__(self, port):
        self.port = port
        self.connection = None
        self.used = 0

    def begin(self, case, raw, cut):
        if self.connection and self.used + len(case.statuses) > REUSE_MAX:
            self.drop()
        if self.connection is None:
            self.connection = client.Connection(self.port)
            self.used = 0
        self.case, self.raw, self.cut = case, raw, cut
        self.connection.send(raw[:cut])

    def go_on(self):
        self.connection.send(self.raw[self.cut:])
        if self.case.half:
            self.connection.shut()

    def drop(self):
        self.connection.close()
        self.connection = None

    def finish(self, deadline):
        """The answers, and a complaint about what follows them."""
        answers = []
        self.connection.hurry(deadline)
        try:
            for place in range(len(self.case.statuses)):
                answer = self.connection.read_answer(
                    self.case.answers_head(place))
                if answer is None:
                    raise client.Malformed("ends without an answer")
                answers.append(answer)
            self.used += len(answers)
            if self.case.state == "closed":
                self.connection.expect_end()
                self.drop()
            elif self.connection.buffer:
                raise client.Malformed("goes on behind the last answer")
        except (client.Malformed, OSError) as reason:
            self.drop()
            return client.Outcome(answers, "unknown",
                                  str(reason) or client.LATE)
        return client.Outcome(answers, self.case.state)


def run_split(port, cases, wanted):
    """Send each (key, case, raw) in two pieces, cut at each place.

    wanted   The lasting bytes of each key's answers.
    Returns  For each key the number of splits, and a list of complaints;
             with many of these not all splits are tried.
    """
    work = [(key, case, raw, cut) for key, case, raw in cases
            for cut in places(len(raw))]
    counts = {key: 0 for key, _, _ in cases}
    faults = {key: [] for key, _, _ in cases}
    lanes = [Lane(port) for _ in range(WINDOW)]
    wrong = 0
    for start in range(0, len(work), WINDOW):
        batch = list(zip(lanes, work[start:start + WINDOW]))
        for lane, (_, case, raw, cut) in batch:
            lane.begin(case, raw, cut)
        time.sleep(ROUND_S * WINDOW)
        for lane, _ in batch:
            lane.go_on()
        deadline = time.monotonic() + (
            client.ANSWER_S if wrong < HURRY_FAULTS else HURRY_S)
        for lane, (key, _, _, cut) in batch:
            outcome = lane.finish(deadline)
            counts[key] += 1
            if outcome.error or outcome.lasting != wanted[key]:
                faults[key].append(f"split at {cut}: {outcome}")
                wrong += 1
        if wrong > FAULTS_MAX:
            break
    for lane in lanes:
        if lane.connection:
            lane.drop()
    return counts, faults
