"""Jive's people, contents, answers and likes as records; pure.

Fields as the entity pages of developers.jivesoftware.com/api/v3/cloud/rest and the models of JiveDotNetSDK have them
(read 2026-11-23). Ids hold for one community, whose host is the scope of every key. A native id is the address below
the API: /people/1, /contents/2, /messages/3, /comments/4, /dms/5, and for a like the address of what is liked with
/likes/ and the person's id. Everything is said inside a community of members, so nothing counts as public: what
stands in a place is read by whoever reads the place, what stands in none and is for all by everybody there. How a
mention looks in the text is that of recorded answers in jivesoftware/jive-ios-sdk.
"""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from scrm.connectors.base import Account
from scrm.connectors.jive.client import API
from scrm.connectors.payload import Payload
from scrm.connectors.text import html_to_text
from scrm.errors import PayloadError
from scrm.records import (
    Audience,
    CommunityRecord,
    InteractionKind,
    InteractionRecord,
    Key,
    ProfileRecord,
    Record,
    Visibility,
)

NETWORK = "jive"
DIRECT = "dm"
VISIBILITY = {
    "OPEN": Visibility.ORGANIZATION,
    "MEMBER_ONLY": Visibility.ORGANIZATION,
    "PRIVATE": Visibility.CLOSED,
    "SECRET": Visibility.PRIVATE,
}
NARROW = frozenset({"people", "hidden"})  # for named people, or for the author alone
UNTITLED = frozenset({"update", DIRECT})  # their subject is made of the text
ANCHOR = re.compile(r"<a\s[^>]*>")
MENTIONED = re.compile(r'\bdata-objectId="(\d+)"')
IS_PERSON = re.compile(r'\bdata-objectType="3"')
NATIVE = re.compile(r"/(people|contents|dms|messages|comments)/\d{1,18}")
# the first word of every fetch_ref
SAID, PRIVATE, LIKE = "said", "private", "like"


def scope_of(base_url: str) -> str:
    """Where ids hold: one community."""
    return urlsplit(base_url).hostname or ""


def key(native_id: str, account: Account) -> Key:
    return Key(network=NETWORK, scope=account.key.scope, native_id=native_id)


def native_in(item: Payload, name: str) -> str:
    """The native id in the address of an object of the API."""
    found = optional_native_in(item, name)
    if found is None:
        raise PayloadError(f"{item.path}.{name}: expected an address of the API")
    return found


def optional_native_in(item: Payload, name: str) -> str | None:
    text = item.optional_text(name) or ""
    native = urlsplit(text).path.partition(API)[2]
    return native if NATIVE.fullmatch(native) else None


def native_of(said: Payload) -> str:
    """The native id of a content or an answer."""
    kind = said.text("type")
    if kind in {"message", "comment"}:
        return _checked(said, f"/{kind}s/{said.text('id')}")
    return _checked(said, f"/{'dms' if kind == DIRECT else 'contents'}/{said.text('contentID')}")


def _checked(said: Payload, native_id: str) -> str:
    if not NATIVE.fullmatch(native_id):
        raise PayloadError(f"{said.path}: expected an id that is a number")
    return native_id


def profile(shown: Payload, scope: str) -> ProfileRecord:
    """A person as the directory shows them; hidden fields are absent."""
    person = shown.child("person")
    jive = person.child("jive")
    rows = {(one.optional_text("jive_label") or "").casefold(): one for one in jive.children("profile")}
    labels = shown.child("labels")

    def row(name: str) -> str | None:
        found = rows.get((labels.optional_text(name) or "-").casefold())
        return found.optional_text("value") if found else None

    email = _email(person)
    bio = row("bio")
    return ProfileRecord(
        key=_person_key(person, scope),
        handle=jive.optional_text("username"),
        display_name=person.optional_text("displayName"),
        url=_page(person),
        bio=html_to_text(bio) or None if bio else None,
        location=person.optional_text("location"),
        company=row("company"),
        title=row("title"),
        email=email,
        email_verified=email is not None and jive.flag("federated"),  # managed by the company's own directory
        language=jive.optional_text("locale"),
    )


def summary(person: Payload, scope: str) -> ProfileRecord:
    """A person as they stand in other objects."""
    jive = person.optional_child("jive")
    return ProfileRecord(
        key=_person_key(person, scope),
        handle=jive.optional_text("username") if jive else None,
        display_name=person.optional_text("displayName"),
        url=_page(person),
        full=False,
    )


def _person_key(person: Payload, scope: str) -> Key:
    return Key(network=NETWORK, scope=scope, native_id=_checked(person, f"/people/{person.text('id')}"))


def _email(person: Payload) -> str | None:
    emails = [(one.flag("primary"), one.optional_text("value")) for one in person.children("emails")]
    return next((value for _, value in sorted(emails, key=lambda one: not one[0]) if value), None)


def _page(shown: Payload) -> str | None:
    """Where people see it."""
    resources = shown.optional_child("resources")
    html = resources.optional_child("html") if resources else None
    return html.optional_text("ref") if html else None


def _writer(item: Payload, name: str, account: Account) -> ProfileRecord:
    """Whoever wrote what stands under this name, in full where that was read along."""
    short = summary(item.child(name).child("author"), account.key.scope)
    full = item.optional_child(f"{name}_author")
    found = profile(full, account.key.scope) if full else short
    if found.key != short.key:
        raise PayloadError(f"{item.path}.{name}_author: expected the author")
    return found


def place_of(shown: Payload) -> str:
    """The native id of a place. Raises PayloadError."""
    number = shown.text("placeID")
    if not (number.isascii() and number.isdigit()):
        raise PayloadError(f"{shown.path}.placeID: expected a number")
    return f"/places/{number}"


def community(place: Payload, account: Account) -> CommunityRecord:
    """A place as it is listed; one of which no type tells who reads it is closed."""
    return CommunityRecord(
        key=key(place_of(place), account),
        visibility=VISIBILITY.get(place.optional_text("groupType") or "", Visibility.CLOSED),
        name=place.optional_text("name"),
        url=_page(place),
        description=place.optional_text("description"),
    )


def _audience(said: Payload, place: Payload | None, *, is_private: bool) -> Audience:
    if is_private:
        return Audience.PRIVATE
    is_for_all = place is None and not is_answer(said) and said.optional_text("visibility") == "all"
    return Audience.ORGANIZATION if is_for_all else Audience.COMMUNITY


def said_records(item: Payload, account: Account) -> Iterator[Record]:
    """A content or an answer, with whoever wrote it and whom it answers."""
    said = item.child("said")
    writer = _writer(item, "said", account)
    yield writer
    answered = None
    if item.has("parent"):
        answered = _writer(item, "parent", account)
        yield answered
    yield from _participants(said, writer, account)
    native_id, parent, root = native_of(said), _parent(said), _root(said)
    published, updated = said.time("published"), said.optional_time("updated")
    html = _html(said)
    is_private = item.flag("is_private") or _is_narrow(said, root)
    place = None if is_private else said.optional_child("parentPlace")
    is_named = writer.key != account.key and names_us(html, account)
    yield InteractionRecord(
        key=key(native_id, account),
        kind=_kind(root, parent, is_named=is_named),
        author=writer.key,
        occurred_at=published,
        text=_text(said, html),
        url=_page(said),
        audience=_audience(said, place, is_private=is_private),
        thread_key=root,
        in_reply_to=parent,
        counterpart=_counterpart(said, writer, answered, account),
        edited_at=updated if updated and updated > published else None,
        fetch_ref=PRIVATE if is_private else SAID,
        mentions=(account.key,) if is_named else (),
        community=key(place_of(place), account) if place else None,
    )


def _kind(root: str, parent: str | None, *, is_named: bool) -> InteractionKind:
    if root.startswith("/dms/"):
        return InteractionKind.MESSAGE
    if is_named:
        return InteractionKind.MENTION
    return InteractionKind.REPLY if parent else InteractionKind.POST


def is_answer(said: Payload) -> bool:
    return said.text("type") in {"message", "comment"}


def _parent(said: Payload) -> str | None:
    return native_in(said, "parent") if is_answer(said) else None


def _root(said: Payload) -> str:
    """The content that began the thread; for a content itself."""
    if not is_answer(said):
        return native_of(said)
    return native_in(said, "discussion" if said.text("type") == "message" else "rootURI")


def _is_narrow(said: Payload, root: str) -> bool:
    return root.startswith("/dms/") or said.optional_text("visibility") in NARROW


def is_narrow(content: Payload) -> bool:
    """Whether a content is for named people only, and with it all that is said below."""
    return _is_narrow(content, _root(content))


def _counterpart(
    said: Payload, writer: ProfileRecord, answered: ProfileRecord | None, account: Account
) -> Key | None:
    """Whom it answers; a private message is for whoever else takes part, if that is one person."""
    if answered is not None:
        return answered.key if answered.key != writer.key else None
    if said.text("type") != DIRECT:
        return None
    others = [one.key for one in _participants(said, writer, account)]
    return others[0] if len(others) == 1 and writer.key == account.key else None


def _participants(said: Payload, writer: ProfileRecord, account: Account) -> Iterator[ProfileRecord]:
    """Who takes part in a private message besides its author."""
    found = [summary(one, account.key.scope) for one in said.children("participants")]
    yield from (one for one in found if one.key != writer.key)


def _html(said: Payload) -> str:
    content = said.optional_child("content")
    return (content.optional_text("text") or "") if content else ""


def _text(said: Payload, html: str) -> str | None:
    """Title and text; many titles are only the beginning of the text."""
    text, title = html_to_text(ANCHOR.sub(_marked, html)), said.optional_text("subject") or ""
    has_title = not is_answer(said) and said.text("type") not in UNTITLED
    if has_title and not text.startswith(title.removesuffix("...")):
        text = f"{title}\n\n{text}".strip()
    return text or None


def _marked(anchor: re.Match[str]) -> str:
    """The beginning of a link, with the sign by which a reader knows a mention."""
    return f"{anchor[0]}@" if IS_PERSON.search(anchor[0]) else anchor[0]


def names_us(html: str, account: Account) -> bool:
    """Whether a link in it is a mention of us."""
    our_number = account.key.native_id.rpartition("/")[2]
    anchors = [one for one in ANCHOR.findall(html) if IS_PERSON.search(one)]
    return any(our_number in MENTIONED.findall(one) for one in anchors)
