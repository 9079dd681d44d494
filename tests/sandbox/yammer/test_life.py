"""What happens in the network and how its API shows it to the company's account."""

import pytest

from scrm.sandbox.cast import person
from tests.sandbox.yammer.conftest import minute, reader_of, row


@pytest.fixture
def news(network):
    return network.post("nordwerk", "Neu: NW-40 <leise> #Antriebstechnik", at=minute(0))


def message(reader, native_id):
    return reader.json(f"messages/{native_id}")


def references(envelope, kind):
    return {one["id"]: one for one in envelope["references"] if one["type"] == kind}


def test_a_message_and_what_comes_along(network, reader, news):
    asked = network.post(
        "katharina", "Geht das auch größer?\nDanke", at=minute(1), reply_to=news, mentions=("nordwerk",)
    )
    feed = reader.json("messages/in_group/" + network.communities()["partner"])
    question, announcement, _ = feed["messages"]
    assert (question["id"], question["replied_to_id"], question["thread_id"]) == (int(asked), int(news), int(news))
    assert question["created_at"] == "2026/11/01 08:01:00 +0000"
    me = reader.json("users/current")["id"]
    assert question["body"]["plain"] == "Nordwerk Antriebstechnik Geht das auch größer?\nDanke"
    assert question["body"]["parsed"].startswith(f"[[user:{me}]] Geht")
    assert "größer?<br>Danke" in question["body"]["rich"]
    assert question["notified_user_ids"] == [me]
    assert (announcement["message_type"], announcement["privacy"]) == ("announcement", "public")
    assert "&lt;leise&gt;" in announcement["body"]["rich"]
    tag = next(iter(references(feed, "tag")))
    assert announcement["body"]["parsed"] == f"Neu: NW-40 <leise> [[tag:{tag}]]"
    assert {question["sender_id"], me} <= set(references(feed, "user"))
    assert references(feed, "thread")[int(news)]["stats"]["updates"] == 2
    assert references(feed, "message")[int(news)]["body"]["plain"] == announcement["body"]["plain"]
    assert set(references(feed, "group")) == {question["group_id"]}
    assert reader.json(f"messages/about_topic/{tag}")["messages"][0]["id"] == int(news)
    assert reader.json(f"topics/{tag}")["name"] == "Antriebstechnik"


def test_the_network_itself_says_who_made_a_community(network, reader):
    for number in network.communities().values():
        (only,) = reader.json(f"messages/in_group/{number}")["messages"]
        assert (only["message_type"], only["system_message"], only["sender_type"]) == ("system", True, "user")
    assert network.truth() == []


def test_likes_are_counted_and_some_named_and_all_listed(network, reader, news):
    for number, key in enumerate(("femke", "lars", "katharina", "thomas_mueller_1")):
        network.like(key, news, at=minute(number))
    liked = message(reader, news)["liked_by"]
    assert (liked["count"], [one["full_name"] for one in liked["names"]]) == (
        4,
        ["Femke Harms", "Lars Petersen", "Katharina Groß"],
    )
    listed = reader.json(f"users/liked_message/{news}")
    assert (len(listed["users"]), listed["more_available"]) == (4, False)
    assert network.like("femke", news, at=minute(9)) == f"{news}#like-{liked['names'][0]['user_id']}"
    network.unlike("femke", news, at=minute(10))
    assert message(reader, news)["liked_by"]["count"] == 3
    assert row(network, f"{news}#like-{liked['names'][0]['user_id']}")["deleted"] is True


def test_an_edit_changes_the_text_and_nothing_else(network, reader, news):
    asked = network.post("katharina", "Frage", at=minute(1), reply_to=news)
    before = message(reader, asked)
    network.edit(asked, "Frage!", at=minute(2))
    after = message(reader, asked)
    assert {name for name in before if before[name] != after[name]} == {"body", "content_excerpt"}
    assert row(network, asked)["edited_at"] == "2026-11-01T08:02:00.000Z"


def test_what_is_deleted_is_gone_and_a_thread_goes_with_its_beginning(network, reader, news):
    asked = network.post("katharina", "Frage", at=minute(1), reply_to=news)
    answer = network.post("nordwerk", "Antwort", at=minute(2), reply_to=asked)
    like = network.like("lars", asked, at=minute(2))
    network.delete(asked, at=minute(3))
    gone = reader.ask(f"messages/{asked}")
    assert (gone.status_code, gone.json()["response"]["stat"]) == (404, "fail")
    assert reader.ids(f"messages/in_thread/{news}") == [answer, news]
    assert message(reader, answer)["replied_to_id"] == int(asked)
    network.delete(news, at=minute(4))
    assert reader.ask(f"messages/in_thread/{news}").status_code == 404
    deleted = {entry["native_id"]: entry["deleted_at"][11:16] for entry in network.truth() if entry["deleted"]}
    assert deleted == {asked: "08:03", like: "08:03", news: "08:04", answer: "08:04"}


def test_the_closed_community_is_for_its_members(network, clock, reader):
    secret = network.post("lars", "Intern", at=minute(0), visibility="community")
    closed = network.communities()["vertrieb"]
    assert secret in reader.ids(f"messages/in_group/{closed}")
    outsider = reader_of(network, clock, "matze")
    for path in (f"messages/in_group/{closed}", f"messages/{secret}", f"messages/in_thread/{secret}"):
        assert outsider.ask(path).status_code == 403
    assert secret not in outsider.ids("messages")
    assert outsider.json(f"groups/{closed}")["privacy"] == "private"
    with pytest.raises(ValueError, match="members"):
        network.post("matze", "Hallo", at=minute(1), reply_to=secret)
    network.join("matze", "vertrieb", at=minute(2))
    assert outsider.ids(f"messages/in_group/{closed}")[0] == secret
    network.leave("matze", closed, at=minute(3))
    assert outsider.ask(f"messages/{secret}").status_code == 403
    assert [one["full_name"] for one in reader.json("groups", mine="1")] == ["Nordwerk Partner", "Nordwerk Vertrieb"]
    assert (row(network, secret)["audience"], row(network, secret)["community"]) == ("community", closed)


def test_private_messages_go_between_the_company_and_one_other(network, clock, reader):
    first = network.message("katharina", "Unter uns", at=minute(0))
    answer = network.message("nordwerk", "Ja?", at=minute(1), to="katharina", reply_to=first)
    other = network.message("nordwerk", "Moin", at=minute(2), to="matze")
    assert reader.ids("messages/private") == [other, answer, first]
    shown = message(reader, answer)
    assert (shown["direct_message"], shown["privacy"], shown["thread_id"]) == (True, "private", int(first))
    assert "group_id" not in shown
    assert reader.ids("messages") == reader.ids("messages/my_feed")
    assert reader_of(network, clock, "matze").ask(f"messages/{first}").status_code == 403
    assert [entry["audience"] for entry in network.truth()] == ["private"] * 3
    with pytest.raises(ValueError, match="company"):
        network.message("katharina", "Psst", at=minute(3), to="matze")


def test_people_are_shown_with_their_address_unless_it_is_made_up(network, reader):
    me = reader.json("users/current")
    assert (me["name"], me["admin"], me["can_broadcast"]) == ("nordwerk", "false", "true")
    (katharina,) = reader.json("users/by_email", email="katharina.gross@foerdertechnik-leine.example")
    assert katharina["contact"]["email_addresses"] == [
        {"type": "primary", "address": "katharina.gross@foerdertechnik-leine.example"}
    ]
    assert (katharina["aad_guest"], katharina["job_title"]) == (True, "Leiterin Einkauf")
    assert reader.json(f"users/{katharina['id']}") == katharina
    kenji = next(one for one in reader.json("users") if one["full_name"] == "田中健二")
    assert kenji["contact"]["has_fake_email"] is True
    assert person("kenji").email not in str(kenji)
    network.edit_profile("katharina", at=minute(1), display_name="Katharina Groß-Ott", bio="Neu", handle="kott")
    changed = reader.json(f"users/{katharina['id']}")
    assert (changed["last_name"], changed["summary"], changed["name"]) == ("Groß-Ott", "Neu", "kott")


def test_people_from_another_network_are_seen_and_not_looked_up(network, reader, news):
    network.post("thomas_mueller_1", "Moin", at=minute(1), reply_to=news)
    thread = reader.json(f"messages/in_thread/{news}")
    sender = references(thread, "user")[thread["messages"][0]["sender_id"]]
    assert sender["network_id"] != thread["messages"][0]["network_id"] == reader.json("networks/current")[0]["id"]
    assert "contact" not in sender
    assert reader.ask(f"users/{sender['id']}").status_code == 403
    assert reader.ask("users/by_email", email=person("thomas_mueller_1").email).status_code == 404
    assert sender["id"] not in [one["id"] for one in reader.json("users")]
    partners = reader.json("users/in_group/" + network.communities()["partner"])
    assert sender["id"] in [one["id"] for one in partners["users"]]
    assert [entry["external"] for entry in network.truth()] == [False, True]


def test_a_search_finds_each_kind(network, reader, news):
    found = reader.json("search", search="antriebstechnik")
    assert [str(one["id"]) for one in found["messages"]["messages"]] == [news]
    assert {kind: found["count"][kind] for kind in ("messages", "users", "groups", "topics")} == {
        "messages": 1,
        "users": 1,
        "groups": 0,
        "topics": 1,
    }
    assert reader.json("search", search="nw-40", model_types="USER")["count"]["messages"] == 0


def test_what_the_network_does_not_have_is_refused(network, news):
    for play in (
        lambda: network.share("femke", news, at=minute(1)),
        lambda: network.follow("femke", "nordwerk", at=minute(1)),
        lambda: network.post("femke", "Q", at=minute(1), quote=news),
        lambda: network.post("femke", "Q", at=minute(1), visibility="direct"),
    ):
        with pytest.raises(ValueError, match=r"Viva Engage|messages here"):
            play()
    assert not {"share", "follow"} & network.verbs


def test_a_life_is_told_as_it_was_played(network, news):
    hello = network.post("matze", "Wer kennt den NW-40?", at=minute(1))
    praise = network.post("katharina", "Läuft", at=minute(2), mentions=("nordwerk",))
    reply = network.post("femke", "Ich", at=minute(3), reply_to=hello)
    direct = network.message("matze", "Danke", at=minute(4))
    kinds = {entry["native_id"]: (entry["kind"], entry["person"], entry["object"]) for entry in network.truth()}
    assert kinds == {
        news: ("post", "nordwerk", None),
        hello: ("post", "matze", None),
        praise: ("mention", "katharina", None),
        reply: ("reply", "femke", hello),
        direct: ("message", "matze", None),
    }
