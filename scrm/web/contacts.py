"""Find contacts; one contact with facts, linked profiles and timeline; one interaction with its thread; unlink."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from uuid import UUID

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from scrm.errors import ConflictError
from scrm.matching.judgments import Decision, decide, undo
from scrm.models import (
    Candidate,
    Contact,
    EntryState,
    Interaction,
    Judge,
    Judgment,
    Link,
    Profile,
    Role,
    TimelineEntry,
    User,
    Verdict,
)
from scrm.web import comparison, counts, current, people_search, timeline
from scrm.web.frame import zone
from scrm.web.roles import EVERYBODY, allow
from scrm.web.sight import belongings, community_for

PAGE = 50
MOST_ENTRIES = 1_000  # entries counted before an unlink

blueprint = Blueprint("contacts", __name__)
blueprint.add_app_template_global(comparison.language_name, "language_name")


@dataclass(frozen=True, kw_only=True)
class Linked:
    """A profile of a contact, and why it is one."""

    profile: Profile
    judgment: Judgment
    judged_by: str | None
    reasons: Sequence[comparison.Row]


@blueprint.get("/contacts")
@allow(*EVERYBODY)
def index() -> ResponseReturnValue:
    """Contacts by name, or those that were asked for."""
    asked = request.args.get("q", "").strip()
    with current.core().db.read() as db:
        if asked:
            found, older = people_search.find(db, asked, limit=PAGE), None
        else:
            found = list(people_search.after(db, _start(), limit=PAGE + 1))
            older = found[PAGE - 1] if len(found) > PAGE else None
        profiles = _profiles_of(db, [row.id for row in found[:PAGE]])
    return render_template("contacts.html", asked=asked, found=found[:PAGE], last=older, profiles=profiles)


@blueprint.get("/contacts/<uuid:contact_id>")
@allow(*EVERYBODY)
def show(contact_id: UUID) -> ResponseReturnValue:
    """One contact: facts, profiles, timeline."""
    reader = timeline.Reader(role=current.user().role, now=current.now())
    before = timeline.Position.parse(request.args.get("before", ""))
    with current.core().db.read() as db:
        contact = _contact(db, contact_id)
        if contact.merged_into_id is not None:
            survivor = db.get_one(Contact, contact.merged_into_id)
            return redirect(url_for("contacts.show", contact_id=survivor.public_id))
        linked = _linked(db, contact)
        wanted = _filter(db, reader)
        page = timeline.read(db, [row.profile for row in linked], wanted, before, reader)
        member = belongings(db, [row.profile.id for row in linked], reader.role)
    days = [timeline.fold(group) for _day, group in groupby(page.items, key=_day_of)]
    return render_template(
        "contact.html",
        contact=contact,
        linked=linked,
        belongings=member,
        page=page,
        days=days,
        wanted=wanted,
        before=before,
        networks=sorted({row.profile.network for row in linked}),
    )


@blueprint.get("/interactions/<uuid:interaction_id>")
@allow(*EVERYBODY)
def interaction(interaction_id: UUID) -> ResponseReturnValue:
    """One interaction by its address, with the thread it stands in."""
    with current.core().db.read() as db:
        row = db.scalars(select(Interaction).where(Interaction.public_id == interaction_id)).one_or_none()
        if row is None:
            abort(404)
        items = timeline.thread(db, row, timeline.Reader(role=current.user().role, now=current.now()))
        if not items:
            abort(404)  # as if there were none: the address alone tells nothing
        contact = db.scalars(
            select(Contact).join(Link, Link.contact_id == Contact.id).where(Link.profile_id == row.party_id)
        ).one_or_none()
    return render_template("interaction.html", row=row, items=items, contact=contact)


@blueprint.get("/contacts/<uuid:contact_id>/unlink/<uuid:profile_id>")
@allow(Role.STEWARD, Role.ADMIN)
def ask_unlink(contact_id: UUID, profile_id: UUID) -> ResponseReturnValue:
    """Say what unlinking would do, before it is done."""
    with current.core().db.read() as db:
        contact, profile, link = _link(db, contact_id, profile_id)
        some = (
            select(TimelineEntry.id)
            .join(Interaction, Interaction.id == TimelineEntry.interaction_id)
            .where(
                Interaction.party_id == profile.id,
                TimelineEntry.is_wanted.is_(True),
                TimelineEntry.state == EntryState.DONE.value,
            )
        )
        written = counts.bounded(db, some, MOST_ENTRIES)
        by_person = db.get_one(Judgment, link.judgment_id).judge == Judge.STEWARD
    around = {"contact": contact, "profile": profile, "link": link}
    return render_template("unlink.html", written=written, by_person=by_person, **around)


@blueprint.post("/contacts/<uuid:contact_id>/unlink/<uuid:profile_id>")
@allow(Role.STEWARD, Role.ADMIN)
def unlink(contact_id: UUID, profile_id: UUID) -> ResponseReturnValue:
    """Undo a person's judgment; contradict the engine's, which would otherwise decide the same again."""
    now, me = current.now(), current.user().id
    with current.core().db.write("contacts.unlink") as db:
        contact, profile, link = _link(db, contact_id, profile_id)
        if link.judgment_id != request.form.get("judgment", type=int):
            raise ConflictError("the link was changed meanwhile")
        judgment = db.get_one(Judgment, link.judgment_id)
        if judgment.judge == Judge.STEWARD and request.form.get("way") == "undo":
            undo(db, now, judgment.id, me)
        else:
            decide(
                db,
                now,
                Decision(
                    profile_id=profile.id,
                    contact_id=contact.id,
                    verdict=Verdict.NEGATIVE,
                    judge=Judge.STEWARD,
                    user_id=me,
                    reason=request.form.get("why", "").strip()[:500] or None,
                    seen_judgment_id=-1,
                ),
            )
    current.wake("expand")
    return redirect(url_for("contacts.show", contact_id=contact.public_id))


def _filter(db: Session, reader: timeline.Reader) -> timeline.Filter:
    return timeline.Filter(
        network=request.args.get("network", "")[:40],
        kind=request.args.get("kind", "")[:20],
        community=community_for(db, request.args.get("community", ""), reader.role),
    )


def _start() -> tuple[str, int] | None:
    name, row_id = request.args.get("name"), request.args.get("id", type=int)
    return (name, row_id) if name is not None and row_id is not None else None


def _contact(db: Session, public_id: UUID) -> Contact:
    row = db.scalars(select(Contact).where(Contact.public_id == public_id)).one_or_none()
    if row is None:
        abort(404)
    return row


def _link(db: Session, contact_id: UUID, profile_id: UUID) -> tuple[Contact, Profile, Link]:
    row = db.execute(
        select(Contact, Profile, Link)
        .join(Link, Link.contact_id == Contact.id)
        .join(Profile, Profile.id == Link.profile_id)
        .where(Contact.public_id == contact_id, Profile.public_id == profile_id)
    ).one_or_none()
    if row is None:
        abort(404)
    return row[0], row[1], row[2]


def _linked(db: Session, contact: Contact) -> list[Linked]:
    """The profiles of a contact with the reason of each link: one query."""
    rows = db.execute(
        select(Profile, Judgment, User.name, Candidate)
        .join(Link, Link.profile_id == Profile.id)
        .join(Judgment, Judgment.id == Link.judgment_id)
        .outerjoin(User, User.id == Judgment.user_id)
        .outerjoin(Candidate, (Candidate.profile_id == Profile.id) & (Candidate.contact_id == contact.id))
        .where(Link.contact_id == contact.id)
        .order_by(Profile.network, Profile.id)
        .limit(timeline.MOST_PROFILES)
    )
    return [
        Linked(profile=row[0], judgment=row[1], judged_by=row[2], reasons=_reasons(row[0], contact, row[3]))
        for row in rows
    ]


def _reasons(profile: Profile, contact: Contact, candidate: Candidate | None) -> Sequence[comparison.Row]:
    if candidate is None:
        return ()
    return comparison.chips(comparison.compare(profile, contact, candidate.evidence))


def _profiles_of(db: Session, contact_ids: Sequence[int]) -> dict[int, list[Profile]]:
    found: dict[int, list[Profile]] = {}
    query = (
        select(Link.contact_id, Profile)
        .join(Profile, Profile.id == Link.profile_id)
        .where(Link.contact_id.in_(contact_ids))
        .limit(PAGE * 6)
    )
    for contact_id, profile in db.execute(query):
        found.setdefault(contact_id, []).append(profile)
    return found


def _day_of(item: timeline.Item | timeline.Hidden) -> object:
    return item.occurred_at.astimezone(zone()).date()
