"""Migrations: a new table, the original's table, and running them again."""
ORIGINAL_TABLE = """
CREATE TABLE suppliers (
  id INT AUTO_INCREMENT PRIMARY KEY,
  name VARCHAR(255) NOT NULL,
  address VARCHAR(255) NOT NULL,
  city VARCHAR(255) NOT NULL,
  state VARCHAR(255) NOT NULL,
  email VARCHAR(255) NOT NULL,
  phone VARCHAR(100) NOT NULL
);
"""
ORIGINAL_ROWS = """
INSERT INTO suppliers VALUES
  (1, 'Ben &amp; Jerry', '1 Hill Road', 'Waterbury', 'VT', '', '8025550101'),
  (3, 'Café Łódź', 'x', 'y', 'z', 'a@b.example', '5550100'),
  (9, '☕ 咖啡', 'x', 'y', 'z', 'q', '+44 20 7946 0958');
"""


def adopt(database, charset=""):
    database.make_empty()
    database.sql(ORIGINAL_TABLE.replace(");\n", f") {charset};\n") +
                 (ORIGINAL_ROWS if not charset else ""))


def original_rows(database):
    return database.sql(
        "SELECT id, name, address, city, state, email, phone FROM suppliers"
        " ORDER BY id")


def test_a_new_table_is_made(server):
    server.make_empty()
    done = server.migrate()
    assert done.returncode == 0, done.stderr
    assert server.sql("SELECT COUNT(*) FROM suppliers") == [["0"]]


def test_the_originals_table_keeps_its_rows(server):
    adopt(server)
    before = original_rows(server)
    done = server.migrate()
    assert done.returncode == 0, done.stderr
    assert original_rows(server) == before and len(before) == 3


def test_the_originals_statements_go_on_working(server):
    adopt(server)
    assert server.migrate().returncode == 0
    server.sql("INSERT INTO suppliers SET name='n', address='a', city='c',"
               " state='s', email='e', phone='5550100';"
               "UPDATE suppliers SET name='m', address='a', city='c',"
               " state='s', email='e', phone='1' WHERE id = 1;"
               "DELETE FROM suppliers WHERE id = 3;"
               "INSERT INTO suppliers VALUES"
               " (20, 'n', 'a', 'c', 's', 'e', 'p')")
    assert [row[0] for row in original_rows(server)] == ["1", "9", "10", "20"]
    assert len(server.sql("SELECT * FROM suppliers")[0]) == 7


def test_migrating_again_does_nothing(server):
    adopt(server)
    assert server.migrate().returncode == 0
    again = server.migrate()
    assert again.returncode == 0
    assert "applied before" in again.stdout


def test_dry_run_changes_nothing(server):
    adopt(server)
    done = server.migrate("--dry-run")
    assert done.returncode == 0 and "0001-suppliers" in done.stdout
    assert server.sql("SHOW TABLES") == [["suppliers"]]
    assert len(server.sql("SHOW COLUMNS FROM suppliers")) == 7


def test_the_migrated_daemon_shows_the_originals_rows(server, start):
    adopt(server)
    assert server.migrate().returncode == 0
    server.sql("GRANT SELECT ON COFFEE.* TO customer@'%'")
    text = start("customer", server).get("/suppliers").text
    assert "Café Łódź" in text and "☕ 咖啡" in text


def test_other_character_sets_are_converted(server):
    adopt(server, "DEFAULT CHARSET=latin1")
    server.sql("SET NAMES utf8mb4; INSERT INTO suppliers VALUES"
               " (1, 'Café', 'a', 'c', 's', 'e', 'p')")
    assert server.migrate().returncode == 0
    assert server.sql("SELECT name FROM suppliers") == [["Café"]]
    server.sql("UPDATE suppliers SET name = '咖啡'")
    assert server.sql("SELECT name FROM suppliers") == [["咖啡"]]
