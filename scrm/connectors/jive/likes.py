"""Likes as records: from the list of those who like something, and from the stream of activities; pure."""

from collections.abc import Iterator
from datetime import datetime

from scrm.connectors.base import Account
from scrm.connectors.jive.translation import LIKE, NATIVE, key, native_in, profile, summary
from scrm.connectors.payload import Payload
from scrm.errors import PayloadError
from scrm.records import Audience, InteractionKind, InteractionRecord, Key, ProfileRecord, Record


def like_id(native_id: str, person_id: str) -> str:
    return f"{native_id}/likes/{person_id}"


def liker_records(item: Payload, account: Account) -> Iterator[Record]:
    """Somebody on the list of those who like something; the list does not say since when."""
    liker = item.child("liker")
    shown = item.optional_child("liker_profile")
    who = profile(shown, account.key.scope) if shown else summary(liker, account.key.scope)
    if who.key != summary(liker, account.key.scope).key:
        raise PayloadError(f"{item.path}.liker_profile: expected whoever likes it")
    yield who
    yield _like(who.key, item.text("liked"), item.time("seen_at"), account)


def activity_like_records(item: Payload, account: Account) -> Iterator[Record]:
    """A like as the stream of activities tells it, with its time."""
    activity = item.child("like")
    actor = activity.child("actor")
    native = native_in(actor, "id")
    shown = item.optional_child("actor_profile")
    who = (
        profile(shown, account.key.scope)
        if shown
        else ProfileRecord(
            key=key(native, account),
            display_name=actor.optional_text("displayName"),
            url=actor.optional_text("url"),
            full=False,
        )
    )
    if who.key.native_id != native:
        raise PayloadError(f"{item.path}.actor_profile: expected whoever likes it")
    yield who
    yield _like(who.key, native_in(activity.child("object"), "id"), activity.time("published"), account)


def _like(who: Key, liked: str, at: datetime, account: Account) -> InteractionRecord:
    if not NATIVE.fullmatch(liked):
        raise PayloadError("$.liked: expected an address of the API")
    return InteractionRecord(
        key=key(like_id(liked, who.native_id.rpartition("/")[2]), account),
        kind=InteractionKind.REACTION,
        author=who,
        occurred_at=at,
        audience=Audience.COMMUNITY,
        target=liked,
        fetch_ref=LIKE,
    )
