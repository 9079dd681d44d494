"""Webhooks received, tried again where they were set aside; and how the service is."""

from typing import Any

from flask import abort
from sqlalchemy import func, select

from scrm.models import InboxItem, InboxState
from scrm.sync.webhook import replay
from scrm.web import current
from scrm.web.api import schemas
from scrm.web.api.routes import Blueprint, route
from scrm.web.api.tokens import Scope

PAGE = 100

blueprint = Blueprint("api_deliveries", __name__, url_prefix="/api/v1", description="Webhooks received, health")


@route(
    blueprint,
    "GET /webhooks/deliveries",
    Scope.DELIVERIES,
    takes=schemas.DeliveryQuery,
    gives=schemas.DeliveriesOut,
)
def index(query: dict[str, Any]) -> dict[str, Any]:
    """What was received, newest first; never its content."""
    found = select(InboxItem)
    if query["before"] is not None:
        found = found.where(InboxItem.id < query["before"])
    if query["state"] is not None:
        found = found.where(InboxItem.state == query["state"])
    with current.core().db.read() as db:
        rows = db.scalars(found.order_by(InboxItem.id.desc()).limit(PAGE + 1)).all()
    return {"items": rows[:PAGE], "next": rows[PAGE - 1].id if len(rows) > PAGE else None}


@route(
    blueprint,
    "POST /webhooks/deliveries/<int(max=4611686018427387904):delivery_id>/redeliver",
    Scope.REDELIVER,
    status=202,
)
def redeliver(delivery_id: int) -> None:
    """Try one again that was set aside; 404 when it was not."""
    with current.core().db.write("api.redeliver") as db:
        item = db.get(InboxItem, delivery_id)
        if item is None or item.state != InboxState.QUARANTINED.value or item.body is None:
            abort(404)
        replay(db, delivery_id, current.now())
    current.wake("inbox")
    current.wake("push")


@route(blueprint, "GET /health", Scope.HEALTH, gives=schemas.HealthOut)
def health() -> dict[str, Any]:
    """Whether the database answers, and what waits."""
    with current.core().db.read() as db:
        counts = dict(db.execute(select(InboxItem.state, func.count()).group_by(InboxItem.state)).all())
    return {
        "database": True,
        "waiting": counts.get(InboxState.TODO.value, 0),
        "set_aside": counts.get(InboxState.QUARANTINED.value, 0),
    }
