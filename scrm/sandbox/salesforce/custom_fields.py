"""Makes fields of their metadata: what a CustomField says becomes the facts of a describe answer.

https://developer.salesforce.com/docs/atlas.en-us.api_meta.meta/api_meta/customfield.htm, read 2026-11-24.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scrm.sandbox.salesforce.package import is_true, text
from scrm.sandbox.salesforce.schema import Field, Schema, SObject, make_field

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

TYPES = {
    "AutoNumber": "string",
    "Checkbox": "boolean",
    "Currency": "currency",
    "Date": "date",
    "DateTime": "datetime",
    "Email": "email",
    "LongTextArea": "textarea",
    "Lookup": "reference",
    "MasterDetail": "reference",
    "MultiselectPicklist": "multipicklist",
    "Number": "double",
    "Percent": "percent",
    "Phone": "phone",
    "Picklist": "picklist",
    "Text": "string",
    "TextArea": "textarea",
    "Url": "url",
}
LENGTHS = {"AutoNumber": 30, "Email": 80, "Phone": 40, "Picklist": 255, "TextArea": 255, "Url": 255}
MAY_BE_EXTERNAL_ID = frozenset({"AutoNumber", "Email", "Number", "Text"})
LONGEST_TEXT = 255
SHORTEST_LONG_TEXT, LONGEST_LONG_TEXT = 256, 131_072
MOST_DIGITS = 18
NUMBERED = frozenset({"Number", "Currency", "Percent"})
WRITABLE = {"createable": True, "updateable": True}


class FieldError(ValueError):
    """Metadata that Salesforce would refuse."""


def standard_fields(xml: Element) -> list[Field]:
    """Return the fields every custom object has."""
    name = {"name": "Name", "label": text(xml, "nameField/label", "Name"), "nameField": True, "idLookup": True}
    if text(xml, "nameField/type") == "AutoNumber":
        fixed = {"createable": False, "updateable": False, "autoNumber": True, "defaultedOnCreate": True}
        name |= {**fixed, "length": 30, "nillable": False}
    else:
        name |= {"length": 80}
    fixed = {"defaultedOnCreate": True, "nillable": False}
    by_user = {"type": "reference", "length": 18, "referenceTo": ["User"], **fixed}
    return [
        make_field(name="Id", label="Record ID", type="id", length=18),
        make_field(
            name="OwnerId",
            label="Owner ID",
            **{**by_user, "referenceTo": ["Group", "User"]},
            relationshipName="Owner",
            **WRITABLE,
        ),
        make_field(name="IsDeleted", label="Deleted", type="boolean"),
        make_field(type="string", **{**name, "permissionable": False}),
        make_field(name="CreatedDate", label="Created Date", type="datetime", **fixed),
        make_field(name="CreatedById", label="Created By ID", **by_user, relationshipName="CreatedBy"),
        make_field(name="LastModifiedDate", label="Last Modified Date", type="datetime", **fixed),
        make_field(
            name="LastModifiedById", label="Last Modified By ID", **by_user, relationshipName="LastModifiedBy"
        ),
        make_field(name="SystemModstamp", label="System Modstamp", type="datetime", **fixed),
    ]


def add_field(schema: Schema, one: SObject, name: str, xml: Element) -> None:
    """Add a custom field, or change it; raises FieldError."""
    kind = text(xml, "type")
    if kind not in TYPES:
        raise FieldError(f"'{kind}' is not a valid value for the enum 'FieldType'")
    if not text(xml, "label"):
        raise FieldError("Required field is missing: label")
    known = one.find(name)
    if known is not None and known.type != TYPES[kind]:
        raise FieldError(f"Cannot change type of field {one.name}.{name}")
    facts: dict[str, Any] = {
        "name": name,
        "label": text(xml, "label"),
        "type": TYPES[kind],
        "custom": True,
        "permissionable": True,
        **WRITABLE,
        **_length(kind, xml),
        **_uniqueness(kind, xml),
        **_choices(kind, xml),
        "inlineHelpText": text(xml, "inlineHelpText") or None,
    }
    if kind in {"Lookup", "MasterDetail"}:
        facts |= _lookup(schema, one, name, xml, kind)
    if kind == "Checkbox":
        if not text(xml, "defaultValue"):
            raise FieldError("Must specify 'defaultValue' for a CustomField of type Checkbox")
        facts["defaultValue"] = is_true(xml, "defaultValue")
    if kind == "AutoNumber":
        facts |= {"createable": False, "updateable": False, "autoNumber": True}
    if is_true(xml, "required") or kind == "MasterDetail":
        facts |= {"nillable": False, "permissionable": False}
    one.add(make_field(**facts))


def _length(kind: str, xml: Element) -> dict[str, Any]:
    if kind in LENGTHS:
        return {"length": LENGTHS[kind]}
    if kind in NUMBERED:
        precision, scale = text(xml, "precision"), text(xml, "scale")
        if not precision.isdigit() or not scale.isdigit():
            raise FieldError(f"Must specify 'precision' and 'scale' for a CustomField of type {kind}")
        if not int(scale) <= int(precision) <= MOST_DIGITS:
            raise FieldError(f"Precision must be at most {MOST_DIGITS} and not less than the scale")
        return {"precision": int(precision), "scale": int(scale)}
    if kind not in {"Text", "LongTextArea"}:
        return {}
    length = text(xml, "length")
    if not length.isdigit():
        raise FieldError(f"Must specify 'length' for a CustomField of type {kind}")
    least, most = (1, LONGEST_TEXT) if kind == "Text" else (SHORTEST_LONG_TEXT, LONGEST_LONG_TEXT)
    if not least <= int(length) <= most:
        raise FieldError(f"The length must be between {least} and {most}")
    if kind == "Text":
        return {"length": int(length)}
    if not text(xml, "visibleLines").isdigit():
        raise FieldError("Must specify 'visibleLines' for a CustomField of type LongTextArea")
    unsorted = {"filterable": False, "sortable": False, "groupable": False, "aggregatable": False}
    return {"length": int(length), **unsorted}


def _uniqueness(kind: str, xml: Element) -> dict[str, Any]:
    is_external, is_unique = is_true(xml, "externalId"), is_true(xml, "unique")
    if is_external and kind not in MAY_BE_EXTERNAL_ID:
        raise FieldError(f"Can not specify 'externalId' for a CustomField of type {kind}")
    if is_unique and kind not in MAY_BE_EXTERNAL_ID - {"AutoNumber"}:
        raise FieldError(f"Can not specify 'unique' for a CustomField of type {kind}")
    if text(xml, "caseSensitive") and kind != "Text":
        raise FieldError(f"Can not specify 'caseSensitive' for a CustomField of type {kind}")
    facts = {"externalId": is_external, "unique": is_unique, "caseSensitive": is_true(xml, "caseSensitive")}
    # a custom field is looked up by only when it is an external id
    return {**facts, "idLookup": is_external}


def _choices(kind: str, xml: Element) -> dict[str, Any]:
    if kind not in {"Picklist", "MultiselectPicklist"}:
        return {}
    values = xml.findall("valueSet/valueSetDefinition/value")
    if not values:
        raise FieldError("Must specify a value set for a picklist")
    default = next((text(value, "fullName") for value in values if is_true(value, "default")), None)
    return {
        "picklistValues": [text(value, "fullName") for value in values],
        "restrictedPicklist": is_true(xml, "valueSet/restricted"),
        "defaultValue": default,
        "defaultedOnCreate": default is not None,
    }


def _lookup(schema: Schema, one: SObject, name: str, xml: Element, kind: str) -> dict[str, Any]:
    target = text(xml, "referenceTo")
    parent = schema.find(target)
    if parent is None:
        raise FieldError(f"referenceTo value of '{target}' does not resolve to a valid sObject type")
    relationship = text(xml, "relationshipName")
    if not relationship:
        raise FieldError(f"Must specify 'relationshipName' for a CustomField of type {kind}")
    constraint = text(xml, "deleteConstraint") or "SetNull"
    if constraint not in {"SetNull", "Restrict", "Cascade"}:
        raise FieldError(f"'{constraint}' is not a valid value for the enum 'DeleteConstraint'")
    child = (one.name, name, f"{relationship}__r")
    others = [each for each in parent.children if each[:2] != child[:2]]
    if any(each[2] == child[2] for each in others):
        raise FieldError(f"Duplicate relationship name {relationship} on {parent.name}")
    parent.children[:] = [*others, child]
    return {
        "length": 18,
        "referenceTo": [parent.name],
        "relationshipName": f"{name.removesuffix('c')}r",
        "restrictedDelete": constraint == "Restrict",
        "cascadeDelete": constraint == "Cascade" or kind == "MasterDetail",
    }
