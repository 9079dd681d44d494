"""The archive people may download of their own account: ActivityPub JSON beside their media.

Format: app/services/backup_service.rb and app/serializers/activitypub/ of mastodon/mastodon (read 2026-11-24); a
tar.gz until 4.1, a zip since. It holds what the account wrote and boosted, nothing of others. `likes.json` tells
neither when nor whose, so it is left out.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from scrm.connectors.archive import open_archive
from scrm.connectors.base import Account, Archive
from scrm.connectors.mastodon.translation import HREF, full_handle, key
from scrm.connectors.payload import Payload
from scrm.connectors.text import html_to_text
from scrm.errors import InputError, PayloadError
from scrm.i18n import N_
from scrm.records import Audience, InteractionKind, InteractionRecord, ProfileRecord, Record, WebLink

ACTORS = frozenset({"Person", "Service", "Application", "Organization", "Group"})
PUBLIC = frozenset({"https://www.w3.org/ns/activitystreams#Public", "as:Public", "Public"})


def recognizes(path: Path) -> bool:
    """Whether this is such an archive, by what is in it."""
    try:
        _actor(path)
    except InputError:
        return False
    return True


def owner(path: Path) -> Account:
    """Whose archive it is."""
    record = _owner_record(_actor(path))
    parts = urlsplit(record.key.native_id)
    return Account(key=record.key, handle=record.handle or "", base_url=f"{parts.scheme}://{parts.netloc}")


def items(path: Path, cursor: str | None) -> Iterator[tuple[Mapping[str, Any], str]]:
    """The owner's profile, then every activity; the cursor counts the items given so far."""
    done = int(cursor) if cursor and cursor.isascii() and cursor.isdigit() else 0
    archive = open_archive(path)
    if not done:
        yield {"actor": _actor(path).raw()}, "1"
    with archive.open("outbox.json") as outbox:
        for place, activity in enumerate(outbox.array("orderedItems"), start=2):
            if place > done:
                yield activity if isinstance(activity, dict) else {}, str(place)


def translate(item: Payload, account: Account) -> Iterator[Record]:
    """The records of one item, under the keys that the API gives them too."""
    if item.has("actor") and not item.has("type"):
        yield _owner_record(item.child("actor"))
        return
    if item.text("actor") != account.key.native_id:
        raise PayloadError(f"{item.path}.actor: expected the owner of the archive")
    kind = item.text("type")
    if kind == "Create":
        yield from _written(item.child("object"), account)
    elif kind == "Announce":
        yield from _boosted(item, account)


def _actor(path: Path) -> Payload:
    archive = open_archive(path)
    if archive.find("outbox.json") is None:
        raise InputError(N_("the archive has no outbox.json"))
    with archive.open("actor.json") as file:
        found = file.json()
    try:
        actor = Payload(found, "actor.json")
        if actor.optional_text("type") not in ACTORS:
            raise InputError(N_("actor.json: expected an account"))
        _owner_record(actor)
    except PayloadError as why:
        raise InputError(str(why)) from None
    return actor


def _owner_record(actor: Payload) -> ProfileRecord:
    uri = actor.text("id")
    links = [HREF.findall(one.optional_text("value") or "")[:1] for one in actor.children("attachment")]
    return ProfileRecord(
        key=key(uri),
        handle=full_handle(actor.text("preferredUsername"), urlsplit(uri).netloc),
        display_name=actor.optional_text("name"),
        url=actor.optional_text("url"),
        bio=html_to_text(actor.optional_text("summary") or "") or None,
        links=tuple(WebLink(url=url.replace("&amp;", "&")) for found in links for url in found),
        is_bot=actor.optional_text("type") == "Service",
        full=False,  # the archive does not tell which links were verified
    )


def _written(note: Payload, account: Account) -> Iterator[Record]:
    uri, parent = note.text("id"), note.optional_text("inReplyTo")
    people = [(one.text("href"), one) for one in note.children("tag") if one.optional_text("type") == "Mention"]
    others = [(uri, one) for uri, one in people if uri != account.key.native_id]
    audience = _audience(note, account)
    is_message = audience is Audience.PRIVATE
    quoted = note.optional_text("quote") or note.optional_text("quoteUri")
    # whoever is answered is among those mentioned, and the parent's uri begins with theirs
    answered = [one for one in others if (parent or "").startswith(one[0] + "/")] or others
    counterpart = answered[0] if answered and (parent or is_message) else None
    yield ProfileRecord(key=account.key, handle=account.handle, full=False)
    if counterpart:
        handle = full_handle(counterpart[1].text("name").removeprefix("@"), urlsplit(counterpart[0]).netloc)
        yield ProfileRecord(key=key(counterpart[0]), handle=handle, full=False)
    yield InteractionRecord(
        key=key(uri),
        kind=_kind(is_message=is_message, is_reply=parent is not None, is_quote=quoted is not None),
        author=account.key,
        occurred_at=note.time("published"),
        text=_text(note),
        url=note.optional_text("url"),
        audience=audience,
        language=next(iter(note.child("contentMap").raw()), None) if note.has("contentMap") else None,
        thread_key=None if parent else uri,
        in_reply_to=parent,
        target=quoted,
        counterpart=key(counterpart[0]) if counterpart else None,
        edited_at=note.optional_time("updated"),
        fetch_ref=_server_id(uri),
    )


def _boosted(activity: Payload, account: Account) -> Iterator[Record]:
    target = activity.text("object")
    # the first address of the copy is the account that is boosted
    whom = next((one for one in activity.texts("cc") if one not in PUBLIC), None)
    if whom is not None and whom.startswith(account.key.native_id):
        whom = None
    yield ProfileRecord(key=account.key, handle=account.handle, full=False)
    if whom:
        yield ProfileRecord(key=key(whom), full=False)
    yield InteractionRecord(
        key=key(f"reblog:{account.key.native_id}:{target}"),
        kind=InteractionKind.SHARE,
        author=account.key,
        occurred_at=activity.time("published"),
        url=target,
        audience=_audience(activity, account),
        target=target,
        counterpart=key(whom) if whom else None,
        fetch_ref=_server_id(activity.text("id").removesuffix("/activity")),
    )


def _kind(*, is_message: bool, is_reply: bool, is_quote: bool) -> InteractionKind:
    if is_message:
        return InteractionKind.MESSAGE
    if is_reply:
        return InteractionKind.REPLY
    return InteractionKind.QUOTE if is_quote else InteractionKind.POST


def _audience(item: Payload, account: Account) -> Audience:
    to, cc = set(item.texts("to")), set(item.texts("cc"))
    if to & PUBLIC:
        return Audience.PUBLIC
    if cc & PUBLIC:
        return Audience.UNLISTED
    return Audience.FOLLOWERS if f"{account.key.native_id}/followers" in to else Audience.PRIVATE


def _text(note: Payload) -> str | None:
    parts = [note.optional_text("summary"), html_to_text(note.optional_text("content") or "")]
    return "\n\n".join(part for part in parts if part) or None


def _server_id(uri: str) -> str | None:
    """The id by which the server's API knows one of its own statuses: the end of its uri."""
    last = uri.rpartition("/")[2]
    return last if last.isascii() and last.isdigit() else None


ARCHIVE = Archive(
    kind="mastodon-archive",
    label=N_("Mastodon account archive"),
    recognizes=recognizes,
    owner=owner,
    items=items,
    translate=translate,
)
