"""What people do by hand: merging, converting, deleting, purging, and how programs find out."""

import pytest

from scrm.sandbox.salesforce import Salesforce
from scrm.sandbox.salesforce.refusals import RefusedError
from tests.sandbox.salesforce.conftest import Clock, Rest


def test_a_merge_moves_children_and_the_loser_names_its_winner(rest: Rest, org: Salesforce, clock: Clock) -> None:
    winner, loser = (org.people.add("Contact", {"LastName": name}) for name in ("A", "B"))
    case = org.people.add("Case", {"Subject": "Lampe", "ContactId": loser})
    clock.turn(minutes=2)
    assert org.people.merge(winner, [loser], {"Title": "Chefin"}) == [case]
    (row,) = rest.query(f"SELECT IsDeleted, MasterRecordId FROM Contact WHERE Id = '{loser}'", name="queryAll")
    assert (row["IsDeleted"], row["MasterRecordId"]) == (True, winner)
    (moved,) = rest.query("SELECT ContactId, SystemModstamp FROM Case")
    assert (moved["ContactId"], moved["SystemModstamp"]) == (winner, "2026-11-24T08:02:00.000+0000")
    assert rest.ok("GET", f"sobjects/Contact/{winner}")["Title"] == "Chefin"
    late = rest("PATCH", f"sobjects/Contact/{loser}", {"Title": "x"})
    assert (late.status_code, late.json()[0]["errorCode"]) == (404, "ENTITY_IS_DELETED")
    assert [line["kind"] for line in org.ledger()][3:] == ["reparent", "merge", "update"]


def test_a_merge_that_cannot_be_done_changes_nothing(org: Salesforce) -> None:
    contact, lead = (
        org.people.add("Contact", {"LastName": "A"}),
        org.people.add("Lead", {"LastName": "B", "Company": "C"}),
    )
    before = org.snapshot()
    for losers in ([lead], [contact], []):
        with pytest.raises(RefusedError):
            org.people.merge(contact, losers)
    assert org.snapshot() == before


def test_a_converted_lead_names_its_contact_and_takes_no_more_changes(rest: Rest, org: Salesforce) -> None:
    lead = org.people.add("Lead", {"LastName": "A", "Company": "Nordwerk", "Email": "a@example.com"})
    became = org.people.convert(lead)
    read = rest.ok("GET", f"sobjects/Lead/{lead}")
    assert (read["IsConverted"], read["ConvertedContactId"]) == (True, became["contact_id"])
    assert rest.ok("GET", f"sobjects/Contact/{became['contact_id']}")["Email"] == "a@example.com"
    refused = rest("PATCH", f"sobjects/Lead/{lead}", {"Title": "x"})
    assert refused.json()[0]["errorCode"] == "CANNOT_UPDATE_CONVERTED_LEAD"


def test_a_purged_record_is_gone_for_queries_but_still_listed_as_deleted(
    rest: Rest, org: Salesforce, clock: Clock
) -> None:
    contact = org.people.add("Contact", {"LastName": "A"})
    clock.turn(minutes=1)
    org.people.delete(contact)
    org.people.purge([contact])
    clock.turn(minutes=1)
    assert rest("PATCH", f"sobjects/Contact/{contact}", {"Title": "x"}).status_code == 404
    assert rest.query("SELECT Id FROM Contact", name="queryAll") == []
    listed = rest.ok("GET", "sobjects/Contact/deleted?start=2026-11-24T08:00:00Z&end=2026-11-24T09:00:00Z")
    assert [one["id"] for one in listed["deletedRecords"]] == [contact]
    with pytest.raises(RefusedError, match="recycle bin"):
        org.people.undelete(contact)


def test_a_record_changes_its_owner(rest: Rest, org: Salesforce) -> None:
    contact = org.people.add("Contact", {"LastName": "A"})
    org.people.change_owner(contact, "sales@nordwerk.example")
    (row,) = rest.query("SELECT Owner.Username FROM Contact")
    assert row["Owner"]["Username"] == "sales@nordwerk.example"
