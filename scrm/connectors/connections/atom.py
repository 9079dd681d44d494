"""Atom as the applications of Connections write it, turned into plain JSON that can be stored and translated again.

Names as in recorded answers of Connections 4.5 and 5.0 (read 2026-11-23): the order of elements and repeated
namespaces differ by application, texts are padded. A person stands in the fields of `author` or `contributor`, a
profile in an hCard inside `content`. What is not translated is not kept.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element

from scrm.connectors.payload import clean
from scrm.errors import PayloadError

ATOM = "{http://www.w3.org/2005/Atom}"
SN = "http://www.ibm.com/xmlns/prod/sn"
SNX = f"{{{SN}}}"
THR = "{http://purl.org/syndication/thread/1.0}"
XHTML = "{http://www.w3.org/1999/xhtml}"
PERSON = {"name": f"{ATOM}name", "email": f"{ATOM}email", "userid": f"{SNX}userid", "state": f"{SNX}userState"}
EXTERNAL = f"{SNX}isExternal"
CARD = frozenset(
    {
        "email",
        "title",
        "role",
        "organization-name",
        "organization-unit",
        "locality",
        "region",
        "country-name",
        "x-lconn-userid",
        "x-profile-uid",
        "x-description",
    }
)

Item = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Feed:
    """The entries of a document, and the address of the next page as the server names it."""

    entries: list[Item]
    next: str | None


def feed_of(root: Element) -> Feed:
    """Read a feed or a document of one entry; raises PayloadError for anything else."""
    if root.tag == f"{ATOM}entry":
        return Feed(entries=[_entry(root)], next=None)
    if root.tag != f"{ATOM}feed":
        raise PayloadError("expected a feed or an entry")
    return Feed(entries=[_entry(one) for one in root.findall(f"{ATOM}entry")], next=_href(root, "next"))


def _entry(entry: Element) -> Item:
    """What an entry says; what it does not say is left out."""
    content = entry.find(f"{ATOM}content")
    counts = {one.get("scheme"): _text(one) for one in entry.findall(f"{SNX}rank")}
    likes, below = _link(entry, "recommendations"), _link(entry, "replies")
    above = entry.find(f"{THR}in-reply-to")
    found = {
        "id": _told(entry, f"{ATOM}id"),
        "type": _category(entry, "type"),
        "title": _told(entry, f"{ATOM}title"),
        "published": _told(entry, f"{ATOM}published"),
        "updated": _told(entry, f"{ATOM}updated"),
        "content": _text(content) if content is not None and content.get("type") != "xhtml" else "",
        "content_type": _attribute(content, "type"),
        "author": _person(entry, "author"),
        "contributor": _person(entry, "contributor"),
        "in_reply_to": _attribute(above, "ref"),
        "url": _href(entry, "alternate"),
        "related": _href(entry, "related"),
        "likes": _attribute(likes, f"{SNX}recommendation") or counts.get(f"{SN}/recommendations"),
        "thread_likes": _category(entry, "flags", label_of="ThreadRecommendationCount"),
        "replies": _attribute(below, f"{THR}count") or counts.get(f"{SN}/comment"),
        "replies_at": _attribute(below, "href"),
        "community": _told(entry, f"{SNX}communityUuid"),
        "community_type": _told(entry, f"{SNX}communityType"),
        "role": _told(entry, f"{SNX}role"),
        "card": _card(content) if content is not None and content.get("type") == "xhtml" else {},
    }
    return {name: clean(value) if isinstance(value, str) else value for name, value in found.items() if value}


def _person(entry: Element, tag: str) -> dict[str, str]:
    person = entry.find(f"{ATOM}{tag}")
    if person is None:
        return {}
    found = {name: clean(_told(person, path)) for name, path in PERSON.items()}
    found["external"] = clean(_told(person, EXTERNAL))
    return {name: text for name, text in found.items() if text}


def _card(content: Element) -> dict[str, str]:
    """The fields of an hCard by their classes; the first one that says something counts."""
    found: dict[str, str] = {}
    for element in content.iter():
        text = " ".join("".join(element.itertext()).split())
        for name in (element.get("class") or "").split():
            if name == "fn":
                found.setdefault("fn", clean(text))
            elif name in CARD and text:
                found.setdefault(name, clean(text))
    return found


def _links(parent: Element, rel: str) -> Iterator[Element]:
    """Links of this relation; Forums and Blogs write one of them with and without its namespace."""
    wanted = {rel, f"{SN}/{rel}"}
    return (one for one in parent.findall(f"{ATOM}link") if one.get("rel") in wanted)


def _link(parent: Element, rel: str) -> Element | None:
    return next(_links(parent, rel), None)


def _href(parent: Element, rel: str) -> str | None:
    return _attribute(_link(parent, rel), "href")


def _attribute(element: Element | None, name: str) -> str | None:
    return element.get(name) if element is not None else None


def _category(entry: Element, scheme: str, *, label_of: str = "") -> str:
    """The term of a scheme, or the label that stands beside one of its terms."""
    for one in entry.findall(f"{ATOM}category"):
        if one.get("scheme") == f"{SN}/{scheme}" and (not label_of or one.get("term") == label_of):
            return one.get("label" if label_of else "term") or ""
    return ""


def _told(parent: Element, path: str) -> str:
    return (parent.findtext(path) or "").strip()


def _text(element: Element) -> str:
    return "".join(element.itertext()).strip()
