"""Every list is read to its end, in pages of several sizes, and nothing is lost or shown twice."""

from datetime import timedelta
from typing import Any

import pytest

from scrm.sandbox.bluesky import Bluesky, Terms
from scrm.sandbox.bluesky.timeline import LOOKED_AT_MOST, Timeline, pack, unpack
from tests.sandbox.bluesky.calling import START, Caller, Clock, did_of, people, person

COUNT = 12


@pytest.fixture
def popular(network: Bluesky) -> str:
    """A post that a dozen people like, share, quote and follow the author of."""
    post = network.post("firm", "Neuer Katalog", at=START)
    for number in range(COUNT):
        key = f"fan{number}"
        network.add_account(person(key), at=START)
        network.set_clock(key, timedelta(0))
        at = START + timedelta(minutes=number)
        network.like(key, post, at=at)
        network.share(key, post, at=at)
        network.post(key, "Seht her: Katalog", at=at, quote=post)
        network.follow(key, "firm", at=at)
        network.follow("firm", key, at=at)
        network.post("firm", f"Beitrag {number}", at=at)
    return post


def lists(post: str) -> list[tuple[str, str, dict[str, Any]]]:
    actor = {"actor": "firm.bsky.example"}
    return [
        ("app.bsky.feed.getLikes", "likes", {"uri": post}),
        ("app.bsky.feed.getRepostedBy", "repostedBy", {"uri": post}),
        ("app.bsky.feed.getQuotes", "posts", {"uri": post}),
        ("app.bsky.feed.searchPosts", "posts", {"q": "seht KATALOG"}),
        ("app.bsky.feed.searchPosts", "posts", {"q": "seht", "sort": "top"}),
        ("app.bsky.graph.getFollowers", "followers", actor),
        ("app.bsky.graph.getFollows", "follows", actor),
        ("app.bsky.actor.searchActors", "actors", {"q": "fan muster"}),
        ("app.bsky.actor.searchActors", "actors", {"term": "fan"}),
        ("app.bsky.notification.listNotifications", "notifications", {"reasons": ["like"]}),
        ("app.bsky.notification.listNotifications", "notifications", {"reasons": "quote"}),
    ]


@pytest.mark.parametrize("limit", [1, 5, 12, 100])
def test_every_list_ends_and_shows_each_item_once(firm: Caller, popular: str, limit: int) -> None:
    for nsid, items, query in lists(popular):
        pages = firm.pages(nsid, items, limit=limit, **query)
        found = [str(item) for page in pages for item in page]
        assert len(found) == COUNT, (nsid, query)
        assert len(set(found)) == COUNT
        assert all(len(page) <= limit for page in pages)


def test_an_author_s_feed_is_paged_to_its_end(firm: Caller, popular: str) -> None:
    pages = firm.pages("app.bsky.feed.getAuthorFeed", "feed", actor="firm.bsky.example", limit=5)
    assert [len(page) for page in pages] == [5, 5, 3, 0]
    texts = [item["post"]["record"]["text"] for page in pages for item in page]
    # the catalogue was written in the same minute as the first of the others, and before it
    assert texts == [f"Beitrag {number}" for number in reversed(range(COUNT))] + ["Neuer Katalog"]


def test_lists_of_people_come_newest_first(firm: Caller, popular: str) -> None:
    newest_first = [f"fan{number}.bsky.example" for number in reversed(range(COUNT))]
    for nsid, items, query in (
        ("app.bsky.feed.getRepostedBy", "repostedBy", {"uri": popular}),
        ("app.bsky.graph.getFollowers", "followers", {"actor": "firm.bsky.example"}),
        ("app.bsky.graph.getFollows", "follows", {"actor": "firm.bsky.example"}),
    ):
        assert [item["handle"] for item in firm.all(nsid, items, limit=5, **query)] == newest_first


def test_without_a_limit_a_page_has_the_lexicon_s_default(network: Bluesky, firm: Caller) -> None:
    for number in range(60):
        network.post("anna", f"Nummer {number} @firm", at=START, mentions=["firm"])
    assert len(firm.ok("app.bsky.notification.listNotifications")["notifications"]) == 50
    assert len(firm.ok("app.bsky.feed.getAuthorFeed", actor="anna.bsky.example")["feed"]) == 50
    assert len(firm.ok("app.bsky.feed.searchPosts", q="nummer")["posts"]) == 25
    assert len(firm.ok("app.bsky.notification.listNotifications", limit=100)["notifications"]) == 60


def test_items_that_arrive_while_one_reads_do_not_shift_the_pages(network: Bluesky, firm: Caller) -> None:
    old = [network.post("firm", str(number), at=START + timedelta(minutes=number)) for number in range(6)]
    query: dict[str, Any] = {"actor": "firm.bsky.example", "limit": 3}
    first = firm.ok("app.bsky.feed.getAuthorFeed", **query)
    network.post("firm", "dazwischen", at=START + timedelta(hours=1))
    network.delete(old[3], at=START + timedelta(hours=1))
    second = firm.ok("app.bsky.feed.getAuthorFeed", **query, cursor=first["cursor"])
    assert [item["post"]["uri"] for item in second["feed"]] == old[2::-1]


def test_now_and_then_a_page_of_notifications_is_empty_but_goes_on(clock: Clock) -> None:
    with Bluesky(clock=clock, terms=Terms(empty_page_every=3)) as network:
        people(network, "firm", "anna")
        for number in range(10):
            network.post("anna", f"@firm {number}", at=START + timedelta(minutes=number), mentions=["firm"])
        firm = Caller(network)
        firm.log_in("firm")
        pages = firm.pages("app.bsky.notification.listNotifications", "notifications", limit=2)
        assert [len(page) for page in pages] == [2, 2, 0, 2, 2, 0, 2, 0]
        # the third page is followed by a fourth although it is empty; the last has no cursor
        uris = [one["uri"] for page in pages for one in page]
        assert len(set(uris)) == 10


def test_the_cursor_of_an_empty_page_is_another_one(clock: Clock) -> None:
    with Bluesky(clock=clock, terms=Terms(empty_page_every=2)) as network:
        people(network, "firm", "anna")
        for number in range(4):
            network.post("anna", f"@firm {number}", at=START, mentions=["firm"])
        firm = Caller(network)
        firm.log_in("firm")
        first = firm.ok("app.bsky.notification.listNotifications", limit=2)
        empty = firm.ok("app.bsky.notification.listNotifications", limit=2, cursor=first["cursor"])
        assert empty["notifications"] == []
        assert empty["cursor"] != first["cursor"]


def test_a_list_at_its_end_is_empty_without_a_cursor(clock: Clock) -> None:
    with Bluesky(clock=clock, terms=Terms(empty_page_every=2)) as network:
        people(network, "firm")
        firm = Caller(network)
        firm.log_in("firm")
        for _ in range(3):
            assert firm.ok("app.bsky.notification.listNotifications") == {
                "notifications": [],
                "priority": False,
            }


def test_only_empty_pages_are_refused() -> None:
    with pytest.raises(ValueError, match="end"):
        Bluesky(terms=Terms(empty_page_every=1))


@pytest.mark.parametrize("cursor", ["!", "bm9uc2Vuc2U", "ÄÖÜ", "MTIz"])
def test_a_made_up_cursor_is_malformed(network: Bluesky, firm: Caller, cursor: str) -> None:
    network.follow("anna", "firm", at=START)
    for nsid, query in (
        ("app.bsky.notification.listNotifications", {}),
        ("app.bsky.feed.getAuthorFeed", {"actor": "firm.bsky.example"}),
        ("app.bsky.graph.getFollowers", {"actor": "firm.bsky.example"}),
        ("app.bsky.actor.searchActors", {"q": "anna"}),
    ):
        assert firm.error(nsid, cursor=cursor, **query) == (400, "InvalidRequest", "Malformed cursor")


def test_a_page_looks_at_no_more_than_its_share_of_a_long_list() -> None:
    timeline: Timeline[int] = Timeline()
    for number in range(5 * LOOKED_AT_MOST):
        timeline.add((number, 0), number)
    looked_at: list[int] = []

    def keep(number: int) -> bool:
        looked_at.append(number)
        return number == 0

    pages, cursor = [], ""
    while cursor is not None:
        looked_at.clear()
        page, cursor = timeline.page(50, cursor or None, keep)
        assert len(looked_at) <= LOOKED_AT_MOST
        pages.append(page)
    assert pages == [[], [], [], [], [0], []]


def test_a_timeline_forgets_what_is_removed_and_keeps_its_order() -> None:
    timeline: Timeline[str] = Timeline()
    for time, number, item in ((5, 2, "b"), (1, 4, "a"), (5, 6, "c")):
        timeline.add((time, number), item)
    assert [item for _, item in timeline.newest()] == ["c", "b", "a"]
    assert list(timeline.oldest()) == ["a", "b", "c"]
    timeline.remove((5, 2))
    timeline.remove((5, 2))
    assert len(timeline) == 2
    assert timeline.page(9, pack((5, 6))) == (["a"], pack((1, 4)))
    assert timeline.page(9, pack((1, 4))) == ([], None)
    assert unpack(pack((-3, 8))) == (-3, 8)


def test_likes_can_be_asked_for_one_version_of_a_post(network: Bluesky, firm: Caller) -> None:
    post = network.post("firm", "Erst so", at=START)
    before = firm.ok("app.bsky.feed.getPosts", uris=post)["posts"][0]["cid"]
    network.like("anna", post, at=START)
    network.edit(post, "Dann so", at=START + timedelta(minutes=1))
    after = firm.ok("app.bsky.feed.getPosts", uris=post)["posts"][0]["cid"]
    network.like("bilal", post, at=START + timedelta(minutes=2))
    query = {"uri": post}
    assert len(firm.all("app.bsky.feed.getLikes", "likes", **query)) == 2
    for cid, liker in ((before, "anna"), (after, "bilal")):
        answer = firm.ok("app.bsky.feed.getLikes", cid=cid, **query)
        assert [like["actor"]["did"] for like in answer["likes"]] == [did_of(network, liker)]
        assert answer["cid"] == cid
