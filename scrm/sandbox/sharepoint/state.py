"""What the directory and its sites know: people, sites, lists, pages and items, comments, likes.

Everybody has an account; who may see a site is told by its members. A page is an item of the list "Site Pages".
Comments have two levels: an answer to an answer hangs on the first comment. Their numbers count within their item,
and the numbers of people within their site, so neither means anything elsewhere (from memory, 2026-11-24).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from scrm.sandbox.sharepoint.ids import guid, login_name

if TYPE_CHECKING:
    from datetime import datetime

    from scrm.sandbox.network import Person

FIRST_SITE_USER = 6  # before it stand the site's own groups and accounts


@dataclass(kw_only=True, eq=False)
class User:
    """One account of the directory; a guest's real address stands in `mail` only."""

    id: str
    person: Person
    display_name: str
    upn: str
    mail: str | None
    is_guest: bool
    about: str
    created_at: datetime
    sequence: int = 0

    @property
    def login_name(self) -> str:
        return login_name(self.upn)


@dataclass(kw_only=True, eq=False)
class Like:
    """Somebody's like of something."""

    user: User
    target: Item | Comment
    at: datetime

    @property
    def native_id(self) -> str:
        return f"{self.target.native_id}:like:{self.user.login_name}"


@dataclass(kw_only=True, eq=False)
class Site:
    """One site; in an open one everybody is a member."""

    id: str
    name: str
    display_name: str
    description: str
    is_open: bool
    created_at: datetime
    members: set[str] = field(default_factory=set)  # ids of people
    numbers: dict[str, int] = field(default_factory=dict)  # id of a person -> number in this site
    lists: dict[str, SiteList] = field(default_factory=dict)

    @property
    def web_id(self) -> str:
        return self.id.split(",")[2]

    def number_of(self, user: User) -> int:
        return self.numbers.setdefault(user.id, FIRST_SITE_USER + len(self.numbers))

    def is_for(self, user: User | None) -> bool:
        """Whether somebody may read here; an application (None) may read everywhere."""
        return user is None or self.is_open or user.id in self.members

    @property
    def pages(self) -> SiteList:
        return next(one for one in self.lists.values() if one.is_pages)

    @property
    def forum(self) -> SiteList:
        return next(one for one in self.lists.values() if not one.is_pages)


@dataclass(kw_only=True, eq=False)
class SiteList:
    """One list of a site, with every change of it counted."""

    id: str
    site: Site
    name: str
    display_name: str
    template: str
    created_at: datetime
    modified_at: datetime
    items: dict[int, Item] = field(default_factory=dict)
    removed: dict[int, int] = field(default_factory=dict)  # number of an item that is gone -> sequence
    last_number: int = 0
    sequence: int = 0
    generation: int = 1  # marks of changes are good for one generation only

    @property
    def is_pages(self) -> bool:
        return self.template == "webPageLibrary"

    def touch(self, item: Item, at: datetime) -> None:
        self.sequence += 1
        item.sequence = self.sequence
        self.modified_at = at

    def remove(self, item: Item, at: datetime) -> None:
        self.sequence += 1
        del self.items[item.number]
        self.removed[item.number] = self.sequence
        self.modified_at = at


@dataclass(kw_only=True, eq=False)
class Item:
    """One page or one item of a forum."""

    number: int
    unique_id: str
    list: SiteList
    author: User
    title: str
    text: str
    created_at: datetime
    modified_at: datetime
    modified_by: User
    mentions: tuple[User, ...] = ()
    version: int = 1
    sequence: int = 0
    last_comment: int = 0
    comments: dict[int, Comment] = field(default_factory=dict)  # all, answers too
    likes: dict[str, Like] = field(default_factory=dict)  # by the person's id

    @property
    def native_id(self) -> str:
        return self.unique_id

    @property
    def item(self) -> Item:
        return self

    @property
    def file_name(self) -> str:
        return f"{guid('file', self.unique_id)[:8]}.aspx"


@dataclass(kw_only=True, eq=False)
class Comment:
    """One comment, or an answer to one."""

    number: int
    item: Item
    author: User
    text: str
    created_at: datetime
    mentions: tuple[User, ...] = ()
    parent: Comment | None = None
    likes: dict[str, Like] = field(default_factory=dict)

    @property
    def native_id(self) -> str:
        return f"{self.item.list.id}:{self.item.number}:{self.number}"

    @property
    def replies(self) -> list[Comment]:
        return [one for one in self.item.comments.values() if one.parent is self]


Target: TypeAlias = Item | Comment


class State:
    """Everything of one directory; the caller holds the lock."""

    def __init__(self) -> None:
        self.by_key: dict[str, User] = {}
        self.users: dict[str, User] = {}  # by id
        self.sites: dict[str, Site] = {}  # by name
        self.targets: dict[str, Target] = {}  # by native id, as long as they exist
        self.sequence = 0  # of changes of people
        self.generation = 1

    def add_user(self, user: User) -> None:
        self.users[user.id] = user
        self.by_key[user.person.key] = user
        self.touch_user(user)

    def touch_user(self, user: User) -> None:
        self.sequence += 1
        user.sequence = self.sequence

    def user(self, name: str) -> User | None:
        """Find somebody by id or user principal name."""
        found = self.users.get(name)
        return found or next((one for one in self.users.values() if one.upn.lower() == name.lower()), None)

    def site(self, site_id: str) -> Site | None:
        """Find a site by its id of three parts, or by the middle one alone."""
        for site in self.sites.values():
            if site_id in {site.id, site.id.split(",")[1]}:
                return site
        return None

    def list_of(self, site: Site, name: str) -> SiteList | None:
        """Find a list by id or by title."""
        wanted = name.lower()
        for one in site.lists.values():
            if wanted in {one.id, one.display_name.lower()}:
                return one
        return None
