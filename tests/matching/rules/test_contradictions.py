import pytest

from scrm.matching.frequencies import TokenKind
from scrm.matching.rules import contradictions
from tests.matching.people import contact, frequencies, pair, profile

JANE = contact("Jane Q. Fragala", first_name="Jane", last_name="Fragala")
KNOWN = contact("Jane Fragala", handles=(("mastodon", "jane@social.example"),), emails=("jane@company.example",))

CASES = [
    ("other_given_name", JANE, profile("Norbert Fragala"), "different"),
    ("other_given_name", JANE, profile("N. Fragala"), "initial"),
    ("other_given_name", JANE, profile("J. Fragala"), None),
    ("other_given_name", JANE, profile("Janie Fragala"), None),
    ("other_given_name", JANE, profile("Fragala"), None),
    ("other_given_name", JANE, profile(handle="fragala"), None),
    ("other_given_name", JANE, profile("Norbert Quist"), None),
    ("other_given_name", JANE, profile(handle="NorbertFragala"), "in_handle"),
    ("other_given_name", JANE, profile(handle="FunnyFragala"), None),
    ("other_surname", JANE, profile("Jane Quist"), "different"),
    ("other_given_name", contact("Jane Petrow"), profile("Борис Петров"), "across_scripts"),
    ("other_surname", contact("Vladimir Quist"), profile("Владимир Петров"), "across_scripts"),
    ("other_middle_name", contact("Anna Quitterie Petrowa"), profile("Анна Бьянка Петрова"), None),
    ("other_surname", JANE, profile("Jane"), None),
    ("other_surname", JANE, profile("Jane Fragala"), None),
    ("other_middle_name", JANE, profile("Jane X. Fragala"), "different"),
    ("other_middle_name", JANE, profile("Jane Q. Fragala"), None),
    ("other_middle_name", JANE, profile("Jane Fragala"), None),
    ("other_handle", KNOWN, profile(handle="jf", handle_host="social.example"), "different"),
    ("other_handle", KNOWN, profile(handle="jane", handle_host="social.example"), None),
    ("other_handle", KNOWN, profile(handle="jf", network="x"), None),
    (
        "other_handle",
        contact(native_ids=(("x", "42"),)),
        profile(network="x", handle="jf", native_id="43"),
        "different",
    ),
    ("other_handle", contact(native_ids=(("x", "42"),)), profile(network="x", handle="jf", native_id="42"), None),
    ("other_email", KNOWN, profile(email="j@other.example", email_verified=True), "different"),
    ("other_email", KNOWN, profile(email="j@other.example"), None),
    ("other_email", KNOWN, profile(email="jane@company.example", email_verified=True), None),
    ("other_email", KNOWN, profile(email="info@other.example", email_verified=True), None),
    ("company_or_person", KNOWN, profile("Jane Fragala", is_organization=True), "different"),
    ("company_or_person", contact("Example", kind="account"), profile("Example"), "different"),
    ("company_or_person", contact("Example", kind="account"), profile("Example", is_organization=True), None),
    ("company_or_person", KNOWN, profile("Jane Fragala"), None),
    ("bot", KNOWN, profile("Jane Fragala", is_bot=True), "bot"),
    ("bot", KNOWN, profile("Jane Fragala"), None),
    ("bot", contact("Example", kind="account"), profile("Example", is_bot=True), None),
]


@pytest.mark.parametrize(("rule", "ours", "theirs", "level"), CASES)
def test_a_contradiction_is_found_only_where_something_differs(rule, ours, theirs, level):
    counts = frequencies({(TokenKind.NAME, "norbert"): 9})
    found = getattr(contradictions, rule)(pair(ours, theirs, counts))
    assert (found.level if found else None) == level
    assert found is None or found.bits < 0


@pytest.mark.parametrize("fields", [{"is_bot": True}, {"is_organization": True}])
def test_a_bot_or_page_is_never_a_person(fields):
    rows = [
        rule(pair(KNOWN, profile("x", **fields))) for rule in (contradictions.bot, contradictions.company_or_person)
    ]
    assert any(row and row.is_veto for row in rows)


def test_another_account_on_the_network_is_no_veto():
    found = contradictions.other_handle(pair(KNOWN, profile(handle="jf", handle_host="social.example")))
    assert not found.is_veto
    assert found.bits > -6


def test_another_middle_name_is_another_person_and_a_missing_one_is_not():
    ours = contact("Sergey Viktorovich Quist", first_name="Sergey", last_name="Quist")
    assert contradictions.other_middle_name(pair(ours, profile("Sergey Ivanovich Quist"))).level == "word"
    for shown in ("Sergey Quist", "Sergey V. Quist", "Sergey Viktorovitch Quist", "Sergey Viktorovich Quist"):
        assert contradictions.other_middle_name(pair(ours, profile(shown))) is None
