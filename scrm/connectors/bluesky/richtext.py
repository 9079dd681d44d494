"""The text of a post as a reader should see it, and whom it names.

Lexicon app.bsky.richtext.facet (read 2026-11): positions count UTF-8 bytes. Apps shorten the links they show, so the
full address is put back; a facet that lies outside the text, is empty or overlaps another one is ignored, as apps do.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from scrm.connectors.payload import Payload, clean

MENTION = "app.bsky.richtext.facet#mention"
LINK = "app.bsky.richtext.facet#link"
DOTS = ("...", "…")


@dataclass(frozen=True, kw_only=True)
class RichText:
    """Plain text with its links, and the dids of everybody mentioned in it."""

    text: str
    mentions: tuple[str, ...]


def rich_text(record: Payload) -> RichText:
    """Read a post's text and facets; raises PayloadError."""
    record.optional_text("text")  # raises when it is no text
    data = str(record.raw().get("text") or "").encode("utf-8", "surrogatepass")
    parts: list[str] = []
    mentions: list[str] = []
    done = 0
    for start, end, feature in sorted(_features(record, len(data)), key=lambda found: found[:2]):
        if feature.optional_text("$type") == MENTION:
            mentions.append(feature.text("did"))
        elif feature.optional_text("$type") == LINK and start >= done:
            parts += [_decoded(data[done:start]), _link(_decoded(data[start:end]), feature.text("uri"))]
            done = end
    text = "".join([*parts, _decoded(data[done:])])
    return RichText(text=clean(text).strip(), mentions=tuple(dict.fromkeys(mentions)))


def _features(record: Payload, length: int) -> Iterator[tuple[int, int, Payload]]:
    for facet in record.children("facets"):
        index = facet.child("index")
        start, end = index.number("byteStart"), index.number("byteEnd")
        if start is None or end is None or not 0 <= start < end <= length:
            continue
        for feature in facet.children("features"):
            yield start, end, feature


def _decoded(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _link(shown: str, uri: str) -> str:
    """The address itself where it is shown shortened; else what is shown, with the address if that is another."""
    bare, full = _bare(shown), _bare(uri)
    if bare == full:
        return shown
    if bare.endswith(DOTS) and full.startswith(bare.rstrip(".…")):
        return uri
    return f"{shown} ({uri})"


def _bare(address: str) -> str:
    return address.strip().removeprefix("https://").removeprefix("http://").removeprefix("www.").rstrip("/")


def with_card(text: str, embed: Payload | None) -> str:
    """Add the address of a link card that the text does not name."""
    uri = _card(embed) if embed else None
    if uri is None or _bare(uri) in text:
        return text
    return f"{text}\n{uri}" if text else uri


def _card(embed: Payload) -> str | None:
    media: Any = embed.optional_child("media") or embed
    external = media.optional_child("external")
    return external.optional_text("uri") if external else None


def quoted_uri(embed: Payload | None) -> str | None:
    """The post that this one quotes; records of other kinds (lists, feeds) can be embedded too."""
    record = embed.optional_child("record") if embed else None
    if record is not None and record.has("record"):  # with pictures, the reference lies one level deeper
        record = record.child("record")
    uri = record.optional_text("uri") if record else None
    return uri if uri and "/app.bsky.feed.post/" in uri else None
