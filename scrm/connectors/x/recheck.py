"""What must be deleted: everything we keep is asked after in batches, as X's policy wants within 24 hours.

Two jobs answer for a batch: one knows posts, the other knows people, also those who only liked or followed. The
objects remember their jobs, so that nobody has to wait for them. X's developer policy, read 2026-11-23.
"""

from collections.abc import Iterator, Sequence

from scrm.connectors.base import RECHECK, Account, Again, Api, ObjectPage, ObjectRef, ObjectStream
from scrm.connectors.paging import pack, unpack
from scrm.connectors.payload import Payload
from scrm.connectors.x.client import AppClient, client_of_app, own_account
from scrm.connectors.x.compliance import GEO, POSTS, USERS, JobLostError, Verdict, begin, verdicts
from scrm.connectors.x.translation import closed_account
from scrm.i18n import N_
from scrm.records import Record

LOOK_AGAIN_SECONDS = 30.0
HIDDEN = "protected"  # the account still exists, but not for everybody


class Recheck(ObjectStream):
    """Deletions, and accounts that were closed, suspended or hidden."""

    name = RECHECK
    label = N_("Deletions and closed accounts")
    batch = 1000

    def read(self, api: Api, refs: Sequence[ObjectRef]) -> ObjectPage:
        places = {ref.native_id: (ref.fetch_ref or "").split(" ") for ref in refs}
        checked = [ref for ref in refs if len(places[ref.native_id]) > 1]
        ends = tuple(ref.native_id for ref in refs if len(places[ref.native_id]) < 2)
        if not checked:
            return ObjectPage(items=(), ends=ends)
        client = client_of_app(api)
        cursor = checked[0].cursor
        asked = [ref for ref in checked if ref.cursor == cursor]  # those of other jobs come next
        later = {ref.native_id: Again(after_seconds=0, cursor=ref.cursor) for ref in checked if ref.cursor != cursor}
        known = {ref.native_id: places[ref.native_id] for ref in asked}
        page = _outcome(api, client, cursor, known) if cursor else _begin(api, client, known)
        return ObjectPage(items=page.items, gone=page.gone, ends=ends, again={**page.again, **later})

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        del account
        yield closed_account(item.text("user"), item.optional_time("redacted_at"))


def _begin(api: Api, client: AppClient, places: dict[str, list[str]]) -> ObjectPage:
    own = own_account(api).key.native_id
    posts = [place[1] for place in places.values() if place[0] == "post"]
    users = {place[-1] for place in places.values()} - {own}
    jobs = {
        POSTS: begin(api, client, POSTS, posts) if posts else None,
        USERS: begin(api, client, USERS, users) if users else None,
    }
    again = Again(after_seconds=0, cursor=pack(jobs))
    return ObjectPage(items=(), again=dict.fromkeys(places, again))


def _outcome(api: Api, client: AppClient, cursor: str, places: dict[str, list[str]]) -> ObjectPage:
    jobs = unpack(cursor)
    told: dict[str, tuple[Verdict, ...]] = {}
    for kind in (POSTS, USERS):
        if (job := jobs.optional_text(kind)) is None:
            continue
        try:
            found = verdicts(api, client, job)
        except JobLostError:
            return ObjectPage(items=(), again=dict.fromkeys(places, Again(after_seconds=LOOK_AGAIN_SECONDS)))
        if found is None:
            wait = Again(after_seconds=LOOK_AGAIN_SECONDS, cursor=cursor)
            return ObjectPage(items=(), again=dict.fromkeys(places, wait))
        told[kind] = tuple(one for one in found if one.reason != GEO)
    posts = {one.id for one in told.get(POSTS, ())}
    users = {one.id: one for one in told.get(USERS, ())}
    gone = [
        native
        for native, place in places.items()
        if (place[0] == "post" and place[1] in posts) or (place[-1] in users)
    ]
    items = [
        {"user": one.id, "reason": one.reason, "redacted_at": one.redacted_at}
        for one in users.values()
        if one.reason != HIDDEN
    ]
    return ObjectPage(items=tuple(items), gone=tuple(gone))
