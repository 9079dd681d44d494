"""A sandbox org with our objects in it, connected."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree as ET

from scrm.config import Settings
from scrm.db import Database
from scrm.runtime import Core
from scrm.sandbox.salesforce import Salesforce
from scrm.sandbox.salesforce.schema import SObject, make_field, make_object
from scrm.sandbox.salesforce.users import PermissionSet
from scrm.sync.crm.salesforce.access import Credentials
from scrm.sync.crm.salesforce.connect import connect
from scrm.sync.crm.salesforce.options import Options
from scrm.sync.crm.salesforce.package import FOLDER, SPACE
from scrm.vault import Vault

TYPES = {
    "DateTime": "datetime",
    "LongTextArea": "textarea",
    "Lookup": "reference",
    "Number": "double",
    "Percent": "percent",
    "Text": "string",
    "Url": "url",
}
INTEGRATION = "integration@nordwerk.example"


def core_for(org: Salesforce, database: Database, settings: Settings) -> Core:
    """An installation for which this org stands in for Salesforce."""
    settings = replace(settings, sandbox_urls=(f"salesforce={org.base_url}",))
    return Core(settings=settings, db=database, vault=Vault.load("", settings.state_dir))


def jwt_of(org: Salesforce, **changes: str) -> Credentials:
    app = org.app()
    values = {key: app[key] for key in ("consumer_key", "private_key", "username")}
    return Credentials(**({"domain": "login"} | values | changes))


def connected(core: Core, org: Salesforce, **options: Any) -> None:
    connect(core, jwt_of(org), Options(**({"share_percent": 100} | options)))


def plant(org: Salesforce) -> None:
    """Our objects as they stand in an org after set-up, open to the integration user."""
    _add_queues(org)
    given = PermissionSet(id="0PS000000000001AAA", name="scrm_Integration", label="scrm Integration")
    for place in sorted((FOLDER / "objects").iterdir()):
        one = _object(place.name, org)
        given.readable_objects.add(one.name.lower())
        given.writable_objects.add(one.name.lower())
        for file in sorted((place / "fields").iterdir()):
            facts = _field(ET.parse(file).getroot())  # noqa: S314 - a file of ours
            one.add(make_field(**facts))
            path = f"{one.name}.{facts['name']}".lower()
            given.readable_fields.add(path)
            given.editable_fields.add(path)
            for parent in facts.get("referenceTo", ()):
                if (found := org.schema.find(parent)) is not None:
                    found.children.append((one.name, facts["name"], "Social_Interactions__r"))
    org.users[INTEGRATION].permission_sets[given.name] = given


def _add_queues(org: Salesforce) -> None:
    """Leads may belong to a queue, so the path to an owner's name leads through queues too."""
    queues = make_object("Group", {"name": "Group", "label": "Group", "labelPlural": "Groups", "keyPrefix": "00G"})
    for name in ("Id", "Name"):
        queues.add(org.schema["User"].fields[name.lower()])
    org.schema.add(queues)


def _object(name: str, org: Salesforce) -> SObject:
    prefix = org.schema.next_custom_prefix()
    one = make_object(name, {"name": name, "label": name, "labelPlural": name, "custom": True, "keyPrefix": prefix})
    for field in org.schema["Contact"].fields.values():
        if field.name in {
            "Id",
            "IsDeleted",
            "OwnerId",
            "CreatedDate",
            "CreatedById",
            "LastModifiedDate",
            "LastModifiedById",
            "SystemModstamp",
        }:
            one.add(field)
    org.schema.add(one)
    org.rows.by_object.setdefault(name, {})
    return one


def _field(root: ET.Element) -> Mapping[str, Any]:
    said = {child.tag.removeprefix(f"{{{SPACE}}}"): child.text or "" for child in root}
    facts: dict[str, Any] = {
        "name": said["fullName"],
        "label": said["label"],
        "type": TYPES[said["type"]],
        "custom": True,
        "permissionable": True,
        "nillable": True,
        "createable": True,
        "updateable": True,
        "unique": said.get("unique") == "true",
        "externalId": said.get("externalId") == "true",
        "idLookup": said.get("externalId") == "true",
        "caseSensitive": said.get("caseSensitive") == "true",
    }
    if said["type"] == "Url":
        facts["length"] = 255
    if "length" in said:
        facts["length"] = int(said["length"])
    if "referenceTo" in said:
        facts["referenceTo"] = [said["referenceTo"]]
        facts["relationshipName"] = said["fullName"].replace("__c", "__r")
    return facts
