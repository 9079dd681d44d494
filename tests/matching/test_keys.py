import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrm.matching.keys import (
    COUNTED_FROM,
    MOST_CONTACTS_PER_KEY,
    MOST_ROWS,
    choose,
    contact_keys,
    contact_values,
    make_key,
    profile_keys,
    profile_values,
)
from tests.matching.people import contact, link, profile

MEET = [
    ("the same name", contact("Jane Fragala"), profile("Jane Fragala")),
    ("the other order", contact("Jane Fragala"), profile("Fragala, Jane")),
    ("an umlaut written ue", contact("Jürgen Müller"), profile("Juergen Mueller")),
    ("an umlaut written u", contact("Jürgen Müller"), profile("Jurgen Muller")),
    ("a nickname", contact("William Fragala"), profile("Bill Fragala")),
    ("two nicknames of one name", contact("Will Fragala"), profile("Bill Fragala")),
    ("an initial", contact("Jane Fragala"), profile("J. Fragala")),
    ("an initial on our side", contact("J. Fragala"), profile("Jane Fragala")),
    ("Cyrillic", contact("Vladimir Petrov"), profile("Владимир Петров")),
    ("a handle of the whole name", contact("Jane Fragala"), profile(handle="janefragala")),
    ("a handle of initial and surname", contact("Jane Fragala"), profile(handle="jfragala")),
    ("a handle of surname and initial", contact("Jane Fragala"), profile(handle="fragalaj")),
    ("a handle with a nickname", contact("William Fragala"), profile(handle="billfragala1984")),
    ("both names as one word", contact("Jane Fragala"), profile("JaneFragala")),
    ("a surname inside a handle", contact("Jane Fragala"), profile(handle="repfragalatx")),
    ("half a double surname", contact("Anna Müller-Lüdenscheidt"), profile("Anna Lüdenscheidt")),
    ("an e-mail", contact(emails=("jane@company.example",)), profile(email="Jane+x@company.example")),
    ("an e-mail in the bio", contact(emails=("jane@company.example",)), profile(bio="write jane@company.example")),
    ("a mailbox as handle", contact(emails=("froschkoenig@company.example",)), profile(handle="froschkoenig")),
    ("a known account", contact(handles=(("twitter", "@Quux"),)), profile(handle="quux", network="x")),
    ("a confirmed id", contact(native_ids=(("x", "42"),)), profile(network="twitter", native_id="42")),
    ("a link", contact(urls=("https://www.jane.example/",)), profile(links=(link("http://jane.example"),))),
    (
        "a link to a known account",
        contact(urls=("https://github.com/quux",)),
        profile(links=(link("https://github.com/Quux"),)),
    ),
    (
        "domain and surname",
        contact("Jane Yu", emails=("j@company.example",)),
        profile("Yu", links=(link("https://company.example/team"),)),
    ),
    ("a number in the bio", contact(phones=("0171 2345678",)), profile(bio="call +49 (171) 234-5678 any time")),
    ("a handle with digits, on another network", contact(handles=(("x", "q_77"),)), profile(handle="q_77")),
    (
        "an employer's domain",
        contact(emails=("j@company.example",)),
        profile(links=(link("https://company.example"),)),
    ),
    ("a company's page", contact("Example GmbH", kind="account"), profile("Example", is_organization=True)),
]


@pytest.mark.parametrize(("ours", "theirs"), [case[1:] for case in MEET], ids=[case[0] for case in MEET])
def test_a_pair_worth_scoring_shares_a_key(ours, theirs):
    assert contact_keys(ours) & profile_keys(theirs)


@pytest.mark.parametrize("name", ["", "J", "null", "None", "\x00", "\u200b", "von der", "🚀", "n/a"])
def test_what_is_no_name_makes_no_key(name):
    assert contact_keys(contact(name)) == set()
    assert profile_keys(profile(name, network="")) == set()


CONTEXTS = [
    ("a city", {"city": "Kiel"}, {"location": "Kiel, Germany"}, "c"),
    ("a company", {"company": "Acme GmbH"}, {"company": "Acme"}, "w"),
]


@pytest.mark.parametrize(("ours", "theirs", "family"), [case[1:] for case in CONTEXTS], ids=[c[0] for c in CONTEXTS])
@pytest.mark.parametrize("shown", ["John Smith", "Smith, John", "Jon Smith", "John Smyth"])
def test_a_name_that_thousands_share_is_found_beside(ours, theirs, family, shown):
    met = set(contact_values(contact("John Smith", **ours))) & set(profile_values(profile(shown, **theirs)))
    assert family in {found for found, _ in met}


def test_the_rarest_keys_are_looked_up_while_their_rows_are_affordable():
    keys = [make_key("t", str(number)) for number in range(8)]
    holders = dict(zip(keys, (1, 300, 300, 300, 300, 300, 300, 300), strict=True))
    assert choose({keys[0]: 1, keys[1]: 300}) == [keys[0], keys[1]]
    assert choose(holders) == [keys[0]]  # those after it are equally common: all or none, and all are too many
    assert choose(dict.fromkeys(keys, MOST_ROWS)) == []


def test_a_key_held_by_too_many_is_never_looked_up():
    key = make_key("t", "smith")
    assert choose({key: MOST_CONTACTS_PER_KEY}) == [key]
    assert choose({key: MOST_CONTACTS_PER_KEY + 1}) == []


def test_rare_keys_are_looked_up_however_many_they_are():
    keys = [make_key("t", str(number)) for number in range(MOST_ROWS)]
    assert set(choose(dict.fromkeys(keys, COUNTED_FROM - 1))) == set(keys)


def test_strangers_share_no_key():
    assert not contact_keys(contact("Jane Fragala")) & profile_keys(profile("Norbert Quist", handle="nquist"))


def test_a_particle_brings_no_two_people_together():
    ours, theirs = contact("Ursula von der Leyen"), profile("Hans von der Tann")
    assert not contact_keys(ours) & profile_keys(theirs)


def test_a_key_never_changes():
    # stored in the database: another number would orphan every row
    assert make_key("e", "jane@company.example") == 4312982935862407952


@given(st.text(max_size=30), st.text(max_size=30), st.text(max_size=30))
def test_any_text_makes_signed_64_bit_keys(first, second, third):
    keys = contact_keys(contact(first, emails=(second,), urls=(third,), handles=((second, third),)))
    keys |= profile_keys(profile(first, handle=second, bio=third, links=(link(third),)))
    assert all(-(2**63) <= key < 2**63 for key in keys)


@given(st.text(max_size=40), st.text(max_size=40))
def test_the_same_view_makes_the_same_keys(name, handle):
    assert profile_keys(profile(name, handle=handle)) == profile_keys(profile(name, handle=handle))
    assert contact_keys(contact(name)) == contact_keys(contact(name))
