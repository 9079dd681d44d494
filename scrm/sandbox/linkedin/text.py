"""How LinkedIn writes mentions and hashtags: "little text" in posts, attributes beside the text in comments.

marketing/community-management/shares/little-text-format and comments-api (learn.microsoft.com/linkedin), from
memory, 2026-11-24.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from scrm.sandbox.linkedin.state import Organization

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scrm.sandbox.linkedin.state import Actor

HASHTAG = re.compile(r"(?<![\w&/])#(\w*[^\W\d]\w*)")
RESERVED = re.compile(r"[\\|{}@\[\]()<>#*_~]")


def plain(text: str, mentions: Sequence[Actor]) -> str:
    """Return the text as people read it: who is mentioned stands in front, unless the text says the name."""
    return " ".join([*(one.name for one in mentions if one.name not in text), text])


def commentary(text: str, mentions: Sequence[Actor]) -> str:
    """Return the text of a post as the API gives it: elements for mentions and hashtags, the rest escaped."""
    whole = plain(text, mentions)
    names = {one.name: one.urn for one in mentions}
    tokens = "|".join([*(re.escape(name) for name in names), HASHTAG.pattern])
    written, end = [], 0
    for match in re.finditer(tokens, whole):
        written.append(_escaped(whole[end : match.start()]))
        urn = names.get(match[0])
        written.append(f"@[{match[0]}]({urn})" if urn else f"{{hashtag|\\#|{match[1]}}}")
        end = match.end()
    return "".join([*written, _escaped(whole[end:])])


def message(text: str, mentions: Sequence[Actor]) -> dict[str, Any]:
    """Return the text of a comment with where in it somebody is named, counted in UTF-16 units."""
    whole = plain(text, mentions)
    attributes = []
    for one in mentions:
        kind = "organization" if isinstance(one, Organization) else "person"
        start = _units(whole[: whole.index(one.name)])
        attributes.append({"start": start, "length": _units(one.name), "value": {kind: {kind: one.urn}}})
    return {"attributes": attributes, "text": whole}


def _escaped(text: str) -> str:
    return RESERVED.sub(lambda match: f"\\{match[0]}", text)


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
