"""The REST calls of the Mastodon fake that read accounts, statuses, notifications and timelines.

Limits, paging, visibility and error bodies as in mastodon/mastodon app/controllers/api, from memory and
docs.joinmastodon.org, 2026-11-24; the calls allowed stand in `routes`.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, TypeVar

from flask import Flask, Response, json, request

from scrm.sandbox.cast import MASTODON_DOMAIN
from scrm.sandbox.mastodon import paging
from scrm.sandbox.mastodon.access import NOT_FOUND, Access, RefusedError, json_error
from scrm.sandbox.mastodon.entities import (
    account_entity,
    may_see,
    notification_entity,
    own_account_entity,
    status_entity,
)
from scrm.sandbox.mastodon.search import search
from scrm.sandbox.mastodon.thread import context

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from threading import RLock

    from scrm.sandbox.mastodon.state import Account, State, Status

STATUSES = 20
ACCOUNTS = 40
NOTIFICATIONS = 40
VERSION = "4.7.0"
Found = TypeVar("Found")


def _answer(entity: object, link: str | None = None) -> Response:
    answer = Response(json.dumps(entity), content_type="application/json; charset=utf-8")
    if link:
        answer.headers["Link"] = link
    return answer


def is_asked(name: str) -> bool:
    return request.args.get(name) in {"true", "1"}


def add_api(app: Flask, state: State, access: Access, lock: RLock) -> None:
    """Add the calls to the app; each runs under the server's lock."""
    reader = _Reader(state, access)
    views: dict[str, Callable[..., Response]] = {
        "/api/v2/instance": reader.instance,
        "/api/v2/search": reader.search,
        "/api/v1/accounts": reader.accounts,
        "/api/v1/accounts/verify_credentials": reader.verify_credentials,
        "/api/v1/accounts/lookup": reader.lookup,
        "/api/v1/accounts/<number>": reader.account,
        "/api/v1/accounts/<number>/statuses": reader.account_statuses,
        "/api/v1/accounts/<number>/followers": reader.followers,
        "/api/v1/notifications": reader.notifications,
        "/api/v1/statuses": reader.statuses,
        "/api/v1/statuses/<number>": reader.status,
        "/api/v1/statuses/<number>/context": reader.context,
        "/api/v1/statuses/<number>/favourited_by": reader.favourited_by,
        "/api/v1/statuses/<number>/reblogged_by": reader.reblogged_by,
        "/api/v1/timelines/tag/<hashtag>": reader.tag_timeline,
    }
    for path, view in views.items():
        app.add_url_rule(path, view.__name__, _locked(view, lock))
    app.register_error_handler(RefusedError, lambda exc: json_error(exc.status, exc.sentence))


def _locked(view: Callable[..., Response], lock: RLock) -> Callable[..., Response]:
    @functools.wraps(view)
    def under_lock(**names: str) -> Response:
        with lock:
            return view(**names)

    return under_lock


class _Reader:
    """Answers reading calls from the state, as the request's viewer may see it."""

    def __init__(self, state: State, access: Access) -> None:
        self._state = state
        self._access = access

    def instance(self) -> Response:
        return _answer(_instance(len([one for one in self._state.accounts.values() if one.is_local])))

    def verify_credentials(self) -> Response:
        return _answer(own_account_entity(self._access.user("profile", "read:accounts")))

    def lookup(self) -> Response:
        acct = request.args["acct"].removeprefix("@").lower().removesuffix(f"@{MASTODON_DOMAIN}")
        self._access.viewer("read:accounts")
        return _answer(account_entity(_found(self._state.by_acct.get(acct))))

    def account(self, number: str) -> Response:
        self._access.viewer("read:accounts")
        return _answer(account_entity(self._account(number)))

    def accounts(self) -> Response:
        self._access.viewer("read:accounts")
        known = (self._state.accounts.get(one) for one in _numbers(request.args.getlist("id[]")))
        return _answer([account_entity(account) for account in known if account])

    def status(self, number: str) -> Response:
        viewer = self._access.viewer("read:statuses")
        return _answer(status_entity(self._status(number, viewer), viewer))

    def statuses(self) -> Response:
        viewer = self._access.viewer("read:statuses")
        known = (self._state.statuses.get(one) for one in _numbers(request.args.getlist("id[]")))
        return _answer([status_entity(one, viewer) for one in known if one and may_see(one, viewer)])

    def context(self, number: str) -> Response:
        viewer = self._access.viewer("read:statuses")
        return _answer(context(self._status(number, viewer), viewer))

    def account_statuses(self, number: str) -> Response:
        viewer = self._access.viewer("read:statuses")
        account = self._account(number)
        if is_asked("pinned"):
            return _answer([])
        return self._status_page(account.statuses, viewer, _wanted, is_always_next=False)

    def tag_timeline(self, hashtag: str) -> Response:
        viewer = self._access.viewer("read:statuses")
        tags = {hashtag.lower(), *(tag.lower() for tag in request.args.getlist("any[]"))}
        ids: Sequence[int] = self._state.by_tag.get(hashtag.lower(), [])
        if len(tags) > 1:
            ids = sorted({number for tag in tags for number in self._state.by_tag.get(tag, ())})
        return self._status_page(ids, viewer, _wanted_on_tag, is_always_next=True)

    def _status_page(
        self,
        ids: Sequence[int],
        viewer: Account | None,
        wanted: Callable[[Status], bool],
        *,
        is_always_next: bool,
    ) -> Response:
        def keep(number: int) -> bool:
            status = self._state.statuses[number]
            return may_see(status, viewer) and wanted(status)

        count = paging.limit(STATUSES)
        page = paging.window(ids, count, keep)
        link = paging.link_header(page, has_next=is_always_next or len(page) == count)
        return _answer([status_entity(self._state.statuses[one], viewer) for one in page], link)

    def notifications(self) -> Response:
        viewer = self._access.user("read:notifications")
        wanted = set(request.args.getlist("types[]"))
        unwanted = set(request.args.getlist("exclude_types[]"))
        by_account = request.args.get("account_id")

        def keep(number: int) -> bool:
            return by_account is None or str(self._state.notifications[number].account.id) == by_account

        lists = [
            ids
            for kind, ids in viewer.notifications.items()
            if (not wanted or kind in wanted) and kind not in unwanted
        ]
        page = paging.merged_window(lists, paging.limit(NOTIFICATIONS), keep)
        entities = [notification_entity(self._state.notifications[one], viewer) for one in page]
        # the real server offers a next page after every page that is not empty
        return _answer(entities, paging.link_header(page, has_next=True))

    def followers(self, number: str) -> Response:
        self._access.viewer("read:accounts", "read:follows")
        return _account_page(self._account(number).followers)

    def favourited_by(self, number: str) -> Response:
        viewer = self._access.viewer("read:statuses", "read:accounts")
        return _account_page(self._status(number, viewer).favourites)

    def reblogged_by(self, number: str) -> Response:
        viewer = self._access.viewer("read:statuses", "read:accounts")
        boosts = self._status(number, viewer).reblogs.values()
        return _account_page({boost.id: boost.account for boost in sorted(boosts, key=lambda one: one.id)})

    def search(self) -> Response:
        viewer = self._access.viewer("read:search")
        if viewer is None and ("offset" in request.args or is_asked("resolve")):
            sentence = "Search queries pagination is not supported without authentication"
            raise RefusedError(401, sentence)
        return _answer(search(self._state, viewer, request.args, paging.limit(20)))

    def _account(self, number: str) -> Account:
        return _found(self._state.accounts.get(next(iter(_numbers([number])), -1)))

    def _status(self, number: str, viewer: Account | None) -> Status:
        status = _found(self._state.statuses.get(next(iter(_numbers([number])), -1)))
        # what one may not see is as if it were not there
        return _found(status if may_see(status, viewer) else None)


def _found(thing: Found | None) -> Found:
    if thing is None:
        raise RefusedError(404, NOT_FOUND)
    return thing


def _numbers(texts: Sequence[str]) -> list[int]:
    return [int(text) for text in dict.fromkeys(texts) if text.isascii() and text.isdigit()]


def _account_page(rows: dict[int, Account]) -> Response:
    """Page through accounts by the row that put them on the list; the ids in the Link are internal."""
    count = paging.limit(ACCOUNTS)
    page = paging.window(list(rows), count, lambda _: True, both_ways=False)
    link = paging.link_header(page, has_next=len(page) == count, back_by="since_id")
    return _answer([account_entity(rows[row]) for row in page], link)


def _wanted(status: Status) -> bool:
    is_to_other = status.in_reply_to_account not in {None, status.account}
    if is_asked("exclude_replies") and is_to_other:
        return False
    if is_asked("exclude_reblogs") and status.reblog_of:
        return False
    if is_asked("only_media") and not status.has_picture:
        return False
    tagged = request.args.get("tagged")
    return tagged is None or tagged.lower() in {tag.lower() for tag in status.tags}


def _wanted_on_tag(status: Status) -> bool:
    tags = {tag.lower() for tag in status.tags}
    if status.visibility != "public" or (is_asked("only_media") and not status.has_picture):
        return False
    if is_asked("local") and not status.account.is_local:
        return False
    if is_asked("remote") and status.account.is_local:
        return False
    lacks_one = any(tag.lower() not in tags for tag in request.args.getlist("all[]"))
    return not lacks_one and not any(tag.lower() in tags for tag in request.args.getlist("none[]"))


def _instance(users: int) -> dict[str, Any]:
    contact = f"admin@{MASTODON_DOMAIN}"
    return {
        "domain": MASTODON_DOMAIN,
        "title": "Social Example",
        "version": VERSION,
        "source_url": "https://github.com/mastodon/mastodon",
        "description": "A sandbox: everybody here is invented.",
        "usage": {"users": {"active_month": users}},
        "thumbnail": {"url": f"https://{MASTODON_DOMAIN}/preview.png"},
        "icon": [],
        "languages": ["de"],
        "configuration": {
            "urls": {"streaming": f"wss://{MASTODON_DOMAIN}", "status": None},
            "accounts": {"max_featured_tags": 10, "max_pinned_statuses": 5},
            "statuses": {"max_characters": 500, "max_media_attachments": 4, "characters_reserved_per_url": 23},
        },
        "registrations": {"enabled": False, "approval_required": False, "message": None, "url": None},
        "api_versions": {"mastodon": 7},
        "contact": {"email": contact, "account": None},
        "rules": [],
    }
