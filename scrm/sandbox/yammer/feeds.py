"""Feeds: which messages one holds, how it is cut into pages, and what comes along.

`older_than` and `newer_than` compare ids of messages; with `threaded=true` that of the thread's first message, with
`threaded=extended` that of its latest, as on the page of open graph feeds (learn.microsoft.com/rest/api/yammer, read
2026-11-24). `newer_than` gives the newest above the mark, and `older_available` tells whether anything older than
what is shown exists, above the mark or not. A page has at most twenty (yammer/yam-python issue 25).
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from flask import request

from scrm.sandbox.yammer.gate import asked_number
from scrm.sandbox.yammer.text import topics

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scrm.sandbox.yammer.state import Message, State, User
    from scrm.sandbox.yammer.views import Json, Views

MOST_A_PAGE = 20
POLL_SECONDS = 60
SHOWN_REPLIES = 2


class Feeds:
    """Cuts feeds for the current request; the caller holds the lock."""

    def __init__(self, state: State, views: Views) -> None:
        self._state = state
        self._views = views

    def page(self, name: str, messages: Sequence[Message], reader: User) -> Json:
        """Return the envelope that the current request asks of these messages, given oldest first."""
        threaded = request.args.get("threaded")
        marked = {one.id: one for one in messages} if threaded is None else self._starters(messages, threaded)
        shown, is_older = _cut(sorted(marked, reverse=True))
        heads = [marked[mark] for mark in shown]
        extended = {one.thread_id: self._latest(one) for one in heads} if threaded == "extended" else {}
        every = [*heads, *(reply for replies in extended.values() for reply in replies)]
        return {
            "threaded_extended": {
                str(number): [self._views.message(one) for one in replies]
                for number, replies in extended.items()
                if replies
            },
            "messages": [self._views.message(one) for one in heads],
            "references": self.references(every),
            "meta": self._meta(name, reader, is_older=is_older),
        }

    def _starters(self, messages: Sequence[Message], threaded: str) -> dict[int, Message]:
        marked = {}
        for thread_id in {one.thread_id for one in messages}:
            thread = self._state.thread(thread_id)
            mark = thread[-1] if threaded == "extended" else thread[0]
            marked[mark.id] = thread[0]
        return marked

    def _latest(self, starter: Message) -> list[Message]:
        replies = [one for one in self._state.thread(starter.thread_id) if not one.is_starter]
        return replies[-SHOWN_REPLIES:][::-1]

    def references(self, messages: Sequence[Message]) -> list[Json]:
        """Return people, communities, threads, messages and topics that these messages speak of, each once."""
        found: dict[tuple[str, object], Json] = {}
        for one in messages:
            for entry in self._around(one):
                found.setdefault((str(entry["type"]), entry["id"]), entry)
        return list(found.values())

    def _around(self, message: Message) -> list[Json]:
        views = self._views
        found = [views.user_reference(one) for one in (message.sender, *message.mentions, *message.participants)]
        found.append(views.thread(message.thread_id))
        if message.group:
            found.append(views.group_reference(message.group))
        else:
            names = [{"type": "user", "id": one.id, "full_name": one.full_name} for one in message.participants]
            found.append({"type": "conversation", "id": message.thread_id, "participating_names": names})
        above = self._state.messages.get(message.replied_to_id or 0)
        if above:
            found += [views.message_reference(above), views.user_reference(above.sender)]
        for number in topics(message.text):
            found += [views.topic(number), views.topic(number, "tag")]
        return found

    def _meta(self, name: str, reader: User, *, is_older: bool) -> Json:
        return {
            "feed_name": name,
            "feed_desc": name,
            "older_available": is_older,
            "requested_poll_interval": POLL_SECONDS,
            "last_seen_message_id": None,
            "current_user_id": reader.id,
            "followed_user_ids": [],
            "followed_references": [],
            "ymodules": [],
            "direct_from_body": False,
            "realtime": {
                "uri": "https://rt.yammer.example/cometd/",
                "authentication_token": secrets.token_urlsafe(48),
                "channel_id": secrets.token_urlsafe(6),
            },
        }


def _cut(marks: list[int]) -> tuple[list[int], bool]:
    """Return the marks of the page asked for, newest first, and whether there is anything older than these."""
    older_than, newer_than = asked_number("older_than"), asked_number("newer_than")
    limit = min(asked_number("limit") or MOST_A_PAGE, MOST_A_PAGE)
    inside = [
        mark
        for mark in marks
        if (older_than is None or mark < older_than) and (newer_than is None or mark > newer_than)
    ]
    shown = inside[:limit]
    return shown, bool(shown) and marks[-1] < shown[-1]
