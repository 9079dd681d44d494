"""One account's repository: records by path, the Merkle search tree over them, the signed commit, the CAR.

Formats: https://atproto.com/specs/repository (read 2026-11-23; format version 3). The tree's layout is
checked by the roots that the protocol's own implementations agree on. Tree and commit are built when
somebody asks, not at every write; `since` gives whole trees, which the specification allows.
"""

from __future__ import annotations

import bisect
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import libipld
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from scrm.sandbox.bluesky.ids import TidClock, cid_of, cid_text, encode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

SECP256K1_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
SECP256K1_CODEC = b"\xe7\x01"


@dataclass(frozen=True, kw_only=True, slots=True)
class Stored:
    """A record as the repository holds it."""

    rkey: str
    cid: bytes
    value: dict[str, object]
    rev: str


def key_depth(key: bytes) -> int:
    """Count the leading zeros of the key's hash in pairs of bits: its layer in the tree."""
    digest = int.from_bytes(hashlib.sha256(key).digest(), "big")
    return (256 - digest.bit_length()) // 2


def build_tree(leaves: Sequence[tuple[bytes, bytes]], blocks: dict[bytes, bytes]) -> bytes:
    """Put the tree's nodes over sorted (key, cid) leaves into `blocks` and return the root's cid."""
    deep = [(key, cid, key_depth(key)) for key, cid in leaves]
    top = max((depth for _, _, depth in deep), default=0)
    return _node(deep, top, blocks)


def _node(leaves: Sequence[tuple[bytes, bytes, int]], layer: int, blocks: dict[bytes, bytes]) -> bytes:
    entries: list[dict[str, object]] = []
    node: dict[str, object] = {"l": None, "e": entries}
    below: list[tuple[bytes, bytes, int]] = []
    previous = b""

    def close() -> None:
        if below:
            subtree = _node(below, layer - 1, blocks)
            if entries:
                entries[-1]["t"] = subtree
            else:
                node["l"] = subtree
            below.clear()

    for key, cid, depth in leaves:
        if depth < layer:
            below.append((key, cid, depth))
            continue
        close()
        shared = _shared_prefix(previous, key)
        entries.append({"p": shared, "k": key[shared:], "v": cid, "t": None})
        previous = key
    close()
    block = encode(node)
    blocks[cid_of(block)] = block
    return cid_of(block)


def _shared_prefix(one: bytes, other: bytes) -> int:
    length = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        length += 1
    return length


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


class Repository:
    """The records of one account, with a revision for each write."""

    def __init__(self, did: str) -> None:
        self.did = did
        self._tids = TidClock(did)
        self._revs = TidClock(did + "#rev")
        self._records: dict[str, dict[str, Stored]] = {}
        self._rkeys: dict[str, list[str]] = {}
        self._rev = ""
        self._commit: tuple[bytes, dict[bytes, bytes]] | None = None
        seed = hashlib.sha256(did.encode()).digest()
        self._key = ec.derive_private_key(int.from_bytes(seed, "big") % SECP256K1_ORDER or 1, ec.SECP256K1())

    def next_rkey(self, at: datetime) -> str:
        return self._tids.next(at)

    def put(self, collection: str, rkey: str, value: dict[str, object], at: datetime) -> str:
        """Write a record, replacing one of the same key, and return its cid."""
        records = self._records.setdefault(collection, {})
        if rkey not in records:
            bisect.insort(self._rkeys.setdefault(collection, []), rkey)
        self._touch(at)
        cid = cid_of(encode(value))
        records[rkey] = Stored(rkey=rkey, cid=cid, value=value, rev=self._rev)
        return cid_text(cid)

    def remove(self, collection: str, rkey: str, at: datetime) -> None:
        del self._records[collection][rkey]
        rkeys = self._rkeys[collection]
        del rkeys[bisect.bisect_left(rkeys, rkey)]
        self._touch(at)

    def _touch(self, at: datetime) -> None:
        self._rev = self._revs.next(at)
        self._commit = None

    def get(self, collection: str, rkey: str) -> Stored | None:
        return self._records.get(collection, {}).get(rkey)

    def collections(self) -> list[str]:
        return sorted(name for name, records in self._records.items() if records)

    def page(self, collection: str, limit: int, cursor: str | None, *, reverse: bool) -> list[Stored]:
        """Return records newest key first, or oldest first when reversed, after the cursor's key."""
        rkeys = self._rkeys.get(collection, [])
        if reverse:
            start = bisect.bisect_right(rkeys, cursor) if cursor else 0
            chosen = rkeys[start : start + limit]
        else:
            end = bisect.bisect_left(rkeys, cursor) if cursor else len(rkeys)
            chosen = rkeys[max(0, end - limit) : end][::-1]
        return [self._records[collection][rkey] for rkey in chosen]

    def head(self) -> tuple[str, str]:
        """Return the newest commit's cid and revision."""
        return cid_text(self._built()[0]), self._rev

    def public_key(self) -> str:
        """Return the account's signing key as its did document shows it."""
        point = self._key.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.CompressedPoint
        )
        return str(libipld.encode_multibase("z", SECP256K1_CODEC + point))

    def car(self, since: str | None = None) -> bytes:
        """Return the CAR file: commit, the whole tree, and the records written after `since`."""
        root, blocks = self._built()
        parts = [encode({"version": 1, "roots": [root]})]
        parts += [cid + block for cid, block in blocks.items()]
        shown = {stored.cid: stored for stored in self._all() if since is None or stored.rev > since}
        parts += [cid + encode(stored.value) for cid, stored in shown.items()]
        return b"".join(_varint(len(part)) + part for part in parts)

    def _all(self) -> Iterator[Stored]:
        for records in self._records.values():
            yield from records.values()

    def _built(self) -> tuple[bytes, dict[bytes, bytes]]:
        if self._commit is None:
            leaves = sorted(
                (f"{collection}/{rkey}".encode(), stored.cid)
                for collection, records in self._records.items()
                for rkey, stored in records.items()
            )
            nodes: dict[bytes, bytes] = {}
            root = build_tree(leaves, nodes)
            unsigned = {"did": self.did, "version": 3, "data": root, "rev": self._rev, "prev": None}
            block = encode({**unsigned, "sig": self._sign(unsigned)})
            # readers expect the commit as the first block
            self._commit = (cid_of(block), {cid_of(block): block, **nodes})
        return self._commit

    def _sign(self, unsigned: Mapping[str, object]) -> bytes:
        signature = b""
        # the encoder takes bytes that begin like a cid for a link: once in 200 signatures, so sign again
        while not signature or signature.startswith((b"\x01", b"\x12")):
            r, s = decode_dss_signature(self._key.sign(encode(unsigned), ec.ECDSA(hashes.SHA256())))
            # the protocol takes only the lower of the two possible signatures
            signature = r.to_bytes(32, "big") + min(s, SECP256K1_ORDER - s).to_bytes(32, "big")
        return signature
