"""Forgetting people: asked for by other systems, with the certificate as an answer."""

from typing import Any
from uuid import UUID

from flask import abort
from sqlalchemy import select

from scrm.errors import InputError
from scrm.models import Forgetting, Origin
from scrm.privacy.requests import Who, request
from scrm.web import current
from scrm.web.api import schemas
from scrm.web.api.routes import Blueprint, route
from scrm.web.api.tokens import Scope

blueprint = Blueprint("api_forgetting", __name__, url_prefix="/api/v1", description="Forgetting people")


@route(
    blueprint,
    "POST /contacts/<uuid:contact_id>/forget",
    Scope.FORGET,
    takes=schemas.ForgetIn,
    gives=schemas.ForgettingOut,
    status=202,
)
def contact(told: dict[str, Any], contact_id: UUID) -> Forgetting:
    """Forget a contact with every profile linked to it; asked twice it is one request."""
    return _ask(Who(contact=contact_id), told["reference"])


@route(
    blueprint,
    "POST /profiles/<uuid:profile_id>/forget",
    Scope.FORGET,
    takes=schemas.ForgetIn,
    gives=schemas.ForgettingOut,
    status=202,
)
def profile(told: dict[str, Any], profile_id: UUID) -> Forgetting:
    """Forget one profile alone."""
    return _ask(Who(profile=profile_id), told["reference"])


@route(blueprint, "GET /forgotten/<uuid:request_id>", Scope.FORGET, gives=schemas.ForgettingOut)
def one(request_id: UUID) -> Forgetting:
    """How far a request is, and what was done: places, numbers, times."""
    with current.core().db.read() as db:
        row = db.scalars(select(Forgetting).where(Forgetting.public_id == request_id)).one_or_none()
    if row is None:
        abort(404)
    return row


def _ask(who: Who, reference: str) -> Forgetting:
    with current.core().db.write("api.forget") as db:
        try:
            row = request(db, who, current.now(), Origin.API, reference=reference)
        except InputError:
            abort(404)
    current.wake("forget")
    return row
