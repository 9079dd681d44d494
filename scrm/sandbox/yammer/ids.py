"""Ids and times as Viva Engage writes them.

Message ids are numbers of sixteen digits that grow with time, users and groups have eleven or twelve (samples in
the documentation of pnp/cli-microsoft365, read 2026-11-24). Graph knows a community by the Base64 of a JSON object
with the group's number (learn.microsoft.com/graph, community resource, read 2026-11-23), users and groups by GUIDs.
"""

from __future__ import annotations

import base64
import json
import uuid
import zlib
from datetime import UTC, datetime

BEGINNING = datetime(2008, 1, 1, tzinfo=UTC)
IDS_A_MILLISECOND = 4096
SPACE = uuid.UUID("6f1c5c1e-9d0c-5b7e-8a55-6f2f9a0c7d11")


def stamp(at: datetime) -> str:
    """Return a time as in `2013/06/25 18:14:45 +0000` (apache/camel, camel-yammer, read 2026-11-23)."""
    return at.astimezone(UTC).strftime("%Y/%m/%d %H:%M:%S +0000")


def user_id(key: str) -> int:
    return 172_000_000_000 + zlib.crc32(key.encode())


def group_id(key: str) -> int:
    return 31_000_000_000 + zlib.crc32(key.encode())


def topic_id(name: str) -> int:
    return 4_000_000_000 + zlib.crc32(name.casefold().encode())


def first_message_id(at: datetime) -> int:
    """Return the smallest id a message of this moment can have."""
    return int((at - BEGINNING).total_seconds() * 1000) * IDS_A_MILLISECOND


def guid(key: str) -> str:
    return str(uuid.uuid5(SPACE, key))


def community_id(number: int) -> str:
    name = json.dumps({"_type": "Group", "id": str(number)}, separators=(",", ":"))
    return base64.urlsafe_b64encode(name.encode()).rstrip(b"=").decode()
