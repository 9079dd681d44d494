from dataclasses import replace
from datetime import timedelta

import pytest

from scrm.errors import CrmError
from scrm.models import Contact, CrmState
from scrm.sync.contacts import pull
from scrm.sync.crm.base import ContactRecord
from scrm.sync.crm.salesforce import cursor as cursors
from scrm.sync.crm.salesforce.connect import change
from scrm.sync.crm.salesforce.people import Extra
from tests.sync.crm.salesforce.world import SalesforceWorld


def read_all(world: SalesforceWorld, cursor: str | None = None, **opened: int) -> tuple[list[ContactRecord], str]:
    crm = world.opened(**opened)
    found: list[ContactRecord] = []
    while True:
        portion = crm.read_changes(cursor)
        found += portion.contacts
        cursor = portion.cursor
        if not portion.has_more:
            return found, cursor


def test_contacts_leads_and_accounts_say_who_they_are(world: SalesforceWorld) -> None:
    account = world.add("Nordwerk GmbH", "Account", Type="Customer - Direct", Website="https://nordwerk.example")
    fields = {"FirstName": "Ada", "Email": "Ada@Nordwerk.example", "MobilePhone": "+49 151 1", "Title": "Head of IT"}
    contact = world.add("Example", AccountId=account, MailingCity="Kiel", **fields)
    lead = world.add("Ben", "Lead", Company="Südkraft AG", City="Ulm", Website="https://ben.example")
    found = {one.native_id: one for one in read_all(world)[0]}
    ada, ben, firm = found[contact], found[lead], found[account]
    assert (ada.kind, ada.full_name, ada.first_name, ada.last_name) == ("contact", "Ada Example", "Ada", "Example")
    assert (ada.company, ada.relation, ada.city, ada.title) == ("Nordwerk GmbH", "customer", "Kiel", "Head of IT")
    assert (ada.emails, ada.phones) == (("ada@nordwerk.example",), ("+49 151 1",))
    assert ada.owner
    assert "@" in (ada.owner_email or "")
    assert ben.owner_email == firm.owner_email == ada.owner_email
    assert (ben.kind, ben.company, ben.relation, ben.urls) == (
        "lead",
        "Südkraft AG",
        "prospect",
        ("https://ben.example",),
    )
    assert (firm.kind, firm.company, firm.urls) == ("account", "Nordwerk GmbH", ("https://nordwerk.example",))


def test_a_change_that_is_committed_late_is_not_missed(world: SalesforceWorld) -> None:
    ada, ben = world.add("Ada"), world.add("Ben")
    late = world.org.people.begin_edit(ada, {"LastName": "Ada Late"})
    world.rename(ben, "Ben Changed")
    _found, cursor = read_all(world)
    world.org.people.commit_edit(late)
    found, cursor = read_all(world, cursor)
    assert [one.full_name for one in found] == ["Ada Late"]
    assert read_all(world, cursor) == ([], cursor)


def test_long_after_the_last_change_a_reading_begins_exactly_behind_it(world: SalesforceWorld) -> None:
    world.add("Ada")
    _found, cursor = read_all(world)
    assert cursors.load(cursor)["Contact"].seen
    later = world.core.db.clock.now() + cursors.OVERLAP + timedelta(minutes=2)
    settled = world.opened()._reader.changes(cursor, later)
    assert settled.contacts == ()
    assert cursors.load(settled.cursor)["Contact"].seen == {}


@pytest.mark.parametrize("page", [1, 2, 3, 7, 200])
def test_many_changes_of_one_second_come_once_each(world: SalesforceWorld, page: int) -> None:
    ids = [world.org.people.add("Contact", {"LastName": f"Person {number}"}) for number in range(25)]
    found, cursor = read_all(world, page=page)
    assert sorted(one.native_id for one in found) == sorted(ids)
    assert read_all(world, cursor, page=page) == ([], cursor)


def test_more_changes_at_once_than_are_remembered_end_all_the_same(
    world: SalesforceWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cursors, "SEEN_MOST", 5)
    for number in range(20):
        world.org.people.add("Contact", {"LastName": f"Person {number}"})
    _found, cursor = read_all(world, page=4)
    again, _cursor = read_all(world, cursor, page=4)
    assert len({one.native_id for one in again}) == len(again) <= 20


def test_a_look_at_all_three_objects_takes_one_call(world: SalesforceWorld) -> None:
    ada = world.add("Ada")
    _found, cursor = read_all(world)
    before = len(world.org.requests())
    assert read_all(world, cursor) == ([], cursor)
    assert len(world.org.requests()) == before + 1
    world.rename(ada, "Ada Changed")
    assert [one.full_name for one in read_all(world, cursor)[0]] == ["Ada Changed"]
    assert len(world.org.requests()) == before + 2


def test_a_converted_lead_lives_on_as_its_contact(world: SalesforceWorld) -> None:
    lead = world.add("Ben", "Lead", Company="Südkraft AG")
    _found, cursor = read_all(world)
    world.clock.tick()
    made = world.org.people.convert(lead)
    found = {one.native_id: one for one in read_all(world, cursor)[0]}
    assert found[lead].merged_into == made["contact_id"]
    assert world.crm.resolve_merge(lead) == made["contact_id"]


def test_an_undeleted_contact_is_back(world: SalesforceWorld) -> None:
    ada = world.add("Ada")
    _found, cursor = read_all(world)
    world.delete(ada)
    found, cursor = read_all(world, cursor)
    assert [one.is_deleted for one in found] == [True]
    world.clock.tick()
    world.org.people.undelete(ada)
    assert [one.is_deleted for one in read_all(world, cursor)[0]] == [False]


def test_fields_of_the_organizations_own_are_read_once_they_are_named(world: SalesforceWorld) -> None:
    ada = world.add("Ada", Department="@ada@social.example", Description="https://ada.example")
    assert world.crm.read([ada])[0].handles == ()
    _found, cursor = read_all(world)
    with world.core.db.write("test.cursor") as session:
        session.merge(CrmState(crm_id="salesforce", cursor=cursor, generation=0, crash_count=0))
    extra = Extra(handles={"Department": "mastodon"}, urls=("Description",))
    options = world.opened().options
    change(world.core, replace(options, extras=dict(options.extras) | {"Contact": extra}))
    (found,) = world.opened().read([ada])
    assert (found.handles, found.urls) == ((("mastodon", "@ada@social.example"),), ("https://ada.example",))
    with world.core.db.read() as session:
        state = session.get_one(CrmState, "salesforce")
    assert (state.cursor, state.due_at) == (None, None)  # from the beginning, once it is used


def test_a_field_that_is_closed_to_us_is_left_out_instead_of_failing(world: SalesforceWorld) -> None:
    ada = world.add("Ada", Email="ada@nordwerk.example", Phone="1")
    world.org.people.hide_field("integration@nordwerk.example", "Contact", "Phone")
    crm = world.opened()
    crm.look_again()
    (found,) = crm.read([ada])
    assert (found.emails, found.phones) == (("ada@nordwerk.example",), ())


def test_contacts_who_share_an_address_stay_several(world: SalesforceWorld) -> None:
    for name in ("Ada", "Ben"):
        world.add(name, Email="office@nordwerk.example")
    while pull(world.core.db, world.crm, "salesforce"):
        pass
    with world.core.db.read() as session:
        rows = session.query(Contact).all()
    assert [row.emails for row in rows] == [["office@nordwerk.example"]] * 2


@pytest.mark.parametrize("wrong", ["", "12", "{}", '{"places-1":[]}', '{"places-1":{"Contact":{"nonsense":1}}}'])
def test_a_cursor_of_somebody_else_is_refused(world: SalesforceWorld, wrong: str) -> None:
    with pytest.raises(CrmError):
        world.crm.read_changes(wrong)
