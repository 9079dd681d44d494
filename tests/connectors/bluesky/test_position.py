"""The cursor of a list that comes newest first."""

from datetime import UTC, datetime, timedelta

import pytest

from scrm.connectors.bluesky.position import Entry, Position
from scrm.errors import PayloadError, RetryLaterError

START = datetime(2026, 10, 1, tzinfo=UTC)


def entry(name: str, minute: int | None = 0) -> Entry:
    at = None if minute is None else START + timedelta(minutes=minute)
    return Entry(digest=name, at=at, item={"name": name})


def test_a_position_survives_being_stored_at_every_stage() -> None:
    page = [entry("c", 3), entry("b", 2), entry("a", 1)]
    amid = Position().amid(page, page[:2])
    on = amid.after(page, "below")
    ended = on.after([entry("z", 0)], None)
    for position in (Position(), amid, on, ended):
        assert Position.parse(position.text()) == position
    assert Position.parse(None) == Position()


def test_the_known_of_a_run_is_its_newest_page_whatever_came_after() -> None:
    run = Position().after([entry("c", 3), entry("b", 2)], "below").after([entry("a", 1)], None)
    assert (run.known, run.since, run.is_running) == (("c", "b"), START + timedelta(minutes=2), False)


def test_a_run_ends_at_the_first_known_item() -> None:
    position = Position(known=("b", "a"), since=START)
    assert position.after([entry("d", 4), entry("c", 3)], "below").is_running
    ended = position.after([entry("c", 3), entry("b", 2)], "below")
    assert (ended.is_running, ended.known) == (False, ("c", "b"))


def test_a_run_ends_below_the_oldest_known_when_all_known_are_deleted() -> None:
    position = Position(known=("b",), since=START)
    assert not position.after([entry("x", -1)], "below").is_running
    assert position.after([entry("y", None)], "below").is_running  # a time that makes no sense ends nothing


def test_an_empty_list_keeps_what_is_known() -> None:
    position = Position(known=("b",), since=START)
    assert position.after([], None) == position


def test_only_what_is_neither_known_nor_done_is_fresh() -> None:
    position = Position(known=("a",), done=("b",))
    assert [one.digest for one in position.fresh([entry("c"), entry("b"), entry("a")])] == ["c"]


def test_a_page_half_handed_over_is_the_same_page_again() -> None:
    page = [entry("c"), entry("b"), entry("a")]
    amid = Position(next="here", head=("z",)).amid(page, page[:1]).amid(page, page[1:2])
    assert (amid.next, amid.done, amid.is_running) == ("here", ("c", "b"), True)
    assert amid.after(page, "below").done == ()


@pytest.mark.parametrize("length", range(1, 12))
@pytest.mark.parametrize("lead", range(5))
def test_pages_in_a_circle_of_any_length_are_found(length: int, lead: int) -> None:
    names = [f"lead {n}" for n in range(lead)] + [f"circle {n % length}" for n in range(200)]
    position, seen = Position(), 0
    with pytest.raises(RetryLaterError):
        for name in names:
            position = position.going_on(name)
            seen += 1
    assert seen <= 3 * (length + lead + 1)


def test_a_thousand_pages_in_a_line_are_no_circle() -> None:
    position = Position()
    for number in range(1000):
        position = Position.parse(position.going_on(f"page {number}").text())
    assert position.pages == 1000


@pytest.mark.parametrize("cursor", ["{", "[]", '{"known": []}', '{"since": "yesterday"}', '{"next": {}}'])
def test_a_cursor_that_is_none_of_ours_is_refused(cursor: str) -> None:
    with pytest.raises(PayloadError):
        Position.parse(cursor)
