import pytest
from sqlalchemy import select

from scrm.errors import ConfigError, CrmAuthError
from scrm.models import AuditEntry, CrmConnection, CrmState
from scrm.runtime import Core
from scrm.sync.contacts import mark_pull_due
from scrm.sync.crm import active_crm, crms_in_use, open_crm
from scrm.sync.crm.base import EntryWrite, Result
from scrm.sync.crm.salesforce.connect import disconnect, use
from tests.sync.crm.salesforce.orgs import INTEGRATION, connected
from tests.sync.crm.salesforce.world import SalesforceWorld
from tests.sync.crm.worlds import START


def entry(contact: str, key: str) -> EntryWrite:
    return EntryWrite(external_key=key, contact_native_id=contact, version=1, occurred_at=START, fields={"text": "x"})


def test_without_a_connection_there_is_no_salesforce(core: Core) -> None:
    with pytest.raises(ConfigError, match="scrm crm connect"):
        open_crm(core, "salesforce")


def test_the_budget_costs_no_call_once_anything_was_answered(world: SalesforceWorld) -> None:
    world.crm.read(["003000000000001AAA"])
    before = len(world.org.requests())
    budget = world.crm.budget()
    assert len(world.org.requests()) == before
    assert (budget.limit, budget.remaining is not None) == (100_000, True)
    fresh = world.opened()  # as another process has it
    assert fresh.budget().limit == 100_000
    assert len(world.org.requests()) == before


def test_the_budget_follows_what_others_use(world: SalesforceWorld) -> None:
    world.org.journal.set_used(99_990)
    world.crm.read(["003000000000001AAA"])
    remaining = world.crm.budget().remaining
    assert remaining is not None
    assert remaining < 10


def test_only_our_share_of_the_calls_is_ours(world: SalesforceWorld) -> None:
    connected(world.core, world.org, share_percent=1)
    crm = world.opened()
    ada = world.add("Ada")
    start = crm.budget()
    assert start.limit == 1000
    crm.write([entry(ada, f"1-{number}") for number in range(600)])
    left = crm.budget().remaining
    assert start.remaining is not None
    assert left is not None
    assert start.remaining - left >= 3


def test_every_process_knows_what_the_others_used(world: SalesforceWorld) -> None:
    ada = world.add("Ada")
    before = world.opened().budget().remaining
    for number in range(3):  # a process each, which ends at once
        world.opened().write([entry(ada, f"1-{number}")])
    after = world.opened().budget().remaining
    assert before is not None
    assert after == before - 3


def test_a_field_that_was_closed_since_is_left_out_from_then_on(world: SalesforceWorld) -> None:
    ada = world.add("Ada", Phone="1")
    crm = world.opened()
    assert crm.read([ada])[0].phones == ("1",)
    world.org.people.hide_field(INTEGRATION, "Contact", "Phone")
    world.org.people.hide_field(INTEGRATION, "Social_Interaction__c", "Handle__c")
    assert crm.read([ada])[0].phones == ()
    assert crm.write([entry(ada, "1-a")])[0].result is Result.CREATED
    assert world.opened().write([entry(ada, "1-a")])[0].result is Result.UNCHANGED


def test_a_field_that_was_closed_in_the_middle_of_writing_is_left_out_too(world: SalesforceWorld) -> None:
    ada = world.add("Ada")
    crm = world.opened()
    crm.write([entry(ada, "1-a")])
    world.org.people.hide_field(INTEGRATION, "Social_Interaction__c", "Handle__c")
    assert crm.write([entry(ada, "1-a")])[0].result is Result.UNCHANGED
    assert crm.write([entry(ada, "1-b")])[0].result is Result.CREATED


def test_a_call_that_stays_refused_stops_writing(world: SalesforceWorld) -> None:
    body = b'[{"errorCode":"MALFORMED_QUERY","message":"unexpected token"}]'
    world.org.fail(status=400, times=9, path="queryAll", body=body)
    with pytest.raises(CrmAuthError):
        world.crm.read(["003000000000001AAA"])


def test_an_app_that_is_not_told_who_it_is_asks_for_its_user(world: SalesforceWorld) -> None:
    world.org.fail(status=403, times=1, path="userinfo", body=b"Bad_OAuth_Token")
    connected(world.core, world.org)
    assert world.opened().options.user_id == world.org.users[INTEGRATION].id


def test_an_org_without_our_objects_is_read_but_not_written(world: SalesforceWorld) -> None:
    ada = world.add("Ada")
    world.org.rows.by_object["PermissionSetAssignment"].clear()
    crm = world.opened()
    crm.look_again()
    assert [contact.native_id for contact in crm.read_changes(None).contacts] == [ada]
    with pytest.raises(CrmAuthError, match="Social_Interaction__c"):
        crm.write([entry(ada, "1-a")])


def test_the_used_crm_is_the_one_people_look_at(world: SalesforceWorld) -> None:
    with world.core.db.read() as session:
        assert (active_crm(session), crms_in_use(session)) == ("local", ["local"])
    use(world.core, is_active=True)
    with world.core.db.read() as session:
        assert (active_crm(session), crms_in_use(session)) == ("salesforce", ["local", "salesforce"])
        assert session.get_one(CrmState, "salesforce").due_at is not None
    use(world.core, is_active=False)
    with world.core.db.read() as session:
        assert active_crm(session) == "local"
        assert session.get_one(CrmState, "salesforce").due_at is None
        actions = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert actions == ["crm.connected", "crm.used", "crm.rested"]


def test_disconnecting_forgets_the_access_and_asks_nothing_more(world: SalesforceWorld) -> None:
    with world.core.db.write("test.due") as session:
        mark_pull_due(session, "salesforce", world.core.db.clock.now())
    disconnect(world.core)
    with world.core.db.read() as session:
        assert session.get(CrmConnection, "salesforce") is None
        assert session.get_one(CrmState, "salesforce").due_at is None
