"""XML written by hand, for the order, the repeated namespaces and the padding of real answers matter."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

SN = "http://www.ibm.com/xmlns/prod/sn"
NAMESPACES = {
    "xmlns": "http://www.w3.org/2005/Atom",
    "xmlns:app": "http://www.w3.org/2007/app",
    "xmlns:snx": SN,
    "xmlns:thr": "http://purl.org/syndication/thread/1.0",
    "xmlns:opensearch": "http://a9.com/-/spec/opensearch/1.1/",
}
ATOM = "application/atom+xml;charset=UTF-8"
BLOG_ATOM = "application/atom+xml; charset=utf-8"  # Blogs writes it with a blank and in small letters
BLOG_ZONE = timezone(timedelta(hours=1))
DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'


def tag(name: str, content: str = "", attributes: Mapping[str, object] | None = None) -> str:
    """Return one element; `content` is XML already, attribute values are not."""
    written = "".join(f' {key}="{escape(str(value))}"' for key, value in (attributes or {}).items())
    return f"<{name}{written}>{content}</{name}>"


def text(name: str, words: object, attributes: Mapping[str, object] | None = None) -> str:
    return tag(name, escape(str(words), quote=False), attributes)


def link(rel: str, href: str, kind: str = "application/atom+xml", **more: object) -> str:
    """Return a link; in the names of further attributes _ stands for the colon."""
    attributes: dict[str, object] = {"href": href, "rel": rel}
    if kind:
        attributes["type"] = kind
    return tag("link", "", attributes | {name.replace("_", ":"): value for name, value in more.items()})


def category(term: str, scheme: str = "type", **more: object) -> str:
    return tag("category", "", {"term": term, "scheme": f"{SN}/{scheme}", **more})


def stamp(at: datetime) -> str:
    """Return a time in UTC with milliseconds."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def blog_stamp(at: datetime) -> str:
    """Return a time as Blogs writes it: the server's offset, no fraction."""
    return at.astimezone(BLOG_ZONE).isoformat(timespec="seconds")


def millis(at: datetime) -> int:
    return int(at.timestamp() * 1000)
