"""The place in a list that comes newest first."""

from datetime import UTC, datetime, timedelta

import pytest

from scrm.connectors.connections.walk import Seen, Walk, milliseconds, stamp
from scrm.errors import RetryLaterError

NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)


def seen(hours: float, name: str | None = None) -> Seen:
    looks = name or str(hours)
    return Seen(at=NOON + timedelta(hours=hours), sign=looks, item={"id": looks})


def ids(items: list[dict[str, str]]) -> list[str]:
    return [item["id"] for item in items]


def done(*rows: Seen) -> Walk:
    """A list of one page that was read to its end."""
    return Walk().after(rows, None)[1]


def test_the_first_reading_walks_to_the_end_and_then_asks_once_for_what_came_meanwhile():
    first, walk, more = Walk().after([seen(9), seen(8)], "2")
    second, walk, more_after = Walk.parse(walk.text()).after([seen(2)], None)
    assert (ids(first), ids(second), more, more_after) == (["9", "8"], ["2"], True, True)
    assert walk.since == NOON + timedelta(hours=8)
    nothing, after, more = walk.after([seen(9), seen(8)], None)
    assert (nothing, more, after.text()) == ([], False, walk.text())


def test_a_later_reading_stops_where_the_last_one_began():
    walk = done(seen(9), seen(5))
    new, walk, more = walk.after([seen(11), seen(9), seen(5)], "2")
    assert (ids(new), more, walk.next) == (["11"], True, None)


def test_what_comes_a_little_late_or_changed_is_given():
    walk = done(seen(9), seen(8.5))
    new, _, _ = walk.after([seen(9), seen(8.7), seen(8.5, "changed")], None)
    assert ids(new) == ["8.7", "changed"]


def test_a_server_that_does_not_know_since_costs_a_page_and_nothing_else():
    walk = done(seen(9), seen(8))
    new, after, more = walk.after([seen(9), seen(8), seen(3), seen(2)], "2")
    assert (new, more, after.text()) == ([], False, walk.text())


def test_a_run_that_dies_half_way_leaves_no_gap():
    walk = done(seen(1))
    _, half, _ = walk.after([seen(9), seen(8)], "2")
    new, end, _ = Walk.parse(half.text()).after([seen(7), seen(1)], None)
    assert ids(new) == ["7"]
    assert end.mark == NOON + timedelta(hours=9)


def test_a_list_that_does_not_move_is_an_error():
    _, walk, _ = Walk().after([seen(9)], "2")
    with pytest.raises(RetryLaterError):
        walk.after([seen(8)], "2")
    with pytest.raises(RetryLaterError):
        walk.after([seen(9)], "3")


def test_an_item_without_a_time_is_given_to_be_quarantined_alone():
    new, walk, _ = done(seen(9)).after([Seen(at=None, sign="x", item={"id": "x"}), seen(9)], None)
    assert ids(new) == ["x"]
    assert ids(walk.after([Seen(at=None, sign="x", item={"id": "x"})], None)[0]) == []


def test_since_in_both_dialects():
    assert milliseconds(NOON) == "1788264000000"
    assert stamp(NOON) == "2026-09-01T12:00:00.000Z"
