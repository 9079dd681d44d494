"""How long things may stay, by network and kind: the admin sees what would go before anything counts."""

from typing import Any, Final

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from scrm import keeping
from scrm.connectors.registry import connectors
from scrm.errors import InputError
from scrm.i18n import N_, _
from scrm.keeping import Kept
from scrm.models import RetentionRule, Role
from scrm.web import current
from scrm.web.roles import allow

blueprint = Blueprint("retention", __name__, url_prefix="/admin/retention")
KINDS: Final = {
    Kept.SAID: N_("Posts and answers"),
    Kept.MESSAGE: N_("Messages"),
    Kept.SIGN: N_("Reactions, shares, follows"),
    Kept.PROFILE: N_("Profiles"),
    Kept.RAW: N_("Raw records"),
}
NOTES: Final = {
    Kept.SAID: N_("Days since they were said."),
    Kept.MESSAGE: N_("Days since they were written."),
    Kept.SIGN: N_("Days since they were given."),
    Kept.PROFILE: N_("Days since they last changed, once nothing they said is left."),
    Kept.RAW: N_("Days since they were received; from them, scrm translates again after an update."),
}


@blueprint.get("")
@allow(Role.ADMIN)
def index() -> ResponseReturnValue:
    """Every network with what counts for each kind."""
    with current.core().db.read() as db:
        rules = {(row.network, Kept(row.kind)): row for row in db.scalars(select(RetentionRule))}
    rows = [
        {"manifest": one.manifest, "cells": [(kind, rules.get((key, kind)), _allowed(key, kind)) for kind in Kept]}
        for key, one in sorted(connectors().items())
    ]
    return render_template("retention.html", rows=rows, kinds=KINDS, saved=request.args.get("saved"))


@blueprint.get("/<network>")
@allow(Role.ADMIN)
def show(network: str) -> ResponseReturnValue:
    """One network: its terms, what counts, and what the daily run removed."""
    with current.core().db.read() as db:
        return _page(db, network)


@blueprint.post("/<network>")
@allow(Role.ADMIN)
def settle(network: str) -> ResponseReturnValue:
    """Say what would go, or let exactly what was looked at count."""
    core, now = current.core(), current.now()
    try:
        wanted = _wanted(network)
        if request.form.get("act") == "save" and request.form.get("looked") == _mark(wanted):
            with core.db.write("retention.set") as db:
                keeping.set_days(db, network, wanted, current.user().id, now)
            return redirect(url_for("retention.index", saved=network))
    except InputError as why:
        with core.db.read() as db:
            return _page(db, network, fault=str(why)), 400
    with core.db.read() as db:
        going = keeping.would_go(db, network, wanted, now)
        return _page(db, network, wanted=wanted, going=going, looked=_mark(wanted))


def _page(db: Session, network: str, **more: Any) -> str:
    manifest = _network(network)
    rules = {Kept(row.kind): row for row in db.scalars(select(RetentionRule).where(RetentionRule.network == network))}
    filled = {kind: request.form.get(kind.value, "") for kind in Kept} if request.method == "POST" else {}
    return render_template(
        "retention_network.html",
        manifest=manifest,
        terms=manifest.terms,
        rules=rules,
        kinds=KINDS,
        notes=NOTES,
        most={kind: _allowed(network, kind) for kind in Kept},
        filled=filled or {kind: rules[kind].days if kind in rules else "" for kind in Kept},
        **more,
    )


def _network(network: str) -> Any:
    found = connectors().get(network)
    if found is None:
        abort(404)
    return found.manifest


def _allowed(network: str, kind: Kept) -> int | None:
    return keeping.allowed_days(connectors()[network].manifest.terms, kind)


def _wanted(network: str) -> keeping.Days:
    """What the form says; raises InputError."""
    _network(network)
    wanted = {}
    for kind in Kept:
        given = request.form.get(kind.value, "").strip()
        if not given:
            continue
        if not given.isdecimal() or len(given) > len(str(keeping.MOST_DAYS)):
            raise InputError(_("A number of days from 1 to %(num)s, or nothing.", num=keeping.MOST_DAYS))
        wanted[kind] = int(given)
    keeping.check(network, wanted)
    return wanted


def _mark(wanted: keeping.Days) -> str:
    """What was looked at; another choice has to be looked at anew."""
    return ",".join(f"{kind.value}={days}" for kind, days in sorted(wanted.items())) or "-"
