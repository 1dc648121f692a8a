"""The end of a rehearsal, and how another one may begin on this machine."""
import socket

from rehearsal import (Rehearsal, left_over, refused,
                       volumes_of_rehearsals)


def test_down_leaves_nothing(engine, world):
    volumes = volumes_of_rehearsals(engine)
    assert volumes
    world.down()
    assert left_over(engine) == ""
    assert not world.state.exists()
    assert not volumes & set(engine.run("volume", "ls", "--quiet").split())


def test_ports_that_are_taken(engine, world, folder):
    """Asked of a machine without a rehearsal."""
    assert not world.state.exists()
    made = Rehearsal(engine, folder)
    for place, flag in enumerate(["--port", "--test-port", "--registry-port"]):
        with socket.create_server(("127.0.0.1", made.ports[place])):
            done = made.run(*made.up_options, "up")
        assert done.returncode == 2
        assert (f"port {made.ports[place]} is taken; choose another: "
                f"{flag} N") in done.stderr
    assert left_over(engine) == ""
    assert not made.state.exists()


def test_files_of_somebody_else_stay(engine, world, folder):
    """Nor does a rehearsal begin among them."""
    assert not world.state.exists()
    made = Rehearsal(engine, folder)
    made.state.mkdir()
    mine = made.state / "thesis.txt"
    mine.write_text("Beans")
    done = made.run(*made.up_options, "up")
    assert done.returncode == 2
    assert "is not a rehearsal folder: it contains thesis.txt" in done.stderr
    made.do("down")
    assert mine.read_text() == "Beans"
    (made.state / "settings").write_text("1\n2\n3\n4\n5\n")
    done = made.run("down")
    assert done.returncode == 1 and "contains other files" in done.stderr
    assert [path.name for path in made.state.iterdir()] == ["thesis.txt"]


def test_one_port_for_two(engine, world, folder):
    """Nothing is made, so the next try finds a free field."""
    assert not world.state.exists()
    made = Rehearsal(engine, folder)
    for one, other in ((0, 1), (0, 2), (1, 2)):
        ports = list(made.ports)
        ports[other] = ports[one]
        line = refused(made, "--port", ports[0], "--test-port", ports[1],
                       "--registry-port", ports[2], "up")
        assert f"are both {ports[one]}" in line
        assert not made.state.exists()
