"""What comments, channels, videos and subscriptions become, also those that the fake does not give."""

from datetime import UTC, datetime
from typing import Any

import pytest

from scrm.connectors.base import Account
from scrm.connectors.payload import Payload
from scrm.connectors.youtube.translation import (
    comment_records,
    key,
    names_us,
    profile,
    subscription_records,
    video_records,
)
from scrm.errors import PayloadError
from scrm.records import Audience, InteractionKind, InteractionRecord, ProfileRecord

US = Account(key=key("UC" + "u" * 22), handle="nordwerk", base_url="https://youtube.googleapis.com")
WRITER = "UC" + "w" * 22


def comment(**snippet: Any) -> dict[str, Any]:
    known = {
        "authorDisplayName": "@kgross",
        "authorChannelId": {"value": WRITER},
        "textDisplay": "Hello",
        "publishedAt": "2026-10-01T08:00:00Z",
        "updatedAt": "2026-10-01T08:00:00Z",
    }
    return {"id": "c1", "snippet": {**known, **snippet}}


def told(item: dict[str, Any]) -> tuple[ProfileRecord, InteractionRecord]:
    person, deed = comment_records(Payload(item), US)
    assert isinstance(person, ProfileRecord)
    assert isinstance(deed, InteractionRecord)
    return person, deed


def test_without_their_channel_an_author_is_what_the_comment_names():
    person, deed = told({"comment": comment(), "video": "v1", "privacy": "public"})
    assert (person.key.native_id, person.handle, person.display_name, person.full) == (WRITER, "kgross", None, False)
    assert deed.url == "https://www.youtube.com/watch?v=v1&lc=c1"
    assert deed.edited_at is None
    person, _ = told({"comment": comment(authorDisplayName="Katharina Groß"), "video": "v1"})
    assert (person.handle, person.display_name) == (None, "Katharina Groß")


@pytest.mark.parametrize("name", ["", None, "@"])
def test_a_missing_name_stays_missing(name):
    person, _ = told({"comment": comment(authorDisplayName=name), "video": "v1"})
    assert (person.handle, person.display_name) == (None, None if name != "@" else "@")


def test_an_author_may_be_known_by_their_address_alone():
    address = f"http://www.youtube.com/channel/{WRITER}"
    person, _ = told({"comment": comment(authorChannelId=None, authorChannelUrl=address), "video": "v1"})
    assert person.key.native_id == WRITER


@pytest.mark.parametrize(
    "address", [None, "", "http://www.youtube.com/@kgross", f"http://elsewhere.example/channel/{WRITER}"]
)
def test_what_nobody_is_named_for_is_left_out(address):
    item = {"comment": comment(authorChannelId=None, authorChannelUrl=address), "video": "v1"}
    assert list(comment_records(Payload(item), US)) == []


def test_what_stands_below_no_video_is_left_out():
    assert list(comment_records(Payload({"comment": comment()}), US)) == []


@pytest.mark.parametrize(
    ("more", "audience"),
    [
        ({"privacy": "public"}, Audience.PUBLIC),
        ({"privacy": "unlisted"}, Audience.UNLISTED),
        ({"privacy": "private"}, Audience.PRIVATE),
        ({"privacy": "a_word_of_tomorrow"}, Audience.PRIVATE),
        ({}, Audience.PRIVATE),
        ({"privacy": "public", "held": True}, Audience.PRIVATE),
    ],
)
def test_who_may_see_a_comment(more, audience):
    assert told({"comment": comment(), "video": "v1", **more})[1].audience is audience


@pytest.mark.parametrize(
    ("status", "audience"),
    [("published", Audience.PUBLIC), ("heldForReview", Audience.PRIVATE), ("likelySpam", Audience.PRIVATE)],
)
def test_a_comment_that_is_held_back_is_private(status, audience):
    _, deed = told({"comment": comment(moderationStatus=status), "video": "v1", "privacy": "public"})
    assert deed.audience is audience


def test_an_edit_shows_in_its_time():
    _, deed = told({"comment": comment(updatedAt="2026-10-02T08:00:00Z"), "video": "v1"})
    assert deed.edited_at == datetime(2026, 10, 2, 8, tzinfo=UTC)


def test_an_answer_to_oneself_is_nobodys():
    item = {"comment": comment(parentId="c0"), "video": "v1", "answered": comment()["snippet"]}
    assert told(item)[1].counterpart is None


@pytest.mark.parametrize(
    ("text", "is_named"),
    [
        ("@nordwerk!", True),
        ("Hey @NordWerk", True),
        ("(@nordwerk).", True),
        ("@nordwerk.", True),
        ("@nordwerk-service", False),
        ("@nordwerk.service", False),
        ("@nordwerkstatt", False),
        ("mail@nordwerk", False),
        ("nordwerk", False),
        (None, False),
    ],
)
def test_our_handle_is_a_word_of_its_own(text, is_named):
    assert names_us(text, US) is is_named


def test_an_address_from_before_there_were_handles_is_none():
    old = {"id": WRITER, "snippet": {"title": "Katharina", "customUrl": "katharinagross", "country": "DE"}}
    record = profile(Payload(old))
    assert (record.handle, record.display_name, record.location, record.full) == (None, "Katharina", "DE", True)


def video(**snippet: Any) -> dict[str, Any]:
    known = {"title": "T", "channelId": WRITER, "channelTitle": "K", "publishedAt": "2026-10-01T08:00:00Z"}
    return {"id": "v1", "snippet": {**known, **snippet}, "status": {"privacyStatus": "public"}}


@pytest.mark.parametrize(
    ("description", "text"), [("", "T"), (None, "T"), ("T and more", "T and more"), ("More", "T\n\nMore")]
)
def test_a_video_says_its_title_and_description(description, text):
    _, deed = video_records(Payload({"video": video(description=description)}), US)
    assert isinstance(deed, InteractionRecord)
    assert (deed.text, deed.kind) == (text, InteractionKind.POST)


def test_a_video_of_others_that_names_us_is_a_mention_and_ours_is_none():
    for channel, kind in ((WRITER, InteractionKind.MENTION), (US.key.native_id, InteractionKind.POST)):
        _, deed = video_records(Payload({"video": video(channelId=channel, description="by @nordwerk")}), US)
        assert isinstance(deed, InteractionRecord)
        assert deed.kind is kind


def test_an_upload_came_out_when_it_says_so_and_is_named_by_its_video():
    entry = {
        "id": "entry",
        "snippet": {**video()["snippet"], "resourceId": {"videoId": "v9"}, "publishedAt": "2026-09-01T00:00:00Z"},
        "contentDetails": {"videoPublishedAt": "2026-10-05T00:00:00Z"},
    }
    _, deed = video_records(Payload({"video": entry}), US)
    assert isinstance(deed, InteractionRecord)
    assert (deed.key.native_id, deed.occurred_at.day, deed.audience) == ("v9", 5, Audience.PRIVATE)


def test_a_subscriber_without_a_channel_is_what_the_subscription_shows():
    item = {
        "subscription": {
            "id": "s1",
            "snippet": {"publishedAt": "2026-10-01T08:00:00Z"},
            "subscriberSnippet": {"channelId": WRITER, "title": "Katharina"},
        }
    }
    person, deed = subscription_records(Payload(item), US)
    assert isinstance(person, ProfileRecord)
    assert isinstance(deed, InteractionRecord)
    assert (person.display_name, person.full, deed.target) == ("Katharina", False, US.key.native_id)


def test_a_comment_without_a_time_is_quarantined_without_its_values():
    item = {"comment": comment(publishedAt=None), "video": "v1"}
    with pytest.raises(PayloadError, match="publishedAt") as why:
        list(comment_records(Payload(item), US))
    assert "kgross" not in str(why.value)
