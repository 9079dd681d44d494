"""For what people's profiles may be used: the ledger of a contact, and what is allowed at each network, and why."""

from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from scrm import purposes
from scrm.connectors.manifest import Rule
from scrm.connectors.registry import connectors
from scrm.errors import InputError
from scrm.i18n import N_, gettext
from scrm.models import Basis, Contact, EntryState, Ground, Interaction, Link, Profile, Purpose, Role, TimelineEntry
from scrm.models.contact import survivor
from scrm.policy import Use, permit
from scrm.purposes import NEEDED, Entry
from scrm.web import current
from scrm.web.frame import zone
from scrm.web.roles import allow

SHOWN: Final = 50
PURPOSES: Final = {
    Purpose.SUPPORT: N_("Support"),
    Purpose.SALES: N_("Sales"),
    Purpose.COMMUNITY: N_("Community"),
}
BASES: Final = {
    Basis.CONSENT: N_("Consent"),
    Basis.CONTRACT: N_("Contract"),
    Basis.INTEREST: N_("Legitimate interest"),
    Basis.DUTY: N_("Legal obligation"),
}
RULES: Final = {
    Rule.ALLOWED: ("for", N_("allowed")),
    Rule.CONSENT: ("caution", N_("with consent")),
    Rule.FORBIDDEN: ("against", N_("forbidden")),
}
BAD_DATE = N_("Expected a date.")

blueprint = Blueprint("purposes", __name__)


@blueprint.get("/contacts/<uuid:contact_id>/purposes")
@allow(Role.ADMIN, Role.STEWARD)
def show(contact_id: UUID) -> ResponseReturnValue:
    """The ledger of a contact's profiles."""
    with current.core().db.read() as db:
        return _page(db, contact_id)


@blueprint.post("/contacts/<uuid:contact_id>/purposes")
@allow(Role.ADMIN, Role.STEWARD)
def add(contact_id: UUID) -> ResponseReturnValue:
    """Record a purpose with its legal ground."""
    form = request.form
    with current.core().db.write("purposes.add") as db:
        profile = _profile(db, contact_id, form.get("profile", ""))
        try:
            entry = Entry(
                purpose=Purpose(form["purpose"]) if form.get("purpose") in set(Purpose) else None,
                basis=Basis(form.get("basis", Basis.CONSENT)),
                source=form.get("source", ""),
                given_at=_date(form.get("given", "")) or current.now(),
                expires_at=_date(form.get("until", "")),
                user_id=current.user().id,
            )
            purposes.record(db, profile.id, entry, current.now())
        except (InputError, ValueError) as why:
            db.rollback()
            fault = str(why) if isinstance(why, InputError) else BAD_DATE
            return _page(db, contact_id, fault=gettext(fault)), 400
    current.wake("match")
    current.wake("expand")
    return redirect(url_for("purposes.show", contact_id=contact_id))


@blueprint.post("/contacts/<uuid:contact_id>/purposes/<uuid:ground_id>/end")
@allow(Role.ADMIN, Role.STEWARD)
def end(contact_id: UUID, ground_id: UUID) -> ResponseReturnValue:
    """An entry no longer holds."""
    with current.core().db.write("purposes.end") as db:
        row = db.scalars(select(Ground).where(Ground.public_id == ground_id)).one_or_none()
        if row is None or row.profile_id not in {one.id for one in _linked(db, _contact(db, contact_id))}:
            abort(404)
        purposes.end(db, row, current.user().id, current.now())
    current.wake("match")
    current.wake("expand")
    return redirect(url_for("purposes.show", contact_id=contact_id))


@blueprint.get("/terms")
@allow(Role.ADMIN)
def terms() -> ResponseReturnValue:
    """Each network: what its terms allow, for which purposes the admin lets it go to the CRM, and what is held."""
    with current.core().db.read() as db:
        rules = purposes.rules(db)
        rows = [
            {
                "manifest": connector.manifest,
                "terms": connector.manifest.terms,
                "may_write": permit(key, Use.WRITE).allowed,
                "rule": purposes.rule_of(rules, key),
                "held": _held(db, key),
            }
            for key, connector in sorted(connectors().items())
        ]
    return render_template("terms.html", rows=rows, purposes=PURPOSES, rules=RULES, needed=NEEDED, uses=list(Use))


@blueprint.post("/terms/<network>")
@allow(Role.ADMIN)
def set_terms(network: str) -> ResponseReturnValue:
    """Say for which purposes a network's profiles go to the CRM."""
    if network not in connectors():
        abort(404)
    wanted = {name.value: request.form.get(name.value) == "on" for name in Purpose}
    wanted[NEEDED] = request.form.get(NEEDED) == "on"
    with current.core().db.write("purposes.rules") as db:
        purposes.set_rules(db, network, wanted, current.user().id, current.now())
    current.wake("audience")
    return redirect(url_for("purposes.terms", saved=network))


def _held(db: Session, network: str) -> list[tuple[str, int]]:
    """How many entries are held, by reason."""
    rows = db.execute(
        select(TimelineEntry.reason, func.count())
        .join(Interaction, Interaction.id == TimelineEntry.interaction_id)
        .where(TimelineEntry.state == EntryState.HELD.value, Interaction.network == network)
        .group_by(TimelineEntry.reason)
    )
    return [(reason or "", count) for reason, count in rows]


def _page(db: Session, contact_id: UUID, fault: str | None = None) -> str:
    contact = _contact(db, contact_id)
    profiles = _linked(db, contact)
    ledger: dict[int, list[Ground]] = {}
    ids = [row.id for row in profiles]
    for row in db.scalars(select(Ground).where(Ground.profile_id.in_(ids)).order_by(Ground.id.desc())):
        ledger.setdefault(row.profile_id, []).append(row)
    now = current.now()
    held: dict[int, Any] = {row.id: purposes.hold(db, row, now) for row in profiles}
    return render_template(
        "purposes.html",
        contact=contact,
        profiles=profiles,
        ledger=ledger,
        held=held,
        purposes=PURPOSES,
        bases=BASES,
        fault=fault,
    )


def _contact(db: Session, contact_id: UUID) -> Contact:
    row = db.scalars(select(Contact).where(Contact.public_id == contact_id)).one_or_none()
    if row is None or survivor(db, row.id) is None:
        abort(404)
    return row


def _linked(db: Session, contact: Contact) -> list[Profile]:
    linked = select(Profile).join(Link, Link.profile_id == Profile.id).where(Link.contact_id == contact.id)
    return list(db.scalars(linked.order_by(Profile.network, Profile.id).limit(SHOWN)))


def _profile(db: Session, contact_id: UUID, chosen: str) -> Profile:
    found = [row for row in _linked(db, _contact(db, contact_id)) if str(row.public_id) == chosen]
    if not found:
        abort(404)
    return found[0]


def _date(text: str) -> datetime | None:
    """The beginning of a day where the reader is; raises ValueError."""
    if not text:
        return None
    return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=zone()).astimezone(UTC)
