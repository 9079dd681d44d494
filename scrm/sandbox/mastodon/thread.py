"""The thread around a status: what it answers, and what answers it.

Anonymous viewers get 40 ancestors and 60 descendants to a depth of 20 (docs.joinmastodon.org, 2026-11-24).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scrm.sandbox.mastodon.entities import may_see, status_entity

if TYPE_CHECKING:
    from scrm.sandbox.mastodon.state import Account, Status

LIMITS = {"known": (4096, 4096, 4096), "anonymous": (40, 60, 20)}


def context(status: Status, viewer: Account | None) -> dict[str, list[dict[str, Any]]]:
    most_above, most_below, deepest = LIMITS["known" if viewer else "anonymous"]
    above: list[Status] = []
    parent = status.in_reply_to
    while parent and len(above) < most_above:
        above.append(parent)
        parent = parent.in_reply_to
    below = _below(status, most_below, deepest)
    return {
        "ancestors": [status_entity(one, viewer) for one in reversed(above) if may_see(one, viewer)],
        "descendants": [status_entity(one, viewer) for one in below if may_see(one, viewer)],
    }


def _below(status: Status, most: int, deepest: int) -> list[Status]:
    """Return answers depth first, each branch in the order it was written."""
    found: list[Status] = []
    waiting = [(reply, 1) for reply in reversed(status.replies)]
    while waiting and len(found) < most:
        reply, depth = waiting.pop()
        found.append(reply)
        if depth < deepest:
            waiting += [(one, depth + 1) for one in reversed(reply.replies)]
    return found
