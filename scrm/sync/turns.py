"""What the outbox sends next: withdrawals first, and profiles before what they said."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement

from scrm.models import RecordKind, TimelineEntry
from scrm.sync.calls import Allowance


@dataclass(frozen=True, kw_only=True)
class Turn:
    """What the next batch may be of."""

    most: int
    only_urgent: bool
    in_bulk: frozenset[str]


Choice = tuple[tuple[ColumnElement[bool], ...], int]


def choices_of(allowance: Allowance, best: Sequence[int] | None, turn: Turn) -> list[Choice]:
    """What to look for in turn: rows of one kind that nobody has tried, else a single one whose last sender vanished.

    Withdrawals come first, since they may be what the law demands; that only approved plans are written does not
    hold those up. What was said comes after the profile it hangs on, and is withdrawn before it.
    """
    most = turn.most
    fresh, withdrawn = TimelineEntry.lease_until.is_(None), TimelineEntry.is_wanted.is_(False)
    profile, said = (TimelineEntry.kind == kind.value for kind in (RecordKind.PROFILE, RecordKind.INTERACTION))
    if turn.only_urgent:
        must = withdrawn & TimelineEntry.is_urgent.is_(True)
        choices: list[Choice] = [((fresh, must, said), most), ((fresh, must, profile), most)]
        return [*choices, ((~fresh, must), 1)] if allowance.may_withdraw else []
    choices = [((fresh, withdrawn, said), most), ((fresh, withdrawn, profile), most)]
    choices = choices if allowance.may_withdraw else []
    if not allowance.is_spent:
        wanted: ColumnElement[bool] = TimelineEntry.is_wanted.is_(True)
        if turn.in_bulk:
            wanted &= TimelineEntry.kind.not_in(turn.in_bulk) | TimelineEntry.record_id.is_not(None)
        chosen = () if best is None else (TimelineEntry.id.in_(best),)
        choices += [((fresh, wanted, profile), most), ((fresh, wanted, said, *chosen), most)]
        choices.append(((TimelineEntry.lease_until.is_not(None),), 1))
    return choices
