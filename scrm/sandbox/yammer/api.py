"""The calls of Viva Engage's REST API."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from flask import Response, jsonify, request

from scrm.sandbox.yammer.errors import RefusedError, not_found
from scrm.sandbox.yammer.gate import asked_number, current_user
from scrm.sandbox.yammer.ids import stamp
from scrm.sandbox.yammer.routes import MODEL_TYPES, MOST_FOUND_A_PAGE
from scrm.sandbox.yammer.text import plain, topics

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from scrm.sandbox.yammer.feeds import Feeds
    from scrm.sandbox.yammer.state import Group, Message, State, User
    from scrm.sandbox.yammer.views import Json, Views

A_PAGE = 50
MOST_FOUND = 1000


def paged(items: Sequence[Any], size: int = A_PAGE) -> tuple[Sequence[Any], bool]:
    """Return the page asked for and whether there is another one."""
    start = ((asked_number("page") or 1) - 1) * size
    return items[start : start + size], len(items) > start + size


class Reader:
    """Answers what the gate let through; the caller holds the lock."""

    def __init__(self, state: State, views: Views, feeds: Feeds) -> None:
        self._state = state
        self._views = views
        self._feeds = feeds

    def views(self) -> dict[str, Callable[..., Response]]:
        """Return the answering functions by rule, without `/api/v1/` and `.json`."""
        return {
            "messages": lambda: self._feed("Company Feed", lambda one: not one.is_direct),
            "messages/algo": lambda: self._feed("Discovery", self._is_followed),
            "messages/my_feed": lambda: self._feed("My Feed", self._is_followed),
            "messages/following": lambda: self._feed("Following", self._is_followed),
            "messages/sent": lambda: self._feed("Sent", lambda one: one.sender is current_user()),
            "messages/private": lambda: self._feed("Private Messages", lambda one: one.is_direct),
            "messages/received": lambda: self._feed("Received", self._is_received),
            "messages/in_group/<int:number>": self._in_group,
            "messages/in_thread/<int:number>": self._in_thread,
            "messages/from_user/<int:number>": self._from_user,
            "messages/about_topic/<int:number>": self._about_topic,
            "messages/<int:number>": lambda number: jsonify(self._views.message(self._message(number))),
            "threads/<int:number>": lambda number: jsonify(self._views.thread(self._thread(number)[0].thread_id)),
            "topics/<int:number>": lambda number: jsonify(self._views.topic(self._topic(number))),
            "users": self._users,
            "users/current": lambda: jsonify(self._views.user(current_user())),
            "users/by_email": self._by_email,
            "users/in_group/<int:number>": self._members,
            "users/liked_message/<int:number>": self._likers,
            "users/<int:number>": lambda number: jsonify(self._views.user(self._user(number))),
            "groups": self._groups,
            "groups/for_user/<int:number>": self._groups_of,
            "groups/<int:number>": lambda number: jsonify(self._views.group(self._group(number))),
            "networks/current": self._networks,
            "relationships": self._relationships,
            "search": self._search,
        }

    def _feed(self, name: str, belongs: Callable[[Message], bool]) -> Response:
        reader = current_user()
        messages = [one for one in self._state.readable_by(reader) if belongs(one)]
        return jsonify(self._feeds.page(name, messages, reader))

    def _is_followed(self, message: Message) -> bool:
        return message.group is not None and current_user().id in message.group.members

    def _is_received(self, message: Message) -> bool:
        me = current_user()
        if message.sender is me:
            return False
        above = self._state.messages.get(message.replied_to_id or 0)
        return me in message.mentions or me in message.participants or (above is not None and above.sender is me)

    def _in_group(self, number: int) -> Response:
        group = self._group(number)
        self._check_readable(group)
        return self._feed(group.full_name, lambda one: one.group is group)

    def _in_thread(self, number: int) -> Response:
        thread_id = self._thread(number)[0].thread_id
        page = self._feeds.page("Thread", self._state.thread(thread_id), current_user())
        if request.args.get("include_topics") in {"true", "1"}:
            page["topics"] = self._views.topics_of(self._state.thread(thread_id))
        return jsonify(page)

    def _from_user(self, number: int) -> Response:
        user = self._user(number)
        return self._feed(user.full_name, lambda one: one.sender is user and not one.is_direct)

    def _about_topic(self, number: int) -> Response:
        self._topic(number)
        return self._feed(self._state.topics[number], lambda one: number in topics(one.text))

    def _message(self, number: int) -> Message:
        message = self._state.messages.get(number)
        if message is None:
            raise not_found()
        if not self._state.may_read(current_user(), message):
            raise RefusedError("forbidden")
        return message

    def _thread(self, number: int) -> list[Message]:
        thread = self._state.thread(number)
        if not thread:
            raise not_found()
        if not self._state.may_read(current_user(), thread[0]):
            raise RefusedError("forbidden")
        return thread

    def _topic(self, number: int) -> int:
        if number not in self._state.topics:
            raise not_found()
        return number

    def _user(self, number: int) -> User:
        user = self._state.users.get(number)
        if user is None:
            raise not_found()
        if user.home is not self._state.network:
            raise RefusedError("forbidden")
        return user

    def _group(self, number: int) -> Group:
        group = self._state.groups.get(number)
        if group is None:
            raise not_found()
        return group

    def _check_readable(self, group: Group) -> None:
        if group.is_private and current_user().id not in group.members:
            raise RefusedError("forbidden")

    def _own_people(self) -> list[User]:
        return [one for one in self._state.users.values() if one.home is self._state.network]

    def _users(self) -> Response:
        letter = request.args.get("letter", "").lower()
        people = [one for one in self._own_people() if one.name.startswith(letter)]
        people.sort(key=lambda one: (one.full_name.casefold(), one.id))
        if request.args.get("sort_by") == "messages":
            people.sort(key=self._written_by, reverse=True)
        if request.args.get("reverse", "").lower() == "true":
            people.reverse()
        shown, _ = paged(people, asked_number("num_per_page") or A_PAGE)
        return jsonify([self._views.user(one) for one in shown])

    def _written_by(self, user: User) -> int:
        return sum(one.sender is user for one in self._state.messages.values())

    def _by_email(self) -> Response:
        wanted = request.args["email"].casefold()
        found = [one for one in self._own_people() if one.email.casefold() == wanted and not one.has_fake_email]
        if not found:
            raise not_found()
        return jsonify([self._views.user(one) for one in found])

    def _members(self, number: int) -> Response:
        group = self._group(number)
        self._check_readable(group)
        return self._people([self._state.users[one] for one in group.members])

    def _likers(self, number: int) -> Response:
        return self._people([self._state.users[one] for one in self._message(number).likes])

    def _people(self, people: Sequence[User]) -> Response:
        shown, is_more = paged(people)
        return jsonify({"users": [self._views.user_reference(one) for one in shown], "more_available": is_more})

    def _groups(self) -> Response:
        letter = request.args.get("letter", "").casefold()
        groups = [one for one in self._state.groups.values() if one.full_name.casefold().startswith(letter)]
        if request.args.get("mine") in {"1", "true"}:
            groups = [one for one in groups if current_user().id in one.members]
        groups.sort(key=lambda one: one.full_name, reverse=request.args.get("reverse", "").lower() == "true")
        return jsonify([self._views.group(one) for one in paged(groups)[0]])

    def _groups_of(self, number: int) -> Response:
        user = self._user(number)
        groups = [one for one in self._state.groups.values() if user.id in one.members]
        return jsonify([self._views.group(one) for one in groups])

    def _networks(self) -> Response:
        network = self._state.network
        return jsonify(
            [
                {
                    "type": "network",
                    "id": network.id,
                    "name": network.name,
                    "email": "",
                    "community": False,
                    "permalink": network.permalink,
                    "web_url": network.web_url,
                    "paid": True,
                    "created_at": stamp(min(one.created_at for one in self._state.users.values())),
                    "m365_native_mode": True,
                    "aad_guests_enabled": True,
                    "is_primary": True,
                    "has_fake_email": current_user().has_fake_email,
                }
            ]
        )

    def _relationships(self) -> Response:
        user = self._user(asked_number("user_id") or current_user().id)
        others = [] if user.is_guest else [one for one in self._own_people() if not one.is_guest and one is not user]
        colleagues = [self._views.user_reference(one) for one in others]
        return jsonify({"superiors": [], "subordinates": [], "colleagues": colleagues})

    def _search(self) -> Response:
        word = request.args["search"].casefold()
        kinds = set(re.split(r"[,|]", request.args["model_types"])) if "model_types" in request.args else MODEL_TYPES
        messages = self._found_messages(word) if "MESSAGETHREAD" in kinds else []
        found: dict[str, Sequence[Any]] = {
            "users": [one for one in self._own_people() if "USER" in kinds and word in one.full_name.casefold()],
            "groups": [
                one for one in self._state.groups.values() if "GROUP" in kinds and word in one.full_name.casefold()
            ],
            "topics": [
                one for one, name in self._state.topics.items() if "TOPIC" in kinds and word in name.casefold()
            ],
        }
        size = asked_number("num_per_page") or MOST_FOUND_A_PAGE
        shown = paged(messages[:MOST_FOUND], size)[0]
        body: Json = {
            "count": {
                "messages": len(messages),
                "uploaded_files": 0,
                **{kind: len(all_) for kind, all_ in found.items()},
            },
            "messages": {
                "messages": [self._views.message(one) for one in shown],
                "references": self._feeds.references(shown),
            },
            "users": [self._views.user(one) for one in paged(found["users"], size)[0]],
            "groups": [self._views.group(one) for one in paged(found["groups"], size)[0]],
            "topics": [self._views.topic(one) for one in paged(found["topics"], size)[0]],
            "uploaded_files": [],
        }
        return jsonify(body)

    def _found_messages(self, word: str) -> list[Message]:
        group = asked_number("search_group")
        found = [one for one in self._state.readable_by(current_user()) if word in plain(one).casefold()]
        if group is not None:
            found = [one for one in found if one.group and one.group.id == group]
        return found[::-1]
