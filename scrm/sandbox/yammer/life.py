"""What people do in the network.

Who deletes the message that began a thread deletes the thread (support.microsoft.com on Viva Engage, from memory,
2026-11-24). An edit changes the text and nothing else: no field of a message tells it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrm.sandbox.cast import COMPANY_KEY
from scrm.sandbox.yammer.state import Message
from scrm.sandbox.yammer.text import topics
from scrm.sandbox.yammer.truth import like_id

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from scrm.sandbox.yammer.state import Group, State, User
    from scrm.sandbox.yammer.truth import Truth

LONGEST_TITLE = 60


class Life:
    """Does what the verbs say; the caller holds the lock."""

    def __init__(self, state: State, truth: Truth) -> None:
        self._state = state
        self._truth = truth

    def announce_creation(self, group: Group, at: datetime) -> None:
        """Write what the network itself says when a community is made."""
        text = f"has created the {group.full_name} group."
        self._add(
            Message(id=0, thread_id=0, sender=group.creator, text=text, created_at=at, group=group, kind="system")
        )

    def start(self, sender: User, text: str, group: Group, *, at: datetime, mentions: Sequence[User]) -> str:
        """Begin a thread; what the company begins is an announcement."""
        is_announcement = sender.person.key == COMPANY_KEY
        message = Message(
            id=0,
            thread_id=0,
            sender=self._member(sender, group),
            text=text,
            created_at=at,
            group=group,
            mentions=tuple(mentions),
            kind="announcement" if is_announcement else "update",
            title=text[:LONGEST_TITLE] if is_announcement else None,
        )
        return self._add(message)

    def reply(self, sender: User, text: str, target: Message, *, at: datetime, mentions: Sequence[User]) -> str:
        if target.group is None:
            raise ValueError("private messages are written with `message`")
        message = Message(
            id=0,
            thread_id=target.thread_id,
            sender=self._member(sender, target.group),
            text=text,
            created_at=at,
            group=target.group,
            replied_to_id=target.id,
            mentions=tuple(mentions),
        )
        return self._add(message)

    def write_to(self, sender: User, other: User, text: str, *, at: datetime, target: Message | None) -> str:
        """Write in private: in the thread of `target`, in the one of the two people, or in a new one."""
        above = target or self._last_between(sender, other)
        message = Message(
            id=0,
            thread_id=above.thread_id if above else 0,
            sender=sender,
            text=text,
            created_at=at,
            replied_to_id=above.id if above else None,
            participants=(sender, other),
        )
        return self._add(message)

    def _last_between(self, *people: User) -> Message | None:
        found = [one for one in self._state.messages.values() if set(one.participants) == set(people)]
        return max(found, key=lambda one: one.id, default=None)

    def _member(self, user: User, group: Group) -> User:
        if user.id not in group.members:
            raise ValueError("only members write in a community")
        return user

    def _add(self, message: Message) -> str:
        message.id = self._state.next_id(message.created_at)
        message.thread_id = message.thread_id or message.id
        self._state.add_message(message)
        for number, name in topics(message.text).items():
            self._state.topics.setdefault(number, name)
        self._truth.wrote(message)
        return str(message.id)

    def like(self, user: User, message: Message, *, at: datetime) -> str:
        if not self._state.may_read(user, message):
            raise ValueError("who cannot read a message cannot like it")
        if user.id not in message.likes:
            message.likes[user.id] = at
            self._truth.liked(user, message, at)
        return like_id(message, user)

    def unlike(self, user: User, message: Message, *, at: datetime) -> None:
        del message.likes[user.id]
        self._truth.deleted(like_id(message, user), at)

    def edit(self, message: Message, text: str, *, at: datetime) -> None:
        message.text = text
        self._truth.edited(str(message.id), at)
        for number, name in topics(text).items():
            self._state.topics.setdefault(number, name)

    def delete(self, message: Message, *, at: datetime) -> None:
        for gone in self._state.thread(message.thread_id) if message.is_starter else [message]:
            self._truth.deleted(str(gone.id), at)
            for user_id in gone.likes:
                self._truth.deleted(like_id(gone, self._state.users[user_id]), at)
            del self._state.messages[gone.id]
