"""Fills an org with the sandbox's cast: companies as accounts, people as contacts, handles in fields of its own.

Nobody here exists; see `scrm/sandbox/cast.py`.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from scrm.sandbox.cast import contacts_csv
from scrm.sandbox.salesforce.package import Component, parse_xml

if TYPE_CHECKING:
    from scrm.sandbox.salesforce.org import Salesforce

HANDLES = {"Mastodon": "Mastodon__c", "Bluesky": "Bluesky__c", "X": "X__c"}
STANDARD = ("FirstName", "LastName", "Email", "Title", "MailingCity", "MailingCountry", "Phone")
HANDLE_FIELD = """<CustomField><fullName>{name}</fullName><label>{label}</label><type>Text</type><length>255</length>
</CustomField>"""
GIVEN = (
    "<fieldPermissions><editable>true</editable><field>Contact.{name}</field><readable>true</readable>"
    "</fieldPermissions>"
)


def fill(org: Salesforce, username: str) -> dict[str, str]:
    """Make everybody the CRM knows, let this user see the handles, and return contact ids by the id of the export."""
    faults = org.people.deploy(_handle_fields())
    if faults:
        raise ValueError(f"the fields for handles cannot be deployed: {faults[0]}")
    org.people.assign("Handles", username)
    accounts: dict[str, str] = {}
    contacts = {}
    for row in csv.DictReader(io.StringIO(contacts_csv())):
        company = row["Account Name"]
        if company and company not in accounts:
            account = {"Name": company, "Website": row["Website"] or None}
            accounts[company] = org.people.add("Account", account)
        fields = {name: row[name] or None for name in STANDARD}
        fields |= {name: row[column] or None for column, name in HANDLES.items()}
        contacts[row["Id"]] = org.people.add("Contact", {**fields, "AccountId": accounts.get(company)})
    return contacts


def _handle_fields() -> list[Component]:
    found = []
    for label, name in HANDLES.items():
        xml = parse_xml(HANDLE_FIELD.format(name=name, label=label).encode())
        found.append(Component(kind="CustomField", name=f"Contact.{name}", file=name, xml=xml))
    given = "".join(GIVEN.format(name=name) for name in HANDLES.values())
    xml = parse_xml(f"<PermissionSet><label>Handles</label>{given}</PermissionSet>".encode())
    return [*found, Component(kind="PermissionSet", name="Handles", file="Handles", xml=xml)]
