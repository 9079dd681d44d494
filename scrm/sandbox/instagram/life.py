"""What people do on Instagram: the verbs with which its life is played.

A post of its own is a media with a caption; an answer to a media or comment is a comment, two levels deep at
most. Captions and messages can be edited, comments cannot. Likes are only counted, on messages they are
reactions. There is no sharing, no quoting, and no following that an app could see.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from datetime import datetime
from threading import RLock

from scrm.sandbox.instagram.state import Account, Comment, Media, Message, State, username_of
from scrm.sandbox.instagram.truth import Truth
from scrm.sandbox.instagram.webhooks import HEART, InstagramWebhooks
from scrm.sandbox.network import Person

SHAPES = (("FEED", "IMAGE"), ("FEED", "IMAGE"), ("REELS", "VIDEO"), ("FEED", "CAROUSEL_ALBUM"))
PICTURE = "📷"


class Life:
    """The verbs; every one runs under the server's lock."""

    verbs = frozenset(
        {
            "add_account",
            "post",
            "like",
            "unlike",
            "edit",
            "delete",
            "edit_profile",
            "revoke",
            "message",
            "tag",
            "story",
            "hide",
            "block",
            "set_private",
        }
    )

    def __init__(self, *, state: State, webhooks: InstagramWebhooks, lock: RLock) -> None:
        self._state = state
        self._webhooks = webhooks
        self._lock = lock
        self._truth = Truth()

    def add_account(self, person: Person, *, at: datetime) -> str:
        """Open an account and return its user name; an app knows a person only by ids of its own."""
        with self._lock:
            account = Account(
                person=person,
                username=username_of(person.handle),
                name=person.full_name,
                bio=person.bio,
                created_at=at,
            )
            self._state.add_account(account)
            return account.username

    def post(  # noqa: PLR0913 - a post is made of these
        self,
        person_key: str,
        text: str,
        *,
        at: datetime,
        reply_to: str | None = None,
        mentions: Sequence[str] = (),
        visibility: str = "public",
        quote: str | None = None,
    ) -> str:
        """Publish a media, or comment on one; a camera in the caption tags the named people in the picture too."""
        if visibility != "public" or quote is not None:
            raise ValueError("Instagram has neither quotes nor posts for some readers only")
        with self._lock:
            author = self._state.by_key[person_key]
            named = tuple(self._state.by_key[key] for key in mentions)
            if reply_to:
                return self._comment(author, text, reply_to, named, at)
            tagged = named if PICTURE in text else ()
            return self._publish(author, _naming(text, named), at, named=named, tagged=tagged)

    def tag(self, person_key: str, text: str, *, at: datetime, mentions: Sequence[str]) -> str:
        """Publish a media in whose picture people are tagged, without naming them in the caption."""
        with self._lock:
            author = self._state.by_key[person_key]
            return self._publish(author, text, at, tagged=tuple(self._state.by_key[key] for key in mentions))

    def story(self, person_key: str, text: str, *, at: datetime) -> str:
        with self._lock:
            return self._publish(self._state.by_key[person_key], text, at, shape=("STORY", "IMAGE"))

    def _publish(
        self,
        author: Account,
        caption: str,
        at: datetime,
        *,
        named: tuple[Account, ...] = (),
        tagged: tuple[Account, ...] = (),
        shape: tuple[str, str] | None = None,
    ) -> str:
        number = self._state.next_id("media", author.key)
        product, kind = shape or SHAPES[zlib.crc32(number.encode()) % len(SHAPES)]
        media = Media(
            id=number,
            owner=author,
            caption=caption,
            created_at=at,
            product=product,
            type=kind,
            mentions=named,
            tagged=tagged,
        )
        self._state.add_media(media)
        self._truth.published(media)
        self._webhooks.published(media)
        return media.id

    def _comment(self, author: Account, text: str, on: str, named: tuple[Account, ...], at: datetime) -> str:
        answered = self._state.comments.get(on)
        media = answered.media if answered else self._state.media[on]
        if answered and answered.parent and answered.author not in (author, *named):
            # below the top level only the name says whom one answers; the app writes it by itself
            named = (answered.author, *named)
        comment = Comment(
            id=self._state.next_id("comment", author.key),
            author=author,
            media=media,
            parent=(answered.parent or answered) if answered else None,
            text=_naming(text, named),
            created_at=at,
            mentions=named,
        )
        self._state.add_comment(comment)
        self._truth.commented(comment)
        self._webhooks.commented(comment)
        return comment.id

    def message(
        self,
        person_key: str,
        text: str,
        *,
        at: datetime,
        to: str | None = None,
        reply_to: str | None = None,
        is_unsupported: bool = False,
    ) -> str:
        """Write in private: a person to the company, or the company to the person `to` names."""
        with self._lock:
            sender = self._state.by_key[person_key]
            answered = self._state.messages[reply_to] if reply_to else None
            owner, person = self._both(sender, to, answered)
            conversation = self._state.conversation(owner, person)
            message = self._state.add_message(conversation, sender, text, at)
            message.reply_to, message.is_unsupported = answered, is_unsupported
            if sender is person:
                person.wrote_to.add(owner.key)
            self._truth.wrote(message)
            self._webhooks.wrote(message)
            return message.id

    def _both(self, sender: Account, to: str | None, answered: Message | None) -> tuple[Account, Account]:
        if answered:
            return answered.conversation.owner, answered.conversation.person
        professionals = [one for one in self._state.by_key.values() if one.is_professional]
        other = self._state.by_key[to] if to else next(iter(professionals))
        if sender.is_professional and to:
            return sender, other
        if other.is_professional and other is not sender:
            return other, sender
        raise ValueError("a message goes between a person and a professional account")

    def like(self, person_key: str, post_id: str, *, at: datetime) -> str:
        """Count a like, or react to a message with a heart; neither has an id, so the deed's own is returned."""
        with self._lock:
            account = self._state.by_key[person_key]
            if message := self._state.messages.get(post_id):
                message.reactions[account.key] = HEART
                self._webhooks.reacted(message, account, at)
            else:
                self._liked(post_id).add(account.key)
            return f"{post_id}/likes/{account.username}"

    def unlike(self, person_key: str, post_id: str, *, at: datetime) -> None:
        with self._lock:
            account = self._state.by_key[person_key]
            if message := self._state.messages.get(post_id):
                del message.reactions[account.key]
                self._webhooks.reacted(message, account, at, is_withdrawn=True)
            else:
                self._liked(post_id).remove(account.key)

    def _liked(self, number: str) -> set[str]:
        return (self._state.media.get(number) or self._state.comments[number]).likes

    def share(self, person_key: str, post_id: str, *, at: datetime) -> str:  # noqa: ARG002 - a verb all fakes bear
        raise ValueError("Instagram shows no app who shared what")

    def follow(self, person_key: str, target_key: str, *, at: datetime) -> str:  # noqa: ARG002
        raise ValueError("Instagram shows no app who follows whom")

    def edit(self, post_id: str, text: str, *, at: datetime) -> None:
        with self._lock:
            if post_id in self._state.comments:
                raise ValueError("a comment on Instagram cannot be edited")
            if message := self._state.messages.get(post_id):
                message.text = text
                message.edits += 1
                self._webhooks.edited(message, at)
            else:
                media = self._state.media[post_id]
                media.caption = _naming(text, media.mentions)
            self._truth.edited(post_id, at)

    def delete(self, post_id: str, *, at: datetime) -> None:
        """Delete a media with its comments, a comment with its answers, or take a message back."""
        with self._lock:
            if message := self._state.messages.get(post_id):
                self._state.remove_message(message)
                self._webhooks.took_back(message, at)
                gone = [post_id]
            elif comment := self._state.comments.get(post_id):
                gone = self._state.remove_comment(comment)
            else:
                gone = self._state.remove_media(self._state.media[post_id])
            for number in gone:
                self._truth.deleted(number, at)

    def hide(self, post_id: str, *, at: datetime, is_hidden: bool = True) -> None:  # noqa: ARG002 - shown by no time
        """Let the company hide a comment from others."""
        with self._lock:
            self._state.comments[post_id].is_hidden = is_hidden

    def block(self, person_key: str, target_key: str, *, at: datetime) -> None:  # noqa: ARG002
        with self._lock:
            self._state.by_key[person_key].blocked.add(target_key)

    def set_private(self, person_key: str, *, at: datetime, is_private: bool = True) -> None:  # noqa: ARG002
        """Make an account private: no app is shown or told any more what it publishes."""
        with self._lock:
            self._state.by_key[person_key].is_private = is_private

    def edit_profile(
        self,
        person_key: str,
        *,
        at: datetime,  # noqa: ARG002 - Instagram shows no time of a profile's change
        display_name: str | None = None,
        bio: str | None = None,
        handle: str | None = None,
    ) -> None:
        with self._lock:
            account = self._state.by_key[person_key]
            account.name = account.name if display_name is None else display_name
            account.bio = account.bio if bio is None else bio
            if handle is not None:
                self._state.rename(account, username_of(handle))

    def truth(self) -> list[dict[str, object]]:
        with self._lock:
            return self._truth.entries()


def _naming(text: str, named: Sequence[Account]) -> str:
    missing = [f"@{one.username}" for one in named if f"@{one.username}" not in text]
    return " ".join([*missing, text])
