from datetime import timedelta
from typing import Any

from scrm.sandbox.bluesky import Bluesky
from scrm.sandbox.bluesky.ids import make_did
from tests.sandbox.bluesky.calling import START, Caller

SEARCH = "app.bsky.feed.searchPosts"
MINUTE = timedelta(minutes=1)


def found(caller: Caller, **query: Any) -> list[str]:
    return [post["record"]["text"] for post in caller.all(SEARCH, "posts", **query)]


def test_posts_are_found_by_words_and_by_every_filter(network: Bluesky, firm: Caller) -> None:
    network.post("anna", "Motor von @firm läuft #Antrieb", at=START, mentions=["firm"])
    network.post("bilal", "Motor steht https://werk.example/a?b=1", at=START + MINUTE)
    network.post("bilal", "Der Motorblock #antrieb #kalt", at=START + 2 * MINUTE)
    first, second = "Motor von @firm läuft #Antrieb", "Motor steht https://werk.example/a?b=1"
    assert found(firm, q="MOTOR") == [second, first]
    assert found(firm, q="motor läuft") == [first]
    assert found(firm, q="motor kaputt") == []
    assert found(firm, q="motor", mentions="firm.bsky.example") == [first]
    assert found(firm, q="motor", author=make_did("bilal")) == [second]
    assert found(firm, q="motor", author="nobody.bsky.example") == []
    assert found(firm, q="motor", domain="werk.example") == [second]
    assert found(firm, q="motor", url="https://werk.example/a?b=1") == [second]
    assert found(firm, q="#antrieb", tag=["ANTRIEB", "kalt"]) == ["Der Motorblock #antrieb #kalt"]
    assert found(firm, q="*", lang="fr") == []
    assert len(found(firm, q="*", lang="de")) == 3
    assert len(found(firm, q="*")) == 3


def test_search_is_bounded_by_time(network: Bluesky, firm: Caller) -> None:
    for day in range(3):
        network.post("anna", f"Tag {day}", at=START + timedelta(days=day))
    assert found(firm, q="tag", since="2026-03-03T08:00:00Z") == ["Tag 2", "Tag 1"]
    assert found(firm, q="tag", since="2026-03-03", until="2026-03-04") == ["Tag 1"]
    assert found(firm, q="tag", until="2026-03-03T09:00:00+01:00") == ["Tag 0"]
    assert firm.error(SEARCH, q="tag", since="gestern")[:2] == (400, "BadQueryString")


def test_the_best_liked_come_first_when_asked_for(network: Bluesky, firm: Caller) -> None:
    network.post("anna", "Motor neu", at=START + MINUTE)
    liked = network.post("anna", "Motor beliebt", at=START)
    network.like("bilal", liked, at=START)
    assert found(firm, q="motor", sort="latest") == ["Motor neu", "Motor beliebt"]
    assert found(firm, q="motor", sort="top", limit=1) == ["Motor beliebt", "Motor neu"]


def test_search_follows_edits_and_deletions(network: Bluesky, firm: Caller) -> None:
    post = network.post("anna", "Getriebe", at=START)
    network.edit(post, "Umrichter", at=START + MINUTE)
    assert found(firm, q="getriebe") == []
    assert found(firm, q="umrichter") == ["Umrichter"]
    network.delete(post, at=START + MINUTE)
    assert found(firm, q="umrichter") == []
    assert firm.ok(SEARCH, q="umrichter") == {"posts": [], "hitsTotal": 0}


def test_people_are_found_by_the_beginning_of_their_names(network: Bluesky, anybody: Caller) -> None:
    def handles(q: str) -> list[str]:
        return [one["handle"].split(".")[0] for one in anybody.ok("app.bsky.actor.searchActors", q=q)["actors"]]

    assert handles("bil") == ["bilal"]
    assert handles("must CHL") == ["chloe"]
    assert handles("x") == handles("") == []
