"""Whether the process lives, whether it can serve, and the database's books as Prometheus metrics."""

import hmac
import ipaddress

from flask import Blueprint, Response, abort, jsonify, request
from flask.typing import ResponseReturnValue
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from scrm.models import Role
from scrm.web import current
from scrm.web.books import Books

blueprint = Blueprint("health", __name__, url_prefix="")


@blueprint.get("/health/live")
def live() -> ResponseReturnValue:
    """The process answers."""
    return jsonify(status="live")


@blueprint.get("/health/ready")
def ready() -> ResponseReturnValue:
    """The database answers, too."""
    try:
        with current.core().db.read() as db:
            db.execute(text("select 1"))
    except SQLAlchemyError:
        return jsonify(status="database out of reach"), 503
    return jsonify(status="ready")


@blueprint.get("/metrics")
def metrics() -> ResponseReturnValue:
    """The database's books; for an admin, for a scraper on this machine, or for one that shows the token."""
    who = current.maybe_user()
    if not (_is_loopback() or _shows_token() or (who is not None and who.role == Role.ADMIN)):
        abort(403)
    registry = CollectorRegistry()
    with current.core().db.read() as db:
        registry.register(Books(db, current.now()))
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _is_loopback() -> bool:
    try:
        return ipaddress.ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False


def _shows_token() -> bool:
    token = current.core().settings.metrics_token
    shown = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return bool(token) and hmac.compare_digest(shown.encode(), token.encode())
