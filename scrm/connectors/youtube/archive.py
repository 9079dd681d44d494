"""One's own comments in a Takeout archive: tables named comments.csv, comments(1).csv or in another language.

Format: tests of the public google_takeout_parser and of a Takeout manager on GitHub (read 2026-11-24). The columns
came in three orders, so they are found by their English headings; other headings are not known for certain. A text is
plain, an object with `takeoutSegments`, or (since 2024) objects one after the other. The table does not say who may
see the video, which therefore counts as private until the API says more. Live chats are not read: the API does not
give them either.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from scrm.connectors.archive import OpenArchive, open_archive
from scrm.connectors.base import Account, Archive
from scrm.connectors.payload import Payload, parse_json
from scrm.connectors.youtube.translation import NETWORK, comment_records, key
from scrm.errors import InputError, PayloadError
from scrm.i18n import N_
from scrm.records import Record

NAME = "youtube"
COLUMNS = {
    "comment id": "id",
    "channel id": "channel",
    "comment create timestamp": "at",
    "parent comment id": "parent",
    "top-level comment id": "top",
    "video id": "video",
    "comment text": "text",
}
NEEDED = frozenset({"id", "channel", "at", "video", "text"})


def recognizes(path: Path) -> bool:
    """Whether there is a table of comments in it."""
    try:
        return next(_rows(open_archive(path)), None) is not None
    except InputError:
        return False


def owner(path: Path) -> Account:
    """The channel of the first comment; the table does not name the handle."""
    row = next(_rows(open_archive(path)), None)
    if row is None or not row[1].get("channel"):
        raise InputError(N_("the archive has no comments"))
    number = row[1]["channel"]
    return Account(key=key(number), handle=number, base_url="")


def items(path: Path, cursor: str | None) -> Iterator[tuple[Mapping[str, Any], str]]:
    """Comment by comment; the cursor counts them."""
    done = int(cursor) if cursor and cursor.isascii() and cursor.isdigit() else 0
    for number, row in _rows(open_archive(path)):
        if number > done:
            yield row, str(number)


def translate(item: Payload, account: Account) -> Iterator[Record]:
    """The records that the API's reading of the same comment gives."""
    number, channel = item.text("id"), item.text("channel")
    if channel != account.key.native_id:
        raise PayloadError(f"{item.path}.channel: expected the channel whose archive it is")
    snippet = {
        "authorChannelId": {"value": channel},
        "textDisplay": _text(item.optional_text("text") or ""),
        "publishedAt": item.time("at").replace(microsecond=0).isoformat(),  # the API knows whole seconds only
        "parentId": item.optional_text("top") or item.optional_text("parent"),
    }
    comment = {"comment": {"id": number, "snippet": snippet}, "video": item.optional_text("video")}
    yield from comment_records(Payload(comment, item.path), account)


def _rows(archive: OpenArchive) -> Iterator[tuple[int, dict[str, str]]]:
    """Every comment of every table, counted through."""
    tables = [name for name in archive.names if name.casefold().endswith(".csv")]
    tables = [name for name in tables if NAME in name.casefold()] or tables
    number = 0
    for _, reader in archive.each(set(tables)):
        rows = reader.rows()
        names = [COLUMNS.get(heading.strip().casefold(), "") for heading in next(rows, [])]
        if not set(names) >= NEEDED:
            continue
        for row in rows:
            if row:
                number += 1
                yield number, {name: value for name, value in zip(names, row, strict=False) if name and value}


def _text(cell: str) -> str:
    """What was said, put together from its segments."""
    if not cell.startswith("{"):
        return cell
    for written in (cell, re.sub(r"\r?\n", r"\\n", cell)):  # some tables have line breaks within a JSON text
        try:
            segments = parse_json(f"[{written}]")
            break
        except PayloadError:
            continue
    else:
        return cell
    inner = Payload({"segments": segments})
    parts = [one for part in inner.children("segments") for one in _segments(part)]
    return "".join(part.optional_text("text") or "" for part in parts)


def _segments(part: Payload) -> list[Payload]:
    return list(part.children("takeoutSegments")) if part.has("takeoutSegments") else [part]


ARCHIVE = Archive(
    kind=f"{NETWORK}-takeout",
    label=N_("YouTube comments in a Takeout archive"),
    recognizes=recognizes,
    owner=owner,
    items=items,
    translate=translate,
)
