"""Stories of the activity stream: which thread each is about.

Objects as in recorded streams and IBM's API pages (read 2026-11-24): the same post has one id here and another in its
own application, with the same uuid in both. Of a story no more is kept than leads to the post.
"""

import re
from typing import Any

from scrm.connectors.connections.posts import COMMUNITY, ENTRY, EVERY_BOARD, NOTE, TOPIC, Ref
from scrm.connectors.payload import Payload
from scrm.errors import PayloadError

UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
THREADS = {
    TOPIC: re.compile(rf"urn:lsid:lconn\.ibm\.com:forums\.topic:({UUID})"),
    ENTRY: re.compile(rf"urn:lsid:lconn\.ibm\.com:blogs\.(?:article|entry):({UUID})"),
    NOTE: re.compile(rf"(urn:lsid:lconn\.ibm\.com:(?:communities|profiles)\.note:{UUID})"),
}
COMMUNITY_ID = re.compile(UUID)


def story_of(story: dict[str, Any]) -> dict[str, Any]:
    """What of a story is kept."""
    shown = Payload(story, "story")
    try:
        target, where = shown.optional_child("target"), shown.optional_child("connections")
        generator = shown.optional_child("generator")
        kept = {
            "story": shown.optional_text("id"),
            "verb": shown.optional_text("verb"),
            "at": shown.optional_text("published"),
            "object": shown.child("object").optional_text("id"),
            "target": target.optional_text("id") if target else None,
            "application": generator.optional_text("id") if generator else None,
            "container": where.optional_text("containerId") if where else None,
        }
    except PayloadError as why:
        return {"story": None, "fault": str(why)}  # to be quarantined alone
    return {name: value for name, value in kept.items() if value}


def thread_of(item: Payload) -> Ref | None:
    """The thread that a story is about: its object's, or that of what the object stands below."""
    item.text("story")
    for name in ("object", "target"):
        native_id = item.optional_text(name) or ""
        for kind, pattern in THREADS.items():
            if found := pattern.fullmatch(native_id):
                return Ref(kind=kind, id=found[1], board=_board(item) if kind == NOTE else "")
    return None


def _board(item: Payload) -> str:
    """Where a note stands: closed communities show theirs on their own board alone."""
    container = item.optional_text("container") or ""
    if item.optional_text("application") == "communities" and COMMUNITY_ID.fullmatch(container):
        return COMMUNITY + container
    return EVERY_BOARD
