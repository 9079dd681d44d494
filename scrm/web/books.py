"""The database's own books as Prometheus metrics: the same whichever web process is asked, and after any restart.

Nothing is counted in memory. What is deleted after its time (deliveries, webhooks) leaves its count, so those are
gauges; what only grows is a counter.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, aliased

from scrm.connectors.registry import connectors
from scrm.models import (
    Announcement,
    AnnouncementState,
    AuditChain,
    Chore,
    Connection,
    ConnectionState,
    Contact,
    CrmConnection,
    Delivery,
    EntryState,
    Forgetting,
    InboxItem,
    Profile,
    Run,
    StreamState,
    TimelineDue,
    TimelineEntry,
    Usage,
    WebhookEndpoint,
)
from scrm.models.inbox import is_todo
from scrm.web import counts

Family = CounterMetricFamily | GaugeMetricFamily
Labeled = Iterable[tuple[Sequence[str], float]]
PREFIX: Final = "scrm_"
RECENT: Final = timedelta(hours=1)
MOST_RUNS: Final = 5_000


class Books(Collector):
    """Reads everything through one session at one time."""

    def __init__(self, db: Session, now: datetime) -> None:
        self._db = db
        self._now = now

    def collect(self) -> Iterator[Family]:
        yield from self._webhooks()
        yield from self._entries()
        yield from self._reading()
        yield from self._queues()
        yield from self._budgets()
        yield from self._trail()

    def _count(self, *by: Any, where: ColumnElement[bool] | None = None) -> Labeled:
        query = select(*by, func.count()).group_by(*by)
        rows = self._db.execute(query if where is None else query.where(where))
        return [([str(value) for value in row[:-1]], row[-1]) for row in rows]

    def _webhooks(self) -> Iterator[Family]:
        by_source = list(self._count(InboxItem.endpoint, InboxItem.state))
        by_state: dict[str, float] = {}
        for (_source, state), count in by_source:
            by_state[state] = by_state.get(state, 0) + count
        stored = self._db.scalar(select(func.count()).select_from(InboxItem)) or 0
        refused = self._db.execute(select(WebhookEndpoint.name, WebhookEndpoint.refused)).all()
        yield _gauge("webhooks_accepted", "Webhook deliveries stored, of the last 30 days", stored)
        yield _gauge("webhooks_applied", "Webhook deliveries done, of the last 30 days", by_state.get("done", 0))
        yield _gauge("webhooks_pending", "Webhook deliveries waiting", by_state.get("todo", 0))
        yield _gauge("webhooks_quarantined", "Webhook deliveries set aside", by_state.get("quarantined", 0))
        yield _counter("webhooks_refused", "Webhook requests refused", sum(row.refused for row in refused))
        yield _gauges("webhooks_by_source", "Webhook deliveries by sender", ("source", "state"), by_source)

    def _entries(self) -> Iterator[Family]:
        states = list(self._count(TimelineEntry.crm_id, TimelineEntry.state))  # along the index, without the table
        yield _gauges("timeline_entries", "Timeline entries by state", ("crm", "state"), states)
        versions = self._db.execute(
            select(
                TimelineEntry.crm_id, func.sum(TimelineEntry.version), func.sum(TimelineEntry.version - 1)
            ).group_by(TimelineEntry.crm_id)
        ).all()
        accepted = [([row[0]], float(row[1])) for row in versions]
        yield _gauges("timeline_versions_accepted", "Changes that the CRM should hold", ("crm",), accepted)
        superseded = [([row[0]], float(row[2])) for row in versions]
        yield _gauges("timeline_versions_superseded", "Changes that a later one replaced", ("crm",), superseded)
        due = self._db.scalar(select(func.count()).select_from(TimelineDue)) or 0
        yield _gauge("timelines_due", "Profiles whose timeline is to be expanded", due)
        since = Delivery.ended_at >= self._now - RECENT
        outcomes = self._count(Delivery.outcome, where=since)
        yield _gauges("deliveries_last_hour", "Attempts to write to the CRM, by outcome", ("outcome",), outcomes)

    def _reading(self) -> Iterator[Family]:
        live = select(Connection.network, func.sum(StreamState.items), func.sum(StreamState.quarantined)).join(
            Connection, Connection.id == StreamState.connection_id
        )
        rows = self._db.execute(live.group_by(Connection.network)).all()
        yield _counter("items_fetched", "Items read from networks", sum(float(row[1] or 0) for row in rows))
        yield _counter("items_quarantined", "Items not understood", sum(float(row[2] or 0) for row in rows))
        fetched = [([row[0]], float(row[1] or 0)) for row in rows]
        yield _counters("network_items_fetched", "Items read, by network", ("network",), fetched)
        quarantined = [([row[0]], float(row[2] or 0)) for row in rows]
        yield _counters("network_items_quarantined", "Items not understood, by network", ("network",), quarantined)
        stopped = Connection.state == ConnectionState.SUSPENDED.value
        suspended = self._db.scalar(select(func.count()).select_from(Connection).where(stopped)) or 0
        yield _gauge("connections_suspended", "Connections somebody has to sign in again on", suspended)
        yield from self._durations()
        yield _gauge("profiles_in_review", "Profiles waiting for a steward", counts.waiting(self._db))

    def _durations(self) -> Iterator[Family]:
        query = (
            select(Connection.network, Run.started_at, Run.ended_at)
            .join(Connection, Connection.id == Run.connection_id)
            .where(Run.ended_at.is_not(None), Run.started_at >= self._now - RECENT)
        )
        took: dict[str, list[float]] = {}
        for network, began, ended in self._db.execute(query.order_by(Run.id.desc()).limit(MOST_RUNS)):
            if ended is not None:
                took.setdefault(network, []).append((ended - began).total_seconds())
        mean = [([network], sum(all_) / len(all_)) for network, all_ in took.items()]
        yield _gauges("reading_seconds_mean", "How long readings of the last hour took", ("network",), mean)
        longest = [([network], max(all_)) for network, all_ in took.items()]
        yield _gauges("reading_seconds_longest", "The longest reading of the last hour", ("network",), longest)

    def _queues(self) -> Iterator[Family]:
        waits: dict[str, tuple[Any, Any]] = {
            "read": (StreamState.due_at, StreamState.due_at <= self._now),
            "inbox": (InboxItem.received_at, is_todo()),
            "keys": (Contact.key_due_at, Contact.key_due_at <= self._now),
            "match": (Profile.match_due_at, Profile.match_due_at <= self._now),
            "expand": (TimelineDue.due_at, TimelineDue.due_at <= self._now),
            "deliver": (TimelineEntry.due_at, TimelineEntry.state == EntryState.TODO.value),
            "announce": (Announcement.at, Announcement.state == AnnouncementState.TODO.value),
            "forget": (Forgetting.asked_at, Forgetting.due_at <= self._now),
        }
        found = {}
        for name, (since, condition) in waits.items():
            depth, oldest = self._db.execute(select(func.count(), func.min(since)).where(condition)).one()
            found[name] = depth, max(0.0, (self._now - oldest).total_seconds()) if oldest else 0.0
        depths = [([name], float(depth)) for name, (depth, _age) in found.items()]
        yield _gauges("queue_depth", "What waits, by the job that does it", ("queue",), depths)
        ages = [([name], age) for name, (_depth, age) in found.items()]
        yield _gauges("queue_oldest_seconds", "How long the oldest of it has waited", ("queue",), ages)
        yield _gauge("oldest_due_stream_seconds", "Age of the oldest reading that is due", found["read"][1])

    def _budgets(self) -> Iterator[Family]:
        spent, cap = [], []
        other = aliased(Usage)
        newest = select(func.max(other.begins_on)).where(other.connection_id == Usage.connection_id).scalar_subquery()
        query = select(Connection, Usage).join(Usage, Usage.connection_id == Connection.id)
        rows = self._db.execute(query.where(Usage.begins_on == newest))
        for row, usage in rows:
            connector = connectors().get(row.network)
            labels = [row.network, str(row.public_id)]
            spent.append((labels, float(usage.spent)))
            budget = connector.manifest.budget if connector else None
            most = row.budget_cap if row.budget_cap is not None or budget is None else budget.cap
            if most is not None:
                cap.append((labels, float(most)))
        yield _gauges("network_budget_spent", "Spent in the present period", ("network", "connection"), spent)
        yield _gauges("network_budget_cap", "What may be spent in it", ("network", "connection"), cap)
        told = self._db.execute(
            select(CrmConnection.crm_id, CrmConnection.calls_used, CrmConnection.calls_limit).where(
                CrmConnection.calls_limit.is_not(None)
            )
        ).all()
        used = [([row[0]], float(row[1] or 0)) for row in told]
        yield _gauges("crm_calls_used", "Calls of the day, of everybody, as the CRM last said", ("crm",), used)
        limit = [([row[0]], float(row[2] or 0)) for row in told]
        yield _gauges("crm_calls_limit", "Calls the CRM allows in a day", ("crm",), limit)

    def _trail(self) -> Iterator[Family]:
        chain = self._db.scalars(select(AuditChain)).first()
        yield _counter("audit_entries", "Entries of the audit trail", chain.number if chain else 0)
        broken = (chain.broken_at if chain else None) or 0
        yield _gauge("audit_trail_broken_at", "The first entry that does not fit; 0: all do", broken)
        done = self._db.execute(select(Chore.name, Chore.done_at)).all()
        ages = [([name], (self._now - at).total_seconds()) for name, at in done if at is not None]
        yield _gauges("chore_age_seconds", "How long ago a daily chore was done", ("chore",), ages)


def _counter(name: str, words: str, value: float) -> CounterMetricFamily:
    return CounterMetricFamily(PREFIX + name, words, value=value)


def _gauge(name: str, words: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(PREFIX + name, words, value=value)


def _gauges(name: str, words: str, labels: Sequence[str], rows: Labeled) -> GaugeMetricFamily:
    family = GaugeMetricFamily(PREFIX + name, words, labels=labels)
    for values, number in rows:
        family.add_metric(values, number)
    return family


def _counters(name: str, words: str, labels: Sequence[str], rows: Labeled) -> CounterMetricFamily:
    family = CounterMetricFamily(PREFIX + name, words, labels=labels)
    for values, number in rows:
        family.add_metric(values, number)
    return family
