"""Every recorded answer of Salesforce is asked for again: the fake gives the same status and the same shape.

The folder's files are enumerated; a new one without a replay here fails the test.
"""

import base64
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from scrm.sandbox.salesforce import Salesforce
from scrm.sandbox.salesforce.ids import long_id
from scrm.sandbox.salesforce.outbound import acknowledges
from scrm.sandbox.salesforce.package import parse_xml
from scrm.sandbox.server import Server
from tests.sandbox.salesforce.conftest import FIXTURES, VERSION, Clock, Rest
from tests.sandbox.salesforce.receiver import Receiver

FILES = sorted(str(file.relative_to(FIXTURES)) for file in FIXTURES.rglob("*.*")) if FIXTURES.is_dir() else []
ELSEWHERE = {
    "README.md": "says what the files are",
    "pubsub/pubsub_api.proto": "a contract of another API, which the fake does not serve",
    "metadata/Broker_Record_Page.flexipage-meta.xml": "pages are taken without being read",
    "metadata/brokerCard.js-meta.xml": "components of pages are taken without being read",
    "soap/exception_codes.txt": "a list of words: see test_every_word_of_a_refusal_is_one_of_salesforce",
    "soap/status_codes.txt": "a list of words: see test_every_word_of_a_refusal_is_one_of_salesforce",
}


def shape(value: Any) -> Any:
    """What a JSON value is made of: names and types, a list by its first item."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in sorted(value.items())}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return type(value).__name__


def load(name: str) -> Any:
    return json.loads((FIXTURES / name).read_text())


class Replay:
    """What each file needs to be asked for again."""

    def __init__(self, org: Salesforce, rest: Rest, clock: Clock, folder: Path) -> None:
        self.org, self.rest, self.clock, self.folder = org, rest, clock, folder

    def same(self, name: str, status: int, answer: Any) -> None:
        assert answer.status_code == status, answer.text
        assert shape(answer.json()) == shape(load(name))

    def auth_success_response(self, name: str) -> None:
        app = self.org.app()
        answer = self.rest.session.post(
            "https://nordwerk.my.salesforce.com/services/oauth2/token",
            data={"grant_type": "client_credentials"},
            auth=(app["consumer_key"], app["consumer_secret"]),
        )
        known = load(name)
        assert {key: value for key, value in shape(answer.json()).items() if key in known} == shape(known)
        assert re.fullmatch(r"https://login\.salesforce\.com/id/00D\w{15}/005\w{15}", answer.json()["id"])
        assert len(base64.b64decode(answer.json()["signature"])) == len(base64.b64decode(known["signature"]))

    def auth_error_response(self, name: str) -> None:
        url = "https://login.salesforce.com/services/oauth2/token"
        self.same(name, 400, self.rest.session.post(url, data={"grant_type": "password"}))

    def expired_session_response(self, name: str) -> None:
        self.org.expire_sessions()
        answer = self.rest("GET", "limits")
        assert (answer.status_code, answer.json()) == (401, load(name))

    def oauth_invalid_token_401(self, name: str) -> None:
        url = f"https://nordwerk.my.salesforce.com/services/data/v{VERSION}/sobjects/Contact"
        answer = self.rest.session.post(url, data="x", headers={"Authorization": "Bearer gone"})
        recorded = parse_xml((FIXTURES / name).read_bytes())
        assert answer.status_code == 401
        assert [(one.tag, one.text) for one in parse_xml(answer.content)] == [(one.tag, one.text) for one in recorded]

    def session_not_valid_for_rest_401(self, name: str) -> None:
        self.org.fail(status=401, times=1, body=(FIXTURES / name).read_bytes())
        answer = self.rest("GET", "limits")
        assert (answer.status_code, answer.json()) == (401, load(name))

    def required_field_missing_400(self, name: str) -> None:
        answer = self.rest("POST", "sobjects/Account", {})
        assert (answer.status_code, answer.json()) == (400, load(name))

    def create_success_response(self, name: str) -> None:
        self.same(name, 201, self.rest("POST", "sobjects/Contact", {"LastName": "A"}))

    def get_deleted_success_response(self, name: str) -> None:
        self.org.people.delete(self.org.people.add("Contact", {"LastName": "A"}))
        self.clock.turn(minutes=1)
        path = "sobjects/Contact/deleted/?start=2026-11-24T07:00:00%2B00:00&end=2026-11-24T09:00:00Z"
        self.same(name, 200, self.rest("GET", path))

    def get_updated_success_response(self, name: str) -> None:
        self.org.people.add("Contact", {"LastName": "A"})
        path = "sobjects/Contact/updated/?start=2026-11-24T07:00:00Z&end=2026-11-24T09:00:00Z"
        self.same(name, 200, self.rest("GET", path))

    def query_success_response(self, name: str) -> None:
        """The recorded object is not ours: what encloses records, parents and children is compared."""
        account = self.org.people.add("Account", {"Name": "A"})
        child = self.org.people.add("Account", {"Name": "B", "ParentId": account})
        self.org.people.add("Contact", {"LastName": "C", "AccountId": child})
        text = "SELECT Name, Parent.Name, (SELECT LastName FROM Contacts) FROM Account WHERE Name = 'B'"
        found = self.rest.ok("GET", f"query?q={text}")
        known = load(name)
        ours, theirs = found.pop("records")[0], known.pop("records")[0]
        assert shape(found) == shape(known)
        assert shape(ours["attributes"]) == shape(theirs["attributes"])
        assert set(ours["Parent"]) == {"attributes", "Name"}
        assert set(theirs["ParentWhizbang__r"]) == {"attributes", "Name", "Text_Label"}
        children = {**theirs["Whizbangs__r"], "records": [{"attributes": {"type": "", "url": ""}, "LastName": ""}]}
        assert shape(ours["Contacts"]) == shape(children)

    def query_paginated_first_page_response(self, name: str) -> None:
        page = self._pages()[0 if "first" in name else 1]
        known = load(name)
        for one in (page, known):
            one["records"] = [record["attributes"] for record in one["records"]]
        assert shape(page) == shape(known)
        assert page["totalSize"] == known["totalSize"]

    query_paginated_last_page_response = query_paginated_first_page_response

    def _pages(self) -> list[dict[str, Any]]:
        for letter in "AB":
            self.org.people.add("Account", {"Name": letter})
        self.org.queries.page = 1
        first = self.rest.ok("GET", "query?q=SELECT Name FROM Account")
        assert re.fullmatch(r"/services/data/v\d\d\.0/query/01g\w{15}-1", first["nextRecordsUrl"])
        return [first, self.rest.ok("GET", first["nextRecordsUrl"].split(f"v{VERSION}/")[1])]

    def upsert_created_success_response(self, name: str) -> None:
        self.same(
            name, 201, self.rest("PATCH", "sobjects/Contact/Email/a@example.com", {"LastName": "A"}, version="45.0")
        )

    def upsert_error_response(self, name: str) -> None:
        answer = self.rest("PATCH", "sobjects/Contact/Namez/x", {"LastName": "A"})
        assert (answer.status_code, answer.json()) == (404, load(name))

    def upsert_multiple_error_response(self, name: str) -> None:
        for letter in "AB":
            self.org.people.add("Contact", {"LastName": letter, "Email": "a@example.com"})
        answer = self.rest("PATCH", "sobjects/Contact/Email/a@example.com", {"LastName": "C"})
        assert (answer.status_code, shape(answer.json())) == (300, shape(load(name)))
        assert len(answer.json()) == len(load(name))

    def collections_insert_ok(self, name: str) -> None:
        records = [
            {"attributes": {"type": "Account"}, "Name": "A"},
            {"attributes": {"type": "Contact"}, "LastName": "A"},
        ]
        self.same(name, 200, self.rest("POST", "composite/sobjects", {"records": records}))

    def collections_insert_partial_duplicate(self, name: str, *, is_all: bool = False) -> None:
        self.org.people.demand_unique("Contact", ["LastName"], blocks=False)
        self.org.people.add("Contact", {"LastName": "A"})
        records = [{"attributes": {"type": "Contact"}, "LastName": letter} for letter in "AB"]
        answer = self.rest("POST", "composite/sobjects", {"allOrNone": is_all, "records": records})
        assert answer.status_code == 200
        known = load(name)
        assert [shape(one) for one in answer.json()] == [shape(one) for one in known]
        assert [one.get("errors") for one in answer.json()] == [one.get("errors") for one in known]

    def collections_insert_allornone_rollback(self, name: str) -> None:
        self.collections_insert_partial_duplicate(name, is_all=True)

    def collections_upsert_contacts_created(self, name: str) -> None:
        known = load(name)
        answer = self.rest("PATCH", "composite/sobjects/Contact/Id", known["request"]["body"])
        assert answer.status_code == known["response"]["status"]
        assert [shape(one) for one in answer.json()] == [shape(one) for one in known["response"]["body"]]
        assert all(one["created"] for one in answer.json())

    def composite_subrequest_404(self, name: str) -> None:
        known = load(name)
        body = json.loads(json.dumps(known["request"]["body"]).replace("vxx.0", f"v{VERSION}"))
        answer = self.rest("POST", "composite", body)
        assert answer.status_code == known["response"]["status"]
        assert answer.headers["Content-Type"] == known["response"]["contentType"]
        found = answer.json()["compositeResponse"]
        for ours, theirs in zip(found, known["response"]["body"]["compositeResponse"], strict=True):
            if theirs["httpStatusCode"] >= 400:
                assert ours == theirs
            else:
                assert shape(ours) == shape(theirs)

    composite_invalid_type = composite_subrequest_404

    def ingest_job_states(self, name: str) -> None:
        body = {"object": "Contact", "operation": "upsert", "externalIdFieldName": "Email", "lineEnding": "LF"}
        made = self.rest.ok("POST", "jobs/ingest", {**body, "columnDelimiter": "COMMA", "contentType": "CSV"})
        path = f"jobs/ingest/{made['id']}"
        url = f"https://nordwerk.my.salesforce.com/services/data/v{VERSION}/{path}/batches"
        headers = {"Authorization": f"Bearer {self.rest.token}", "Content-Type": "text/csv; charset=UTF-8"}
        bodies = [self.rest.ok("GET", path)]
        data = "Email,LastName\na@example.com,A\nb@example.com,B\n"
        assert self.rest.session.put(url, data=data, headers=headers).status_code == 201
        self.rest.ok("PATCH", path, {"state": "UploadComplete"})
        bodies += [self.rest.ok("GET", path) for _ in range(3)]
        for ours, theirs in zip(bodies, load(name), strict=True):
            assert {key: value for key, value in shape(ours).items() if key in theirs} == shape(theirs)
            assert ours["state"] == theirs["state"]

    def session_fault(self, name: str) -> None:
        url = f"https://nordwerk.my.salesforce.com/services/Soap/m/{VERSION}/"
        answer = self.rest.session.post(url, data="<Envelope><Header/><Body><deploy/></Body></Envelope>")
        assert answer.status_code == 500
        assert _tree(parse_xml(answer.content)) == _tree(parse_xml((FIXTURES / name).read_bytes()))

    def describe(self, name: str) -> None:
        known = load(name)
        found = self.rest.ok("GET", f"sobjects/{known['name']}/describe")
        assert set(known) - set(found) == set()
        ours = {field["name"]: field for field in found["fields"]}
        for theirs in known["fields"]:
            if theirs["name"].endswith("__c") or theirs["name"] == "RecordTypeId":
                continue
            field = ours[theirs["name"]]
            assert set(field) == set(theirs)
            differing = {key for key in theirs if field[key] != theirs[key]}
            # a cloud's own objects and the world's time zones are left out
            assert differing <= {"picklistValues", "referenceTo"}, (theirs["name"], differing)
            if theirs["picklistValues"]:
                assert shape(field["picklistValues"]) == shape(theirs["picklistValues"])
        left_out = {
            "fields",
            "label",
            "labelPlural",
            "urls",
            "childRelationships",
            "recordTypeInfos",
            "supportedScopes",
        }
        assert {key for key in set(known) - left_out if found[key] != known[key]} == set()
        theirs = shape(known["childRelationships"][0])
        assert all(
            shape(one) in (theirs, {**theirs, "relationshipName": "NoneType"}) for one in found["childRelationships"]
        )
        assert shape(found["recordTypeInfos"]) == shape(known["recordTypeInfos"])

    def outbound_message_ack(self, name: str) -> None:
        assert acknowledges((FIXTURES / name).read_bytes())

    def outbound_message_contact(self, name: str) -> None:
        receiver = Receiver()
        with Server(receiver.app) as server:
            self.org.outbound.add("Contact", ["Email", "LastModifiedDate", "LastName"], f"{server.base_url}/hook")
            self.org.people.add("Contact", {"LastName": "Lovelace & Co", "Email": "ada@example.com"})
            self.org.people.add("Contact", {"LastName": "Hopper"})
            self.org.outbound.deliver()
        ours, theirs = (ET.fromstring(data) for data in (receiver.bodies[0], (FIXTURES / name).read_bytes()))  # noqa: S314 - our own
        # the second recorded contact was sent without the time of its change
        stamp = "{urn:sobject.enterprise.soap.sforce.com}LastModifiedDate"
        second = ours.findall(".//{*}sObject")[1]
        second.remove(second.find(stamp))  # type: ignore[arg-type]
        assert [(one.tag, sorted(one.attrib)) for one in ours.iter()] == [
            (one.tag, sorted(one.attrib)) for one in theirs.iter()
        ]
        for one, other in zip(ours.iter(), theirs.iter(), strict=True):
            assert re.sub(r"\w", "x", one.text or "")[:15] == re.sub(r"\w", "x", other.text or "")[:15]

    def signature_vectors(self, name: str) -> None:
        for short, full in load(name)["id18"].items():
            assert long_id(short) == full

    def metadata(self, name: str) -> None:
        """The recorded components make an object with its field and its parent, and a permission set."""
        folder = FIXTURES / "metadata"
        assert (FIXTURES / name).parent == folder
        assert self.org.people.deploy_source(str(_source(folder, self.folder))) == []
        assert self.org.schema["Broker__c"].fields["broker_id__c"].facts["externalId"] is True
        assert self.org.schema["Property__c"].fields["broker__c"].refers_to == ("Broker__c",)


def _tree(element: ET.Element) -> Any:
    return element.tag, (element.text or "").strip(), [_tree(child) for child in element]


def _source(recorded: Path, folder: Path) -> Path:
    broker = folder / "objects" / "Broker__c"
    property_ = folder / "objects" / "Property__c"
    for one in (broker / "fields", property_ / "fields"):
        one.mkdir(parents=True)
    text = (recorded / "Broker__c.object-meta.xml").read_text()
    (broker / "Broker__c.object-meta.xml").write_text(text)
    (property_ / "Property__c.object-meta.xml").write_text(text.replace("Broker", "Property"))
    (broker / "fields" / "Broker_Id__c.field-meta.xml").write_text(
        (recorded / "Broker_Id__c.field-meta.xml").read_text()
    )
    (property_ / "fields" / "Broker__c.field-meta.xml").write_text(
        (recorded / "Broker__c.field-meta.xml").read_text()
    )
    return folder


@pytest.mark.parametrize("name", FILES or ["nothing"])
def test_every_recorded_answer_has_the_same_shape(
    fixtures: Path, name: str, org: Salesforce, rest: Rest, clock: Clock, tmp_path: Path
) -> None:
    del fixtures  # skips without the folder
    if name in ELSEWHERE:
        return
    replay = Replay(org, rest, clock, tmp_path)
    folder, stem = Path(name).parent.name, Path(name).name.split(".")[0]
    ask: Callable[[str], None] | None = getattr(replay, folder if folder in {"describe", "metadata"} else stem, None)
    assert ask, f"nothing replays {name}"
    ask(name)


def test_every_word_of_a_refusal_is_one_of_salesforce(fixtures: Path) -> None:
    words = set()
    for name in ("status_codes.txt", "exception_codes.txt"):
        words |= set((fixtures / "soap" / name).read_text().split())
    used = set()
    package = Path(__file__).parents[3] / "scrm" / "sandbox" / "salesforce"
    for file in package.glob("*.py"):
        used |= set(re.findall(r"RefusedError\(\s*\"([A-Z_]+)\"", file.read_text()))
    # words of REST and Bulk 2.0 that SOAP does not have
    own = {
        "NOT_FOUND",
        "METHOD_NOT_ALLOWED",
        "UNSUPPORTED_MEDIA_TYPE",
        "URI_TOO_LONG",
        "API_ERROR",
        "INVALID_LOCATOR",
    }
    bulk = {"INVALIDJOB", "INVALIDJOBSTATE", "INVALIDENTITY"}
    assert used - words - own - bulk == set()
