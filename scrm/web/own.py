"""Who is one of us: hosts and profiles that the admin names. Our own people are never candidates."""

from datetime import datetime
from typing import Any, Final

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from scrm.errors import InputError
from scrm.i18n import N_, gettext
from scrm.ingest.internal import PREFERENCE
from scrm.matching.judgments import derive
from scrm.models import AuditEntry, Connection, ConnectionState, Preference, Profile, Role
from scrm.web import current
from scrm.web.roles import allow

MOST: Final = 200
LONGEST_DOMAIN: Final = 253
HANDLE_PARTS: Final = 2

blueprint = Blueprint("own", __name__, url_prefix="/own")


@blueprint.get("")
@allow(Role.ADMIN)
def show() -> ResponseReturnValue:
    """Own hosts and profiles as they are set now."""
    with current.core().db.read() as db:
        return _page(db)


@blueprint.post("/domains")
@allow(Role.ADMIN)
def domains() -> ResponseReturnValue:
    """Set the hosts whose accounts are all ours."""
    wanted = sorted({line.strip().lower().lstrip("@.") for line in request.form.get("domains", "").split()} - {""})
    try:
        _check(wanted)
    except InputError as why:
        with current.core().db.read() as db:
            return _page(db, fault=gettext(str(why)), typed="\n".join(wanted)), 400
    with current.core().db.write("own.domains") as db:
        _store(db, "domains", wanted, current.now())
    return redirect(url_for("own.show", saved=1))


@blueprint.post("/profiles")
@allow(Role.ADMIN)
def add_profile() -> ResponseReturnValue:
    """Name a profile we have read as one of ours."""
    network, handle = request.form.get("network", ""), request.form.get("handle", "").strip().removeprefix("@")
    with current.core().db.write("own.profile") as db:
        found = db.scalars(
            select(Profile).where(Profile.network == network, Profile.handle == handle).limit(1)
        ).one_or_none()
        if found is None:
            fault = gettext("We have read no profile with this handle. Write it as the network does.")
            return _page(db, fault=fault), 404
        named = [*_stored(db).get("profiles", []), [found.network, found.scope, found.native_id]]
        _store(db, "profiles", [list(row) for row in dict.fromkeys(map(tuple, named))][:MOST], current.now())
        found.is_internal, found.match_due_at = True, current.now()  # matching forgets keys and candidates
        derive(db, current.now(), found)  # takes the link away, and with it what stands in the CRM
    return redirect(url_for("own.show", saved=1))


def _page(db: Session, **more: Any) -> str:
    accounts = db.scalars(
        select(Connection).where(Connection.state != ConnectionState.REMOVED.value).order_by(Connection.id)
    ).all()
    own = db.scalars(select(Profile).where(Profile.is_internal.is_(True)).limit(MOST)).all()
    networks = db.scalars(select(Profile.network).distinct().limit(50)).all()
    return render_template(
        "own.html",
        accounts=accounts,
        own=own,
        networks=networks,
        domains=_stored(db).get("domains", []),
        is_saved="saved" in request.args,
        **more,
    )


def _stored(db: Session) -> dict[str, Any]:
    row = db.get(Preference, PREFERENCE)
    return dict(row.value) if row is not None else {}


def _store(db: Session, name: str, value: list[Any], now: datetime) -> None:
    before = _stored(db)
    after = {**before, name: value}
    db.merge(Preference(name=PREFERENCE, value=after, updated_at=now))
    db.add(
        AuditEntry(
            at=now,
            user_id=current.user().id,
            action=f"own.{name}",
            object=f"preference/{PREFERENCE}",
            before={"entries": len(before.get(name, []))},
            after={"entries": len(value)},
        )
    )


def _check(wanted: list[str]) -> None:
    if len(wanted) > MOST:
        raise InputError(N_("There are more lines than we take."))
    for domain in wanted:
        labels = domain.split(".")
        if len(domain) > LONGEST_DOMAIN or len(labels) < HANDLE_PARTS or not all(labels):
            raise InputError(N_("Each line is a host such as company.example."))
