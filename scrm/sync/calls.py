"""The CRM's budget of calls: what is ours of it, what goes out first when it runs short, and what a run will need."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, case, func, select, update
from sqlalchemy.orm import Session

from scrm.models import Contact, CrmConnection, CrmState, EntryState, Interaction, RecordKind, Relation, TimelineEntry
from scrm.runtime import Core
from scrm.sync.crm.base import Budget, Description

VALUE = (Relation.CUSTOMER, Relation.PROSPECT, Relation.PARTNER, Relation.SUPPLIER)  # the most valuable first


@dataclass(kw_only=True)
class Allowance:
    """Calls that may be spent now, counted down as they are; None: without limit."""

    ours: int | None
    others: int = 0  # kept free for others; withdrawals may use them all the same
    is_short: bool = False  # ours will not do for all that is due
    seconds_left: float | None = None  # until the budget is filled again

    @property
    def is_spent(self) -> bool:
        return self.ours is not None and self.ours <= 0

    @property
    def may_withdraw(self) -> bool:
        return self.ours is None or self.ours + self.others > 0

    def spend(self, count: int) -> None:
        if self.ours is not None:
            self.ours -= count


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """What is waiting for the CRM, the calls it needs, and how many are ours; None: without limit."""

    writes: int
    withdrawals: int
    calls: int
    left: int | None
    resets_at: datetime | None

    @property
    def is_short(self) -> bool:
        return self.left is not None and self.left < self.calls


def allow(core: Core, crm_id: str, budget: Budget, batch: int) -> Allowance:
    """What of the CRM's budget is ours now; the figure is kept for people to see."""
    if budget.remaining is None:
        return Allowance(ours=None)
    now = core.db.clock.now()
    with core.db.write("calls.note") as session:
        session.execute(
            update(CrmState)
            .where(CrmState.crm_id == crm_id)
            .values(
                calls_left=budget.remaining,
                calls_limit=budget.limit if budget.others is None else None,  # nothing more is to be left to others
                calls_reset_at=budget.resets_at,
                calls_at=now,
            )
        )
    ours, others = budget.remaining, budget.others
    if others is None:
        ours = _ours(budget.remaining, budget.limit, core.settings.crm_reserve_percent)
        others = budget.remaining - ours
    with core.db.read() as session:
        some = due(crm_id, now).limit(ours * batch + 1).subquery()
        waiting = session.scalar(select(func.count()).select_from(some)) or 0
    return Allowance(
        ours=ours,
        others=max(0, others),
        is_short=waiting > ours * batch,
        seconds_left=(budget.resets_at - now).total_seconds() if budget.resets_at else None,
    )


def _ours(remaining: int, limit: int | None, reserve_percent: int) -> int:
    return max(0, remaining - (limit or 0) * reserve_percent // 100)


def most_valuable(core: Core, crm_id: str, allowance: Allowance, most: int) -> Sequence[int] | None:
    """What was said that is to be written next while calls are short: customers first, then the newest; else None."""
    if not allowance.is_short or allowance.is_spent:
        return None
    rank = case({relation.value: place for place, relation in enumerate(VALUE)}, value=Contact.relation, else_=9)
    with core.db.read() as session:
        query = (
            due(crm_id, core.db.clock.now())
            .where(TimelineEntry.is_wanted.is_(True), TimelineEntry.lease_until.is_(None))
            .join(Interaction, Interaction.id == TimelineEntry.interaction_id)
            .join(Contact, Contact.id == TimelineEntry.contact_id)
            .order_by(rank, Interaction.occurred_at.desc())
            .limit(most)
        )
        return session.scalars(query).all()


def due(crm_id: str, now: datetime) -> Select[int]:
    """The numbers of the entries whose time has come."""
    return select(TimelineEntry.id).where(
        TimelineEntry.crm_id == crm_id,
        TimelineEntry.state == EntryState.TODO.value,
        TimelineEntry.is_wanted.in_([False, True]),  # for the index, in which these stand before the time
        TimelineEntry.kind.in_([kind.value for kind in RecordKind]),
        TimelineEntry.due_at <= now,
        TimelineEntry.waits_for_plan.is_(False),
    )


def share_used(session: Session, crm_id: str, now: datetime) -> float | None:
    """How much of what we may call in a day is used, from 0 to 1; None when that is unknown or without limit.

    Ours is a share of the CRM's limit, which all others may use up too: the nearer end counts. What was heard a day
    ago says nothing of today.
    """
    row = session.get(CrmConnection, crm_id)
    since = now - timedelta(days=1)
    if row is None or not row.calls_limit or row.calls_at is None or row.calls_at <= since:
        return None
    all_used = (row.calls_used or 0) / row.calls_limit
    share = row.calls_limit * int(row.options.get("share_percent", 100)) // 100
    is_this_day = row.calls_since is not None and row.calls_since > since
    ours = (row.calls_made if is_this_day else 0) / share if share else 1.0
    return min(max(all_used, ours), 1.0)


def forecast(session: Session, about: Description, reserve_percent: int) -> Forecast:
    """What is waiting for this CRM and what it will cost."""
    query = (
        select(TimelineEntry.is_wanted, TimelineEntry.kind, func.count())
        .where(TimelineEntry.crm_id == about.crm_id, TimelineEntry.state == EntryState.TODO.value)
        .group_by(TimelineEntry.is_wanted, TimelineEntry.kind)
    )
    counts = {(is_wanted, kind): count for is_wanted, kind, count in session.execute(query)}
    state = session.get(CrmState, about.crm_id)
    left = None
    if state is not None and state.calls_left is not None:
        left = _ours(state.calls_left, state.calls_limit, reserve_percent)
    return Forecast(
        writes=sum(count for (is_wanted, _kind), count in counts.items() if is_wanted),
        withdrawals=sum(count for (is_wanted, _kind), count in counts.items() if not is_wanted),
        calls=sum(calls_for(count, about.batch_size) for count in counts.values()),
        left=left,
        resets_at=state.calls_reset_at if state else None,
    )


def calls_for(rows: int, batch: int) -> int:
    """How many calls so many rows of one kind take."""
    return -(-rows // batch)
