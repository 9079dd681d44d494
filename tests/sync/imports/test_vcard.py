import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrm.db import Database
from scrm.sync.imports.columns import Draft
from scrm.sync.imports.vcard import LONGEST_CARD, VcardFile
from tests.sync.imports.reading import held, load, only, reasons

ADA = "BEGIN:VCARD\nVERSION:3.0\nUID:ada\nFN:Ada Example\nEND:VCARD\n"


def card(*lines: str, version: str = "3.0") -> str:
    return "\r\n".join(["BEGIN:VCARD", f"VERSION:{version}", *lines, "END:VCARD", ""])


def test_a_card_of_version_4_is_read(database: Database) -> None:
    text = card(
        "UID:urn:uuid:4fbe8971-0bc3-424c-9c26-36c3e1eff6b1",
        "FN:Ada Ex\\, ample",
        "N:Example;Ada;;Dr.;",
        "ORG:Acme;Research",
        "TITLE:Engineer",
        "LANG:de",
        "EMAIL:second@example.test",
        "EMAIL;PREF=1:mailto:first@example.test",
        'TEL;VALUE=uri;TYPE="voice,work":tel:+49-170-123',
        "ADR:;;Street 1;Berlin;;10115;Germany",
        "URL:https://ada.example",
        "SOCIALPROFILE;SERVICE-TYPE=Mastodon:https://social.example/@ada",
        "SOCIALPROFILE;SERVICE-TYPE=Bluesky;USERNAME=ada.bsky.social;VALUE=text:Ada",
        "CATEGORIES:VIP,Kunden",
        "KIND:individual",
        version="4.0",
    )
    assert load(database, text).created == 1
    ada = only(database)
    assert (ada.full_name, ada.first_name, ada.last_name) == ("Ada Ex, ample", "Ada", "Example")
    assert (ada.company, ada.title, ada.city, ada.country, ada.language) == (
        "Acme",
        "Engineer",
        "Berlin",
        "Germany",
        "de",
    )
    assert (ada.emails, ada.phones) == (("first@example.test", "second@example.test"), ("+49-170-123",))
    assert ada.urls == ("https://ada.example", "https://social.example/@ada")
    assert (ada.handles, ada.relation, ada.kind) == ((("bluesky", "ada.bsky.social"),), "customer", "contact")


def test_a_card_of_an_apple_address_book_is_read(database: Database) -> None:
    text = card(
        "N:Example;Ada;;;",
        "FN:Ada Example",
        "EMAIL;type=INTERNET;type=HOME:home@example.test",
        "EMAIL;type=INTERNET;type=WORK;type=pref:work@example.test",
        "item1.URL;type=pref:https://ada.example",
        "item1.X-ABLabel:_$!<HomePage>!$_",
        "X-SOCIALPROFILE;type=twitter;x-user=ada:http://twitter.com/ada",
        "X-SOCIALPROFILE;type=mastodon;x-user=@ada@social.example:x-apple:ada",
        "IMPP;X-SERVICE-TYPE=Facebook;type=HOME:xmpp:ada.fb",
        "IMPP;X-SERVICE-TYPE=Skype:skype:ada",
        "PHOTO;ENCODING=b;TYPE=JPEG:" + "/9j/" * 100_000,
        " " + "/9j/" * 30_000,
    )
    load(database, text)
    ada = only(database)
    assert ada.emails == ("work@example.test", "home@example.test")
    assert ada.urls == ("https://ada.example", "http://twitter.com/ada")
    assert ada.handles == (("mastodon", "@ada@social.example"), ("facebook", "ada.fb"))


def test_a_card_of_an_old_phone_is_read(database: Database) -> None:
    text = card(
        "N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;J=C3=B6rg;;;",
        "FN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:J=C3=B6rg=",
        " M=C3=BCller",
        "ORG;CHARSET=ISO-8859-1;ENCODING=QUOTED-PRINTABLE:S=FC=DF",
        "TEL;CELL:0170",
        "EMAIL;INTERNET;PREF:jm@example.test",
        "PHOTO;ENCODING=BASE64;JPEG:/9j/4AAQ",
        " SkZJRg",
        "",
        "X-TWITTER:@jm",
        version="2.1",
    )
    load(database, text)
    row = only(database)
    assert (row.full_name, row.last_name, row.company) == ("Jörg Müller", "Müller", "Süß")
    assert (row.phones, row.emails, row.handles) == (("0170",), ("jm@example.test",), (("x", "@jm"),))


def test_many_cards_are_told_apart_and_a_bad_one_costs_itself(database: Database) -> None:
    text = (
        ADA
        + "some words between\n\n"
        + "BEGIN:VCARD\nFN:never ends\n"
        + ADA.replace("Ada", "Ben").replace("ada", "ben")
        + "begin:vcard\nversion:3.0\nEND:VCARD\n"
        + "BEGIN:VCARD\nVERSION:3.0\nFN:"
        + "x" * (LONGEST_CARD + 1)
        + "\nEND:VCARD\n"
        + "BEGIN:VCARD\nVERSION:4.0\nKIND:group\nFN:Friends\nEND:VCARD\n"
        + ADA.replace("Ada", "Cleo").replace("ada", "cleo")
        + "BEGIN:VCARD\nFN:cut off"
    )
    report = load(database, text)
    assert [contact.full_name for contact in held(database)] == ["Ada Example", "Ben Example", "Cleo Example"]
    assert reasons(report) == [
        (6, "", "expected the beginning of a card"),
        (8, "", "the card does not end"),
        (15, "", "no name, no company and no e-mail address"),
        (18, "", f"longer than {LONGEST_CARD} characters"),
        (22, "KIND", "a group, not a contact"),
        (32, "", "the card does not end"),
    ]


def test_a_line_that_is_none_costs_itself_and_is_not_logged(
    database: Database, capfd: pytest.CaptureFixture[str]
) -> None:
    load(database, card("FN:Ada", "canary without a colon", 'NICKNAME;X="canary', "EMAIL:ada@example.test"))
    assert only(database).emails == ("ada@example.test",)
    heard = capfd.readouterr()
    assert "canary" not in heard.out + heard.err


def test_a_card_the_parser_fails_on_costs_itself(database: Database) -> None:
    report = load(database, card("FN:Ada", "TEL;ENCODING=BASE64:AAAAA") + card("FN:Ben"))
    assert only(database).full_name == "Ben"
    assert reasons(report) == [(1, "", "this card cannot be read")]


def test_folds_are_undone_even_inside_a_letter(database: Database) -> None:
    folded = b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:J\xc3\r\n \xb6rg \r\n\tM\xc3\xbcller\r\nEND:VCARD\r\n"
    load(database, folded)
    assert only(database).full_name == "Jörg Müller"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "cp1252"])
def test_cards_come_in_any_encoding(database: Database, encoding: str) -> None:
    text = card("FN:Jörg Müller", "ADR:;;Straße 1;Köln;;;Deutschland") + card("FN:Günther Weiß", "UID:2")
    load(database, text.encode(encoding))
    assert [contact.full_name for contact in held(database)] == ["Jörg Müller", "Günther Weiß"]


def test_one_card_in_an_old_encoding_does_not_spoil_the_others(database: Database) -> None:
    load(database, card("FN:Jörg Müller").encode() + card("FN:Günther Weiß").encode("cp1252"))
    assert [contact.full_name for contact in held(database)] == ["Jörg Müller", "Günther Weiß"]


@pytest.mark.parametrize("sign", ["X-ABShowAs:COMPANY", "KIND:org"])
def test_a_card_of_a_company_is_an_account(database: Database, sign: str) -> None:
    load(database, card("FN:Acme AG", "ORG:Acme AG;", sign))
    acme = only(database)
    assert (acme.kind, acme.full_name) == ("account", "Acme AG")


def test_a_card_without_a_full_name_has_its_parts(database: Database) -> None:
    load(database, card("N:Example;Ada;Maria,Luise;;"))
    ada = only(database)
    assert (ada.full_name, ada.first_name, ada.last_name) == ("Ada Maria Luise Example", "Ada", "Example")


def test_a_name_of_odd_parts_is_no_trouble(database: Database) -> None:
    report = load(database, card("N:a;b;c;d;e;f;g", "ADR:1", "ORG:", "FN:") + card("N", "FN:Ben"))
    assert report.rejected == []
    assert [contact.full_name for contact in held(database)] == ["b c a", "Ben"]


PIECES = st.sampled_from(
    [
        *(
            b"BEGIN:VCARD",
            b"END:VCARD",
            b"VERSION:3.0",
            b"FN:x",
            b"N:a;b",
            b" fold",
            b"PHOTO:",
            b"ORG",
            b"",
            b"REV:x",
        ),
        *(
            b"FN;ENCODING=QUOTED-PRINTABLE:=C3=",
            b"TEL;ENCODING=b:!!",
            b"\xff\xfe",
            b'ADR;X=":',
            b"EMAIL;PREF=1:a@b.example",
        ),
    ]
)


@given(st.lists(PIECES | st.binary(max_size=12), max_size=30))
def test_whatever_stands_in_a_file_every_card_is_a_row_or_a_reject(pieces: list[bytes]) -> None:
    lines = iter([piece.replace(b"\n", b"") + b"\n" for piece in [*pieces, b"END:VCARD", *ADA.encode().splitlines()]])
    read = list(VcardFile(lambda _longest: next(lines, b"")))
    assert isinstance(read[-1], Draft)
    assert read[-1].first("full_name") == "Ada Example"
