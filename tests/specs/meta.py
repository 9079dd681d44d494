"""Whether requests to Graph-style APIs name only edges and fields that Meta's own client library knows."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from tests.specs.asked import Call

ID = re.compile(r"me|[0-9_{}]+|[A-Za-z]*_?[0-9][\w.:=-]*")
UNTYPED = {"messages", "conversations"}  # the library gives their objects no fields
APART = {"access_token", "oauth", "debug_token", "refresh_access_token"}  # of the login, not objects


@cache
def _objects(document: Path) -> dict[str, dict[str, Any]]:
    found = json.loads(document.read_text(encoding="utf-8"))
    return {name: one for name, one in found.items() if not name.startswith("_")}


def refusal(call: Call, document: Path) -> str | None:
    """What the request names and the library does not know; None when there is nothing."""
    objects = _objects(document)
    edges = {(edge["endpoint"] or "").strip("/") for one in objects.values() for edge in one["edges"].values()}
    parts = [part for part in call.path.split("/") if part and not re.fullmatch(r"v[0-9.]+", part)]
    if not parts or parts[0] in APART:
        return None
    named = [part for part in parts[1:] if not ID.fullmatch(part)]
    unknown = [f"edge {part}" for part in named if part not in edges]
    if UNTYPED & set(named):
        return "; ".join(unknown) or None
    known = {field for one in objects.values() for field in one["fields"]} | {"summary", "data"}
    wanted = dict(call.query).get("fields", "")
    unknown += [f"field {field}" for field in field_names(wanted) if field not in known | edges]
    return "; ".join(unknown) or None


def field_names(text: str) -> Iterator[str]:
    """Every name in a list of fields, those of nested objects too: `a,b.limit(5){c,d}` names a, b, c and d."""
    plain = re.sub(r"\.\w+\([^)]*\)", "", text)
    return (name for name in re.split(r"[,{}]", plain) if name)
