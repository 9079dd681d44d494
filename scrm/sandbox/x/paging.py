"""Pages, newest first, and the opaque tokens that lead from one to the next and back.

docs.x.com, pagination, read 2026-11-23. A token remembers the place in the list, not a number of items, so that what
arrives meanwhile moves nothing. What the viewer may not see is left out after a page is cut: a short page is not the
end.
"""

from __future__ import annotations

import base64
import hashlib
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scrm.sandbox.x.errors import invalid

if TYPE_CHECKING:
    from collections.abc import Sequence

CHECK = 6


@dataclass(frozen=True, kw_only=True)
class Page:
    """Numbers of one page, newest first, and the ways on."""

    numbers: list[int]
    next_token: str | None
    previous_token: str | None

    def meta(self, shown: Sequence[dict[str, Any]] | None = None) -> dict[str, Any]:
        """Return the meta part; with the posts shown, their newest and oldest id too."""
        count = len(self.numbers) if shown is None else len(shown)
        ids = {"newest_id": shown[0]["id"], "oldest_id": shown[-1]["id"]} if shown else {}
        tokens = {"next_token": self.next_token, "previous_token": self.previous_token}
        return {"result_count": count, **ids, **{name: token for name, token in tokens.items() if token}}


def cut(numbers: Sequence[int], size: int, token: str | None, *, of: str, name: str = "pagination_token") -> Page:
    """Return one page of an ascending list; `of` names the list, so that a token fits no other."""
    low, high = 0, len(numbers)
    if token is not None:
        direction, place = _read(token, of, name)
        if direction == "p":
            low = bisect_right(numbers, place)
            high = min(len(numbers), low + size)
        else:
            high = bisect_left(numbers, place)
    low = max(low, high - size)
    page = list(reversed(numbers[low:high]))
    return Page(
        numbers=page,
        next_token=_token("n", page[-1], of) if page and low > 0 else None,
        previous_token=_token("p", page[0], of) if page and high < len(numbers) else None,
    )


def _token(direction: str, place: int, of: str) -> str:
    plain = f"{direction}{place}"
    return base64.b32encode(f"{plain}.{_check(plain, of)}".encode()).decode().rstrip("=").lower()


def _check(plain: str, of: str) -> str:
    return hashlib.sha256(f"{plain} {of}".encode()).hexdigest()[:CHECK]


def _read(token: str, of: str, name: str) -> tuple[str, int]:
    try:
        text = base64.b32decode(token.upper() + "=" * (-len(token) % 8)).decode()
    except ValueError:
        text = ""
    plain, _, check = text.partition(".")
    if not plain or check != _check(plain, of):
        raise invalid(name, token, f"The `{name}` query parameter value [{token}] is not valid")
    return plain[0], int(plain[1:])
