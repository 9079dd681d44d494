"""Forget people: ask, approve, and see what was done. And the page on which a network's person sees how far it is."""

from datetime import datetime
from typing import Final
from uuid import UUID

from flask import Blueprint, Response, abort, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from scrm.errors import EndpointUnknownError, InputError, WebhookRefusedError
from scrm.i18n import N_, gettext
from scrm.ingest.push import deletion_asked
from scrm.models import (
    AuditEntry,
    Contact,
    Forgetting,
    ForgettingState,
    Interaction,
    Link,
    Origin,
    Profile,
    Role,
    User,
)
from scrm.privacy import export, requests
from scrm.privacy.requests import Who
from scrm.web import counts, current
from scrm.web.roles import allow

SHOWN: Final = 50
MOST_COUNTED: Final = 10_000
STATES: Final = {
    ForgettingState.WAITING: ("caution", N_("Waits for an admin")),
    ForgettingState.REFUSED: ("", N_("Refused")),
    ForgettingState.LOCAL: ("caution", N_("Being erased here")),
    ForgettingState.CRM: ("caution", N_("Gone here; the CRM has not confirmed yet")),
    ForgettingState.DONE: ("for", N_("Done")),
}
ORIGINS: Final = {
    Origin.PAGE: N_("a page"),
    Origin.API: N_("the API"),
    Origin.COMMAND: N_("a command"),
    Origin.CRM: N_("the CRM"),
    Origin.NETWORK: N_("the network"),
    Origin.RESTORE: N_("a restored backup"),
}

blueprint = Blueprint("forgetting", __name__)


@blueprint.get("/forgotten")
@allow(Role.ADMIN, Role.STEWARD)
def index() -> ResponseReturnValue:
    """Requests, the newest first."""
    with current.core().db.read() as db:
        return _page(db)


@blueprint.post("/forgotten")
@allow(Role.ADMIN, Role.STEWARD)
def ask() -> ResponseReturnValue:
    """Ask to forget somebody who is named by an address, or by an account."""
    email, network = request.form.get("email", "").strip(), request.form.get("network", "")
    native_id = request.form.get("account", "").strip()
    who = Who(email=email) if email or not native_id else Who(account=(network, native_id))
    with current.core().db.write("forgetting.ask") as db:
        try:
            row = _request(db, who)
        except InputError as why:
            db.rollback()
            return _page(db, fault=gettext(str(why))), 400
    current.wake("forget")
    return redirect(url_for("forgetting.show", request_id=row.public_id))


@blueprint.post("/forgotten/four-eyes")
@allow(Role.ADMIN)
def four_eyes() -> ResponseReturnValue:
    """Whether a second person approves."""
    with current.core().db.write("forgetting.four_eyes") as db:
        wanted = request.form.get("four_eyes") == "on"
        requests.set_four_eyes(db, wanted=wanted, user_id=current.user().id, now=current.now())
    return redirect(url_for("forgetting.index", saved=1))


@blueprint.get("/forgotten/<uuid:request_id>")
@allow(Role.ADMIN, Role.STEWARD)
def show(request_id: UUID) -> ResponseReturnValue:
    """One request: how far it is, and the certificate."""
    with current.core().db.read() as db:
        row = _find(db, request_id)
        people = _people(db, row)
    may_settle = row.state == ForgettingState.WAITING and current.user().role == Role.ADMIN
    return render_template(
        "forgetting_request.html",
        row=row,
        people=people,
        states=STATES,
        origins=ORIGINS,
        may_settle=may_settle and row.asked_by != current.user().id,
        is_late=requests.is_late(row, current.now()),
    )


@blueprint.get("/forgotten/<uuid:request_id>/certificate.json")
@allow(Role.ADMIN, Role.STEWARD)
def certificate(request_id: UUID) -> ResponseReturnValue:
    """The certificate, to be kept elsewhere."""
    with current.core().db.read() as db:
        answer = jsonify(as_certificate(_find(db, request_id)))
    answer.headers["Content-Disposition"] = f'attachment; filename="certificate-{request_id}.json"'
    return answer


@blueprint.post("/forgotten/<uuid:request_id>")
@allow(Role.ADMIN)
def settle(request_id: UUID) -> ResponseReturnValue:
    """Approve a request, or refuse it."""
    with current.core().db.write("forgetting.settle") as db:
        _find(db, request_id)
        is_approved = request.form.get("act") == "approve"
        requests.settle(db, request_id, current.user(), is_approved=is_approved, now=current.now())
    current.wake("forget")
    return redirect(url_for("forgetting.show", request_id=request_id))


@blueprint.get("/contacts/<uuid:contact_id>/forget")
@allow(Role.ADMIN, Role.STEWARD)
def ask_contact(contact_id: UUID) -> ResponseReturnValue:
    """Say what would go, before anything does."""
    with current.core().db.read() as db:
        contact = db.scalars(select(Contact).where(Contact.public_id == contact_id)).one_or_none()
        if contact is None:
            abort(404)
        profiles = _profiles(db, contact)
        ids = [row.id for row in profiles]
        said = counts.bounded(db, select(Interaction.id).where(Interaction.party_id.in_(ids)), MOST_COUNTED)
        waits = requests.four_eyes(db) or current.user().role != Role.ADMIN
    return render_template("forget.html", contact=contact, profiles=profiles, said=said, waits=waits)


@blueprint.post("/contacts/<uuid:contact_id>/forget")
@allow(Role.ADMIN, Role.STEWARD)
def forget_contact(contact_id: UUID) -> ResponseReturnValue:
    """Ask to forget a contact with its profiles, or one profile of it."""
    chosen = request.form.get("profile", "")
    with current.core().db.write("forgetting.contact") as db:
        contact = db.scalars(select(Contact).where(Contact.public_id == contact_id)).one_or_none()
        if contact is None:
            abort(404)
        own = {str(row.public_id): row.public_id for row in _profiles(db, contact)}
        if chosen and chosen not in own:
            abort(404)
        row = _request(db, Who(profile=own[chosen]) if chosen else Who(contact=contact_id))
    current.wake("forget")
    return redirect(url_for("forgetting.show", request_id=row.public_id))


@blueprint.post("/contacts/<uuid:contact_id>/export")
@allow(Role.ADMIN)
def export_contact(contact_id: UUID) -> ResponseReturnValue:
    """Everything about the person, to be handed to them; made now, kept nowhere."""
    now = current.now()
    with current.core().db.write("forgetting.export") as db:
        contact = db.scalars(select(Contact).where(Contact.public_id == contact_id)).one_or_none()
        if contact is None:
            abort(404)
        told = export.person(db, contact.id, now)
        about = f"contact/{contact.public_id}"
        db.add(AuditEntry(at=now, user_id=current.user().id, action="person.exported", object=about, after={}))
    file = export.packed(told)
    headers = {"Content-Disposition": f'attachment; filename="person-{contact_id}.zip"'}
    return Response(file, mimetype="application/zip", headers=headers)


@blueprint.post("/webhooks/<network>/deletion")
def from_network(network: str) -> ResponseReturnValue:
    """A network says that somebody wants their data deleted; answered with where to see how far that is."""
    core = current.core()
    request.max_content_length = 64 * 1024
    try:
        native_id = deletion_asked(core, network, request.form.to_dict())
    except EndpointUnknownError:
        abort(404)
    except WebhookRefusedError:
        return jsonify(error="the signature does not fit"), 401
    with core.db.write("forgetting.from_network") as db:
        row = requests.by_network(db, network, native_id, current.now())
    current.wake("forget")
    address = f"{core.settings.base_url}{url_for('forgetting.status', request_id=row.public_id)}"
    return jsonify(url=address, confirmation_code=str(row.public_id))


@blueprint.get("/erasure/<uuid:request_id>")
def status(request_id: UUID) -> ResponseReturnValue:
    """For the person themselves, without signing in: how far their request is, and nothing else."""
    with current.core().db.read() as db:
        row = db.scalars(select(Forgetting).where(Forgetting.public_id == request_id)).one_or_none()
    if row is None or row.origin != Origin.NETWORK:
        abort(404)
    return Response(render_template("erasure.html", row=row, states=STATES))


def as_certificate(row: Forgetting) -> dict[str, object]:
    """What was done, in words that need no scrm to be read."""
    return {
        "id": str(row.public_id),
        "reference": row.reference,
        "state": row.state,
        "asked_by_way_of": row.origin,
        "asked_at": _written(row.asked_at),
        "gone_here_at": _written(row.local_at),
        "done_at": _written(row.done_at),
        "places": [_place(**one) for one in row.places],
    }


def _place(place: str, **more: object) -> dict[str, object]:
    return {"place": gettext(place), **more}


def _written(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _request(db: Session, who: Who) -> Forgetting:
    reference = request.form.get("reference", "")
    return requests.request(db, who, current.now(), Origin.PAGE, user=current.user(), reference=reference)


def _find(db: Session, request_id: UUID) -> Forgetting:
    row = db.scalars(select(Forgetting).where(Forgetting.public_id == request_id)).one_or_none()
    if row is None:
        abort(404)
    return row


def _people(db: Session, row: Forgetting) -> dict[str, str]:
    """Who asked and who settled it, by name."""
    ids = {"asked": row.asked_by, "settled": row.approved_by}
    return {name: user.name for name, user_id in ids.items() if user_id and (user := db.get(User, user_id))}


def _profiles(db: Session, contact: Contact) -> list[Profile]:
    linked = select(Profile).join(Link, Link.profile_id == Profile.id).where(Link.contact_id == contact.id)
    return list(db.scalars(linked.order_by(Profile.network, Profile.id).limit(SHOWN)))


def _page(db: Session, fault: str | None = None) -> str:
    before = request.args.get("before", 0, int)
    rows = requests.listed(db, SHOWN + 1, before or None)
    networks = db.scalars(select(Profile.network).distinct().limit(SHOWN)).all()
    return render_template(
        "forgetting.html",
        rows=rows[:SHOWN],
        more=len(rows) > SHOWN,
        networks=networks,
        states=STATES,
        origins=ORIGINS,
        fault=fault,
        four_eyes=requests.four_eyes(db),
        late={row.id for row in rows if requests.is_late(row, current.now())},
    )
