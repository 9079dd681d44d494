"""The error inbox: entries that were set aside, by kind, with the cause in plain words and what to do about it."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, null, or_, select, update
from sqlalchemy.orm import Session

from scrm.errors import InputError
from scrm.i18n import N_, gettext
from scrm.models import AuditEntry, Contact, EntryState, Interaction, Profile, TimelineEntry
from scrm.runtime import Core
from scrm.sync.crm.base import Fault

PORTION = 200
FORMULA = "=+-@\uff1d\uff0b\uff0d\uff20"  # with these a spreadsheet takes a cell for a formula (OWASP, CSV Injection)
COLUMNS = ("number", "kind", "cause", "said", "contact", "name", "network", "about", "native_id", "record")


@dataclass(frozen=True, kw_only=True)
class Cause:
    """A kind of fault: its name, what it means, and what helps."""

    name: str
    why: str
    fix: str


CAUSES = {
    Fault.VALUE: Cause(
        name=N_("A value does not fit"),
        why=N_("A field of the CRM does not take what was said: it is too long, or not among what is allowed there."),
        fix=N_("Let the field in the CRM take more, then send it again."),
    ),
    Fault.FIELD: Cause(
        name=N_("A field is missing"),
        why=N_("The CRM does not know an object or a field we write to, or hides it from our user."),
        fix=N_("Set up the object and its fields, and let our user see them. Then send all again."),
    ),
    Fault.RIGHTS: Cause(
        name=N_("Our user may not"),
        why=N_("The user under which we work in the CRM lacks a right for this record."),
        fix=N_("Give our user the right to create and change these records. Then send all again."),
    ),
    Fault.RULE: Cause(
        name=N_("A rule of yours refused it"),
        why=N_("A validation rule, a flow or a trigger of your organization stopped it."),
        fix=N_("Exempt our user from the rule named, or change it. Then send all again."),
    ),
    Fault.DUPLICATE: Cause(
        name=N_("Taken for a duplicate"),
        why=N_("A rule against duplicates stopped it, or several records bear our key."),
        fix=N_("Delete what is double in the CRM, or exempt our records from the rule. Then send it again."),
    ),
    Fault.FULL: Cause(
        name=N_("No room left"),
        why=N_("The CRM has no storage left."),
        fix=N_("Make room or buy more. Then send all again."),
    ),
    Fault.LOCKED: Cause(
        name=N_("Always locked"),
        why=N_("Others held the record all the eight times we tried."),
        fix=N_("See what works on these records all the time. Then send it again."),
    ),
    Fault.CONTACT_GONE: Cause(
        name=N_("The contact is gone"),
        why=N_("The contact was deleted in the CRM, or our user no longer sees it."),
        fix=N_("Nothing, if it was deleted. If it is there, let our user see it, and send it again."),
    ),
    Fault.EDITED: Cause(
        name=N_("Edited by somebody"),
        why=N_("It was to be withdrawn, but somebody edited the record in the CRM. It was left as it is."),
        fix=N_("Look at the record. Have it removed all the same, or leave it to whoever edited it."),
    ),
    Fault.CRASHED: Cause(
        name=N_("Stopped a worker"),
        why=N_("One worker process after another ended while writing it."),
        fix=N_("Look into the logs of that time and tell us. Sending it again does no harm."),
    ),
    Fault.OTHER: Cause(
        name=N_("Something else"),
        why=N_("The CRM refused it for a reason that we do not know; its words stand beside it."),
        fix=N_("Do what its words ask for, then send it again."),
    ),
}


@dataclass(frozen=True, kw_only=True)
class Kind:
    """How many entries were set aside for one kind of fault."""

    fault: Fault
    count: int


@dataclass(frozen=True, kw_only=True)
class Line:
    """One entry that was set aside, with whom and what it concerns: something said, or a profile itself."""

    entry: TimelineEntry
    contact: Contact
    interaction: Interaction | None
    profile: Profile | None

    @property
    def about(self) -> Interaction | Profile:
        about = self.interaction or self.profile
        assert about is not None  # noqa: S101 - the table has one of them
        return about


def kinds(session: Session, crm_id: str) -> list[Kind]:
    """The kinds that occur, the most frequent first."""
    fault = func.coalesce(TimelineEntry.fault, Fault.OTHER.value)
    query = select(fault, func.count()).where(_parked(crm_id)).group_by(fault)
    found = [Kind(fault=Fault(name), count=count) for name, count in session.execute(query)]
    return sorted(found, key=lambda kind: (-kind.count, kind.fault))


def lines(session: Session, crm_id: str, fault: Fault | None = None, *, after: int = 0, most: int) -> list[Line]:
    """What was set aside, from the number `after` on; of one kind, or all."""
    query = (
        select(TimelineEntry, Contact, Interaction, Profile)
        .join(Contact, Contact.id == TimelineEntry.contact_id)
        .outerjoin(Interaction, Interaction.id == TimelineEntry.interaction_id)
        .outerjoin(Profile, Profile.id == TimelineEntry.profile_id)
        .where(_parked(crm_id, fault), TimelineEntry.id > after)
        .order_by(TimelineEntry.id)
        .limit(most)
    )
    return [
        Line(entry=entry, contact=contact, interaction=interaction, profile=profile)
        for entry, contact, interaction, profile in session.execute(query)
    ]


def send_again(
    core: Core,
    crm_id: str,
    *,
    fault: Fault | None = None,
    only: Sequence[int] | None = None,
    user_id: int | None = None,
) -> int:
    """Have entries tried anew: those named, all of a kind, or all; how many those were."""
    total, after = 0, 0
    while True:
        with core.db.write("faults.send_again") as session:
            chosen = () if only is None else (TimelineEntry.id.in_(only[:PORTION]),)
            query = select(TimelineEntry.id).where(_parked(crm_id, fault), TimelineEntry.id > after, *chosen)
            ids = session.scalars(query.order_by(TimelineEntry.id).limit(PORTION)).all()
            if not ids:
                return total
            _make_due(session, core, ids)
            _note(session, core, "faults.send_again", ids, user_id)
            total, after = total + len(ids), ids[-1]


def remove_all_the_same(core: Core, crm_id: str, entry_id: int, *, user_id: int | None = None) -> None:
    """Have a record withdrawn although somebody edited it; raises InputError when that is not the question."""
    with core.db.write("faults.remove") as session:
        _edited(session, crm_id, entry_id).is_forced = True
        session.flush()
        _make_due(session, core, [entry_id])
        _note(session, core, "faults.remove", [entry_id], user_id)


def leave_it(core: Core, crm_id: str, entry_id: int, *, user_id: int | None = None) -> None:
    """Leave a record to whoever edited it; raises InputError when that is not the question."""
    with core.db.write("faults.leave") as session:
        entry = _edited(session, crm_id, entry_id)
        entry.state, entry.fault, entry.reason = EntryState.DONE.value, None, None
        entry.written_version = entry.version
        _note(session, core, "faults.leave", [entry_id], user_id)


def as_csv(session: Session, crm_id: str) -> Iterator[str]:
    """Everything that was set aside as CSV, a line at a time; no cell is taken for a formula."""
    yield _csv_line(COLUMNS)
    after = 0
    while found := lines(session, crm_id, after=after, most=PORTION):
        for line in found:
            entry, fault = line.entry, Fault(line.entry.fault or Fault.OTHER)
            cells = (
                str(entry.id),
                fault.value,
                gettext(CAUSES[fault].name),
                gettext(entry.reason) if entry.reason else "",
                line.contact.native_id,
                line.contact.full_name,
                line.about.network,
                line.entry.kind,
                line.about.native_id,
                entry.record_id or "",
            )
            yield _csv_line(cells)
        after = found[-1].entry.id
        session.expunge_all()


def harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.lstrip()[:1] in FORMULA and cell.strip() else cell


def _csv_line(cells: Sequence[str]) -> str:
    file = io.StringIO()
    csv.writer(file).writerow([harmless(cell) for cell in cells])
    return file.getvalue()


def _parked(crm_id: str, fault: Fault | None = None) -> ColumnElement[bool]:
    is_parked = (TimelineEntry.crm_id == crm_id) & (TimelineEntry.state == EntryState.PARKED.value)
    if fault is None:
        return is_parked
    is_kind: ColumnElement[bool] = TimelineEntry.fault == fault.value
    return is_parked & (or_(is_kind, TimelineEntry.fault.is_(None)) if fault is Fault.OTHER else is_kind)


def _make_due(session: Session, core: Core, ids: Sequence[int]) -> None:
    session.execute(
        update(TimelineEntry)
        .where(TimelineEntry.id.in_(ids), TimelineEntry.state == EntryState.PARKED.value)
        .values(
            state=EntryState.TODO.value,
            due_at=core.db.clock.now(),
            attempts=0,
            crash_count=0,
            lease_until=null(),
            reason=null(),
            fault=null(),
        )
        .execution_options(synchronize_session=False)
    )


def _note(session: Session, core: Core, action: str, ids: Sequence[int], user_id: int | None) -> None:
    """Who decided about which entries, and when."""
    now = core.db.clock.now()
    session.add(AuditEntry(at=now, user_id=user_id, action=action, object="timeline_entry", after={"ids": list(ids)}))


def _edited(session: Session, crm_id: str, entry_id: int) -> TimelineEntry:
    query = select(TimelineEntry).where(_parked(crm_id, Fault.EDITED), TimelineEntry.id == entry_id)
    entry = session.scalars(query.with_for_update()).one_or_none()
    if entry is None:
        raise InputError(N_("This record does not wait for a decision."))
    return entry
