"""What X's ids tell: their order, and the time at which they were given.

An id holds the milliseconds since 4 November 2010 above 22 other bits; ids of before then are small numbers without a
time (from memory; samples of docs.x.com, event payloads, read 2026-11-24, agree).
"""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(2010, 11, 4, 1, 42, 54, 657000, tzinfo=UTC)
SHIFT = 22
FIRST_WITH_TIME = 1 << 40


def order(native: str) -> int:
    """A number by which ids sort; what is no id comes before all."""
    return int(native) if native.isascii() and native.isdigit() and len(native) < 20 else -1


def moment(native: str | None) -> datetime | None:
    """When an id was given, for those that tell."""
    number = order(native or "")
    return EPOCH + timedelta(milliseconds=number >> SHIFT) if number >= FIRST_WITH_TIME else None


def first_id_at(at: datetime) -> str:
    """The lowest id of that millisecond."""
    return str(((at - EPOCH) // timedelta(milliseconds=1)) << SHIFT)
