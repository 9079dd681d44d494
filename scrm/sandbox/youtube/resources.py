"""The API's resources by parts, field by field as in youtube.v3 revision 20261104 (read 2026-11-24).

Counts of statistics are strings. What a reader of today really sees, from memory (2026-11-24): a comment's author
is shown by handle, a channel's `customUrl` is its handle, outbound links are not shown, nobody's e-mail is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from scrm.sandbox.youtube import ids
from scrm.sandbox.youtube.state import PUBLISHED, Video, stamp

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from scrm.sandbox.youtube.state import Channel, Comment, Subscription

EMBEDDED_REPLIES = 5
SHOWN_OF_DESCRIPTION = 160
SIZES = {"default": (120, 90), "medium": (320, 180), "high": (480, 360)}
PICTURES = {"default": 88, "medium": 240, "high": 800}
Parts = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class View:
    """How comments are to be shown: to whom, as HTML or plain, and whether asked for by id."""

    viewer: Channel | None = None
    is_html: bool = True
    is_by_id: bool = False


def resource(kind: str, number: object, parts: Mapping[str, Callable[[], Any]], asked: Sequence[str]) -> Parts:
    """Return a resource with the parts asked for; what has nothing to say of a part leaves it out."""
    body: Parts = {"kind": f"youtube#{kind}", "etag": "", "id": number}
    body |= {name: part for name, make in parts.items() if name in asked and (part := make()) is not None}
    body["etag"] = ids.etag(body)
    return body


def channel(one: Channel, asked: Sequence[str]) -> Parts:
    parts = {
        "snippet": lambda: _channel_snippet(one),
        "contentDetails": lambda: {"relatedPlaylists": {"likes": "", "uploads": one.uploads}},
        "statistics": lambda: {
            "viewCount": str(sum(len(video.likes) for video in one.videos)),
            "subscriberCount": str(len(one.subscribers)),
            "hiddenSubscriberCount": False,
            "videoCount": str(sum(video.privacy == "public" for video in one.videos)),
        },
        "status": lambda: {
            "privacyStatus": "public",
            "isLinked": True,
            "longUploadsStatus": "longUploadsUnspecified",
        },
        "brandingSettings": lambda: {
            "channel": {"title": one.title, "description": one.description}
            | ({"country": one.person.country} if one.person.country else {})
        },
    }
    return resource("channel", one.id, parts, asked)


def _channel_snippet(one: Channel) -> Parts:
    snippet = {
        "title": one.title,
        "description": one.description,
        "customUrl": f"@{one.handle.lower()}",
        "publishedAt": stamp(one.published_at),
        "thumbnails": pictures(one),
        "localized": {"title": one.title, "description": one.description},
    }
    return snippet | ({"country": one.person.country} if one.person.country else {})


def pictures(one: Channel) -> Parts:
    address = f"https://yt3.ggpht.com/ytc/{one.id[2:]}"
    return {name: {"url": f"{address}=s{size}", "width": size, "height": size} for name, size in PICTURES.items()}


def stills(one: Video) -> Parts:
    files = {"default": "default", "medium": "mqdefault", "high": "hqdefault"}
    return {
        name: {"url": f"https://i.ytimg.com/vi/{one.id}/{files[name]}.jpg", "width": width, "height": height}
        for name, (width, height) in SIZES.items()
    }


def _said(one: Video) -> int:
    return sum(1 + len(thread.published_replies()) for thread in one.threads if thread.moderation == PUBLISHED)


def _video_counts(one: Video) -> Parts:
    counts = {"viewCount": str(10 * len(one.likes)), "likeCount": str(len(one.likes))}
    return counts | ({"commentCount": str(_said(one))} if one.is_open else {})


def video(one: Video, asked: Sequence[str]) -> Parts:
    language = one.channel.person.language
    parts = {
        "snippet": lambda: {
            "publishedAt": stamp(one.published_at),
            "channelId": one.channel.id,
            "title": one.title,
            "description": one.text,
            "thumbnails": stills(one),
            "channelTitle": one.channel.title,
            "categoryId": "28",
            "liveBroadcastContent": "none",
            "defaultLanguage": language,
            "localized": {"title": one.title, "description": one.text},
        },
        "statistics": lambda: {**_video_counts(one), "favoriteCount": "0"},
        "status": lambda: {
            "uploadStatus": "processed",
            "privacyStatus": one.privacy,
            "license": "youtube",
            "embeddable": True,
            "publicStatsViewable": True,
            "madeForKids": False,
        },
    }
    return resource("video", one.id, parts, asked)


def video_stat(one: Video, asked: Sequence[str]) -> Parts:
    parts = {
        "snippet": lambda: {"publishTime": stamp(one.published_at)},
        "statistics": lambda: _video_counts(one),
    }
    return resource("videoStat", one.id, parts, asked)


def playlist_item(one: Video, position: int, asked: Sequence[str]) -> Parts:
    owner = one.channel
    parts = {
        "snippet": lambda: {
            "publishedAt": stamp(one.published_at),
            "channelId": owner.id,
            "title": one.title,
            "description": one.text,
            "thumbnails": stills(one),
            "channelTitle": owner.title,
            "playlistId": owner.uploads,
            "position": position,
            "resourceId": {"kind": "youtube#video", "videoId": one.id},
            "videoOwnerChannelTitle": owner.title,
            "videoOwnerChannelId": owner.id,
        },
        "contentDetails": lambda: {"videoId": one.id, "videoPublishedAt": stamp(one.published_at)},
        "status": lambda: {"privacyStatus": one.privacy},
    }
    return resource("playlistItem", ids.playlist_item_id(owner.uploads, one.id), parts, asked)


def thread(one: Comment, asked: Sequence[str], view: View) -> Parts:
    replies = one.published_replies()
    parts = {
        "snippet": lambda: {
            "channelId": one.video.channel.id,
            "videoId": one.video.id,
            "topLevelComment": comment(one, ("snippet",), view),
            "canReply": view.viewer is not None,
            "totalReplyCount": len(replies),
            "isPublic": one.moderation == PUBLISHED,
        },
        "replies": lambda: (
            {"comments": [comment(reply, ("snippet",), view) for reply in replies[:EMBEDDED_REPLIES]]}
            if replies
            else None
        ),
    }
    return resource("commentThread", one.id, parts, asked)


def comment(one: Comment, asked: Sequence[str], view: View) -> Parts:
    return resource("comment", one.id, {"snippet": lambda: _comment_snippet(one, view)}, asked)


def _comment_snippet(one: Comment, view: View) -> Parts:
    snippet: Parts = {
        "channelId": one.video.channel.id,
        "videoId": one.video.id,
        "textDisplay": _html(one.text) if view.is_html else one.text,
        "textOriginal": one.text,
        "authorDisplayName": f"@{one.author.handle}",
        "authorProfileImageUrl": pictures(one.author)["default"]["url"],
        "authorChannelUrl": f"http://www.youtube.com/@{one.author.handle}",
        "authorChannelId": {"value": one.author.id},
        "canRate": True,
        "viewerRating": "none",
        "likeCount": len(one.likes),
        "publishedAt": stamp(one.published_at),
        "updatedAt": stamp(one.updated_at),
    }
    if one.parent:
        snippet["parentId"] = one.parent.id
    if view.viewer is one.video.channel and not view.is_by_id:
        snippet["moderationStatus"] = one.moderation
    return snippet


def _html(text: str) -> str:
    linked = re.sub(r"https?://[^\s<]+", r'<a href="\g<0>">\g<0></a>', escape(text, quote=False))
    return linked.replace("\n", "<br>")


def subscription(one: Subscription, asked: Sequence[str]) -> Parts:
    parts = {
        "snippet": lambda: {
            "publishedAt": stamp(one.published_at),
            "title": one.target.title,
            "description": one.target.description,
            "resourceId": {"kind": "youtube#channel", "channelId": one.target.id},
            "channelId": one.subscriber.id,
            "thumbnails": pictures(one.target),
        },
        "contentDetails": lambda: {"totalItemCount": 0, "newItemCount": 0, "activityType": "all"},
        "subscriberSnippet": lambda: {
            "title": one.subscriber.title,
            "description": one.subscriber.description,
            "channelId": one.subscriber.id,
            "thumbnails": pictures(one.subscriber),
        },
    }
    return resource("subscription", one.id, parts, asked)


def search_result(one: Video | Channel, asked: Sequence[str]) -> Parts:
    """Return a found video or channel; a search result shows only the beginning of a description."""
    if isinstance(one, Video):
        number = {"kind": "youtube#video", "videoId": one.id}
        owner, text, shown = one.channel, one.text, stills(one)
    else:
        number = {"kind": "youtube#channel", "channelId": one.id}
        owner, text, shown = one, one.description, pictures(one)
    parts = {
        "snippet": lambda: {
            "publishedAt": stamp(one.published_at),
            "channelId": owner.id,
            "title": one.title,
            "description": text[:SHOWN_OF_DESCRIPTION],
            "thumbnails": shown,
            "channelTitle": owner.title,
            "liveBroadcastContent": "none",
        },
    }
    return resource("searchResult", number, parts, asked)
