from hypothesis import given
from hypothesis import strategies as st

from scrm.matching.frequencies import TokenKind, count_contacts, share
from tests.matching.people import contact, frequencies


def test_each_contact_counts_a_value_once():
    counted = count_contacts([contact("Jane Jane"), contact("Jane Fragala", 2, company="Example GmbH", city="Köln")])
    assert counted.total == 2
    assert counted.count(TokenKind.NAME, "jane") == 2
    assert counted.count(TokenKind.COMPANY, "example") == 1
    assert counted.count(TokenKind.PLACE, "koeln") == 1
    assert counted.count(TokenKind.NAME, "nobody") == 0


def test_every_kind_is_counted():
    everything = contact(
        "Jane Fragala",
        company="Example",
        title="Buyer",
        city="Köln",
        country="DE",
        language="de",
        emails=("jane@company.example",),
        urls=("https://jane.example",),
    )
    assert {kind for kind, _ in count_contacts([everything]).counts} == set(TokenKind)


def test_the_contact_itself_is_left_out_of_its_own_count():
    once, twice = (frequencies({(TokenKind.EMAIL, "a"): n}, total=10**6) for n in (1, 2))
    assert share(once, TokenKind.EMAIL, "a") < share(twice, TokenKind.EMAIL, "a")


def test_smith_is_common_although_the_list_has_only_one():
    few = frequencies({(TokenKind.NAME, "smith"): 1, (TokenKind.NAME, "fragala"): 1}, total=5)
    assert share(few, TokenKind.NAME, "smith") > 2 * share(few, TokenKind.NAME, "fragala")


def test_in_a_large_list_its_own_counts_decide():
    many = frequencies({(TokenKind.NAME, "smith"): 2}, total=10**6)
    assert share(many, TokenKind.NAME, "smith") < 1e-5


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_a_share_is_a_probability(count, total):
    assert 0 < share(frequencies({(TokenKind.NAME, "x"): count}, total=total), TokenKind.NAME, "x") <= 1
