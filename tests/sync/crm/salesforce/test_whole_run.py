"""From a contact in the org to what somebody said on its timeline there, by the jobs that workers run."""

import pytest
from sqlalchemy import select, update

from scrm.clock import FakeClock
from scrm.jobs import work
from scrm.matching.judgments import Decision, decide
from scrm.models import (
    Contact,
    CrmState,
    EntryState,
    Interaction,
    Judge,
    Profile,
    RecordKind,
    TimelineEntry,
    Verdict,
    mark_timelines_due,
)
from scrm.sync.contacts import mark_pull_due
from scrm.sync.crm.salesforce.connect import use
from scrm.sync.crm.salesforce.mapping import OBJECT_OF
from scrm.web import create_app
from tests.factories import make_interaction, make_profile, make_user
from tests.sync.crm.salesforce.world import Held, SalesforceWorld
from tests.web.conftest import Browser

Texts = dict[str, str]


@pytest.fixture
def used(world: SalesforceWorld) -> SalesforceWorld:
    """An org that is used, with a contact that was read and a profile that said something."""
    world.add("Ada Example", Email="ada@nordwerk.example")
    use(world.core, is_active=True)
    run(world, "pull")
    with world.core.db.write("test.profile") as session:
        profile = make_profile(session, network="bluesky")
        now = world.core.db.clock.now()
        make_interaction(session, profile, text="Where is my parcel?", received_at=now)
    return world


def run(world: SalesforceWorld, *kinds: str) -> None:
    for kind in kinds:
        with world.core.db.write("test.due") as session:
            mark_pull_due(session, "salesforce", world.core.db.clock.now())
        work(world.core, kind, None)


def judge(world: SalesforceWorld, verdict: Verdict) -> None:
    now = world.core.db.clock.now()
    with world.core.db.write("test.judge") as session:
        profile, contact = session.scalars(select(Profile)).one(), session.scalars(select(Contact)).first()
        assert contact is not None
        decision = Decision(
            profile_id=profile.id, contact_id=contact.id, verdict=verdict, judge=Judge.STEWARD, seen_judgment_id=-1
        )
        decide(session, now, decision)
        mark_timelines_due(session, [profile.id], now)


def texts(world: SalesforceWorld) -> Texts:
    said = (held for held in world.records().values() if held.kind is RecordKind.INTERACTION)
    return {held.contact_native_id: held.fields["text"] for held in said}


def profiles(world: SalesforceWorld) -> list[Held]:
    return [held for held in world.records().values() if held.kind is RecordKind.PROFILE]


def contact_of(world: SalesforceWorld) -> str:
    return next(str(row["Id"]) for row in world.org.snapshot()["Contact"] if not row["IsDeleted"])


def entry(world: SalesforceWorld) -> TimelineEntry:
    with world.core.db.read() as session:
        return session.scalars(select(TimelineEntry).where(TimelineEntry.kind == RecordKind.INTERACTION.value)).one()


def test_what_somebody_said_stands_with_its_contact_follows_it_and_goes_again(used: SalesforceWorld) -> None:
    ada = contact_of(used)
    people = used.org.snapshot()["Contact"]
    judge(used, Verdict.POSITIVE)
    run(used, "expand", "deliver")
    assert texts(used) == {ada: "Where is my parcel?"}
    (of_profile,) = profiles(used)
    assert (of_profile.contact_native_id, of_profile.fields["judged_by"]) == (ada, "A steward")
    assert used.org.snapshot()["Contact"] == people  # never touched
    written = [line for line in used.org.ledger() if line["object"] in OBJECT_OF.values()]
    assert {line["client"] for line in written} == {"scrm"}
    assert [line["object"] for line in written] == list(OBJECT_OF.values())  # the profile first, each once
    (said,) = used.org.snapshot()["Social_Interaction__c"]
    assert said["Profile__c"] == used.org.snapshot()["Social_Profile__c"][0]["Id"]

    with used.core.db.write("test.edit") as session:
        session.execute(update(Interaction).values(text="Found it!", version=2))
        mark_timelines_due(session, [session.scalars(select(Profile.id)).one()], used.core.db.clock.now())
    run(used, "expand", "deliver")
    assert texts(used) == {ada: "Found it!"}

    winner = used.add("Ada Winner")
    used.merge(ada, into=winner)
    run(used, "pull", "expand", "deliver")
    assert texts(used) == {winner: "Found it!"}
    assert [held.contact_native_id for held in profiles(used)] == [winner]

    judge(used, Verdict.NEGATIVE)
    run(used, "expand", "deliver")
    assert used.records() == {}
    assert entry(used).state == EntryState.DONE


def test_an_outage_costs_no_attempt_and_ends_by_itself(used: SalesforceWorld) -> None:
    clock = FakeClock(used.core.db.clock.now())
    used.core.db.clock = clock
    judge(used, Verdict.POSITIVE)
    run(used, "expand")
    used.org.fail(status=503, times=3, path="composite")
    for _ in range(3):
        run(used, "deliver")
        clock.advance(120)
    assert texts(used) == {}
    assert entry(used).attempts == 0
    with used.core.db.read() as session:
        assert session.get_one(CrmState, "salesforce").problem == "CrmRetryLaterError"
    run(used, "deliver")
    assert texts(used) == {contact_of(used): "Where is my parcel?"}


def test_a_refused_sign_in_stops_writing_until_we_are_known_again(used: SalesforceWorld) -> None:
    clock = FakeClock(used.core.db.clock.now())
    used.core.db.clock = clock
    judge(used, Verdict.POSITIVE)
    run(used, "expand")
    used.org.expire_sessions()
    body = b'{"error":"invalid_grant","error_description":"user hasn\'t approved this consumer"}'
    used.org.fail(status=400, times=1, path="oauth2/token", body=body)
    run(used, "deliver")
    with used.core.db.read() as session:
        assert session.get_one(CrmState, "salesforce").problem == "CrmAuthError"
    clock.advance(3600)
    run(used, "deliver")
    assert texts(used) == {}
    run(used, "pull", "deliver")  # reading finds that we are known again
    assert texts(used) == {contact_of(used): "Where is my parcel?"}


def test_a_contact_deleted_while_its_entry_waits_gets_nothing(used: SalesforceWorld) -> None:
    judge(used, Verdict.POSITIVE)
    run(used, "expand")
    used.delete(contact_of(used))
    run(used, "deliver", "pull", "expand", "deliver")
    assert texts(used) == {}


def test_the_page_of_writing_speaks_of_salesforce(used: SalesforceWorld) -> None:
    with used.core.db.write("test.admin") as session:
        user_id = make_user(session, role="admin").id
    page = Browser(create_app(used.core), user_id).client.get("/writing")
    assert page.status_code == 200
    assert "Salesforce" in page.text
