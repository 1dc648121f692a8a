"""Adopting tables that others have made: wider, narrower, with more in them."""
import harness
import pytest

from change_log import Log, Session
from fields import TABLE
from test_rights import everything

TEXTS = ("name", "address", "city", "state", "email", "phone")
FIELDS = {**harness.SUPPLIER, "state": "Q", "phone": "+57 606 555 0118"}

ORIGINAL = {
    "id": "INT NOT NULL AUTO_INCREMENT PRIMARY KEY",
    "name": "VARCHAR(255) NOT NULL", "address": "VARCHAR(255) NOT NULL",
    "city": "VARCHAR(255) NOT NULL", "state": "VARCHAR(255) NOT NULL",
    "email": "VARCHAR(255) NOT NULL", "phone": "VARCHAR(100) NOT NULL"}


def make(server, options="", order=(), more="", **columns):
    """A table with the original's columns, except for some of them."""
    all_columns = {**ORIGINAL, **columns}
    names = [*order, *(n for n in all_columns if n not in order)]
    lines = [f"{n} {all_columns[n]}" for n in names if all_columns[n]]
    server.make_empty()
    server.sql(f"CREATE TABLE suppliers ({', '.join(lines)}{more}) {options}")


def migrate(server, *flags):
    done = server.migrate(*flags)
    return done.returncode, done.stdout + done.stderr


def ready(server, *notes):
    """Migrated, with these notes, and with the daemons' rights."""
    status, output = migrate(server)
    assert status == 0, output
    for note in notes:
        assert note in output, output
    server.sql((harness.ROOT / "deploy/local/grants.sql").read_text())


# The most that a column can hold, as its owner writes it.
WIDE = {
    "text": ({"name": "TEXT", "address": "TEXT"},
             {"name": "REPEAT('n', 65000)", "address": "REPEAT('a', 65000)"}),
    "varchar": ({n: "VARCHAR(500) NOT NULL" for n in TEXTS},
                {n: "REPEAT('ü', 500)" for n in TEXTS}),
    "phone": ({"phone": "VARCHAR(255) NOT NULL"},
              {"phone": "REPEAT('1', 255)"}),
    "mediumtext": ({"city": "MEDIUMTEXT NOT NULL"},
                   {"city": "REPEAT('c', 200000)"}),
    "longtext": ({"notes": "LONGTEXT"}, {"notes": "REPEAT('c', 200000)"}),
    "bigint": ({"id": "BIGINT AUTO_INCREMENT PRIMARY KEY"},
               {"id": "9223372036854775807"}),
    "negative": ({"id": "BIGINT AUTO_INCREMENT PRIMARY KEY"},
                 {"id": "-9223372036854775807"}),
    "unsigned": ({"id": "INT UNSIGNED AUTO_INCREMENT PRIMARY KEY"},
                 {"id": "4294967295"}),
    "unsigned_bigint": ({"id": "BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY"},
                        {"id": "18446744073709551614"}),
    "null": ({n: "VARCHAR(255) NULL" for n in TEXTS},
             {n: "NULL" for n in TEXTS}),
}


@pytest.mark.parametrize("shape", WIDE)
@pytest.mark.parametrize("options", (
    "", "ENGINE=MyISAM DEFAULT CHARSET=latin1"))
def test_the_owners_statements_go_on_working(server, shape, options):
    columns, most = WIDE[shape]
    values = {**{n: "'x'" for n in TEXTS}, **most}
    written = ", ".join(f"{n} = {v}" for n, v in values.items())
    make(server, options, **columns)
    server.sql(f"INSERT INTO suppliers SET {written}")
    ready(server)
    log = Log(server)
    updated = ", ".join(f"{n} = {v}" for n, v in values.items() if n != "id")
    server.sql(f"SET NAMES utf8mb4; UPDATE suppliers SET {updated};"
               f"DELETE FROM suppliers; INSERT INTO suppliers SET {written}")
    entries = log.entries(log.known) if shape == "null" else log.new()
    assert [e.action for e in entries] == ["update", "remove", "add"]


def test_the_order_of_columns_and_more_of_them_do_not_matter(server, start):
    make(server, order=("phone", "email", "id", "name"),
         more=", vat VARCHAR(20), since DATE NOT NULL DEFAULT '2020-01-01'",
         country="CHAR(2) NOT NULL DEFAULT 'GB'")
    server.sql("INSERT INTO suppliers SET name = 'Name', address = 'Address',"
               " city = 'City', state = 'State', email = 'e@x.example',"
               " phone = '020 7946 0958', vat = 'GB 1'")
    ready(server, "suppliers.country")
    employee, customer = start("employee", server), start("customer", server)
    page = customer.get("/suppliers/1.json").text
    for text in "Name", "Address", "City", "State", "e@x.example", "GB":
        assert f'"{text}"' in page
    done = employee.post("/admin/supplier-update", {
        **FIELDS, "id": 1, "country": "CO"})
    assert done.status == 303, done.text
    assert server.sql("SELECT name, country, phone, vat FROM suppliers") == \
        [[FIELDS["name"], "CO", FIELDS["phone"], "GB 1"]]


def test_a_log_from_before_is_widened(server):
    """The first three migrations made it as narrow as the original's table."""
    make(server, name="TEXT")
    folder = harness.ROOT / "libcafe/suppliers/migrations"
    with Session(server, "migrate") as session:
        session.run("CREATE TABLE cafe_migrations (number INT PRIMARY KEY,"
                    " name VARCHAR(255), checksum CHAR(64), at DATETIME(6))")
        for number, file in enumerate(sorted(folder.glob("000[123]*.sql"))):
            for step in file.read_text().split("\n-- step\n"):
                session.run(step.strip())
            session.run("INSERT INTO cafe_migrations VALUES"
                        " (%s, %s, SHA2(%s, 256), NOW(6))", number + 1,
                        file.stem, file.read_text())
        session.run("INSERT INTO suppliers SET name = 'n', address = 'a',"
                    " city = 'c', state = 's', email = 'e', phone = 'p'")
        wide = "UPDATE suppliers SET name = REPEAT('n', 5000)"
        assert session.refused(wide) == 1406
        status, output = migrate(server)
        assert status == 0, output
        session.run(wide)
    log = Log(server)
    assert [e.action for e in log.entries()] == ["add", "update"]


# What can't be adopted, and the words that say so.
REFUSED = {
    "char_id": (dict(id="CHAR(36) PRIMARY KEY"), "", "char(36)"),
    "decimal_id": (dict(id="DECIMAL(20) PRIMARY KEY"), "", "its id is"),
    "no_key": (dict(id="INT NOT NULL"), "", "primary key"),
    "shared_key": (dict(id="INT NOT NULL"),
                   ", PRIMARY KEY (id, name)", "primary key"),
    "null_key": (dict(id="INT UNIQUE"), "", "primary key"),
    "no_phone": (dict(phone=None), "", "no column phone"),
    "number": (dict(phone="BIGINT"), "", "its phone is bigint"),
    "bytes": (dict(name="VARBINARY(255)"), "", "its name is varbinary"),
    "foreign_country": (dict(country="INT"), "", "its country is int"),
    "generated": (dict(email="VARCHAR(255) AS (CONCAT(name, '@x'))"), "",
                  "its email is generated"),
}


@pytest.mark.parametrize("shape", REFUSED)
def test_what_does_not_fit_is_refused_first(server, shape):
    columns, more, words = REFUSED[shape]
    make(server, "ENGINE=MyISAM DEFAULT CHARSET=latin1", more=more, **columns)
    before = tables_of(server)
    for flags in ((), ("--dry-run",), ()):
        status, output = migrate(server, *flags)
        assert status == 1 and words in output, output
        assert "Nothing was changed" in output
        assert tables_of(server) == before


def tables_of(server):
    """All definitions; not the rows, whose columns differ."""
    return [server.sql("SELECT TABLE_NAME, TABLE_TYPE, ENGINE FROM"
                       " information_schema.TABLES WHERE TABLE_SCHEMA ="
                       " 'COFFEE'"),
            server.sql("SHOW CREATE TABLE suppliers"),
            server.sql("SHOW TRIGGERS"),
            server.sql("SELECT ROUTINE_NAME FROM information_schema.ROUTINES"
                       " WHERE ROUTINE_SCHEMA = 'COFFEE'")]


NAMES_TAKEN = {
    "view": ("RENAME TABLE suppliers TO real_ones;"
             "CREATE VIEW suppliers AS SELECT * FROM real_ones", "view"),
    "trigger": ("CREATE TRIGGER suppliers_added BEFORE INSERT ON suppliers"
                " FOR EACH ROW SET NEW.city = UPPER(NEW.city)",
                "trigger suppliers_added"),
    "log": ("CREATE TABLE supplier_changes (id INT, what TEXT)",
            "supplier_changes has no column revision"),
    "keys": ("CREATE TABLE supplier_form_keys (id INT)",
             "supplier_form_keys has no column digest"),
}


@pytest.mark.parametrize("what", NAMES_TAKEN)
def test_what_belongs_to_others_is_left_alone(server, what):
    sql, words = NAMES_TAKEN[what]
    make(server)
    server.sql(sql)
    before = tables_of(server)
    status, output = migrate(server)
    assert status == 1 and words in output, output
    assert tables_of(server) == before


# What the server refuses in the middle: names that are one and the same in the
# other character set, a row that has no room for more columns.
FAILING = {
    "unique": (dict(), ", UNIQUE (name)",
               "ENGINE=MyISAM DEFAULT CHARSET=latin1 COLLATE=latin1_bin",
               "(1062)"),
    "room": (dict(name="VARCHAR(15200) NOT NULL"), "",
             "DEFAULT CHARSET=utf8mb4", "(1118)"),
    "foreign_key": (
        dict(city="VARCHAR(255) NOT NULL"),
        ", FOREIGN KEY (city) REFERENCES cities (city)",
        "ENGINE=InnoDB DEFAULT CHARSET=latin1", "foreign key"),
}


@pytest.mark.parametrize("what", FAILING)
def test_a_migration_that_fails_leaves_the_table_as_it_was(server, what):
    columns, more, options, words = FAILING[what]
    server.make_empty()
    server.sql("CREATE TABLE cities (city VARCHAR(255) PRIMARY KEY)"
               " ENGINE=InnoDB DEFAULT CHARSET=latin1;"
               "INSERT INTO cities VALUES ('c')")
    lines = ", ".join(f"{n} {t}" for n, t in {**ORIGINAL, **columns}.items())
    server.sql(f"CREATE TABLE suppliers ({lines}{more}) {options};"
               "INSERT INTO suppliers VALUES (1, 'n', 'a', 'c', 's', 'e', 'p'),"
               " (2, 'N', 'a', 'c', 's', 'e', 'p')")
    before = [server.sql("SHOW CREATE TABLE suppliers"),
              server.sql("SELECT * FROM suppliers")]
    for _ in range(2):
        status, output = migrate(server)
        assert status == 1 and words in output, output
        assert "has been restored to its previous state" in output
        assert before == [server.sql("SHOW CREATE TABLE suppliers"),
                          server.sql("SELECT * FROM suppliers")]
        assert server.sql("SHOW TRIGGERS") == []
    server.sql("UPDATE suppliers SET city = 'c'; DELETE FROM suppliers;"
               "INSERT INTO suppliers VALUES (2, 'n', 'a', 'c', 's', 'e', 'p')")


def test_triggers_do_not_stay_after_a_failure(server):
    make(server)
    server.sql("INSERT INTO suppliers VALUES"
               " (1, 'n', 'a', 'c', 's', 'e', 'p')")
    before = everything(server)
    drops = ", ".join(f"DROP COLUMN {field.name}" for field in TABLE
                      if field.since > 1)
    assert migrate(server)[0] == 0
    server.sql("DROP TRIGGER suppliers_added; DROP TRIGGER suppliers_changed;"
               "DROP TRIGGER suppliers_removed; DROP TABLE cafe_migrations;"
               f"ALTER TABLE suppliers {drops};"
               "DELETE FROM supplier_changes; ALTER TABLE supplier_changes"
               " ADD CHECK (action <> 'adopt')")
    status, output = migrate(server)
    assert status == 1, output
    assert "has been restored to its previous state" in output
    assert server.sql("SHOW TRIGGERS") == []
    assert server.sql("SHOW CREATE TABLE suppliers") == before[1][0]
    server.sql("ALTER TABLE supplier_changes DROP CONSTRAINT CONSTRAINT_1")
    assert migrate(server)[0] == 0
    assert [e.action for e in Log(server).entries()] == ["adopt"]


# Columns, what is in the way of saving, a field, what the page says.
NARROW = {
    "varchar": (dict(name="VARCHAR(60) NOT NULL"), "", "name", "n" * 63,
                "Shorten the supplier name by 3 characters: the limit is 60"),
    "characters": (dict(city="VARCHAR(9) NOT NULL"), "", "city", "ü" * 10,
                   "Shorten the supplier city by 1 character: the limit is 9"),
    "tinytext": (dict(address="TINYTEXT NOT NULL"), "", "address", "ü" * 200,
                 "Shorten the supplier address by 145 bytes: the limit is 255"),
    "notes": (dict(notes="VARCHAR(20)"), "", "notes", "x" * 21,
              "Shorten the supplier notes by 1 character: the limit is 20"),
    "enum": (dict(state="ENUM('VT', 'NY') NOT NULL"), "", "state", "Texas",
             "The table does not accept this"),
    "unique": ({}, ", UNIQUE email (email)", "email", "taken@x.example",
               "The table does not accept this"),
}


def post_both(employee, server, **fields):
    """As an addition and as a change of supplier 1."""
    form = {**FIELDS, **fields, "anyway": "1"}
    before = server.sql("SELECT * FROM suppliers")
    yield employee.post("/admin/supplier-add", form)
    yield employee.post("/admin/supplier-update", {**form, "id": 1})
    assert server.sql("SELECT * FROM suppliers") == before


@pytest.mark.parametrize("shape", NARROW)
def test_a_narrower_column_is_said_at_the_field(server, start, shape):
    columns, more, field, text, words = NARROW[shape]
    make(server, more=more, **columns)
    server.sql("INSERT INTO suppliers SET name = 'n', address = 'a',"
               " city = 'c', state = 'NY', email = 'e@x.example', phone = '1'")
    server.sql("INSERT INTO suppliers SET name = 'n', address = 'a',"
               " city = 'c', state = 'NY', email = 'taken@x.example',"
               " phone = '1'")
    ready(server, *([] if shape == "unique" else [f"suppliers.{field} is "]))
    employee = start("employee", server)
    state = {"state": "NY"} if field != "state" else {}
    for page in post_both(employee, server, **{**state, field: text}):
        assert page.status == 422, page.text
        assert words in page.text, page.text
        assert f'id="{field}-message"' in page.text or \
            f'{field}"' in page.text


# What the form does not know, or can't.
RULES = {
    "must_fill": (", vat VARCHAR(20) NOT NULL",
                  "suppliers.vat must have a value",
                  "vat"),
    "check": (", CHECK (CHAR_LENGTH(name) < 5)", "", "CONSTRAINT"),
}


@pytest.mark.parametrize("what", RULES)
def test_other_rules_of_the_table_are_no_fault_of_ours(server, start, what):
    more, note, words = RULES[what]
    make(server, more=more)
    ready(server, note)
    employee = start("employee", server)
    done = employee.post("/admin/supplier-add", FIELDS)
    assert done.status == 422, done.text
    assert words in done.text and FIELDS["name"] in done.text


def test_restoring_may_be_refused_by_the_table(server, start):
    make(server, more=", vat VARCHAR(20) NOT NULL")
    server.sql("INSERT INTO suppliers VALUES"
               " (4, 'n', 'a', 'c', 's', 'e@x.example', '5550100', 'GB 1')")
    ready(server)
    employee = start("employee", server)
    assert employee.post("/admin/supplier-remove/4").status == 303
    done = employee.post("/admin/supplier-restore/1")
    assert done.status == 422 and "vat" in done.text, done.text
    server.sql("ALTER TABLE suppliers ALTER vat SET DEFAULT ''")
    assert employee.post("/admin/supplier-restore/1").status == 303


def test_without_auto_increment_nothing_can_be_added(server, start):
    make(server, id="INT NOT NULL PRIMARY KEY")
    server.sql("INSERT INTO suppliers VALUES"
               " (4, 'n', 'a', 'c', 's', 'e@x.example', '5550100')")
    ready(server, "not AUTO_INCREMENT")
    employee = start("employee", server)
    assert employee.post("/admin/supplier-add", FIELDS).status == 422
    assert employee.post("/admin/supplier-update",
                         {**FIELDS, "id": 4}).status == 303


def test_a_supplier_that_others_refer_to_stays(server, start):
    make(server)
    server.sql("INSERT INTO suppliers VALUES"
               " (4, 'n', 'a', 'c', 's', 'e@x.example', '5550100');"
               "CREATE TABLE orders (supplier INT NOT NULL,"
               " FOREIGN KEY (supplier) REFERENCES suppliers (id));"
               "INSERT INTO orders VALUES (4)")
    ready(server)
    employee = start("employee", server)
    done = employee.post("/admin/supplier-remove/4")
    assert done.status == 422, done.text
    assert "foreign key" in done.text
    assert server.sql("SELECT COUNT(*) FROM suppliers") == [["1"]]


def test_a_trigger_of_the_owner_may_refuse_a_change(server, start):
    make(server)
    server.sql("CREATE TRIGGER theirs BEFORE INSERT ON suppliers FOR EACH ROW"
               " SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'Ask Bob first'")
    ready(server)
    done = start("employee", server).post("/admin/supplier-add", FIELDS)
    assert done.status == 422 and "Ask Bob first" in done.text
