"""What Instagram tells a subscribed app, and in which form.

Meta's page "Instagram webhooks, examples" shows comments of Instagram Login with `field` and `value` straight
in the entry, apps meet them inside `changes[]` as well: `form` chooses. Messages are in `messaging[]`, or in
`standby[]` while another app owns the thread; our own come back as echoes. In this set-up a comment elsewhere
that names the account arrives as `comments` (table of fields on "Webhooks"), or as `mentions` with ids alone if
`mentions_as` says so; a caption that names it always as `mentions`. Deleted comments are told of by nothing.
Payloads read 2026-11-23; those of edits and reactions from memory.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from scrm.sandbox.graph.times import milliseconds
from scrm.sandbox.graph.webhooks import Webhooks
from scrm.sandbox.instagram import ids
from scrm.sandbox.instagram.state import Account, Comment, Media, Message

FORMS = ("entry", "changes")
MENTIONS_AS = ("comments", "mentions")
TEST_ACCOUNT = "0"
HEART = "❤"


class InstagramWebhooks(Webhooks):
    """The webhooks of one app for Instagram accounts."""

    form = "entry"
    mentions_as = "comments"
    is_standby = False

    def changed(self, account_id: str, field: str, value: dict[str, Any]) -> None:
        change = {"field": field, "value": value}
        self._queue(account_id, field, change if self.form == "entry" else {"changes": [change]})

    def messaged(self, account_id: str, field: str, event: dict[str, Any]) -> None:
        if self.is_standby:
            self._queue(account_id, "standby", {"standby": [event]})
        else:
            super().messaged(account_id, field, event)

    def published(self, media: Media) -> None:
        """Tell every public caption's named professionals."""
        if not media.owner.is_private:
            for owner in _professionals(media.mentions, media.owner):
                self.changed(owner.user_id, "mentions", {"media_id": media.id})

    def commented(self, comment: Comment) -> None:
        media = comment.media
        if media.owner.is_professional:
            self.changed(media.owner.user_id, "comments", _comment_value(comment, media.owner))
        if media.owner.is_private:
            return
        for owner in _professionals(comment.mentions, comment.author):
            if owner is media.owner:
                continue
            if self.mentions_as == "comments":
                self.changed(owner.user_id, "comments", _comment_value(comment, owner))
            else:
                self.changed(owner.user_id, "mentions", {"media_id": media.id, "comment_id": comment.id})

    def wrote(self, message: Message) -> None:
        body: dict[str, Any] = {"mid": message.id}
        if message.is_unsupported:
            body["is_unsupported"] = True
        else:
            body["text"] = message.text
        if message.reply_to:
            body["reply_to"] = {"mid": message.reply_to.id}
        self._about(message, "messages", message.sent_at, {"message": _echoed(message, body)})

    def took_back(self, message: Message, at: datetime) -> None:
        body = _echoed(message, {"mid": message.id, "is_deleted": True})
        self._about(message, "messages", at, {"message": body})

    def edited(self, message: Message, at: datetime) -> None:
        edit = {"mid": message.id, "text": message.text, "num_edit": message.edits}
        self._about(message, "message_edit", at, {"message_edit": edit})

    def reacted(self, message: Message, who: Account, at: datetime, *, is_withdrawn: bool = False) -> None:
        reaction: dict[str, Any] = {"mid": message.id, "action": "unreact" if is_withdrawn else "react"}
        if not is_withdrawn:
            reaction |= {"reaction": "love", "emoji": HEART}
        self._about(message, "message_reactions", at, {"reaction": reaction}, who)

    def send_test(self, field: str, value: dict[str, Any]) -> None:
        """Send what the dashboard's test button sends: always in `changes[]`, for the account "0"."""
        self.subscribe(TEST_ACCOUNT, [field])
        self._queue(TEST_ACCOUNT, field, {"changes": [{"field": field, "value": value}]})
        self.unsubscribe(TEST_ACCOUNT)

    def _about(
        self, message: Message, field: str, at: datetime, part: dict[str, Any], sender: Account | None = None
    ) -> None:
        owner, person = message.conversation.owner, message.conversation.person
        who = sender or message.sender
        other = person if who is owner else owner
        event = {
            "sender": {"id": who.id_for(owner)},
            "recipient": {"id": other.id_for(owner)},
            "timestamp": milliseconds(at),
            **part,
        }
        self.messaged(owner.user_id, field, event)


def _echoed(message: Message, body: dict[str, Any]) -> dict[str, Any]:
    return {**body, "is_echo": True} if message.sender is message.conversation.owner else body


def _comment_value(comment: Comment, owner: Account) -> dict[str, Any]:
    author = {"id": comment.author.id_for(owner), "username": comment.author.username}
    if comment.author is owner:
        author["self_ig_scoped_id"] = ids.scoped_id(owner.key, owner.key)
    value: dict[str, Any] = {
        "id": comment.id,
        "from": author,
        "text": comment.text,
        "media": {"id": comment.media.id, "media_product_type": comment.media.product},
    }
    if comment.parent:
        value["parent_id"] = comment.parent.id
    return value


def _professionals(named: tuple[Account, ...], author: Account) -> list[Account]:
    return [one for one in named if one.is_professional and one is not author]
