"""Find contacts; one contact with facts, linked profiles and timeline; one interaction with its thread; unlink."""

from collections.abc import Sequence
from functools import partial
from uuid import UUID

from flask import Blueprint, abort, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from scrm.errors import ConflictError
from scrm.i18n import ngettext
from scrm.matching.judgments import Decision, decide, undo
from scrm.models import (
    Contact,
    ContactInterest,
    EntryState,
    Interaction,
    Judge,
    Judgment,
    Link,
    Profile,
    Role,
    TimelineEntry,
    Verdict,
    undoubted,
)
from scrm.reading import news
from scrm.web import comparison, contact_page, counts, current, people_search, timeline
from scrm.web.contact_acts import linked_pair
from scrm.web.roles import EVERYBODY, allow

PAGE = 50
SUGGESTED = 8
MOST_ENTRIES = 1_000  # entries counted before an unlink

blueprint = Blueprint("contacts", __name__)
blueprint.add_app_template_global(comparison.language_name, "language_name")


@blueprint.get("/contacts")
@allow(*EVERYBODY)
def index() -> ResponseReturnValue:
    """Contacts by name, or those that were asked for."""
    asked = request.args.get("q", "").strip()
    with current.core().db.read() as db:
        if asked:
            found, older = people_search.find(db, asked, limit=PAGE, role=current.user().role), None
        else:
            found = list(people_search.after(db, _start(), limit=PAGE + 1))
            older = found[PAGE - 1] if len(found) > PAGE else None
        profiles = _profiles_of(db, [row.id for row in found[:PAGE]])
    return render_template("contacts.html", asked=asked, found=found[:PAGE], last=older, profiles=profiles)


@blueprint.get("/contacts/suggest.json")
@allow(*EVERYBODY)
def suggest() -> ResponseReturnValue:
    """The few contacts that the words typed so far may mean, for our own script."""
    asked = request.args.get("q", "").strip()[: people_search.LONGEST]
    with current.core().db.read() as db:
        found = people_search.find(db, asked, limit=SUGGESTED, role=current.user().role) if asked else []
    told = ngettext("One contact found.", "%(num)s contacts found.", len(found))
    return jsonify(part=render_template("suggestions.html", found=found, asked=asked), told=told)


@blueprint.get("/contacts/<uuid:contact_id>")
@allow(*EVERYBODY)
def show(contact_id: UUID) -> ResponseReturnValue:
    """One contact: facts, profiles, timeline."""
    reader = timeline.Reader(role=current.user().role, now=current.now())
    with current.core().db.read() as db:
        contact, is_watched = _contact(db, contact_id)
        if contact.merged_into_id is not None:
            survivor = db.get_one(Contact, contact.merged_into_id)
            return redirect(url_for("contacts.show", contact_id=survivor.public_id))
        view = contact_page.make(db, contact, reader, request.args, current.user().id)

    address = url_for("contacts.show", contact_id=contact_id)
    standing = "owner" if news.is_owner(current.user(), contact) else "watched" if is_watched else ""
    to = partial(contact_page.address, view, address)
    return render_template("contact.html", view=view, to=to, alone=address, standing=standing)


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
            select(Contact)
            .join(Link, Link.contact_id == Contact.id)
            .where(Link.profile_id == row.party_id, undoubted())
        ).one_or_none()
    return render_template(
        "interaction.html", row=row, items=items, contact=contact, place=contact_page.place_of(row)
    )


@blueprint.get("/contacts/<uuid:contact_id>/unlink/<uuid:profile_id>")
@allow(Role.STEWARD, Role.ADMIN)
def ask_unlink(contact_id: UUID, profile_id: UUID) -> ResponseReturnValue:
    """Say what unlinking would do, before it is done."""
    with current.core().db.read() as db:
        contact, profile, link = linked_pair(db, contact_id, profile_id)
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
        contact, profile, link = linked_pair(db, contact_id, profile_id)
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


def _start() -> tuple[str, int] | None:
    name, row_id = request.args.get("name"), request.args.get("id", type=int)
    return (name, row_id) if name is not None and row_id is not None else None


def _contact(db: Session, public_id: UUID) -> tuple[Contact, bool]:
    """A contact, and whether the person signed in watches it."""
    watched = (ContactInterest.contact_id == Contact.id) & (ContactInterest.user_id == current.user().id)
    found = select(Contact, ContactInterest.since).outerjoin(ContactInterest, watched)
    row = db.execute(found.where(Contact.public_id == public_id)).one_or_none()
    if row is None:
        abort(404)
    return row[0], row[1] is not None


def _profiles_of(db: Session, contact_ids: Sequence[int]) -> dict[int, list[Profile]]:
    found: dict[int, list[Profile]] = {}
    query = (
        select(Link.contact_id, Profile)
        .join(Profile, Profile.id == Link.profile_id)
        .where(Link.contact_id.in_(contact_ids), undoubted())
        .limit(PAGE * 6)
    )
    for contact_id, profile in db.execute(query):
        found.setdefault(contact_id, []).append(profile)
    return found
