"""Record ids of an org: 15 characters that tell capitals apart, and 3 more that do so for programs that do not.

https://help.salesforce.com/s/articleView?id=000385585, checked against three recorded ids, read 2026-11-24.
"""

from __future__ import annotations

import re

CHECK = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
ID = re.compile(r"[A-Za-z0-9]{15}([A-Za-z0-9]{3})?")
# two characters name the instance; real ones have more capitals than a number alone would give
INSTANCE = "Nw0"
WIDTH = 9


def long_id(short: str) -> str:
    """Return the 18 characters of a 15-character id."""
    check = ""
    for start in (0, 5, 10):
        bits = sum(1 << place for place, sign in enumerate(short[start : start + 5]) if "A" <= sign <= "Z")
        check += CHECK[bits]
    return short + check


def normal_id(text: str) -> str | None:
    """Return the 18-character form of an id, or None where it is none or its check characters are wrong."""
    if not ID.fullmatch(text):
        return None
    full = long_id(text[:15])
    return full if len(text) == 15 or text[15:].upper() == full[15:] else None


class Ids:
    """Makes ids, each prefix with its own count; numbers are spread so that capitals occur."""

    def __init__(self) -> None:
        self._last: dict[str, int] = {}

    def new(self, prefix: str) -> str:
        number = self._last[prefix] = self._last.get(prefix, 0) + 1
        # odd and without a common factor with 62, so no two numbers meet within 62 ** 9
        spread = number * 7_919_143 % len(DIGITS) ** WIDTH
        text = ""
        for _ in range(WIDTH):
            spread, digit = divmod(spread, len(DIGITS))
            text = DIGITS[digit] + text
        return long_id(prefix + INSTANCE + text)
