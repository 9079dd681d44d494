"""The CRM's budget of calls: a share stays with others, the most valuable goes first, and nothing is lost by it."""

from datetime import timedelta

import pytest

from scrm.errors import CrmBudgetSpentError
from scrm.models import Contact, CrmState, EntryState, Relation
from scrm.sync.calls import calls_for, forecast
from tests.sync.town import Town


def crm_state(town: Town) -> CrmState:
    with town.db.read() as session:
        return session.get_one(CrmState, "local")


def person(town: Town, name: str, relation: Relation) -> int:
    """Somebody with a linked profile."""
    contact, profile = town.contact(name), town.profile()
    with town.db.write("test.relation") as session:
        session.get_one(Contact, contact).relation = relation
    town.link(profile, contact)
    return profile


def test_a_crm_without_a_limit_is_written_to_at_will(town: Town, linked: int) -> None:
    town.say(linked, 5)
    town.settle()
    assert len(town.records()) == 5


def test_customers_and_what_is_new_go_first_when_calls_run_short(town: Town) -> None:
    town.know_us_again()
    other, prospect, customer = (
        person(town, name, relation)
        for name, relation in (("O", Relation.OTHER), ("P", Relation.PROSPECT), ("C", Relation.CUSTOMER))
    )
    for days, who in ((0, other), (9, prospect), (5, customer), (1, customer), (3, customer)):
        town.say(who, text=f"{who} {days}", occurred_at=town.clock.now() - timedelta(days=days))
    town.crm.batch_size, town.crm.calls_left = 2, 2
    town.settle()
    assert town.texts() == sorted([f"{customer} 1", f"{customer} 3", f"{customer} 5", f"{prospect} 9"])
    assert crm_state(town).problem == CrmBudgetSpentError.__name__


def test_what_waited_for_calls_goes_out_when_there_are_some_again(town: Town, linked: int) -> None:
    town.say(linked, 5)
    town.crm.batch_size, town.crm.calls_left = 2, 1
    town.settle()
    assert len(town.records()) == 2
    town.crm.calls_left = 10
    town.settle()
    assert len(town.records()) == 2  # the time named is not up
    town.wait()
    town.settle()
    assert town.records() == town.wanted()
    assert {(row.state, row.attempts) for row in town.entries()} == {(EntryState.DONE, 0)}
    assert crm_state(town).problem is None


def test_a_share_of_the_budget_is_left_to_others(town: Town, linked: int) -> None:
    town.know_us_again()
    town.say(linked, 9)
    town.crm.batch_size, town.crm.calls_left, town.crm.calls_limit = 1, 25, 100  # 20 percent are for others
    town.settle()
    assert town.crm.calls["write"] == 5
    assert town.crm.calls_left == 20
    state = crm_state(town)
    assert (state.calls_left, state.calls_limit) == (25, 100)  # as heard before


def test_withdrawing_may_use_what_is_left_to_others(town: Town, linked: int) -> None:
    first, second = town.say(linked, 2)
    town.settle()
    town.delete(first)
    town.change(second, text="waits")
    town.crm.calls_left, town.crm.calls_limit = 20, 100
    town.settle()
    assert town.crm.calls["withdraw"] == 1
    assert len(town.records()) == 1
    assert town.texts() != ["waits"]


@pytest.mark.parametrize(("rows", "batch", "calls"), [(0, 200, 0), (1, 200, 1), (200, 200, 1), (201, 200, 2)])
def test_calls_are_counted_by_batches(rows: int, batch: int, calls: int) -> None:
    assert calls_for(rows, batch) == calls


def test_the_forecast_is_what_the_run_then_takes(town: Town, linked: int) -> None:
    town.know_us_again()
    gone = town.say(linked, 3)
    town.settle()
    for said in gone:
        town.delete(said)
    town.say(linked, 5)
    town.expand()
    town.crm.batch_size = 2
    with town.db.read() as session:
        foretold = forecast(session, town.crm.describe(), town.core.settings.crm_reserve_percent)
    assert (foretold.writes, foretold.withdrawals, foretold.calls) == (5, 3, 5)
    assert not foretold.is_short
    before = town.crm.calls["write"] + town.crm.calls["withdraw"]
    town.deliver()
    assert town.crm.calls["write"] + town.crm.calls["withdraw"] - before == foretold.calls


def test_the_forecast_says_when_calls_will_not_do(town: Town, linked: int) -> None:
    town.know_us_again()
    town.say(linked, 5)
    town.crm.batch_size, town.crm.calls_left = 1, 2
    town.settle()
    with town.db.read() as session:
        foretold = forecast(session, town.crm.describe(), 0)
    assert foretold.is_short
    assert (foretold.calls, foretold.left) == (3, 2)
