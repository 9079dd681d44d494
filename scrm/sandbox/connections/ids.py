"""Identifiers as Connections writes them: one uuid per object, wrapped differently by each application.

The forms are those of recorded answers (OpenNTF/SocialSDK c9c02d44, read 2026-11-23); for topics, replies and the
likes of blogs no recording exists, and their forms are by analogy, from memory.
"""

from __future__ import annotations

import uuid
from collections import Counter

SPACE = uuid.UUID("6d1f8a4e-93b2-4c57-9f0e-2b7a5c8d1e60")
PERSON = "urn:lsid:lconn.ibm.com:profiles.person:"
COMMUNITY = "urn:lsid:lconn.ibm.com:communities.community:"
ORGANIZATION = "urn:lsid:lconn.ibm.com:connections.organization:00000000-0000-0000-0000-000000000000"
# by kind of post: the id in the application's own feed, and the id in the activity stream
OWN = {
    "topic": "urn:lsid:ibm.com:forum:{}",
    "reply": "urn:lsid:ibm.com:forum:{}",
    "entry": "urn:lsid:ibm.com:blogs:entry-{}",
    "comment": "urn:lsid:ibm.com:blogs:comment-{}",
    "note": "urn:lsid:lconn.ibm.com:communities.note:{}",
    "note_comment": "urn:lsid:lconn.ibm.com:communities.comment:{}",
    "status": "urn:lsid:lconn.ibm.com:profiles.note:{}",
    "status_comment": "urn:lsid:lconn.ibm.com:profiles.comment:{}",
}
IN_STREAM = {
    **OWN,
    "topic": "urn:lsid:lconn.ibm.com:forums.topic:{}",
    "reply": "urn:lsid:lconn.ibm.com:forums.reply:{}",
    "entry": "urn:lsid:lconn.ibm.com:blogs.article:{}",
    "comment": "urn:lsid:lconn.ibm.com:blogs.comment:{}",
}


class Ids:
    """Gives uuids, the same ones in the same order for the same seed."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._given: Counter[str] = Counter()

    def next(self, kind: str) -> str:
        self._given[kind] += 1
        return self.named(f"{kind} {self._given[kind]}")

    def named(self, name: str) -> str:
        return str(uuid.uuid5(SPACE, f"{self._seed} {name}"))


def bare(native_id: str) -> str:
    """Return the uuid of an id in whatever form it was written."""
    return native_id[-36:]
