"""What people do, as each application shows it, and as the fake's own account has it."""

from xml.etree import ElementTree as ET

import pytest

from scrm.sandbox.connections import Connections
from scrm.sandbox.scenario import Player, history
from tests.sandbox.connections.conftest import (
    CLOSED,
    OPEN,
    REST,
    SPACES,
    Reader,
    link,
    minute,
    row,
    text,
    uuid,
)

COMMUNITY = "urn:lsid:lconn.ibm.com:communities.community"


def test_a_thread_is_flat_names_what_each_reply_answers_and_counts_likes(network: Connections, reader: Reader):
    topic = network.post("katharina", "Lieferzeit?\nEs eilt & <brennt>.", at=minute(1), form="topic")
    asked = network.post("uwe", "Bei uns auch", at=minute(2), reply_to=topic)
    answer = network.post("nordwerk", "Zwei Wochen", at=minute(3), reply_to=asked, mentions=("uwe",))
    like = network.like("nordwerk", topic, at=minute(4))
    [entry] = reader.entries("/forums/atom/topics")
    assert text(entry, "a:title") == "Lieferzeit?"
    assert text(entry, "a:content") == '<p dir="ltr">Lieferzeit?\nEs eilt &amp; &lt;brennt&gt;.</p>'
    assert (text(entry, "a:published"), text(entry, "a:updated")) == (
        "2026-11-01T08:01:00.000Z",
        "2026-11-01T08:03:00.000Z",
    )
    assert text(entry, "a:author/a:email") == "katharina.gross@foerdertechnik-leine.example"
    replies = reader.entries("/forums/atom/replies", topicUuid=uuid(topic), sortBy="created", sortOrder="asc")
    above = [one.find("thr:in-reply-to", SPACES) for one in replies]
    assert [text(one, "a:id") for one in replies] == [asked, answer]
    assert [one.get("ref") for one in above if one is not None] == [topic, asked]
    assert reader.ids("/forums/atom/replies", replyUuid=uuid(asked)) == [answer]
    assert '<span class="x-lconn-userid"' in str(text(replies[1], "a:content"))
    assert reader.ids("/forums/atom/recommendation/entries", postUuid=uuid(topic)) == [like]
    counted = next(one for one in entry.findall("a:link", SPACES) if one.get("rel") == "recommendations")
    assert counted.get(f"{{{SPACES['snx']}}}recommendation") == "1"
    flags = {one.get("term") for one in entry.findall("a:category", SPACES)}
    assert "NotRecommendedByCurrentUser" not in flags
    assert {"forum-topic", "ThreadRecommendationCount"} <= flags


def test_a_deleted_reply_is_gone_and_those_below_it_stay(network: Connections, reader: Reader):
    topic = network.post("katharina", "Frage", at=minute(1), form="topic")
    wrong = network.post("uwe", "Falsch", at=minute(2), reply_to=topic)
    below = network.post("lars", "Stimmt nicht", at=minute(3), reply_to=wrong)
    network.delete(wrong, at=minute(4))
    assert reader.ids("/forums/atom/replies", topicUuid=uuid(topic)) == [below]
    assert reader.ask("/forums/atom/reply", replyUuid=uuid(wrong)).status_code == 404
    network.delete(topic, at=minute(5))
    assert reader.ids("/forums/atom/topics") == []
    assert reader.ask("/forums/atom/reply", replyUuid=uuid(below)).status_code == 404
    assert reader.json("/activitystreams/@public/@all/forums")["list"] == []
    assert {entry["deleted_at"] for entry in network.truth()} == {
        "2026-11-01T08:04:00.000Z",
        "2026-11-01T08:05:00.000Z",
    }


def test_an_entry_of_the_blog_carries_its_comments_and_local_times(network: Connections, reader: Reader):
    entry = network.post("nordwerk", "Neue Halle", at=minute(1))
    comment = network.post("uwe", "Glückwunsch", at=minute(2), reply_to=entry)
    below = network.post("lars", "Danke", at=minute(3), reply_to=comment)
    like = network.like("uwe", entry, at=minute(4))
    [shown] = reader.entries("/blogs/homepage/feed/entries/atom")
    assert text(shown, "a:updated") == "2026-11-01T09:01:00+01:00"
    ranks = {str(one.get("scheme")).rsplit("/", 1)[1]: one.text for one in shown.findall("snx:rank", SPACES)}
    assert ranks == {"recommendations": "1", "comment": "2", "hit": "0"}
    assert reader.ids(str(link(shown, "replies"))) == [below, comment]
    answered = reader.entries("/blogs/homepage/feed/comments/atom")
    parents = [one.find("thr:in-reply-to", SPACES) for one in answered]
    assert [one.get("ref") for one in parents if one is not None] == [entry, entry]
    assert reader.ids(f"/blogs/homepage/feed/entryrecommendations/{uuid(entry)}/atom") == [like]
    assert row(network, below)["object"] == entry


def test_notes_on_the_communitys_board_have_comments_and_likes(network: Connections, reader: Reader):
    note = network.post("uwe", "Danke für das Treffen", at=minute(1), mentions=("nordwerk",))
    comment = network.post("nordwerk", "Gern", at=minute(2), reply_to=note)
    like = network.like("katharina", note, at=minute(3))
    community = network.communities()[OPEN]
    [shown] = reader.json(f"/ublog/{COMMUNITY}:{community}/@all")["list"]
    assert (shown["id"], shown["replies"]["totalItems"], shown["likes"]["totalItems"]) == (note, 1, 1)
    assert "Nordwerk Antriebstechnik" in shown["content"]
    assert [one["id"] for one in reader.json(f"/ublog/@all/@all/{note}/comments")["list"]] == [comment]
    [liked] = reader.json(f"/ublog/@all/@all/{note}/likes")["list"]
    assert liked["url"].endswith(like)
    network.unlike("katharina", note, at=minute(4))
    assert reader.ask(f"{REST}/ublog/@all/@all/{like}").status_code == 404
    assert row(network, like)["deleted_at"] == "2026-11-01T08:04:00.000Z"
    [told] = reader.json("/activitystreams/@me/@notesforme/@all")["list"]
    assert told["openSocial"]["embed"]["context"]["eventType"] == "community.wall.notification.mention"


def test_boards_of_people_show_some_comments_inline_and_all_on_demand(network: Connections, reader: Reader):
    message = network.write_on_board("uwe", "Ruft bitte an", at=minute(1), target_key="nordwerk")
    own = network.post("lars", "Bin im Urlaub", at=minute(2), form="status")
    below = [
        network.post("nordwerk", f"Nr. {number}", at=minute(3 + number), reply_to=message) for number in range(5)
    ]
    board = "/profiles/atom/mv/theboard"
    [entry] = reader.entries(f"{board}/entries.do", email="social@nordwerk.example", comments="inline")
    inline = [text(one, "a:content") for one in entry.findall("snx:comments/a:entry", SPACES)]
    assert inline == ["Nr. 0", "Nr. 3", "Nr. 4"]
    assert len(reader.entries(f"{board}/entries.do", email="social@nordwerk.example", comments="all")) == 4
    assert len(reader.entries(f"{board}/comments.do", entryId=uuid(message))) == len(below)
    assert [one["id"] for one in reader.json("/ublog/@me/@all")["list"]] == [message]
    everything = [text(one, "a:content") for one in reader.entries(f"{board}/entries/all.do", sortOrder="asc")]
    assert everything == ["Ruft bitte an", "Bin im Urlaub"]
    assert {entry["native_id"] for entry in network.truth()} == {message, *below}
    assert own not in {entry["native_id"] for entry in network.truth()}


def test_stories_tell_what_happened_and_show_it_as_it_is_now(network: Connections, reader: Reader):
    topic = network.post("katharina", "Frage", at=minute(1), form="topic")
    network.post("nordwerk", "Antwort", at=minute(2), reply_to=topic)
    network.like("uwe", topic, at=minute(3))
    network.edit(topic, "Andere Frage", at=minute(4))
    stories = reader.json("/activitystreams/@me/@all/forums")["list"]
    assert [story["verb"] for story in stories] == ["like", "comment", "post"]
    assert stories[2]["object"]["summary"] == "Andere Frage"
    assert stories[2]["object"]["replies"] == {
        "totalItems": "1",
        "items": stories[1]["target"]["replies"]["items"],
    }
    assert stories[2]["connections"]["isPublic"] == "true"
    assert "emails" not in stories[2]["actor"]
    assert {uuid(story["object"]["id"]) for story in (stories[0], stories[2])} == {uuid(topic)}
    assert len(reader.json("/activitystreams/@me/@all/forums", rollup="true")["list"]) == 1
    about = {"filterBy": "verb", "filterOp": "equals", "filterValue": "like"}
    assert len(reader.json("/activitystreams/@public/@all/@all", **about)["list"]) == 1
    asker = Reader(network, "katharina")
    assert [one["verb"] for one in asker.json("/activitystreams/@me/@responses")["list"]] == ["like", "comment"]
    assert row(network, topic)["edited_at"] == "2026-11-01T08:04:00.000Z"


def test_a_profile_is_a_card_with_the_address_unless_it_is_hidden(network: Connections, reader: Reader):
    address = "katharina.gross@foerdertechnik-leine.example"
    network.edit_profile("katharina", display_name="Katharina Groß-Weber", at=minute(5))
    [entry] = reader.entries("/profiles/atom/profile.do", email=address)
    card = {str(one.get("class")): one.text for one in entry.iter() if one.get("class")}
    assert card["email"] == address
    assert card["fn url"] == "Katharina Groß-Weber"
    assert (card["title"], card["organization-unit"]) == ("Leiterin Einkauf", "Fördertechnik Leine GmbH")
    assert (card["locality"], card["rev"]) == ("Hannover", "2026-11-01T08:05:00.000Z")
    assert card["x-lconn-userid"] == text(entry, "a:contributor/snx:userid")
    assert text(entry, "a:contributor/snx:isExternal") == "true"
    several = reader.entries("/profiles/atom/profile.do", email=f"{address},social@nordwerk.example,nobody@x.example")
    assert len(several) == 2
    vcard = text(reader.entries("/profiles/atom/profile.do", email=address, output="vcard")[0], "a:content")
    assert f"EMAIL;INTERNET:{address}" in str(vcard)
    network.hide_email("katharina", at=minute(6))
    network.deactivate("katharina", at=minute(7))
    [entry] = reader.entries("/profiles/atom/search.do", name="Kath%rina*")
    assert text(entry, "a:contributor/a:email") is None
    assert address not in ET.tostring(entry, encoding="unicode")
    assert text(entry, "a:contributor/snx:userState") == "inactive"
    assert reader.ask("/profiles/atom/profile.do", email=address).status_code == 404
    assert reader.entries("/profiles/atom/search.do", name="Kath*", activeUsersOnly="true") == []


def test_communities_say_who_they_are_for_and_who_is_in_them(network: Connections, reader: Reader):
    shown = {str(text(one, "a:title")): one for one in reader.entries("/communities/service/atom/communities/my")}
    assert {title: text(one, "snx:communityType") for title, one in shown.items()} == {
        OPEN: "public",
        CLOSED: "private",
    }
    members = reader.entries(str(link(shown[CLOSED], f"{SPACES['snx']}/member-list")))
    roles = {text(one, "a:contributor/a:name"): text(one, "snx:role") for one in members}
    assert roles == {
        "Nordwerk Antriebstechnik": "owner",
        "Femke Harms": "member",
        "Lars Petersen": "member",
        "Katharina Groß": "member",
    }
    assert text(shown[OPEN], "snx:membercount") == "6"
    followed = reader.ids("/communities/follow/atom/resources", source="communities", type="community")
    assert {uuid(one) for one in followed} == set(network.communities().values())


def test_what_connections_does_not_have_is_refused(network: Connections):
    topic = network.post("uwe", "Frage", at=minute(1), form="topic")
    with pytest.raises(ValueError, match="shares nothing"):
        network.share("lars", topic, at=minute(2))
    with pytest.raises(ValueError, match="who follows"):
        network.follow("lars", "nordwerk", at=minute(2))
    with pytest.raises(ValueError, match="quotes"):
        network.post("lars", "Dazu", at=minute(2), quote=topic)
    with pytest.raises(ValueError, match="only members"):
        network.post("uwe", "Hallo", at=minute(2), visibility="community")
    assert not {"share", "follow", "message"} & network.verbs


def test_a_life_read_through_the_api_is_the_truth():
    with Connections() as fake:
        Player([fake]).play(history(3, ("connections",)))
        reader = Reader(fake)
        seen = set[str]()
        for page in reader.walk("/forums/atom/topics", ps=3):
            for topic in page:
                seen |= {topic, *_likes_in_forum(reader, topic)}
                for reply in reader.all_ids("/forums/atom/replies", topicUuid=uuid(topic), ps=2):
                    seen |= {reply, *_likes_in_forum(reader, reply)}
        for kind in ("entries", "comments"):
            for said in reader.all_ids(f"/blogs/homepage/feed/{kind}/atom", ps=5):
                likes = "entry" if kind == "entries" else "comment"
                seen |= {said, *reader.ids(f"/blogs/homepage/feed/{likes}recommendations/{uuid(said)}/atom")}
        for note in _notes(reader, f"{COMMUNITY}:{fake.communities()[OPEN]}/@all"):
            seen |= {note, *_likes_of_note(reader, note)}
            for comment in _notes(reader, f"@all/@all/{note}/comments"):
                seen |= {comment, *_likes_of_note(reader, comment)}
        truth = {str(entry["native_id"]): entry for entry in fake.truth()}
    assert seen == {native_id for native_id, entry in truth.items() if not entry["deleted"]}
    assert len(truth) > len(seen) > 50
    assert {entry["audience"] for entry in truth.values()} == {"public"}
    assert {entry["to_us"] for entry in truth.values()} == {True, False}
    assert reader.faults == []


def _likes_in_forum(reader: Reader, native_id: str) -> list[str]:
    return reader.ids("/forums/atom/recommendation/entries", postUuid=uuid(native_id), ps=50)


def _notes(reader: Reader, path: str) -> list[str]:
    return [one["id"] for one in reader.json(f"/ublog/{path}", count=200)["list"]]


def _likes_of_note(reader: Reader, native_id: str) -> list[str]:
    found = reader.json(f"/ublog/@all/@all/{native_id}/likes")["list"]
    return [one["url"].partition("/@all/@all/")[2] for one in found]
