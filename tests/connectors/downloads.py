"""A small archive of every kind that is read, of invented accounts: eight items each."""

import hashlib
import io
import json
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import libipld

from tests.connectors.googleplus import takeout

ITEMS = 8
DID = "did:plc:nordwerkaaaaaaaaaaaaaaaa"
CHANNEL = "UC" + "n" * 22
ACTOR = "https://nordwerk.example/users/nordwerk"
PUBLIC = "https://www.w3.org/ns/activitystreams#Public"
COLUMNS = "Comment ID,Channel ID,Comment Create Timestamp,Price,Video ID,Comment Text"


def googleplus() -> dict[str, bytes]:
    lone: dict[str, Any] = {"comments": [], "plusOnes": [], "reshares": []}
    return {
        f"{takeout.STREAM}/{number}.json": json.dumps(takeout.post(f"Post{number:07d}", **lone)).encode()
        for number in range(ITEMS)
    }


def mastodon() -> dict[str, bytes]:
    actor = {"type": "Service", "id": ACTOR, "preferredUsername": "nordwerk", "name": "Nordwerk GmbH"}
    activities = [
        {
            "type": "Create",
            "actor": ACTOR,
            "object": {
                "id": f"{ACTOR}/statuses/{number}",
                "published": "2026-10-01T08:00:00Z",
                "content": f"<p>Gearbox {number}</p>",
                "to": [PUBLIC],
                "cc": [],
            },
        }
        for number in range(ITEMS - 1)  # the profile is an item, too
    ]
    return {
        "actor.json": json.dumps(actor).encode(),
        "outbox.json": json.dumps({"type": "OrderedCollection", "orderedItems": activities}).encode(),
    }


def x() -> dict[str, bytes]:
    own = {"accountId": "7", "username": "nordwerk"}
    posts = [
        {
            "tweet": {
                "id": str(number),
                "id_str": str(number),
                "created_at": "Wed Nov 18 08:01:00 +0000 2026",
                "full_text": f"Gearbox {number}",
                "entities": {"urls": [], "user_mentions": []},
            }
        }
        for number in range(1, ITEMS + 1)
    ]
    return {
        "data/account.js": b"window.YTD.account.part0 = " + json.dumps([{"account": own}]).encode(),
        "data/tweets.js": b"window.YTD.tweets.part0 = " + json.dumps(posts).encode(),
    }


def youtube() -> dict[str, bytes]:
    rows = [
        f'Ugx{number},{CHANNEL},2023-09-19T17:42:53.434647+00:00,0,vid00000001,"{{""text"":""Gearbox {number}""}}"'
        for number in range(ITEMS)
    ]
    return {"Takeout/YouTube and YouTube Music/comments/comments.csv": "\r\n".join([COLUMNS, *rows, ""]).encode()}


def bluesky(folder: Path) -> Path:
    """A repository has a form of its own: blocks one after the other, each with its hash."""
    posts = [
        libipld.encode_dag_cbor(
            {"$type": "app.bsky.feed.post", "text": f"Gearbox {number}", "createdAt": "2026-10-01T08:00:00Z"}
        )
        for number in range(ITEMS)
    ]
    entries = [
        {"p": 0, "k": f"app.bsky.feed.post/3k{number}".encode(), "v": _cid(post), "t": None}
        for number, post in enumerate(posts)
    ]
    tree = libipld.encode_dag_cbor({"l": None, "e": entries})
    commit = libipld.encode_dag_cbor(
        {"did": DID, "version": 3, "data": _cid(tree), "rev": "3kaaaaaaaaa2a", "prev": None, "sig": bytes(64)}
    )
    header = libipld.encode_dag_cbor({"version": 1, "roots": [_cid(commit)]})
    sections = [_length(len(header)) + header]
    sections += [_length(len(block) + 36) + _cid(block) + block for block in (commit, tree, *posts)]
    file = folder / "repo.car"
    file.write_bytes(b"".join(sections))
    return file


def _cid(block: bytes) -> bytes:
    return b"\x01\x71\x12\x20" + hashlib.sha256(block).digest()


def _length(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def zipped(folder: Path, files: Mapping[str, bytes], name: str = "archive.zip") -> Path:
    file = folder / name
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for entry, body in files.items():
            made.writestr(entry, body)
    return file


def tarred(folder: Path, files: Mapping[str, bytes], *more: tarfile.TarInfo) -> Path:
    file = folder / "archive.tgz"
    with tarfile.open(file, "w:gz", format=tarfile.PAX_FORMAT) as made:
        for extra in more:
            made.addfile(extra)
        for name, body in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(body)
            made.addfile(entry, io.BytesIO(body))
    return file


FILES: dict[str, Callable[[], dict[str, bytes]]] = {
    "googleplus": googleplus,
    "mastodon": mastodon,
    "x": x,
    "youtube": youtube,
}
KINDS = (*FILES, "bluesky")


def download(kind: str, folder: Path) -> Path:
    """What this network hands out, as a file."""
    return bluesky(folder) if kind == "bluesky" else zipped(folder, FILES[kind]())


def post_with(text: str, **changed: Any) -> bytes:
    """The file of one post of Google+, its text as it stands in JSON."""
    body = json.dumps(takeout.post("Odd00000001", comments=[], plusOnes=[], reshares=[], content="@@", **changed))
    return body.replace('"@@"', text).encode("utf-8", "surrogatepass")
