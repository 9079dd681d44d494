"""Ids, page tokens and etags as YouTube shapes them; the same life gives the same ids.

Shapes from youtube.v3 revision 20261104 and from memory (2026-11-24): a channel is UC and 22 signs, its uploads
are the playlist UU and the same 22, a video has 11, a comment starts with Ug, a reply is named by its thread's
comment, a dot and 22 more.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from typing import Any

CURSOR_MARK = b"newest_first--"


def _signs(length: int, *words: object) -> str:
    digest = hashlib.sha512("\x1f".join(str(word) for word in words).encode()).digest()
    return base64.urlsafe_b64encode(digest).decode()[:length]


def channel_id(key: str) -> str:
    return f"UC{_signs(21, 'channel', key)}w"


def uploads_id(channel: str) -> str:
    return f"UU{channel.removeprefix('UC')}"


def video_id(key: str, number: int) -> str:
    return f"{_signs(10, 'video', key, number)}Q"


def comment_id(key: str, number: int) -> str:
    return f"Ugx{_signs(16, 'comment', key, number)}4AaABAg"


def reply_id(thread: str, key: str, number: int) -> str:
    return f"{thread}.{_signs(22, 'reply', key, number)}"


def subscription_id(subscriber: str, target: str) -> str:
    return _signs(43, "subscription", subscriber, target)


def playlist_item_id(playlist: str, video: str) -> str:
    return base64.b64encode(f"{playlist}.{video}".encode()).decode().rstrip("=")


def etag(value: object) -> str:
    return _signs(27, "etag", json.dumps(value, sort_keys=True))


def offset_token(offset: int) -> str:
    """Return the token of a place in a list: two varints as protobuf writes them, CAUQAA for the sixth item."""
    varint = bytearray()
    rest = offset
    while rest > 0x7F:
        varint.append(rest & 0x7F | 0x80)
        rest >>= 7
    varint.append(rest)
    return base64.urlsafe_b64encode(b"\x08" + bytes(varint) + b"\x10\x00").decode().rstrip("=")


def read_offset(token: str) -> int | None:
    raw = _decoded(token)
    if raw is None or len(raw) < 4 or raw[:1] != b"\x08" or raw[-2:] != b"\x10\x00":
        return None
    return sum((byte & 0x7F) << 7 * place for place, byte in enumerate(raw[1:-2]))


def cursor_token(walk: str, after: list[Any]) -> str:
    """Return the token of a place that stays when newer things arrive; it belongs to one walk alone."""
    return base64.urlsafe_b64encode(CURSOR_MARK + json.dumps([walk, after]).encode()).decode().rstrip("=")


def read_cursor(walk: str, token: str) -> list[Any] | None:
    raw = _decoded(token)
    if raw is None or not raw.startswith(CURSOR_MARK):
        return None
    try:
        known, after = json.loads(raw.removeprefix(CURSOR_MARK))
    except ValueError:
        return None
    return list(after) if known == walk else None


def _decoded(token: str) -> bytes | None:
    try:
        return base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
