"""Statuses together with what they answer: read along in as few calls as the server allows.

An item is a status as received with what its own JSON lacks: `answered` (the account it answers), `parent_uri` and
`thread_uri`, each absent when not known. A status that makes no sense becomes an item all the same, so that it is
quarantined and its neighbors go on.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from scrm.connectors.base import Account, Api, WatchOrder
from scrm.connectors.mastodon.client import Item, accounts_by_id, context, statuses_by_id
from scrm.connectors.mastodon.translation import answers
from scrm.connectors.payload import Payload
from scrm.errors import GoneError, PayloadError

THREADS = "threads"
GROWS_SECONDS = 30.0  # several answers to one status arrive together


def is_own(status: Mapping[str, Any], account: Account) -> bool:
    return Payload(status).child("account").text("uri") == account.key.native_id


def is_answered(status: Mapping[str, Any], account: Account) -> bool:
    """Whether it is ours and has replies."""
    one = Payload(status)
    try:
        return is_own(status, account) and not one.has("reblog") and (one.number("replies_count") or 0) > 0
    except PayloadError:
        return False


def own_account(api: Api) -> Account:
    """Who we are on this connection; known since the sign-in."""
    if api.account is None:
        raise PayloadError("sign in before reading", network=api.network)
    return api.account


def with_parents(api: Api, statuses: Sequence[Item]) -> list[Item]:
    """Each status with what it answers; parents and people that are not among them are read in bulk."""
    sound, broken = _sorted_out(statuses)
    known = {Payload(one).text("id"): one for one in sound}
    parents = [Payload(one).optional_text("in_reply_to_id") for one in sound]
    if missing := [native for native in parents if native and native not in known]:
        found, _ = _sorted_out(list(statuses_by_id(api, missing).values()))
        known |= {Payload(one).text("id"): one for one in found}
    people = {Payload(one).child("account").text("id"): one["account"] for one in known.values()}
    wanted = [person for one in sound if (person := _addressee(one)) and person not in people]
    if wanted:
        people |= accounts_by_id(api, wanted)
    return [*(_item(one, known, people) for one in sound), *broken]


def _sorted_out(statuses: Sequence[Item]) -> tuple[list[Item], list[Item]]:
    """Those with all that is needed to put a thread together, and the rest as items."""
    sound, broken = [], []
    for status in statuses:
        one = Payload(status)
        try:
            one.text("id")
            one.text("uri")
            one.child("account").text("uri")
            one.child("account").text("id")
            one.optional_text("in_reply_to_id")
            _addressee(status)
        except PayloadError:
            broken.append({"status": status})
        else:
            sound.append(status)
    return sound, broken


def _addressee(status: Mapping[str, Any]) -> str | None:
    """The id of the account that is answered, or written to in private."""
    one = Payload(status)
    answered = one.optional_text("in_reply_to_account_id")
    if answered and answered != one.child("account").text("id"):
        return answered
    if one.optional_text("visibility") == "direct":
        return next((person.text("id") for person in one.children("mentions")), None)
    return None


def _item(status: Item, known: Mapping[str, Item], people: Mapping[str, Any], thread: str | None = None) -> Item:
    one = Payload(status)
    item: Item = {"status": status}
    parent = known.get(one.optional_text("in_reply_to_id") or "")
    if parent is not None:
        item["parent_uri"] = Payload(parent).text("uri")
        if not answers(Payload(parent)):
            item["thread_uri"] = item["parent_uri"]
    if thread and answers(one):
        item["thread_uri"] = thread
    person = _addressee(status)
    if person and person in people:
        item["answered"] = people[person]
    return item


def thread_items(api: Api, status: Item, read: set[str]) -> Iterator[Item]:
    """What a thread is to us: below our first status in it everything, above it the status that we answered.

    Where we have written nothing it is the status alone. `read` holds the ids that came already, and grows.
    Raises GoneError.
    """
    account, native = own_account(api), Payload(status).text("id")
    if native in read:
        return
    above, below = context(api, native)
    chain, _ = _sorted_out([*above, status])
    first = next((place for place, one in enumerate(chain) if is_own(one, account)), None)
    broken: list[Item] = []
    family = [status]
    if first is not None:
        if chain[first] is not status:
            with suppress(GoneError):  # ours vanished just now: what is below the status itself remains
                _, below = context(api, Payload(chain[first]).text("id"))
        below, broken = _sorted_out(below)
        family = [*chain[max(first - 1, 0) : first + 1], *below]
    known = {Payload(one).text("id"): one for one in [*chain, *family]}
    people = {Payload(one).child("account").text("id"): one["account"] for one in known.values()}
    thread = Payload(chain[0]).text("uri")
    for one in family:
        if Payload(one).text("id") not in read:
            read.add(Payload(one).text("id"))
            yield _item(one, known, people, thread)
    yield from broken


def threads_of(api: Api, statuses: Mapping[str, Item]) -> tuple[list[Item], set[str]]:
    """The threads of these statuses, each status once, and the ids of those that vanished meanwhile."""
    items: list[Item] = []
    read: set[str] = set()
    gone = set()
    sound, broken = _sorted_out(list(statuses.values()))
    for status in sound:
        native = Payload(status).text("id")
        try:
            items += list(thread_items(api, status, read))
        except GoneError:
            gone.add(native)
    return [*items, *broken], gone


def thread_order(status: Payload, account: Account) -> Iterator[WatchOrder]:
    """Have the thread read when there is more of it: the status answers something, or ours was answered."""
    is_ours = status.child("account").text("uri") == account.key.native_id
    if status.has("reblog") or not (answers(status) or (is_ours and (status.number("replies_count") or 0) > 0)):
        return
    yield WatchOrder(
        stream=THREADS,
        native_id=status.text("uri"),
        fetch_ref=status.text("id"),
        after_seconds=GROWS_SECONDS,
    )
