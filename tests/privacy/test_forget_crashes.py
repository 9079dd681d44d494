"""A worker that dies at any step of forgetting somebody is followed by another that ends it: nothing is left over."""

import pytest
from sqlalchemy import select

from scrm import db as database
from scrm.clock import FakeClock
from scrm.models import Asked, Forgetting, ForgettingState, Origin, ask_to_forget
from scrm.privacy.forget import LEASES, forget_due
from scrm.runtime import Core
from scrm.sync.crm.local import LocalCrm
from scrm.sync.outbox import deliver
from tests.privacy.canaries import hits, plant, take_in, write_out

STEPS = {
    "forget.claim",
    "forget.gather",
    "forget.erase",
    "forget.search",
    "forget.archives",
    "forget.local",
    "forget.ask_again",
    "forget.wait",
    "forget.uproot",
    "forget.uproot_person",
    "forget.finish",
}
SIDES = ("before", "after")


class KilledError(BaseException):
    """The process is gone."""


def test_dying_once_before_and_after_every_step_leaves_nothing(
    core: Core, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted = plant(core)
    with core.db.write("test.ask") as session:
        asked = Asked(origin=Origin.COMMAND, contact_id=planted.contact_id)
        ask_to_forget(session, clock.now(), asked)
    deadly = {f"{step}:{side}" for step in STEPS for side in SIDES}

    def die(point: str) -> None:
        if point in deadly:
            deadly.remove(point)
            raise KilledError(point)

    monkeypatch.setattr(database, "failpoint", die)
    for _ in range(4 * len(STEPS)):
        try:
            forget_due(core)
        except KilledError:
            clock.advance(LEASES * core.settings.lease_seconds + 1)
        if not any(point.startswith("forget.wait") for point in deadly):  # until then the CRM is away
            deliver(core, LocalCrm(core.db))
        clock.advance(61)
    assert deadly == set()
    with core.db.read() as session:
        assert session.scalars(select(Forgetting.state)).all() == [ForgettingState.DONE]
    assert hits(core) == {}
    take_in(core, planted.connections)
    write_out(core)
    assert hits(core) == {}
