"""Make the ids an AT Protocol server makes: dids, TIDs, cids, and times as its JSON writes them.

Formats: https://atproto.com/specs/did, /specs/tid, /specs/data-model (read 2026-11-23).
"""

from __future__ import annotations

import base64
import hashlib
import math
from datetime import UTC, datetime

import libipld

TID_ALPHABET = "234567abcdefghijklmnopqrstuvwxyz"
DAG_CBOR_SHA256 = b"\x01\x71\x12\x20"  # CIDv1, codec dag-cbor, hash sha2-256 of 32 bytes


def make_did(seed: str) -> str:
    """Return a did:plc, as there: 15 bytes of a hash, 24 characters of base32."""
    digest = hashlib.sha256(seed.encode()).digest()[:15]
    return "did:plc:" + base64.b32encode(digest).decode().lower()


def microseconds(at: datetime) -> int:
    return math.floor(at.timestamp()) * 1_000_000 + at.microsecond


def make_tid(microsecond: int, clock: int) -> str:
    """Return 53 bits of microseconds and 10 bits of clock id in sortable base32."""
    value = (microsecond << 10) | (clock & 0x3FF)
    return "".join(TID_ALPHABET[(value >> shift) & 31] for shift in range(60, -1, -5))


class TidClock:
    """The TIDs of one repository: every one is greater than the last, even for a time gone by."""

    def __init__(self, did: str) -> None:
        self._clock = hashlib.sha256(did.encode()).digest()[0]
        self._last = 0

    def next(self, at: datetime) -> str:
        self._last = max(microseconds(at), self._last + 1)
        return make_tid(self._last, self._clock)


def encode(value: object) -> bytes:
    """Return the DAG-CBOR of a value; bytes that are a cid become a link."""
    return libipld.encode_dag_cbor(value)


def cid_of(block: bytes) -> bytes:
    return DAG_CBOR_SHA256 + hashlib.sha256(block).digest()


def cid_text(cid: bytes) -> str:
    return libipld.encode_cid(cid)


def wire_time(at: datetime) -> str:
    """Return a time as the servers write it: UTC, milliseconds, Z."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
