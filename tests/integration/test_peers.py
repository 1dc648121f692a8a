"""The apps of tests/bench/peers show what the directory shows."""
import contextlib
import dataclasses
import pathlib
import sys

import pytest

import harness

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "bench"))

import contenders  # noqa: E402
import entrants  # noqa: E402

# These test a tool, and install and start servers for Node.
pytestmark = pytest.mark.thorough

# Those for which the suite has packages; tests/bench/peers.py itself compares
# all of them.
PEERS = (entrants.start_express, entrants.start_fastify)
QUERY = "/suppliers?q=cafetales+17"


def test_peers_show_the_rows_of_the_directory(folder, server):
    contenders.load_suppliers(server, 20)
    with contextlib.ExitStack() as stack:
        ours = entrants.start_customer(stack, folder, server)
        peers = [start(stack, folder, server) for start in PEERS]
        entrants.compare(ours, peers)
        entrants.compare_rows(ours.at(QUERY), [one.at(QUERY) for one in peers])
        with pytest.raises(RuntimeError, match="express shows other rows"):
            entrants.compare_rows(ours, [one.at(QUERY) for one in peers])


def test_a_peer_saves(folder, server):
    contenders.load_suppliers(server, 20)
    with contextlib.ExitStack() as stack:
        express = entrants.start_express(stack, folder, server)
        client = harness.Client(express.contender.port)
        form = {**harness.SUPPLIER, "id": 7}
        assert client.post("/admin/supplier-update", form).status == 303
        assert server.sql("SELECT name, city FROM suppliers WHERE id = 7") == [
            [form["name"], form["city"]]]
        form["name"] = ""
        assert client.post("/admin/supplier-update", form).status == 422


def test_what_all_processes_use_is_counted(folder, server):
    """Of Express in a cluster, its processes do the work, not the first."""
    contenders.load_suppliers(server, 20)
    with contextlib.ExitStack() as stack:
        express = entrants.start_express(stack, folder, server)
        assert len(express.processes()) == 1 + entrants.CORES
        alone = dataclasses.replace(express, roots=(express.processes()[-1],))
        assert express.memory_mb() > alone.memory_mb() > 0
        before = express.cpu_us()

        def worked():
            assert express.contender.check()
            return express.cpu_us() > before

        harness.wait_until(worked, "its work is counted")
