import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrm.db import Database
from scrm.errors import InputError
from scrm.sync.imports.columns import Draft
from scrm.sync.imports.csv import LONGEST_RECORD, MOST_LINES, CsvFile
from tests.sync.imports.reading import held, load, only, reasons

COLUMNS = "expected 3 columns, found %d"
NOT_CLOSED = "a quote is not closed"


def names(database: Database) -> list[str]:
    return [contact.full_name for contact in held(database)]


@pytest.mark.parametrize("delimiter", list(",;\t|"))
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_delimiter_and_line_end_is_found(database: Database, delimiter: str, end: str) -> None:
    rows = [["Vorname", "Nachname", "Firma"], ["Ada", "Example", "A, B; C\tD|E"], ["Ben", "Example", 'The "Co"']]
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator=end).writerows(rows)
    assert load(database, text.getvalue()).created == 2
    assert [contact.company for contact in held(database)] == ["A, B; C\tD|E", 'The "Co"']


def test_the_line_that_spreadsheets_put_before_the_header_is_obeyed(database: Database) -> None:
    load(database, "sep=|\r\nName|Firma\r\nAda|A, B, C\r\n")
    assert only(database).company == "A, B, C"


def test_lines_inside_a_field_belong_to_it(database: Database) -> None:
    report = load(database, 'Name,Company,City\nAda,"Acme\r\nHolding\n\nInc.",Bonn\nBen,Beta,Ulm\n"x,,\n')
    assert [contact.company for contact in held(database)] == ["Acme\r\nHolding\n\nInc.", "Beta"]
    assert reasons(report) == [(7, "", NOT_CLOSED)]


def test_the_last_line_needs_no_end(database: Database) -> None:
    assert load(database, "Name\nAda\nBen").created == 2


def test_blank_lines_and_empty_rows_are_nobody(database: Database) -> None:
    report = load(database, "\n\nName,Company,City\n\nAda,Acme,Bonn\n,,\n \n , , \nBen,Beta,Ulm\n\n")
    assert (report.created, report.rejected) == (2, [])


def test_a_row_with_other_columns_is_rejected_with_its_line(database: Database) -> None:
    report = load(database, "Name,Company,City\nAda,Acme\nBen,Beta,Ulm,extra\nCleo,Acme,Bonn,,,\nDan,Delta,Kiel\n")
    assert names(database) == ["Cleo", "Dan"]
    assert reasons(report) == [(2, "", COLUMNS % 2), (3, "", COLUMNS % 4)]


def test_a_quote_nobody_closed_costs_its_own_line(database: Database) -> None:
    text = 'Name,Company,City\nAda,"Acme,Bonn\nBen,Beta,Ulm\n"Cleo","Acme, Inc.",Kiel\nDan,Delta,Kiel\n'
    report = load(database, text)
    assert names(database) == ["Ben", "Cleo", "Dan"]
    assert [reject.line for reject in report.rejected] == [2]


def test_a_quote_inside_a_field_is_a_letter(database: Database) -> None:
    load(database, 'Name,Company,City\nAda,5" disks,Bonn\n"Ben" Example,Beta,Ulm\n')
    assert [(contact.full_name, contact.company) for contact in held(database)] == [
        ("Ada", '5" disks'),
        ("Ben Example", "Beta"),
    ]


@pytest.mark.parametrize("quote", ["", '"'])
def test_a_field_of_ten_megabytes_costs_its_own_row(database: Database, quote: str) -> None:
    huge = "x" * 10_000_000
    report = load(database, f"Name,Company,City\nAda,Acme,Bonn\nBen,{quote}{huge}{quote},Ulm\nCleo,Acme,Kiel\n")
    assert names(database) == ["Ada", "Cleo"]
    assert reasons(report) == [(3, "", f"longer than {LONGEST_RECORD} characters")]


def test_a_field_of_too_many_lines_costs_its_own_lines(database: Database) -> None:
    lines = "one\n" * (MOST_LINES + 10)
    report = load(database, f'Name,Company,City\nAda,"{lines}",Bonn\nBen,Beta,Ulm\n')
    assert names(database) == ["Ben"]
    assert report.rejected[0].line == 2
    assert report.rejected[0].reason == NOT_CLOSED


def test_a_name_that_is_too_long_is_rejected_with_its_column(database: Database) -> None:
    report = load(database, f"Full Name,Company,City\n{'canary' * 100},Acme,Bonn\nBen,Beta,Ulm\n")
    assert names(database) == ["Ben"]
    assert reasons(report) == [(2, "Full Name", "longer than 500 characters")]


def test_too_many_or_too_long_values_refuse_the_row(database: Database) -> None:
    many, long = ";".join(f"{n:06}" for n in range(51)), "0" * 501
    report = load(database, f'Name,Phone\nAda,"{many}"\nBen,{long}\nCleo,0170\n')
    assert names(database) == ["Cleo"]
    assert reasons(report) == [(2, "Phone", "more than 50 values"), (3, "Phone", "longer than 500 characters")]


def test_a_single_line_too_long_without_an_end_is_the_last(database: Database) -> None:
    report = load(database, "Name,Company\nAda,Acme\n" + "x" * 300_000)
    assert names(database) == ["Ada"]
    assert [reject.line for reject in report.rejected] == [3]


def test_a_column_we_do_not_read_may_be_long(database: Database) -> None:
    assert load(database, f"Name,Notes\nAda,{'x' * 100_000}\n").created == 1


def test_headers_that_stand_twice_give_several_values_or_the_first(database: Database) -> None:
    load(database, "Name,Email,Email,City,City\nAda,a@example.test,b@example.test,,Bonn\n")
    ada = only(database)
    assert (ada.emails, ada.city) == (("a@example.test", "b@example.test"), "Bonn")


@pytest.mark.parametrize("prefix", ["=", "+", "-", "@", "\t", "\r"])
def test_a_formula_is_text(database: Database, prefix: str) -> None:
    formula = prefix + 'HYPERLINK("https://evil.example";"x")'
    text = io.StringIO()
    csv.writer(text).writerows([["Name", "Company", "City"], [formula, "Acme", "Bonn"]])
    load(database, text.getvalue())
    assert only(database).full_name == formula.strip()


def test_a_row_without_a_name_is_known_by_its_email(database: Database) -> None:
    report = load(database, "First Name,Last Name,Email\n,,ada@example.test\n,,\nBen,,\n,,not an address\n")
    assert names(database) == ["ada@example.test", "Ben"]
    assert reasons(report) == [(5, "", "no name, no company and no e-mail address")]


def test_a_bad_email_is_left_out_and_said_so(database: Database) -> None:
    report = load(database, "Name,Email\nAda,canary at example\nBen,Ben Example <ben@example.test>\n")
    assert [contact.emails for contact in held(database)] == [(), ("ben@example.test",)]
    assert [(item.line, item.column, item.reason) for item in report.ignored] == [
        (2, "Email", "not an e-mail address")
    ]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "names of columns"),
        ("\n \n", "names of columns"),
        ("Color,Shape\nred,round\n", "No column was recognized"),
        ('"never closed\nx\n', "names of columns"),
        ("x" * 200_000, "names of columns"),
        (",".join(["Name"] * 3000), "names of columns"),
        (b"PK\x03\x04" + b"\x00" * 30, "spreadsheet"),
        (b"\x00\x01\x02\x03\x05\xff" * 100, "not a text file"),
        (b"Name\x00\n", "not a text file"),
    ],
)
def test_a_file_that_is_no_list_of_contacts_is_refused(database: Database, text: str | bytes, complaint: str) -> None:
    with pytest.raises(InputError, match=complaint):
        load(database, text)


@pytest.mark.parametrize(
    ("mapping", "complaint"), [({"Nobody": "email"}, "is not there"), ({"Who": "nickname"}, "known: id, kind")]
)
def test_a_mapping_that_fits_nothing_is_refused(database: Database, mapping: dict[str, str], complaint: str) -> None:
    with pytest.raises(InputError, match=complaint):
        load(database, "Who,Where\nAda,Bonn\n", mapping=mapping)


def test_a_mapping_opens_a_file_of_unknown_columns(database: Database) -> None:
    load(
        database,
        "Who;Where;Tooting\nAda;Bonn;@ada@social.example\n",
        mapping={"Who": "full_name", "Tooting": "mastodon"},
    )
    ada = only(database)
    assert (ada.full_name, ada.city, ada.handles) == ("Ada", None, (("mastodon", "@ada@social.example"),))


CELLS = st.text(alphabet='ab",;|\t\n\r é', max_size=12)


@given(st.lists(st.lists(CELLS, min_size=3, max_size=3), max_size=6), st.sampled_from(",;\t|"))
def test_whatever_a_writer_writes_is_read_as_it_was(rows: list[list[str]], delimiter: str) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows([["First Name", "Last Name", "City"], *rows])
    text.seek(0)
    read = list(CsvFile(text))
    expected = [row for row in rows if any(cell.strip() for cell in row)]
    assert [isinstance(row, Draft) for row in read] == [True] * len(expected)


@given(st.text(alphabet='ab",\n\r', max_size=80))
def test_whatever_stands_in_a_file_every_line_is_a_row_or_a_reject(text: str) -> None:
    good = "x,y,z\n"
    read = list(CsvFile(io.StringIO(f"First Name,Last Name,City\n{good}{text}\n{good}", newline="")))
    drafts = [row for row in read if isinstance(row, Draft)]
    assert drafts[0].line == 2
    assert all(row.line >= 2 for row in read)
    assert [row.line for row in read] == sorted(row.line for row in read)
    if text.count('"') == 0:
        assert drafts[-1].first("first_name") == "x"
