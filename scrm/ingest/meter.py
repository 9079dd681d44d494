"""What a connection uses of its budget: one row per period, shared by all processes, never above the cap.

A request first sets aside the most that it may cost, in one conditional statement; afterwards what it did not spend
is given back. Who dies between counts as having spent it all, so the cap holds whatever happens.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from scrm.connectors.budget import Budget, Period, Unit
from scrm.connectors.registry import connector_for
from scrm.db import Database, upsert
from scrm.errors import BudgetSpentError, InputError
from scrm.i18n import N_
from scrm.models import AuditEntry, Connection, ConnectionState, PaidItem, StreamState, Usage
from scrm.runtime import Core

PORTION = 200  # objects noted as paid for in one transaction


class DurableMeter:
    """Counts for one connection; calls are counted for networks without a budget, too."""

    def __init__(self, db: Database, connection: Connection, budget: Budget | None) -> None:
        self._db = db
        self._connection = connection
        self._budget = budget
        self._period: date | None = None  # that of the last reservation: what it did not spend goes back there

    def reserve(self, amount: int) -> None:
        """Count a call and set aside what it may cost; raises BudgetSpentError when the cap does not allow it."""
        now = self._db.clock.now()
        self._period = begins_on(self._budget, now)
        cap = None if self._budget is None else cap_of(self._connection, self._budget)
        with self._db.write("meter.reserve") as session:
            is_within = _reserve(session, self._connection.id, self._period, amount, cap)
        if not is_within and self._budget is not None:
            raise BudgetSpentError(
                "the budget is spent", network=self._connection.network, resets_at=resets_at(self._budget, now)
            )

    def settle(self, reserved: int, spent: int) -> None:
        """Give back what a request set aside and did not spend; what it spent above that is written down, too."""
        if reserved == spent or self._period is None:
            return
        with self._db.write("meter.settle") as session:
            session.execute(
                update(Usage)
                .where(Usage.connection_id == self._connection.id, Usage.begins_on == self._period)
                .values(spent=Usage.spent - (reserved - spent))
            )

    def unpaid(self, kind: str, ids: Iterable[str]) -> int:
        """How many of these objects were not paid for today (UTC) yet; from now on they were."""
        today = self._db.clock.now().astimezone(UTC).date()
        wanted = sorted(set(ids))  # one order for all, so that two processes never wait for each other in a circle
        return sum(
            self._note_paid(kind, today, wanted[first : first + PORTION]) for first in range(0, len(wanted), PORTION)
        )

    def _note_paid(self, kind: str, today: date, ids: list[str]) -> int:
        rows = [{"connection_id": self._connection.id, "day": today, "kind": kind, "native_id": one} for one in ids]
        with self._db.write("meter.unpaid") as session:
            noted = session.execute(
                upsert(session, PaidItem).values(rows).on_conflict_do_nothing().returning(PaidItem.native_id)
            ).all()
        return len(noted)


def _reserve(session: Session, connection_id: int, period: date, amount: int, cap: int | None) -> bool:
    """One statement, so that two processes cannot both take the last bit."""
    if cap is not None and amount > cap:
        return False
    insert = upsert(session, Usage).values(connection_id=connection_id, begins_on=period, spent=amount, calls=1)
    spent = Usage.spent + insert.excluded.spent
    is_capped = cap is not None and amount > 0
    taken = session.execute(
        insert.on_conflict_do_update(
            index_elements=["connection_id", "begins_on"],
            set_={"spent": spent, "calls": Usage.calls + 1},
            where=spent <= cap if is_capped else None,
        ).returning(Usage.spent)
    ).first()
    return taken is not None


def cap_of(connection: Connection, budget: Budget) -> int:
    """What the connection may use up per period: what its admin says, else what the network's manifest says."""
    return budget.cap if connection.budget_cap is None else connection.budget_cap


def begins_on(budget: Budget | None, now: datetime) -> date:
    """First day of the period that is now, in the budget's time zone; without a budget a day (UTC)."""
    if budget is None:
        return now.astimezone(UTC).date()
    today = now.astimezone(ZoneInfo(budget.zone)).date()
    return today.replace(day=1) if budget.period is Period.MONTH else today


def resets_at(budget: Budget, now: datetime) -> datetime:
    """When the next period begins: midnight in the budget's time zone."""
    first = begins_on(budget, now)
    if budget.period is Period.MONTH:
        following = (first + timedelta(days=31)).replace(day=1)
    else:
        following = first + timedelta(days=1)
    return datetime.combine(following, time.min, tzinfo=ZoneInfo(budget.zone)).astimezone(UTC)


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What a meter shows. Without a budget only calls are counted, per day (UTC)."""

    calls: int
    spent: int
    budget: Budget | None
    cap: int | None
    resets_at: datetime | None

    @property
    def unit(self) -> Unit:
        return Unit.CALLS if self.budget is None else self.budget.unit

    @property
    def is_spent(self) -> bool:
        """Whether nothing is left."""
        return self.cap is not None and self.spent >= self.cap

    @property
    def share(self) -> float:
        """How much of the cap is used, from 0 to 1."""
        if self.cap is None:
            return 0.0
        return min(self.spent / self.cap, 1.0) if self.cap else 1.0


def reading(session: Session, connection: Connection, now: datetime) -> Reading:
    """What the connection used in the period that is now."""
    budget = connector_for(connection.network).manifest.budget
    row = session.get(Usage, (connection.id, begins_on(budget, now)))
    return Reading(
        calls=row.calls if row else 0,
        spent=row.spent if row else 0,
        budget=budget,
        cap=None if budget is None else cap_of(connection, budget),
        resets_at=None if budget is None else resets_at(budget, now),
    )


def budget_of(core: Core, public_id: UUID) -> Budget:
    """The budget that a connection has a cap for; raises InputError when there is none."""
    with core.db.read() as session:
        return _with_budget(session, public_id)[1]


def set_cap(core: Core, public_id: UUID, cap: int, user_id: int | None) -> None:
    """Allow more or less per period; what waited for the next one is tried at once."""
    now = core.db.clock.now()
    with core.db.write("meter.cap") as session:
        row, budget = _with_budget(session, public_id)
        before, row.budget_cap = cap_of(row, budget), cap
        waits = (StreamState.connection_id == row.id) & (StreamState.problem == BudgetSpentError.__name__)
        if row.state == ConnectionState.ACTIVE:
            session.execute(update(StreamState).where(waits).values(due_at=now))
        session.add(
            AuditEntry(
                at=now,
                user_id=user_id,
                action="connection.budget_changed",
                object=f"connection/{row.public_id}",
                before={"cap": before},
                after={"cap": cap},
            )
        )


def _with_budget(session: Session, public_id: UUID) -> tuple[Connection, Budget]:
    row = session.scalars(select(Connection).where(Connection.public_id == public_id)).one_or_none()
    if row is None or row.state == ConnectionState.REMOVED:
        raise InputError(N_("There is no such connection."))
    budget = connector_for(row.network).manifest.budget
    if budget is None:
        raise InputError(N_("This network has no budget."))
    return row, budget
