"""The Atom documents of YouTube's hub: an upload, a changed title or description, a deletion.

developers.google.com/youtube/v3/guides/push_notifications (read 2026-11-23); a deletion is a tombstone as in RFC
6721, section 3 (its shape at YouTube is from memory).
"""

import re
from collections.abc import Iterator
from xml.etree import ElementTree as ET

from scrm.connectors.payload import clean
from scrm.connectors.xml import parse_xml
from scrm.errors import PayloadError

ATOM = "{http://www.w3.org/2005/Atom}"
YT = "{http://www.youtube.com/xml/schemas/2015}"
TOMBSTONE = "{http://purl.org/atompub/tombstones/1.0}"
VIDEO_REF = re.compile(r"yt:video:([\w-]{6,20})")
OWNER = re.compile(r"https?://www\.youtube\.com/channel/(UC[\w-]{22})")


def read(body: bytes) -> Iterator[dict[str, str]]:
    """What a delivery tells: `video`, `channel`, and `updated` or `deleted`, the network's own times."""
    feed = parse_xml(body)
    for entry in feed.iter(f"{ATOM}entry"):
        yield {
            "video": _text(entry, f"{YT}videoId"),
            "channel": _text(entry, f"{YT}channelId"),
            "updated": _text(entry, f"{ATOM}updated"),
        }
    for tombstone in feed.iter(f"{TOMBSTONE}deleted-entry"):
        yield {
            "video": _match(VIDEO_REF, tombstone.get("ref")),
            "channel": _match(OWNER, _text(tombstone, f"{TOMBSTONE}by/{ATOM}uri")),
            "deleted": clean(tombstone.get("when") or ""),
        }


def _text(parent: ET.Element, path: str) -> str:
    found = (parent.findtext(path) or "").strip()
    if not found:
        raise PayloadError("expected an entry with its ids and time")
    return clean(found)


def _match(pattern: re.Pattern[str], text: str | None) -> str:
    found = pattern.fullmatch((text or "").strip())
    if found is None:
        raise PayloadError("expected an id of YouTube's")
    return found[1]
