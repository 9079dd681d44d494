"""What the YouTube fake knows: channels, videos, comments in two levels, and subscriptions."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from scrm.sandbox.youtube import ids

if TYPE_CHECKING:
    from scrm.sandbox.network import Person

PUBLISHED = "published"
HELD = "heldForReview"


@dataclass(kw_only=True, eq=False)
class Channel:
    """One channel, with or without uploads: whoever comments has one."""

    id: str
    person: Person
    handle: str
    title: str
    description: str
    published_at: datetime
    videos: list[Video] = field(default_factory=list)  # in the order they were uploaded
    subscribers: list[Subscription] = field(default_factory=list)

    @property
    def uploads(self) -> str:
        return ids.uploads_id(self.id)


@dataclass(kw_only=True, eq=False)
class Video:
    """One upload."""

    id: str
    channel: Channel
    text: str
    published_at: datetime
    updated_at: datetime
    privacy: str
    is_open: bool = True  # for comments
    likes: dict[str, str] = field(default_factory=dict)  # person key -> the like's own id
    threads: list[Comment] = field(default_factory=list)

    @property
    def title(self) -> str:
        """The first line; a title has at most 100 signs and neither < nor >."""
        return re.sub(r"[<>]", "", self.text.partition("\n")[0])[:100]

    def is_visible_to(self, viewer: Channel | None) -> bool:
        return self.privacy != "private" or viewer is self.channel

    def is_listed_for(self, viewer: Channel | None) -> bool:
        return self.privacy == "public" or viewer is self.channel


@dataclass(kw_only=True, eq=False)
class Comment:
    """One comment; with `parent` it is a reply, and a reply has no replies of its own."""

    id: str
    author: Channel
    video: Video
    text: str
    published_at: datetime
    updated_at: datetime
    parent: Comment | None = None
    moderation: str = PUBLISHED
    likes: dict[str, str] = field(default_factory=dict)
    replies: list[Comment] = field(default_factory=list)

    @property
    def thread(self) -> Comment:
        return self.parent or self

    def published_replies(self) -> list[Comment]:
        """Replies that everybody sees, newest first."""
        shown = [one for one in self.replies if one.moderation == PUBLISHED]
        return sorted(shown, key=lambda one: (one.published_at, one.id), reverse=True)


@dataclass(frozen=True, kw_only=True, eq=False)
class Subscription:
    """One channel's subscription to another; YouTube tells only of public ones."""

    id: str
    subscriber: Channel
    target: Channel
    published_at: datetime
    is_public: bool


class State:
    """Everything of the network; the caller holds the lock."""

    def __init__(self) -> None:
        self.channels: dict[str, Channel] = {}
        self.by_key: dict[str, Channel] = {}
        self.by_handle: dict[str, Channel] = {}
        self.videos: dict[str, Video] = {}
        self.comments: dict[str, Comment] = {}
        self._made = 0

    def number(self) -> int:
        self._made += 1
        return self._made

    def add_channel(self, channel: Channel) -> None:
        self.channels[channel.id] = channel
        self.by_key[channel.person.key] = channel
        self.by_handle[channel.handle.lower()] = channel

    def rename(self, channel: Channel, handle: str) -> None:
        del self.by_handle[channel.handle.lower()]
        channel.handle = handle
        self.by_handle[handle.lower()] = channel

    def add_video(self, video: Video) -> None:
        self.videos[video.id] = video
        video.channel.videos.append(video)

    def add_comment(self, comment: Comment) -> None:
        self.comments[comment.id] = comment
        (comment.parent.replies if comment.parent else comment.video.threads).append(comment)

    def remove_video(self, video: Video) -> list[str]:
        """Remove a video with what was said about it; return the ids of all that is gone."""
        gone = [number for thread in list(video.threads) for number in self.remove_comment(thread)]
        del self.videos[video.id]
        video.channel.videos.remove(video)
        return [video.id, *gone]

    def remove_comment(self, comment: Comment) -> list[str]:
        """Remove a comment with its replies; return the ids of all that is gone."""
        (comment.parent.replies if comment.parent else comment.video.threads).remove(comment)
        gone = [comment.id, *(reply.id for reply in comment.replies)]
        for number in gone:
            del self.comments[number]
        return gone


def handle_of(person: Person) -> str:
    """Return the person's handle by YouTube's rules: 3 to 30 letters, digits, and _ - . inside.

    https://support.google.com/youtube/answer/11585688, from memory, 2026-11-24.
    """
    bare = re.sub(r"[^A-Za-z0-9._-]", "", person.handle).strip("._-")[:30]
    return bare if len(bare) >= 3 else f"{bare}{person.key}".replace("_", "")[:30]


def stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
