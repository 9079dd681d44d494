"""Trying a threshold or a rule before it is changed."""

import pytest
from sqlalchemy import select

from scrm.errors import InputError
from scrm.matching.audits import Promise, promise_of, set_promise
from scrm.matching.load import active_model
from scrm.matching.model import SHIPPED
from scrm.matching.trials import (
    Change,
    advance,
    begin,
    changed_model,
    in_force,
    keep,
    off_in,
    versions,
)
from scrm.matching.versions import use_version
from scrm.models import AuditEntry, ModelTrial, User, Verdict
from tests.factories import NOW, make_user
from tests.matching.workshop import ADAS_MAIL, CERTAIN, Workshop


@pytest.fixture
def admin(shop: Workshop) -> User:
    with shop.db.write("test.user") as session:
        return make_user(session, role="admin")


@pytest.fixture
def linked(shop: Workshop) -> tuple[int, int]:
    """Somebody whom a verified address links by itself, and somebody whom the name almost does."""
    for number in range(60):
        shop.contact(full_name=f"Bo{number:02} Sample", first_name=f"Bo{number:02}", last_name="Sample")
    shop.contact(emails=[ADAS_MAIL])
    by_mail = shop.profile(**CERTAIN)
    by_name = shop.profile(display_name="Ada Quickenborough")
    shop.settle()
    assert (shop.state(by_mail), shop.linked(by_name)) == ("linked", shop.linked(by_mail))
    return by_mail, by_name


def attempt(shop: Workshop, admin: User, change: Change) -> ModelTrial:
    with shop.db.write("test.trial") as session:
        trial_id = begin(session, shop.db.clock.now(), change, admin.id).id
    for _ in range(20):
        if not advance(shop.core):
            break
    with shop.db.read() as session:
        return session.get_one(ModelTrial, trial_id)


def now_in_force() -> Change:
    return Change(one_wrong_in=200, review=SHIPPED.review)


def test_what_is_as_it_was_gains_and_loses_nothing(shop: Workshop, admin: User, linked: tuple[int, int]) -> None:
    row = attempt(shop, admin, now_in_force())
    assert row.is_done
    assert (row.result["looked"], row.result["gained"], row.result["lost"]) == (2, 0, 0)
    assert row.result["before"] == row.result["after"]


def test_a_stricter_promise_loses_links_and_names_them(shop: Workshop, admin: User, linked: tuple[int, int]) -> None:
    row = attempt(shop, admin, Change(one_wrong_in=10_000, review=SHIPPED.review))
    assert (row.result["gained"], row.result["lost"]) == (0, 1)
    assert row.result["examples"] == [["lost", linked[1], shop.linked(linked[1])]]


def test_a_looser_promise_gains_links(shop: Workshop, admin: User, linked: tuple[int, int]) -> None:
    with shop.db.write("test.promise") as session:
        set_promise(session, NOW, Promise(one_wrong_in=10_000), None)
    row = attempt(shop, admin, Change(one_wrong_in=200, review=SHIPPED.review))
    assert (row.result["gained"], row.result["lost"]) == (1, 0)


def test_a_rule_that_is_off_loses_what_rested_on_it(shop: Workshop, admin: User, linked: tuple[int, int]) -> None:
    row = attempt(shop, admin, Change(one_wrong_in=200, review=SHIPPED.review, off=("surname", "given")))
    assert row.result["examples"] == [["lost", linked[1], shop.linked(linked[1])]]
    row = attempt(shop, admin, Change(one_wrong_in=200, review=SHIPPED.review, off=("surname", "given", "email")))
    assert (row.result["gained"], row.result["lost"]) == (0, 2)


def test_decisions_of_people_are_measured_and_their_profiles_not_counted_as_links(
    shop: Workshop, admin: User, linked: tuple[int, int]
) -> None:
    shop.judge(linked[0], shop.linked(linked[0]), Verdict.POSITIVE)
    row = attempt(shop, admin, Change(one_wrong_in=200, review=SHIPPED.review, off=("email", "surname", "given")))
    assert (row.result["judged"], row.result["looked"]) == (1, 1)
    assert (row.result["before"]["recall"], row.result["after"]["recall"]) == (1.0, 0.0)
    assert (row.result["before"]["links"], row.result["after"]["links"]) == (1, 0)


def test_switching_off_and_on_again_brings_the_shipped_weights_back() -> None:
    off = changed_model(SHIPPED, Change(one_wrong_in=200, review=0.1, off=("email",)))
    assert off_in(off) == ("email",)
    assert (off.review, off.auto_link) == (0.1, 0.99)
    on = changed_model(off, Change(one_wrong_in=200, review=SHIPPED.review))
    assert on.levels == SHIPPED.levels
    assert off_in(SHIPPED) == ()


def test_what_was_tried_comes_into_force_and_goes_again(shop: Workshop, admin: User, linked: tuple[int, int]) -> None:
    row = attempt(shop, admin, Change(one_wrong_in=500, review=0.2, off=("email",)))
    with shop.db.write("test.keep") as session:
        made = keep(session, shop.db.clock.now(), session.get_one(ModelTrial, row.id), admin.id)
        assert promise_of(session).one_wrong_in == 500
        model_id, model = active_model(session)
        assert (model_id, off_in(model), model.review) == (made.id, ("email",), 0.2)
        assert [used for _row, used in versions(session, 5)] == [True, False]
        assert made.name == f"tried-{row.id}"  # chosen by hand: newer shipped weights do not replace it
        use_version(session, shop.db.clock.now(), row.model_id)
        assert off_in(in_force(session)[1]) == ()
    with shop.db.read() as session:
        entries = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
        assert [entry.action for entry in entries] == ["promise.set", "model.used"]
        assert (entries[1].before, entries[1].after) == ({"version": row.model_id}, {"version": made.id})


def test_a_mere_promise_makes_no_version(shop: Workshop, admin: User, linked: tuple[int, int]) -> None:
    row = attempt(shop, admin, Change(one_wrong_in=500, review=SHIPPED.review))
    with shop.db.write("test.keep") as session:
        assert keep(session, shop.db.clock.now(), session.get_one(ModelTrial, row.id), admin.id) is None
        assert promise_of(session).one_wrong_in == 500


@pytest.mark.parametrize(
    "change",
    [
        Change(one_wrong_in=1, review=0.05),
        Change(one_wrong_in=200, review=0.0),
        Change(one_wrong_in=200, review=0.95),
        Change(one_wrong_in=200, review=0.05, off=("astrology",)),
    ],
)
def test_what_makes_no_sense_is_not_tried(change: Change) -> None:
    with pytest.raises(InputError):
        change.check()
