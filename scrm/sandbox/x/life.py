"""Life on X: what people do, what becomes of it, and who is told."""

from __future__ import annotations

from bisect import insort
from threading import RLock
from typing import TYPE_CHECKING, Any

from scrm.sandbox.cast import COMPANY_KEY
from scrm.sandbox.x import content, events
from scrm.sandbox.x.ids import handle_of
from scrm.sandbox.x.state import Message, Post, Standing, State, User, Version
from scrm.sandbox.x.truth import Truth, follow_id, like_id
from scrm.sandbox.x.views import EDIT_WINDOW, MOST_EDITS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from scrm.sandbox.network import Person
    from scrm.sandbox.x.activity import Activity


class Life:
    """The verbs with which the life of the network is played."""

    def __init__(self, state: State, lock: RLock) -> None:
        self._state = state
        self._lock = lock
        self._truth = Truth()
        self._rows = 1000
        self._activity: Activity

    def _row(self) -> int:
        self._rows += 1
        return self._rows

    def _post(self, post_id: str) -> Post:
        return self._state.versions[int(post_id)].post

    def add_account(self, person: Person, *, at: datetime) -> str:
        with self._lock:
            username = handle_of(person)
            if person.key in self._state.by_key or username.lower() in self._state.by_username:
                raise ValueError("this key or handle has an account already")
            user = User(
                id=self._state.ids.make(at),
                person=person,
                username=username,
                name=person.full_name,
                description=person.bio,
                location=person.city,
                website=person.website,
                created_at=at,
            )
            self._state.add_user(user)
            return str(user.id)

    def post(  # noqa: PLR0913 - a post is made of these
        self,
        person_key: str,
        text: str,
        *,
        at: datetime,
        reply_to: str | None = None,
        mentions: Sequence[str] = (),
        visibility: str = "public",  # noqa: ARG002 - X has one visibility for all posts of an account
        quote: str | None = None,
    ) -> str:
        """Write a post; an answer names whom it answers by itself, and no event is sent for that mention."""
        with self._lock:
            author = self._state.by_key[person_key]
            parent = self._state.versions[int(reply_to)] if reply_to else None
            answered = [parent.post.author] if parent and parent.post.author is not author else []
            named = [self._state.by_key[key] for key in mentions]
            explicit = tuple(user for user in dict.fromkeys(named) if user not in answered)
            number = self._state.ids.make(at)
            post = Post(
                author=author,
                conversation_id=parent.post.conversation_id if parent else number,
                in_reply_to=parent,
                quote_of=self._state.versions[int(quote)] if quote else None,
                mentions=(*answered, *explicit),
                explicit_mentions=explicit,
            )
            version = Version(id=number, text=_with_mentions(text, post.mentions), at=at, post=post)
            self._state.add_post(post, version)
            self._truth.wrote(post)
            self._tell_of_post(post)
            return str(number)

    def _tell_of_post(self, post: Post) -> None:
        told: list[tuple[str, User]] = [("post.create", post.author)]
        told += [("post.mention.create", user) for user in post.explicit_mentions]
        parent = post.in_reply_to
        # answers to answers do not fire
        if parent and parent.post.in_reply_to is None and parent.post.author is not post.author:
            told.append(("post.reply.create", parent.post.author))
        if post.quote_of and post.quote_of.post.author is not post.author:
            told.append(("post.quote.create", post.quote_of.post.author))
        for event_type, about in told:
            self._tell_of(event_type, about, post)

    def _tell_of(self, event_type: str, about: User, post: Post) -> None:
        self._activity.happened(
            event_type,
            about,
            by=post.author,
            at=post.created_at,
            payload=lambda: events.post(post.newest, self._state),
            includes=lambda: events.post_includes(post.newest, self._state),
        )

    def like(self, person_key: str, post_id: str, *, at: datetime) -> str:
        with self._lock:
            user, post = self._state.by_key[person_key], self._post(post_id)
            if post.id not in user.likes:
                row = user.likes[post.id] = self._row()
                post.likes[row] = user
                self._truth.liked(user, post, at)
                for about, direction in ((post.author, "inbound"), (user, "outbound")):
                    self._activity.happened(
                        "like.create",
                        about,
                        by=user,
                        at=at,
                        payload=lambda: events.like(user, post, at),
                        includes=lambda: events.like_includes(user, post, self._state),
                        direction=direction,
                    )
            return like_id(user, post)

    def unlike(self, person_key: str, post_id: str, *, at: datetime) -> None:
        with self._lock:
            user, post = self._state.by_key[person_key], self._post(post_id)
            del post.likes[user.likes.pop(post.id)]
            self._truth.deleted(like_id(user, post), at)

    def share(self, person_key: str, post_id: str, *, at: datetime) -> str:
        with self._lock:
            user, post = self._state.by_key[person_key], self._post(post_id)
            if post.author.standing is Standing.PROTECTED:
                raise ValueError("posts of protected accounts cannot be shared")
            if known := post.reposts.get(user.id):
                return str(known.id)
            number = self._state.ids.make(at)
            repost = Post(author=user, conversation_id=number, repost_of=post.newest)
            self._state.add_post(repost, Version(id=number, text="", at=at, post=repost))
            self._truth.shared(repost)
            self._tell_of("post.repost.create", post.author, repost)
            return str(number)

    def follow(self, person_key: str, target_key: str, *, at: datetime) -> str:
        with self._lock:
            user, target = self._state.by_key[person_key], self._state.by_key[target_key]
            if target.id not in user.following:
                row = user.following[target.id] = self._row()
                target.followers[row] = user
                self._truth.followed(user, target, at)
                for about, direction in ((target, "inbound"), (user, "outbound")):
                    self._activity.happened(
                        "follow.follow",
                        about,
                        by=user,
                        at=at,
                        payload=lambda: events.follow(user, target, self._state),
                        direction=direction,
                    )
            return follow_id(user, target)

    def edit(self, post_id: str, text: str, *, at: datetime) -> None:
        """Write a new version with an id of its own; within an hour, five times at most."""
        with self._lock:
            post = self._post(post_id)
            if at > post.created_at + EDIT_WINDOW or len(post.versions) > MOST_EDITS:
                raise ValueError("this post cannot be edited any more")
            text = _with_mentions(text, post.mentions)
            self._state.add_version(post, Version(id=self._state.ids.make(at), text=text, at=at, post=post))
            self._truth.edited(post)

    def delete(self, post_id: str, *, at: datetime) -> None:
        with self._lock:
            post = self._post(post_id)
            likers = list(post.likes.values())
            numbers = [str(version.id) for version in post.versions]
            for removed in self._state.remove_post(post, at):
                self._truth.deleted(str(removed.id), at)
            for user in likers:
                self._truth.deleted(like_id(user, post), at)
            for number in numbers:
                self._tell_of_deletion(post.author, number, at)

    def _tell_of_deletion(self, author: User, number: str, at: datetime) -> None:
        self._activity.happened(
            "post.delete",
            author,
            by=author,
            at=at,
            payload=lambda: {"id": number, "author_id": str(author.id)},
            includes=lambda: {"users": [{"data": events.user(author, self._state)}]},
        )

    def edit_profile(  # noqa: PLR0913 - a profile is made of these
        self,
        person_key: str,
        *,
        at: datetime,
        display_name: str | None = None,
        bio: str | None = None,
        handle: str | None = None,
        location: str | None = None,
        website: str | None = None,
    ) -> None:
        with self._lock:
            user = self._state.by_key[person_key]
            if handle is not None:
                self._rename(user, handle, at)
            changes = (
                ("name", "screenname", display_name),
                ("description", "bio", bio),
                ("location", "geo", location),
                ("website", "url", website),
            )
            for name, kind, value in changes:
                before = getattr(user, name)
                if value is not None and value != before:
                    setattr(user, name, value)
                    self._tell_of_change(user, kind, before, value, at)

    def _rename(self, user: User, handle: str, at: datetime) -> None:
        known = self._state.by_username.get(handle.lower())
        if content.mentioned_handles(f"@{handle}") != (handle.lower(),) or known not in {None, user}:
            raise ValueError("this handle is taken, or not one X allows")
        before = user.username
        self._state.rename(user, handle)
        self._tell_of_change(user, "handle", before, handle, at)

    def _tell_of_change(self, user: User, kind: str, before: str, after: str, at: datetime) -> None:
        self._activity.happened(
            f"profile.update.{kind}", user, by=user, at=at, payload=lambda: {"before": before, "after": after}
        )

    def message(
        self,
        person_key: str,
        text: str,
        *,
        at: datetime,
        to: str = COMPANY_KEY,
        reply_to: str | None = None,
    ) -> str:
        """Write a private message; a company's own names whom it goes to. Answers are not marked on X."""
        with self._lock:
            sender, recipient = self._state.by_key[person_key], self._state.by_key[to]
            if sender is recipient:
                raise ValueError("a message goes to somebody else: name them by `to`")
            message = Message(id=self._state.ids.make(at), sender=sender, recipient=recipient, text=text, at=at)
            insort(self._state.messages, message, key=lambda one: one.id)
            self._truth.sent(message, reply_to)
            for event_type, about in (("dm.received", recipient), ("dm.sent", sender)):
                self._activity.happened(
                    event_type, about, by=sender, at=at, payload=lambda: events.message(message, self._state)
                )
            return str(message.id)

    def set_standing(self, person_key: str, standing: Standing, *, at: datetime) -> None:
        """Protect, suspend, deactivate, delete or restore an account."""
        with self._lock:
            user = self._state.by_key[person_key]
            user.standing = Standing(standing)
            user.stands_since = None if user.standing is Standing.ACTIVE else at

    def truth(self) -> list[dict[str, Any]]:
        with self._lock:
            return self._truth.entries()


def _with_mentions(text: str, mentioned: Sequence[User]) -> str:
    named = content.mentioned_handles(text)
    missing = [f"@{user.username}" for user in mentioned if user.username.lower() not in named]
    return " ".join([*missing, text])
