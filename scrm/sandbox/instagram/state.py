"""What Instagram knows: accounts, media with two levels of comments, and conversations of a professional account.

An answer to an answer is added to the top-level comment ("IG Comment Replies", read 2026-11-24). The app sees
a person by an id of its own for every professional account, so accounts are looked up per owner.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from scrm.sandbox.instagram import ids
from scrm.sandbox.network import Person

STORY_LIFE = timedelta(hours=24)
REQUEST_LIFE = timedelta(days=30)
LONGEST_NAME = 30


@dataclass(kw_only=True, eq=False)
class Account:
    """One account; only professional ones can use the API."""

    person: Person
    username: str
    name: str
    bio: str
    created_at: datetime
    is_private: bool = False
    media: list[Media] = field(default_factory=list)
    wrote_to: set[str] = field(default_factory=set)  # keys of the professional accounts written to: consent
    blocked: set[str] = field(default_factory=set)  # keys of the accounts this one has blocked

    @property
    def key(self) -> str:
        return self.person.key

    @property
    def is_professional(self) -> bool:
        return self.person.role == "company"

    @property
    def user_id(self) -> str:
        return ids.account_id(self.key)

    def id_for(self, owner: Account) -> str:
        """Return the id under which the owner sees this account: its own for itself, an IGSID for others."""
        return self.user_id if self is owner else ids.scoped_id(owner.key, self.key)


@dataclass(kw_only=True, eq=False)
class Media:
    """A picture, reel, album or story with its caption."""

    id: str
    owner: Account
    caption: str
    created_at: datetime
    product: str = "FEED"
    type: str = "IMAGE"
    mentions: tuple[Account, ...] = ()  # named in the caption
    tagged: tuple[Account, ...] = ()  # tagged in the picture
    likes: set[str] = field(default_factory=set)
    comments: list[Comment] = field(default_factory=list)  # top level, oldest first

    @property
    def permalink(self) -> str:
        folder = {"REELS": "reel", "STORY": f"stories/{self.owner.username}"}.get(self.product, "p")
        return f"https://www.instagram.com/{folder}/{ids.shortcode(self.id)}/"


@dataclass(kw_only=True, eq=False)
class Comment:
    """A comment under a media, or an answer to a top-level comment."""

    id: str
    author: Account
    media: Media
    parent: Comment | None
    text: str
    created_at: datetime
    mentions: tuple[Account, ...] = ()
    likes: set[str] = field(default_factory=set)
    replies: list[Comment] = field(default_factory=list)  # oldest first
    is_hidden: bool = False


@dataclass(kw_only=True, eq=False)
class Message:
    """One private message; an unsupported one has a body that only the app on a phone can show."""

    id: str
    conversation: Conversation
    sender: Account
    text: str
    sent_at: datetime
    reply_to: Message | None = None
    is_unsupported: bool = False
    edits: int = 0
    reactions: dict[str, str] = field(default_factory=dict)  # key of an account -> emoji

    @property
    def recipient(self) -> Account:
        conversation = self.conversation
        return conversation.person if self.sender is conversation.owner else conversation.owner


@dataclass(kw_only=True, eq=False)
class Conversation:
    """What a person and a professional account wrote each other; those that were taken back are not in it."""

    id: str
    owner: Account
    person: Account
    messages: list[Message] = field(default_factory=list)  # oldest first

    @property
    def updated_at(self) -> datetime:
        return self.messages[-1].sent_at

    @property
    def is_request(self) -> bool:
        """Whether it waits in the Requests folder: the owner never answered."""
        return all(message.sender is not self.owner for message in self.messages)

    def is_listed(self, now: datetime) -> bool:
        """Whether the API lists it: requests without activity for thirty days are not returned."""
        return bool(self.messages) and not (self.is_request and now - self.updated_at > REQUEST_LIFE)


class State:
    """Everything of one Instagram; the caller holds the lock."""

    def __init__(self) -> None:
        self.by_key: dict[str, Account] = {}
        self.by_username: dict[str, Account] = {}
        self.media: dict[str, Media] = {}
        self.comments: dict[str, Comment] = {}
        self.messages: dict[str, Message] = {}
        self.conversations: dict[str, Conversation] = {}
        self._by_scoped_id: dict[tuple[str, str], Account] = {}
        self._made = 0

    def next_id(self, kind: str, key: str) -> str:
        self._made += 1
        return ids.object_id(kind, key, self._made)

    def add_account(self, account: Account) -> None:
        if account.key in self.by_key or account.username in self.by_username:
            raise ValueError("this key or handle has an account already")
        self.by_key[account.key] = account
        self.by_username[account.username] = account
        for one in self.by_key.values():
            self._by_scoped_id[one.key, account.id_for(one)] = account
            self._by_scoped_id[account.key, one.id_for(account)] = one

    def rename(self, account: Account, username: str) -> None:
        if username in self.by_username:
            raise ValueError("this handle is taken")
        del self.by_username[account.username]
        account.username = username
        self.by_username[username] = account

    def person_of(self, owner: Account, scoped_id: str) -> Account | None:
        """Return whom the owner knows by this IGSID."""
        found = self._by_scoped_id.get((owner.key, scoped_id))
        return None if found is owner else found

    def professional(self, user_id: str) -> Account | None:
        owners = (one for one in self.by_key.values() if one.is_professional)
        return next((one for one in owners if one.user_id == user_id), None)

    def add_media(self, media: Media) -> None:
        self.media[media.id] = media
        media.owner.media.append(media)

    def add_comment(self, comment: Comment) -> None:
        self.comments[comment.id] = comment
        (comment.parent.replies if comment.parent else comment.media.comments).append(comment)

    def conversation(self, owner: Account, person: Account) -> Conversation:
        number = ids.conversation_id(owner.key, person.key)
        if number not in self.conversations:
            self.conversations[number] = Conversation(id=number, owner=owner, person=person)
        return self.conversations[number]

    def add_message(self, conversation: Conversation, sender: Account, text: str, at: datetime) -> Message:
        self._made += 1
        number = ids.message_id(conversation.owner.key, conversation.person.key, self._made)
        message = Message(id=number, conversation=conversation, sender=sender, text=text, sent_at=at)
        self.messages[number] = message
        conversation.messages.append(message)
        return message

    def remove_media(self, media: Media) -> list[str]:
        """Remove a media with everything below it and return the ids that are gone."""
        gone = [number for comment in list(media.comments) for number in self.remove_comment(comment)]
        media.owner.media.remove(media)
        del self.media[media.id]
        return [media.id, *gone]

    def remove_comment(self, comment: Comment) -> list[str]:
        """Remove a comment with its answers and return the ids that are gone."""
        gone = [comment, *comment.replies]
        (comment.parent.replies if comment.parent else comment.media.comments).remove(comment)
        for one in gone:
            del self.comments[one.id]
        return [one.id for one in gone]

    def remove_message(self, message: Message) -> None:
        message.conversation.messages.remove(message)
        del self.messages[message.id]


def username_of(handle: str) -> str:
    """Return the handle as Instagram allows it: letters, digits, single dots within, and underscores."""
    signs = re.sub(r"[^a-z0-9._]", "_", handle.lower())
    return re.sub(r"\.{2,}", ".", signs).strip(".")[:LONGEST_NAME]
