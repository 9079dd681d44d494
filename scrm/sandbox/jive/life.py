"""What happens in a Jive community: people come and join, write, answer, like, change and delete.

What a person says to nobody becomes a content of one of Jive's kinds in turn, so that discussions with their messages
and everything else with its comments are all met; what the company says to all is a post in the blog of its open
community. Whether an answer changes a content's `updated` is not documented: here only `lastActivityDate` moves.
"""

from __future__ import annotations

import secrets
import uuid
from typing import TYPE_CHECKING

from scrm.sandbox.cast import COMPANY_KEY
from scrm.sandbox.jive.state import (
    GROUP_TYPES,
    OPEN,
    PRIVATE,
    STATES,
    Account,
    Activity,
    Content,
    Deleted,
    Membership,
    Place,
    Reply,
)
from scrm.sandbox.jive.text import subject_of
from scrm.sandbox.jive.truth import Truth, like_id

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from scrm.sandbox.jive.state import State
    from scrm.sandbox.network import Person

OPEN_COMMUNITY, CLOSED_COMMUNITY, SPACE = "Nordwerk Partner", "Nordwerk Vertrieb", "Nordwerk"
IN_TURN = ("discussion", "update", "discussion", "idea", "discussion", "document")
WRITABLE = frozenset({"discussion", "document", "post", "update", "idea"})


class Life:
    """Changes the state, tells the truth, and tells whoever listens."""

    def __init__(self, state: State, truth: Truth, listener: Callable[[Activity], None]) -> None:
        self._state = state
        self._truth = truth
        self._listener = listener
        self._turns = 0

    def add_account(self, person: Person, at: datetime) -> Account:
        if person.key in self._state.by_key or self._state.by_login(person.handle):
            raise ValueError("this key or handle has an account already")
        account = Account(
            id=self._state.number("person"),
            person=person,
            username=person.handle,
            display_name=person.full_name,
            bio=person.bio,
            password=secrets.token_urlsafe(12),
            joined_at=at,
            updated_at=at,
        )
        if not self._state.places:
            self._found(at)
        self._state.accounts[account.id] = account
        self._state.by_key[person.key] = account
        state = "owner" if person.key == COMPANY_KEY else "member"
        self.join(account, self.place(OPEN_COMMUNITY), at=at, state=state)
        if not account.is_partner or self._is_in_sales(account):
            self.join(account, self.place(CLOSED_COMMUNITY), at=at, state=state)
        if person.key == COMPANY_KEY:
            for place in self._state.places.values():
                place.creator = place.creator or account
        return account

    def _is_in_sales(self, account: Account) -> bool:
        """Every third contact is in the closed community from the start."""
        contacts = [one for one in self._state.accounts.values() if one.person.role == "contact"]
        return account.person.role == "contact" and len(contacts) % 3 == 1

    def _found(self, at: datetime) -> None:
        space = self.open_place(SPACE, kind="space", group_type=OPEN, creator=None, parent=None, at=at)
        for name, group_type in ((OPEN_COMMUNITY, OPEN), (CLOSED_COMMUNITY, PRIVATE)):
            self.open_place(name, kind="group", group_type=group_type, creator=None, parent=space, at=at)

    def open_place(
        self, name: str, *, kind: str, group_type: str, creator: Account | None, parent: Place | None, at: datetime
    ) -> Place:
        if kind not in {"group", "space", "blog"} or group_type not in GROUP_TYPES:
            raise ValueError("Jive knows no such place")
        if any(one.name == name for one in self._state.places.values()):
            raise ValueError("there is a place of this name")
        place = Place(
            place_id=self._state.number("place"),
            id=self._state.number(kind),
            kind=kind,
            name=name,
            created_at=at,
            updated_at=at,
            group_type=group_type,
            parent=parent,
            creator=creator,
        )
        self._state.places[place.place_id] = place
        if kind == "group":
            self.open_place(f"Blog {name}", kind="blog", group_type=group_type, creator=creator, parent=place, at=at)
            if creator:
                self.join(creator, place, at=at, state="owner")
        return place

    def place(self, name: str) -> Place:
        """Find a place by its name or address."""
        found = [one for one in self._state.places.values() if name in {one.name, one.uri}]
        if not found:
            raise KeyError(name)
        return found[0]

    def join(self, account: Account, place: Place, *, at: datetime, state: str = "member") -> Membership:
        if place.kind != "group" or state not in STATES:
            raise ValueError("one joins groups, in a state that Jive knows")
        if account.person.key == COMPANY_KEY and state in {"member", "owner"}:
            self._truth.entered(place.uri)
        known = place.members.get(account.id)
        if known:
            known.state = state
            return known
        membership = Membership(id=self._state.number("member"), account=account, state=state, since=at)
        place.members[account.id] = membership
        return membership

    def write(  # noqa: PLR0913 - a content is made of these
        self,
        author: Account,
        text: str,
        *,
        at: datetime,
        mentions: Sequence[Account],
        place: Place,
        kind: str | None,
        quote: Content | None,
    ) -> Content:
        kind = kind or ("update" if quote else self._kind_of(author, place))
        if kind not in WRITABLE:
            raise ValueError(f"nobody writes a {kind} here")
        if quote and (kind, quote.kind) != ("update", "update"):
            raise ValueError("only updates are reposted, by updates")
        self._let_in(author, place, at)
        content = Content(
            id=self._state.number(kind),
            content_id=self._state.number("content"),
            kind=kind,
            author=author,
            subject=subject_of(text),
            text=text,
            place=self._where(kind, place),
            mentions=tuple(mentions),
            repost_of=quote,
            created_at=at,
            updated_at=at,
            active_at=at,
        )
        self._keep(content)
        return content

    def _kind_of(self, author: Account, place: Place) -> str:
        if author.person.key == COMPANY_KEY:
            return "post" if self._blog(place) else "document"
        self._turns += 1
        return IN_TURN[(self._turns - 1) % len(IN_TURN)]

    def _where(self, kind: str, place: Place) -> Place | None:
        """Posts stand in the blog of a group; an update for everybody stands in no place."""
        if kind == "post":
            blog = self._blog(place)
            if blog is None:
                raise ValueError("one posts where there is a blog")
            return blog
        return None if kind == "update" and place.name == OPEN_COMMUNITY else place

    def _blog(self, place: Place) -> Place | None:
        blogs = [one for one in self._state.places.values() if one.kind == "blog" and one.parent is place]
        return blogs[0] if blogs else None

    def message(self, author: Account, text: str, *, to: Account, at: datetime) -> Content:
        content = Content(
            id=self._state.number("dm"),
            content_id=self._state.number("content"),
            kind="dm",
            author=author,
            subject=subject_of(text),
            text=text,
            participants=(to,),
            created_at=at,
            updated_at=at,
            active_at=at,
        )
        self._keep(content)
        return content

    def _keep(self, content: Content) -> None:
        self._state.contents[content.content_id] = content
        self._truth.wrote(content)
        self._happened("jive:created", content.author, content, content.created_at)
        self._named(content)

    def answer(
        self, author: Account, text: str, *, on: Content | Reply, at: datetime, mentions: Sequence[Account]
    ) -> Reply:
        root = on.root
        if root.place:
            self._let_in(author, root.place, at)
        reply = Reply(
            id=self._state.number(root.reply_kind),
            author=author,
            text=text,
            root=root,
            parent=on,
            mentions=tuple(mentions),
            created_at=at,
            updated_at=at,
        )
        self._state.replies[reply.kind][reply.id] = reply
        on.replies.append(reply)
        root.active_at = at
        self._truth.wrote(reply)
        verb = "jive:replied" if reply.kind == "message" else "jive:commented"
        self._happened(verb, author, reply, at)
        self._named(reply)
        return reply

    def _let_in(self, author: Account, place: Place, at: datetime) -> None:
        """Whoever writes in a closed or members-only group was let in before."""
        group = place.group
        if group.kind == "group" and group.group_type != OPEN and not group.has(author):
            self.join(author, group, at=at)

    def _named(self, said: Content | Reply) -> None:
        for one in said.mentions:
            self._happened("jive:mentioned", said.author, said, said.created_at, mentioned=one)

    def _happened(
        self, verb: str, actor: Account, on: Content | Reply, at: datetime, *, mentioned: Account | None = None
    ) -> None:
        number = self._state.number("activity")
        activity = Activity(number=number, verb=verb, actor=actor, on=on, at=at, mentioned=mentioned)
        self._state.activities.append(activity)
        self._listener(activity)

    def like(self, account: Account, on: Content | Reply, *, at: datetime) -> str:
        if on.root.kind == "dm":
            raise ValueError("private messages are not liked")
        if account.id not in on.likes:
            on.likes[account.id] = at
            self._truth.liked(account, on, at)
            self._happened("jive:liked", account, on, at)
        return like_id(on, account)

    def unlike(self, account: Account, on: Content | Reply, *, at: datetime) -> None:
        del on.likes[account.id]
        self._truth.deleted(like_id(on, account), at)
        self._forget(lambda one: one.verb == "jive:liked" and one.actor is account and one.on is on)

    def follow(self, account: Account, target: Account, *, at: datetime) -> str:
        if account.id not in target.followers:
            target.followers[account.id] = at
            self._truth.followed(account, target, at)
        return f"{target.uri}/@followers/{account.id}"

    def edit(self, said: Content | Reply, text: str, *, at: datetime) -> None:
        said.text, said.updated_at = text, at
        if isinstance(said, Content):
            said.subject, said.active_at = subject_of(text), at
        self._truth.edited(said, at)
        self._happened("jive:modified", said.author, said, at)

    def delete(self, said: Content | Reply, *, at: datetime) -> None:
        """Delete with everything below; of a content a marker is left."""
        below = self._state.all_replies(said)
        for reply in below:
            self._drop(reply, at)
        if isinstance(said, Reply):
            said.parent.replies.remove(said)
            self._drop(said, at)
            return
        del self._state.contents[said.content_id]
        marker = Deleted(
            id=str(uuid.uuid5(uuid.NAMESPACE_URL, said.uri)),
            content_id=said.content_id,
            kind=said.kind,
            place=said.place,
            author=said.author,
            participants=said.participants,
            at=at,
        )
        self._state.deleted[marker.id] = marker
        self._forget_said(said, at)

    def _drop(self, reply: Reply, at: datetime) -> None:
        del self._state.replies[reply.kind][reply.id]
        self._forget_said(reply, at)

    def _forget_said(self, said: Content | Reply, at: datetime) -> None:
        self._truth.deleted(said.uri, at)
        for number in said.likes:
            self._truth.deleted(like_id(said, self._state.accounts[number]), at)
        self._forget(lambda one: one.on is said)

    def _forget(self, is_gone: Callable[[Activity], bool]) -> None:
        self._state.activities[:] = [one for one in self._state.activities if not is_gone(one)]
