from collections.abc import Iterator

import pytest
from sqlalchemy import func, select

from scrm.models import Contact, CrmState
from scrm.runtime import Core
from scrm.sync.contacts import mark_pull_due, pull
from scrm.sync.crm.base import ContactRecord
from scrm.sync.crm.salesforce import cursor as cursors
from scrm.sync.crm.salesforce.adapter import SalesforceCrm
from scrm.sync.crm.salesforce.backfill import Backfill
from tests.sync.crm.salesforce.world import SalesforceWorld

MANY = 53


@pytest.fixture
def world(core: Core) -> Iterator[SalesforceWorld]:
    with SalesforceWorld(core) as world:
        for number in range(MANY):
            world.add(f"Person {number}", Email=f"person{number}@nordwerk.example")
        yield world


def opened(world: SalesforceWorld, *, chunk: int = 20) -> SalesforceCrm:
    """A process that takes the bulk way from 10 rows on, with small answers."""
    crm = world.opened(page=7, bulk_from=10)
    object.__setattr__(crm._reader, "backfill", Backfill(crm.org, chunk=chunk))
    return crm


def state(world: SalesforceWorld) -> CrmState:
    with world.core.db.read() as session:
        return session.get_one(CrmState, "salesforce")


def stored(world: SalesforceWorld) -> int:
    with world.core.db.read() as session:
        return session.scalar(select(func.count()).select_from(Contact)) or 0


def jobs(world: SalesforceWorld) -> int:
    return sum(
        one["method"] == "POST" and one["path"].rstrip("/").endswith("jobs/query") for one in world.org.requests()
    )


def test_many_contacts_come_by_one_bulk_query_and_then_what_changed_meanwhile(world: SalesforceWorld) -> None:
    crm = opened(world)
    portion = crm.read_changes(None)  # the job is made
    first = world.org.snapshot()["Contact"][0]["Id"]
    world.rename(first, "Renamed meanwhile")
    found: dict[str, ContactRecord] = {}
    while portion.has_more:
        portion = crm.read_changes(portion.cursor)
        assert len(portion.contacts) <= 7
        found |= {contact.native_id: contact for contact in portion.contacts}
    assert len(found) == MANY
    assert found[first].full_name == "Renamed meanwhile"
    assert jobs(world) == 1
    assert crm.read_changes(portion.cursor).contacts == ()


def test_a_reading_that_is_stopped_goes_on_where_it_was_in_another_process(world: SalesforceWorld) -> None:
    crm = opened(world)
    while not stored(world):
        assert pull(world.core.db, crm, "salesforce")
    place = cursors.load(state(world).cursor)["Contact"]
    assert place.job is not None
    assert (place.job.read, place.job.total) == (7, MANY)
    while pull(world.core.db, opened(world), "salesforce"):  # a new process for every portion
        pass
    assert stored(world) == MANY
    assert jobs(world) == 1


@pytest.mark.parametrize("path", ["jobs/query/[^/]+$", "results"])
def test_a_job_that_is_gone_is_replaced_by_paging(world: SalesforceWorld, path: str) -> None:
    crm = opened(world)
    pull(world.core.db, crm, "salesforce")
    body = b'[{"errorCode":"NOT_FOUND","message":"The requested resource does not exist"}]'
    world.org.fail(status=404, times=1, path=path, body=body)
    while pull(world.core.db, opened(world), "salesforce"):
        pass
    assert stored(world) == MANY


def test_contacts_who_are_deleted_while_a_job_is_read_are_known_as_deleted(world: SalesforceWorld) -> None:
    crm = opened(world)
    pull(world.core.db, crm, "salesforce")
    gone = world.org.snapshot()["Contact"][5]["Id"]
    while pull(world.core.db, crm, "salesforce"):
        if stored(world) >= 40:
            break
    world.delete(gone)
    with world.core.db.write("test.hint") as session:
        mark_pull_due(session, "salesforce", world.core.db.clock.now())
    while pull(world.core.db, crm, "salesforce"):
        pass
    with world.core.db.read() as session:
        row = session.scalars(select(Contact).where(Contact.native_id == gone)).one()
    assert row.deleted_at is not None
