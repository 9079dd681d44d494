"""Mark mentions, links and tags in a post's text; positions count UTF-8 bytes, not characters.

Lexicon: app.bsky.richtext.facet (bluesky-social/atproto @d6296a1c, read 2026-11-23).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

LINK = re.compile(r"https?://[^\s<>\"]*[^\s<>\".,;:!?)\]]")
TAG = re.compile(r"(?<!\S)#(\w[\w-]*)")


def mentioning(text: str, names: Sequence[tuple[str, str]]) -> str:
    """Return the text with `@handle` before it for everybody it does not name; names are (handle, short)."""
    absent = [handle for handle, short in names if _span(text, (handle, short)) is None]
    return "".join(f"@{handle} " for handle in absent) + text


def facets(text: str, mentions: Sequence[tuple[tuple[str, str], str]]) -> list[dict[str, object]]:
    """Return the facets; `mentions` are ((handle, short), did)."""
    found: list[tuple[int, int, dict[str, object]]] = []
    for names, did in mentions:
        if span := _span(text, names):
            found.append((*span, {"$type": "app.bsky.richtext.facet#mention", "did": did}))
    found += [
        (*match.span(), {"$type": "app.bsky.richtext.facet#link", "uri": match[0]}) for match in LINK.finditer(text)
    ]
    found += [
        (*match.span(), {"$type": "app.bsky.richtext.facet#tag", "tag": match[1]}) for match in TAG.finditer(text)
    ]
    return [_facet(text, start, end, feature) for start, end, feature in sorted(found, key=lambda one: one[0])]


def _span(text: str, names: tuple[str, str]) -> tuple[int, int] | None:
    for name in names:
        if match := _mention(name).search(text):
            return match.span()
    return None


@lru_cache(maxsize=4096)
def _mention(name: str) -> re.Pattern[str]:
    # "@anna" is not named by "@anna-maria"
    return re.compile(rf"(?<!\w)@{re.escape(name)}(?![\w-])", re.IGNORECASE)


def _facet(text: str, start: int, end: int, feature: dict[str, object]) -> dict[str, object]:
    first = len(text[:start].encode())
    return {
        "index": {"byteStart": first, "byteEnd": first + len(text[start:end].encode())},
        "features": [feature],
    }
