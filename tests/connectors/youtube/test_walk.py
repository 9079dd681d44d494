"""The walk down a list that comes newest first, without a network."""

from datetime import UTC, datetime, timedelta

import pytest

from scrm.connectors.youtube.walk import MOST_SIGNS, Seen, Walk, sign
from scrm.errors import PayloadError, RetryLaterError

OVERLAP = timedelta(days=2)
START = datetime(2026, 10, 1, tzinfo=UTC)


def rows(*days: float, looks: str = "") -> list[Seen]:
    return [Seen(at=START + timedelta(days=one), sign=sign(one, looks), item={"day": one}) for one in days]


def given(walk: Walk, page: list[Seen], following: str | None) -> tuple[list[float], Walk]:
    items, after = walk.after(page, following, overlap=OVERLAP)
    return [item["day"] for item in items], Walk.parse(after.text())


def test_a_first_walk_goes_to_the_end_and_marks_the_newest():
    new, walk = given(Walk(), rows(9, 8), "two")
    assert (new, walk.next, walk.mark) == ([9, 8], "two", None)
    new, walk = given(walk, rows(2, 1), None)
    assert (new, walk.next, walk.mark) == ([2, 1], None, START + timedelta(days=9))


def test_a_later_walk_ends_below_the_overlap_and_gives_only_what_is_new():
    _, walk = given(Walk(), rows(9, 8, 2), None)
    new, walk = given(walk, rows(10, 9, 8.5, 8, 2), "more")
    assert (new, walk.next, walk.mark) == ([10, 8.5], None, START + timedelta(days=10))


def test_what_looks_different_is_given_again():
    _, walk = given(Walk(), rows(9, 8), None)
    new, _ = given(walk, [*rows(9), *rows(8, looks="edited")], None)
    assert new == [8]


def test_a_walk_that_is_cut_off_leaves_no_gap():
    _, walk = given(Walk(), rows(1), None)
    new, walk = given(walk, rows(9, 8), "two")
    assert (new, walk.mark) == ([9, 8], START + timedelta(days=1))
    new, walk = given(walk.from_the_beginning(), rows(10, 9, 8), "two")
    assert new == [10, 9, 8]
    new, walk = given(walk, rows(5, 1), None)
    assert (new, walk.mark) == ([5], START + timedelta(days=10))


def test_an_empty_page_with_a_next_one_is_no_end():
    new, walk = given(Walk(), [], "two")
    assert (new, walk.next) == ([], "two")
    new, walk = given(walk, rows(9), None)
    assert (new, walk.mark) == ([9], START + timedelta(days=9))


def test_when_the_newest_is_deleted_the_mark_stays():
    _, walk = given(Walk(), rows(9, 8), None)
    new, after = given(walk, rows(8), None)
    assert (new, after.mark) == ([], walk.mark)


def test_a_first_walk_may_have_a_floor():
    items, walk = Walk().after(rows(9, 3, 1), "more", overlap=OVERLAP, oldest=START + timedelta(days=2))
    assert [item["day"] for item in items] == [9, 3]
    assert walk.next is None


def test_an_item_without_a_time_is_given_once():
    odd = Seen(at=None, sign="odd", item={"day": 0.0})
    new, walk = given(Walk(), [odd, *rows(9)], None)
    assert new == [0, 9]
    assert given(walk, [odd, *rows(9)], None)[0] == []


def test_a_page_that_leads_to_itself_is_an_error():
    _, walk = given(Walk(), rows(9), "two")
    with pytest.raises(RetryLaterError):
        given(walk, rows(8), "two")


def test_no_cursor_grows_without_end():
    _, walk = given(Walk(), rows(*(9 - number / 10_000 for number in range(MOST_SIGNS + 500))), None)
    assert len(walk.seen) == MOST_SIGNS
    assert len(walk.text()) < 20_000


def test_a_cursor_that_makes_no_sense_is_said_so():
    with pytest.raises(PayloadError):
        Walk.parse('{"mark": "yesterday"}')
