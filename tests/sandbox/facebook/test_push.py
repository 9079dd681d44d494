"""What the webhooks of a page say, and how an app comes to get them."""

import json
from typing import Any

import pytest

from scrm.sandbox.graph.webhooks import sign
from tests.sandbox.facebook.conftest import Reader, minute
from tests.sandbox.graph.callback import listening

FIELDS = ("feed", "mention", "messages", "message_echoes", "ratings")


@pytest.fixture
def callback():
    with listening() as one:
        yield one


def entries(network) -> list[dict[str, Any]]:
    network.deliver()
    return [one["payload"]["entry"][0] for one in network.deliveries()]


def values(network, field: str) -> list[dict[str, Any]]:
    changes = [change for entry in entries(network) for change in entry.get("changes", ())]
    return [change["value"] for change in changes if change["field"] == field]


def app_reader(network) -> Reader:
    app = network.app()
    return Reader(network, f"{app['client_id']}|{app['client_secret']}")


def test_an_app_subscribes_itself_and_a_page(network, reader, page_id, callback):
    app_id = network.app()["client_id"]
    network.post("nordwerk", "Vorher", at=minute(0))
    order = {"object": "page", "callback_url": callback.url, "fields": "feed,messages"}
    application = app_reader(network)
    assert application.error(f"{app_id}/subscriptions", method="POST", **order, verify_token="x")[0] == 2200
    done = application.call("POST", f"{app_id}/subscriptions", **order, verify_token=callback.verify_token)
    assert done.json() == {"success": True}
    assert application.json(f"{app_id}/subscriptions")["data"][0]["callback_url"] == callback.url
    assert reader.json("me/subscribed_apps") == {"data": []}
    assert reader.call("POST", "me/subscribed_apps", subscribed_fields="feed").json() == {"success": True}
    network.post("katharina", "Größe?", at=minute(1))
    network.message("katharina", "Hallo", at=minute(2))
    assert [one["message"] for one in values(network, "feed")] == ["Größe?"]
    body, signature = callback.got[0]
    assert signature == sign(network.app()["client_secret"], body)
    assert b"Gr\\u00f6\\u00dfe" in body
    assert reader.json("me/subscribed_apps")["data"][0]["subscribed_fields"] == ["feed"]
    assert reader.call("DELETE", f"{page_id}/subscribed_apps").json() == {"success": True}
    network.post("katharina", "Noch da?", at=minute(3))
    assert len(values(network, "feed")) == 1


@pytest.mark.parametrize(
    ("scopes", "fields", "code"),
    [
        (("pages_manage_metadata", "pages_show_list"), "feed,telepathy", 100),
        (("pages_show_list",), "feed", 10),
        (("pages_manage_metadata", "pages_show_list"), "messages", 200),
        (("pages_manage_metadata", "pages_show_list"), '["feed"', 100),
    ],
)
def test_a_subscription_needs_known_fields_and_permissions(network, scopes, fields, code):
    reader = Reader(network, network.credentials("nordwerk", scopes=scopes)["access_token"])
    assert reader.error("me/subscribed_apps", method="POST", subscribed_fields=fields)[0] == code
    user = Reader(network, network.credentials("femke")["access_token"])
    assert user.error("me/subscribed_apps", method="POST", subscribed_fields="feed")[:2] == (100, 33)


def test_comments_tell_of_their_whole_life(network, page_id, callback):
    assert network.subscribe(callback.url, FIELDS)
    post = network.post("nordwerk", "Neu", at=minute(0))
    top = network.post("katharina", "Ab wann?", at=minute(1), reply_to=post)
    reply = network.post("nordwerk", "Ab Mai", at=minute(2), reply_to=top)
    network.edit(top, "Seit wann?", at=minute(3))
    network.hide(top, at=minute(4))
    network.hide(top, at=minute(5), is_hidden=False)
    network.delete(top, at=minute(6))
    told = values(network, "feed")
    assert told[0] | {"created_time": 0} == {
        "item": "status",
        "verb": "add",
        "post_id": post,
        "published": 1,
        "from": {"id": page_id, "name": "Nordwerk Antriebstechnik"},
        "message": "Neu",
        "created_time": 0,
    }
    assert [(one["verb"], one.get("comment_id")) for one in told[1:]] == [
        ("add", top),
        ("add", reply),
        ("edited", top),
        ("hide", top),
        ("unhide", top),
        ("remove", top),
    ]
    assert (told[1]["parent_id"], told[1]["post_id"]) == (post, post)
    assert told[2]["parent_id"] == top
    assert told[1]["created_time"] == int(minute(1).timestamp())
    assert told[3]["message"] == "Seit wann?"
    assert told[4]["is_hidden"] is True
    assert "message" not in told[6]


def test_reactions_have_other_names_here(network, callback):
    network.subscribe(callback.url, FIELDS)
    post = network.post("nordwerk", "Neu", at=minute(0))
    comment = network.post("katharina", "Oh", at=minute(1), reply_to=post)
    network.react("katharina", post, at=minute(2), type="SAD")
    network.react("katharina", post, at=minute(3), type="ANGRY")
    network.unlike("katharina", post, at=minute(4))
    network.like("nordwerk", comment, at=minute(5))
    told = [one for one in values(network, "feed") if one["item"] == "reaction"]
    assert [(one["verb"], one["reaction_type"], one["parent_id"]) for one in told] == [
        ("add", "sorry", post),
        ("edit", "anger", post),
        ("remove", "anger", post),
        ("add", "like", comment),
    ]
    assert told[3]["comment_id"] == comment
    assert {one["post_id"] for one in told} == {post}


def test_mentions_reviews_and_messages_have_fields_of_their_own(network, page_id, callback):
    network.subscribe(callback.url, FIELDS)
    tagged = network.post("helene", "Danke!", at=minute(0), mentions=("nordwerk",))
    story = network.review("katharina", "Immer gern", at=minute(1))
    asked = network.message("katharina", "Hallo", at=minute(2))
    answered = network.message("nordwerk", "Moin", at=minute(3), to="katharina", reply_to=asked)
    mention, rating = values(network, "mention")[0], values(network, "ratings")[0]
    assert (mention["item"], mention["post_id"], mention["sender_name"]) == ("post", tagged, "Hélène Lefèvre")
    assert (rating["open_graph_story_id"], rating["recommendation_type"]) == (story, "positive")
    assert values(network, "feed") == []
    events = [entry["messaging"][0] for entry in entries(network) if "messaging" in entry]
    psid = events[0]["sender"]["id"]
    assert events[0] == {
        "sender": {"id": psid},
        "recipient": {"id": page_id},
        "timestamp": int(minute(2).timestamp() * 1000),
        "message": {"mid": asked, "text": "Hallo"},
    }
    assert events[1]["sender"] == {"id": page_id}
    echo = events[1]["message"]
    assert (echo["mid"], echo["is_echo"], echo["reply_to"]) == (answered, True, {"mid": asked})


def test_a_delivery_can_come_twice(network, callback):
    network.subscribe(callback.url, ["feed"])
    network.post("katharina", "Hm", at=minute(0))
    network.deliver()
    assert [one["statuses"] for one in network.redeliver()] == [[200, 200]]
    assert len(callback.got) == 2
    assert json.loads(callback.got[0][0]) == json.loads(callback.got[1][0])
