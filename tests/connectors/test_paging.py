"""Cursors, Link headers and lists that come newest first."""

import pytest
from requests.structures import CaseInsensitiveDict

from scrm.connectors.paging import NewestFirst, link, pack, unpack
from scrm.errors import PayloadError, RetryLaterError
from scrm.http import Answer


def answer(value: str | None) -> Answer:
    headers = CaseInsensitiveDict({} if value is None else {"link": value})
    return Answer(status=200, headers=headers, body=b"", url="https://a.example/")


def test_a_cursor_comes_back_as_it_was_and_is_the_same_text_again():
    cursor = pack({"mark": "7", "next": None, "head": "ä"})
    assert (unpack(cursor).text("mark"), unpack(cursor).text("head")) == ("7", "ä")
    assert not unpack(cursor).has("next")
    assert cursor == pack({"head": "ä", "mark": "7"})
    assert not unpack(None).has("mark")


@pytest.mark.parametrize("cursor", ["[", "[]", "7", '{"mark": []}'])
def test_a_cursor_of_somebody_else_is_refused(cursor):
    with pytest.raises(PayloadError):
        NewestFirst.parse(cursor)


def test_a_link_header_names_addresses_by_relation():
    found = answer('<https://a.example/?max_id=1&x=y>; rel="next", <https://a.example/?min_id=9>; rel="prev"')
    assert link(found, "next") == "https://a.example/?max_id=1&x=y"
    assert link(found, "prev") == "https://a.example/?min_id=9"
    assert link(found, "last") is None
    for nothing in (None, "", ";;;", "<>", "nonsense"):
        assert link(answer(nothing), "next") is None


def test_the_mark_moves_only_when_the_run_arrived_at_it():
    first = NewestFirst(mark="3").after_page(newest="9", next_="p2", has_reached_mark=False)
    assert first == NewestFirst(mark="3", head="9", next="p2")
    second = NewestFirst.parse(first.text()).after_page(newest="6", next_="p3", has_reached_mark=False)
    assert second == NewestFirst(mark="3", head="9", next="p3")
    assert second.after_page(newest="4", next_="p4", has_reached_mark=True) == NewestFirst(mark="9")


def test_an_empty_list_keeps_the_mark():
    assert NewestFirst(mark="3").after_page(newest=None, next_=None, has_reached_mark=False) == NewestFirst(mark="3")
    assert NewestFirst().after_page(newest=None, next_=None, has_reached_mark=False) == NewestFirst()


def test_a_page_that_leads_to_itself_is_an_error():
    with pytest.raises(RetryLaterError, match="itself"):
        NewestFirst(head="9", next="p2").after_page(newest="8", next_="p2", has_reached_mark=False)
