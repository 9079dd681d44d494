"""What a test can order: failures with Salesforce's bodies, cut connections, locked rows, rules and refusals."""

from typing import Any

import pytest
import requests
from simple_salesforce.exceptions import SalesforceError, SalesforceGeneralError

from scrm.sandbox.salesforce import Salesforce
from tests.sandbox.salesforce.conftest import Rest
from tests.sandbox.salesforce.doorway import session_to


def test_maintenance_is_a_page_of_html(client: Any, rest: Rest, org: Salesforce) -> None:
    org.fail(status=503, times=1)
    with pytest.raises(SalesforceGeneralError, match="maintenance") as down:
        client.query("SELECT Id FROM Contact")
    assert down.value.status == 503
    org.fail(status=401, times=1, path="limits", body=b"{}")
    odd = rest("GET", "limits")
    assert (odd.status_code, odd.content) == (401, b"{}")
    assert rest("GET", "limits").status_code == 200


def test_a_write_without_json_and_without_a_session_is_refused_in_xml(org: Salesforce) -> None:
    answer = session_to(org).post(
        "https://nordwerk.my.salesforce.com/services/data/v68.0/sobjects/Contact",
        data="x",
        headers={"Authorization": "Bearer gone", "Content-Type": "text/plain"},
    )
    assert (answer.status_code, answer.headers["Sfdc-OAuth-Error"]) == (401, "1703")
    assert b"LOGIN_OAUTH_INVALID_TOKEN" in answer.content


def test_a_connection_is_cut_before_or_after_the_write(rest: Rest, org: Salesforce) -> None:
    org.cut(times=1, method="POST", after=False)
    with pytest.raises(requests.ConnectionError):
        rest("POST", "sobjects/Contact", {"LastName": "A"})
    assert org.ledger() == []
    org.cut(times=1, method="POST", after=True)
    with pytest.raises(requests.ConnectionError):
        rest("POST", "sobjects/Contact", {"LastName": "A"})
    assert len(org.ledger()) == 1
    assert [entry["outcome"] for entry in org.requests()] == ["cut before", "cut after"]


def test_a_stopped_org_comes_back_at_its_address_with_what_it_knew(rest: Rest, org: Salesforce) -> None:
    rest.ok("POST", "sobjects/Contact", {"LastName": "A"})
    org.stop()
    with pytest.raises(requests.ConnectionError):
        rest("GET", "limits")
    org.start()
    assert len(rest.query("SELECT Id FROM Contact")) == 1


def test_locks_refusals_and_rules_concern_single_records(rest: Rest, org: Salesforce) -> None:
    account = org.people.add("Account", {"Name": "Nordwerk"})
    org.people.lock(account, 1)
    org.people.refuse("Contact", "CANNOT_EXECUTE_FLOW_TRIGGER", "the flow failed", 1, value="B")
    org.people.validate("Contact", "Title", "Titles are not shouted", pattern=r"^[A-Z]{4,}$")
    records = [
        {"attributes": {"type": "Contact"}, "LastName": name, "AccountId": account, "Title": title}
        for name, title in (("A", "x"), ("B", "x"), ("C", "CHEF"), ("D", "Chef"))
    ]
    results = rest.ok("POST", "composite/sobjects", {"records": records})
    codes = [one["errors"][0]["statusCode"] if one["errors"] else "" for one in results]
    assert codes == ["UNABLE_TO_LOCK_ROW", "CANNOT_EXECUTE_FLOW_TRIGGER", "FIELD_CUSTOM_VALIDATION_EXCEPTION", ""]


def test_a_duplicate_rule_warns_or_blocks(rest: Rest, org: Salesforce) -> None:
    org.people.demand_unique("Contact", ["Email"], blocks=False)
    known = org.people.add("Contact", {"LastName": "A", "Email": "a@example.com"})
    twice = {"LastName": "B", "Email": "a@example.com"}
    refused = rest("POST", "sobjects/Contact", twice).json()[0]
    assert (refused["errorCode"], refused["message"]) == ("DUPLICATES_DETECTED", "Use one of these records?")
    matches = refused["duplicateResult"]["matchResults"][0]["matchRecords"]
    assert [one["record"]["Id"] for one in matches] == [known]
    allowed = {"Sforce_Duplicate_Rule_Header": "allowSave=true"}
    assert rest("POST", "sobjects/Contact", twice, **allowed).status_code == 201
    org.people.demand_unique("Contact", ["LastName"], blocks=True)
    assert rest("POST", "sobjects/Contact", twice, **allowed).status_code == 400


def test_other_processes_play_and_judge_through_the_control_doors(rest: Rest, org: Salesforce) -> None:
    url = "https://nordwerk.my.salesforce.com/_sandbox/"
    order = {"verb": "add", "args": {"object": "Contact", "fields": {"LastName": "A"}}}
    made = rest.session.post(f"{url}act", json=order).json()["result"]
    assert rest.session.get(f"{url}ledger").json()[0]["id"] == made
    assert rest.session.get(f"{url}snapshot").json()["Contact"][0]["LastName"] == "A"
    rest.session.post(f"{url}act", json={"verb": "fail", "args": {"status": 503, "times": 1}})
    assert rest("GET", "limits").status_code == 503
    assert len(rest.session.get(f"{url}requests").json()) == 1
    assert rest.session.post(f"{url}act", json={"verb": "nonsense"}).status_code == 400


def test_a_hidden_field_is_as_if_it_did_not_exist(client: Any, org: Salesforce) -> None:
    org.people.hide_field("integration@nordwerk.example", "Contact", "Title")
    names = {field["name"] for field in client.Contact.describe()["fields"]}
    assert "Title" not in names
    with pytest.raises(SalesforceError, match="No such column 'Title'"):
        client.query("SELECT Title FROM Contact")
    with pytest.raises(SalesforceError, match="No such column 'Title'"):
        client.Contact.create({"LastName": "A", "Title": "Chefin"})
