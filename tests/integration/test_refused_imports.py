"""Posts of an import that are refused: what was chosen is kept."""
import re

import pytest

from refusals import (KEPT, come_back, link_of, make_away, make_file, make_kind,
                      make_refuser, shown)
from test_chosen import form_of
from test_import_command import supplier, table
from test_import_upload import Pages, counts

TWO = "Wer,Wo,Adresse\r\nAnn,Bern,Weg 1\r\n"
MAPPING = {"kind": "0", "charset": "0", "delimiter": "44", "c0": "0",
           "c1": "2", "c2": "1", "clear_empty": "1"}


@pytest.fixture(name="importer")
def make_importer(refuser, database):
    return Pages(refuser, database)


def sent_again(importer, kind, button, form):
    """Refused, then sent by the form that came back; the page after it."""
    path = f"{importer.url}/{button}"
    before = importer.daemon.get(importer.url).text
    page = importer.daemon.refuse(path, {**form})
    assert importer.daemon.get(importer.url).text == before
    if kind == "role":
        assert "<button" not in page.text and importer.url not in page.text
        assert "then reload this page" in page.text
        fields = list(form.items())
    else:
        fields = form_of(page.text, path)
        assert f'<a href="{importer.url}">Cancel</a>' in page.text
    assert fields == list(form.items())
    return page, importer.press(button, **form)


def test_how_a_file_is_read_is_kept(importer, kind):
    importer.upload(TWO)
    page, preview = sent_again(importer, kind, "reading", MAPPING)
    assert shown(page) == {
        "Kind of file": "Table (CSV)", "Encoding": "UTF-8",
        "Column 1": "Name", "Column 2": "City", "Column 3": "Address",
        "Empty cells": "Clear the field in the directory"}
    assert "<bdi>Weg 1</bdi>" in preview.text and importer.names() == []
    page = importer.daemon.refuse(f"{importer.url}/reading",
                                  {**MAPPING, "evil": "7"})
    assert "evil" not in page.text and "Read the file again" not in page.text
    assert kind == "role" or link_of(page) == importer.url


def test_an_answer_is_kept(importer, kind):
    importer.upload(table(supplier("Ann"), supplier("Ann", city="Stowe")))
    page, preview = sent_again(importer, kind, "answers",
                               {"n": "2", "kind": "duplicate",
                                "choice": "new"})
    assert shown(page) == {"Your answer": "Add it as a new supplier"}
    assert counts(preview) == {"New": 2} and importer.names() == []
    path = f"{importer.url}/answers"
    for choice, said in (("leave", "Leave it out"), ("17", "It is supplier 17"),
                         ("evil", None), ("", None)):
        page = importer.daemon.refuse(path, {"n": "2", "choice": choice})
        assert shown(page) == ({"Your answer": said} if said else {})
        assert "evil" not in page.text


def test_deleting_what_is_missing_is_kept(importer, kind):
    importer.upload(table(supplier("Ann"), supplier("Bob")))
    importer.start()
    page = importer.upload(table(supplier("Ann")))
    assert re.search(r'name="remove_missing" value="1">', page.text)
    form = {"remove_missing": "1"}
    page = importer.daemon.refuse(f"{importer.url}/start", form)
    assert shown(page) == {"Suppliers that are not in the file": "Delete them"}
    if kind == "role":
        assert "<button" not in page.text and importer.url not in page.text
    else:
        asked = importer.daemon.get(link_of(page))
        assert asked.headers["Cache-Control"] == KEPT
        assert 'name="remove_missing" value="1" checked>' in asked.text
    assert importer.names() == ["Ann", "Bob"]
    importer.start(**form)
    assert importer.names() == ["Ann"]


def test_without_a_database_choices_of_an_import_are_kept(start, away):
    own, kill = away
    pages = Pages(start("employee", own), own)
    pages.upload(TWO)
    pages.daemon = kill()
    path = f"{pages.url}/reading"
    page = pages.daemon.post(path, MAPPING)
    assert page.status == 503 and form_of(page.text, path) == \
        list(MAPPING.items())
    come_back(own, pages.daemon)
    assert "<bdi>Weg 1</bdi>" in pages.press("reading", **MAPPING).text
    pages.upload(table(supplier("Ann"), supplier("Ann", city="Stowe")))
    pages.daemon = kill()
    path = f"{pages.url}/answers"
    answer = {"n": "2", "kind": "duplicate", "choice": "new"}
    page = pages.daemon.post(path, answer)
    assert page.status == 503 and form_of(page.text, path) == \
        list(answer.items())
    page = pages.daemon.post(f"{pages.url}/start", {"remove_missing": "1"})
    assert page.status == 503
    assert link_of(page) == f"{pages.url}?remove_missing=1"
    come_back(own, pages.daemon)
    assert counts(pages.press("answers", **answer)) == {"New": 2}


__all__ = ["make_away", "make_file", "make_kind", "make_refuser"]
