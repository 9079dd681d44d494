"""X's users as profiles; pure. Fields as in docs.x.com, data dictionary, read 2026-11-23."""

from collections.abc import Iterable, Iterator
from html import unescape

from scrm.connectors.payload import Payload
from scrm.records import Key, ProfileRecord, WebLink

NETWORK = "x"
SITE = "https://x.com"
ORGANIZATIONS = frozenset({"business", "government"})
AUTOMATED = "Automated"  # the label of accounts that say they are automated (event payloads, read 2026-11-24)


def key(native_id: str) -> Key:
    return Key(network=NETWORK, native_id=native_id)


def profile(user: Payload) -> ProfileRecord:
    """Everything X shows of a user."""
    handle = user.text("username")
    entities = user.optional_child("entities") or Payload({})
    about = entities.optional_child("description")
    site = entities.optional_child("url")
    label = user.optional_child("affiliation")
    named = label.optional_text("description") if label else None
    employer = bool(label and label.raw().get("user_id"))
    return ProfileRecord(
        key=key(user.text("id")),
        handle=handle,
        display_name=_said(user.optional_text("name")),
        url=f"{SITE}/{handle}",
        bio=spelled_out(user.optional_text("description"), about),
        location=_said(user.optional_text("location")),
        company=named if employer else None,
        links=tuple(dict.fromkeys(WebLink(url=url) for part in (site, about) if part for url in links(part))),
        is_bot=named == AUTOMATED and not employer,
        is_organization=user.optional_text("verified_type") in ORGANIZATIONS,
        fetch_ref=user.text("id"),
        full=user.has("created_at"),
    )


def bare(native_id: str) -> ProfileRecord:
    """Somebody of whom only the id came along."""
    return ProfileRecord(key=key(native_id), fetch_ref=native_id, full=False)


def person(native_id: str, users: Iterable[Payload]) -> ProfileRecord:
    """The profile of this user if it came along."""
    return next((profile(one) for one in users if one.optional_text("id") == native_id), None) or bare(native_id)


def is_protected(native_id: str, users: Iterable[Payload]) -> bool:
    return any(one.flag("protected") for one in users if one.optional_text("id") == native_id)


def _said(text: str | None) -> str | None:
    return unescape(text).strip() or None if text else None


def links(entities: Payload) -> Iterator[str]:
    """The real addresses behind the short ones."""
    for one in entities.children("urls"):
        url = one.optional_text("expanded_url") or ""
        if url.startswith(("http://", "https://")):
            yield url


def spelled_out(text: str | None, entities: Payload | None) -> str | None:
    """A text with its short links replaced by what they lead to, and `&amp;` by the sign."""
    if not text:
        return None
    for one in entities.children("urls") if entities else ():
        short, real = one.optional_text("url"), one.optional_text("expanded_url")
        if short and real:
            text = text.replace(short, real)
    return unescape(text).strip() or None
