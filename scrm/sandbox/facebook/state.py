"""What Facebook knows: people, pages, posts with comments in two levels, reactions, reviews, conversations.

An answer to an answer hangs below the top comment, as on the real site (from memory, 2026-11-24).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scrm.sandbox.facebook import ids

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from scrm.sandbox.network import Person

TASKS = ("ADVERTISE", "ANALYZE", "CREATE_CONTENT", "MANAGE", "MESSAGING", "MODERATE")
DETAILED_MESSAGES = 20


@dataclass(kw_only=True, eq=False)
class Human:
    """Somebody with an account; staff of the company run its pages."""

    person: Person
    name: str
    first_name: str
    last_name: str
    tasks: tuple[str, ...]

    @property
    def key(self) -> str:
        return self.person.key


@dataclass(kw_only=True, eq=False)
class Page:
    """One page that the sandbox's company runs."""

    key: str
    name: str
    username: str
    about: str
    website: str
    email: str
    city: str
    country: str
    followers: dict[str, int] = field(default_factory=dict)  # person key -> row

    @property
    def id(self) -> str:
        return ids.page_id(self.key)

    @property
    def link(self) -> str:
        return f"https://www.facebook.com/{self.username}"


@dataclass(frozen=True, kw_only=True)
class Tag:
    """Somebody named in a text, and where."""

    author: Human | Page
    offset: int
    length: int


@dataclass(kw_only=True, eq=False)
class Item:
    """What can be commented on and reacted to: a post or a comment."""

    page: Page
    number: str
    author: Human | Page
    text: str
    created_at: datetime
    tags: tuple[Tag, ...] = ()
    edited_at: datetime | None = None
    is_hidden: bool = False
    comments: list[Comment] = field(default_factory=list)
    reactions: dict[str, Reaction] = field(default_factory=dict)  # by the person's or page's key

    @property
    def id(self) -> str:
        raise NotImplementedError


@dataclass(kw_only=True, eq=False)
class Post(Item):
    """A post: the page's own, a visitor's on the page, or on somebody's own timeline."""

    owner: Human | Page
    is_tagging: bool = False  # names the page from elsewhere
    shared: Post | None = None
    shares: int = 0

    @property
    def id(self) -> str:
        return f"{author_id(self.owner, self.page)}_{self.number}"

    @property
    def is_readable(self) -> bool:
        """Whether the page's token sees it: on the page, or naming the page."""
        return self.owner is self.page or self.is_tagging


@dataclass(kw_only=True, eq=False)
class Comment(Item):
    """A comment on a post, or with `parent` an answer to a comment."""

    post: Post
    parent: Comment | None = None

    @property
    def id(self) -> str:
        return f"{self.post.number}_{self.number}"


@dataclass(kw_only=True, eq=False)
class Reaction:
    """How somebody reacts to a post or comment: one each."""

    author: Human | Page
    type: str
    at: datetime
    row: int


@dataclass(kw_only=True, eq=False)
class Review:
    """A recommendation of the page, or a warning."""

    page: Page
    number: str
    author: Human
    text: str
    is_positive: bool
    created_at: datetime

    @property
    def id(self) -> str:
        return self.number


@dataclass(kw_only=True, eq=False)
class Conversation:
    """The messages between a page and a person; `folder` "other" holds requests."""

    page: Page
    human: Human
    folder: str
    messages: list[Message] = field(default_factory=list)

    @property
    def id(self) -> str:
        return ids.conversation_id(self.page.key, self.human.key)

    @property
    def psid(self) -> str:
        return ids.psid(self.page.key, self.human.key)

    @property
    def updated_at(self) -> datetime:
        return self.messages[-1].created_at


@dataclass(kw_only=True, eq=False)
class Message:
    """One message, and which it answers."""

    conversation: Conversation
    id: str
    row: int
    author: Human | Page
    text: str
    created_at: datetime
    reply_to: Message | None = None

    @property
    def has_details(self) -> bool:
        """Only the latest twenty of a conversation have; of the others not even the text is told."""
        return self in self.conversation.messages[-DETAILED_MESSAGES:]


def author_id(author: Human | Page, page: Page) -> str:
    """Return the id under which a page sees somebody; pages see each other's own ids."""
    return author.id if isinstance(author, Page) else ids.psid(page.key, author.key)


class State:
    """Everything of the network; the caller holds the lock."""

    def __init__(self) -> None:
        self.humans: dict[str, Human] = {}
        self.pages: dict[str, Page] = {}
        self.posts: dict[str, Post] = {}
        self.comments: dict[str, Comment] = {}
        self.reviews: dict[str, Review] = {}
        self.conversations: dict[str, Conversation] = {}
        self.messages: dict[str, Message] = {}
        self._counter = 0

    def row(self) -> int:
        self._counter += 1
        return self._counter

    def author(self, key: str) -> Human | Page:
        return self.pages[key] if key in self.pages else self.humans[key]

    def page_by_id(self, page_id: str) -> Page | None:
        return next((page for page in self.pages.values() if page.id == page_id), None)

    def human_by_psid(self, page: Page, psid: str) -> Human | None:
        return next((one for one in self.humans.values() if ids.psid(page.key, one.key) == psid), None)

    def human_by_asid(self, asid: str) -> Human | None:
        return next((one for one in self.humans.values() if ids.asid(one.key) == asid), None)

    def item(self, item_id: str) -> Post | Comment:
        return self.posts[item_id] if item_id in self.posts else self.comments[item_id]

    def add_post(self, post: Post) -> None:
        self.posts[post.id] = post
        if post.shared:
            post.shared.shares += 1

    def add_comment(self, comment: Comment) -> None:
        self.comments[comment.id] = comment
        (comment.parent or comment.post).comments.append(comment)

    def conversation(self, page: Page, human: Human, folder: str) -> Conversation:
        known = Conversation(page=page, human=human, folder=folder)
        return self.conversations.setdefault(known.id, known)

    def add_message(self, message: Message) -> None:
        self.messages[message.id] = message
        message.conversation.messages.append(message)

    def remove(self, item: Post | Comment) -> list[Item]:
        """Take a post or comment away with all below it, and return what went, itself first."""
        gone = [item, *_below(item)]
        for one in gone:
            self.posts.pop(one.id, None)
            self.comments.pop(one.id, None)
        if isinstance(item, Comment):
            (item.parent or item.post).comments.remove(item)
        elif item.shared:
            item.shared.shares -= 1
        return gone

    def remove_message(self, message: Message) -> None:
        del self.messages[message.id]
        message.conversation.messages.remove(message)
        for other in message.conversation.messages:
            if other.reply_to is message:
                other.reply_to = None
        if not message.conversation.messages:
            del self.conversations[message.conversation.id]


def _below(item: Item) -> Iterator[Item]:
    for comment in item.comments:
        yield comment
        yield from _below(comment)
