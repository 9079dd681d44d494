"""Whether the process lives, whether it can serve, and the database's books as Prometheus metrics."""

import ipaddress
from typing import Final

from flask import Blueprint, Response, abort, jsonify, request
from flask.typing import ResponseReturnValue
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from scrm.models import (
    Connection,
    ConnectionState,
    InboxItem,
    Role,
    StreamState,
    TimelineDue,
    TimelineEntry,
    WebhookEndpoint,
)
from scrm.web import counts, current

blueprint = Blueprint("health", __name__, url_prefix="")
PREFIX: Final = "scrm_"


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
    """Counters from the database's own books; for an admin, or for a scraper on this machine."""
    who = current.maybe_user()
    if not _is_loopback() and (who is None or who.role != Role.ADMIN):
        abort(403)
    registry = CollectorRegistry()
    with current.core().db.read() as db:
        registry.register(_Books(db))
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _is_loopback() -> bool:
    try:
        return ipaddress.ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False


class _Books(Collector):
    """Accepted = applied + pending + quarantined, for webhooks and for timeline entries."""

    def __init__(self, db: Session) -> None:
        self._db = db

    def collect(self) -> list[CounterMetricFamily | GaugeMetricFamily]:
        return [*self._webhooks(), *self._entries(), *self._reading(), self._review()]

    def _webhooks(self) -> list[CounterMetricFamily | GaugeMetricFamily]:
        rows = self._db.execute(select(InboxItem.state, func.count()).group_by(InboxItem.state)).all()
        by_state = {row[0]: row[1] for row in rows}
        refused = self._db.scalar(select(func.sum(WebhookEndpoint.refused))) or 0
        return [
            _counter("webhooks_accepted", "Webhook deliveries stored", sum(by_state.values())),
            _counter("webhooks_applied", "Webhook deliveries done", by_state.get("done", 0)),
            _gauge("webhooks_pending", "Webhook deliveries waiting", by_state.get("todo", 0)),
            _gauge("webhooks_quarantined", "Webhook deliveries set aside", by_state.get("quarantined", 0)),
            _counter("webhooks_refused", "Webhook requests refused", refused),
        ]

    def _entries(self) -> list[CounterMetricFamily | GaugeMetricFamily]:
        by_index = (TimelineEntry.crm_id, TimelineEntry.state)  # counted along the index, without the table
        rows = self._db.execute(select(*by_index, func.count()).group_by(*by_index))
        names = ["crm", "state"]
        family = GaugeMetricFamily(f"{PREFIX}timeline_entries", "Timeline entries by state", labels=names)
        for crm_id, state, count in rows:
            family.add_metric([crm_id, state], count)
        due = self._db.scalar(select(func.count()).select_from(TimelineDue)) or 0
        return [family, _gauge("timelines_due", "Profiles whose timeline is to be expanded", due)]

    def _reading(self) -> list[CounterMetricFamily | GaugeMetricFamily]:
        items, bad = self._db.execute(
            select(func.coalesce(func.sum(StreamState.items), 0), func.coalesce(func.sum(StreamState.quarantined), 0))
        ).one()
        now = current.now()
        late = self._db.scalar(select(func.min(StreamState.due_at)).where(StreamState.due_at <= now))
        return [
            _counter("items_fetched", "Items read from networks", items),
            _counter("items_quarantined", "Items that could not be understood", bad),
            _gauge("connections_suspended", "Connections somebody has to sign in again on", _suspended(self._db)),
            _gauge("oldest_due_stream_seconds", "Age of the oldest reading that is due", _age(late, now)),
        ]

    def _review(self) -> GaugeMetricFamily:
        return _gauge("profiles_in_review", "Profiles waiting for a steward", counts.waiting(self._db))


def _suspended(db: Session) -> int:
    stopped = Connection.state == ConnectionState.SUSPENDED.value
    return db.scalar(select(func.count()).select_from(Connection).where(stopped)) or 0


def _age(at: object, now: object) -> float:
    return (now - at).total_seconds() if at is not None else 0.0  # type: ignore[operator]


def _counter(name: str, words: str, value: float) -> CounterMetricFamily:
    return CounterMetricFamily(PREFIX + name, words, value=value)


def _gauge(name: str, words: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(PREFIX + name, words, value=value)
