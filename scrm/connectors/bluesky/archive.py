"""The repository export of an account: a CAR file, as Bluesky's settings or com.atproto.sync.getRepo give it.

Formats: https://atproto.com/specs/repository and https://ipld.io/specs/transport/car/carv1 (read 2026-11). Blocks may
stand in any order, so the file is read twice: first for the tree that says which record has which key, then for the
records. In memory is the tree, never the records. A repository holds what its owner wrote, not what others did.
"""

import base64
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import libipld

from scrm.connectors.archive_reader import LARGEST_ITEM, MOST_BYTES
from scrm.connectors.base import Account, Archive
from scrm.connectors.bluesky.translation import NETWORK, POST, PROFILE, REPOST, deed, key
from scrm.connectors.payload import Payload
from scrm.errors import InputError
from scrm.i18n import N_
from scrm.records import Key, ProfileRecord, Record, WebLink

READ = (POST + "/", REPOST + "/", PROFILE + "/")
MOST_RECORDS = 1_000_000
MOST_ALIKE = 10  # records that are equal to the last byte
DEEPEST = 50
CID_BYTES = 36
CID_STARTS = (b"\x01\x71\x12\x20", b"\x01\x55\x12\x20")  # version 1, DAG-CBOR or raw, SHA-256 of 32 bytes
LONGEST_HEADER = 4096


@dataclass(kw_only=True)
class _Tree:
    """Who the repository belongs to and which block holds which wanted record."""

    did: str
    root: bytes
    nodes: dict[bytes, tuple[tuple[bytes, ...], tuple[tuple[str, bytes], ...]]] = field(default_factory=dict)

    def wanted(self) -> dict[bytes, list[str]]:
        """Keys by the block they name, for what hangs on the root; blocks left over from earlier do not."""
        found: dict[bytes, list[str]] = {}
        waiting, seen = [self.root], set[bytes]()
        while waiting:
            cid = waiting.pop()
            if cid in seen:
                continue
            seen.add(cid)
            if cid not in self.nodes:
                raise InputError(N_("the archive lacks a part of its own index; download it again"))
            below, entries = self.nodes[cid]
            waiting += below
            for name, record in entries:
                found.setdefault(record, []).append(name)
        return found


def recognizes(path: Path) -> bool:
    """A CAR file whose root is a repository's commit."""
    try:
        return path.is_file() and bool(_commit(path)["did"])
    except (InputError, OSError):
        return False


def owner(path: Path) -> Account:
    """The account whose repository it is; the file does not name the handle."""
    did = str(_commit(path)["did"])
    return Account(key=key(did), handle=did, base_url="")


def items(path: Path, cursor: str | None) -> Iterator[tuple[Mapping[str, Any], str]]:
    """Wanted records in the order of the file; the cursor is the place in it."""
    begin = int(cursor) if cursor and cursor.isdigit() else 0
    tree = _tree(path)
    wanted = tree.wanted()
    before = 0
    for end, cid, data in _blocks(path):
        names = wanted.pop(cid, [])
        if len(names) > MOST_ALIKE:
            raise InputError(N_("the archive has one record under many keys"))
        if end > begin and names:
            record = _as_json(_decoded(data))
            for name in names:
                item = {"uri": f"at://{tree.did}/{name}", "author": {"did": tree.did}, "record": record}
                yield item, str(end if name == names[-1] else before)
        before = end
    if wanted:
        raise InputError(N_("the archive lacks records that it lists; download it again"))


def translate(item: Payload, account: Account) -> Iterator[Record]:
    """The same keys as through the API; the owner's profile in a short form, for the file lacks the handle."""
    if f"/{PROFILE}/" in item.text("uri"):
        yield _profile(item.child("record"), account.key)
    else:
        yield from deed(item, account)


def _profile(record: Payload, own: Key) -> ProfileRecord:
    website = record.optional_text("website")
    return ProfileRecord(
        key=own,
        display_name=record.optional_text("displayName"),
        bio=record.optional_text("description"),
        links=(WebLink(url=website),) if website else (),
        full=False,
    )


def _commit(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        root = _header(file)
    for _, cid, data in _blocks(path):
        if cid == root:
            commit = _decoded(data)
            is_commit = isinstance(commit, dict) and str(commit.get("did", "")).startswith("did:")
            if not is_commit or not isinstance(commit.get("data"), bytes):
                raise InputError(N_("expected the repository of an account"))
            return {"did": str(commit["did"]), "data": commit["data"]}
    raise InputError(N_("the archive lacks its beginning; download it again"))


def _tree(path: Path) -> _Tree:
    commit = _commit(path)
    tree = _Tree(did=str(commit["did"]), root=commit["data"])
    count = 0
    for _, cid, data in _blocks(path):
        node = _decoded(data)
        if isinstance(node, dict) and node.keys() == {"l", "e"} and isinstance(node["e"], list):
            tree.nodes[cid] = _node(node)
            count += len(tree.nodes[cid][1])
            if count > MOST_RECORDS:
                raise InputError(N_("the archive has more records than expected"))
    return tree


def _node(node: Mapping[str, Any]) -> tuple[tuple[bytes, ...], tuple[tuple[str, bytes], ...]]:
    """Nodes below, and the wanted keys with their blocks; a key repeats the beginning of the one before it."""
    below = [node["l"]] if isinstance(node["l"], bytes) else []
    entries: list[tuple[str, bytes]] = []
    last = b""
    for entry in node["e"]:
        try:
            shared, rest, value, right = entry["p"], entry["k"], entry["v"], entry.get("t")
            last = last[:shared] + rest
            name = last.decode("ascii")
        except (TypeError, KeyError, AttributeError, ValueError):
            raise InputError(N_("the archive's index is not as expected")) from None
        if isinstance(right, bytes):
            below.append(right)
        if name.startswith(READ) and isinstance(value, bytes):
            entries.append((name, value))
    return tuple(below), tuple(entries)


def _blocks(path: Path) -> Iterator[tuple[int, bytes, bytes]]:
    """Every block with the place after it and its cid, which is the hash of its content and is checked."""
    with path.open("rb") as file:
        _header(file)
        while (length := _varint(file)) is not None:
            if not CID_BYTES < length <= LARGEST_ITEM or file.tell() > MOST_BYTES:
                raise InputError(N_("a part of the archive is larger or smaller than expected"))
            block = _read(file, length)
            cid, data = block[:CID_BYTES], block[CID_BYTES:]
            if not cid.startswith(CID_STARTS) or hashlib.sha256(data).digest() != cid[4:]:
                raise InputError(N_("the archive is damaged"))
            yield file.tell(), cid, data


def _header(file: BinaryIO) -> bytes:
    """The root's cid."""
    length = _varint(file)
    if length is None or not 0 < length <= LONGEST_HEADER:
        raise InputError(N_("expected a CAR file"))
    header = _decoded(_read(file, length))
    roots = header.get("roots") if isinstance(header, dict) and header.get("version") == 1 else None
    if not isinstance(roots, list) or len(roots) != 1 or not isinstance(roots[0], bytes):
        raise InputError(N_("expected a CAR file of version 1 with one root"))
    return roots[0]


def _varint(file: BinaryIO) -> int | None:
    """A number in groups of seven bits, lowest first; None at the end of the file."""
    number = 0
    for shift in range(0, 63, 7):
        byte = file.read(1)
        if not byte:
            if shift:
                break
            return None
        number |= (byte[0] & 0x7F) << shift
        if byte[0] < 0x80:
            return number
    raise InputError(N_("the archive ends too early or is no CAR file"))


def _read(file: BinaryIO, length: int) -> bytes:
    data = file.read(length)
    if len(data) != length:
        raise InputError(N_("the archive ends too early; download it again"))
    return data


def _decoded(data: bytes) -> Any:
    try:
        return libipld.decode_dag_cbor(data)
    except (ValueError, RecursionError):
        raise InputError(N_("a part of the archive is not DAG-CBOR")) from None


def _as_json(value: Any, depth: int = 0) -> Any:
    """As the API shows it (https://atproto.com/specs/data-model); cut off where nobody nests so deeply."""
    if depth > DEEPEST:
        return None
    if isinstance(value, dict):
        return {name: _as_json(inner, depth + 1) for name, inner in value.items()}
    if isinstance(value, list):
        return [_as_json(inner, depth + 1) for inner in value]
    if isinstance(value, bytes):
        if len(value) == CID_BYTES and value.startswith(CID_STARTS):
            return {"$link": "b" + base64.b32encode(value).decode().lower().rstrip("=")}
        return {"$bytes": base64.b64encode(value).decode().rstrip("=")}
    return value


ARCHIVE = Archive(
    kind=f"{NETWORK}-repository",
    label=N_("Bluesky repository (CAR file)"),
    recognizes=recognizes,
    owner=owner,
    items=items,
    translate=translate,
)
