"""Instagram's media, comments and messages as records; pure.

Fields as in Meta's Python SDK 26.0.3 and its pages "IG Comment", "Conversations API" and "Instagram webhooks" (read
2026-11-23). Ids of people are made for the account that sees them, so everything is kept in the scope of ours. Media
of others name their author by user name alone: such a person is known by it, for there is nothing else. A comment is
an answer wherever it stands, whether it names us or not.
"""

import re
from collections.abc import Iterator
from datetime import datetime

from scrm.connectors.base import Account
from scrm.connectors.graph import milliseconds_at, seconds_at
from scrm.connectors.payload import Payload
from scrm.records import (
    Audience,
    DeletedKind,
    DeletionRecord,
    InteractionKind,
    InteractionRecord,
    Key,
    ProfileRecord,
    Record,
    WebLink,
)

NETWORK = "instagram"
BUSINESS = "BUSINESS"
# how it is read again: what is ours, a comment that may stand elsewhere, a medium that names or shows us, a message
OWN, ANYWHERE, MENTIONED, TAGGED, MESSAGES = "own", "any", "mentioned", "tag", "messages"


def key(account: Account, native_id: str) -> Key:
    return Key(network=NETWORK, native_id=native_id, scope=account.key.scope)


def page_of(handle: str) -> str:
    """Where people see a profile."""
    return f"https://www.instagram.com/{handle}/"


def own_profile(me: Payload) -> ProfileRecord:
    """Our account as it shows itself."""
    handle, website = me.text("username"), me.optional_text("website")
    native_id = me.text("user_id")
    return ProfileRecord(
        key=Key(network=NETWORK, native_id=native_id, scope=native_id),
        handle=handle,
        display_name=me.optional_text("name"),
        url=page_of(handle),
        bio=me.optional_text("biography"),
        links=(WebLink(url=website),) if website else (),
        is_organization=me.optional_text("account_type") == BUSINESS,
    )


def person(row: Payload, account: Account) -> ProfileRecord:
    """Somebody who wrote to us, with the name that this alone opens."""
    handle = row.text("username")
    return ProfileRecord(
        key=key(account, row.text("id")),
        handle=handle,
        display_name=row.optional_text("name"),
        url=page_of(handle),
    )


def author_of(row: Payload, account: Account) -> ProfileRecord:
    """Who wrote a comment or message or published a medium, as far as that is shown."""
    shown = row.optional_child("from")
    handle = (shown.optional_text("username") if shown else None) or row.optional_text("username")
    native_id = shown.optional_text("id") if shown else None
    if handle == account.handle or (shown and shown.has("self_ig_scoped_id")):
        native_id = account.key.native_id
    if native_id is None:
        native_id = f"@{row.text('username')}"
    return _short(native_id, handle, account)


def _short(native_id: str, handle: str | None, account: Account) -> ProfileRecord:
    url = page_of(handle) if handle else None
    return ProfileRecord(key=key(account, native_id), handle=handle, url=url, full=False)


def names(text: str | None, account: Account) -> bool:
    """Whether a text names us."""
    return re.search(rf"(?<![\w.])@{re.escape(account.handle)}(?![\w.]*\w)", text or "", re.IGNORECASE) is not None


def media_records(item: Payload, account: Account) -> Iterator[Record]:
    """A medium: a post if it is ours, else one that names us or shows us."""
    row, is_own = item.child("media"), item.flag("is_own")
    author = (
        _short(account.key.native_id, row.optional_text("username"), account) if is_own else author_of(row, account)
    )
    is_ours = author.key == account.key
    yield author
    yield InteractionRecord(
        key=key(account, row.text("id")),
        kind=InteractionKind.POST if is_ours else InteractionKind.MENTION,
        author=author.key,
        occurred_at=row.time("timestamp"),
        text=row.optional_text("caption"),
        url=row.optional_text("permalink"),
        thread_key=row.text("id"),
        fetch_ref=_media_ref(item, row),
        mentions=() if is_ours else (account.key,),
    )


def _media_ref(item: Payload, row: Payload) -> str:
    if item.flag("is_own"):
        return OWN
    return f"{TAGGED} {row.time('timestamp').isoformat()}" if item.flag("is_tagged") else MENTIONED


def comment_records(item: Payload, account: Account) -> Iterator[Record]:
    """A comment with its medium; `parent` is what it answers, where that was read along."""
    row, media = item.child("comment"), item.child("media")
    author = author_of(row, account)
    answered = item.optional_child("parent")
    counterpart = author_of(answered, account) if answered and author.key == account.key else None
    if counterpart and counterpart.key == account.key:
        counterpart = None
    media_id, text = media.text("id"), row.optional_text("text")
    yield author
    if counterpart:
        yield counterpart
    yield InteractionRecord(
        key=key(account, row.text("id")),
        kind=InteractionKind.REPLY,
        author=author.key,
        occurred_at=row.time("timestamp"),
        text=text,
        url=media.optional_text("permalink"),
        thread_key=media_id,
        in_reply_to=row.optional_text("parent_id") or media_id,
        counterpart=counterpart.key if counterpart else None,
        fetch_ref=f"{OWN if item.flag('is_own') else ANYWHERE} {media_id}",
        mentions=(account.key,) if names(text, account) else (),
    )


def pushed_comment(item: Payload, account: Account) -> Iterator[Record]:
    """A comment that names us, at the time it was told of: elsewhere nothing else may ever show it."""
    value = item.child("value")
    media = value.optional_child("media")
    if media and media.has("id") and names(value.optional_text("text"), account):
        row = value.raw() | {"timestamp": seconds_at(item, "sent_at").isoformat()}
        yield from comment_records(Payload({"comment": row, "media": media.raw()}, value.path), account)


def message_records(row: Payload, account: Account) -> Iterator[Record]:
    """A private message; nothing for one that the network shows no details of any more."""
    if not row.has("from"):
        return
    sender = author_of(row, account)
    is_ours = sender.key == account.key
    recipients = [_participant(one, account) for one in row.child("to").children("data")]
    other = sender if not is_ours else next((one for one in recipients if one.key != account.key), None)
    answered = row.optional_child("reply_to")
    yield from _message(
        row,
        account,
        sender=sender,
        other=other,
        occurred_at=row.time("created_time"),
        text=row.optional_text("message"),
        answered=answered.optional_text("mid") if answered else None,
    )


def _participant(row: Payload, account: Account) -> ProfileRecord:
    return _short(row.text("id"), row.optional_text("username"), account)


def pushed_message(event: Payload, account: Account) -> Iterator[Record]:
    """A message that came, that we sent (an echo), or that was taken back."""
    message = event.optional_child("message")
    if message is None:
        return
    if message.flag("is_deleted"):
        yield DeletionRecord(key=key(account, message.text("mid")), kind=DeletedKind.INTERACTION)
        return
    sender, recipient = (_short(event.child(who).text("id"), None, account) for who in ("sender", "recipient"))
    if message.flag("is_echo"):
        sender = _short(account.key.native_id, account.handle, account)
    answered = message.optional_child("reply_to")
    yield from _message(
        Payload(message.raw() | {"id": message.text("mid")}, message.path),
        account,
        sender=sender,
        other=recipient if sender.key == account.key else sender,
        occurred_at=milliseconds_at(event, "timestamp").replace(microsecond=0),  # lists know whole seconds only
        text=None if message.flag("is_unsupported") else message.optional_text("text"),
        answered=answered.optional_text("mid") if answered else None,
    )


def _message(  # noqa: PLR0913 - both ways give the same parts
    row: Payload,
    account: Account,
    *,
    sender: ProfileRecord,
    other: ProfileRecord | None,
    occurred_at: datetime,
    text: str | None,
    answered: str | None,
) -> Iterator[Record]:
    yield sender
    counterpart = other if other and other.key != sender.key else None
    if counterpart:
        yield counterpart
    who = other.key.native_id if other else None
    yield InteractionRecord(
        key=key(account, row.text("id")),
        kind=InteractionKind.MESSAGE,
        author=sender.key,
        occurred_at=occurred_at,
        text=text,
        audience=Audience.PRIVATE,
        thread_key=f"messages:{who}" if who else None,
        in_reply_to=answered,
        counterpart=counterpart.key if counterpart else None,
        fetch_ref=f"{MESSAGES} {who} {occurred_at.isoformat()}" if who else None,
    )
