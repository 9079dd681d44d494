"""Who may tell us of contacts by webhook, and what of it could not be applied; for the admin."""

from typing import Any, Final

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from scrm.errors import EndpointUnknownError, InputError
from scrm.i18n import N_, ngettext
from scrm.models import AuditEntry, InboxItem, InboxState, Role, WebhookEndpoint
from scrm.models.inbox import NETWORKS, OUTBOUND
from scrm.sync import webhook
from scrm.sync.crm import LOCAL, SALESFORCE
from scrm.web import current, wording
from scrm.web.roles import allow

SHOWN: Final = 50
MOST_AT_ONCE: Final = 200
STATES: Final = {
    InboxState.TODO: ("slow", N_("Waits")),
    InboxState.DONE: ("good", N_("Applied")),
    InboxState.QUARANTINED: ("bad", N_("Set aside")),
}

blueprint = Blueprint("incoming", __name__, url_prefix="/hooks/incoming")


@blueprint.get("")
@allow(Role.ADMIN)
def index() -> ResponseReturnValue:
    """Every address that is open, and what came in."""
    return _page()


@blueprint.post("")
@allow(Role.ADMIN)
def make() -> ResponseReturnValue:
    """Open an address; its secret is shown on the page that follows, this once."""
    core, name = current.core(), request.form.get("name", "").strip()
    crm_id = SALESFORCE if request.form.get("kind") == "outbound" else LOCAL
    try:
        with core.db.write("incoming.make") as db:
            secret = webhook.make_endpoint(db, core.vault, name, crm_id, current.now())
            _audit(db, name, "made")
    except InputError as why:
        return _page(fault=str(why), name=name), 400
    return _secret(name, crm_id, secret, is_new=True)


@blueprint.post("/rotate")
@allow(Role.ADMIN)
def rotate() -> ResponseReturnValue:
    """Give an address a new secret; the present one is taken for another day."""
    core, name = current.core(), request.form.get("name", "")
    try:
        with core.db.write("incoming.rotate") as db:
            secret = webhook.rotate(db, core.vault, name, current.now())
            crm_id = db.scalars(select(WebhookEndpoint.crm_id).where(WebhookEndpoint.name == name)).one()
            _audit(db, name, "rotated")
    except EndpointUnknownError:
        abort(404)
    return _secret(name, crm_id, secret, is_new=False)


@blueprint.post("/again")
@allow(Role.ADMIN)
def again() -> ResponseReturnValue:
    """Try again what was set aside: one delivery, or all of it."""
    core, count = current.core(), 0
    try:
        with core.db.write("incoming.again") as db:
            for number in _wanted(db):
                webhook.replay(db, number, current.now())
                count += 1
            db.add(_entry("inbox", "replayed", {"count": count}))
    except InputError as why:
        flash(str(why), "fault")
    else:
        words = ngettext("One delivery is tried again.", "%(num)s deliveries are tried again.", count)
        flash(words, "word")
    for kind in ("inbox", "push"):
        current.wake(kind)
    return redirect(url_for("incoming.index"))


def _wanted(db: Session) -> list[int]:
    if request.form.get("act") != "all":
        return [request.form.get("delivery", 0, int)]
    aside = select(InboxItem.id).where(InboxItem.state == InboxState.QUARANTINED.value, InboxItem.body.is_not(None))
    return list(db.scalars(aside.order_by(InboxItem.id).limit(MOST_AT_ONCE)))


def _page(fault: str = "", name: str = "") -> str:
    state, before = request.args.get("state", ""), request.args.get("before", 0, int)
    with current.core().db.read() as db:
        endpoints = db.scalars(select(WebhookEndpoint).order_by(WebhookEndpoint.name)).all()
        found = select(InboxItem)
        if state in list(InboxState):
            found = found.where(InboxItem.state == state)
        if before > 0:
            found = found.where(InboxItem.id < min(before, 2**62))
        rows = db.scalars(found.order_by(InboxItem.id.desc()).limit(SHOWN + 1)).all()
        counts = db.execute(select(InboxItem.state, func.count()).group_by(InboxItem.state))
        counted = dict(counts.all())
    return render_template(
        "incoming.html",
        endpoints=endpoints,
        rows=rows[:SHOWN],
        next=rows[SHOWN - 1].id if len(rows) > SHOWN else None,
        counts=counted,
        state=state,
        states={state.value: words for state, words in STATES.items()},
        source=_source,
        address=_address,
        fault=fault,
        name=name,
    )


def _source(row: InboxItem) -> str:
    """Whose delivery it is, in words."""
    if row.endpoint.startswith(NETWORKS):
        return wording.network_label(row.endpoint.removeprefix(NETWORKS))
    return row.endpoint.removeprefix(OUTBOUND)


def _address(name: str, crm_id: str) -> str:
    kind = "crm" if crm_id == LOCAL else "outbound"
    return f"{current.core().settings.base_url}/webhooks/{kind}/{name}"


def _secret(name: str, crm_id: str, secret: str, *, is_new: bool) -> str:
    where = _address(name, crm_id)
    is_signed = crm_id == LOCAL
    return render_template(
        "incoming_secret.html",
        name=name,
        address=where if is_signed else f"{where}/{secret}",
        secret=secret if is_signed else "",
        is_new=is_new,
    )


def _audit(db: Session, name: str, what: str) -> None:
    db.add(_entry(f"webhook/{name}", what))


def _entry(about: str, what: str, after: dict[str, Any] | None = None) -> AuditEntry:
    who = current.user().id
    return AuditEntry(at=current.now(), user_id=who, action=f"webhook.{what}", object=about, after=after or {})
