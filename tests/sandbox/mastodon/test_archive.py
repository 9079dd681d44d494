"""The account archive, as a person downloads it from their settings."""

import io
import json
import zipfile

import pytest

from tests.sandbox.mastodon.conftest import minute


@pytest.fixture
def archive(network):
    first = network.post("nordwerk", "Neu 📷 #Nordwerk", at=minute(0))
    asked = network.post("katharina", "Frage", at=minute(1), reply_to=first)
    network.post("nordwerk", "Antwort", at=minute(2), reply_to=asked)
    network.share("nordwerk", asked, at=minute(3))
    network.like("nordwerk", asked, at=minute(4))
    network.post("nordwerk", "Geheim", at=minute(5), mentions=("katharina",), visibility="direct")
    network.edit(first, "Neuer 📷 #Nordwerk", at=minute(6))
    return zipfile.ZipFile(io.BytesIO(network.export_archive("nordwerk")))


def read(archive, name):
    return json.loads(archive.read(name))


def test_the_zip_holds_actor_outbox_likes_bookmarks_and_media(archive):
    names = set(archive.namelist())
    assert {"actor.json", "outbox.json", "likes.json", "bookmarks.json", "avatar.png"} <= names
    media = [name for name in names if name.startswith("media_attachments/files/")]
    assert len(media) == 1
    note = read(archive, "outbox.json")["orderedItems"][0]["object"]
    assert note["attachment"][0]["url"] == f"/{media[0]}"
    assert archive.read(media[0]).startswith(b"\x89PNG")


def test_the_outbox_holds_every_own_activity_in_order(archive):
    outbox = read(archive, "outbox.json")
    assert (outbox["type"], outbox["totalItems"]) == ("OrderedCollection", 4)
    assert [item["type"] for item in outbox["orderedItems"]] == ["Create", "Create", "Announce", "Create"]
    assert isinstance(outbox["orderedItems"][2]["object"], str), "a boost names its object by uri"


def test_a_note_says_what_it_answers_whom_it_names_and_who_may_read(archive):
    items = read(archive, "outbox.json")["orderedItems"]
    first, answer, direct = items[0]["object"], items[1]["object"], items[3]["object"]
    assert first["updated"] == "2026-11-01T08:06:00Z"
    assert first["tag"] == [{"type": "Hashtag", "href": "https://social.example/tags/nordwerk", "name": "#Nordwerk"}]
    assert answer["inReplyTo"].startswith("https://social.example/users/kgross/statuses/")
    assert {"type": "Mention", "href": "https://social.example/users/kgross", "name": "@kgross"} in answer["tag"]
    assert "https://www.w3.org/ns/activitystreams#Public" in answer["to"]
    assert direct["to"] == ["https://social.example/users/kgross"]
    assert direct["cc"] == []


def test_likes_are_uris_and_have_no_count(archive):
    likes = read(archive, "likes.json")
    assert len(likes["orderedItems"]) == 1
    assert "totalItems" not in likes
    assert read(archive, "actor.json")["likes"] == "likes.json"
    assert read(archive, "actor.json")["preferredUsername"] == "nordwerk"


@pytest.mark.parametrize(
    ("visibility", "to", "cc"), [("unlisted", "followers", "Public"), ("private", "followers", "")]
)
def test_the_audience_follows_from_the_visibility(network, visibility, to, cc):
    network.post("nordwerk", "Leise", at=minute(0), visibility=visibility)
    archive = zipfile.ZipFile(io.BytesIO(network.export_archive("nordwerk")))
    note = read(archive, "outbox.json")["orderedItems"][0]["object"]
    assert [address.endswith(to) for address in note["to"]] == [True]
    assert [address.endswith(cc) for address in note["cc"]] == [True] * bool(cc)
