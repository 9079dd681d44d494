"""What X makes of a text: links become t.co links, mentions, hashtags and links become entities.

Positions count code points. A text of more than 280 signs is cut, and stands whole in the note (data dictionary of
docs.x.com, from memory, 2026-11-24).
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

TOKEN = re.compile(
    r"(?P<url>https?://[^\s<>]+)|(?<!\w)@(?P<name>[A-Za-z0-9_]{1,15})|(?<![\w&/])#(?P<tag>\w*[^\W\d]\w*)"
)
LONGEST = 280
SHOWN_OF_A_LINK = 26


def short_link(url: str) -> str:
    digest = hashlib.sha256(url.encode()).hexdigest()
    return f"https://t.co/{digest[:10]}"


def url_entity(url: str, start: int) -> dict[str, Any]:
    shown = url.split("://", 1)[-1].rstrip("/")
    short = short_link(url)
    return {
        "start": start,
        "end": start + len(short),
        "url": short,
        "expanded_url": url,
        "display_url": shown if len(shown) <= SHOWN_OF_A_LINK else f"{shown[:SHOWN_OF_A_LINK]}…",
    }


def render(text: str, known: Mapping[str, int]) -> tuple[str, dict[str, list[dict[str, Any]]]]:
    """Return the text with its links shortened, and its entities; `known` gives ids of handles in small letters."""
    shown, end = "", 0
    entities: dict[str, list[dict[str, Any]]] = {}
    for match in TOKEN.finditer(text):
        shown += text[end : match.start()]
        end = match.end()
        start = len(shown)
        if match["url"]:
            entities.setdefault("urls", []).append(url_entity(match["url"], start))
            shown += short_link(match["url"])
            continue
        shown += match[0]
        place = {"start": start, "end": len(shown)}
        if match["tag"]:
            entities.setdefault("hashtags", []).append({**place, "tag": match["tag"]})
        elif match["name"].lower() in known:
            number = str(known[match["name"].lower()])
            entities.setdefault("mentions", []).append({**place, "username": match["name"], "id": number})
    return shown + text[end:], entities


def mentioned_handles(text: str) -> tuple[str, ...]:
    """Return the handles a text names, each once, in small letters."""
    return tuple(dict.fromkeys(match["name"].lower() for match in TOKEN.finditer(text) if match["name"]))


def hashtags(text: str) -> frozenset[str]:
    return frozenset(match["tag"].lower() for match in TOKEN.finditer(text) if match["tag"])


def cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def leading_mentions(text: str) -> int:
    """Return where the text proper begins, after the handles an answer starts with."""
    match = re.match(r"(?:@[A-Za-z0-9_]{1,15}\s+)*", text)
    return match.end() if match else 0
