import pytest

from scrm.matching.frequencies import TokenKind
from scrm.matching.rules import context
from tests.matching.people import contact, frequencies, pair, profile

JANE = contact(
    "Jane Fragala",
    company="Example Bearings GmbH",
    title="Head of Purchasing",
    city="Köln",
    country="DE",
    language="de-AT",
)
COUNTS = frequencies(
    {(TokenKind.PLACE, "de"): 400, (TokenKind.PLACE, "fr"): 90, (TokenKind.COMPANY, "example bearings"): 4}
)

CASES = [
    ("company", profile(company="Example Bearings AG"), "same"),
    ("company", profile(bio="Buying steel for Example Bearings."), "in_bio"),
    ("company", profile(bio="Example of bearings"), None),
    ("company", profile(), None),
    ("title", profile(title="Purchasing Manager"), "near"),
    ("title", profile(bio="I like trees"), None),
    ("city", profile(location="Koeln, DE"), "same"),
    ("city", profile(location="Köln / Bonn"), "same"),
    ("city", profile(location="Earth"), None),
    ("country", profile(location="Köln, DE"), "same"),
    ("country", profile(location="Paris, FR"), "different"),
    ("country", profile(location="Köln, Deutschland"), "same"),  # a name of a country is also its code
    ("country", profile(location="Köln, Germany"), "same"),
    ("country", profile(location="Atlanta, Georgia"), None),  # a state and a country
    ("country", profile(location="the moon"), None),
    ("country", profile(location="Köln"), None),
    ("country", profile(), None),
    ("language", profile(language="de"), "same"),
    ("language", profile(language="fr"), "different"),
    ("language", profile(), None),
]


@pytest.mark.parametrize(("rule", "theirs", "level"), CASES)
def test_context_is_found_at_its_level(rule, theirs, level):
    found = getattr(context, rule)(pair(JANE, theirs, COUNTS))
    assert (found.level if found else None) == level


@pytest.mark.parametrize("written", ["Germany", "Deutschland", "germany"])
@pytest.mark.parametrize("shown", ["Germany", "Kiel, Deutschland", "DEUTSCHLAND"])
def test_a_country_is_the_same_in_every_language(written, shown):
    ours = contact("Jane Fragala", country=written)
    assert context.country(pair(ours, profile(location=shown), COUNTS)).level == "same"


def test_another_country_speaks_against_though_no_contact_is_there_and_a_larger_region_does_not():
    german, alaskan = contact("Jane Fragala", country="Deutschland"), contact("Jane Fragala", country="AK")
    assert context.country(pair(german, profile(location="東京, 日本"))).level == "different"
    assert context.country(pair(alaskan, profile(location="USA"))) is None


def test_a_code_alone_is_no_country():
    delaware = contact("Jane Fragala", country="DE")
    assert delaware.places == ("", "de")
    assert context.country(pair(contact("Jane Fragala", country="Germany"), profile(location="Dover, DE"))) is None


def test_a_place_most_contacts_share_weighs_little():
    found = context.country(pair(JANE, profile(location="DE"), COUNTS))
    assert 0 < found.bits < 2.5


def test_a_company_with_few_people_weighs_much():
    found = context.company(pair(JANE, profile(company="Example Bearings"), COUNTS))
    assert found.bits > 5
    assert found.detail.params == {"count": 4, "total": 1000}


def test_another_country_never_outweighs_a_full_name():
    assert context.country(pair(JANE, profile(location="FR"), COUNTS)).bits > -5


def test_a_company_contact_has_no_employer():
    ours = contact("Example Bearings GmbH", kind="account")
    assert context.company(pair(ours, profile(company="Example Bearings"))) is None
