"""A day on every network at once, with lost accesses, throttling, deletions and outages: none lost, none double.

What is compared is each network's own ledger with our database; what was paid is compared with what was allowed.
"""

from collections import Counter
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select

from scrm.connectors.registry import connector_for
from scrm.models import Connection, Interaction, Usage
from scrm.runtime import Core
from scrm.sandbox.cast import COMPANY_KEY
from tests.day.truth import SHOWN, expected, found, name_of
from tests.day.world import World, world

START = datetime(2026, 10, 5, 6, tzinfo=UTC)
STEPS = 48  # of half an hour
EVENTS = 14  # in a step, over all networks
THROTTLED, AWAY, LOST = 9, 17, 27  # the steps in which these happen


@pytest.mark.timeout(900)
def test_a_day_on_all_networks_loses_and_doubles_nothing(core: Core) -> None:
    with world(core, START, SHOWN) as day:
        day.connect_all()
        day.work()
        for step in range(STEPS):
            disturb(day, step)
            day.live_on(EVENTS)
            day.work()
            day.sign_in_again()
        for _ in range(STEPS + 4):  # a quiet day, in which every deletion is found
            day.live_on(0)
            day.work()
            day.sign_in_again()
        faults = [fault for key in SHOWN for fault in compare(day, key)]
        assert not faults, "\n".join(faults)
        check_money(day)


def disturb(day: World, step: int) -> None:
    """Throttling everywhere, an outage of two hours' readings, and every access revoked, once each."""
    for fake in day.networks.values():
        if step == THROTTLED:
            fake.fail(status=429, times=5)
        elif step in {AWAY, AWAY + 1}:
            fake.fail(status=503, times=40)
        elif step == LOST:
            fake.revoke("nordwerk")


def compare(day: World, key: str) -> list[str]:
    """What is missing, too much or double on one network, a line each."""
    truth = day.fake_for(key).truth()
    there, gone = expected(key, truth, START)
    with day.core.db.read() as session:
        rows = found(session, key)
    assert there, f"{key}: nothing happened"
    faults = {
        "missing": there - set(rows),
        "not gone": gone & set(rows),
        "double": {name for name, count in Counter(rows).items() if count > 1},
    }
    told = {name_of(row): f"{row['kind']} of {row['at']}, deleted: {row.get('deleted_at')}" for row in truth}
    return [f"{key}: {what}: {name}: {told.get(name)}" for what, names in faults.items() for name in sorted(names)]


def check_money(day: World) -> None:
    """No budget was exceeded, by our own count, which is never below the network's; no post was paid twice."""
    with day.core.db.read() as session:
        for row in session.scalars(select(Connection)):
            budget = connector_for(row.network).manifest.budget
            if budget is not None:
                spent = session.scalar(select(func.max(Usage.spent)).where(Usage.connection_id == row.id)) or 0
                assert 0 < spent <= (row.budget_cap or budget.cap)
        assert (session.scalar(select(func.count()).select_from(Interaction)) or 0) > 500
    truth = day.networks["x"].truth()
    ours = {
        str(row["native_id"]) for row in truth if row["person"] == COMPANY_KEY
    }  # whose numbers are asked for daily
    answered = {str(row["object"]) for row in truth if row["object"]}  # comes, and is paid for, with a new answer
    bill = day.networks["x"].charges()  # type: ignore[attr-defined]
    posts = Counter(str(one["id"]) for one in bill if one["kind"] == "post")
    again = {native_id for native_id, times in posts.items() if times > 1} - ours
    assert set(posts) - ours, "nothing was read of others"
    # a look for edits may fall on the next day of the bill
    assert len(again - answered) < len(posts) / 50
