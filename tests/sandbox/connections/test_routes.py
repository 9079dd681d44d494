"""What may be asked and what may not: parameters, dialects of time, pages, who sees what, the shapes of refusals."""

from typing import Any
from xml.etree import ElementTree as ET

import pytest

from scrm.sandbox.connections import Connections
from scrm.sandbox.connections.errors import error_body
from tests.sandbox.connections.conftest import (
    CLOSED,
    OPEN,
    REST,
    SPACES,
    Clock,
    Reader,
    link,
    millis,
    minute,
    peopled,
    text,
    uuid,
)

NOWHERE = "00000000-0000-0000-0000-000000000000"
STREAM = "/activitystreams/@public/@all/@all"


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/forums/atom/topics", {"since": "2026-11-01T08:00:00.000Z"}),
        ("/forums/atom/topics", {"since": "-1"}),
        ("/forums/atom/topics", {"page": "0"}),
        ("/forums/atom/topics", {"ps": "0"}),
        ("/forums/atom/topics", {"sortBy": "title"}),
        ("/forums/atom/topics", {"sortOrder": "descending"}),
        ("/forums/atom/topics", {"forumUuid": NOWHERE, "communityUuid": NOWHERE}),
        ("/forums/atom/topics", {"limit": "5"}),
        ("/forums/atom/replies", {}),
        ("/forums/atom/topic", {"topicUuid": "urn:lsid:ibm.com:forum:1"}),
        ("/communities/service/atom/communities/my", {"since": "1793520000000"}),
        ("/communities/service/atom/communities/all", {"since": "2026-11-01T08:00:00Z"}),
        ("/communities/service/atom/communities/my", {"sortField": "created"}),
        ("/communities/service/atom/community/members", {}),
        ("/blogs/homepage/feed/entries/atom", {"since": "1793520000000"}),
        ("/blogs/homepage/feed/entries/atom", {"page": "-1"}),
        ("/blogs/homepage/feed/entries/atom", {"sortBy": "created"}),
        ("/profiles/atom/profile.do", {}),
        ("/profiles/atom/profile.do", {"userid": NOWHERE, "key": NOWHERE}),
        ("/profiles/atom/profile.do", {"userid": NOWHERE, "output": "json"}),
        ("/profiles/atom/search.do", {"page": "1"}),
        ("/profiles/atom/mv/theboard/entries.do", {"userid": NOWHERE, "comments": "some"}),
        (f"{REST}{STREAM}", {"updatedSince": "1793520000000"}),
        (f"{REST}{STREAM}", {"count": "0"}),
        (f"{REST}{STREAM}", {"filterBy": "title"}),
        (f"{REST}{STREAM}", {"filters": "actor"}),
        (f"{REST}/activitystreams/@me/@mine/@all", {}),
        (f"{REST}/activitystreams/@me/@all/wikis", {}),
        (f"{REST}/ublog/@me/@all", {"sortOrder": "asc"}),
    ],
)
def test_what_the_pages_do_not_know_is_refused_and_recorded(reader: Reader, path: str, query: dict[str, str]):
    reader.network.post("lars", "Moin", at=minute(1), form="note")
    answer = reader.ask(path, **query)
    assert answer.status_code == 400
    assert answer.headers["Content-Type"].startswith("text/html" if "opensocial" in path else "text/xml")
    assert len(reader.faults) == 1


@pytest.mark.parametrize("path", ["/forums/atom/posts", "/wikis/basic/api/wikis/feed", f"{REST}/albums/@me"])
def test_an_unknown_address_is_recorded(reader: Reader, path: str):
    assert reader.ask(path).status_code == 404
    assert len(reader.faults) == 1


def test_forums_count_milliseconds_blogs_and_streams_write_times(reader: Reader, clock: Clock):
    network = reader.network
    old, new = (network.post("lars", words, at=minute(at), form="topic") for words, at in (("Alt", 1), ("Neu", 30)))
    since = millis(minute(20))
    assert reader.ids("/forums/atom/topics", since=since) == [new]
    network.post("lars", "Antwort", at=minute(40), reply_to=old)
    assert reader.ids("/forums/atom/topics", since=since) == [old, new]
    # the feeds of communities disagree
    assert reader.ids("/communities/service/atom/communities/all", since=since) == []
    assert reader.ids("/communities/service/atom/communities/my", since="2026-11-01T08:20:00Z") == []

    entries = [network.post("lars", words, at=minute(at), form="entry") for words, at in (("Eins", 1), ("Zwei", 30))]
    network.post("femke", "Dazu", at=minute(45), reply_to=entries[0])
    assert reader.ids("/blogs/homepage/feed/entries/atom", since="2026-11-01T08:20:00Z") == entries[1:]
    assert len(reader.ids("/blogs/homepage/feed/comments/atom", since="2026-11-01T09:20:00+01:00")) == 1
    network.edit(entries[0], "Eins, besser", at=minute(50))
    assert reader.ids("/blogs/homepage/feed/entries/atom") == entries[::-1]
    assert reader.ids("/blogs/homepage/feed/entries/atom", sortBy="modified") == entries

    stories = reader.json(STREAM, updatedSince="2026-11-01T08:40:00.000Z")
    assert [story["verb"] for story in stories["list"]] == ["comment", "comment"]
    assert (stories["updatedSince"], stories["totalResults"]) == (True, -1)
    clock.forward(days=31)
    assert reader.json(STREAM)["list"] == []
    assert reader.faults == []


def test_pages_are_walked_by_links_that_may_stand_on_another_host():
    with Connections(link_origin="https://connections.inside.example:444") as fake:
        reader = Reader(peopled(fake))
        for number in range(25):
            fake.post("lars", f"Frage {number}", at=minute(number), form="topic")
        first = reader.xml("/forums/atom/topics")
        following = str(link(first, "next"))
        assert following == "https://connections.inside.example:444/forums/atom/topics?page=2"
        pages = [len(reader.ids("/forums/atom/topics", page=page)) for page in (1, 2, 3, 4)]
        assert pages == [10, 10, 5, 0]
        assert link(reader.xml("/forums/atom/topics", page=3), "next") is None
        assert text(first, "opensearch:totalResults") == "25"
        # what belongs to a single object stands on the host that was asked
        assert str(link(first.findall("a:entry", SPACES)[0], "self")).startswith(fake.base_url)


def test_blogs_begin_with_page_nought_and_fifty(reader: Reader):
    written = [reader.network.post("lars", f"Text {number}", at=minute(number), form="entry") for number in range(52)]
    pages = reader.walk("/blogs/homepage/feed/entries/atom")
    assert [len(page) for page in pages] == [50, 2]
    assert reader.all_ids("/blogs/homepage/feed/entries/atom") == written[::-1]
    assert reader.ids("/blogs/homepage/feed/entries/atom", page=1) == pages[1]
    assert len(reader.ids("/blogs/homepage/feed/entries/atom", page=0, ps=9)) == 9


def test_a_stream_is_read_by_start_and_count(reader: Reader):
    for number in range(5):
        reader.network.post("lars", f"Notiz {number}", at=minute(number), form="note")
    shown = [
        story["object"]["summary"] for start in (0, 2, 4) for story in _stories(reader, startIndex=start, count=2)
    ]
    assert shown == [f"Notiz {number}" for number in (4, 3, 2, 1, 0)]


def _stories(reader: Reader, **query: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = reader.json("/activitystreams/@public/@all/@status", **query)["list"]
    return found


def test_a_closed_community_is_shown_to_its_members_alone(network: Connections):
    closed = network.communities()[CLOSED]
    topic = network.post("femke", "Nur für uns", at=minute(1), visibility="community", form="topic")
    inside = [Reader(network, key) for key in ("nordwerk", "lars", "katharina")]
    outside = Reader(network, "maria_schmidt_1")
    of_closed = {
        "/communities/service/atom/community/instance": {"communityUuid": closed},
        "/communities/service/atom/community/members": {"communityUuid": closed},
        "/forums/atom/topics": {"communityUuid": closed},
        "/forums/atom/topic": {"topicUuid": uuid(topic)},
        f"{REST}/activitystreams/urn:lsid:lconn.ibm.com:communities.community:{closed}/@all/@all": {},
        f"{REST}/ublog/urn:lsid:lconn.ibm.com:communities.community:{closed}/@all": {},
    }
    for path, query in of_closed.items():
        assert all(reader.ask(path, **query).status_code == 200 for reader in inside)
        refused = outside.ask(path, **query)
        assert refused.status_code == 403
        assert ("Access Denied" if "opensocial" in path else "CLFRN1174E") in refused.text or "/communities/" in path
    assert topic not in outside.ids("/forums/atom/topics")
    assert [text(one, "a:title") for one in outside.entries("/communities/service/atom/communities/my")] == [OPEN]
    assert len(inside[0].entries("/communities/service/atom/communities/my")) == 2
    network.join("maria_schmidt_1", CLOSED, at=minute(2))
    assert outside.ids("/forums/atom/topics", communityUuid=closed) == [topic]
    network.leave("maria_schmidt_1", CLOSED, at=minute(3))
    assert outside.ask("/forums/atom/topics", communityUuid=closed).status_code == 403


def test_another_persons_stream_is_open_in_one_pattern_only(network: Connections, reader: Reader):
    network.post("lars", "Moin", at=minute(1), form="note")
    userid = str(text(reader.entries("/profiles/atom/search.do", name="Lars*")[0], "a:contributor/snx:userid"))
    assert len(reader.json(f"/activitystreams/{userid}/@involved/@all")["list"]) == 1
    assert reader.ask(f"{REST}/activitystreams/{userid}/@all/@all").status_code == 403


def test_hidden_addresses_are_nowhere_and_may_not_be_asked_for():
    with Connections(hides_emails=True) as fake:
        reader = Reader(peopled(fake))
        fake.post("katharina", "Frage", at=minute(1), form="topic")
        for path, query in (
            ("/forums/atom/topics", {}),
            ("/profiles/atom/search.do", {"name": "Kath*"}),
            (f"{REST}/people/@me/", {}),
        ):
            assert "@" not in reader.ask(path, **query).text.replace("urn:", "")
        assert reader.ask("/profiles/atom/profile.do", email="social@nordwerk.example").status_code == 400
        assert "email-exposed" not in reader.ask("/profiles/serviceconfigs").text
        assert reader.faults == []


def test_errors_have_the_shapes_of_their_applications(reader: Reader):
    gone = reader.ask("/communities/service/atom/community/instance", communityUuid=NOWHERE)
    assert (gone.status_code, gone.headers["Content-Type"]) == (404, "text/xml;charset=UTF-8")
    told = ET.fromstring(gone.content)  # noqa: S314 - our own fake wrote it
    assert (text(told, "snx:code"), str(text(told, "snx:message"))[:13]) == ("404", "The community")
    empty = ET.fromstring(reader.ask("/forums/atom/topic", topicUuid=NOWHERE).content)  # noqa: S314 - as above
    assert (text(empty, "snx:code"), str(text(empty, "snx:message")).split(":")[0]) == ("", "CLFRN1170E")
    assert reader.ask(f"{REST}/ublog/@all/@all/{NOWHERE}").headers["Content-Type"].startswith("text/html")
    assert [entry["outcome"] for entry in reader.network.requests()] == ["served"] * 3


def test_failures_come_as_ordered(reader: Reader):
    network = reader.network
    network.fail(status=503, times=1, retry_after="30")
    busy = reader.ask("/forums/atom/topics")
    assert (busy.status_code, busy.headers["Retry-After"]) == (503, "30")
    status, body, _ = error_body(200)
    network.fail(status=status, times=1, path="/forums/atom/topics", body=body)
    assert "j_security_check" in reader.ask("/forums/atom/topics").text
    assert reader.ids("/forums/atom/topics") == []
