"""The Instagram fake's own account of what concerns the company, kept apart from what the API answers.

Kinds: post (the company's own media), reply (a comment under them, or the company's own comment), mention
(naming or tagging the company elsewhere), hashtag (naming it by #nordwerk alone), message. A like is only a
number on Instagram and has no row. `shown` is false for what no call and no notification of this host tells:
hashtags, threads under the media of others, and whatever a private account publishes. `author` is the id
which the company's token sees; the media of others show no id at all, but `handle`.
"""

from __future__ import annotations

import re
from datetime import datetime

from scrm.sandbox.cast import COMPANY_KEY
from scrm.sandbox.graph.times import stamp
from scrm.sandbox.instagram.ids import scoped_id
from scrm.sandbox.instagram.state import Account, Comment, Media, Message

HASHTAG = re.compile(r"#nordwerk\b", re.IGNORECASE)


class Truth:
    """Every interaction that exists or existed and concerns the company account."""

    def __init__(self) -> None:
        self._entries: dict[str, dict[str, object]] = {}

    def entries(self) -> list[dict[str, object]]:
        return [dict(entry) for entry in self._entries.values()]

    def published(self, media: Media) -> None:
        if _is_company(media.owner):
            self._add(media.id, "post", media.owner, None, media.created_at)
            self._entries[media.id]["product"] = media.product
        elif any(_is_company(one) for one in (*media.mentions, *media.tagged)):
            self._add(media.id, "mention", media.owner, None, media.created_at)
            self._entries[media.id] |= {
                "shown": not media.owner.is_private,
                "named": any(_is_company(one) for one in media.mentions),
                "tagged": any(_is_company(one) for one in media.tagged),
            }
        elif HASHTAG.search(media.caption):
            self._add(media.id, "hashtag", media.owner, None, media.created_at)
            self._entries[media.id]["shown"] = False

    def commented(self, comment: Comment) -> None:
        on = comment.parent.id if comment.parent else comment.media.id
        if _is_company(comment.media.owner):
            self._add(comment.id, "reply", comment.author, on, comment.created_at)
        elif any(_is_company(one) for one in comment.mentions) and not _is_company(comment.author):
            self._add(comment.id, "mention", comment.author, on, comment.created_at)
            self._entries[comment.id]["shown"] = not comment.media.owner.is_private
        elif _is_company(comment.author) or on in self._entries:
            self._add(comment.id, "reply", comment.author, on, comment.created_at)
            self._entries[comment.id]["shown"] = False

    def wrote(self, message: Message) -> None:
        if _is_company(message.conversation.owner):
            on = message.reply_to.id if message.reply_to else None
            self._add(message.id, "message", message.sender, on, message.sent_at)
            self._entries[message.id]["conversation"] = message.conversation.id

    def edited(self, native_id: str, at: datetime) -> None:
        if native_id in self._entries:
            self._entries[native_id]["edited_at"] = stamp(at)

    def deleted(self, native_id: str, at: datetime) -> None:
        if native_id in self._entries:
            self._entries[native_id] |= {"deleted": True, "deleted_at": stamp(at)}

    def _add(self, native_id: str, kind: str, author: Account, on: str | None, at: datetime) -> None:
        self._entries[native_id] = {
            "network": "instagram",
            "native_id": native_id,
            "kind": kind,
            "author": author.user_id if _is_company(author) else scoped_id(COMPANY_KEY, author.key),
            "handle": author.username,
            "person": author.key,
            "object": on,
            "at": stamp(at),
            "edited_at": None,
            "deleted": False,
            "shown": True,
        }


def _is_company(account: Account) -> bool:
    return account.key == COMPANY_KEY
