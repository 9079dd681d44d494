from hypothesis import given
from hypothesis import strategies as st

from scrm.matching.keys import make_key
from scrm.matching.shortlist import FEWEST, LONGEST, shortlist

RARE, NAME, CITY = make_key("e", "jane@company.example"), make_key("2", "doe jane"), make_key("c", "kiel doe jane")


def test_who_shares_the_rarest_key_stands_first():
    assert shortlist({NAME: [1, 2, 3], RARE: [3]}, total=1000) == [3, 1, 2]


def test_of_namesakes_the_one_in_the_same_city_stands_first():
    assert shortlist({NAME: list(range(1, 90)), CITY: [77]}, total=100_000)[0] == 77


def test_equal_candidates_stand_in_the_order_of_their_ids():
    assert shortlist({NAME: [5, 3, 4]}, total=10) == [3, 4, 5]


def test_so_many_namesakes_are_not_all_compared():
    assert len(shortlist({NAME: list(range(1000))}, total=10**6)) == LONGEST


def test_those_far_behind_are_left_out_but_for_a_few():
    far = list(range(100, 300))
    shared = {make_key("l", str(number)): [1] for number in range(9)}
    found = shortlist({**shared, make_key("t", "jane"): far}, total=10**9)
    assert found == [1, *far[: FEWEST - 1]]


def test_nobody_to_compare():
    assert shortlist({}, total=0) == []
    assert shortlist({NAME: []}, total=5) == []


KEYS = [make_key("t", str(number)) for number in range(6)]


@given(
    st.dictionaries(st.sampled_from(KEYS), st.lists(st.integers(1, 80), unique=True, max_size=60)),
    st.integers(0, 10_000),
    st.randoms(use_true_random=False),
)
def test_the_order_of_keys_and_contacts_decides_nothing(holders, total, rng):
    shuffled = list(holders.items())
    rng.shuffle(shuffled)
    mixed = {key: rng.sample(contacts, len(contacts)) for key, contacts in shuffled}
    assert shortlist(mixed, total) == shortlist(holders, total)
