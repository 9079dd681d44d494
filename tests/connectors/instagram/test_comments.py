"""Comments below a post, read from where the post was left."""

from datetime import timedelta

import pytest

from scrm.connectors.base import Again, Api, ObjectRef
from scrm.connectors.instagram import connector
from scrm.connectors.instagram.comments import Comments
from scrm.sandbox.instagram import Instagram, error_body
from tests.connectors.instagram.reading import Clock
from tests.connectors.instagram.scenario import minute

STREAM = connector.object_stream("comments")
assert isinstance(STREAM, Comments)


@pytest.fixture
def post(network: Instagram) -> str:
    return network.post("nordwerk", "Hello", at=minute(1))


def comment(network: Instagram, on: str, number: int, key: str = "helene") -> str:
    return network.post(key, f"Comment {number}", at=minute(number), reply_to=on)


def look(api: Api, post: str, cursor: str | None = None) -> tuple[list[str], Again]:
    """All pages of a post; the ids that came, and when it is to be looked at again."""
    found: list[str] = []
    while True:
        page = STREAM.read(api, [ObjectRef(native_id=post, fetch_ref=minute(1).isoformat(), cursor=cursor)])
        found += [item["comment"]["id"] for item in page.items]
        again = page.again[post]
        assert again.cursor != cursor or again.after_seconds
        cursor = again.cursor
        if again.after_seconds:
            return found, again


def test_every_comment_and_every_answer_is_read_page_by_page(network: Instagram, api: Api, post: str) -> None:
    comments = [comment(network, post, 10 + number) for number in range(120)]
    answers = [comment(network, comments[0], 200 + number) for number in range(130)]
    found, _ = look(api, post)
    assert sorted(found) == sorted(comments + answers)
    assert len(found) == len(set(found))


def test_what_was_read_is_not_read_again(network: Instagram, api: Api, post: str) -> None:
    for number in range(120):
        comment(network, post, 10 + number)
    _, again = look(api, post)
    api.requests = 0
    found, after = look(api, post, again.cursor)
    assert (found, api.requests, after.cursor) == ([], 1, again.cursor)
    newer = [comment(network, post, 300), comment(network, post, 301)]
    found, _ = look(api, post, again.cursor)
    assert sorted(found) == sorted(newer)


def test_an_answer_far_down_is_found_because_the_count_went_up(network: Instagram, api: Api, post: str) -> None:
    comments = [comment(network, post, 10 + number) for number in range(120)]
    _, again = look(api, post)
    answer = comment(network, comments[0], 300, "uwe")
    newer = comment(network, post, 301)
    found, after = look(api, post, again.cursor)
    assert sorted(found) == sorted([answer, newer])
    api.requests = 0
    assert look(api, post, after.cursor)[0] == []
    assert api.requests == 1


def test_a_reading_that_was_cut_short_goes_on_where_it_was(network: Instagram, api: Api, post: str) -> None:
    comments = [comment(network, post, 10 + number) for number in range(120)]
    page = STREAM.read(api, [ObjectRef(native_id=post, fetch_ref=None)])
    late = comment(network, post, 400)
    found, again = look(api, post, page.again[post].cursor)
    first = [item["comment"]["id"] for item in page.items]
    assert sorted(first + found) == sorted(comments)
    assert look(api, post, again.cursor)[0] == [late]


@pytest.mark.parametrize(("days", "seconds"), [(0, 600), (3, 3600), (20, 6 * 3600), (80, 86_400), (100, None)])
def test_a_quiet_post_is_looked_at_ever_more_seldom(
    network: Instagram, api: Api, clock: Clock, post: str, days: int, seconds: int | None
) -> None:
    comment(network, post, 10)
    clock.now = minute(11) + timedelta(days=days)
    api.credentials |= network.credentials("nordwerk")
    page = STREAM.read(api, [ObjectRef(native_id=post, fetch_ref=minute(1).isoformat())])
    assert len(page.items) == 1
    assert [again.after_seconds for again in page.again.values()] == ([seconds] if seconds else [])
    assert page.ends == (() if seconds else (post,))


@pytest.mark.parametrize(("code", "subcode"), [(100, 33), (100, 2108006)])
def test_a_post_whose_comments_cannot_be_read_does_not_hold_up_the_others(
    network: Instagram, api: Api, post: str, code: int, subcode: int
) -> None:
    other = network.post("nordwerk", "Again", at=minute(2))
    wanted = comment(network, other, 10)
    network.fail(status=400, times=1, path=f"/v26.0/{post}/comments", body=error_body(code, subcode))
    page = STREAM.read(api, [ObjectRef(native_id=one, fetch_ref=None) for one in (post, other)])
    assert (page.gone, page.ends) == ((), (post,))
    assert [item["comment"]["id"] for item in page.items] == [wanted]


def test_fewer_comments_are_asked_for_when_the_page_was_too_large(network: Instagram, api: Api, post: str) -> None:
    comments = [comment(network, post, 10 + number) for number in range(40)]
    network.fail(status=500, times=1, path=f"/v26.0/{post}/comments", body=error_body(1))
    found, _ = look(api, post)
    assert sorted(found) == sorted(comments)
