"""Single records through the real client: made, read, changed, found by a key, refused, deleted and brought back."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from simple_salesforce.exceptions import (
    SalesforceMalformedRequest,
    SalesforceMoreThanOneRecord,
    SalesforceResourceNotFound,
)

from scrm.sandbox.salesforce import Salesforce
from tests.sandbox.salesforce.conftest import START, Clock, Rest, error_of


def test_a_record_is_made_read_changed_and_deleted(client: Any) -> None:
    made = client.Contact.create({"LastName": " Weber ", "FirstName": "Katharina", "Email": "K.Weber@Example.com"})
    assert made["success"]
    assert made["errors"] == []
    read = client.Contact.get(made["id"])
    assert (read["Name"], read["LastName"], read["Email"]) == ("Katharina Weber", "Weber", "k.weber@example.com")
    assert read["SystemModstamp"] == "2026-11-24T08:00:00.000+0000"
    assert client.Contact.get(made["id"][:15])["Id"] == made["id"]
    assert client.Contact.update(made["id"], {"Title": "Chefin"}) == 204
    assert client.Contact.get(made["id"])["Title"] == "Chefin"
    assert client.Contact.delete(made["id"]) == 204
    with pytest.raises(SalesforceResourceNotFound) as refused:
        client.Contact.get(made["id"])
    assert error_of(refused)[0]["errorCode"] == "ENTITY_IS_DELETED"


@pytest.mark.parametrize(
    ("sent", "code", "fields"),
    [
        ({"FirstName": "Katharina"}, "REQUIRED_FIELD_MISSING", ["LastName"]),
        ({"LastName": "x" * 81}, "STRING_TOO_LONG", ["LastName"]),
        ({"LastName": "Weber", "Email": "nonsense"}, "INVALID_EMAIL_ADDRESS", ["Email"]),
        ({"LastName": "Weber", "Nonsense__c": "x"}, "INVALID_FIELD", None),
        ({"LastName": "Weber", "AccountId": "nonsense"}, "MALFORMED_ID", ["AccountId"]),
        (
            {"LastName": "Weber", "CreatedDate": "2026-01-01T00:00:00Z"},
            "INVALID_FIELD_FOR_INSERT_UPDATE",
            ["CreatedDate"],
        ),
        ({"LastName": "Weber", "HasOptedOut": True}, "INVALID_FIELD", None),
        ({"LastName": ["Weber"]}, "JSON_PARSER_ERROR", None),
        (
            {"LastName": "Weber", "CleanStatus": "Nonsense"},
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
            ["CleanStatus"],
        ),
    ],
)
def test_what_does_not_fit_a_field_is_refused_by_name(
    client: Any, org: Salesforce, sent: dict[str, object], code: str, fields: list[str] | None
) -> None:
    with pytest.raises(SalesforceMalformedRequest) as refused:
        client.Contact.create(sent)
    error = error_of(refused)[0]
    assert error["errorCode"] == code
    assert error.get("fields") == fields
    assert org.ledger() == []


def test_an_upsert_makes_then_changes_then_finds_several(client: Any, rest: Rest, org: Salesforce) -> None:
    assert rest("PATCH", "sobjects/Contact/Email/a@example.com", {"LastName": "A"}).status_code == 201
    again = rest("PATCH", "sobjects/Contact/Email/A@example.com", {"LastName": "B"})
    assert (again.status_code, again.json()["created"]) == (200, False)
    assert rest("PATCH", "sobjects/Contact/Email/a@example.com", {"LastName": "C"}, version="45.0").status_code == 204
    org.people.add("Contact", {"LastName": "D", "Email": "a@example.com"})
    with pytest.raises(SalesforceMoreThanOneRecord) as several:
        client.Contact.upsert("Email/a@example.com", {"LastName": "E"})
    assert len(error_of(several)) == 2
    with pytest.raises(SalesforceResourceNotFound) as unknown:
        client.Contact.upsert("Nonsense__c/1", {"LastName": "E"})
    assert error_of(unknown)[0]["message"].startswith("Provided external ID field does not exist")
    absent = rest("PATCH", "sobjects/Contact/Email/b@example.com?updateOnly=true", {"LastName": "E"})
    assert absent.status_code == 404
    assert [line["kind"] for line in org.ledger()] == ["create", "update", "update", "create"]


def test_deleted_and_updated_records_are_listed_by_time(client: Any, org: Salesforce, clock: Clock) -> None:
    kept = org.people.add("Contact", {"LastName": "A"})
    gone = org.people.add("Contact", {"LastName": "B"})
    clock.turn(minutes=5)
    org.people.delete(gone)
    clock.turn(minutes=5)
    start, end = START - timedelta(minutes=1), clock()
    assert client.Contact.updated(start, end)["ids"] == [kept]
    found = client.Contact.deleted(start, end)
    assert found["deletedRecords"] == [{"id": gone, "deletedDate": "2026-11-24T08:05:00.000+0000"}]
    assert found["latestDateCovered"] == "2026-11-24T08:10:00.000+0000"
    with pytest.raises(SalesforceMalformedRequest, match="INVALID_REPLICATION_DATE"):
        client.Contact.deleted(datetime(2026, 10, 1, tzinfo=UTC), end)
    with pytest.raises(SalesforceMalformedRequest, match="one minute"):
        client.Contact.updated(end - timedelta(seconds=30), end)
    org.people.forget_deletions()
    later = client.Contact.deleted(start, end)
    assert (later["deletedRecords"], later["earliestDateAvailable"]) == ([], "2026-11-24T08:10:00.000+0000")
    org.sobjects.most_ids = 0
    with pytest.raises(SalesforceMalformedRequest, match="EXCEEDED_ID_LIMIT"):
        client.Contact.updated(start, end)


def test_a_path_method_or_parameter_that_no_api_has_is_refused_and_noted(rest: Rest, org: Salesforce) -> None:
    assert rest("GET", "sobjects/Contact/describe/nonsense/more").status_code == 404
    assert rest("GET", "query?q=x&page=2").status_code == 400
    assert rest("PUT", "sobjects/Contact").status_code == 405
    assert rest("GET", "limits", version="69.0").status_code == 404
    assert rest("GET", "limits", version="30.0").status_code == 410
    assert [entry["outcome"] for entry in org.requests()][:2] == ["invalid", "invalid"]


def test_the_ledger_says_who_changed_what_by_which_request(rest: Rest, org: Salesforce) -> None:
    answer = rest.ok("POST", "sobjects/Contact", {"LastName": "A"}, Sforce_Call_Options="client=scrm")
    org.people.edit(answer["id"], {"Title": "Chefin"})
    ours, theirs = org.ledger()
    assert (ours["kind"], ours["client"], ours["by"], ours["fields"]) == (
        "create",
        "scrm",
        "integration@nordwerk.example",
        {"LastName": "A"},
    )
    assert ours["request"] == org.requests()[-1]["number"]
    assert (theirs["client"], theirs["by"], theirs["request"]) == (None, "admin@nordwerk.example", None)
    assert theirs["changed"]["Title"] == "Chefin"


def test_records_refer_only_to_records_of_the_right_kind(rest: Rest, org: Salesforce) -> None:
    account = org.people.add("Account", {"Name": "Nordwerk"})
    contact = org.people.add("Contact", {"LastName": "A", "AccountId": account})
    event = {
        "Subject": "Call",
        "StartDateTime": "2026-11-24T10:00:00+01:00",
        "DurationInMinutes": 30,
        "WhoId": contact,
    }
    made = rest.ok("POST", "sobjects/Event", event)
    read = rest.ok("GET", f"sobjects/Event/{made['id']}")
    assert (read["EndDateTime"], read["AccountId"]) == ("2026-11-24T09:30:00.000+0000", account)
    wrong = rest("POST", "sobjects/Event", {**event, "WhoId": account})
    assert wrong.json()[0]["errorCode"] == "FIELD_INTEGRITY_EXCEPTION"
    org.people.delete(contact)
    assert rest.ok("GET", f"sobjects/Event/{made['id']}")["WhoId"] is None
    assert rest("POST", "sobjects/Event", event).json()[0]["errorCode"] == "ENTITY_IS_DELETED"
    org.people.undelete(contact)
    assert rest.ok("GET", f"sobjects/Event/{made['id']}")["WhoId"] == contact


def test_a_sign_outside_of_the_first_plane_counts_twice(rest: Rest) -> None:
    assert rest("POST", "sobjects/Contact", {"LastName": "🦊" * 40}).status_code == 201
    assert rest("POST", "sobjects/Contact", {"LastName": "🦊" * 40 + "x"}).json()[0]["errorCode"] == "STRING_TOO_LONG"


def test_a_record_that_is_not_shared_is_as_if_it_were_not_there(rest: Rest, org: Salesforce) -> None:
    contact = org.people.add("Contact", {"LastName": "A"})
    org.people.unshare("integration@nordwerk.example", contact)
    assert rest.query("SELECT Id FROM Contact") == []
    assert rest("GET", f"sobjects/Contact/{contact}").status_code == 404
    records = [{"attributes": {"type": "Contact"}, "Id": contact, "Title": "x"}]
    (changed,) = rest.ok("PATCH", "composite/sobjects", {"records": records})
    assert changed["errors"][0]["statusCode"] == "INVALID_CROSS_REFERENCE_KEY"
    case = rest("POST", "sobjects/Case", {"Subject": "x", "ContactId": contact})
    assert case.json()[0]["errorCode"] == "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY"
    org.people.unshare("integration@nordwerk.example", contact, is_unshared=False)
    assert len(rest.query("SELECT Id FROM Contact")) == 1


def test_a_key_in_the_path_that_ends_like_a_file_is_never_found(rest: Rest) -> None:
    assert rest("PATCH", "sobjects/Contact/Email/a@example.inc", {"LastName": "A"}).status_code == 404
