"""SOQL through the real client: fields, parents, conditions, order, pages, deleted records, and what is refused."""

from typing import Any

import pytest
from simple_salesforce.exceptions import SalesforceMalformedRequest

from scrm.sandbox.salesforce import Salesforce
from tests.sandbox.salesforce.conftest import Clock, Rest, error_of


@pytest.fixture
def people(org: Salesforce, clock: Clock) -> list[str]:
    """Five contacts, a minute between each; the second has no account, e-mail nor title."""
    ids = []
    account = org.people.add("Account", {"Name": "Nordwerk"})
    for name, more in (
        ("Adam", {"Email": "adam@example.com", "Title": "Chef", "AccountId": account}),
        ("Berta", {}),
        ("O'Hara", {"Email": "ohara@example.com", "Title": "100% Rep", "AccountId": account}),
        ("Dora", {"Email": "dora@example.com", "Title": "Rep_1", "AccountId": account}),
        ("Emil", {"Email": "emil@example.com", "Title": "RepX1", "AccountId": account}),
    ):
        ids.append(org.people.add("Contact", {"LastName": name, **more}))
        clock.turn(minutes=1)
    return ids


@pytest.mark.parametrize(
    ("where", "names"),
    [
        ("Email = 'ADAM@example.com'", ["Adam"]),
        ("LastName = 'O\\'Hara'", ["O'Hara"]),
        ("Email != 'adam@example.com'", ["Berta", "Dora", "Emil", "O'Hara"]),
        ("Email = null", ["Berta"]),
        ("Email <> null AND Title = 'Chef'", ["Adam"]),
        ("LastName IN ('Adam', 'Emil', 'Nobody')", ["Adam", "Emil"]),
        ("LastName NOT IN ('Adam', 'Emil')", ["Berta", "Dora", "O'Hara"]),
        ("Title LIKE '%rep%'", ["Dora", "Emil", "O'Hara"]),
        ("Title LIKE 'Rep\\_1'", ["Dora"]),
        ("Title LIKE '100\\%%'", ["O'Hara"]),
        ("Title LIKE 'Rep_1'", ["Dora", "Emil"]),
        ("SystemModstamp >= 2026-11-24T08:03:00Z", ["Dora", "Emil"]),
        ("SystemModstamp > 2026-11-24T08:03:00.000+0000", ["Emil"]),
        ("CreatedDate < 2026-11-24T09:01:00+01:00", ["Adam"]),
        ("Account.Name = 'nordwerk' AND (LastName = 'Adam' OR LastName = 'Dora')", ["Adam", "Dora"]),
        ("NOT (LastName LIKE '%a%')", ["Emil"]),
        ("NOT LastName = 'Adam' AND Email != null", ["Dora", "Emil", "O'Hara"]),
        ("IsDeleted = false AND LastName < 'C'", ["Adam", "Berta"]),
    ],
)
@pytest.mark.usefixtures("people")
def test_conditions_name_the_records_they_should(client: Any, where: str, names: list[str]) -> None:
    found = client.query(f"SELECT LastName FROM Contact WHERE {where} ORDER BY LastName")
    assert [record["LastName"] for record in found["records"]] == names
    assert found["totalSize"] == len(names)
    assert found["done"] is True


def test_parents_children_and_attributes_are_nested(client: Any, people: list[str]) -> None:
    found = client.query(
        "SELECT Id, Account.Name, Owner.Username FROM Contact WHERE LastName IN ('Adam', 'Berta') ORDER BY LastName"
    )
    adam, berta = found["records"]
    assert adam["attributes"] == {"type": "Contact", "url": f"/services/data/v68.0/sobjects/Contact/{people[0]}"}
    assert adam["Account"]["Name"] == "Nordwerk"
    assert adam["Account"]["attributes"]["type"] == "Account"
    assert adam["Owner"]["Username"] == "admin@nordwerk.example"
    assert berta["Account"] is None
    (account,) = client.query("SELECT Name, (SELECT LastName FROM Contacts WHERE Title = 'Chef') FROM Account")[
        "records"
    ]
    assert [record["LastName"] for record in account["Contacts"]["records"]] == ["Adam"]


@pytest.mark.usefixtures("people")
def test_order_limit_and_offset(client: Any) -> None:
    def names(rest: str) -> list[str]:
        found = client.query(f"SELECT LastName FROM Contact {rest}")
        return [record["LastName"] for record in found["records"]]

    assert names("ORDER BY SystemModstamp DESC, Id LIMIT 2") == ["Emil", "Dora"]
    assert names("ORDER BY Title NULLS LAST, LastName LIMIT 1 OFFSET 4") == ["Berta"]
    assert names("ORDER BY Title ASC LIMIT 1") == ["Berta"]
    assert client.query("SELECT COUNT() FROM Contact")["totalSize"] == 5
    assert client.query("SELECT COUNT(Id), MAX(LastName) FROM Contact")["records"][0]["expr1"] == "O'Hara"


def test_a_long_answer_comes_in_pages_as_it_was_when_asked(org: Salesforce, client: Any, clock: Clock) -> None:
    ids = [org.people.add("Account", {"Name": f"Firma {number}"}) for number in range(5)]
    org.queries.page = 2
    first = client.query("SELECT Name FROM Account ORDER BY Name")
    assert (first["totalSize"], first["done"], len(first["records"])) == (5, False, 2)
    org.people.edit(ids[4], {"Name": "Anders"})
    rest = client.query_more(first["nextRecordsUrl"], identifier_is_url=True)
    last = client.query_more(rest["nextRecordsUrl"], identifier_is_url=True)
    assert [record["Name"] for record in last["records"]] == ["Firma 4"]
    assert last["done"] is True
    assert "nextRecordsUrl" not in last
    org.queries.page = 2000
    assert len(client.query_all("SELECT Name FROM Account")["records"]) == 5
    clock.turn(days=3)
    later = Rest(org)
    gone = later("GET", first["nextRecordsUrl"].split("v68.0/")[1])
    assert gone.json()[0]["errorCode"] == "INVALID_QUERY_LOCATOR"
    later.session.close()


def test_deleted_records_are_seen_by_who_asks_for_them(client: Any, org: Salesforce, people: list[str]) -> None:
    org.people.delete(people[0])
    asked = "SELECT Id, IsDeleted, MasterRecordId FROM Contact WHERE LastName = 'Adam'"
    assert client.query(asked)["records"] == []
    (gone,) = client.query(asked, include_deleted=True)["records"]
    assert (gone["IsDeleted"], gone["MasterRecordId"]) == (True, None)
    assert org.people.empty_recycle_bin() == 1
    assert client.query(asked, include_deleted=True)["records"] == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("SELECT FROM Contact", "MALFORMED_QUERY"),
        ("SELECT Id FROM Contact WHERE", "MALFORMED_QUERY"),
        ("SELECT Id FROM Contact WHERE LastName IN ()", "MALFORMED_QUERY"),
        ("SELECT Id FROM Contact WHERE LastName = 'a' AND Email = 'b' OR Title = 'c'", "MALFORMED_QUERY"),
        ("SELECT Id FROM Contact WHERE CreatedDate = TODAY", "MALFORMED_QUERY"),
        ("SELECT Title FROM Contact GROUP BY Title", "MALFORMED_QUERY"),
        ("SELECT Id FROM Contact; DELETE", "MALFORMED_QUERY"),
        ("SELECT Nonsense FROM Contact", "INVALID_FIELD"),
        ("SELECT Id FROM Nonsense", "INVALID_TYPE"),
        ("SELECT Id FROM Contact WHERE Description = 'a'", "INVALID_FIELD"),
        ("SELECT Id FROM Contact WHERE LastName = 5", "INVALID_FIELD"),
        ("SELECT Id FROM Contact WHERE Id = 'nonsense'", "INVALID_QUERY_FILTER_OPERATOR"),
        ("SELECT Id FROM Contact LIMIT 1 OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE"),
    ],
)
def test_what_salesforce_does_not_understand_is_refused_with_its_place(client: Any, text: str, code: str) -> None:
    with pytest.raises(SalesforceMalformedRequest) as refused:
        client.query(text)
    assert error_of(refused)[0]["errorCode"] == code


def test_a_change_begun_early_and_committed_late_has_an_old_stamp(org: Salesforce, rest: Rest, clock: Clock) -> None:
    late = org.people.add("Contact", {"LastName": "A"})
    clock.turn(minutes=1)
    begun = org.people.begin_edit(late, {"Title": "Chefin"})
    clock.turn(minutes=1)
    org.people.add("Contact", {"LastName": "B"})
    (newest,) = rest.query("SELECT SystemModstamp FROM Contact ORDER BY SystemModstamp DESC LIMIT 1")
    org.people.commit_edit(begun)
    missed = rest.query("SELECT Title FROM Contact WHERE SystemModstamp > 2026-11-24T08:02:00Z")
    assert newest["SystemModstamp"] == "2026-11-24T08:02:00.000+0000"
    assert missed == []
    overlapping = rest.query(
        "SELECT Title FROM Contact WHERE SystemModstamp > 2026-11-24T08:00:30Z AND Title != null"
    )
    assert [record["Title"] for record in overlapping] == ["Chefin"]


def test_a_record_begun_early_and_committed_late_appears_behind_the_newest(
    org: Salesforce, rest: Rest, clock: Clock
) -> None:
    begun = org.people.begin_add("Contact", {"LastName": "Late"})
    clock.turn(minutes=1)
    org.people.add("Contact", {"LastName": "Newest"})
    late = org.people.commit_edit(begun)
    rows = rest.query("SELECT Id, CreatedDate FROM Contact ORDER BY SystemModstamp")
    assert (rows[0]["Id"], rows[0]["CreatedDate"]) == (late, "2026-11-24T08:00:00.000+0000")
    assert len(rows) == 2


def test_an_address_longer_than_16_kilobytes_is_refused(rest: Rest) -> None:
    ids = ",".join(f"'{number:015d}'" for number in range(1000))
    assert rest("GET", f"query?q=SELECT Id FROM Contact WHERE Id IN ({ids})").status_code == 414


def test_stamps_never_go_back_even_when_the_clock_does(org: Salesforce, rest: Rest, clock: Clock) -> None:
    org.people.add("Contact", {"LastName": "A"})
    clock.turn(minutes=-5)
    org.people.add("Contact", {"LastName": "B"})
    stamps = {row["SystemModstamp"] for row in rest.query("SELECT SystemModstamp FROM Contact")}
    assert stamps == {"2026-11-24T08:00:00.000+0000"}
