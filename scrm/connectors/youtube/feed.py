"""The Atom documents of YouTube's hub: an upload, a changed title or description, a deletion.

developers.google.com/youtube/v3/guides/push_notifications (read 2026-11-23); a deletion is a tombstone as in RFC
6721, section 3 (its shape at YouTube is from memory). A document that declares a type of its own could unfold without
end; none does, so one that does is refused before it is parsed.
"""

import re
from collections.abc import Iterator
from xml.etree import ElementTree as ET

from scrm.connectors.payload import clean
from scrm.errors import PayloadError

ATOM = "{http://www.w3.org/2005/Atom}"
YT = "{http://www.youtube.com/xml/schemas/2015}"
TOMBSTONE = "{http://purl.org/atompub/tombstones/1.0}"
VIDEO_REF = re.compile(r"yt:video:([\w-]{6,20})")
OWNER = re.compile(r"https?://www\.youtube\.com/channel/(UC[\w-]{22})")


def read(body: bytes) -> Iterator[dict[str, str]]:
    """What a delivery tells: `video`, `channel`, and `updated` or `deleted`, the network's own times."""
    feed = _parsed(body)
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


def _parsed(body: bytes) -> ET.Element:
    try:
        text = body.decode("utf-8")
        if "<!DOCTYPE" in text or "<!ENTITY" in text:
            raise PayloadError("expected a feed without a document type")
        return ET.fromstring(text)  # noqa: S314 - no document type, so no entities
    except (UnicodeDecodeError, ET.ParseError, ValueError) as why:
        raise PayloadError(f"expected an Atom feed ({type(why).__name__})") from None


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
