"""Where reading of an org stands: per object a place in the order of changes, and a bulk job while one is read.

Changes are ordered by (SystemModstamp, Id). A transaction may commit after we have read past its time, so a round of
reading begins some minutes before the last change seen; what was handed on already is remembered as `seen`. Once the
last change is older than that, nothing can come late and the round begins exactly behind it.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from scrm.errors import CrmError

OVERLAP = timedelta(minutes=10)  # a transaction of Salesforce ends after ten minutes at the latest
SEEN_MOST = 1000  # more than that changed at once: some are handed on twice, which does no harm
FORMAT = "places-1"


@dataclass(frozen=True, kw_only=True)
class Job:
    """A bulk query whose results are being read."""

    id: str
    locator: str = ""
    skip: int = 0  # rows of the answer at `locator` that were handed on
    read: int = 0
    total: int = 0
    since: int  # when it was made; what changed later is read after it


@dataclass(frozen=True, kw_only=True)
class Place:
    """How far one object is read. Times in milliseconds since 1970, as Salesforce counts."""

    at: int | None = None  # None: nothing was read yet
    id: str = ""
    is_mid_round: bool = False
    is_open: bool = False  # changes at or before `at` may still come
    seen: Mapping[str, int] = field(default_factory=dict)
    job: Job | None = None

    def begins(self) -> tuple[int | None, str]:
        """From which place on the next rows are asked for."""
        if self.at is None or self.is_mid_round or not self.is_open:
            return self.at, self.id
        return self.at - _ms(OVERLAP), ""

    def knows(self, row_id: str, at: int) -> bool:
        return self.seen.get(row_id) == at

    def after(self, taken: Mapping[str, int], last: tuple[int, str] | None) -> "Place":
        """In the middle of a round: these rows were handed on, `last` is the last one looked at."""
        at, row_id = last or (self.at, self.id)
        return replace(self, at=at, id=row_id, is_mid_round=True, seen=self._remember(taken, at or 0))

    def ended(self, taken: Mapping[str, int], last: tuple[int, str] | None, now: datetime) -> "Place":
        """At the end of a round: all that changed until now was handed on."""
        at, row_id = self.at or 0, self.id
        if last is not None and last[0] >= at:
            at, row_id = last
        if at == 0:
            return self
        is_open = in_ms(now) - at <= _ms(OVERLAP)
        seen = self._remember(taken, at) if is_open else {}
        return replace(self, at=at, id=row_id, is_mid_round=False, is_open=is_open, seen=seen)

    def _remember(self, taken: Mapping[str, int], at: int) -> Mapping[str, int]:
        recent = [(one, row_id) for row_id, one in {**self.seen, **taken}.items() if one >= at - _ms(OVERLAP)]
        return {row_id: one for one, row_id in sorted(recent)[-SEEN_MOST:]}


def load(cursor: str | None) -> dict[str, Place]:
    """The places by object; raises CrmError when this is no cursor of ours."""
    if cursor is None:
        return {}
    try:
        return {name: _place(place) for name, place in json.loads(cursor)[FORMAT].items()}
    except (ValueError, TypeError, KeyError, AttributeError) as why:
        raise CrmError(f"the cursor of Salesforce: expected one of ours ({type(why).__name__})") from None


def dump(places: Mapping[str, Place]) -> str:
    """The same places always give the same text."""
    held = {name: {key: value for key, value in asdict(place).items() if value} for name, place in places.items()}
    return json.dumps({FORMAT: held}, sort_keys=True, separators=(",", ":"))


def in_ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def as_soql(at: int) -> str:
    """A time as queries name it."""
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at % 1000:03d}Z"


def _ms(span: timedelta) -> int:
    return int(span.total_seconds() * 1000)


def _place(held: Mapping[str, Any]) -> Place:
    job = held.get("job")
    return Place(**(dict(held) | {"job": Job(**job) if job else None}))
