"""Lists that come newest first and can be asked for what is newer than one id and older than another.

A walk goes down from the newest item to the newest one of the last complete walk (`since`). Only when it has arrived
there does `since` move up, so a walk that is cut off leaves no hole: it goes on below the oldest item seen (`until`).
A page's own token is followed only where the page was empty though more is waiting, because tokens expire.
docs.x.com, pagination, read 2026-11-23.
"""

from dataclasses import dataclass
from datetime import datetime

from scrm.connectors.base import Api
from scrm.connectors.paging import pack, unpack
from scrm.connectors.x.client import Listing, PlaceLostError, listing
from scrm.connectors.x.ids import order
from scrm.connectors.x.vocabulary import Query
from scrm.errors import RetryLaterError


@dataclass(frozen=True, kw_only=True)
class Walk:
    """How far a list was read, and how far the walk under way has come."""

    since: str | None = None
    at: str | None = None  # when the last complete walk began
    newest: str | None = None
    until: str | None = None
    token: str | None = None
    began: str | None = None  # when the walk under way began
    count: int = 0  # items it has seen

    @classmethod
    def parse(cls, cursor: str | None) -> "Walk":
        """Read a stored cursor. Raises PayloadError."""
        fields = unpack(cursor)
        return cls(
            since=fields.optional_text("since"),
            at=fields.optional_text("at"),
            newest=fields.optional_text("newest"),
            until=fields.optional_text("until"),
            token=fields.optional_text("token"),
            began=fields.optional_text("began"),
            count=order(fields.optional_text("count") or "0"),
        )

    def text(self) -> str:
        return pack(
            {
                "since": self.since,
                "at": self.at,
                "newest": self.newest,
                "until": self.until,
                "token": self.token,
                "began": self.began,
                "count": str(self.count) if self.count else None,
            }
        )

    @property
    def is_under_way(self) -> bool:
        return self.until is not None or self.token is not None

    def has_more(self, after: "Walk") -> bool:
        """Whether to read on: also at once after a walk that found something, for what came in the meantime.

        A request that finds nothing costs nothing.
        """
        return after.is_under_way or after.since != self.since

    def query(self) -> Query:
        """The parameters of the next page."""
        wanted = {"since_id": self.since, "until_id": self.until, "pagination_token": self.token}
        return [(name, value) for name, value in wanted.items() if value]

    def after(self, page: Listing, began: datetime) -> "Walk":
        """The state after a page."""
        ids = sorted(page.ids, key=order)
        newest = max([one for one in (self.newest, *ids[-1:]) if one], key=order, default=None)
        if page.next_token is None:
            since = max([one for one in (self.since, newest) if one], key=order, default=None)
            return Walk(since=since, at=self.began or began.isoformat())
        if ids and self.until is not None and order(ids[0]) >= order(self.until):
            raise RetryLaterError("the list does not move")
        if not ids and page.next_token == self.token:
            raise RetryLaterError("the next page leads to itself")
        return Walk(
            since=self.since,
            at=self.at,
            newest=newest,
            until=ids[0] if ids else self.until,
            token=None if ids else page.next_token,
            began=self.began or began.isoformat(),
            count=self.count + len(page.data),
        )


def step(api: Api, path: str, query: Query, walk: Walk) -> tuple[Listing, Walk]:
    """The next page of a walk, and the state after it."""
    try:
        page = listing(api, path, [*query, *walk.query()])
    except PlaceLostError:
        if walk.token is None:
            raise
        walk = Walk(
            since=walk.since, at=walk.at, newest=walk.newest, until=walk.until, began=walk.began, count=walk.count
        )
        page = listing(api, path, [*query, *walk.query()])
    try:
        return page, walk.after(page, api.now())
    except RetryLaterError as why:
        why.network = api.network
        raise
