"""Lists of records and composite calls: a result for each in its place, all or none, references, and the limits."""

from typing import Any

import pytest

from scrm.sandbox.salesforce import Salesforce
from tests.sandbox.salesforce.conftest import Rest


def contact(**fields: Any) -> dict[str, Any]:
    return {"attributes": {"type": "Contact"}, **fields}


def test_every_record_of_a_list_has_its_own_result_in_its_place(rest: Rest, org: Salesforce) -> None:
    records = [contact(LastName="A"), contact(FirstName="B"), {"attributes": {"type": "Account"}, "Name": "C"}]
    first, second, third = rest.ok("POST", "composite/sobjects", {"allOrNone": False, "records": records})
    assert set(first) == {"id", "success", "errors"}
    assert second == {
        "success": False,
        "errors": [
            {
                "statusCode": "REQUIRED_FIELD_MISSING",
                "message": "Required fields are missing: [LastName]",
                "fields": ["LastName"],
            }
        ],
    }
    assert third["id"].startswith("001")
    changed = rest.ok("PATCH", "composite/sobjects", {"records": [contact(Id=first["id"], Title="Chefin")]})
    assert changed == [{"id": first["id"], "success": True, "errors": []}]
    deleted = rest.ok("DELETE", f"composite/sobjects?ids={first['id']},{third['id']},{first['id']}&allOrNone=false")
    assert [one["success"] for one in deleted] == [True, True, False]
    assert deleted[2]["errors"][0]["statusCode"] == "ENTITY_IS_DELETED"
    assert [line["kind"] for line in org.ledger()] == ["create", "create", "update", "delete", "delete"]


def test_all_or_none_takes_back_what_was_done(rest: Rest, org: Salesforce) -> None:
    before = org.snapshot()
    records = [contact(LastName="A"), contact(FirstName="B")]
    first, second = rest.ok("POST", "composite/sobjects", {"allOrNone": True, "records": records})
    assert first["errors"][0]["statusCode"] == "ALL_OR_NONE_OPERATION_ROLLED_BACK"
    assert second["errors"][0]["statusCode"] == "REQUIRED_FIELD_MISSING"
    assert org.snapshot() == before
    assert org.ledger() == []
    assert rest.query("SELECT Id FROM Contact") == []


def test_a_list_is_upserted_by_a_key_and_refuses_the_same_key_twice(rest: Rest, org: Salesforce) -> None:
    records = [contact(LastName="A", Email="a@example.com"), contact(LastName="B", Email="b@example.com")]
    made = rest.ok("PATCH", "composite/sobjects/Contact/Email", {"records": records})
    assert [one["created"] for one in made] == [True, True]
    again = rest.ok("PATCH", "composite/sobjects/Contact/Email", {"records": [*records, records[0]]})
    assert [one["success"] for one in again] == [False, True, False]
    assert again[0]["errors"][0]["statusCode"] == "DUPLICATE_VALUE"
    assert again[1] == {"id": made[1]["id"], "success": True, "errors": [], "created": False}
    org.people.add("Contact", {"LastName": "C", "Email": "a@example.com"})
    (several,) = rest.ok("PATCH", "composite/sobjects/Contact/Email", {"records": records[:1]})
    assert several["errors"][0]["statusCode"] == "DUPLICATE_EXTERNAL_ID"


def test_a_list_has_1_to_200_records(rest: Rest) -> None:
    many = [contact(LastName=str(number)) for number in range(201)]
    assert rest("POST", "composite/sobjects", {"records": many}).status_code == 400
    assert rest("POST", "composite/sobjects", {"records": []}).status_code == 400
    assert len(rest.ok("POST", "composite/sobjects", {"records": many[:200]})) == 200
    assert rest("POST", "composite/sobjects", {"records": many[:1], "nonsense": 1}).status_code == 400


def test_records_are_read_by_their_ids_and_the_missing_are_null(rest: Rest, org: Salesforce) -> None:
    one = org.people.add("Contact", {"LastName": "A"})
    gone = org.people.add("Contact", {"LastName": "B"})
    org.people.delete(gone)
    found = rest.ok("POST", "composite/sobjects/Contact", {"ids": [gone, one], "fields": ["LastName"]})
    assert found[0] is None
    assert found[1]["LastName"] == "A"


def test_later_calls_of_a_composite_use_what_earlier_ones_answered(rest: Rest, org: Salesforce) -> None:
    base = "/services/data/v68.0"
    asked = [
        {"method": "POST", "url": f"{base}/sobjects/Account", "referenceId": "firm", "body": {"Name": "Nordwerk"}},
        {
            "method": "POST",
            "url": f"{base}/sobjects/Contact",
            "referenceId": "person",
            "body": {"LastName": "A", "AccountId": "@{firm.id}"},
        },
        {
            "method": "GET",
            "url": f"{base}/query?q=SELECT+Id+FROM+Contact+WHERE+Id='@{{person.id}}'",
            "referenceId": "q",
        },
        {"method": "GET", "url": f"{base}/sobjects/Contact/@{{nobody.id}}", "referenceId": "lost"},
    ]
    answers = rest.ok("POST", "composite", {"compositeRequest": asked})["compositeResponse"]
    assert [one["httpStatusCode"] for one in answers] == [201, 201, 200, 400]
    assert answers[2]["body"]["totalSize"] == 1
    assert answers[3]["body"][0]["errorCode"] == "PROCESSING_HALTED"
    assert len(org.ledger()) == 2
    undone = rest.ok("POST", "composite", {"allOrNone": True, "compositeRequest": asked})["compositeResponse"]
    assert [one["httpStatusCode"] for one in undone] == [400] * 4
    assert len(org.ledger()) == 2


@pytest.mark.parametrize("number", [0, 26])
def test_a_composite_has_1_to_25_calls(rest: Rest, number: int) -> None:
    asked = [{"method": "GET", "url": "/services/data/v68.0/limits", "referenceId": f"r{n}"} for n in range(number)]
    assert rest("POST", "composite", {"compositeRequest": asked}).status_code == 400


def test_a_graph_is_done_whole_or_not_at_all(rest: Rest, org: Salesforce) -> None:
    def graph(name: str, last_name: str | None) -> dict[str, Any]:
        base = "/services/data/v68.0/sobjects"
        person = {"LastName": last_name, "AccountId": "@{firm.id}"}
        calls = [
            {"method": "POST", "url": f"{base}/Account", "referenceId": "firm", "body": {"Name": name}},
            {"method": "POST", "url": f"{base}/Contact", "referenceId": "person", "body": person},
        ]
        return {"graphId": name, "compositeRequest": calls}

    good, bad = rest.ok("POST", "composite/graph", {"graphs": [graph("A", "A"), graph("B", None)]})["graphs"]
    assert (good["isSuccessful"], bad["isSuccessful"]) == (True, False)
    codes = [one["body"][0]["errorCode"] for one in bad["graphResponse"]["compositeResponse"]]
    assert codes == ["PROCESSING_HALTED", "REQUIRED_FIELD_MISSING"]
    assert [row["Name"] for row in rest.query("SELECT Name FROM Account")] == ["A"]
    many = [graph(str(number), None) for number in range(16)]
    last = rest.ok("POST", "composite/graph", {"graphs": many})["graphs"][-1]
    assert last["graphResponse"]["compositeResponse"][1]["body"][0]["errorCode"] == "PROCESSING_HALTED"
    assert rest("POST", "composite/graph", {"graphs": [graph("A", "A")] * 76}).status_code == 400
