"""Forget a person: tombstones first, then every place of ours, then the CRM, then what is left of the rows.

A resumable job: each step is safe to repeat, the request's row says how far it is, and whom it is about is sealed in
it until all is done. The local part is done at once; the CRM's part waits for the CRM and is tried until it is done.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session

from scrm import logs
from scrm.errors import LostLeaseError
from scrm.i18n import N_
from scrm.ingest import uploads
from scrm.matching.blocking import rekey
from scrm.models import (
    ArchiveFile,
    AuditEntry,
    EntryState,
    Forgetting,
    ForgettingState,
    TimelineEntry,
    claim,
    still_mine,
)
from scrm.privacy import erase
from scrm.privacy.compact import compact
from scrm.privacy.erase import PORTION
from scrm.privacy.sought import gather
from scrm.runtime import Core
from scrm.sync.crm import LOCAL
from scrm.sync.crm.local_contacts import erase as erase_local
from scrm.sync.crm.local_contacts import one_writer
from scrm.tombstones import remember, write_down
from scrm.tombstones.sought import Sought, seal, unseal

log = logs.get(__name__)

LEASES: Final = 5  # a lease is this many usual ones: searching all raw records takes a while
WAIT: Final = timedelta(minutes=1)  # until the CRM is looked at again
WITHIN: Final = timedelta(hours=24)
WORKING: Final = (ForgettingState.LOCAL.value, ForgettingState.CRM.value)
TOMBSTONES = N_("Tombstones, so that nothing comes back")
PLACES: Final[tuple[tuple[str, erase.Place], ...]] = (
    (N_("What they said and what we said to them"), erase.interactions),
    (N_("Profiles, with candidates, judgments, consents and links"), erase.profiles),
    (N_("Our copy of the contact, with its match keys"), erase.contacts),
)
SEARCHED: Final[tuple[tuple[str, Callable[[Session, Sought, int], tuple[int, int]]], ...]] = (
    (N_("Items as the networks sent them"), erase.mentions),
    (N_("Webhooks that were set aside"), erase.deliveries),
)
ARCHIVES = N_("Uploaded archives of theirs")
RECORDS = N_("Records in the CRM")
BUILT_IN = N_("Contacts and ledger of the built-in CRM")
ROWS = N_("The rest of the rows: entries, journal, plans")


def forget_due(core: Core) -> bool:
    """Work on one request; True when more is waiting."""
    with core.db.write("forget.claim") as session:
        mine = Forgetting.state.in_(WORKING)
        seconds = core.settings.lease_seconds * LEASES
        claimed = claim(session, Forgetting, core.db.clock.now(), mine, seconds=seconds)
    if not claimed:
        return False
    try:
        _Work(core, claimed[0]).go_on()
    except LostLeaseError:
        log.warning("lease_lost", forgetting_id=claimed[0].id)
    return True


class _Work:
    """One request under way."""

    def __init__(self, core: Core, row: Forgetting) -> None:
        self.core = core
        self.row = row
        self.sought = unseal(core.vault, row)

    def go_on(self) -> None:
        if not self.sought.is_gathered:
            self._gather()
        if self.row.state == ForgettingState.LOCAL:
            with self.core.db.read() as session:
                write_down(session, self.core.settings)
            self._empty()
            self._is_local()
        if self._crm_is_done():
            self._empty()  # once more: what was under way when the tombstones were set
            self._finish()
        else:
            self._wait()

    def _gather(self) -> None:
        with self.core.db.write("forget.gather") as session:
            row, now = self._held(session), self.core.db.clock.now()
            one_writer(session)
            gather(session, row, self.sought)
            digests = remember(session, self.sought.marks(), now)
            row.sought = seal(self.core.vault, row.public_id, self.sought)
            _note(row, TOMBSTONES, len(digests), now)
        self.row = row

    def _empty(self) -> None:
        for label, place in PLACES:
            count = PORTION
            while count == PORTION:
                with self.core.db.write("forget.erase") as session:
                    row, now = self._held(session), self.core.db.clock.now()
                    count = place(session, self.sought, now)
                    _note(row, label, count, now)
        for label, search in SEARCHED:
            after = 0
            while True:
                with self.core.db.write("forget.search") as session:
                    row = self._held(session)
                    count, after = search(session, self.sought, after)
                    _note(row, label, count, self.core.db.clock.now())
                if not after:
                    break
        rekey(self.core, self.sought.contacts)
        self._archives()

    def _archives(self) -> None:
        natives = {(network, native_id) for network, _scope, native_id in self.sought.natives}
        with self.core.db.read() as session:
            rows = session.scalars(select(ArchiveFile).where(ArchiveFile.owner.is_not(None))).all()
        theirs = [row for row in rows if row.owner and _owner_of(row.owner) in natives]
        for one in theirs:
            uploads.remove(self.core, one)
        with self.core.db.write("forget.archives") as session:
            row = self._held(session)
            erase.uproot(session, ArchiveFile.__table__, [one.id for one in theirs])  # type: ignore[arg-type]
            _note(row, ARCHIVES, len(theirs), self.core.db.clock.now())

    def _is_local(self) -> None:
        with self.core.db.write("forget.local") as session:
            row = self._held(session)
            row.state, row.local_at = ForgettingState.CRM.value, self.core.db.clock.now()
        self.row = row
        self.core.wake("deliver", None)

    def _crm_is_done(self) -> bool:
        """Whether every CRM confirmed that it holds nothing any more; what it refused is asked of it again."""
        with self.core.db.write("forget.ask_again") as session:
            self._held(session)
            now = self.core.db.clock.now()
            mine = _entries(self.sought)
            session.execute(
                update(TimelineEntry)
                .where(mine, TimelineEntry.state == EntryState.PARKED.value)
                .values(
                    state=EntryState.TODO.value,
                    is_forced=True,
                    is_urgent=True,
                    is_wanted=False,
                    due_at=now,
                    attempts=0,
                )
            )
            left = select(TimelineEntry.id).where(mine, TimelineEntry.state != EntryState.DONE.value).limit(1)
            return session.scalar(left) is None and not erase.is_waiting(session, self.sought)

    def _wait(self) -> None:
        with self.core.db.write("forget.wait") as session:
            row = self._held(session)
            row.due_at, row.lease_until, row.crash_count = self.core.db.clock.now() + WAIT, None, 0

    def _finish(self) -> None:
        """Take the rows out by their roots, then see to it that the files hold nothing any more."""
        self._uproot()
        notes = compact(self.core, self.sought)
        with self.core.db.write("forget.finish") as session:
            row, now = self._held(session), self.core.db.clock.now()
            for label, count in notes:
                _note(row, label, count, now)
            row.state, row.done_at = ForgettingState.DONE.value, now
            row.sought = row.contact_id = row.profile_id = None
            row.due_at = row.lease_until = None
            session.add(
                AuditEntry(
                    at=now,
                    user_id=row.approved_by or row.asked_by,
                    action="forget.done",
                    object=f"forgetting/{row.public_id}",
                    after={"places": len(row.places)},
                )
            )

    def _uproot(self) -> None:
        count = PORTION
        while count == PORTION:
            with self.core.db.write("forget.uproot") as session:
                row, now = self._held(session), self.core.db.clock.now()
                entries = session.execute(
                    select(TimelineEntry.id, TimelineEntry.external_key, TimelineEntry.crm_id)
                    .where(_entries(self.sought))
                    .limit(PORTION)
                ).all()
                count = len(entries)
                keys = [entry.external_key for entry in entries if entry.crm_id == LOCAL]
                erased = erase_local(session, [], keys)
                _note(row, RECORDS, count, now)
                _note(row, BUILT_IN, erased, now)
                _note(row, ROWS, erase.uproot(session, erase.ENTRIES, [entry.id for entry in entries]), now)
        with self.core.db.write("forget.uproot_person") as session:
            row, now = self._held(session), self.core.db.clock.now()
            left = erase.uproot(session, erase.PROFILES, self.sought.profiles)
            left += erase.uproot(session, erase.CONTACTS, self.sought.contacts)
            local = [native_id for crm_id, native_id in self.sought.records if crm_id == LOCAL]
            _note(row, ROWS, left, now)
            _note(row, BUILT_IN, erase_local(session, local, []), now)

    def _held(self, session: Session) -> Forgetting:
        row = session.scalars(
            select(Forgetting).where(Forgetting.id == self.row.id, still_mine(self.row)).with_for_update()
        ).one_or_none()
        if row is None:
            raise LostLeaseError("somebody else works on this request")
        return row


def _entries(sought: Sought) -> ColumnElement[bool]:
    """Entries that are about this person."""
    theirs = select(erase.INTERACTIONS.c.id).where(
        or_(
            erase.INTERACTIONS.c.profile_id.in_(sought.profiles),
            erase.INTERACTIONS.c.party_id.in_(sought.profiles),
        )
    )
    return or_(
        TimelineEntry.interaction_id.in_(theirs),
        TimelineEntry.profile_id.in_(sought.profiles),
        TimelineEntry.contact_id.in_(sought.contacts),
    )


def _note(row: Forgetting, place: str, count: int, now: datetime) -> None:
    """Add to the certificate: how many, and when the last one went. A place with nothing is named, too."""
    places = [dict(one) for one in row.places]
    for one in places:
        if one["place"] == place:
            if count:
                one["count"], one["at"] = one["count"] + count, now.isoformat()
            break
    else:
        places.append({"place": place, "count": count, "at": now.isoformat()})
    row.places = places


def _owner_of(owner: dict[str, dict[str, str]]) -> tuple[str, str]:
    return owner["key"]["network"], owner["key"]["native_id"]
