"""What a record of the network says, as records of ours; pure.

A notification, a post in a feed, a post in a thread and a record in an archive all have a uri, an author and the
record itself, so one function reads them all and the same object gives the same record on every way.
Lexicons app.bsky.feed.*, app.bsky.graph.follow, app.bsky.actor.defs (read 2026-11).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from scrm.connectors.base import Account
from scrm.connectors.bluesky.richtext import quoted_uri, rich_text, with_card
from scrm.connectors.payload import Payload
from scrm.errors import PayloadError
from scrm.records import InteractionKind, InteractionRecord, Key, ProfileRecord, Record, WebLink

NETWORK = "bluesky"
POST = "app.bsky.feed.post"
LIKE = "app.bsky.feed.like"
REPOST = "app.bsky.feed.repost"
FOLLOW = "app.bsky.graph.follow"
PROFILE = "app.bsky.actor.profile"
INVALID_HANDLE = "handle.invalid"  # shown while a handle's domain does not name the account
SITE = "https://bsky.app/profile/"


@dataclass(frozen=True, kw_only=True)
class AtUri:
    """at://<did>/<collection>/<record key>."""

    did: str
    collection: str
    rkey: str

    @classmethod
    def parse(cls, text: str, path: str = "uri") -> "AtUri":
        """Raises PayloadError."""
        parts = text.removeprefix("at://").split("/")
        if not text.startswith("at://did:") or len(parts) != 3 or not all(parts):
            raise PayloadError(f"{path}: expected an address like at://did:plc:…/collection/key")
        return cls(did=parts[0], collection=parts[1], rkey=parts[2])

    @property
    def page(self) -> str:
        """Where people read it: a post's own page, else its author's."""
        return f"{SITE}{self.did}/post/{self.rkey}" if self.collection == POST else SITE + self.did


def key(native_id: str) -> Key:
    return Key(network=NETWORK, native_id=native_id)


def deed(item: Payload, account: Account) -> Iterator[Record]:
    """The author, then what the record says they did; nothing for collections that concern us not."""
    uri = AtUri.parse(item.text("uri"), f"{item.path}.uri")
    if uri.collection == POST:
        yield from _post(item, uri, account)
    elif uri.collection in {LIKE, REPOST}:
        yield from _about_post(item, uri, account)
    elif uri.collection == FOLLOW:
        yield from _follow(item, uri)


def _post(item: Payload, uri: AtUri, account: Account) -> Iterator[Record]:
    author = profile(item.child("author"), full=False)
    record = item.child("record")
    body = rich_text(record)
    embed = record.optional_child("embed")
    quoted = quoted_uri(embed)
    reply = record.optional_child("reply")
    parent = reply.child("parent").text("uri") if reply else None
    root = reply.child("root").text("uri") if reply else item.text("uri")
    counterpart = _counterpart(author.key, account, [parent, quoted])
    yield author
    if counterpart is not None:
        yield known_by_did(counterpart)
    yield InteractionRecord(
        key=key(item.text("uri")),
        kind=_kind(parent, quoted, is_naming_us=account.key.native_id in body.mentions),
        author=author.key,
        occurred_at=_occurred_at(item),
        text=with_card(body.text, embed) or None,
        url=uri.page,
        language=next(iter(record.texts("langs")), None),
        thread_key=root,
        in_reply_to=parent,
        target=quoted,
        counterpart=counterpart,
        mentions=tuple(key(did) for did in body.mentions),
    )


def _kind(parent: str | None, quoted: str | None, *, is_naming_us: bool) -> InteractionKind:
    if parent is not None:
        return InteractionKind.REPLY
    if quoted is not None:
        return InteractionKind.QUOTE
    return InteractionKind.MENTION if is_naming_us else InteractionKind.POST


def _counterpart(author: Key, account: Account, about: list[str | None]) -> Key | None:
    """Whose post our own one answers, quotes or shares."""
    if author != account.key:
        return None
    dids = [AtUri.parse(uri).did for uri in about if uri is not None]
    return key(dids[0]) if dids and dids[0] != account.key.native_id else None


def _about_post(item: Payload, uri: AtUri, account: Account) -> Iterator[Record]:
    author = profile(item.child("author"), full=False)
    subject = item.child("record").child("subject").text("uri")
    counterpart = _counterpart(author.key, account, [subject])
    yield author
    if counterpart is not None:
        yield known_by_did(counterpart)
    yield InteractionRecord(
        key=key(item.text("uri")),
        kind=InteractionKind.REACTION if uri.collection == LIKE else InteractionKind.SHARE,
        author=author.key,
        occurred_at=_occurred_at(item),
        url=AtUri.parse(subject).page,
        target=subject,
        counterpart=counterpart,
    )


def _follow(item: Payload, uri: AtUri) -> Iterator[Record]:
    author = profile(item.child("author"), full=False)
    yield author
    yield InteractionRecord(
        key=key(item.text("uri")),
        kind=InteractionKind.FOLLOW,
        author=author.key,
        occurred_at=_occurred_at(item),
        url=uri.page,
        target=item.child("record").text("subject"),
    )


def _occurred_at(item: Payload) -> datetime:
    """The earlier of what the author's clock claims and when the network saw it.

    Clients write what they like into createdAt; the network's own time then has to do.
    """
    seen_at = item.optional_time("indexedAt")
    try:
        claimed_at = item.child("record").time("createdAt")
    except PayloadError:
        if seen_at is None:
            raise
        return seen_at
    return claimed_at if seen_at is None else min(claimed_at, seen_at)


def profile(person: Payload, *, full: bool) -> ProfileRecord:
    """A person as the network shows them; only the full form has the website. Bluesky never shows an e-mail address.

    A handle that is a domain of its own says where somebody works; matching reads that from the handle.
    """
    did, handle = person.text("did"), person.optional_text("handle")
    if not did.startswith("did:"):
        raise PayloadError(f"{person.path}.did: expected a did")
    website = person.optional_text("website")
    return ProfileRecord(
        key=key(did),
        handle=None if handle == INVALID_HANDLE else handle,
        display_name=person.optional_text("displayName"),
        url=SITE + did,
        bio=person.optional_text("description"),
        links=(WebLink(url=website),) if website else (),
        is_bot=_says_bot(person, did),
        full=full,
    )


def _says_bot(person: Payload, did: str) -> bool:
    """The label that an account gives itself; others' labels are opinions."""
    labels = [label for label in person.children("labels") if not label.flag("neg")]
    return any(label.optional_text("val") == "bot" and label.optional_text("src") == did for label in labels)


def known_by_did(person: Key) -> ProfileRecord:
    """Somebody of whom a record names only the did."""
    return ProfileRecord(key=person, url=SITE + person.native_id, full=False)


def posts_below(thread: Payload) -> Iterator[Payload]:
    """A post and everything that answers it, itself first; what is deleted or blocked is left out."""
    waiting = [thread]
    while waiting:
        node = waiting.pop()
        if node.has("post"):
            yield node.child("post")
            waiting += reversed(list(node.children("replies")))
