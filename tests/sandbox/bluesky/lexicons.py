"""Find the shared lexicons, and judge an answer by them: types, required fields, references and formats."""

import json
import os
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from scrm.sandbox.bluesky.checks import FORMATS, time

CHECKOUT = Path(__file__).resolve().parents[3]


def lexicons() -> Path:
    shared = Path(os.environ.get("SCRM_SHARED") or CHECKOUT.parent / "shared")
    folder = shared / "specs" / "atproto" / "lexicons"
    if not folder.is_dir():
        pytest.skip("the lexicons are not at hand (SCRM_SHARED)")
    return folder


@cache
def lexicon(nsid: str) -> dict[str, Any]:
    return json.loads((lexicons() / (nsid.replace(".", "/") + ".json")).read_text(encoding="utf-8"))["defs"]


PYTHON_TYPES = {"string": str, "integer": int, "boolean": bool, "array": list, "object": dict, "unknown": dict}


def faults(value: Any, schema: dict[str, Any], home: str, place: str) -> list[str]:
    """Return what is wrong with a value; `home` is the lexicon in which local references are looked up."""
    kind = schema["type"]
    if kind == "ref":
        return faults(value, *resolve(schema["ref"], home), place)
    if kind == "union":
        return union_faults(value, schema, home, place)
    if not isinstance(value, PYTHON_TYPES[kind]) or (kind == "integer" and isinstance(value, bool)):
        return [f"{place}: not {kind}"]
    if kind == "array":
        return [
            fault for i, item in enumerate(value) for fault in faults(item, schema["items"], home, f"{place}[{i}]")
        ]
    if kind == "object":
        return object_faults(value, schema, home, place)
    return format_faults(value, schema, place)


def resolve(ref: str, home: str) -> tuple[dict[str, Any], str]:
    nsid, _, name = ref.partition("#")
    nsid = nsid or home
    return lexicon(nsid)[name or "main"], nsid


def union_faults(value: Any, schema: dict[str, Any], home: str, place: str) -> list[str]:
    known = {(home + ref if ref.startswith("#") else ref): ref for ref in schema["refs"]}
    named = value.get("$type")
    if named not in known:
        return [f"{place}: $type {named} is none of the union"]
    return faults(value, *resolve(known[named], home), place)


def object_faults(value: dict[str, Any], schema: dict[str, Any], home: str, place: str) -> list[str]:
    found = [f"{place}: lacks {name}" for name in schema.get("required", ()) if name not in value]
    for name, item in value.items():
        if name in schema.get("properties", {}):
            found += faults(item, schema["properties"][name], home, f"{place}.{name}")
        elif name != "$type":
            found.append(f"{place}: {name} is not in the lexicon")
    return found


def format_faults(value: Any, schema: dict[str, Any], place: str) -> list[str]:
    form = schema.get("format")
    if form is None:
        return []
    fits: datetime | object | None = time(value) if form == "datetime" else FORMATS[form][0].fullmatch(value)
    return [] if fits else [f"{place}: no {form}"]


def record_faults(value: dict[str, Any], place: str) -> list[str]:
    """Judge a record by the lexicon it names."""
    nsid = value["$type"]
    return faults(value, lexicon(nsid)["main"]["record"], nsid, place)
