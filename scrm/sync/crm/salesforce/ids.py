"""Record ids: 15 characters that tell upper from lower case, or the same 18 with a checksum that survives any case.

Source: facts on ids recorded from orgs, read 2026-11-24. We store and compare 18.
"""

import re

ID = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?", re.ASCII)
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
OBJECTS = {"001": "Account", "003": "Contact", "00Q": "Lead"}  # key prefixes, the same in every org


def full_id(text: str) -> str | None:
    """The id with 18 characters; None when this is no id."""
    if not ID.fullmatch(text):
        return None
    short = text[:15]
    groups = (short[start : start + 5] for start in (0, 5, 10))
    checks = (LETTERS[sum(1 << place for place, char in enumerate(group) if "A" <= char <= "Z")] for group in groups)
    return short + "".join(checks)


def object_of(record_id: str) -> str | None:
    """Which of the objects that we read this id belongs to; None when to none."""
    return OBJECTS.get(record_id[:3]) if full_id(record_id) else None
