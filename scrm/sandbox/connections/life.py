"""What people do in the company's network; the caller holds the lock.

Events are named as in HCL's list of community events (help.hcltechsw.com, Connections, read 2026-11-24) and in the
recorded streams; those of likes and blogs are from memory. An edit changes what a story shows and tells no new one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scrm.sandbox.connections.ids import bare
from scrm.sandbox.connections.state import ANSWERS, Account, Community, Like, Post, Story

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from scrm.sandbox.connections.ids import Ids
    from scrm.sandbox.connections.state import State
    from scrm.sandbox.connections.truth import Truth
    from scrm.sandbox.network import Person

OPEN = "Nordwerk Partner"
CLOSED = "Nordwerk Vertrieb"
CLOSED_TAKES_EVERY = 3  # of the contacts
TITLE_LENGTH = 70
CREATED = {
    "topic": "forum.topic.created",
    "reply": "forum.topic.reply.created",
    "entry": "blog.entry.created",
    "comment": "blog.comment.created",
    "note": "community.wallpost.created",
    "note_comment": "community.wall.comment.added",
    "status": "profiles.status.updated",
    "status_comment": "profiles.wall.comment.added",
}
LIKED = {
    "topic": "forum.topic.recommended",
    "reply": "forum.topic.reply.recommended",
    "entry": "blog.entry.recommended",
    "comment": "blog.comment.recommended",
    "note": "community.wall.recommendation.added",
    "note_comment": "community.wall.comment.recommendation.added",
    "status": "profiles.wall.recommendation.added",
    "status_comment": "profiles.wall.comment.recommendation.added",
}
NAMED = {
    "topic": "forum.topic.notification.mention",
    "reply": "forum.reply.notification.mention",
    "note": "community.wall.notification.mention",
    "note_comment": "community.wall.comment.notification.mention",
    "status": "profiles.status.notification.mention",
    "status_comment": "profiles.status.comment.notification.mention",
}


@dataclass(frozen=True, kw_only=True)
class Life:
    """The deeds, and what of them becomes a story."""

    state: State
    truth: Truth
    ids: Ids

    def add_account(self, person: Person, at: datetime) -> Account:
        """Open an account; everybody is in the open community, colleagues and some customers in the closed one."""
        account = Account(
            person=person,
            userid=self.ids.named(f"user {person.key}"),
            key=self.ids.named(f"profile {person.key}"),
            login=person.handle.lower(),
            name=person.full_name,
            about=person.bio,
            changed=at,
        )
        self.state.accounts[account.userid] = account
        self.state.by_key[person.key] = account
        if account.is_company:
            self._found_communities(account, at)
        for community in self.state.communities.values():
            if community.is_open or self._belongs(account):
                community.members[account.userid] = at
        return account

    def _found_communities(self, owner: Account, at: datetime) -> None:
        for title, kind in ((OPEN, "public"), (CLOSED, "private")):
            uuid = self.ids.next("community")
            community = Community(
                uuid=uuid,
                title=title,
                text=f"{title}: Fragen, Antworten, Neuigkeiten",
                type=kind,
                forum=self.ids.next("forum"),
                blog=self.ids.next("blog"),
                owner=owner,
                created=at,
                changed=at,
                members={owner.userid: at},
            )
            community.members |= {
                one.userid: at for one in self.state.accounts.values() if kind == "public" or self._belongs(one)
            }
            self.state.communities[uuid] = community
            self._tell("community.created", "create", owner, at, community=community)

    def _belongs(self, account: Account) -> bool:
        if account.person.role != "contact":
            return not account.is_external
        contacts = [one for one in self.state.accounts.values() if one.person.role == "contact"]
        return contacts.index(account) % CLOSED_TAKES_EVERY == 0

    def community(self, word: str) -> Community:
        """Find a community by its title or uuid."""
        found = next((one for one in self.state.communities.values() if word in {one.title, one.uuid}), None)
        if found is None:
            raise ValueError("no such community; the company's account founds them")
        return found

    def post(  # noqa: PLR0913 - a post is made of these
        self,
        author: Account,
        words: str,
        *,
        at: datetime,
        kind: str,
        mentions: Sequence[Account] = (),
        community: Community | None = None,
        board: Account | None = None,
    ) -> Post:
        if community and not community.has(author):
            raise ValueError("only members write in a community")
        return self._write(author, words, at, kind, mentions, community=community, board=board)

    def answer(
        self, author: Account, words: str, target: Post, *, at: datetime, mentions: Sequence[Account] = ()
    ) -> Post:
        """Answer a post; only forums keep whom a reply answers, elsewhere it belongs to what stands on top."""
        parent = target if target.application == "forums" else target.root
        if target.community and not target.community.has(author):
            raise ValueError("only members write in a community")
        return self._write(author, words, at, ANSWERS[target.kind], mentions, parent=parent)

    def _write(  # noqa: PLR0913 - a post is made of these
        self,
        author: Account,
        words: str,
        at: datetime,
        kind: str,
        mentions: Sequence[Account],
        *,
        parent: Post | None = None,
        community: Community | None = None,
        board: Account | None = None,
    ) -> Post:
        title = f"Re: {parent.root.title}" if parent else _title(words)
        post = Post(
            uuid=self.ids.next("post"),
            kind=kind,
            author=author,
            title=title,
            text=words,
            mentions=tuple(mentions),
            created=at,
            edited=at,
            community=parent.community if parent else community,
            board=parent.board if parent else board,
            parent=parent,
        )
        self.state.posts[post.uuid] = post
        if parent:
            parent.answers.append(post)
        self.truth.wrote(post)
        is_wall = kind == "status" and board is not author
        event = "profiles.wallpost.created" if is_wall else CREATED[kind]
        self._tell(event, "comment" if parent else "post", author, at, post=post)
        for named in mentions:
            if kind in NAMED and post.shows(named):
                self._tell(NAMED[kind], "mention", author, at, post=post, told=named)
        return post

    def find(self, native_id: str) -> Post:
        return self.state.posts[bare(native_id)]

    def like(self, author: Account, post: Post, *, at: datetime) -> Like:
        if not post.shows(author):
            raise ValueError("only members like in a community")
        if known := post.likes.get(author.userid):
            return known
        like = Like(native_id=self._like_id(author, post), author=author, at=at)
        post.likes[author.userid] = like
        self.truth.liked(like, post)
        self._tell(LIKED[post.kind], "like", author, at, post=post)
        return like

    def _like_id(self, author: Account, post: Post) -> str:
        if post.application == "forums":
            return f"urn:lsid:ibm.com:forum:{self.ids.next('like')}"
        if post.application == "blogs":
            return f"urn:lsid:ibm.com:blogs:recommendation-{self.ids.next('like')}"
        return f"{post.native_id}/likes/{author.userid}"

    def unlike(self, author: Account, post: Post, *, at: datetime) -> None:
        self.truth.deleted(post.likes.pop(author.userid).native_id, at)
        self._forget(lambda story: story.post is post and story.verb == "like" and story.actor is author)

    def edit(self, post: Post, words: str, *, at: datetime) -> None:
        post.text, post.edited = words, at
        if not post.parent:
            post.title = _title(words)
        self.truth.edited(post)

    def delete(self, post: Post, *, at: datetime) -> None:
        """Delete a post; what stands on top takes all below along, a reply leaves the replies to it."""
        gone = [post] if post.parent else [post, *post.thread()]
        for one in gone:
            del self.state.posts[one.uuid]
            self.truth.deleted(one.native_id, at)
            for like in one.likes.values():
                self.truth.deleted(like.native_id, at)
        if post.parent:
            post.parent.answers.remove(post)
            # the thread still holds the replies to it, which go on naming what is gone
            post.parent.answers += post.answers
        self._forget(lambda story: story.post in gone)

    def join(self, account: Account, community: Community, *, at: datetime) -> None:
        if not community.has(account):
            community.members[account.userid] = community.changed = at
            self._tell("community.member.added", "join", account, at, community=community)

    def leave(self, account: Account, community: Community, *, at: datetime) -> None:
        if account is community.owner:
            raise ValueError("the owner cannot leave")
        del community.members[account.userid]
        community.changed = at

    def profile_changed(self, account: Account, *, at: datetime) -> None:
        account.changed = at
        self._tell("profiles.person.about.updated", "update", account, at)

    def _tell(  # noqa: PLR0913 - a story is made of these
        self,
        event: str,
        verb: str,
        actor: Account,
        at: datetime,
        *,
        post: Post | None = None,
        community: Community | None = None,
        told: Account | None = None,
    ) -> None:
        story = Story(
            uuid=self.ids.next("story"),
            event=event,
            verb=verb,
            actor=actor,
            at=at,
            post=post,
            community=post.community if post else community,
            told=told,
        )
        self.state.stories.append(story)

    def _forget(self, is_gone: Callable[[Story], bool]) -> None:
        self.state.stories[:] = [story for story in self.state.stories if not is_gone(story)]


def _title(words: str) -> str:
    line = words.splitlines()[0] if words else ""
    return line if len(line) <= TITLE_LENGTH else f"{line[:TITLE_LENGTH].rstrip()}…"
