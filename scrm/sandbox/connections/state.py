"""Everybody and everything there is: accounts, communities, posts of five kinds, likes, and the stories of it all."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scrm.sandbox.cast import COMPANY_KEY
from scrm.sandbox.connections.ids import IN_STREAM, OWN, PERSON

if TYPE_CHECKING:
    from datetime import datetime

    from scrm.sandbox.network import Person

ANSWERS = {
    "topic": "reply",
    "reply": "reply",
    "entry": "comment",
    "comment": "comment",
    "note": "note_comment",
    "note_comment": "note_comment",
    "status": "status_comment",
    "status_comment": "status_comment",
}
APPLICATION = {
    "topic": "forums",
    "reply": "forums",
    "entry": "blogs",
    "comment": "blogs",
    "note": "communities",
    "note_comment": "communities",
    "status": "profiles",
    "status_comment": "profiles",
}


@dataclass(kw_only=True, eq=False)
class Account:
    """Somebody with a profile; guests are marked as external."""

    person: Person
    userid: str
    key: str
    login: str
    name: str
    about: str
    changed: datetime
    hides_email: bool = False
    is_active: bool = True

    @property
    def email(self) -> str:
        return self.person.email

    @property
    def is_external(self) -> bool:
        return self.person.role not in {"company", "staff"}

    @property
    def is_company(self) -> bool:
        return self.person.key == COMPANY_KEY

    @property
    def urn(self) -> str:
        return f"{PERSON}{self.userid}"

    @property
    def state(self) -> str:
        return "active" if self.is_active else "inactive"


@dataclass(kw_only=True, eq=False)
class Community:
    """A community with its forum and its blog."""

    uuid: str
    title: str
    text: str
    type: str  # public or private
    forum: str
    blog: str
    owner: Account
    created: datetime
    changed: datetime
    members: dict[str, datetime] = field(default_factory=dict)

    @property
    def is_open(self) -> bool:
        return self.type == "public"

    def has(self, account: Account) -> bool:
        return account.userid in self.members

    def shows(self, account: Account) -> bool:
        return self.is_open or self.has(account)


@dataclass(kw_only=True, eq=False)
class Like:
    """One recommendation; only Forums and Blogs give it an id of its own."""

    native_id: str
    author: Account
    at: datetime


@dataclass(kw_only=True, eq=False)
class Post:
    """A topic or reply of a forum, an entry or comment of a blog, a note or status on a board, or a comment on it."""

    uuid: str
    kind: str
    author: Account
    title: str
    text: str
    mentions: tuple[Account, ...]
    created: datetime
    edited: datetime
    community: Community | None = None  # where it stands, if not on a person's board
    board: Account | None = None
    parent: Post | None = None
    answers: list[Post] = field(default_factory=list)  # directly to this one
    likes: dict[str, Like] = field(default_factory=dict)  # by userid

    @property
    def native_id(self) -> str:
        return OWN[self.kind].format(self.uuid)

    @property
    def stream_id(self) -> str:
        return IN_STREAM[self.kind].format(self.uuid)

    @property
    def application(self) -> str:
        return APPLICATION[self.kind]

    @property
    def root(self) -> Post:
        return self.parent.root if self.parent else self

    def thread(self) -> list[Post]:
        """Return everything below, the oldest first."""
        below = [post for answer in self.answers for post in (answer, *answer.thread())]
        return sorted(below, key=lambda post: post.created)

    @property
    def updated(self) -> datetime:
        """Tell the last change: an edit, of a topic a new reply too, never a like or a comment (as recorded)."""
        replies = self.thread() if self.kind == "topic" else []
        return max([self.edited, *(post.created for post in replies)])

    def shows(self, account: Account) -> bool:
        return self.community is None or self.community.shows(account)


@dataclass(kw_only=True, eq=False)
class Story:
    """One event of the activity stream."""

    uuid: str
    event: str
    verb: str
    actor: Account
    at: datetime
    post: Post | None = None
    community: Community | None = None
    told: Account | None = None  # a notice for this person alone

    @property
    def application(self) -> str:
        return self.post.application if self.post else "communities" if self.community else "profiles"

    @property
    def native_id(self) -> str:
        return f"urn:lsid:lconn.ibm.com:{self.application}.story:{self.uuid}"

    def shows(self, account: Account) -> bool:
        if self.told:
            return self.told is account
        return self.community is None or self.community.shows(account)


@dataclass(kw_only=True)
class State:
    """Everything there is."""

    accounts: dict[str, Account] = field(default_factory=dict)  # by userid
    by_key: dict[str, Account] = field(default_factory=dict)  # by the cast's key
    communities: dict[str, Community] = field(default_factory=dict)
    posts: dict[str, Post] = field(default_factory=dict)  # by uuid
    stories: list[Story] = field(default_factory=list)

    def account_named(self, word: str) -> Account | None:
        """Find who signs in: by login name or e-mail address."""
        known = word.lower()
        return next((one for one in self.accounts.values() if known in {one.login, one.email.lower()}), None)

    def posts_of(self, *kinds: str) -> list[Post]:
        return [post for post in self.posts.values() if post.kind in kinds]
