"""What LinkedIn knows: members, organizations, posts, comments, reactions and the notices of a page.

Comments have two levels: an answer to an answer hangs on the first comment of its thread (comments-api page,
learn.microsoft.com/linkedin, read 2026-11-24). Whether a member may be seen outside LinkedIn is the member's choice.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from datetime import datetime

    from scrm.sandbox.linkedin.leads import Lead, LeadForm
    from scrm.sandbox.network import Person

FIRST_NOTICE = 5_603_453_321
VISIBLE, PRIVATE, CLOSED = "visible", "private", "closed"


@dataclass(kw_only=True, eq=False)
class Member:
    """One person. `privacy`: private ones have no name in the API, closed ones are refused."""

    id: str
    person: Person
    first_name: str
    last_name: str
    headline: str
    vanity_name: str
    created_at: datetime
    privacy: str = VISIBLE

    @property
    def urn(self) -> str:
        return f"urn:li:person:{self.id}"

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()


@dataclass(kw_only=True, eq=False)
class Organization:
    """One page, and who may do what on it."""

    id: int
    person: Person
    name: str
    vanity_name: str
    description: str
    website: str
    created_at: datetime
    roles: dict[str, tuple[str, datetime]] = field(default_factory=dict)  # member id -> role, since when
    followers: dict[str, datetime] = field(default_factory=dict)  # member id -> since when

    @property
    def urn(self) -> str:
        return f"urn:li:organization:{self.id}"

    def role_of(self, member: Member) -> str | None:
        found = self.roles.get(member.id)
        return found[0] if found else None


Actor: TypeAlias = Member | Organization


@dataclass(kw_only=True, eq=False)
class Reaction:
    """One member's or page's reaction to something."""

    actor: Actor
    target: Post | Comment
    kind: str
    at: datetime

    @property
    def urn(self) -> str:
        return f"urn:li:reaction:({self.actor.urn},{self.target.thread_urn})"


@dataclass(kw_only=True, eq=False)
class Post:
    """One post; a share of another one has `reshare_of`, with words of its own or without."""

    urn: str
    activity_urn: str
    author: Actor
    text: str
    created_at: datetime
    modified_at: datetime
    visibility: str = "PUBLIC"
    is_edited: bool = False
    mentions: tuple[Actor, ...] = ()
    reshare_of: Post | None = None
    comments: dict[int, Comment] = field(default_factory=dict)  # all, answers too
    reactions: dict[str, Reaction] = field(default_factory=dict)  # by the actor's URN

    @property
    def thread_urn(self) -> str:
        """The URN under which comments and reactions know the post."""
        return self.activity_urn

    @property
    def post(self) -> Post:
        return self


@dataclass(kw_only=True, eq=False)
class Comment:
    """One comment, or an answer to one. `agent` is who writes in the name of a page."""

    id: int
    post: Post
    author: Actor
    text: str
    created_at: datetime
    modified_at: datetime
    agent: Member | None = None
    parent: Comment | None = None
    is_edited: bool = False
    mentions: tuple[Actor, ...] = ()
    replies: dict[int, Comment] = field(default_factory=dict)
    reactions: dict[str, Reaction] = field(default_factory=dict)

    @property
    def urn(self) -> str:
        return f"urn:li:comment:({self.post.activity_urn},{self.id})"

    @property
    def thread_urn(self) -> str:
        return self.urn


Target: TypeAlias = Post | Comment


@dataclass(frozen=True, kw_only=True)
class Notice:
    """One thing that happened on a page. `activity` is the URN of what was done."""

    id: int
    action: str
    organization: Organization
    post: Post
    activity: str
    subject: Post | Comment | None  # shown with the notice as long as it exists
    at: datetime


class State:
    """Everything of one network; the caller holds the lock."""

    def __init__(self) -> None:
        self.by_key: dict[str, Actor] = {}
        self.members: dict[str, Member] = {}  # by id
        self.organizations: dict[str, Organization] = {}  # by URN
        self.posts: dict[str, Post] = {}  # by every URN they have
        self.comments: dict[str, Comment] = {}  # by URN
        self.written: dict[str, list[Post]] = {}  # by the author's URN, in order
        self.notices: list[Notice] = []
        self.forms: dict[int, LeadForm] = {}
        self.leads: dict[str, Lead] = {}

    def add_member(self, member: Member) -> None:
        self.members[member.id] = member
        self.by_key[member.person.key] = member

    def add_organization(self, organization: Organization) -> None:
        self.organizations[organization.urn] = organization
        self.by_key[organization.person.key] = organization

    def target(self, urn: str) -> Target | None:
        """Return the post or comment of this URN; a comment is found under each name of its post."""
        if not urn.startswith("urn:li:comment:("):
            return self.posts.get(urn)
        thread, _, number = urn.removeprefix("urn:li:comment:(").removesuffix(")").partition(",")
        post = self.posts.get(thread)
        return post.comments.get(int(number)) if post else None

    def add_post(self, post: Post) -> None:
        self.posts[post.urn] = self.posts[post.activity_urn] = post
        self.written.setdefault(post.author.urn, []).append(post)

    def add_comment(self, comment: Comment) -> None:
        comment.post.comments[comment.id] = comment
        self.comments[comment.urn] = comment
        if comment.parent:
            comment.parent.replies[comment.id] = comment

    def remove_post(self, post: Post) -> None:
        """Remove a post with its comments; shares of it stay, and lead nowhere."""
        for urn in [comment.urn for comment in post.comments.values()]:
            del self.comments[urn]
        del self.posts[post.urn], self.posts[post.activity_urn]
        self.written[post.author.urn].remove(post)

    def remove_comment(self, comment: Comment) -> None:
        """Remove a comment with the answers to it."""
        for reply in list(comment.replies.values()):
            self.remove_comment(reply)
        del comment.post.comments[comment.id], self.comments[comment.urn]
        if comment.parent:
            del comment.parent.replies[comment.id]

    def exists(self, target: Target) -> bool:
        if isinstance(target, Post):
            return target.urn in self.posts
        return target.urn in self.comments

    def notify(
        self, action: str, organization: Organization, post: Post, activity: str, subject: Target | None, at: datetime
    ) -> Notice:
        notice = Notice(
            id=FIRST_NOTICE + len(self.notices),
            action=action,
            organization=organization,
            post=post,
            activity=activity,
            subject=subject,
            at=at,
        )
        self.notices.append(notice)
        return notice
