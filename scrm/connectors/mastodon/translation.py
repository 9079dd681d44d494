"""Mastodon's accounts, statuses and notifications as records; pure.

Entities as in https://docs.joinmastodon.org/entities/ (4.7.0, read 2026-11-24). People are known by their ActivityPub
actor id, statuses by their uri. Favourites, boosts and follows are known by who did it to what, because the API gives
them no id that another server or the archive would know.
"""

import re
from collections.abc import Iterator

from scrm.connectors.base import Account
from scrm.connectors.payload import Payload
from scrm.connectors.text import html_to_text
from scrm.records import Audience, InteractionKind, InteractionRecord, Key, ProfileRecord, Record, WebLink

NETWORK = "mastodon"
AUDIENCES = {
    "public": Audience.PUBLIC,
    "unlisted": Audience.UNLISTED,
    "private": Audience.FOLLOWERS,
    "direct": Audience.PRIVATE,
}
WRITTEN = frozenset({"mention", "quote", "update"})  # notifications about a status that somebody wrote
REACTED = frozenset({"favourite", "reblog"})
TRANSLATED = (*sorted(WRITTEN | REACTED), "follow")

# People name the lines of their profile as they like; these names say what a line is.
FIELD_NAMES = {
    "company": {
        "company",
        "employer",
        "firma",
        "unternehmen",
        "arbeitgeber",
        "entreprise",
        "empresa",
        "organization",
    },
    "title": {"title", "position", "job", "role", "rolle", "beruf", "funktion"},
    "location": {"location", "city", "ort", "wohnort", "standort", "stadt", "ville"},
    "email": {"email", "e-mail", "mail"},
}
SIGNS = {"🏢": "company", "💼": "title", "📍": "location", "📧": "email", "✉": "email"}
MEANINGS = SIGNS | {word: meaning for meaning, words in FIELD_NAMES.items() for word in words}
HREF = re.compile(r'href="(https?://[^"<>\s]+)"')
ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+")


def key(native_id: str) -> Key:
    return Key(network=NETWORK, native_id=native_id)


def domain_of(account: Account) -> str:
    """The domain in the handles of our own server's people."""
    return account.handle.rpartition("@")[2]


def full_handle(acct: str, domain: str) -> str:
    """user@domain; the API leaves the domain out for people of the server that is asked."""
    return acct if "@" in acct else f"{acct}@{domain}"


def profile(person: Payload, domain: str) -> ProfileRecord:
    """Everything the network shows of a person; lines of the profile that say what they are included."""
    lines = [(line.optional_text("name") or "", line) for line in person.children("fields")]
    said = _said_in(lines)
    return ProfileRecord(
        key=key(person.text("uri")),
        handle=full_handle(person.text("acct"), domain),
        display_name=person.optional_text("display_name"),
        url=person.optional_text("url"),
        bio=html_to_text(person.optional_text("note") or "") or None,
        location=said.get("location"),
        company=said.get("company"),
        title=said.get("title"),
        email=said.get("email"),
        links=tuple(_links(lines)),
        is_bot=person.flag("bot"),
        fetch_ref=person.text("id"),
    )


def _links(lines: list[tuple[str, Payload]]) -> Iterator[WebLink]:
    for _, line in lines:
        is_verified = line.optional_time("verified_at") is not None
        for url in HREF.findall(line.optional_text("value") or "")[:1]:
            yield WebLink(url=url.replace("&amp;", "&"), verified=is_verified)


def _said_in(lines: list[tuple[str, Payload]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, line in lines:
        word = name.strip(" :\ufe0f").casefold()
        meaning = MEANINGS.get(word)
        text = html_to_text(line.optional_text("value") or "")
        if meaning == "email":
            address = ADDRESS.search(text)
            text = address[0] if address else ""
        if meaning and text:
            found.setdefault(meaning, text)
    return found


def notification_records(item: Payload, account: Account) -> Iterator[Record]:
    """A notification; nothing for types that are not about what somebody did to us, known or not."""
    kind = item.text("type")
    status = item.optional_child("status")  # null once the status is deleted
    if kind in WRITTEN and status:
        if kind != "update" or names_us(status, account):
            yield from status_records(status, account)
    elif kind in REACTED and status:
        yield from _reaction(item, kind, status, account)
    elif kind == "follow":
        author = profile(item.child("account"), domain_of(account))
        yield author
        yield InteractionRecord(
            key=key(f"follow:{author.key.native_id}:{account.key.native_id}"),
            kind=InteractionKind.FOLLOW,
            author=author.key,
            occurred_at=item.time("created_at"),
            url=author.url,
            target=account.key.native_id,
        )


def _reaction(item: Payload, kind: str, status: Payload, account: Account) -> Iterator[Record]:
    person = item.child("account")
    author = profile(person, domain_of(account))
    target, native = status.text("uri"), status.text("id")
    listed = "favourited_by" if kind == "favourite" else "reblogged_by"
    yield author
    yield InteractionRecord(
        key=key(f"{kind}:{author.key.native_id}:{target}"),
        kind=InteractionKind.REACTION if kind == "favourite" else InteractionKind.SHARE,
        author=author.key,
        occurred_at=item.time("created_at"),
        url=status.optional_text("url"),
        audience=audience(status),
        target=target,
        thread_key=None if answers(status) else target,
        fetch_ref=f"{listed} {native} {person.text('id')}",
    )


def status_item_records(item: Payload, account: Account) -> Iterator[Record]:
    """A status with what was read along with it: whom and what it answers, and where its thread begins."""
    answered = item.optional_child("answered")
    person = profile(answered, domain_of(account)) if answered else None
    yield from status_records(
        item.child("status"),
        account,
        answered=person,
        parent=item.optional_text("parent_uri"),
        thread=item.optional_text("thread_uri"),
    )


def status_records(
    status: Payload,
    account: Account,
    *,
    answered: ProfileRecord | None = None,
    parent: str | None = None,
    thread: str | None = None,
) -> Iterator[Record]:
    """The author, whom it answers, and what was written or boosted."""
    author = profile(status.child("account"), domain_of(account))
    reblog = status.optional_child("reblog")
    shown = reblog or _quoted(status)
    original = profile(shown.child("account"), domain_of(account)) if shown else None
    counterpart = answered or (original if author.key == account.key else None)
    if counterpart and counterpart.key in {author.key, account.key}:
        counterpart = None
    yield author
    if counterpart:
        yield counterpart
    target = shown.text("uri") if shown else None
    is_named = names_us(status, account)
    uri = status.text("uri")
    yield InteractionRecord(
        key=key(f"reblog:{author.key.native_id}:{target}" if reblog else uri),
        kind=kind_of(status, is_named=is_named),
        author=author.key,
        occurred_at=status.time("created_at"),
        text=None if reblog else text_of(status),
        url=(reblog or status).optional_text("url"),
        audience=audience(status),
        language=status.optional_text("language"),
        thread_key=thread or (None if reblog or answers(status) else uri),
        in_reply_to=parent,
        target=target,
        counterpart=counterpart.key if counterpart else None,
        edited_at=None if reblog else status.optional_time("edited_at"),
        fetch_ref=status.text("id"),
        mentions=(account.key,) if is_named else (),
    )


def kind_of(status: Payload, *, is_named: bool) -> InteractionKind:
    """What the status itself is, on whatever way it came."""
    if status.has("reblog"):
        return InteractionKind.SHARE
    if status.optional_text("visibility") == "direct":
        return InteractionKind.MESSAGE
    if answers(status):
        return InteractionKind.REPLY
    if status.has("quote"):
        return InteractionKind.QUOTE
    return InteractionKind.MENTION if is_named else InteractionKind.POST


def answers(status: Payload) -> bool:
    """Whether it answers something; the account stays named when the status that is answered is deleted."""
    return status.has("in_reply_to_id") or status.has("in_reply_to_account_id")


def names_us(status: Payload, account: Account) -> bool:
    """Whether we are mentioned."""
    domain, own = domain_of(account), account.handle.casefold()
    return any(full_handle(one.text("acct"), domain).casefold() == own for one in status.children("mentions"))


def audience(status: Payload) -> Audience:
    """Who may read it; a word we do not know counts as the narrowest."""
    return AUDIENCES.get(status.optional_text("visibility") or "", Audience.PRIVATE)


def text_of(status: Payload) -> str | None:
    """The content warning, if any, then the text."""
    parts = [status.optional_text("spoiler_text"), html_to_text(status.optional_text("content") or "")]
    return "\n\n".join(part for part in parts if part) or None


def _quoted(status: Payload) -> Payload | None:
    """The status that is quoted, where its author and the server let us see it."""
    quote = status.optional_child("quote")
    return quote.optional_child("quoted_status") if quote else None
