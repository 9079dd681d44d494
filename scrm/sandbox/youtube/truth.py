"""The YouTube fake's own account of what concerns the company, kept apart from what the API answers.

Kinds: post (a video of the company), reply (a comment on such a video, in a thread that the company wrote in or
is named in, or by the company itself), mention (a video or comment elsewhere naming the company's handle),
hashtag (naming us by #nordwerk alone), follow. Likes have no author on YouTube and do not appear.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from scrm.sandbox.cast import COMPANY_KEY
from scrm.sandbox.youtube.state import Channel, Comment, Subscription, Video, stamp

if TYPE_CHECKING:
    from datetime import datetime

HASHTAG = re.compile(rf"#{COMPANY_KEY}\b", re.IGNORECASE)


class Truth:
    """Every interaction that exists or existed and concerns the company account."""

    def __init__(self) -> None:
        self._entries: dict[str, dict[str, object]] = {}

    def entries(self) -> list[dict[str, object]]:
        return [dict(entry) for entry in self._entries.values()]

    def uploaded(self, video: Video) -> None:
        kind = "post" if is_company(video.channel) else _naming(video.text, video.channel)
        if kind:
            self._add(video.id, kind, video.channel, None, video.published_at)
            self._entries[video.id]["visibility"] = video.privacy

    def commented(self, comment: Comment) -> None:
        if kind := _comment_kind(comment):
            target = comment.parent.id if comment.parent else comment.video.id
            self._add(comment.id, kind, comment.author, target, comment.published_at)

    def followed(self, subscription: Subscription) -> None:
        if is_company(subscription.target):
            self._add(subscription.id, "follow", subscription.subscriber, None, subscription.published_at)
            self._entries[subscription.id]["visibility"] = "public" if subscription.is_public else "private"

    def edited(self, native_id: str, at: datetime) -> None:
        self._note(native_id, edited_at=stamp(at))

    def moderated(self, native_id: str, status: str, at: datetime) -> None:
        self._note(native_id, moderation=status, moderated_at=stamp(at))

    def deleted(self, native_id: str, at: datetime) -> None:
        self._note(native_id, deleted=True, deleted_at=stamp(at))

    def _note(self, native_id: str, **changes: object) -> None:
        if native_id in self._entries:
            self._entries[native_id] |= changes

    def _add(self, native_id: str, kind: str, author: Channel, target: str | None, at: datetime) -> None:
        self._entries[native_id] = {
            "network": "youtube",
            "native_id": native_id,
            "kind": kind,
            "author": author.id,
            "person": author.person.key,
            "object": target,
            "at": stamp(at),
            "edited_at": None,
            "deleted": False,
        }


def is_company(channel: Channel) -> bool:
    return channel.person.key == COMPANY_KEY


def _comment_kind(comment: Comment) -> str | None:
    if is_company(comment.author) or is_company(comment.video.channel):
        return "reply"
    if kind := _naming(comment.text, comment.author):
        return kind
    thread = [comment.thread, *comment.thread.replies]
    concerned = any(is_company(one.author) or _names_company(one.text) for one in thread)
    return "reply" if concerned else None


def _naming(text: str, author: Channel) -> str | None:
    if is_company(author):
        return None
    if _names_company(text):
        return "mention"
    return "hashtag" if HASHTAG.search(text) else None


def _names_company(text: str) -> bool:
    return re.search(rf"@{COMPANY_KEY}(?![\w.-])", text, re.IGNORECASE) is not None
