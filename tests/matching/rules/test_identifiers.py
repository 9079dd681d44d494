import pytest

from scrm.matching.frequencies import TokenKind
from scrm.matching.rules import identifiers
from tests.matching.people import contact, frequencies, link, pair, profile

JANE = contact(
    "Jane Fragala",
    emails=("jane.fragala@company.example", "frosch77@mail.example"),
    urls=("https://jane.example/me", "https://github.com/janef"),
    handles=(("mastodon", "jane@social.example"),),
    native_ids=(("x", "42"),),
)

# rule, profile, level
CASES = [
    ("email", profile(email="jane.fragala@company.example", email_verified=True), "verified"),
    ("email", profile(email="Jane.Fragala+list@company.example"), "claimed"),
    ("email", profile(bio="Say hello: jane.fragala@company.example!"), "in_bio"),
    ("email", profile(email="other@company.example"), None),
    ("email", profile(email="not an address"), None),
    ("known_account", profile(handle="jane", handle_host="social.example"), "handle"),
    ("known_account", profile(handle="jane", handle_host="other.example"), None),
    ("known_account", profile(network="twitter", native_id="42"), "native_id"),
    ("known_account", profile(network="x", native_id="43"), None),
    ("known_account", profile(network="facebook", native_id="42"), None),
    ("known_account", profile(network="github", handle="JaneF"), "handle"),
    ("link", profile(links=(link("http://www.jane.example/me/", verified=True),)), "verified"),
    ("link", profile(links=(link("jane.example/me"),)), "unverified"),
    ("link", profile(links=(link("https://github.com/janef"),)), "unverified"),
    ("link", profile(links=(link("https://jane.example/"),)), None),
    ("link", profile(links=(link("https://jane.example@evil.example/me"),)), None),
    ("employer_domain", profile(links=(link("https://www.company.example/team"),)), "linked"),
    ("employer_domain", profile(network="bluesky", handle="jane.company.example"), "verified"),
    ("employer_domain", profile(links=(link("https://company.example.evil.example"),)), None),
    ("handle_is_mailbox", profile(handle="janefragala"), "name_form"),
    ("handle_is_mailbox", profile(handle="frosch77"), "own"),
    ("handle_is_mailbox", profile(handle="frosc"), "part"),
    ("handle_is_mailbox", profile(handle="frosk"), None),
]


@pytest.mark.parametrize(("rule", "theirs", "level"), CASES)
def test_an_identifier_is_found_at_its_level(rule, theirs, level):
    found = getattr(identifiers, rule)(pair(JANE, theirs))
    assert (found.level if found else None) == level
    assert found is None or found.bits > 0


def test_a_verified_address_weighs_more_than_a_claimed_one():
    verified = profile(email="jane.fragala@company.example", email_verified=True)
    claimed = profile(email="jane.fragala@company.example")
    assert identifiers.email(pair(JANE, verified)).bits > identifiers.email(pair(JANE, claimed)).bits + 3


def test_a_role_mailbox_is_no_evidence():
    ours = contact("Jane Fragala", emails=("info@company.example",))
    assert identifiers.email(pair(ours, profile(email="info@company.example", email_verified=True))) is None


def test_an_address_or_page_many_contacts_share_is_no_evidence():
    counts = frequencies({(TokenKind.EMAIL, "desk@company.example"): 30, (TokenKind.PAGE, "company.example"): 30})
    ours = contact("Jane Fragala", emails=("desk@company.example",), urls=("https://company.example",))
    theirs = profile(email="desk@company.example", links=(link("https://company.example"),))
    assert identifiers.email(pair(ours, theirs, counts)) is None
    assert identifiers.link(pair(ours, theirs, counts)) is None


def test_a_domain_many_colleagues_share_weighs_less():
    theirs = profile(links=(link("https://company.example"),))
    few = frequencies({(TokenKind.DOMAIN, "company.example"): 1})
    many = frequencies({(TokenKind.DOMAIN, "company.example"): 500})
    rare = identifiers.employer_domain(pair(JANE, theirs, few)).bits
    assert rare > identifiers.employer_domain(pair(JANE, theirs, many)).bits + 3


def test_free_mail_names_no_employer():
    ours = contact("Jane Fragala", emails=("jane@gmail.com",))
    assert identifiers.employer_domain(pair(ours, profile(links=(link("https://gmail.com"),)))) is None


def test_a_mailbox_that_only_repeats_the_name_adds_little():
    form = identifiers.handle_is_mailbox(pair(JANE, profile(handle="jane.fragala")))
    own = identifiers.handle_is_mailbox(pair(JANE, profile(handle="frosch77")))
    assert form.bits < own.bits / 3


MIXED = [
    ("janevika@freemail.example", "janevika", "mixed"),
    ("jane.fragala84@freemail.example", "jane_fragala84", "mixed"),
    ("jane.fragala84@freemail.example", "janefragala", "name_form"),
    ("jane.fragala84@freemail.example", "janefragala12", "name_form"),
    ("jane.fragala8@freemail.example", "janefragala8", "name_form"),  # one digit is soon the same
    ("janejs@freemail.example", "janejs", "name_form"),  # and so are two letters
]


@pytest.mark.parametrize(("address", "handle", "level"), MIXED)
def test_letters_and_digits_beside_the_name_that_both_have_are_told_from_the_name_alone(address, handle, level):
    ours = contact("Jane Fragala", emails=(address,))
    assert identifiers.handle_is_mailbox(pair(ours, profile(handle=handle))).level == level


def test_a_handle_elsewhere_with_the_same_digits_is_more_than_the_name():
    ours = contact("Jane Fragala", handles=(("github", "janefragala84"),))
    same = identifiers.same_handle(pair(ours, profile(handle="jane_fragala84")))
    other = identifiers.same_handle(pair(ours, profile(handle="jane_fragala7")))
    assert (same.level, other.level) == ("own", "name_form")
