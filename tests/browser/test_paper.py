"""What is on paper when a list is printed, in headless Chromium."""
import pytest

from test_browser import fill_sample, walk
from test_browser import playwright  # noqa: F401 pylint: disable=W0611

ALL = 5009
SHEETS = 90


@pytest.mark.thorough
def test_lists_on_paper(playwright, database, proxy):  # noqa: F811
    """Addresses of usual length, some names and e-mail addresses of unusual
    length."""
    fill_sample(database)
    database.sql(f"""
        INSERT INTO suppliers
          (name, address, city, state, country, email, phone)
        SELECT CONCAT(ELT(1 + seq % 7, 'Morning', 'Harbour', 'Old Town',
                          'Golden Bean', 'Two Brothers', 'Night Owl',
                          'Koffiebranderij Noord-Scharwoude'),
                      ' Roastery ', seq),
          CONCAT(seq, ELT(1 + seq % 5, ' Hill Road', ' Mühlenweg',
                          ' rue du Port', ' Maple Street', ' via Roma')),
          ELT(1 + seq % 5, 'Waterbury', 'Köln', 'Brest', 'Portland',
              'Nové Mesto nad Váhom'),
          ELT(1 + seq % 5, 'VT', 'Nordrhein-Westfalen', '', 'Oregon', ''),
          ELT(1 + seq % 5, 'USA', 'Deutschland', 'France', 'USA', 'Slovensko'),
          CONCAT(LEFT(MD5(seq), 4 + seq % 9), IF(seq % 9, '', '-orders'), '@',
                 LEFT(SHA1(seq), IF(seq % 50, 9, 36)), '.example'),
          CONCAT('+1 802 555 ', LPAD(37 * seq % 10000, 4, '0'))
        FROM seq_1_to_{ALL - 20}""")
    walk("paper.js", f"http://{proxy.host}", str(ALL), str(SHEETS),
         seconds=300)
