"""Channels, uploads, videos, search and subscribers, as their owner and as others see them."""

import pytest

from tests.sandbox.youtube.conftest import Reader, channel_of, minute


@pytest.fixture
def videos(network):
    return [network.post("nordwerk", f"Neu: NW-{number}\nMehr dazu", at=minute(number)) for number in range(7)]


def test_the_own_channel_leads_to_its_uploads(network, owner, channel, videos):
    network.follow("helene", "nordwerk", at=minute(9))
    parts = "id,snippet,statistics,contentDetails,brandingSettings"
    [mine] = owner.json("channels", part=parts, mine="true")["items"]
    assert mine["id"] == channel
    assert mine["snippet"]["title"] == "Nordwerk Antriebstechnik"
    assert mine["statistics"] == {
        "viewCount": "0",
        "subscriberCount": "1",
        "hiddenSubscriberCount": False,
        "videoCount": "7",
    }
    uploads = mine["contentDetails"]["relatedPlaylists"]["uploads"]
    items = owner.json("playlistItems", part="snippet,contentDetails", playlistId=uploads)["items"]
    assert [one["contentDetails"]["videoId"] for one in items] == videos[:1:-1]
    assert [one["snippet"]["position"] for one in items] == [0, 1, 2, 3, 4]


def test_uploads_are_paged_both_ways(owner, channel, videos):
    asked = {"part": "contentDetails", "playlistId": f"UU{channel[2:]}", "maxResults": 3}
    assert [len(page) for page in owner.walk("playlistItems", **asked)] == [3, 3, 1]
    first = owner.json("playlistItems", **asked)
    second = owner.json("playlistItems", **asked, pageToken=first["nextPageToken"])
    assert "prevPageToken" not in first
    back = owner.json("playlistItems", **asked, pageToken=second["prevPageToken"])
    assert back["items"] == first["items"]
    assert owner.reason("playlistItems", **asked, pageToken="nowhere") == (400, "invalidPageToken")


def test_uploads_of_nobody_are_not_found(network, public):
    empty = f"UU{channel_of(network, 'helene')[2:]}"
    for playlist in (empty, "UUunknown"):
        assert public.reason("playlistItems", part="id", playlistId=playlist) == (404, "playlistNotFound")


def test_channels_are_looked_up_by_id_and_handle(network, public, channel):
    other = channel_of(network, "katharina")
    assert set(public.ids("channels", part="id", id=f"{channel},{other},UCgone")) == {channel, other}
    for handle in ("@kgross", "KGROSS"):
        assert public.ids("channels", part="id", forHandle=handle) == [other]
    # a list of channels without any has no items at all
    assert "items" not in public.json("channels", part="id", id="UCgone")


def test_a_profile_shows_its_changes_and_no_address(network, public, channel):
    network.edit_profile("katharina", at=minute(0), display_name="Kathi", bio="Neu", handle="kathi.gross")
    [shown] = public.json("channels", part="snippet,brandingSettings", forHandle="@kathi.gross")["items"]
    assert shown["id"] == channel_of(network, "katharina")
    assert (shown["snippet"]["title"], shown["snippet"]["description"]) == ("Kathi", "Neu")
    assert shown["snippet"]["customUrl"] == "@kathi.gross"
    assert "items" not in public.json("channels", part="id", forHandle="@kgross")
    with pytest.raises(ValueError, match="taken or not one"):
        network.edit_profile("helene", at=minute(1), handle="nordwerk")


def test_videos_tell_counts_as_strings_and_leave_out_what_is_gone(network, public, videos):
    thread = network.post("helene", "Schön", at=minute(10), reply_to=videos[0])
    network.post("nordwerk", "Danke", at=minute(11), reply_to=thread)
    network.like("helene", videos[0], at=minute(12))
    network.like("katharina", videos[0], at=minute(13))
    network.unlike("katharina", videos[0], at=minute(14))
    network.delete(videos[1], at=minute(15))
    found = public.json("videos", part="snippet,statistics", id=",".join(videos[:2]))["items"]
    assert [one["id"] for one in found] == [videos[0]]
    counts = found[0]["statistics"]
    assert (counts["likeCount"], counts["commentCount"]) == ("1", "2")
    assert (found[0]["snippet"]["title"], found[0]["snippet"]["description"]) == ("Neu: NW-0", "Neu: NW-0\nMehr dazu")
    [stat] = public.json("videos:batchGetStats", part="statistics", id=videos[0])["items"]
    assert stat["statistics"]["commentCount"] == "2"


def test_privacy_decides_who_finds_a_video(network, owner, public, channel):
    made = {
        privacy: network.post("nordwerk", f"Neu {privacy}", at=minute(number), visibility=privacy)
        for number, privacy in enumerate(("public", "unlisted", "private"))
    }
    everything = ",".join(made.values())
    assert public.ids("videos", part="id", id=everything) == [made["public"], made["unlisted"]]
    assert len(owner.ids("videos", part="id", id=everything)) == 3
    uploads = {"part": "id", "playlistId": f"UU{channel[2:]}"}
    assert (len(public.ids("playlistItems", **uploads)), len(owner.ids("playlistItems", **uploads))) == (1, 3)
    found = public.json("search", part="snippet", channelId=channel, type="video")["items"]
    assert [one["id"]["videoId"] for one in found] == [made["public"]]
    assert public.reason("commentThreads", part="id", videoId=made["private"]) == (404, "videoNotFound")
    with pytest.raises(ValueError, match="public, unlisted or private"):
        network.post("nordwerk", "Neu", at=minute(9), visibility="direct")


def found_by(reader, **query):
    items = reader.json("search", part="snippet", **query)["items"]
    return [one["id"].get("videoId") or one["id"].get("channelId") for one in items]


def test_search_finds_videos_and_channels_by_words(network, public, channel, videos):
    heard = network.post("helene", "Kennt jemand #Nordwerk?", at=minute(20))
    assert found_by(public, q="#nordwerk", type="video", order="date") == [heard]
    assert found_by(public, q="getriebemotoren", type="channel") == [channel]
    assert found_by(public, q="NW-3|NW-4", type="video", order="date") == [videos[4], videos[3]]
    assert found_by(public, q="neu -NW-3", type="video", maxResults=50).count(videos[3]) == 0
    assert channel in found_by(public, q="nordwerk", maxResults=50)
    since = {"publishedAfter": "2026-11-01T08:05:00Z", "publishedBefore": "2026-11-01T09:06:00+01:00"}
    assert found_by(public, channelId=channel, type="video", **since) == [videos[5]]
    assert found_by(public, q="niemals") == []


def test_search_never_finds_comments_and_its_total_is_no_stop(network, public, videos):
    network.post("helene", "Getriebeöl", at=minute(20), reply_to=videos[0])
    assert found_by(public, q="Getriebeöl") == []
    body = public.json("search", part="snippet", q="neu", type="video", maxResults=5)
    assert body["pageInfo"]["totalResults"] > 7
    last = public.json("search", part="snippet", q="neu", type="video", maxResults=5, pageToken=body["nextPageToken"])
    assert len(last["items"]) == 2
    assert "nextPageToken" not in last


def test_the_owner_finds_own_private_videos(network, owner, public):
    secret = network.post("nordwerk", "Geheim", at=minute(0), visibility="private")
    assert found_by(owner, forMine="true", type="video", q="geheim") == [secret]
    assert public.reason("search", part="id", forMine="true", type="video") == (401, "authorizationRequired")


def test_only_public_subscribers_are_told_and_only_to_the_owner(network, owner, public):
    network.follow("katharina", "nordwerk", at=minute(0))
    network.follow("helene", "nordwerk", at=minute(1))
    network.follow("jane_doe", "nordwerk", at=minute(2), is_public=False)
    asked = {"part": "subscriberSnippet"}
    recent = owner.json("subscriptions", **asked, myRecentSubscribers="true")["items"]
    assert [one["subscriberSnippet"]["channelId"] for one in recent] == [
        channel_of(network, "helene"),
        channel_of(network, "katharina"),
    ]
    everybody = owner.walk("subscriptions", **asked, mySubscribers="true", maxResults=1)
    assert {number for page in everybody for number in page} == {one["id"] for one in recent}
    femke = Reader(network, token=network.credentials("femke")["access_token"])
    assert femke.ids("subscriptions", part="id", mySubscribers="true") == []


def test_whom_somebody_follows_is_their_own_to_know(network, owner, public):
    network.follow("katharina", "nordwerk", at=minute(0))
    her = channel_of(network, "katharina")
    katharina = Reader(network, token=network.credentials("katharina")["access_token"])
    [mine] = katharina.json("subscriptions", part="snippet", mine="true")["items"]
    assert mine["snippet"]["title"] == "Nordwerk Antriebstechnik"
    for stranger in (public, owner):
        assert stranger.reason("subscriptions", part="id", channelId=her) == (403, "subscriptionForbidden")
