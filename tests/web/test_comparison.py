"""Profile and contact side by side."""

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from scrm.models import Contact, Profile
from scrm.runtime import Core
from scrm.web.comparison import chips, compare, language_name
from tests.factories import make_contact, make_profile


@pytest.fixture
def pair(core: Core) -> tuple[Profile, Contact]:
    with core.db.write("test.pair") as session:
        return _pair(session)


def _pair(session: Session) -> tuple[Profile, Contact]:
    profile = make_profile(session, display_name="Dr. Mei TANAKA", handle="mei", location="Hamamatsu", language="ja")
    contact = make_contact(session, full_name="Mei Tanaka", emails=["mei@tanaka.example"], company="Tanaka Seiki")
    return profile, contact


def line(rule: str, level: str, bits: float) -> dict[str, object]:
    return {"rule": rule, "level": level, "bits": bits}


PRIOR = line("prior", "prior", -15.0)


def test_words_that_both_have_are_marked_whatever_their_case(app: Flask, pair: tuple[Profile, Contact]) -> None:
    name = compare(*pair, [PRIOR])[0]
    assert [(word.text, word.is_shared) for word in name.mine] == [("Dr.", False), ("Mei", True), ("TANAKA", True)]


@pytest.mark.parametrize(
    ("evidence", "field", "sign", "tone"),
    [
        ([line("surname", "exact", 9.0)], "name", "=", "for"),
        ([line("surname", "near", 4.0)], "name", "≈", "for"),
        ([line("surname", "exact", 9.0), line("given", "nickname", 4.0)], "name", "≈", "for"),
        ([line("other_given_name", "different", -5.0)], "name", "≠", "against"),
        ([line("surname_in_handle", "inside", 9.0)], "handle", "≈", "for"),
        ([line("known_account", "handle", 9.0)], "handle", "=", "for"),
        ([line("email", "verified", 20.0)], "email", "=", "for"),
        ([line("language", "same", 0.1)], "language", "·", ""),
        ([line("unheard_of", "x", 9.0)], "name", "·", ""),
    ],
)
def test_the_sign_follows_the_evidence(
    app: Flask, pair: tuple[Profile, Contact], evidence: list, field: str, sign: str, tone: str
) -> None:
    found = {row.field: row for row in compare(*pair, [PRIOR, *evidence])}[field]
    assert (found.sign, found.tone) == (sign, tone)


def test_fields_that_neither_side_has_are_left_out(app: Flask, pair: tuple[Profile, Contact]) -> None:
    assert [row.field for row in compare(*pair, [])] == ["name", "handle", "email", "company", "city", "language"]


def test_what_speaks_against_stands_first_among_the_chips(app: Flask, pair: tuple[Profile, Contact]) -> None:
    rows = compare(*pair, [PRIOR, line("surname", "exact", 9.0), line("other_email", "different", -2.0)])
    assert [row.field for row in chips(rows)] == ["email", "name"]


@pytest.mark.parametrize(
    ("code", "name"),
    [("de", "German"), ("pt-BR", "Portuguese"), (None, ""), ("qqq", "qqq"), ("!!", "!!"), ("<b>", "<b>")],
)
def test_languages_have_names_and_nonsense_stays(app: Flask, code: str | None, name: str) -> None:
    assert language_name(code) == name
