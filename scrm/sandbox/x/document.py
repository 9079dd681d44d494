"""An answer in the making: data, what expansions bring along, partial errors, and what all of it costs.

A 200 may carry `errors` beside or instead of `data` for what is gone or hidden (openapi.json 2.167, read 2026-11-24;
that an empty answer has no `data` from memory).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scrm.sandbox.x import content, errors
from scrm.sandbox.x.money import Resource
from scrm.sandbox.x.state import Standing
from scrm.sandbox.x.views import Selection, dm_view, post_view, references, user_view

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scrm.sandbox.x.state import Message, State, User, Version


class Document:
    """The body of one answer."""

    def __init__(self, state: State, asked: Selection, viewer: User | None) -> None:
        self.bill: list[Resource] = []
        self.meta: dict[str, Any] | None = None
        self._state = state
        self._asked = asked
        self._viewer = viewer
        self._data: Any = None
        self._users: dict[int, User] = {}
        self._posts: dict[int, Version] = {}
        self._errors: list[dict[str, Any]] = []

    def body(self) -> dict[str, Any]:
        """Return the whole answer, with empty parts left out."""
        words = self._asked.vocabulary
        posts = [post_view(one, self._asked, self._state) for one in self._posts.values()]
        users = [user_view(one, self._asked, self._viewer, self._state) for one in self._users.values()]
        self._pay("post", self._posts)
        self._pay("user", self._users)
        includes = {name: items for name, items in (("users", users), (words.plural, posts)) if items}
        parts = {"data": self._data, "includes": includes, "errors": self._errors}
        body = {name: part for name, part in parts.items() if part}
        return body if self.meta is None else {**body, "meta": self.meta}

    def add_error(self, error: dict[str, Any]) -> None:
        self._errors.append(error)

    def _pay(self, kind: str, numbers: Iterable[int | str], *, is_owned: bool = False) -> None:
        self.bill += [Resource(kind=kind, id=str(number), is_owned=is_owned) for number in numbers]

    def put(self, data: Any) -> None:
        """Put in what is no list of users, posts or messages, and costs nothing."""
        self._data = data

    def posts(self, versions: Iterable[Version], *, is_owned: bool = False) -> list[dict[str, Any]]:
        """Put in posts; those the viewer may not see are left out."""
        seen = [one for one in versions if one.post.author.may_be_read_by(self._viewer)]
        self._pay("post", (one.id for one in seen), is_owned=is_owned)
        shown = [self._post(one) for one in seen]
        self._data = shown
        return shown

    def one_post(self, version: Version) -> None:
        self._pay("post", (version.id,))
        self._data = self._post(version)

    def _post(self, version: Version) -> dict[str, Any]:
        self._expand(version)
        return post_view(version, self._asked, self._state)

    def _expand(self, version: Version) -> None:
        asked, post = self._asked, version.post
        if "author_id" in asked.expansions:
            self._include(post.author, "author_id")
        if "in_reply_to_user_id" in asked.expansions and post.in_reply_to:
            self._include(post.in_reply_to.post.author, "in_reply_to_user_id")
        if "entities.mentions.username" in asked.expansions:
            for name in content.mentioned_handles(version.text):
                if user := self._state.by_username.get(name):
                    self._include(user, "entities.mentions.username")
        if any(name.startswith(asked.vocabulary.referenced) for name in asked.expansions):
            for _, other in references(post):
                self._refer(other)

    def _refer(self, other: Version) -> None:
        words = self._asked.vocabulary
        parameter = words.referenced_expansion
        if other.post.deleted_at is not None:
            self._once(errors.missing(words, words.word, parameter, other.id))
        elif not other.post.author.may_be_read_by(self._viewer):
            self._once(errors.hidden(words, words.word, parameter, other.id, "includes"))
        else:
            self._posts[other.id] = other
            if words.referenced_author_expansion in self._asked.expansions:
                self._include(other.post.author, words.referenced_author_expansion or "")

    def _once(self, error: dict[str, Any]) -> None:
        if error not in self._errors:
            self._errors.append(error)

    def _include(self, user: User, parameter: str) -> None:
        if user.is_gone:
            self._once(self._gone(user, parameter, user.id))
        else:
            self._users[user.id] = user

    def users(self, users: Iterable[User], kind: str = "user", *, of: str = "", is_owned: bool = False) -> None:
        """Put in users; those who are gone are left out. A like is paid for as what one did `of` one post."""
        seen = [one for one in users if not one.is_gone]
        self._pay(kind, (f"{of}{one.id}" for one in seen), is_owned=is_owned)
        self._data = [self._user(one) for one in seen]

    def one_user(self, user: User) -> None:
        self._pay("user", (user.id,))
        self._data = self._user(user)

    def _user(self, user: User) -> dict[str, Any]:
        words = self._asked.vocabulary
        if words.most_recent in self._asked.expansions and user.posts and user.may_be_read_by(self._viewer):
            self._posts[user.posts[-1]] = self._state.versions[user.posts[-1]]
        return user_view(user, self._asked, self._viewer, self._state)

    def look_up(self, user: User | None, parameter: str, value: object) -> User | None:
        """Return a user who can be shown, or note why not."""
        if user is None or user.is_gone:
            self._errors.append(self._gone(user, parameter, value))
            return None
        return user

    def hidden_user(self, number: str) -> dict[str, Any]:
        return errors.hidden(self._asked.vocabulary, "user", "id", number, "data")

    def _gone(self, user: User | None, parameter: str, value: object) -> dict[str, Any]:
        if user is not None and user.standing is Standing.SUSPENDED:
            return errors.suspended(self._asked.vocabulary, parameter, value)
        return errors.missing(self._asked.vocabulary, "user", parameter, value)

    def look_up_post(self, number: str, parameter: str) -> Version | None:
        """Return a post that can be shown, or note why not."""
        words = self._asked.vocabulary
        version = self._state.versions.get(int(number))
        if version is None or version.post.author.standing in {Standing.DEACTIVATED, Standing.DELETED}:
            self._errors.append(errors.missing(words, words.word, parameter, number))
            return None
        if not version.post.author.may_be_read_by(self._viewer):
            self._errors.append(errors.hidden(words, words.word, parameter, number, "data"))
            return None
        return version

    def messages(self, messages: Iterable[Message]) -> None:
        shown = list(messages)
        self._pay("dm_event", (one.id for one in shown))
        self._data = [self._message(one) for one in shown]

    def one_message(self, message: Message) -> None:
        self._pay("dm_event", (message.id,))
        self._data = self._message(message)

    def _message(self, message: Message) -> dict[str, Any]:
        if "sender_id" in self._asked.expansions:
            self._include(message.sender, "sender_id")
        return dm_view(message, self._asked)
