"""Bulk API 2.0 through the real client and without: results in any order, rows that fail, states that come late."""

import csv
import io
from typing import Any

import pytest
from simple_salesforce.exceptions import SalesforceOperationError

from scrm.sandbox.salesforce import Salesforce
from tests.sandbox.salesforce.conftest import VERSION, Clock, Rest


@pytest.fixture
def quick(org: Salesforce) -> None:
    """The real client sleeps between its askings: let it find every job done at the first."""
    org.bulk.polls = 0
    org.bulk_query.polls = 0


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


class Job:
    """One job without a client between."""

    def __init__(self, rest: Rest, operation: str, name: str, **more: str) -> None:
        self.rest = rest
        body = {"object": name, "operation": operation, "contentType": "CSV", "lineEnding": "LF", **more}
        self.opened = rest.ok("POST", "jobs/ingest", body)
        self.path = f"jobs/ingest/{self.opened['id']}"

    def put(self, text: str) -> int:
        url = f"https://nordwerk.my.salesforce.com/services/data/v{VERSION}/{self.path}/batches"
        headers = {"Authorization": f"Bearer {self.rest.token}", "Content-Type": "text/csv"}
        return self.rest.session.put(url, data=text.encode(), headers=headers).status_code

    def run(self, text: str) -> "Job":
        assert self.put(text) == 201
        self.rest.ok("PATCH", self.path, {"state": "UploadComplete"})
        return self

    def state(self) -> str:
        state: str = self.rest.ok("GET", self.path)["state"]
        return state

    def results(self, name: str) -> list[dict[str, str]]:
        answer = self.rest("GET", f"{self.path}/{name}/")
        assert answer.status_code == 200, answer.text
        return rows_of(answer.text)


@pytest.mark.usefixtures("quick")
def test_the_real_client_inserts_updates_and_deletes(client: Any, org: Salesforce) -> None:
    (done,) = client.bulk2.Contact.insert(records=[{"LastName": name} for name in "ABC"], wait=0)
    assert (done["numberRecordsProcessed"], done["numberRecordsFailed"]) == (3, 0)
    ids = [row["sf__Id"] for row in rows_of(client.bulk2.Contact.get_successful_records(done["job_id"]))]
    client.bulk2.Contact.update(records=[{"Id": one, "Title": "Chefin"} for one in ids], wait=0)
    assert client.query("SELECT COUNT() FROM Contact WHERE Title = 'Chefin'")["totalSize"] == 3
    client.bulk2.Contact.delete(records=[{"Id": one} for one in ids], wait=0)
    assert [line["kind"] for line in org.ledger()] == ["create"] * 3 + ["update"] * 3 + ["delete"] * 3


def test_states_come_late_and_results_in_any_order(notes: Rest) -> None:
    job = Job(notes, "upsert", "Note__c", externalIdFieldName="Key__c")
    assert job.opened["state"] == "Open"
    assert job.opened["contentUrl"] == f"services/data/v68.0/{job.path}/batches"
    text = "Key__c,Needed__c\n" + "".join(f"k{number},x\n" for number in range(20)) + "bad,toolong\n"
    job.run(text)
    assert notes("GET", f"{job.path}/successfulResults").json()[0]["errorCode"] == "INVALIDJOBSTATE"
    assert [job.state() for _ in range(4)] == ["UploadComplete", "InProgress", "JobComplete", "JobComplete"]
    done = job.results("successfulResults")
    keys = [row["Key__c"] for row in done]
    assert sorted(keys) == sorted(f"k{number}" for number in range(20))
    assert keys != [f"k{number}" for number in range(20)]
    assert {row["sf__Created"] for row in done} == {"true"}
    (failed,) = job.results("failedResults")
    assert failed["sf__Error"] == "STRING_TOO_LONG:Needed: data value too large: toolong (max length=5):Needed__c --"
    assert job.results("unprocessedRecords") == []


def test_an_empty_cell_leaves_a_field_and_a_mark_empties_it(notes: Rest, org: Salesforce) -> None:
    contact = org.people.add("Contact", {"LastName": "A", "Email": "a@example.com"})
    columns = "Key__c,Needed__c,Version__c,Text__c,Contact__r.Email\n"
    Job(notes, "upsert", "Note__c", externalIdFieldName="Key__c").run(f'{columns}k,x,1,"a, ""b""\nc",a@example.com\n')
    Job(notes, "upsert", "Note__c", externalIdFieldName="Key__c").run("Key__c,Version__c,Text__c\nk,,#N/A\n")
    (row,) = notes.query("SELECT Version__c, Text__c, Contact__c FROM Note__c")
    assert (row["Version__c"], row["Text__c"], row["Contact__c"]) == (1.0, None, contact)
    assert org.ledger()[-2]["fields"]["Text__c"] == 'a, "b"\nc'


def test_the_same_key_twice_fails_both_rows(notes: Rest) -> None:
    job = Job(notes, "upsert", "Note__c", externalIdFieldName="Key__c").run("Key__c,Needed__c\na,x\nb,x\na,y\n,z\n")
    while job.state() != "JobComplete":
        pass
    assert [row["Key__c"] for row in job.results("successfulResults")] == ["b"]
    assert sorted(row["Key__c"] for row in job.results("failedResults")) == ["", "a", "a"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Nonsense__c,LastName\nx,y\n", "Field name not found : Nonsense__c"),
        ("LastName\r\ny\r\n", "LineEnding is invalid"),
        ('LastName\n"y\n', "Failed to parse CSV"),
        ("LastName,FirstName\ny\n", "Number of columns"),
    ],
)
def test_a_csv_that_cannot_be_read_fails_the_job(rest: Rest, org: Salesforce, text: str, said: str) -> None:
    job = Job(rest, "insert", "Contact").run(text)
    while job.state() != "Failed":
        pass
    assert said in rest.ok("GET", job.path)["errorMessage"]
    assert org.ledger() == []


def test_a_job_that_breaks_keeps_what_it_did_and_names_the_rest(rest: Rest, org: Salesforce) -> None:
    org.bulk.break_after = 2
    job = Job(rest, "insert", "Contact").run("LastName\nA\nB\nC\nD\n")
    while job.state() != "Failed":
        pass
    assert sorted(row["LastName"] for row in job.results("successfulResults")) == ["A", "B"]
    assert [row["LastName"] for row in job.results("unprocessedrecords")] == ["C", "D"]
    assert len(org.ledger()) == 2


def test_a_job_is_uploaded_once_aborted_deleted_and_forgotten(rest: Rest, clock: Clock) -> None:
    job = Job(rest, "insert", "Contact")
    assert rest("PATCH", job.path, {"state": "UploadComplete"}).json()[0]["errorCode"] == "INVALIDJOBSTATE"
    assert job.put("LastName\nA\n") == 201
    assert job.put("LastName\nA\n") == 400
    rest.ok("PATCH", job.path, {"state": "Aborted"})
    assert rest("PATCH", job.path, {"state": "UploadComplete"}).status_code == 400
    assert len(rest.ok("GET", "jobs/ingest")["records"]) == 1
    assert rest("DELETE", job.path).status_code == 204
    assert rest("GET", job.path).status_code == 404
    other = Job(rest, "insert", "Contact")
    clock.turn(days=8)
    rest.token = rest.org.open_session()
    assert rest("GET", other.path).status_code == 404


@pytest.mark.usefixtures("quick")
def test_the_real_client_reads_a_query_in_parts(client: Any, org: Salesforce) -> None:
    account = org.people.add("Account", {"Name": "Nordwerk"})
    for name in "ABC":
        org.people.add("Contact", {"LastName": name, "AccountId": account})
    gone = org.people.add("Contact", {"LastName": "D"})
    org.people.delete(gone)
    asked = "SELECT Id, LastName, Account.Name, CreatedDate, IsDeleted FROM Contact"
    parts = list(client.bulk2.Contact.query(asked, max_records=2, wait=0))
    assert [len(rows_of(part)) for part in parts] == [2, 1]
    first = rows_of(parts[0])[0]
    assert (first["Account.Name"], first["CreatedDate"], first["IsDeleted"]) == (
        "Nordwerk",
        "2026-11-24T08:00:00.000Z",
        "false",
    )
    everything = "".join(client.bulk2.Contact.query_all(asked, wait=0))
    assert [row["IsDeleted"] for row in rows_of(everything)] == ["false", "false", "false", "true"]
    with pytest.raises(Exception, match="MALFORMED_QUERY"):
        list(client.bulk2.Contact.query("SELECT nonsense", wait=0))


def test_the_real_client_tells_of_a_failed_job(client: Any, org: Salesforce) -> None:
    org.bulk.polls = 0
    with pytest.raises(SalesforceOperationError, match="Field name not found"):
        client.bulk2.Contact.insert(records=[{"Nonsense__c": "x"}], wait=0)
