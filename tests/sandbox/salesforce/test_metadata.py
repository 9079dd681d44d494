"""Deploying metadata with the real client: objects can be described and written, faults undo the whole package."""

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from simple_salesforce.api import Salesforce as Client

from scrm.sandbox.salesforce import Salesforce
from scrm.sandbox.salesforce.package import Component, parse_xml, read_zip
from tests.sandbox.salesforce.conftest import VERSION, Rest
from tests.sandbox.salesforce.doorway import session_to
from tests.sandbox.salesforce.metadata import FIELDS, KEY, package, writer

PLACES = {
    "code": "lwc/hello/hello.js",
    "labels": "labels/CustomLabels.labels",
    "german": "translations/de.translation",
}
SOURCE = Path(__file__).parents[3] / "salesforce"


def admin(org: Salesforce) -> Any:
    token = org.open_session("admin@nordwerk.example")
    return Client(session_id=token, instance_url=org.base_url, version=VERSION, session=session_to(org))


def deploy(org: Salesforce, zipped: io.BytesIO, **options: Any) -> tuple[str, list[dict[str, str]]]:
    """The final state of a deployment and what was wrong."""
    client = admin(org)
    number = client.deploy(zipped, sandbox=False, **options)["asyncId"]
    assert client.checkDeployStatus(number)["state"] == "InProgress"
    done = client.checkDeployStatus(number)
    return done["state"], done["deployment_detail"]["errors"]


def test_a_deployed_object_is_described_and_written_by_who_has_the_permission_set(
    rest: Rest, org: Salesforce
) -> None:
    assert deploy(org, package()) == ("Succeeded", [])
    assert rest("GET", "sobjects/Note__c/describe").status_code == 404
    assert rest("GET", "query?q=SELECT+Id+FROM+Note__c").json()[0]["errorCode"] == "INVALID_TYPE"
    org.people.assign("Writer", "integration@nordwerk.example")
    described = rest.ok("GET", "sobjects/Note__c/describe")
    fields = {field["name"]: field for field in described["fields"]}
    assert (described["keyPrefix"], described["custom"]) == ("a00", True)
    key = fields["Key__c"]
    assert (key["externalId"], key["unique"], key["caseSensitive"], key["length"]) == (True, True, True, 20)
    assert fields["Contact__c"]["relationshipName"] == "Contact__r"
    assert [choice["value"] for choice in fields["Mood__c"]["picklistValues"]] == ["Good", "Bad"]
    assert fields["Needed__c"]["nillable"] is False


def test_a_component_is_compiled_against_labels_and_languages_that_are_there(org: Salesforce) -> None:
    manifest = '<Package xmlns="http://soap.sforce.com/2006/04/metadata"><version>68.0</version></Package>'
    label = (
        "<CustomLabels><labels><fullName>Hello</fullName><language>en_US</language><protected>false</protected>"
        "<shortDescription>Hello</shortDescription><value>Hello</value></labels></CustomLabels>"
    )
    german = "<Translations><customLabels><label>Hallo</label><name>{}</name></customLabels></Translations>"
    code = 'import hello from "@salesforce/label/c.Hello";'

    def send(**files: str) -> list[str]:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            archive.writestr("package.xml", manifest)
            for name, data in files.items():
                archive.writestr(PLACES[name], data)
        return [error["message"] for error in deploy(org, io.BytesIO(out.getvalue()))[1]]

    assert send(code=code) == ["Invalid reference c.Hello of type label"]
    assert send(labels=label.replace("<value>Hello</value>", "")) == ["Required field is missing: value"]
    assert send(labels=label, german=german.format("Hello")) == ["Not available for deploy for this organization"]
    assert org.deploying.labels == {}
    org.people.translate_to("de")
    assert send(labels=label, german=german.format("Other")) == ["In field: name - no CustomLabel named Other found"]
    assert send(code=code, labels=label, german=german.format("Hello")) == []
    assert org.deploying.labels == {"Hello": {"en_US": "Hello", "de": "Hallo"}}


def test_a_key_tells_capitals_apart_and_must_be_unique(notes: Rest, org: Salesforce) -> None:
    for key, status in (("yt:Ab", 201), ("yt:aB", 201), ("yt:Ab", 200), ("with%2Fslash", 201)):
        assert notes("PATCH", f"sobjects/Note__c/Key__c/{key}", {"Needed__c": "x"}).status_code == status
    rows = notes.query("SELECT Name, Key__c, Mood__c FROM Note__c ORDER BY Name")
    assert [row["Name"] for row in rows] == ["N-0001", "N-0002", "N-0003"]
    assert [row["Key__c"] for row in rows] == ["yt:Ab", "yt:aB", "with/slash"]
    assert rows[0]["Mood__c"] == "Good"
    assert len(notes.query("SELECT Id FROM Note__c WHERE Key__c = 'yt:Ab'")) == 1
    twice = notes("POST", "sobjects/Note__c", {"Needed__c": "x", "Key__c": "yt:Ab"}).json()[0]
    assert twice["errorCode"] == "DUPLICATE_VALUE"
    assert twice["message"].startswith("duplicate value found: Key__c duplicates value on record with id: a00")
    assert notes("PATCH", "sobjects/Note__c/Key__c/x", {"Needed__c": "x", "Key__c": "x"}).status_code == 400
    assert org.ledger()[-1]["external_ids"] == {"Key__c": "with/slash"}


def test_a_parent_is_named_by_its_own_key(notes: Rest, org: Salesforce) -> None:
    contact = org.people.add("Contact", {"LastName": "A", "Email": "a@example.com"})
    body = {"Needed__c": "x", "Contact__r": {"Email": "a@example.com"}}
    notes.ok("PATCH", "sobjects/Note__c/Key__c/1", body)
    (row,) = notes.query("SELECT Contact__c, Contact__r.LastName FROM Note__c")
    assert (row["Contact__c"], row["Contact__r"]["LastName"]) == (contact, "A")
    lost = notes("PATCH", "sobjects/Note__c/Key__c/2", {"Needed__c": "x", "Contact__r": {"Email": "b@example.com"}})
    assert lost.json()[0]["message"] == (
        "Foreign key external ID: b@example.com not found for field Email in entity Contact"
    )
    (parent,) = notes.query("SELECT (SELECT Key__c FROM Notes__r) FROM Contact")
    assert parent["Notes__r"]["totalSize"] == 1


def test_a_deployed_rule_refuses_an_older_version(notes: Rest) -> None:
    def write(version: int | None) -> Any:
        return notes("PATCH", "sobjects/Note__c/Key__c/1", {"Needed__c": "x", "Version__c": version})

    assert [write(2).status_code, write(2).status_code, write(3).status_code] == [201, 200, 200]
    refused = write(2)
    assert (refused.status_code, refused.json()) == (
        400,
        [{"message": "older version", "errorCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION"}],
    )


def test_a_field_no_permission_set_gives_does_not_exist(rest: Rest, org: Salesforce) -> None:
    deploy(org, package(permissions=writer("Contact__c")))
    org.people.assign("Writer", "integration@nordwerk.example")
    unknown = rest("PATCH", "sobjects/Note__c/Key__c/1", {"Needed__c": "x"})
    assert (unknown.status_code, unknown.json()[0]["message"]) == (
        404,
        "Provided external ID field does not exist or is not accessible: Key__c",
    )


@pytest.mark.parametrize(
    ("fields", "permissions", "said"),
    [
        (KEY.replace("<length>20</length>", ""), writer(), "Must specify 'length'"),
        (KEY.replace("Text", "Url").replace("<length>20</length>", ""), writer(), "Can not specify 'externalId'"),
        (KEY.replace("Key__c", "Key"), writer(), "field names end in __c"),
        (KEY, writer("Nonsense__c"), "no CustomField named Note__c.Nonsense__c found"),
        (
            KEY.replace("<unique>", "<required>true</required><unique>"),
            writer("Key__c"),
            "required field: Note__c.Key__c",
        ),
        (
            KEY + "<validationRules><fullName>R</fullName><active>true</active><errorMessage>m</errorMessage>"
            "<errorConditionFormula>NONSENSE(Key__c)</errorConditionFormula></validationRules>",
            writer(),
            "Unknown function NONSENSE",
        ),
    ],
)
def test_one_fault_undoes_the_whole_package(org: Salesforce, fields: str, permissions: str, said: str) -> None:
    state, errors = deploy(org, package(fields, permissions))
    assert state == "Failed"
    assert said in errors[0]["message"]
    assert org.schema.find("Note__c") is None


def test_a_check_deploys_nothing(org: Salesforce) -> None:
    assert deploy(org, package(), checkOnly="true") == ("Succeeded", [])
    assert org.schema.find("Note__c") is None


def test_source_form_or_no_zip_is_refused(org: Salesforce) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("objects/Note__c/Note__c.object-meta.xml", "<CustomObject/>")
    assert "No package.xml" in deploy(org, out)[1][0]["message"]
    assert "Not a zip file" in deploy(org, io.BytesIO(b"nonsense"))[1][0]["message"]


def test_a_session_that_ended_is_a_fault(org: Salesforce) -> None:
    answer = session_to(org).post(
        "https://nordwerk.my.salesforce.com/services/Soap/m/68.0/deployRequest",
        data="<Envelope><Header><SessionHeader><sessionId>x</sessionId></SessionHeader></Header><Body/></Envelope>",
    )
    assert answer.status_code == 500
    assert "<faultcode>sf:INVALID_SESSION_ID</faultcode>" in answer.text


def test_the_metadata_this_project_ships_can_be_deployed_to_it(org: Salesforce) -> None:
    assert org.people.deploy_source(str(SOURCE)) == []
    assert org.schema.find("Social_Profile__c")


def test_a_custom_setting_needs_neither_a_name_field_nor_sharing(org: Salesforce) -> None:
    xml = parse_xml(
        b"<CustomObject><customSettingsType>Hierarchy</customSettingsType><label>Hook</label>"
        b"<visibility>Protected</visibility></CustomObject>"
    )
    assert org.people.deploy([Component(kind="CustomObject", name="Hook__c", file="Hook__c", xml=xml)]) == []
    assert org.schema["Hook__c"].facts["customSetting"] is True


def test_rights_on_an_object_are_single_ones(rest: Rest, org: Salesforce) -> None:
    assert org.people.deploy(read_zip(package(permissions=writer("Key__c", without="allowDelete")).getvalue())) == []
    org.people.assign("Writer", "integration@nordwerk.example")
    described = rest.ok("GET", "sobjects/Note__c/describe")
    assert (described["createable"], described["deletable"]) == (True, False)
    made = rest.ok("POST", "sobjects/Note__c", {"Needed__c": "x"})
    refused = rest("DELETE", f"sobjects/Note__c/{made['id']}")
    assert (refused.status_code, refused.json()[0]["errorCode"]) == (403, "INSUFFICIENT_ACCESS_OR_READONLY")


@pytest.mark.parametrize(
    ("constraint", "status", "left"), [("Restrict", 400, 1), ("Cascade", 204, 0), ("SetNull", 204, 1)]
)
def test_a_lookup_decides_what_a_deletion_does_to_its_record(
    rest: Rest, org: Salesforce, constraint: str, status: int, left: int
) -> None:
    fields = FIELDS.replace("SetNull", constraint)
    assert org.people.deploy(read_zip(package(fields, writer("Contact__c")).getvalue())) == []
    org.people.assign("Writer", "integration@nordwerk.example")
    contact = org.people.add("Contact", {"LastName": "A"})
    note = org.people.add("Note__c", {"Needed__c": "x", "Contact__c": contact})
    assert rest("DELETE", f"sobjects/Contact/{contact}").status_code == status
    rows = rest.query("SELECT Id, Contact__c FROM Note__c")
    assert len(rows) == left
    if constraint == "SetNull":
        assert rows == [{**rows[0], "Id": note, "Contact__c": None}]
