"""Searching, sorting and filtering, as customers do: by URLs and forms."""
import concurrent.futures
import html
import html.parser
import re
import unicodedata
import urllib.parse

import pytest

from writers import Background, Table, connect, insert, query

ROWS = (
    # name, city, state, country, phone
    ("Café Łódź", "Łódź", "Łódzkie", "Polska", "+48 42 555 01 02"),
    ("Straßen-Rösterei", "Köln", "NRW", "Deutschland", "0221 555 0100"),
    ("Ben & Jerry's Beans", "Waterbury", "VT", "USA", "(802) 555-0101"),
    ("London Beans", "London", "", "UK", "020 7946 0958"),
    ("Beans of London", "Leeds", "", "UK", "0113 496 0000 ext. 12"),
    ("Acme", "London", "", "UK", "0113 496 0001"),
    ("Lodging", "Lodz", "Lodzkie", "Polska", "555-0199"),
)


@pytest.fixture
def filled(database, customer):
    admin = connect(database)
    for name, city, state, country, phone in ROWS:
        insert(admin, name=name, city=city, state=state, country=country,
               phone=phone, address="1 Road", email="", website="", notes="")
    return customer


def names(customer, **fields):
    page = customer.get("/suppliers?" + urllib.parse.urlencode(fields))
    assert page.status == 200
    return [row[1] for row in Table(page.text).rows]


class Forms(html.parser.HTMLParser):
    """The fields of a page's form with what a browser would send."""

    def __init__(self, text):
        super().__init__()
        self.fields, self.options, self.select = {}, {}, None
        self.actions = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "form":
            self.actions.append((attrs.get("method", "get"), attrs["action"]))
        elif tag == "input" and "name" in attrs:
            self.fields[attrs["name"]] = attrs.get("value", "")
        elif tag == "select":
            self.select = attrs["name"]
            self.options[self.select] = []
        elif tag == "datalist":
            self.select = None
        elif tag == "option" and self.select is not None:
            self.options[self.select].append(attrs["value"])
            if "selected" in attrs or self.select not in self.fields:
                self.fields[self.select] = attrs["value"]

    def send(self, customer, **changed):
        (method, action), = self.actions
        assert method == "get"
        return customer.get(action + "?" + urllib.parse.urlencode(
            {**self.fields, **changed}))


FOUND = (
    ("cafe lodz", ["Café Łódź"]),
    ("CAFÉ  ŁÓDŹ", ["Café Łódź"]),
    ("strasse", ["Straßen-Rösterei"]),
    ("rosterei koln", ["Straßen-Rösterei"]),
    ("0207946", ["London Beans"]),
    ("020 7946 0958", ["London Beans"]),
    ("(020) 7946-0958", ["London Beans"]),
    ("802.555.0101", ["Ben & Jerry's Beans"]),
    ("0113 496 0000 x12", ["Beans of London"]),
    ("ben & jerry", ["Ben & Jerry's Beans"]),
    ("jerry beans usa", ["Ben & Jerry's Beans"]),
    ("uk leeds", ["Beans of London"]),
    # Begins with it, has it, has it elsewhere; then by name.
    ("london", ["London Beans", "Beans of London", "Acme"]),
    ("lodz", ["Café Łódź", "Lodging"]),
    ("lod", ["Lodging", "Café Łódź"]),
    ("beans london", ["Beans of London", "London Beans"]),
    ("road", ["Acme", "Beans of London", "Ben & Jerry's Beans", "Café Łódź",
              "Lodging", "London Beans", "Straßen-Rösterei"]),
    ("nobody", []),
    ("london nobody", []),
    # A word lies within one field.
    ("acmelondon", []),
)


def test_every_word_is_found(filled):
    for text, expected in FOUND:
        for _ in range(3):  # looked for, kept, page kept
            assert names(filled, q=text) == expected, text


def test_notes_are_searched(filled, database):
    admin = connect(database)
    insert(admin, name="Notes", notes="Ask for **María**.\n\n- Zürcher Röstung"
           "\n- call 020 7946 0001\n" + "x" * 20000 + " beyond")
    assert names(filled, q="maria") == ["Notes"]
    assert names(filled, q="zuercher rostung") == ["Notes"]
    assert names(filled, q="020 7946 0001") == ["Notes"]
    assert names(filled, q="notes maria") == ["Notes"]
    assert names(filled, q="beyond") == []  # no form has as much


SPELLINGS = (
    ("O'Malley", "OʼMalley", "O’Malley", "O´Malley", "O`Malley", "OMalley"),
    ("Müller", "Mueller", "Muller", "MUELLER", "Mu\u0308ller"),
    ("Jäger", "Jaeger"), ("Gross", "Groß"), ("Løken", "Loeken", "Loken"),
    ("Århus", "Aarhus", "Arhus"),
    ("Rolls-Royce", "Rolls Royce", "Rolls‑Royce", "Rolls–Royce"),
    ("Rolls-Royce", "RollsRoyce"),
    ("قهوة", "قهوه", "قَهوة", "قهـــوة"), ("إبراهيم", "ابراهیم", "أبراهيم"),
    ("کافه", "كافه", "كافة"), ("علي", "علی", "على"),
    ("コーヒー", "こーひー", "ｺｰﾋｰ"), ("ガ", "が", "ｶﾞ"),
    ("サーバー", "サーバ"),
)


def test_spellings_find_each_other(customer, database):
    admin = connect(database)
    for number, group in enumerate(SPELLINGS):
        query(admin, "DELETE FROM suppliers")
        for text in group:
            insert(admin, name=text, city=f"{number}", state="", email="",
                   phone="", notes="")
        for text in group:
            assert sorted(names(customer, q=text)) == sorted(
                {unicodedata.normalize("NFC", one) for one in group} |
                set(group) & set(names(customer))), text


def test_another_sound_is_another_word(customer, database):
    admin = connect(database)
    for text in ("ハリ", "バリ", "パリ"):
        insert(admin, name=text)
    for text in ("ハリ", "バリ", "パリ", "はり"):
        assert len(names(customer, q=text)) == 1


PHONES = ("+44 20 7946 0958", "020 7946 0958", "0044 20 7946 0958",
          "+44 (0)20 7946 0958", "(020) 7946-0958", "00442079460958",
          "011 44 20 7946 0958", "+44\u00a020\u20117946\u20130958")


def test_spellings_of_a_phone_find_each_other(customer, database):
    admin = connect(database)
    for phone in PHONES:
        insert(admin, name=phone, phone=phone, notes="")
    insert(admin, name="Other", phone="+49 20 7946 0958")
    for phone in (*PHONES, "tel:+442079460958", "2079460958", "7946 0958"):
        found = set(names(customer, q=phone))
        assert found >= set(PHONES), phone
        assert ("Other" in found) == (not phone.startswith(
            ("+44", "00", "011", "tel"))), phone


def test_sorted_by_a_column(filled):
    by_city = ["Straßen-Rösterei", "Beans of London", "Café Łódź", "Lodging",
               "Acme", "London Beans", "Ben & Jerry's Beans"]
    assert names(filled, sort="city") == by_city
    # Ties stay in the order of names.
    assert names(filled, sort="-city") == [
        "Ben & Jerry's Beans", "Acme", "London Beans", "Café Łódź", "Lodging",
        "Beans of London", "Straßen-Rösterei"]
    # Without a value: last, both ways.
    assert names(filled, sort="state")[-3:] == \
        names(filled, sort="-state")[-3:] == \
        ["Acme", "Beans of London", "London Beans"]
    assert names(filled, q="london", sort="name") == [
        "Acme", "Beans of London", "London Beans"]
    assert names(filled, sort="nothing") == names(filled)


def test_headers_sort(filled):
    page = filled.get("/suppliers")
    head = page.text.split("<thead>")[1].split("</thead>")[0]
    assert re.findall(r'aria-sort="(\w+)"', head) == ["ascending"]
    links = re.findall(r'<a href="([^"]+)">([^<]+)</a>', head)
    assert [text for _, text in links] == [
        "Name", "Address", "City", "State", "Country", "E-mail", "Phone"]
    for url, text in links:
        page = filled.get(html.unescape(url))
        head = page.text.split("<thead>")[1].split("</thead>")[0]
        order = "descending" if text == "Name" else "ascending"
        assert re.search(rf'aria-sort="{order}"><a href="[^"]+">{text}<', head)
        assert head.count("aria-sort") == 1


def test_filters(filled):
    assert names(filled, state="lodzkie") == ["Café Łódź", "Lodging"]
    assert names(filled, city="London") == ["Acme", "London Beans"]
    assert names(filled, city="London", q="beans") == ["London Beans"]
    assert names(filled, state="NRW", city="London") == []
    # a city by a part of its name, without accents
    assert names(filled, city="Lond") == names(filled, city="ondo") == \
        ["Acme", "London Beans"]
    assert names(filled, city="Lod") == names(filled, city="Łód") == \
        names(filled, city="lodz")
    assert "Café Łódź" in names(filled, city="Lod")
    assert names(filled, city="Lo nd") == []


SPELT = {"Poland": "a", "Polska": "b", "POLEN": "c", "Deutschland": "d",
         "Germany": "e", "United States": "f", "USA": "g", "Atlantis": "h",
         "Guinea-Bissau": "i", "": "j", "Poland, Łódź": "k"}


def test_countries_by_any_of_their_names(customer, database):
    admin = connect(database)
    for country, name in SPELT.items():
        insert(admin, name=name, country=country, email="", city="x",
               state="x", address="x")
    for spelling in "Poland", "polska", "Polen", "POLOGNE", "Польша":
        assert names(customer, country=spelling) == ["a", "b", "c"]
    for spelling in "Poland", "Polska":  # as a word, also within a text
        assert names(customer, q=spelling)[:3] == ["a", "b", "c"]
    assert names(customer, q="poland") == ["a", "b", "c", "k"]
    assert names(customer, q="Vereinigte Staaten") == ["f", "g"]
    assert names(customer, q="united states g") == ["g"]
    assert names(customer, q="guinea-bissau") == ["i"]
    assert names(customer, q="alemania") == names(customer, q="Germany") == \
        ["d", "e"]
    assert names(customer, country="atlantis") == ["h"]
    assert names(customer, country="Atlant") == []
    text = customer.get("/suppliers?country=Germany").text
    # one choice for all names of a country
    chosen = text.split('id="country"')[1].split("</select>")[0]
    assert re.findall(r">([^<>]+) \((\d)\)<", chosen) == [
        ("Atlantis", "1"), ("Deutschland", "2"), ("Guinea-Bissau", "1"),
        ("Poland", "3"), ("Poland, Łódź", "1"), ("United States", "2")]
    assert '<option value="Deutschland" selected>Deutschland (2)' in text


def test_suggestions_where_there_are_many_cities(customer, database):
    database.sql("INSERT INTO suppliers"
                 " (name, address, city, state, email, phone)"
                 " SELECT 'n', 'a', CONCAT('Stadt ', seq), 's', '', '5550100'"
                 " FROM seq_1_to_3000")

    def suggested(query_string):
        text = customer.get("/suppliers" + query_string).text
        return re.findall('<option value="([^"]*)">',
                          re.search('<datalist id="cities".*', text)[0])

    assert len(suggested("")) == 200
    assert suggested("?city=dt+299") == [
        "Stadt 299", *(f"Stadt {n}" for n in range(2990, 3000))]
    assert len(suggested("?city=stadt")) == 200


def test_form_as_a_browser_sends_it(filled):
    """Without JavaScript each step keeps what was chosen before."""
    form = Forms(filled.get("/suppliers").text)
    assert form.actions == [("get", "/suppliers")]
    assert re.findall('<option value="([^"]*)">', re.search(
        '<datalist id="cities".*', filled.get("/suppliers").text)[0]) == [
            "Köln", "Leeds", "Łódź", "London", "Waterbury"]
    assert form.options["state"] == ["", "Łódzkie", "NRW", "VT"]
    page = form.send(filled, q="beans")
    form = Forms(page.text)
    assert form.fields["q"] == "beans"
    form = Forms(form.send(filled, city="London").text)
    page = form.send(filled, sort="phone")
    assert [row[1] for row in Table(page.text).rows] == ["London Beans"]
    form = Forms(page.text)
    assert form.fields == {"q": "beans", "state": "", "city": "London",
                           "country": "", "sort": "phone"}
    assert 'href="/suppliers"' in page.text.split("Clear search")[0]


def test_home_has_a_search(filled):
    page = filled.get("/")
    form = Forms(page.text)
    assert form.actions == [("get", "/suppliers")]
    page = form.send(filled, q="acme")
    assert [row[1] for row in Table(page.text).rows] == ["Acme"]


def test_links_keep_the_list(database, customer):
    admin = connect(database)
    for number in range(7):
        insert(admin, name=f"Bean {number}", city=f"City {number % 2}")
    insert(admin, name="Other")
    url, seen = "/suppliers?q=bean&sort=-city&per=3", []
    while url:
        page = customer.get(html.unescape(url))
        seen += [row[1] for row in Table(page.text).rows]
        after = re.search(r'rel="next" href="([^"]+)"', page.text)
        url = after and after.group(1)
    assert seen == [f"Bean {n}" for n in (1, 3, 5, 0, 2, 4, 6)]
    assert "7–7 of 7" in page.text
    assert 'rel="prev" href="/suppliers?q=bean&amp;sort=-city&amp;page=2' \
        '&amp;per=3"' in page.text
    beyond = customer.get("/suppliers?q=bean&sort=-city&per=3&page=99")
    assert "7–7 of 7" in beyond.text


def test_which_empty_state(database, customer):
    for path in ("/suppliers", "/suppliers?q=x", "/suppliers?state=x"):
        text = customer.get(path).text
        assert "No suppliers yet" in text and "Nothing matches" not in text
    insert(connect(database), name="Acme")
    text = customer.get("/suppliers?q=%3Cb%3E&per=10").text
    assert "No suppliers yet" not in text and "<table" not in text
    assert "Nothing matches ‘<bdi>&lt;b&gt;</bdi>’." in text
    assert '<a href="/suppliers?per=10">Clear search</a>' in text
    text = customer.get("/suppliers?city=Nowhere").text
    assert "Nothing matches these filters." in text
    assert ">No suppliers found</h1>" in text
    assert ">Suppliers found</h1>" in customer.get("/suppliers?q=acme").text
    assert 'name="city" value="Nowhere"' in text
    text = customer.get("/suppliers?state=Nowhere").text
    assert '<option value="Nowhere" selected>Nowhere (0)</option>' in text
    text = customer.get("/suppliers?q=acme&city=Nowhere").text
    assert "Nothing matches ‘<bdi>acme</bdi>’ with these filters." in text


def test_titles_tell_pages_apart(filled):
    def title(path):
        return re.search("<title>(.*)</title>", filled.get(path).text).group(1)
    assert title("/suppliers").startswith("All suppliers")
    assert title("/suppliers?q=a%3Cb").startswith("a&lt;b – supplier search")
    assert title("/suppliers?city=x").startswith("Supplier search")


def test_too_long_is_cut(filled):
    """It finds more, never less, and says what was looked for."""
    for word in ("acme " + 60 * "acme ", "acme " + 200 * "é"):
        page = filled.get("/suppliers?q=" + urllib.parse.quote(word))
        assert page.status == 200
        shown = Forms(page.text).fields["q"]
        assert len(shown) <= 100 and word.startswith(shown)
    assert names(filled, q="acme " * 60) == ["Acme"]
    # The ninth word and those after it are left out.
    assert names(filled, q="a c m e 1 r o d nobody") == ["Acme"]
    assert names(filled, q="a c m e 1 r o nobody") == []


def test_what_is_faulty(filled):
    assert filled.get("/suppliers?q=%ff").status == 400
    assert filled.get("/suppliers?q=%00").status == 400
    assert filled.get("/suppliers?q=%0d%0aacme%09").status == 200
    assert names(filled, q="\r\n acme\t") == ["Acme"]
    everybody = names(filled)
    assert names(filled, q=" ", sort="", state="", city="", page="x",
                 per="-1") == everybody


def test_hostile_texts_are_escaped(database, customer):
    evil = "\"><script>alert('1')</script>&"
    insert(connect(database), name="Acme", city=evil, state=evil)
    for field in ("q", "state", "city", "sort"):
        page = customer.get("/suppliers?" + urllib.parse.urlencode(
            {field: evil, "per": 1}))
        assert page.status == 200
        own = '<script type="module" src="/static/'
        assert page.text.count("<script") == page.text.count(own) == 2
        assert "alert('" not in page.text
    assert names(customer, city=evil, state=evil, q=evil) == ["Acme"]


def test_equal_searches_are_one_kept_page(filled):
    """Spelling of the query doesn't matter: the ETag is the same."""
    paths = ("/suppliers?q=acme&per=10", "/suppliers?per=10&q=+acme++",
             "/suppliers?q=acme&state=&city=&sort=&page=1&per=10",
             "/suppliers?q=%61cme&per=10&x=y")
    etags = {filled.get(path).headers["ETag"] for path in paths}
    assert len(etags) == 1
    etag = etags.pop()
    for path in paths:
        assert filled.get(path, If_None_Match=etag).status == 304


def test_a_change_is_found_at_once(filled, database):
    admin = connect(database)
    for number in range(20):
        assert names(filled, q="fresh beans") == []
        added = insert(admin, name=f"Fresh {number}", city="Beans")
        assert names(filled, q="fresh beans") == [f"Fresh {number}"]
        query(admin, "DELETE FROM suppliers WHERE id = %s", added)


def test_many_different_searches_at_once(database, customer):
    """Each gets its own answer, while the suppliers change."""
    admin = connect(database)
    database.sql("INSERT INTO suppliers"
                 " (name, address, city, state, email, phone)"
                 " SELECT CONCAT('bean ', seq), 'a', 'c', 's', '', '5550100'"
                 " FROM seq_1_to_3000")
    counts = {}
    for number in range(3000):
        for word in {str(number + 1)[at:at + size]
                     for at in range(4) for size in (1, 2, 3, 4)} - {""}:
            counts[word] = counts.get(word, 0) + 1

    def search(word):
        page = customer.get(f"/suppliers?q=bean+{word}")
        assert page.status == 200
        return int(re.search(r"of ([\d,]+)<", page.text).group(1)
                   .replace(",", ""))

    # Digits of the phone, the same for all, would be found as well.
    words = [word for word in counts if word not in "5550100"][:150]

    def change():
        query(admin, "UPDATE suppliers SET city = CONCAT('c', 'x')"
              " WHERE id = 1")

    with Background([change]):
        with concurrent.futures.ThreadPoolExecutor(40) as pool:
            found = list(pool.map(search, words + words))
    assert found == [counts[word] for word in words + words]


def test_searches_end_with_the_daemon(customer, database):
    """Requests that wait for a search when it stops are answered."""
    database.sql("INSERT INTO suppliers"
                 " (name, address, city, state, email, phone)"
                 " SELECT CONCAT('bean ', seq), 'a', 'c', 's', '', '5550100'"
                 " FROM seq_1_to_20000")
    customer.get("/suppliers")
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        asked = [pool.submit(customer.get, f"/suppliers?q={n}&sort=-email")
                 for n in range(1, 21)]
        customer.process.send()
        statuses = {one.result().status for one in asked
                    if one.exception() is None}
    assert statuses <= {200, 503}
    assert customer.process.wait() == 0
    assert customer.stop() == 0


@pytest.mark.parametrize("daemon, path", [("customer", "/suppliers"),
                                          ("employee", "/admin/suppliers")])
def test_none_are_not_called_found(start, database, daemon, path):
    """Neither of no suppliers at all, nor of none that match."""
    client = start(daemon, database)
    for name in None, "Bean":
        if name:
            insert(connect(database), name=name)
        text = client.get(f"{path}?q=zzzz").text
        assert "No suppliers found</h1>" in text
    assert "Suppliers found</h1>" in client.get(f"{path}?q=bean").text
