"""The built-in CRM behind bad weather: outages, lost answers, refusals and locks, each by script."""

from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from enum import Enum, auto

from scrm.errors import CrmAuthError, CrmRetryLaterError
from scrm.sync.crm.base import (
    Budget,
    Bulk,
    Changes,
    ContactRecord,
    Crm,
    Description,
    EntryWrite,
    Fault,
    Outcome,
    Plan,
    Result,
)


class Weather(Enum):
    """What happens to one call."""

    FINE = auto()
    DOWN = auto()  # nothing reaches the CRM
    ANSWER_LOST = auto()  # the CRM did it, nobody heard
    NOT_KNOWN = auto()  # the access is refused


class UnreliableCrm:
    """Wraps a real CRM. `forecast` holds what happens to the next writes, one per call; fine when it is empty.

    A row whose key is in `answers` gets the next result from there instead of being written. Everything else,
    records and ledger included, is the real CRM's.
    """

    def __init__(self, real: Crm) -> None:
        self.real = real
        self.forecast: deque[Weather] = deque()
        self.answers: dict[str, deque[Result]] = {}
        self.retry_after: float | None = None
        self.tells_version = True
        self.fault: Fault | None = None  # of what is refused
        self.calls_left: int | None = None  # counted down by each call; None: without limit
        self.calls_limit: int | None = None
        self.batch_size: int | None = None
        self.calls: Counter[str] = Counter()
        self.sent: list[tuple[str, ...]] = []  # keys of each batch
        self.beforehand: Callable[[], None] = lambda: None  # what others do before a call arrives
        self.meanwhile: Callable[[], None] = lambda: None  # what others do while a call is under way

    def describe(self) -> Description:
        about = self.real.describe()
        return about if self.batch_size is None else replace(about, batch_size=self.batch_size)

    def read_changes(self, cursor: str | None) -> Changes:
        self.calls["read_changes"] += 1
        return self.real.read_changes(cursor)

    def read(self, native_ids: Sequence[str]) -> Sequence[ContactRecord]:
        return self.real.read(native_ids)

    def plan(self, batch: Sequence[EntryWrite]) -> Plan:
        self.calls["plan"] += 1
        return self.real.plan(batch)

    def write(self, batch: Sequence[EntryWrite]) -> Sequence[Outcome]:
        self.calls["write"] += 1
        return self._send(batch, self.real.write)

    def withdraw(self, batch: Sequence[EntryWrite]) -> Sequence[Outcome]:
        self.calls["withdraw"] += 1
        return self._send(batch, self.real.withdraw)

    def bulk(self) -> Bulk | None:
        return self.real.bulk()

    def resolve_merge(self, native_id: str) -> str | None:
        return self.real.resolve_merge(native_id)

    def budget(self) -> Budget:
        if self.calls_left is None:
            return self.real.budget()
        return Budget(remaining=self.calls_left, limit=self.calls_limit)

    def _send(
        self, batch: Sequence[EntryWrite], take: Callable[[Sequence[EntryWrite]], Sequence[Outcome]]
    ) -> Sequence[Outcome]:
        self.sent.append(tuple(row.external_key for row in batch))
        self.beforehand()
        if self.calls_left is not None:
            self.calls_left -= 1
            assert self.calls_left >= 0, "a call that the budget did not allow"
        weather = self.forecast.popleft() if self.forecast else Weather.FINE
        if weather is Weather.DOWN:
            raise CrmRetryLaterError("the CRM does not answer", retry_after=self.retry_after)
        if weather is Weather.NOT_KNOWN:
            raise CrmAuthError("the CRM does not know us")
        scripted = {row.external_key: self._scripted(row) for row in batch}
        taken = take([row for row in batch if scripted[row.external_key] is None])
        self.meanwhile()
        if weather is Weather.ANSWER_LOST:
            raise CrmRetryLaterError("the answer of the CRM was lost", retry_after=self.retry_after)
        if not self.tells_version:
            taken = [replace(outcome, version=None) for outcome in taken]
        outcomes = {outcome.external_key: outcome for outcome in taken}
        return [scripted[row.external_key] or outcomes[row.external_key] for row in batch]

    def _scripted(self, row: EntryWrite) -> Outcome | None:
        results = self.answers.get(row.external_key)
        if not results:
            return None
        return Outcome(
            external_key=row.external_key,
            result=results.popleft(),
            error="subject: expected a text",
            fault=self.fault,
        )
