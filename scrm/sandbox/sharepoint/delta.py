"""What changed since a mark: items of a list, and people.

A mark of a list that is too old, or of an earlier state of the server, is answered 410 with the address that begins
anew; one of people 400 `syncStateNotFound` after seven days. A feed is in the order of changes, so that an item
that changes while it is read comes again (learn.microsoft.com/graph/api/listitem-delta, read 2026-11-24;
devblogs.microsoft.com/microsoft365dev, 2020-07-03). How long a list's mark is good is documented nowhere.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from flask import Response, jsonify, request

from scrm.sandbox.sharepoint import entities
from scrm.sandbox.sharepoint.errors import OutOfSpecError, RefusedError
from scrm.sandbox.sharepoint.graph import PAGE_SIZE, base, full_item, with_chosen_fields
from scrm.sandbox.sharepoint.odata import Entity, asked, decoded, encoded, link, top

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from scrm.sandbox.sharepoint.graph import Reader
    from scrm.sandbox.sharepoint.state import SiteList, State

MARK_LIFE = timedelta(days=30)
USER_MARK_LIFE = timedelta(days=7)
USERS_PAGE = 100
IN_PATH = re.compile(r"\(token=[^)]*\)")


class Delta:
    """Answers the calls for changes; the caller holds the lock."""

    def __init__(self, state: State, reader: Reader, clock: Callable[[], datetime]) -> None:
        self._state = state
        self._reader = reader
        self._clock = clock
        self.reset_code = "resyncChangesApplyDifferences"

    def views(self) -> Mapping[str, Callable[..., Response]]:
        return {
            "items_delta": self.items,
            "items_delta_from": self.items_from,
            "users_delta": self.users,
        }

    def items(self, site: str, list_id: str) -> Response:
        return self._items(self._reader.list_in(site, list_id), asked("token"))

    def items_from(self, site: str, list_id: str, token: str) -> Response:
        return self._items(self._reader.list_in(site, list_id), token)

    def _items(self, of: SiteList, mark: str) -> Response:
        entities.ITEM.check()
        if mark == "latest":
            return jsonify(
                {**_context("listItem"), "@odata.deltaLink": self._items_link(of, of.sequence), "value": []}
            )
        text = asked("$skiptoken") or mark
        since = self._since(of, text) if text else 0
        entries = self._changed_items(of, since, is_first=not text)
        size = top(PAGE_SIZE, PAGE_SIZE)
        value = [entry for _, entry in entries[:size]]
        if len(entries) > size:
            more = {"@odata.nextLink": link(skiptoken=self._mark(of.generation, entries[size - 1][0]))}
        else:
            more = {"@odata.deltaLink": self._items_link(of, of.sequence)}
        return jsonify({**_context("listItem"), **more, "value": value})

    def _items_link(self, of: SiteList, sequence: int) -> str:
        address = _fresh_address()
        return f"{address}{'' if address.endswith('?') else '&'}token={self._mark(of.generation, sequence)}"

    def _changed_items(self, of: SiteList, since: int, *, is_first: bool) -> list[tuple[int, Entity]]:
        found = [
            (item.sequence, with_chosen_fields(entities.ITEM.shape(full_item(item))))
            for item in of.items.values()
            if item.sequence > since
        ]
        for number, sequence in () if is_first else of.removed.items():
            if sequence > since:
                gone = {"id": str(number), "parentReference": {"siteId": of.site.id}, "deleted": {"state": "deleted"}}
                found.append((sequence, gone))
        return sorted(found, key=lambda entry: entry[0])

    def _since(self, of: SiteList, text: str) -> int:
        generation, sequence, at = _read(text)
        if generation != of.generation or self._clock() - at > MARK_LIFE:
            raise RefusedError(self.reset_code, headers={"Location": _fresh_address()})
        return sequence

    def _mark(self, generation: int, sequence: int) -> str:
        return encoded(f"{generation};{sequence};{self._clock().isoformat()}")

    def users(self) -> Response:
        entities.USERS.check()
        text = asked("$skiptoken") or asked("$deltatoken")
        if text == "latest":
            return jsonify({**_context("user"), "@odata.deltaLink": self._users_link(), "value": []})
        since = self._users_since(text) if text else 0
        changed = sorted(
            (one for one in self._state.users.values() if one.sequence > since), key=lambda one: one.sequence
        )
        found = [
            (one.sequence, _without_nothing(entities.USERS.shape(entities.user(one, base())))) for one in changed
        ]
        if len(found) > USERS_PAGE:
            more = {"@odata.nextLink": link(skiptoken=self._mark(self._state.generation, found[USERS_PAGE - 1][0]))}
        else:
            more = {"@odata.deltaLink": self._users_link()}
        return jsonify({**_context("user"), **more, "value": [entry for _, entry in found[:USERS_PAGE]]})

    def _users_link(self) -> str:
        mark = self._mark(self._state.generation, self._state.sequence)
        return (
            f"{request.base_url}?$deltatoken={mark}{f'&$select={selected}' if (selected := asked('$select')) else ''}"
        )

    def _users_since(self, text: str) -> int:
        generation, sequence, at = _read(text)
        if generation != self._state.generation or self._clock() - at > USER_MARK_LIFE:
            raise RefusedError("syncStateNotFound")
        return sequence


def _fresh_address() -> str:
    """Return the address that begins anew, with the options of the current one."""
    return IN_PATH.sub("", link())


def _read(text: str) -> tuple[int, int, datetime]:
    try:
        generation, sequence, at = decoded(text).split(";")
        return int(generation), int(sequence), datetime.fromisoformat(at)
    except ValueError:
        raise OutOfSpecError("invalidRequest", "The provided token is not valid.") from None


def _context(name: str) -> Entity:
    return {"@odata.context": f"{request.url_root}v1.0/$metadata#Collection({name})"}


def _without_nothing(shown: Entity) -> Entity:
    """Leave out what is empty, as the feed of people does."""
    return {name: value for name, value in shown.items() if value is not None}
