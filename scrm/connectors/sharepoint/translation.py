"""What SharePoint shows as records.

`sitePage`, `listItem`: microsoft-graph metadata v1.0 of 2026-08-20; comments and likes: @pnp/sp 4.21.0 (both read
2026-11-23). A comment's text is encoded as HTML, and mentions stand in it by number (several public clients, read
2026-11-24). Everything is said in the site, and Graph does not tell who may read that, so it counts as closed. A
comment's number counts within its item, and a like has no id at all: theirs are made of where they stand.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from html import unescape

from scrm.connectors.base import Account
from scrm.connectors.payload import Payload, clean
from scrm.connectors.sharepoint.people import People, key
from scrm.connectors.sharepoint.place import COMMENT, ITEM, LIKE, PAGE, Place
from scrm.connectors.text import html_to_text
from scrm.errors import PayloadError
from scrm.records import (
    Audience,
    CommunityRecord,
    InteractionKind,
    InteractionRecord,
    ProfileRecord,
    Record,
    Visibility,
)

PUBLISHED = "published"
OWN_PAGES = "microsoftReserved"  # made by SharePoint itself
MENTION = re.compile(r"@mention\{(\d+)\}")
TOP = "0"  # the parent of a comment that answers no other


def place_of(entry: Payload) -> Place:
    """Where a page or an entry stands."""
    ids = entry.child("sharepointIds")
    return Place(
        unique_id=ids.text("listItemUniqueId").lower(),
        list_id=(ids.optional_text("listId") or entry.child("parentReference").text("id")).lower(),
        number=entry.text("id"),
        author=entry.child("createdBy").child("user").text("id"),
        at=entry.time("createdDateTime"),
    )


def comment_id(place: Place, number: str) -> str:
    return f"{place.list_id}:{place.number}:{number}"


def page_records(item: Payload) -> Iterator[Record]:
    """A page that is published; nothing for one that is not published, or that no person made."""
    entry, page = item.child("entry"), item.child("page")
    state = page.optional_child("publishingState")
    kind, level = page.optional_text("promotionKind"), state.optional_text("level") if state else PUBLISHED
    text = _titled(page.optional_text("title"), _body(page))
    if kind != OWN_PAGES and level == PUBLISHED:
        yield from _told(item, entry, page, text, PAGE)


def item_records(item: Payload) -> Iterator[Record]:
    """An entry of a list that says something."""
    entry = item.child("entry")
    fields = entry.optional_child("fields")
    said = fields.optional_text("Body") or fields.optional_text("Description") if fields else None
    text = _titled(fields.optional_text("Title") if fields else None, html_to_text(said) if said else None)
    yield from _told(item, entry, entry, text, ITEM)


def _told(item: Payload, entry: Payload, shown: Payload, text: str, kind: str) -> Iterator[Record]:
    creator = entry.child("createdBy").optional_child("user")
    changed_at, url = shown.time("lastModifiedDateTime"), shown.optional_text("webUrl")
    if not text or creator is None or not creator.has("id"):
        return  # nothing said, or by SharePoint itself or an app
    place = place_of(entry)
    author = People(item).by_identity(creator)
    yield author
    yield InteractionRecord(
        key=key(place.unique_id),
        kind=InteractionKind.POST,
        author=author.key,
        occurred_at=place.at,
        text=text,
        url=url,
        audience=Audience.COMMUNITY,
        thread_key=place.unique_id,
        edited_at=changed_at if changed_at > place.at else None,
        fetch_ref=place.ref(kind),
    )


def _titled(title: str | None, body: str | None) -> str:
    """Title and text; a title that only repeats how the text begins says nothing of its own."""
    if title and body and body.startswith(title.rstrip("…")):
        return body
    return "\n\n".join(filter(None, (title, body)))


def _body(page: Payload) -> str | None:
    """The words on a page; where there are none, what stands for it in lists of news."""
    canvas = page.optional_child("canvasLayout")
    parts = [html for part in _text_parts(canvas) if (html := part.optional_text("innerHtml"))] if canvas else []
    return "\n\n".join(filter(None, map(html_to_text, parts))) or page.optional_text("description")


def _text_parts(canvas: Payload) -> Iterator[Payload]:
    for section in canvas.children("horizontalSections"):
        for column in section.children("columns"):
            yield from column.children("webparts")
    beside = canvas.optional_child("verticalSection")
    if beside is not None:
        yield from beside.children("webparts")


def said_records(item: Payload) -> Iterator[Record]:
    """A comment or a like, with who did it."""
    yield from _comment_records(item) if item.has("comment") else _like_records(item)


def _comment_records(item: Payload) -> Iterator[Record]:
    comment, place, people = item.child("comment"), Place.of(item.child("place")), People(item)
    number, parent = comment.text("id"), comment.optional_text("parentId")
    author = people.by_login(comment.child("author"))
    answered = item.optional_child("answered")
    above = people.by_login(answered) if answered else people.by_id(place.author)
    named = [people.by_login(one) for one in comment.children("mentions")]
    yield from _distinct((above, *named, author))
    yield InteractionRecord(
        key=key(comment_id(place, number)),
        kind=InteractionKind.REPLY,
        author=author.key,
        occurred_at=comment.time("createdDate"),
        text=_said(comment, named),
        audience=Audience.COMMUNITY,
        thread_key=place.unique_id,
        in_reply_to=place.unique_id if parent in {None, TOP} else comment_id(place, str(parent)),
        counterpart=above.key if above.key != author.key else None,
        fetch_ref=place.ref(COMMENT),
        mentions=tuple(dict.fromkeys(one.key for one in named)),
    )


def _like_records(item: Payload) -> Iterator[Record]:
    like, place = item.child("like"), Place.of(item.child("place"))
    target = item.optional_text("comment_id")
    target = comment_id(place, target) if target else place.unique_id
    person = People(item).by_login(like)
    yield person
    yield InteractionRecord(
        key=key(like_id(target, like.text("loginName"))),
        kind=InteractionKind.REACTION,
        author=person.key,
        occurred_at=like.time("creationDate"),
        audience=Audience.COMMUNITY,
        thread_key=place.unique_id,
        target=target,
        fetch_ref=place.ref(LIKE),
    )


def like_id(target: str, login_name: str) -> str:
    return f"{target}:like:{login_name.lower()}"


def _said(comment: Payload, named: list[ProfileRecord]) -> str | None:
    """A comment's text with the names of those who are mentioned in it."""
    names = [one.display_name or "" for one in named]

    def name(found: re.Match[str]) -> str:
        place = int(found[1])
        return f"@{names[place]}" if place < len(names) and names[place] else ""

    text = comment.optional_text("text")
    return clean(MENTION.sub(name, unescape(text))).strip() or None if text else None


def _distinct(records: tuple[ProfileRecord, ...]) -> Iterator[ProfileRecord]:
    """Everybody once, in the fullest form at hand."""
    found: dict[str, ProfileRecord] = {}
    for record in records:
        known = found.get(record.key.native_id)
        if known is None or record.full or not known.display_name:
            found[record.key.native_id] = record
    yield from found.values()


def placed(found: Iterator[Record], account: Account) -> Iterator[Record]:
    """Records with the site in which all that was said; the account is the site."""
    for record in found:
        if isinstance(record, InteractionRecord):
            name = account.handle.removeprefix("@")
            yield CommunityRecord(key=account.key, visibility=Visibility.CLOSED, name=name)
            yield replace(record, community=account.key)
        else:
            yield record


def records(item: Payload) -> Iterator[Record]:
    """Whatever it is."""
    if item.has("place"):
        yield from said_records(item)
    elif item.has("page"):
        yield from page_records(item)
    elif item.has("entry"):
        yield from item_records(item)
    else:
        raise PayloadError(f"{item.path}: expected a page, an entry, a comment or a like")
