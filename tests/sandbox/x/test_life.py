"""What happens on the X fake and how the API shows it: edits, deletions, profiles, standings, and the truth."""

import pytest

from scrm.sandbox.cast import on_network, person
from scrm.sandbox.x import Standing, X
from scrm.sandbox.x.ids import handle_of
from tests.sandbox.x.conftest import START, minute, reader_of, user_id

EDITED = {"post_fields": "edit_controls,created_at"}


@pytest.fixture
def path(me):
    return f"/2/users/{me}/mentions"


def test_an_answer_names_whom_it_answers_and_belongs_to_the_conversation(network, reader, path):
    news = network.post("nordwerk", "Neu", at=minute(0))
    answer = network.post("katharina", "Ist das @unbekannt?", at=minute(1), reply_to=news, mentions=("femke",))
    page = reader.json(path, post_fields="conversation_id,entities,display_text_range", expansions="referenced_posts")
    post = page["data"][0]
    assert (post["id"], post["conversation_id"]) == (answer, news)
    assert post["text"] == "@nordwerk @femke_harms Ist das @unbekannt?"
    assert post["display_text_range"] == [len("@nordwerk @femke_harms "), len(post["text"])]
    assert post["referenced_posts"] == [{"type": "replied_to", "id": news}]
    named = {one["username"]: post["text"][one["start"] : one["end"]] for one in post["entities"]["mentions"]}
    assert named == {"nordwerk": "@nordwerk", "femke_harms": "@femke_harms"}


def test_links_are_shortened_and_told_in_the_entities(network, reader):
    written = network.post("nordwerk", "Neu: https://nordwerk.example/nw40 #Motor", at=minute(0))
    post = reader.json("/2/tweets", ids=written, post_fields="entities")["data"][0]
    link = post["entities"]["urls"][0]
    assert post["text"][link["start"] : link["end"]] == link["url"]
    assert link["url"].startswith("https://t.co/")
    assert link["expanded_url"] == "https://nordwerk.example/nw40"
    assert post["entities"]["hashtags"][0]["tag"] == "Motor"


def test_a_long_post_is_cut_and_stands_whole_in_the_note(network, reader):
    text = "Getriebe " * 50
    written = network.post("katharina", text, at=minute(0))
    post = reader.json("/2/tweets", ids=written, post_fields="note_post")["data"][0]
    assert len(post["text"]) == 280
    assert post["text"].endswith("…")
    assert post["note_post"]["text"] == text


def test_an_edit_has_an_id_of_its_own_and_takes_the_place_of_the_first(network, reader, path):
    first = network.post("katharina", "Falsch", at=minute(0), mentions=("nordwerk",))
    network.post("helene", "Dazwischen", at=minute(1), mentions=("nordwerk",))
    network.edit(first, "Richtig", at=minute(4))
    post = reader.json(path, **EDITED)["data"][0]
    assert post["text"] == "@nordwerk Richtig"
    assert post["edit_history_post_ids"] == [first, post["id"]]
    assert first not in reader.ids(path)
    assert reader.ids(path, since_id=first) == [post["id"], reader.ids(path)[1]]
    assert post["edit_controls"]["edits_remaining"] == 4
    assert post["edit_controls"]["editable_until"] == "2026-11-20T09:00:00.000Z"
    old = reader.json("/2/tweets", ids=first)["data"][0]
    assert (old["text"], old["edit_history_post_ids"]) == ("@nordwerk Falsch", [first, post["id"]])
    entry = network.truth()[0]
    assert (entry["native_id"], entry["api_ids"]) == (first, [first, post["id"]])
    assert entry["edited_at"] == "2026-11-20T08:04:00.000Z"


def test_posts_can_be_edited_for_an_hour_and_five_times(network):
    written = network.post("katharina", "Moin", at=minute(0))
    with pytest.raises(ValueError, match="edited any more"):
        network.edit(written, "Zu spät", at=minute(61))
    for number in range(5):
        network.edit(written, f"Nr. {number}", at=minute(1 + number))
    with pytest.raises(ValueError, match="edited any more"):
        network.edit(written, "Zu oft", at=minute(9))


def test_a_deleted_post_is_gone_with_all_its_versions_and_reposts(network, reader, path):
    written = network.post("katharina", "Weg", at=minute(0), mentions=("nordwerk",))
    answer = network.post("nordwerk", "Gern", at=minute(1), reply_to=written)
    share = network.share("nordwerk", written, at=minute(2))
    network.edit(written, "Weg damit", at=minute(3))
    newest = reader.ids(path)[0]
    network.delete(written, at=minute(5))
    assert reader.ids(path) == []
    gone = reader.json("/2/tweets", ids=f"{written},{newest},{share}")
    assert "data" not in gone
    assert {one["type"].rsplit("/", 1)[1] for one in gone["errors"]} == {"resource-not-found"}
    assert [one["value"] for one in gone["errors"]] == [written, newest, share]
    orphan = reader.json("/2/tweets", ids=answer, expansions="referenced_posts")
    assert orphan["data"][0]["referenced_posts"] == [{"type": "replied_to", "id": written}]
    assert orphan["errors"][0]["parameter"] == "referenced_posts"
    deleted = {entry["native_id"] for entry in network.truth() if entry["deleted"]}
    assert deleted == {written, share}


@pytest.mark.parametrize(
    ("standing", "kind", "title"),
    [
        ("suspended", "not-authorized-for-resource", "Authorization Error"),
        ("protected", "not-authorized-for-resource", "Authorization Error"),
        ("deactivated", "resource-not-found", "Not Found Error"),
        ("deleted", "resource-not-found", "Not Found Error"),
    ],
)
def test_posts_of_people_one_may_not_see_are_partial_errors(network, reader, path, standing, kind, title):
    seen = network.post("katharina", "Moin", at=minute(0), mentions=("nordwerk",))
    hidden = network.post("helene", "Salut", at=minute(1), mentions=("nordwerk",))
    network.set_standing("helene", standing, at=minute(2))
    assert reader.ids(path) == [seen]
    answer = reader.json("/2/tweets", ids=f"{hidden},{seen}")
    assert [post["id"] for post in answer["data"]] == [seen]
    assert answer["errors"][0]["type"] == f"https://api.x.com/2/problems/{kind}"
    assert answer["errors"][0]["title"] == title
    assert [entry["standing"] for entry in network.truth()] == ["active", standing]


def test_users_who_are_gone_are_partial_errors_and_lose_their_tokens(network, reader):
    femke = reader_of(network, "femke")
    for key, standing in (("femke", "suspended"), ("helene", "deactivated")):
        network.set_standing(key, standing, at=minute(1))
    answer = reader.json("/2/users/by", usernames="femke_harms,hlefevre,nobody,kgross")
    assert [user["username"] for user in answer["data"]] == ["kgross"]
    assert [(one["title"], one["value"]) for one in answer["errors"]] == [
        ("Forbidden", "femke_harms"),
        ("Not Found Error", "hlefevre"),
        ("Not Found Error", "nobody"),
    ]
    assert femke.answer("/2/users/me").status_code == 401
    network.set_standing("femke", Standing.ACTIVE, at=minute(2))
    assert femke.answer("/2/users/me").status_code == 200


def test_a_protected_account_shows_to_its_followers(network, reader, app_reader):
    written = network.post("helene", "Salut", at=minute(0))
    network.set_standing("helene", "protected", at=minute(1))
    timeline = f"/2/users/{user_id(network, 'helene')}/tweets"
    assert reader.json(timeline)["errors"][0]["resource_type"] == "user"
    network.follow("nordwerk", "helene", at=minute(2))
    assert reader.ids(timeline) == [written]
    assert "data" not in app_reader.json(timeline)
    with pytest.raises(ValueError, match="cannot be shared"):
        network.share("nordwerk", written, at=minute(3))


def test_a_handle_may_change_and_the_old_one_is_free(network, reader):
    number = user_id(network, "katharina")
    network.edit_profile("katharina", at=minute(1), handle="kgross_bremen", bio="Neu hier", display_name="Kat")
    user = reader.json(f"/2/users/{number}", user_fields="description")["data"]
    assert user == {"id": number, "name": "Kat", "username": "kgross_bremen", "description": "Neu hier"}
    assert "data" not in reader.json("/2/users/by/username/kgross")
    network.edit_profile("helene", at=minute(2), handle="KGross")
    assert reader.json("/2/users/by/username/kgross")["data"]["id"] == user_id(network, "helene")
    for handle in ("nordwerk", "viel_zu_langer_name", "mit.punkt"):
        with pytest.raises(ValueError, match="handle"):
            network.edit_profile("jane_doe", at=minute(3), handle=handle)


def test_a_deed_done_twice_counts_once_and_can_be_undone(network, reader):
    news = network.post("nordwerk", "Neu", at=minute(0))
    for deed in (network.like, network.share):
        assert deed("katharina", news, at=minute(1)) == deed("katharina", news, at=minute(2))
    assert network.follow("katharina", "nordwerk", at=minute(1)) == network.follow(
        "katharina", "nordwerk", at=minute(2)
    )
    network.unlike("katharina", news, at=minute(3))
    counted = reader.json("/2/tweets", ids=news, post_fields="public_metrics")["data"][0]["public_metrics"]
    assert (counted["like_count"], counted["repost_count"]) == (0, 1)
    assert [(entry["kind"], entry["deleted"]) for entry in network.truth()] == [
        ("post", False),
        ("like", True),
        ("share", False),
        ("follow", False),
    ]


def test_ids_are_the_same_under_the_same_clock(clock):
    ids = []
    for _ in range(2):
        with X(clock=clock) as network:
            network.add_account(person("nordwerk"), at=START)
            ids.append([network.post("nordwerk", "a", at=minute(1)), network.post("nordwerk", "b", at=minute(1))])
            ids[-1].append(network.credentials("nordwerk")["access_token"])
    assert ids[0] == ids[1]
    assert ids[0][0] < ids[0][1]


def test_everybody_of_the_cast_can_live_here():
    handles = [handle_of(one).lower() for one in on_network("mastodon")]
    assert len(handles) == len(set(handles))


def test_a_life_read_back_through_the_api_is_the_truth(network, reader, me, path):
    news = network.post("nordwerk", "Neu", at=minute(0))
    asked = network.post("katharina", "Wann?", at=minute(1), mentions=("nordwerk",))
    network.post("femke", "Bald", at=minute(2), reply_to=asked)
    network.post("helene", "Merci", at=minute(3), reply_to=news)
    network.post("jane_doe", "Look", at=minute(4), quote=news)
    network.post("thomas_mueller_1", "Ich mag #Nordwerk", at=minute(5))
    network.post("thomas_mueller_1", "Etwas anderes", at=minute(6))
    network.like("katharina", news, at=minute(7))
    network.share("helene", news, at=minute(8))
    network.follow("jane_doe", "nordwerk", at=minute(9))
    network.message("katharina", "Nur für Sie", at=minute(10))
    found = {("post", number) for number in reader.ids(f"/2/users/{me}/tweets")}
    found |= {("mention", number) for number in reader.ids(path)}
    found |= {("quote", number) for number in reader.ids(f"/2/tweets/{news}/quote_tweets")}
    thread = reader.ids("/2/tweets/search/recent", query=f"conversation_id:{asked} -@nordwerk")
    found |= {("reply", number) for number in thread}
    tagged = reader.ids("/2/tweets/search/recent", query="#nordwerk")
    found |= {("hashtag", number) for number in tagged}
    likers = reader.ids(f"/2/tweets/{news}/liking_users")
    found |= {("like", f"{who}:like:{news}") for who in likers}
    shares = reader.ids("/2/tweets/search/recent", query=f"retweets_of_tweet_id:{news}")
    found |= {("share", number) for number in shares}
    found |= {("follow", f"{who}:follow:{me}") for who in reader.ids(f"/2/users/{me}/followers")}
    found |= {("message", number) for number in reader.ids("/2/dm_events")}
    assert found == {(entry["kind"], entry["native_id"]) for entry in network.truth()}
    assert len(found) == 10
