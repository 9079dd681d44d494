"""Whether what was read still stands as it was read: after 20 and after 40 hours, within the two days it is kept.

Comments are compared list by list, and what is missing there is asked for by itself before it counts as deleted.
Taking a reaction back is told by nobody. What others posted is closed to us; a notice of it that has lost its
decoration says that the post is gone (as deliveries show, from memory).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from scrm.connectors.base import RECHECK, Account, Again, Api, ObjectPage, ObjectRef, ObjectStream
from scrm.connectors.linkedin.comments import comments_of
from scrm.connectors.linkedin.notices import slim
from scrm.connectors.linkedin.people import own_account
from scrm.connectors.linkedin.reactions import NEWEST, list_of
from scrm.connectors.linkedin.translation import (
    Place,
    comment_records,
    notice_records,
    post_records,
    reaction_records,
)
from scrm.connectors.linkedin.watching import DAILY, Attempts
from scrm.connectors.payload import Payload
from scrm.connectors.restli import CLIENT, Item, encoded, part_of, walk
from scrm.errors import GoneError, PayloadError
from scrm.i18n import N_
from scrm.records import Record

KEPT = timedelta(hours=48)
FEW = 2  # single comments are cheaper than their list
MOST_PAGES = 10  # of 100

Group = tuple[str, Place]  # the list in which something stands, and the post below which that is


@dataclass(kw_only=True)
class Found:
    """What is there and what is not."""

    items: list[Item] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)


class Recheck(ObjectStream):
    """Posts one by one, comments and reactions list by list, mentions by their notices."""

    name = RECHECK
    label = N_("Edits, deletions and reactions taken back")
    batch = 20

    def read(self, api: Api, refs: Sequence[ObjectRef]) -> ObjectPage:
        found, attempts = Found(), Attempts()
        for attempt in _attempts(api, refs, found):
            attempts.made(attempt)
        attempts.check()
        ends, again = _plan([ref for ref in refs if ref.native_id not in found.gone], api.now())
        return ObjectPage(items=tuple(found.items), gone=tuple(found.gone), ends=ends, again=again)

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        for name, records in TRANSLATIONS.items():
            if item.has(name):
                yield from records(item, account)
                return
        raise PayloadError(f"{item.path}: expected one of {', '.join(TRANSLATIONS)}")


TRANSLATIONS = {
    "post": post_records,
    "comment": comment_records,
    "reaction": reaction_records,
    "notice": notice_records,
}


def _attempts(api: Api, refs: Sequence[ObjectRef], found: Found) -> Iterator[Callable[[], None]]:
    """What is to be asked: things that stand in one list together."""
    comments: dict[Group, dict[str, str]] = {}
    reactions: dict[Group, dict[str, str]] = {}
    for ref in refs:
        kind, *rest = (ref.fetch_ref or "").split(" ")
        if kind == "post":
            yield partial(_post, api, ref.native_id, found)
        elif kind == "notice" and len(rest) == 2:
            yield partial(_notice, api, ref.native_id, rest, found)
        elif kind in {"comment", "reaction"} and len(rest) == 4:
            listed, name, post, visibility = rest
            groups = comments if kind == "comment" else reactions
            groups.setdefault((listed, Place(post=post, visibility=visibility)), {})[name] = ref.native_id
        else:
            raise PayloadError("expected a reference of ours", network=api.network)
    for (listed, place), wanted in comments.items():
        yield partial(_comments, api, listed, place, wanted, found)
    for (target, place), wanted in reactions.items():
        yield partial(_reactions, api, target, place, wanted, found)


def _plan(refs: Sequence[ObjectRef], now: datetime) -> tuple[tuple[str, ...], Mapping[str, Again]]:
    """Once more while it is kept, then never: reading it later would bring back what had to be forgotten."""
    ends, again = [], {}
    for ref in refs:
        until = ref.cursor or (now + KEPT - DAILY).isoformat()
        if (now + DAILY).isoformat() > until:
            ends.append(ref.native_id)
        else:
            again[ref.native_id] = Again(after_seconds=DAILY.total_seconds(), cursor=until)
    return tuple(ends), again


def _post(api: Api, urn: str, found: Found) -> None:
    try:
        found.items.append({"post": Payload(CLIENT.json(api, f"/rest/posts/{encoded(urn)}"), "post").raw()})
    except GoneError:
        found.gone.append(urn)


def _notice(api: Api, native_id: str, rest: Sequence[str], found: Found) -> None:
    """The notices of that very moment; one of them is of this post."""
    at, urn = rest
    part = part_of(
        api,
        "/rest/organizationalEntityNotifications",
        f"q=criteria&actions=List(SHARE,SHARE_MENTION)&timeRange=(start:{at},end:{at})"
        f"&organizationalEntity={encoded(own_account(api).key.native_id)}",
    )
    about = [one for one in part.items if one.get("generatedActivity") == urn]
    if about and not any(one.get("decoratedGeneratedActivity") for one in about):
        found.gone.append(native_id)
    found.items += [{"notice": slim(one)} for one in about if one.get("decoratedGeneratedActivity")]


def _comments(api: Api, listed: str, place: Place, wanted: Mapping[str, str], found: Found) -> None:
    there: list[Item] = []
    if len(wanted) > FEW:
        try:
            there, _ = walk(api, comments_of(listed), most=MOST_PAGES)
        except GoneError:
            found.gone += wanted.values()
            return
    by_id = {str(one.get("id")): one for one in there}
    for number, native_id in wanted.items():
        try:
            comment = by_id.get(number) or _comment(api, listed, number)
        except GoneError:
            found.gone.append(native_id)
        else:
            found.items.append({"comment": comment, "on": place.item()})


def _comment(api: Api, listed: str, number: str) -> Item:
    return Payload(CLIENT.json(api, f"{comments_of(listed)}/{encoded(number)}"), "comment").raw()


def _reactions(api: Api, target: str, place: Place, wanted: Mapping[str, str], found: Found) -> None:
    try:
        there, is_complete = walk(api, list_of(target), NEWEST, most=MOST_PAGES)
    except GoneError:
        found.gone += wanted.values()
        return
    by_actor = {str(Payload(one).child("created").optional_text("actor")): one for one in there}
    for actor, native_id in wanted.items():
        if actor in by_actor:
            found.items.append({"reaction": by_actor[actor], "on": place.item(), "target": target})
        elif is_complete:
            found.gone.append(native_id)
