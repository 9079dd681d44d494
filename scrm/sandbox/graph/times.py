"""Times as Graph-style servers write and read them."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from scrm.sandbox.graph.errors import BadRequestError


def stamp(at: datetime) -> str:
    """Write `2017-06-06T18:04:10+0000`: whole seconds, the offset without a colon (Graph API overview, v18)."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")


def seconds(at: datetime) -> int:
    return int(at.timestamp())


def milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def moment(text: str, name: str) -> datetime:
    """Read a `datetime` parameter: Unix seconds or an ISO time; the real server takes more words than these."""
    if re.fullmatch(r"\d{1,11}", text):
        return datetime.fromtimestamp(int(text), UTC)
    try:
        read = datetime.fromisoformat(text)
    except ValueError as exc:
        raise BadRequestError(100, message=f"(#100) Param {name} must be a valid date/time") from exc
    return read if read.tzinfo else read.replace(tzinfo=UTC)
