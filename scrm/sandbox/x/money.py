"""What reading costs: every resource once a UTC day, reads of one's own account cheaper.

Prices, owned reads and what an event costs: docs.x.com, pricing, read 2026-11-24; the cap: the same, 2026-11-23.
That what expansions bring along is paid like the rest is inferred. Amounts are thousandths of a dollar.
"""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scrm.sandbox.x.errors import XError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

PRICES = {"post": 5, "user": 10, "dm_event": 10, "follower": 10, "like": 1, "count": 5}
OWNED_PRICE = 1
EVENT_PRICES = {
    "post.create": 5,
    "post.delete": 0,
    "post.mention.create": 5,  # like the three below not on the page, by the price of what they carry
    "post.reply.create": 5,
    "post.quote.create": 5,
    "post.repost.create": 5,
    "like.create": 1,
    "follow.follow": 10,
    "follow.unfollow": 10,
    "dm.received": 10,
    "dm.sent": 0,
    "oauth.revoke": 0,
}
PROFILE_EVENT_PRICE = 5
MONTHLY_CAP = 3_000_000


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One thing an answer brought."""

    kind: str
    id: str
    is_owned: bool = False


class Money:
    """The bill of one app."""

    def __init__(self, *, spend_limit: float | None, monthly_cap: int, prices: Mapping[str, int]) -> None:
        self.spend_limit = spend_limit
        self.monthly_cap = monthly_cap
        self._prices = {**PRICES, **prices}
        self._lock = threading.Lock()
        self._paid: set[tuple[str, str, str]] = set()
        self._charges: list[dict[str, Any]] = []
        self._spent: Counter[str] = Counter()  # by month
        self._posts: Counter[str] = Counter()  # by day
        self._calls: Counter[str] = Counter()

    def check(self, at: datetime) -> None:
        """Refuse a request when nothing is left to pay it."""
        with self._lock:
            if self.spend_limit is not None and self._spent[_month(at)] >= round(self.spend_limit * 1000):
                raise XError("credits-depleted")
            if self.posts_in_month(at) >= self.monthly_cap:
                raise XError("usage-capped")

    def posts_in_month(self, at: datetime) -> int:
        return sum(count for day, count in self._posts.items() if day.startswith(_month(at)))

    def posts_by_day(self) -> dict[str, int]:
        return dict(self._posts)

    def charge(self, resources: Iterable[Resource], at: datetime) -> None:
        """Put on the bill what was not paid for today."""
        with self._lock:
            for one in resources:
                price = OWNED_PRICE if one.is_owned else self._prices[one.kind]
                self._charge(one.kind, one.id, price, at, is_owned=one.is_owned)

    def charge_event(self, event_type: str, uuid: str, at: datetime) -> None:
        price = PROFILE_EVENT_PRICE if event_type.startswith("profile.") else EVENT_PRICES[event_type]
        with self._lock:
            self._charge(f"event {event_type}", uuid, price, at, is_owned=False)

    def _charge(self, kind: str, number: str, price: int, at: datetime, *, is_owned: bool) -> None:
        day = at.date().isoformat()
        # a follower is a user; whoever was paid for as one is not paid for as the other
        key = (day, "user" if kind == "follower" else kind, number)
        if key in self._paid:
            return
        self._paid.add(key)
        self._spent[_month(at)] += price
        if kind == "post":
            self._posts[day] += 1
        self._charges.append({"day": day, "kind": kind, "id": number, "price": price / 1000, "is_owned": is_owned})

    def count_call(self, path: str) -> None:
        with self._lock:
            self._calls[path] += 1

    def charges(self) -> list[dict[str, Any]]:
        """Return every charge: day, kind, id, price in dollars, and whether it was an owned read."""
        with self._lock:
            return [dict(charge) for charge in self._charges]

    def usage(self, at: datetime) -> dict[str, Any]:
        """Return what this month cost in dollars, what remains, and how often each call was made."""
        with self._lock:
            spent = self._spent[_month(at)] / 1000
            return {
                "spent": spent,
                "spend_limit": self.spend_limit,
                "posts": self.posts_in_month(at),
                "monthly_cap": self.monthly_cap,
                "calls": dict(self._calls),
            }


def _month(at: datetime) -> str:
    return at.date().isoformat()[:7]
