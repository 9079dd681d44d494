"""What people do, and how the API and the truth show it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from scrm.sandbox.cast import person
from scrm.sandbox.facebook import Facebook
from tests.sandbox.facebook.conftest import START, Reader, minute, opened


def truth_of(network: Facebook, kind: str) -> list[dict[str, object]]:
    return [entry for entry in network.truth() if entry["kind"] == kind]


def test_each_sort_of_post_stands_on_its_edges(network, reader, page_id):
    own = network.post("nordwerk", "Neu im Programm", at=minute(0))
    visitor = network.post("katharina", "Wann liefert ihr?", at=minute(1))
    tagged = network.post("helene", "Danke!", at=minute(2), mentions=("nordwerk",))
    network.post("jane_doe", "Lesenswert", at=minute(3), quote=own)
    assert reader.ids(f"{page_id}/feed") == [tagged, visitor, own]
    assert reader.ids("me/posts") == [own] == reader.ids("me/published_posts")
    assert reader.ids("me/visitor_posts") == [visitor]
    assert reader.ids("me/tagged") == [tagged]
    assert visitor.startswith(f"{page_id}_")
    assert not tagged.startswith(page_id)
    post = reader.json(own, fields="from,message,created_time,permalink_url,shares,status_type")
    assert post == {
        "id": own,
        "from": {"id": page_id, "name": "Nordwerk Antriebstechnik"},
        "message": "Neu im Programm",
        "created_time": "2026-11-01T08:00:00+0000",
        "permalink_url": f"https://www.facebook.com/{page_id}/posts/{own.split('_')[1]}",
        "shares": {"count": 1},
        "status_type": "mobile_status_update",
    }
    named = reader.json(tagged, fields="message,message_tags")
    assert named["message"] == "Nordwerk Antriebstechnik Danke!"
    tag = {"id": page_id, "name": "Nordwerk Antriebstechnik", "type": "page", "offset": 0, "length": 24}
    assert named["message_tags"] == [tag]


def test_an_answer_to_an_answer_hangs_below_the_top_comment(network, reader):
    post = network.post("nordwerk", "Neu", at=minute(0))
    top = network.post("katharina", "Ab wann?", at=minute(1), reply_to=post)
    reply = network.post("nordwerk", "Ab Mai", at=minute(2), reply_to=top)
    deeper = network.post("katharina", "Danke", at=minute(3), reply_to=reply)
    other = network.post("helene", "Super", at=minute(4), reply_to=post)
    assert top.startswith(post.split("_")[1] + "_")
    assert reader.ids(f"{post}/comments") == [top, other]
    assert reader.ids(f"{post}/comments", filter="toplevel", order="reverse_chronological") == [other, top]
    assert reader.ids(f"{post}/comments", filter="stream") == [top, reply, deeper, other]
    assert reader.ids(f"{post}/comments", filter="stream", since=minute(3).isoformat()) == [deeper, other]
    assert reader.ids(f"{top}/comments") == [reply, deeper]
    assert reader.json(f"{post}/comments", filter="stream", summary="true", limit=1)["summary"]["total_count"] == 4
    fields = "parent{id},from,comment_count,like_count,is_hidden,can_reply_privately,object{id}"
    shown = reader.json(deeper, fields=fields)
    author = next(entry["author"] for entry in network.truth() if entry["native_id"] == deeper)
    assert shown == {
        "id": deeper,
        "parent": {"id": top},
        "from": {"id": author, "name": "Katharina Groß"},
        "comment_count": 0,
        "like_count": 0,
        "is_hidden": False,
        "can_reply_privately": True,
        "object": {"id": post},
    }
    assert reader.json(top, fields="comment_count")["comment_count"] == 2
    assert {entry["native_id"]: entry["kind"] for entry in network.truth()} == {
        post: "post",
        top: "comment",
        reply: "reply",
        deeper: "reply",
        other: "comment",
    }


def test_everybody_reacts_once_to_a_post_or_comment(network, reader):
    post = network.post("nordwerk", "Neu", at=minute(0))
    network.like("katharina", post, at=minute(1))
    network.react("helene", post, at=minute(2), type="LOVE")
    network.react("katharina", post, at=minute(3), type="CARE")
    rows = reader.json(f"{post}/reactions", summary="total_count")
    assert [(row["name"], row["type"]) for row in rows["data"]] == [
        ("Katharina Groß", "CARE"),
        ("Hélène Lefèvre", "LOVE"),
    ]
    assert rows["summary"]["total_count"] == 2
    assert [row["type"] for row in reader.json(f"{post}/reactions", type="LOVE")["data"]] == ["LOVE"]
    assert reader.json(f"{post}/likes")["data"] == []
    network.unlike("helene", post, at=minute(4))
    assert len(reader.json(f"{post}/reactions")["data"]) == 1
    by_person = {entry["person"]: entry for entry in truth_of(network, "reaction")}
    assert (by_person["katharina"]["reaction_type"], by_person["katharina"]["deleted"]) == ("CARE", False)
    assert by_person["helene"]["deleted_at"] == "2026-11-01T08:04:00+0000"
    with pytest.raises(ValueError, match="reaction"):
        network.react("helene", post, at=minute(5), type="DISLIKE")


def test_reviews_tell_who_recommends(network, reader):
    good = network.review("katharina", "Immer gern", at=minute(0))
    bad = network.review("helene", "", at=minute(1), is_positive=False)
    fields = "created_time,has_review,has_rating,recommendation_type,review_text,reviewer,open_graph_story"
    rows = reader.json("me/ratings", fields=fields)["data"]
    assert [(row["recommendation_type"], row["open_graph_story"]["id"]) for row in rows] == [
        ("negative", bad),
        ("positive", good),
    ]
    assert rows[1]["review_text"] == "Immer gern"
    assert rows[1]["reviewer"]["name"] == "Katharina Groß"
    assert "review_text" not in rows[0]
    assert "id" not in rows[0]
    network.edit(good, "Meistens gern", at=minute(2))
    network.delete(bad, at=minute(3))
    assert [row["review_text"] for row in reader.json("me/ratings")["data"]] == ["Meistens gern"]
    assert [entry["deleted"] for entry in truth_of(network, "review")] == [False, True]


def test_only_the_latest_twenty_messages_have_details(network, reader):
    written = [network.message("katharina", f"Nr. {number}", at=minute(number)) for number in range(20)]
    written.append(network.message("nordwerk", "Gern", at=minute(20), to="katharina", reply_to=written[-1]))
    network.message("helene", "Hallo", at=minute(21))
    threads = reader.json("me/conversations", platform="messenger")["data"]
    assert [set(one) for one in threads] == [{"id", "updated_time"}] * 2
    thread = threads[1]["id"]
    whole = reader.json(thread, fields="participants,messages.limit(100){message,from,to,reply_to},message_count")
    assert [one["name"] for one in whole["participants"]["data"]] == ["Katharina Groß", "Nordwerk Antriebstechnik"]
    assert whole["participants"]["data"][0]["email"].endswith("@facebook.com")
    newest, *_, oldest = whole["messages"]["data"]
    assert newest["message"] == "Gern"
    assert newest["reply_to"] == {"mid": written[-2]}
    assert newest["to"]["data"][0]["name"] == "Katharina Groß"
    assert oldest == {"id": written[0]}
    assert reader.ids(f"{thread}/messages", limit=100) == written[::-1]
    assert reader.error(written[0])[2] == "(#100) The message has been deleted."
    assert reader.json(written[1], fields="message") == {"id": written[1], "message": "Nr. 1"}
    network.delete(written[20], at=minute(22))
    assert reader.json(written[0], fields="message")["message"] == "Nr. 0"
    psid = whole["participants"]["data"][0]["id"]
    assert reader.ids("me/conversations", user_id=psid) == [thread]
    assert reader.ids("me/conversations", updated_after_ms=int(minute(21).timestamp() * 1000)) == [threads[0]["id"]]
    assert reader.ids("me/conversations", platform="instagram") == []


def test_requests_that_rest_are_not_listed_after_thirty_days(network, reader, clock):
    network.message("katharina", "Hallo?", at=minute(0), folder="other")
    network.message("helene", "Hallo!", at=minute(0))
    assert len(reader.ids("me/conversations", folder="other")) == 1
    clock.now = START + timedelta(days=31)
    assert len(reader.ids("me/conversations")) == 1
    assert reader.ids("me/conversations", folder="other") == []


def test_only_who_wrote_a_message_has_a_profile(network, reader):
    network.message("katharina", "Hallo", at=minute(0))
    network.message("nordwerk", "Hallo?", at=minute(0), to="helene")
    by_person = {entry["person"]: str(entry["author"]) for entry in truth_of(network, "message")}
    profile = reader.json(by_person["katharina"])
    assert (profile["first_name"], profile["last_name"]) == ("Katharina", "Groß")
    assert "email" not in reader.json(by_person["katharina"], fields="name,email")
    post = network.post("helene", "Hm", at=minute(1))
    helene = next(str(entry["author"]) for entry in network.truth() if entry["native_id"] == post)
    assert reader.error(helene) == (100, 2018218, "(#100) No profile available for this user.")


def test_deleting_takes_everything_below_along(network, reader):
    post = network.post("nordwerk", "Neu", at=minute(0))
    top = network.post("katharina", "Ab wann?", at=minute(1), reply_to=post)
    reply = network.post("nordwerk", "Ab Mai", at=minute(2), reply_to=top)
    network.like("helene", reply, at=minute(3))
    network.edit(top, "Seit wann?", at=minute(4))
    assert reader.json(top)["message"] == "Seit wann?"
    network.delete(post, at=minute(5))
    for gone in (post, top, reply):
        assert reader.error(gone)[:2] == (100, 33)
        assert reader.error(f"{gone}/comments")[:2] == (100, 33)
    assert {entry["deleted"] for entry in network.truth()} == {True}
    edited = next(entry for entry in network.truth() if entry["native_id"] == top)
    assert edited["edited_at"] == "2026-11-01T08:04:00+0000"


def test_shares_and_followers_are_only_counted(network, reader):
    post = network.post("nordwerk", "Neu", at=minute(0))
    network.share("katharina", post, at=minute(1))
    network.follow("katharina", "nordwerk", at=minute(2))
    assert reader.json(post, fields="shares")["shares"] == {"count": 1}
    assert reader.json("me", fields="followers_count,fan_count")["followers_count"] == 1
    assert len(reader.ids("me/feed")) == 1
    hidden = [entry["kind"] for entry in network.truth() if not entry["readable"]]
    assert hidden == ["share", "follow"]
    own = network.share("nordwerk", post, at=minute(3))
    shown = reader.json(own, fields="parent_id,story,status_type,attachments")
    assert (shown["parent_id"], shown["status_type"]) == (post, "shared_story")
    assert shown["attachments"]["data"][0]["type"] == "share"


def test_a_changed_name_is_shown_everywhere(network, reader):
    post = network.post("katharina", "Hm", at=minute(0))
    network.edit_profile("katharina", at=minute(1), display_name="Katharina Klein", bio="neu")
    network.edit_profile("nordwerk", at=minute(1), bio="Getriebe", handle="nordwerk.bremen")
    assert reader.json(post, fields="from{name}")["from"]["name"] == "Katharina Klein"
    assert reader.json("me", fields="about,link") == {
        "id": reader.json("me")["id"],
        "about": "Getriebe",
        "link": "https://www.facebook.com/nordwerk.bremen",
    }


def test_everything_readable_in_the_truth_is_read_through_the_api(network, reader):
    news = network.post("nordwerk", "Neu", at=minute(0))
    asked = network.post("katharina", "Ab wann?", at=minute(1), reply_to=news)
    network.post("nordwerk", "Ab Mai", at=minute(2), reply_to=asked, mentions=("katharina",))
    network.like("katharina", news, at=minute(3))
    network.post("helene", "Kaputt", at=minute(4))
    tagged = network.post("jane_doe", "Well done", at=minute(5), mentions=("nordwerk",))
    network.react("nordwerk", tagged, at=minute(6), type="LOVE")
    network.share("helene", news, at=minute(7))
    network.review("katharina", "Gern", at=minute(8))
    network.message("nordwerk", "Moin", at=minute(9), to="katharina")
    network.delete(network.post("helene", "Ups", at=minute(10), reply_to=tagged), at=minute(11))
    comments = "comments.filter(stream){id,reactions{id}}"
    seen = {
        (story["open_graph_story"]["id"],) for story in reader.json("me/ratings", fields="open_graph_story")["data"]
    }
    for post in reader.json("me/feed", fields=f"id,reactions{{id}},{comments}")["data"]:
        for item in (post, *post["comments"]["data"]):
            seen |= {(item["id"],), *((item["id"], one["id"]) for one in item["reactions"]["data"])}
    for thread in reader.json("me/conversations", fields="messages{id}")["data"]:
        seen |= {(one["id"],) for one in thread["messages"]["data"]}
    readable = [entry for entry in network.truth() if entry["readable"] and not entry["deleted"]]
    assert seen == {
        (entry["object"], entry["author"]) if entry["kind"] == "reaction" else (entry["native_id"],)
        for entry in readable
    }
    assert len(readable) == 9


def test_each_page_knows_a_person_by_another_id(network):
    service = replace(person("nordwerk"), key="nordwerk_service", full_name="Nordwerk Service", handle="nw.service")
    number = network.add_account(service, at=minute(0))
    network.message("katharina", "Hallo", at=minute(1))
    network.message("katharina", "Hallo", at=minute(2), to="nordwerk_service")
    known = {entry["scope"]: entry["author"] for entry in truth_of(network, "message")}
    assert len(set(known.values())) == 2
    user = Reader(network, network.credentials("femke")["access_token"])
    assert set(user.ids("me/accounts")) == set(known)
    page = Reader(network, network.credentials("nordwerk_service")["access_token"])
    assert page.json("me/conversations", user_id=known[number])["data"] != []
    other = next(author for scope, author in known.items() if scope != number)
    assert page.error(str(other))[:2] == (100, 33)
    post = network.post("nordwerk", "Neu", at=minute(3))
    assert page.error(post)[:2] == (100, 33)
    assert network.post("nordwerk_service", "Wartung", at=minute(4)) in page.ids("me/posts")


def test_the_same_life_gives_the_same_ids():
    lives = []
    for _ in range(2):
        fake = opened()
        post = fake.post("nordwerk", "Neu", at=minute(0))
        comment = fake.post("katharina", "Ah", at=minute(1), reply_to=post)
        fake.message("katharina", "Hallo", at=minute(2))
        fake.like("helene", comment, at=minute(3))
        lives.append(fake.truth())
    assert lives[0] == lives[1]
    assert len({entry["native_id"] for entry in lives[0]}) == 4


def test_what_the_network_does_not_have_is_refused(network):
    with pytest.raises(ValueError, match="public"):
        network.post("katharina", "Hm", at=minute(0), visibility="direct")
    with pytest.raises(ValueError, match="between"):
        network.message("katharina", "Hm", at=minute(0), to="helene")
    assert all(callable(getattr(network, verb)) for verb in network.verbs)


def test_a_user_sees_pages_but_not_what_people_write(network, page_id):
    post = network.post("katharina", "Hm", at=minute(0))
    user = Reader(network, network.credentials("femke")["access_token"])
    pages = user.json("me/accounts", fields="id,name,access_token,tasks")["data"]
    assert [(one["id"], one["name"]) for one in pages] == [(page_id, "Nordwerk Antriebstechnik")]
    assert "MODERATE" in pages[0]["tasks"]
    assert user.error(f"{page_id}/feed")[0] == 210
    derived = Reader(network, pages[0]["access_token"])
    assert derived.ids("me/feed") == [post]
    assert user.json(page_id, fields="access_token")["access_token"] == pages[0]["access_token"]
