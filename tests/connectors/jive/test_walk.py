"""The place in a list whose items rise to the top when something happens to them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from scrm.connectors.jive.walk import Walk
from scrm.connectors.payload import Payload
from scrm.errors import PayloadError, RetryLaterError

START = datetime(2026, 9, 1, tzinfo=UTC)


def at(hours: float) -> str:
    return (START + timedelta(hours=hours)).isoformat()


def rows(*pairs: tuple[str, float]) -> list[dict[str, Any]]:
    return [{"name": name, "at": at(hours)} for name, hours in pairs]


def place(item: dict[str, Any]) -> tuple[datetime, str]:
    return Payload(item).time("at"), Payload(item).text("name")


def step(walk: Walk, page: list[dict[str, Any]], following: str | None = None) -> tuple[list[str], Walk]:
    new, after = walk.after(page, following, place)
    return [str(one.get("name")) for one in new], Walk.parse(after.text())


def test_a_run_ends_where_the_last_complete_one_began():
    found, walk = step(Walk(), rows(("b", 2), ("a", 1)), "more")
    assert (found, walk.next, walk.mark) == (["b", "a"], "more", None)
    found, walk = step(walk, rows(("z", 0)))
    assert (found, walk.next) == (["z"], None)
    found, again = step(walk, rows(("b", 2), ("a", 1)), "more")
    assert (found, again) == ([], walk)
    found, walk = step(walk, rows(("a", 3), ("c", 2.5), ("b", 2), ("z", 0)), "more")
    assert (found, walk.next) == (["a", "c"], None)


def test_the_mark_moves_only_when_a_run_is_complete():
    _, done = step(Walk(), rows(("a", 1)))
    _, half = step(done, rows(("d", 4), ("c", 3)), "more")
    assert half.mark == done.mark
    found, walk = step(half, rows(("b", 2), ("a", 1)))
    assert found == ["b"]
    assert walk.mark == START + timedelta(hours=4)


def test_what_rises_while_a_run_is_under_way_is_given_by_the_next_one():
    _, half = step(Walk(), rows(("b", 2)), "more")
    _, walk = step(half, rows(("b", 2), ("a", 1)))
    assert step(walk, rows(("a", 5), ("b", 2)))[0] == ["a"]


def test_items_of_the_very_same_moment_are_told_apart_by_their_names():
    _, walk = step(Walk(), rows(("a", 1)))
    found, walk = step(walk, rows(("b", 1), ("a", 1)))
    assert found == ["b"]
    assert step(walk, rows(("b", 1), ("a", 1)))[0] == []


def test_when_the_newest_is_deleted_nothing_is_given_again():
    _, walk = step(Walk(), rows(("b", 2), ("a", 1)))
    found, walk = step(walk, rows(("a", 1)))
    assert found == []
    assert walk.mark == START + timedelta(hours=2)


def test_an_empty_list_stays_where_it_is():
    assert step(Walk(), []) == ([], Walk())


def test_what_makes_no_sense_is_given_to_be_quarantined():
    new, _ = Walk().after([{"name": "x"}, *rows(("a", 1))], None, place)
    assert [one["name"] for one in new] == ["x", "a"]


def test_a_page_that_leads_to_itself_is_an_error():
    with pytest.raises(RetryLaterError):
        Walk(next="more").after([], "more", place)


@pytest.mark.parametrize("cursor", ['{"mark": "x"}', "[]", "no json", '{"seen": 7}'])
def test_a_cursor_that_is_none_of_ours_is_refused(cursor):
    with pytest.raises(PayloadError):
        Walk.parse(cursor)
