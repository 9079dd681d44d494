"""Jive's times: `2012-01-31T19:13:29.851+0000`; those of a request may have Z or a colon, too.

From SearchService and DeletedObjectService on developers.jivesoftware.com, read 2026-11-24.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:?\d{2})")


def stamp(at: datetime) -> str:
    return f"{at.astimezone(UTC).isoformat(timespec='milliseconds').removesuffix('+00:00')}+0000"


def moment(text: str) -> datetime | None:
    """Read a time, or return None when it is none: a plus sign sent bare arrives as a blank and is none."""
    if not TIME.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def shown(at: datetime) -> datetime:
    """The time as it is shown, to the millisecond, for comparisons with what was read from the API."""
    return at.replace(microsecond=at.microsecond // 1000 * 1000)
