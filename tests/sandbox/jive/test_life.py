"""What people do in the community, how the API shows it, and that truth() remembers it."""

import itertools
from datetime import UTC, datetime

import pytest

from scrm.sandbox.cast import person
from scrm.sandbox.jive import Jive
from scrm.sandbox.scenario import Player, history, live
from tests.sandbox.jive.conftest import API, Reader, message_of, minute, stamp


def row(network, native_id):
    return next(one for one in network.truth() if one["native_id"] == native_id)


def place(reader, name):
    return next(one for one in reader.items("/places") if one["name"] == name)


def test_a_profile_has_emails_and_its_rows_are_found_by_their_label(network, reader):
    sabine = reader.json("/people/username/vogelsangrichter")
    assert sabine["emails"] == [
        {"jive_label": "Email", "type": "work", "value": person("sabine").email, "primary": True}
    ]
    rows = {one["jive_label"]: one["value"] for one in sabine["jive"]["profile"]}
    assert (rows["Title"], rows["Company"]) == (person("sabine").title, person("sabine").company)
    assert (sabine["jive"]["externalContributor"], sabine["jive"]["external"]) == (True, False)
    assert reader.json(f"/people/email/{person('sabine').email}")["id"] == sabine["id"]
    network.hide_email("sabine")
    assert "emails" not in reader.json(f"/people/{sabine['id']}")
    assert reader.ask(f"/people/email/{person('sabine').email}").status_code == 404
    assert "emails" in Reader(network, "sabine").json("/people/@me")


def test_people_are_filtered_and_a_changed_profile_is_found_by_its_time(network, reader):
    network.edit_profile("lars", at=minute(5), display_name="Lars P.", bio="neu", handle="lars.p")
    found = reader.items("/people", filter=f"updated({stamp(5)})", fields="@all")
    assert [(one["displayName"], one["jive"]["username"]) for one in found] == [("Lars P.", "lars.p")]
    assert {"jive_label": "Biography", "value": "neu"} in found[0]["jive"]["profile"]
    names = [one["displayName"] for one in reader.items("/people", filter="include-partner(false)")]
    assert names == ["Femke Harms", "Lars P.", "Nordwerk Antriebstechnik"]
    company = person("sabine").company
    assert len(reader.items("/people", filter=f"company({company})")) == 1
    assert len(reader.items("/search/people", filter="search(vogelsang)")) == 1
    with pytest.raises(ValueError, match="taken"):
        network.edit_profile("lars", at=minute(6), handle="femke_harms")


def test_places_are_groups_with_blogs_in_a_space(reader):
    places = {one["name"]: one for one in reader.items("/places")}
    assert places["Nordwerk"]["type"] == "space"
    assert (places["Nordwerk Partner"]["groupType"], places["Nordwerk Vertrieb"]["groupType"]) == ("OPEN", "PRIVATE")
    group = places["Nordwerk Partner"]
    assert (group["memberCount"], group["parentPlace"]["name"]) == (7, "Nordwerk")
    below = reader.items(f"/places/{group['placeID']}/places")
    assert [one["type"] for one in below] == ["blog"]
    assert len(reader.items("/places", filter="type(group,blog)")) == 4
    owners = reader.items(f"/members/places/{group['placeID']}", state="owner")
    assert [one["person"]["displayName"] for one in owners] == ["Nordwerk Antriebstechnik"]


def test_closed_groups_keep_to_themselves_and_secret_ones_are_not_known(network, reader):
    closed = place(reader, "Nordwerk Vertrieb")["placeID"]
    secret = network.open_place("Vorstand", at=minute(0), person_key="femke", group_type="SECRET")
    inside = network.post("femke", "Preise steigen.", at=minute(1), visibility="community", content_type="discussion")
    hidden = network.post("femke", "Ganz unter uns.", at=minute(2), place="Vorstand", content_type="document")
    partner = Reader(network, "andreas")
    for path in (inside, f"/members/places/{closed}", f"/places/{closed}/contents", f"/places/{closed}/activities"):
        assert partner.ask(path).status_code == 403
    assert partner.json(f"/places/{closed}")["groupType"] == "PRIVATE"
    assert partner.uris("/contents") == []
    for who in (reader, partner):
        assert who.ask(secret).status_code == 404
        assert who.ask(hidden).status_code == 403
    assert [one["native_id"] for one in network.truth()] == [inside], "the company is not in the secret group"
    assert (row(network, inside)["audience"], row(network, inside)["community"]) == ("community", f"/places/{closed}")
    network.join("andreas", "Nordwerk Vertrieb", at=minute(3))
    assert partner.uris("/contents") == [inside]
    network.leave("andreas", "Nordwerk Vertrieb", at=minute(4))
    assert partner.ask(inside).status_code == 403
    answer = network.post("andreas", "Darf ich?", at=minute(5), reply_to=inside)
    assert partner.json(answer)["author"]["displayName"] == person("andreas").full_name
    network.join("nordwerk", "Vorstand", at=minute(6))
    assert reader.json(hidden)["subject"] == "Ganz unter uns."
    assert not row(network, hidden)["deleted"]


def test_members_only_groups_are_read_by_all_and_their_members_listed(network, reader):
    uri = network.open_place("Umrichter", at=minute(0), person_key="lars", group_type="MEMBER_ONLY")
    said = network.post("sabine", "Neue Firmware?", at=minute(1), place=uri, content_type="discussion")
    assert Reader(network, "andreas").json(said)["parentPlace"]["name"] == "Umrichter"
    members = reader.items(f"/members{uri}")
    assert [(one["person"]["displayName"], one["state"]) for one in members] == [
        ("Lars Petersen", "owner"),
        (person("sabine").full_name, "member"),
    ]
    groups = {one["group"]["name"] for one in reader.items("/members/people/2003")}
    assert groups == {"Nordwerk Partner", "Nordwerk Vertrieb", "Umrichter"}
    network.join("sabine", uri, at=minute(2), state="banned")
    assert reader.json(uri)["memberCount"] == 1
    assert reader.items(f"/members{uri}", state="banned")[0]["person"]["displayName"] == person("sabine").full_name
    assert [one["object"]["displayName"] for one in reader.items(f"{uri}/activities")] == ["Neue Firmware?"]
    assert reader.uris("/search/places", filter=["search(umrichter)", "type(group)"]) == [uri]
    space = place(reader, "Nordwerk")
    paper = network.post("nordwerk", "Leitfaden.", at=minute(3), place="Nordwerk")
    assert reader.json(paper)["type"] == "document"
    assert reader.uris(f"/places/{space['placeID']}/contents") == [paper]


def test_followers_are_people_and_shown_from_both_sides(network, reader):
    followed = network.follow("sabine", "nordwerk", at=minute(0))
    assert network.follow("sabine", "nordwerk", at=minute(1)) == followed
    network.follow("lars", "femke", at=minute(2))
    assert [one["displayName"] for one in reader.items("/people/@me/@followers")] == [person("sabine").full_name]
    assert [one["id"] for one in reader.items("/people/2004/@following")] == ["2001"]
    assert reader.json("/people/@me")["followerCount"] == 1
    assert [(one["native_id"], one["kind"]) for one in network.truth()] == [(followed, "follow")]


def test_messages_of_others_are_nobody_elses(network, reader):
    asked = network.message("sabine", "Mittag?", to="lars", at=minute(0))
    network.message("lars", "Gern.", reply_to=asked, at=minute(1))
    assert reader.ask(asked).status_code == 403
    assert network.truth() == []
    assert [one["verb"] for one in Reader(network, "sabine").items("/inbox")] == ["jive:commented"]


def test_contents_are_filtered_by_type_place_author_and_time(network, reader):
    kinds = ("discussion", "document", "update", "idea")
    told = {one: network.post("lars", one, at=minute(n), content_type=one) for n, one in enumerate(kinds)}
    news = network.post("nordwerk", "Neu.", at=minute(9))
    group = place(reader, "Nordwerk Partner")
    assert reader.uris("/contents", filter="type(document,update)") == [told["update"], told["document"]]
    assert reader.uris("/contents", filter="author(/people/2001)") == [news]
    of_place = f"place({group['resources']['self']['ref']})"
    assert news not in reader.uris("/contents", filter=of_place), "a post stands in the group's blog"
    assert told["update"] not in reader.uris("/contents", filter=of_place)
    assert reader.uris("/contents", filter=of_place, includeBlogs="true", count=1) == [news]
    assert len(reader.uris(f"/places/{group['placeID']}/contents")) == 3
    for times in (f"{stamp(1)},{stamp(2)}", f"{stamp(2)},{stamp(1)}"):
        assert reader.uris("/contents", filter=f"creationDate({times})") == [told["update"], told["document"]]
    assert reader.uris("/contents", filter=f"creationDate({stamp(9)},null)") == [news]
    network.edit(told["document"], "neu gefasst", at=minute(20))
    assert reader.uris("/contents", filter=f"modificationDate({stamp(10)},null)") == [told["document"]]
    assert reader.uris("/search/contents", filter=["search(gefasst)", f"after({stamp(19)})"]) == [told["document"]]
    assert reader.uris("/contents", sort="titleAsc", count=1) == [told["discussion"]]


def test_a_discussion_has_messages_and_everything_else_comments(network, reader):
    asked = network.post("sabine", "Welche Getriebe?", at=minute(0), content_type="discussion")
    first = network.post("femke", "Das GM 40.", at=minute(1), reply_to=asked)
    second = network.post("lars", "Oder das GM 50.", at=minute(2), reply_to=asked)
    below = network.post("sabine", "Danke!", at=minute(3), reply_to=first)
    assert [first, second, below] == ["/messages/5801", "/messages/5802", "/messages/5803"]
    thread = f"/messages{asked}"
    assert reader.uris(thread) == [first, below, second]
    assert reader.uris(thread, hierarchical="false") == [first, second, below]
    assert reader.uris(thread, excludeReplies="true") == [first, second]
    assert reader.uris(f"{first}/messages") == [below]
    assert reader.uris(thread, anchor=reader.network.base_url + API + second, count=2) == [second]
    shown = reader.json(below)
    assert shown["parent"].endswith(first)
    assert shown["discussion"].endswith(asked)
    content = reader.json(asked)
    assert (content["replyCount"], content["question"], content["subject"]) == (3, True, "Welche Getriebe?")
    assert (content["updated"], content["lastActivityDate"]) == (stamp(0), stamp(3))
    assert content["resources"]["messages"]["ref"].endswith(f"/messages{asked}")
    assert reader.ask(f"{asked}/comments").status_code == 501
    idea = network.post("sabine", "Leiser!", at=minute(4), content_type="idea")
    said = network.post("lars", "Gern.", at=minute(5), reply_to=idea)
    assert reader.uris(f"{idea}/comments") == [said]
    assert reader.json(said)["rootURI"].endswith(idea)


def test_mentions_are_links_to_profiles_and_the_text_is_html(network, reader):
    said = network.post("sabine", "wie <laut> ist es?", at=minute(0), mentions=["nordwerk"], content_type="update")
    html = reader.json(said)["content"]["text"]
    assert 'data-objectId="2001" data-objectType="3"' in html
    assert "wie &lt;laut&gt; ist es?" in html
    assert "DocumentBodyStart" in html
    assert reader.items("/contents", abridged="true")[0]["content"]["text"].endswith("wie <laut> ist es?")
    assert row(network, said)["kind"] == "mention"
    inbox = reader.items("/inbox")
    assert [(one["verb"], one["jive"]["mentioned"]["displayName"]) for one in inbox] == [
        ("jive:mentioned", "Nordwerk Antriebstechnik")
    ]


def test_likes_name_people_and_can_be_taken_back(network, reader):
    news = network.post("nordwerk", "Neu.", at=minute(0))
    said = network.post("sabine", "Fein.", at=minute(1), reply_to=news)
    likes = [network.like("lars", news, at=minute(2)), network.like("nordwerk", said, at=minute(3))]
    assert [one["displayName"] for one in reader.items(f"{news}/likes")] == ["Lars Petersen"]
    assert [one["id"] for one in reader.items(f"{said}/likes")] == ["2001"]
    assert reader.json(news)["likeCount"] == 1
    assert all(row(network, one)["to_us"] for one in likes)
    network.unlike("lars", news, at=minute(4))
    assert reader.items(f"{news}/likes") == []
    assert row(network, likes[0])["deleted"]


def test_private_messages_are_for_those_in_them(network, reader, clock):
    asked = network.message("sabine", "Unter uns: Rabatt?", at=minute(0))
    told = network.message("nordwerk", "Ja.", at=minute(1), reply_to=asked)
    ours = network.message("nordwerk", "Guten Tag!", to="lars", at=minute(2))
    assert reader.uris("/dms") == [ours, asked]
    assert reader.uris(f"{asked}/comments") == [told]
    assert [one["displayName"] for one in reader.json(asked)["participants"]] == ["Nordwerk Antriebstechnik"]
    assert asked not in reader.uris("/contents")
    assert Reader(network, "femke").ask(asked).status_code == 403
    assert {(one["kind"], one["audience"]) for one in network.truth()} == {("message", "private")}
    with Jive(clock=clock, has_messages=False) as other:
        other.add_account(person("nordwerk"), at=minute(0))
        assert Reader(other).ask("/dms").status_code == 410
        with pytest.raises(ValueError, match="switched off"):
            other.message("nordwerk", "x", to="lars", at=minute(0))


def test_what_is_deleted_is_gone_and_contents_leave_a_marker(network, reader):
    news = network.post("nordwerk", "Neu.", at=minute(0))
    said = network.post("sabine", "Ach.", at=minute(1), reply_to=news)
    below = network.post("lars", "Doch.", at=minute(2), reply_to=said)
    like = network.like("lars", said, at=minute(3))
    network.delete(said, at=minute(4))
    assert message_of(reader.ask(said)) == "The specified comment does not exist"
    assert [row(network, one)["deleted"] for one in (said, below, like, news)] == [True, True, True, False]
    assert reader.items("/deletedObjects/contents") == []
    network.delete(news, at=minute(5))
    assert reader.ask(news).status_code == 404
    since = f"since({stamp(5)})"
    marker = reader.items("/deletedObjects/contents", filter=[since, "type(post)"])[0]
    assert (marker["objectType"], marker["objectId"], marker["eventDate"]) == ("post", news.split("/")[2], stamp(5))
    assert marker["url"].endswith(news)
    assert reader.json(f"/deletedObjects/{marker['id']}") == marker
    assert reader.items("/deletedObjects/contents", filter=f"since({stamp(6)})") == []
    assert reader.items("/activities") == []


def test_an_edit_moves_the_time_and_stays_the_same_thing(network, reader):
    said = network.post("sabine", "Alt.", at=minute(0), mentions=["nordwerk"], content_type="discussion")
    network.edit(said, "Neu.", at=minute(7))
    content = reader.json(said)
    assert (content["subject"], content["published"], content["updated"]) == ("Neu.", stamp(0), stamp(7))
    assert row(network, said)["edited_at"] == "2026-11-01T08:07:00.000Z"


def test_a_stream_comes_in_whole_collections_and_goes_back_in_time(network, reader):
    ideas = [network.post("sabine", f"Idee {n}", at=minute(n), content_type="idea") for n in range(3)]
    network.post("lars", "Gut.", at=minute(10), reply_to=ideas[0])
    network.like("femke", ideas[0], at=minute(11))
    told = reader.json("/activities", count=1)
    assert [one["verb"] for one in told["list"]] == ["jive:liked", "jive:commented", "jive:created"]
    assert len({one["jive"]["collection"] for one in told["list"]}) == 1
    pages = reader.walk("/activities", count=1)
    assert [len(page) for page in pages] == [3, 1, 1]
    assert reader.items(told["links"]["previous"]) == []
    newer = reader.items("/activities", after=stamp(1))
    assert [one["published"] for one in newer] == [stamp(11), stamp(10), stamp(0), stamp(2)]
    assert [one["verb"] for one in reader.items("/activities", collapse="true")] == ["jive:liked"] + 2 * [
        "jive:created"
    ]
    of_lars = reader.items("/people/2003/activities")
    assert [(one["verb"], one["object"]["objectType"]) for one in of_lars] == [("jive:commented", "jive:comment")]
    assert of_lars[0]["jive"]["parent"]["id"].endswith(ideas[0])
    assert len(reader.items("/activities", filter="type(likes)")) == 1


def test_collections_of_one_moment_are_not_torn_apart(network, reader):
    for number in range(5):
        network.post("sabine", f"Idee {number}", at=minute(0), content_type="idea")
    assert [len(page) for page in reader.walk("/activities", count=2)] == [5]


def test_what_is_said_to_nobody_is_of_every_kind_in_turn(network, reader):
    for number in range(6):
        network.post("sabine", f"Wort {number}", at=minute(number))
    network.post("nordwerk", "Neu.", at=minute(9))
    kinds = {one["type"] for one in reader.items("/contents")}
    assert kinds == {"discussion", "update", "idea", "document", "post"}
    first = reader.items("/contents", filter="type(update)")[0]
    again = network.post("lars", "Genau!", at=minute(10), quote=f"/contents/{first['contentID']}")
    assert reader.json(again)["repost"].endswith(first["contentID"])


@pytest.mark.parametrize(
    ("verb", "args"),
    [
        ("post", {"person_key": "lars", "text": "x", "content_type": "post", "place": "Nordwerk", "at": minute(0)}),
        ("share", {"person_key": "lars", "post_id": "/contents/1", "at": minute(0)}),
        ("post", {"person_key": "lars", "text": "x", "visibility": "direct", "at": minute(0)}),
        ("post", {"person_key": "lars", "text": "x", "content_type": "tweet", "at": minute(0)}),
        ("open_place", {"name": "Nordwerk", "at": minute(0)}),
        ("open_place", {"name": "Neu", "group_type": "HIDDEN", "at": minute(0)}),
        ("join", {"person_key": "lars", "community": "Nordwerk", "at": minute(0)}),
        ("message", {"person_key": "nordwerk", "text": "x", "at": minute(0)}),
    ],
)
def test_what_jive_does_not_know_is_no_verb(network, verb, args):
    with pytest.raises(ValueError, match=r"nobody|one |Jive|place"):
        getattr(network, verb)(**args)


def test_a_life_is_what_the_api_shows_to_the_company():
    with Jive() as network:
        player = Player([network], now=datetime(2026, 11, 24, 8, tzinfo=UTC))
        player.play(history(3, ("jive",)))
        player.play(itertools.islice(live(3, ("jive",)), 60))
        reader = Reader(network)
        found = set()
        for content in (one for page in reader.walk("/contents", count=10) for one in page):
            uri = f"/contents/{content['contentID']}"
            resources = content["resources"]
            replies = reader.walk(resources.get("messages", resources.get("comments"))["ref"], count=5)
            said = [f"/{one['type']}s/{one['id']}" for page in replies for one in page]
            assert len(said) == content["replyCount"]
            for one in (uri, *said):
                found |= {one, *(f"{one}/likes/{who['id']}" for who in reader.items(f"{one}/likes"))}
        assert found == {one["native_id"] for one in network.truth() if not one["deleted"]}
        assert any(one["deleted"] for one in network.truth())
        assert {one["outcome"] for one in network.requests()} == {"served"}
