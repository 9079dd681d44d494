"""Answer app.bsky.notification: newest first, hidden once their subject is gone, now and then an empty page.

Read from packages/bsky of bluesky-social/atproto (2026-11-23): `indexedAt` here is the time a notification
is sorted by, which a client's slow clock can put into the past.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrm.sandbox.bluesky.checks import time
from scrm.sandbox.bluesky.ids import wire_time
from scrm.sandbox.bluesky.state import Notification, sort_time
from scrm.sandbox.bluesky.timeline import pack, unpack
from scrm.sandbox.bluesky.xrpc import Call

if TYPE_CHECKING:
    from datetime import datetime

    from scrm.sandbox.bluesky.appview import AppView
    from scrm.sandbox.bluesky.views import View


class NotificationCalls:
    """app.bsky.notification."""

    def __init__(self, appview: AppView, *, empty_page_every: int) -> None:
        if empty_page_every == 1:
            raise ValueError("with only empty pages nobody would ever reach the end")
        self._appview = appview
        self._empty_page_every = empty_page_every
        self._calls = 0

    def list_notifications(self, call: Call) -> View:
        told = call.caller.notifications
        seen_at = time(call.maybe("seenAt") or "") or call.caller.seen_at
        cursor = call.maybe("cursor")
        view: View = {"notifications": [], "priority": call.flag("priority")}
        if seen_at:
            view["seenAt"] = wire_time(seen_at)
        self._calls += 1
        if self._empty_page_every and self._calls % self._empty_page_every == 0:
            coming = next(told.newest(unpack(cursor) if cursor else None), None)
            if coming is not None:
                (moment, number), _ = coming
                return {**view, "cursor": pack((moment, number + 1))}
        page, after = told.page(call.number("limit"), cursor, lambda one: self._is_shown(one, call))
        view["notifications"] = [_view(one, call, seen_at) for one in page]
        if after:
            view["cursor"] = after
        return view

    def _is_shown(self, one: Notification, call: Call) -> bool:
        author = one.record.author
        reasons = call.texts("reasons")
        return (
            (one.reason_subject is None or one.reason_subject in self._appview.records)
            and (not reasons or one.reason in reasons)
            and (not call.flag("priority") or author.did in call.caller.following)
            and not call.views.is_hidden(author)
        )

    def update_seen(self, call: Call) -> None:
        call.caller.seen_at = time(call.text("seenAt"))


def _view(one: Notification, call: Call, seen_at: datetime | None) -> View:
    at = sort_time(one.key)
    view: View = {
        "uri": one.record.uri,
        "cid": one.record.cid,
        "author": call.views.profile(one.record.author),
        "reason": one.reason,
        "record": one.record.value,
        "isRead": seen_at is not None and at <= seen_at,
        "indexedAt": wire_time(at),
        "labels": [],
    }
    if one.reason_subject is not None:
        view["reasonSubject"] = one.reason_subject
    return view
