"""Search over items: `POST /search/query` with one request for list items.

A hit's rank counts from 1; a page has 25 hits, 500 at most, and nothing is reachable beyond the first thousand
(microsoft-graph metadata of 2026-08-20, read 2026-11-23; the numbers from memory). Only words that stand in title or
text are understood, all of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Response, jsonify, request

from scrm.sandbox.sharepoint.errors import OutOfSpecError
from scrm.sandbox.sharepoint.gate import reader
from scrm.sandbox.sharepoint.graph import full_item
from scrm.sandbox.sharepoint.odata import narrowed

if TYPE_CHECKING:
    from scrm.sandbox.sharepoint.state import Item, State

SIZE, MOST_SIZE, REACH = 25, 500, 1_000
KNOWN = frozenset({"entityTypes", "query", "from", "size", "fields", "sortProperties", "enableTopResults"})


class Search:
    """Answers the search; the caller holds the lock."""

    def __init__(self, state: State) -> None:
        self._state = state

    def query(self) -> Response:
        asked: list[dict[str, Any]] = request.get_json()["requests"]
        if len(asked) != 1:
            raise OutOfSpecError("badRequest", "Only one search request is supported at a time.")
        return jsonify({"value": [self._response(asked[0])]})

    def _response(self, one: dict[str, Any]) -> dict[str, Any]:
        start, size = one.get("from", 0), one.get("size", SIZE)
        words = str(one.get("query", {}).get("queryString", "")).lower().split()
        is_possible = isinstance(start, int) and isinstance(size, int) and 0 < size <= MOST_SIZE and start >= 0
        if set(one) - KNOWN or not words or not is_possible or start + size > REACH:
            raise OutOfSpecError("badRequest", "The search request is not valid.")
        if one.get("entityTypes") != ["listItem"]:
            raise OutOfSpecError("badRequest", "The sandbox searches list items only.")
        found = [item for item in self._items() if all(word in f"{item.title} {item.text}".lower() for word in words)]
        hits = [
            _hit(item, rank, one.get("fields", []))
            for rank, item in enumerate(found[start : start + size], start=start + 1)
        ]
        container = {"total": len(found), "moreResultsAvailable": start + size < len(found), "hits": hits}
        return {"searchTerms": words, "hitsContainers": [container]}

    def _items(self) -> list[Item]:
        return [
            item
            for site in self._state.sites.values()
            if site.is_for(reader())
            for of in site.lists.values()
            for item in of.items.values()
        ]


def _hit(item: Item, rank: int, names: list[str]) -> dict[str, Any]:
    resource = full_item(item)
    resource["fields"] = narrowed(resource["fields"], names) if names else {}
    return {
        "hitId": item.unique_id,
        "rank": rank,
        "summary": item.text[:100],
        "resource": {"@odata.type": "#microsoft.graph.listItem", **resource},
    }
