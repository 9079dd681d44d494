"""Private messages: what conversations list, what only the twenty newest tell, and who shows a profile."""

from datetime import timedelta

import pytest

from tests.sandbox.instagram.conftest import START, minute

MESSAGE = "id,created_time,from,to,message,reply_to,is_unsupported"
PROFILE = "name,username,profile_pic,follower_count,is_user_follow_business,is_business_follow_user,is_verified_user"


def conversation_of(network, message):
    return next(entry["conversation"] for entry in network.truth() if entry["native_id"] == message)


def igsid(network, who="helene"):
    return next(entry["author"] for entry in network.truth() if entry["person"] == who)


def test_a_conversation_tells_who_wrote_what(network, reader):
    asked = network.message("helene", "Habt ihr das?", at=minute(0))
    answer = network.message("nordwerk", "Ja", at=minute(1), reply_to=asked)
    strange = network.message("helene", "", at=minute(2), is_unsupported=True)
    rows = reader.walk("me/conversations", platform="instagram", fields="id,updated_time,participants")
    assert [row["updated_time"] for row in rows] == ["2026-11-01T08:02:00+0000"]
    assert rows[0]["id"].startswith("aWdf")
    both = {one["username"]: one["id"] for one in rows[0]["participants"]["data"]}
    assert both["nordwerk"] == reader.json("me", fields="user_id")["user_id"]
    messages = reader.walk(f"{rows[0]['id']}/messages", fields=MESSAGE, limit=1)
    assert [one["id"] for one in messages] == [strange, answer, asked]
    assert messages[0]["is_unsupported"]
    assert messages[1]["reply_to"] == {"mid": asked}
    assert messages[1]["to"]["data"][0]["id"] == messages[2]["from"]["id"] == igsid(network)
    whole = reader.json(rows[0]["id"], fields="messages.limit(2){message,from}")["messages"]
    assert [one.get("message") for one in whole["data"]] == ["", "Ja"]
    assert "after=" in whole["paging"]["next"]


def test_only_the_twenty_newest_messages_have_details(network, reader):
    sent = [network.message("helene", f"Nr. {number}", at=minute(number)) for number in range(22)]
    conversation = conversation_of(network, sent[0])
    rows = reader.walk(f"{conversation}/messages", fields=MESSAGE, limit=25)
    assert [row["id"] for row in rows] == sent[::-1]
    assert ["message" in row for row in rows] == [True] * 20 + [False] * 2
    assert reader.json(sent[2], fields="message")["message"] == "Nr. 2"
    error = reader.error(sent[1], fields="message")
    assert error["code"] == 100
    assert "deleted" in error["message"]


def test_a_message_taken_back_is_gone_and_an_edited_one_changed(network, reader):
    first = network.message("helene", "eins", at=minute(0))
    second = network.message("helene", "zwei", at=minute(1))
    network.edit(second, "drei", at=minute(2))
    network.delete(first, at=minute(3))
    rows = reader.walk(f"{conversation_of(network, second)}/messages", fields="message")
    assert rows == [{"id": second, "message": "drei"}]
    assert reader.code(first) == (100, 33)
    assert [(entry["edited_at"] is not None, entry["deleted"]) for entry in network.truth()] == [
        (False, True),
        (True, False),
    ]


def test_a_request_nobody_answered_is_listed_for_thirty_days(network, reader, clock):
    network.message("helene", "Hallo?", at=START)
    answered = network.message("jane_doe", "Hallo!", at=START)
    network.message("nordwerk", "Guten Tag", at=START, to="jane_doe")
    assert len(reader.walk("me/conversations")) == 2
    clock.now += timedelta(days=30, seconds=1)
    kept = reader.walk("me/conversations")
    assert [row["id"] for row in kept] == [conversation_of(network, answered)]


def test_conversations_can_be_asked_for_by_person_and_time(network, reader):
    network.message("helene", "a", at=minute(0))
    later = network.message("jane_doe", "b", at=minute(5))
    found = reader.walk("me/conversations", user_id=igsid(network))
    assert len(found) == 1
    after = int(minute(5).timestamp() * 1000)
    assert [row["id"] for row in reader.walk("me/conversations", updated_after_ms=after)] == [
        conversation_of(network, later)
    ]
    assert reader.walk("me/conversations", updated_before_ms=1) == []


def test_a_profile_is_shown_of_whoever_wrote_to_us_and_of_no_mere_commenter(network, reader):
    media = network.post("nordwerk", "Neu", at=minute(0))
    network.post("helene", "oh", at=minute(1), reply_to=media)
    number = igsid(network)
    refused = reader.answer(number, fields=PROFILE)
    assert refused.status_code == 403
    assert refused.json()["error"]["code"] == 230
    assert refused.json()["error"]["message"] == "User consent is required to access user profile"
    network.message("nordwerk", "Hallo", at=minute(2), to="helene")
    assert reader.code(number, fields=PROFILE) == (230, 0)
    network.message("helene", "Hallo", at=minute(3))
    profile = reader.json(number, fields=PROFILE)
    assert profile["id"] == number
    assert profile.keys() == {"id", *PROFILE.split(",")}
    network.block("helene", "nordwerk", at=minute(4))
    assert reader.code(number, fields=PROFILE) == (100, 33)


def test_a_profile_needs_a_scoped_id(network, reader):
    from scrm.sandbox.instagram.ids import account_id

    assert reader.code(account_id("helene"), fields="name") == (100, 2534014)
    assert reader.code("4711", fields="name") == (100, 33)


def test_messages_go_between_a_person_and_the_company(network):
    for wrong in (
        lambda: network.message("nordwerk", "x", at=minute(0)),
        lambda: network.message("helene", "x", at=minute(0), to="femke"),
    ):
        with pytest.raises(ValueError, match="professional"):
            wrong()
