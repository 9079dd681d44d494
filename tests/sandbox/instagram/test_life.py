"""What people do on Instagram, as the API shows it and as the fake's own account knows it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from scrm.sandbox.cast import person
from scrm.sandbox.instagram import Instagram
from scrm.sandbox.instagram.nodes import graph
from tests.sandbox.instagram.conftest import PEOPLE, START, Reader, minute, settle

COMMENT = "id,text,timestamp,username,from,like_count,hidden,parent_id,media{id},replies{id,text,from,parent_id}"


def test_a_comment_and_its_answers_are_two_levels_deep(network, reader):
    media = network.post("nordwerk", "Neu", at=minute(0))
    asked = network.post("helene", "Wann?", at=minute(1), reply_to=media)
    answer = network.post("nordwerk", "Bald", at=minute(2), reply_to=asked)
    thanks = network.post("helene", "Danke", at=minute(3), reply_to=answer)
    network.like("femke", asked, at=minute(4))
    page = reader.json(f"{media}/comments", fields=COMMENT)
    assert [one["id"] for one in page["data"]] == [asked]
    top = page["data"][0]
    assert (top["text"], top["like_count"], top["hidden"], top["media"]) == ("Wann?", 1, False, {"id": media})
    assert "parent_id" not in top
    replies = top["replies"]["data"]
    assert [(one["id"], one["parent_id"]) for one in replies] == [(answer, asked), (thanks, asked)]
    assert replies[1]["text"] == "@nordwerk Danke"
    own = reader.json("me", fields="user_id")
    assert replies[0]["from"]["id"] == own["user_id"]
    assert replies[0]["from"]["self_ig_scoped_id"] != own["user_id"]
    assert "self_ig_scoped_id" not in replies[1]["from"]
    assert reader.json(f"{asked}/replies")["data"][0].keys() == {"id", "text", "timestamp"}
    assert reader.json(media, fields="comments_count,like_count") == {
        "id": media,
        "comments_count": 3,
        "like_count": 0,
    }


def test_me_has_two_ids_and_both_lead_to_the_same_media(network, reader):
    media = network.post("nordwerk", "Neu", at=minute(0))
    me = reader.json("me", fields="id,user_id,username,account_type,media_count,biography,website")
    assert me["user_id"].startswith("17841")
    assert me["id"] != me["user_id"]
    assert (me["username"], me["account_type"], me["media_count"]) == ("nordwerk", "BUSINESS", 1)
    for number in ("me", me["id"], me["user_id"]):
        assert reader.json(f"{number}/media")["data"] == [{"id": media}]


def test_a_scoped_id_belongs_to_one_account_alone(network, reader):
    network.add_account(replace(person("nordwerk"), key="second", handle="second"), at=START)
    other = Reader(network, network.credentials("second")["access_token"])
    ids = []
    for owner, reads in (("nordwerk", reader), ("second", other)):
        media = network.post(owner, "x", at=minute(1))
        network.post("helene", "y", at=minute(2), reply_to=media)
        ids.append(reads.json(f"{media}/comments", fields="from")["data"][0]["from"]["id"])
    assert ids[0] != ids[1]
    assert other.code(ids[0]) == (100, 33)


def test_mentions_elsewhere_are_read_by_the_ids_a_notification_gave(network, reader):
    elsewhere = network.post("helene", "Ferien", at=minute(0))
    comment = network.post("jane_doe", "schaut", at=minute(1), reply_to=elsewhere, mentions=("nordwerk",))
    media = network.post("helene", "Gutes Getriebe", at=minute(2), mentions=("nordwerk",))
    fields = f"mentioned_comment.comment_id({comment}){{id,text,timestamp,username,media{{id}}}}"
    found = reader.json("me", fields=fields)["mentioned_comment"]
    assert (found["text"], found["username"], found["media"]) == (
        "@nordwerk schaut",
        person("jane_doe").handle,
        {"id": elsewhere},
    )
    fields = f"mentioned_media.media_id({media}){{caption,username,permalink,timestamp}}"
    found = reader.json("me", fields=fields)["mentioned_media"]
    assert (found["caption"], found["username"]) == ("@nordwerk Gutes Getriebe", person("helene").handle)
    assert reader.code(media) == (100, 33)
    assert reader.code(f"{media}/comments") == (100, 33)
    assert reader.code("me", fields="mentioned_media{caption}") == (100, 0)
    network.set_private("helene", at=minute(3))
    assert reader.code("me", fields=f"mentioned_media.media_id({media}){{caption}}") == (100, 33)


def test_the_fields_for_mentions_can_be_missing_as_in_the_description(clock):
    with Instagram(clock=clock, is_pushing=False, has_mention_fields=False) as fake:
        settle(fake)
        error = Reader(fake).error("me", fields="mentioned_comment.comment_id(1){id}")
        assert "nonexisting field (mentioned_comment)" in error["message"]


def test_tags_are_listed_but_captions_that_only_name_us_are_not(network, reader):
    network.post("helene", "ohne Bild", at=minute(0), mentions=("nordwerk",))
    named = network.post("helene", "📷 mit Bild", at=minute(1), mentions=("nordwerk",))
    tagged = network.tag("jane_doe", "Messe", at=minute(2), mentions=("nordwerk",))
    rows = reader.walk("me/tags", fields="id,username,media_type")
    assert [row["id"] for row in rows] == [tagged, named]
    by_type = reader.walk("me/tags", media_type=rows[0]["media_type"])
    assert tagged in [row["id"] for row in by_type]
    assert reader.walk("me/tags", posted_after=minute(2).isoformat())[0]["id"] == tagged
    assert reader.walk("me/tags", posted_before=minute(0).isoformat()) == []


def test_a_story_is_there_for_a_day_and_never_among_the_media(network, reader, clock):
    story = network.story("nordwerk", "Heute", at=START)
    assert reader.json("me/stories")["data"] == [{"id": story}]
    assert reader.json("me/media")["data"] == []
    assert reader.json(story, fields="media_product_type")["media_product_type"] == "STORY"
    clock.now += timedelta(hours=24)
    assert reader.json("me/stories")["data"] == []
    assert reader.code(story) == (100, 33)


def test_what_is_deleted_is_gone_with_all_below_it(network, reader):
    media = network.post("nordwerk", "Neu", at=minute(0))
    comment = network.post("helene", "oh", at=minute(1), reply_to=media)
    reply = network.post("nordwerk", "ja", at=minute(2), reply_to=comment)
    network.delete(comment, at=minute(3))
    assert reader.code(comment) == reader.code(reply) == (100, 33)
    network.delete(media, at=minute(4))
    assert reader.code(media) == (100, 33)
    entries = {entry["native_id"]: entry for entry in network.truth()}
    assert [entries[one]["deleted_at"] for one in (media, comment, reply)] == [
        "2026-11-01T08:04:00+0000",
        "2026-11-01T08:03:00+0000",
        "2026-11-01T08:03:00+0000",
    ]


def test_captions_change_comments_do_not_and_handles_do(network, reader):
    media = network.post("nordwerk", "Neu", at=minute(0))
    network.edit(media, "Neuer", at=minute(1))
    comment = network.post("helene", "oh", at=minute(2), reply_to=media)
    network.edit_profile("helene", at=minute(3), handle="Helene Neu..")
    network.hide(comment, at=minute(4))
    assert reader.json(media, fields="caption")["caption"] == "Neuer"
    shown = reader.json(comment, fields="username,hidden,user")
    assert shown == {"id": comment, "username": "helene_neu", "hidden": True}
    with pytest.raises(ValueError, match="edited"):
        network.edit(comment, "nein", at=minute(5))
    with pytest.raises(ValueError, match="taken"):
        network.edit_profile("helene", at=minute(6), handle="nordwerk")


def test_instagram_has_no_follows_shares_quotes_nor_chosen_readers(network):
    media = network.post("nordwerk", "Neu", at=minute(0))
    assert {"share", "follow"}.isdisjoint(network.verbs)
    for wrong in (
        lambda: network.share("helene", media, at=minute(1)),
        lambda: network.follow("helene", "nordwerk", at=minute(1)),
        lambda: network.post("helene", "x", at=minute(1), quote=media),
        lambda: network.post("helene", "x", at=minute(1), visibility="direct"),
        lambda: network.credentials("helene"),
    ):
        with pytest.raises(ValueError, match=r"Instagram|professional"):
            wrong()


def test_likes_are_only_counted(network, reader):
    media = network.post("nordwerk", "Neu", at=minute(0))
    network.like("helene", media, at=minute(1))
    network.like("helene", media, at=minute(2))
    network.like("femke", media, at=minute(3))
    network.unlike("femke", media, at=minute(4))
    assert reader.json(media, fields="like_count")["like_count"] == 1
    assert [entry["kind"] for entry in network.truth()] == ["post"]


def test_the_truth_says_what_concerns_us_and_what_no_call_shows(network):
    own = network.post("nordwerk", "Neu", at=minute(0))
    network.post("helene", "Wann?", at=minute(1), reply_to=own)
    other = network.post("helene", "Sonntag", at=minute(2))
    network.post("jane_doe", "schön", at=minute(3), reply_to=other)
    mention = network.post("jane_doe", "wie bei", at=minute(4), reply_to=other, mentions=("nordwerk",))
    network.post("helene", "stimmt", at=minute(5), reply_to=mention)
    network.post("helene", "läuft #Nordwerk", at=minute(6))
    network.message("helene", "Hallo", at=minute(7))
    shown = [(entry["kind"], entry["person"], entry["object"], entry["shown"]) for entry in network.truth()]
    assert shown == [
        ("post", "nordwerk", None, True),
        ("reply", "helene", own, True),
        ("mention", "jane_doe", other, True),
        ("reply", "helene", mention, False),
        ("hashtag", "helene", None, False),
        ("message", "helene", None, True),
    ]


def test_the_api_shows_exactly_what_is_true_of_own_media(network, reader):
    for number in range(3):
        media = network.post("nordwerk", f"Nr. {number}", at=minute(10 * number))
        first = network.post("helene", "eins", at=minute(10 * number + 1), reply_to=media)
        network.post("femke", "zwei", at=minute(10 * number + 2), reply_to=first)
        gone = network.post("jane_doe", "weg", at=minute(10 * number + 3), reply_to=media)
        network.delete(gone, at=minute(10 * number + 4))
    found = set()
    for media in reader.walk("me/media", fields="id,timestamp", limit=2):
        found.add((media["id"], media["timestamp"], None))
        for comment in reader.walk(f"{media['id']}/comments", fields="id,timestamp,from", limit=1):
            found.add((comment["id"], comment["timestamp"], comment["from"]["id"]))
            for reply in reader.walk(f"{comment['id']}/replies", fields="id,timestamp,from"):
                found.add((reply["id"], reply["timestamp"], reply["from"]["id"]))
    true = {
        (entry["native_id"], entry["at"], None if entry["kind"] == "post" else entry["author"])
        for entry in network.truth()
        if not entry["deleted"]
    }
    assert found == true
    assert len(true) == 9


def test_the_same_life_gives_the_same_ids(network, clock):
    with Instagram(clock=clock, is_pushing=False) as twin:
        settle(twin)
        for fake in (network, twin):
            fake.post("nordwerk", "Neu", at=minute(0))
            fake.message("helene", "Hallo", at=minute(1))
        assert twin.truth() == network.truth()


def test_every_field_of_the_description_can_be_asked_of_every_type(network, reader):
    media = network.post("nordwerk", "Neu", at=minute(0))
    comment = network.post("nordwerk", "erste", at=minute(1), reply_to=media)
    message = network.message("helene", "Hallo", at=minute(2))
    network.like("nordwerk", message, at=minute(3))
    entry = next(one for one in network.truth() if one["native_id"] == message)
    known = graph(has_mention_fields=False)
    asked = {
        "User": "me",
        "Media": media,
        "Comment": comment,
        "UnifiedThread": entry["conversation"],
        "UnifiedMessage": message,
        "Profile": entry["author"],
    }
    shown = {}
    for name, number in asked.items():
        fields = known.type(name).fields
        shown[name] = reader.json(number, fields=",".join(sorted(fields)))
        assert shown[name].keys() <= fields
    assert shown["User"]["followers_count"] == len(PEOPLE) - 1
    assert shown["Media"]["owner"] == shown["Comment"]["user"] == {"id": shown["User"]["user_id"]}
    assert shown["UnifiedMessage"]["reactions"]
    assert shown["UnifiedThread"]["message_count"] == 1


def test_what_lies_below_the_media_of_others_is_not_ours_to_read(network, reader):
    elsewhere = network.post("helene", "Ferien", at=minute(0), mentions=("nordwerk",))
    comment = network.post("jane_doe", "schaut", at=minute(1), reply_to=elsewhere, mentions=("nordwerk",))
    assert reader.code("me", fields=f"mentioned_media.media_id({elsewhere}){{comments{{id}}}}") == (100, 33)
    assert reader.code("me", fields=f"mentioned_comment.comment_id({comment}){{replies{{id}}}}") == (100, 33)
    assert reader.code("me", fields="mentioned_comment.comment_id(1){id}") == (100, 33)


def test_a_handle_is_made_fit_and_taken_once(network):
    odd = replace(person("helene"), key="odd", handle="Ödd.-.Name")
    assert network.add_account(odd, at=START) == "_dd._.name"
    with pytest.raises(ValueError, match="already"):
        network.add_account(odd, at=START)
