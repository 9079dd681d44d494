"""What describe answers: all objects in brief, or one in full, with what the asking user may see.

Keys and their order as in the recorded answers of SFDO-Tooling/CumulusCI, read 2026-11-24.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scrm.sandbox.salesforce.schema import Field, Schema, SObject
    from scrm.sandbox.salesforce.users import User

BRIEF = (
    "activateable",
    "associateEntityType",
    "associateParentEntity",
    "createable",
    "custom",
    "customSetting",
    "deepCloneable",
    "deletable",
    "deprecatedAndHidden",
    "feedEnabled",
    "hasSubtypes",
    "isInterface",
    "isSubtype",
    "keyPrefix",
    "label",
    "labelPlural",
    "layoutable",
    "mergeable",
    "mruEnabled",
    "name",
    "queryable",
    "replicateable",
    "retrieveable",
    "searchable",
    "triggerable",
    "undeletable",
    "updateable",
)
RIGHTS = ("createable", "updateable", "deletable")
MASTER_RECORD_TYPE = "012000000000000AAA"


def describe_global(schema: Schema, user: User, base: str) -> dict[str, Any]:
    """`base` is the path of the version, `/services/data/v68.0`."""
    known = sorted(schema.objects.values(), key=lambda each: each.name)
    rows = [brief(one, base) for one in known if user.may_read_object(one)]
    return {"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": rows}


def brief(one: SObject, base: str) -> dict[str, Any]:
    """Return what the list of objects says of one."""
    own = f"{base}/sobjects/{one.name}"
    facts = {**one.facts, "name": one.name}
    urls = {"rowTemplate": f"{own}/{{ID}}", "describe": f"{own}/describe", "sobject": own}
    return {**{key: facts[key] for key in BRIEF}, "urls": urls}


def describe_object(one: SObject, schema: Schema, user: User, base: str, site: str) -> dict[str, Any]:
    """`site` is the address people open, for the links of the pages."""
    own = f"{base}/sobjects/{one.name}"
    facts = {key: value for key, value in one.facts.items() if key != "recordTypeInfos"}
    return {
        **facts,
        "name": one.name,
        **{right: facts[right] and user.may_write_object(one, right) for right in RIGHTS},
        "fields": [_field(field, user, one) for field in one.fields.values() if user.may_read(one, field)],
        "recordTypeInfos": [_master_record_type(own)],
        "urls": _urls(one, own, site),
        "childRelationships": [_child(*child) for child in one.children if schema.find(child[0])],
    }


def _field(field: Field, user: User, one: SObject) -> dict[str, Any]:
    facts = field.facts
    may_write = user.may_edit(one, field)
    length = facts["length"]
    return {
        **facts,
        "byteLength": length if field.type in {"id", "reference"} else length * 3,
        "createable": facts["createable"] and may_write,
        "updateable": facts["updateable"] and may_write,
        "picklistValues": [_choice(value, facts["defaultValue"]) for value in field.choices],
    }


def _choice(value: str, default: object) -> dict[str, Any]:
    return {"active": True, "defaultValue": value == default, "label": value, "validFor": None, "value": value}


def _master_record_type(own: str) -> dict[str, Any]:
    return {
        "active": True,
        "available": True,
        "defaultRecordTypeMapping": True,
        "developerName": "Master",
        "master": True,
        "name": "Master",
        "recordTypeId": MASTER_RECORD_TYPE,
        "urls": {"layout": f"{own}/describe/layouts/{MASTER_RECORD_TYPE}"},
    }


def _urls(one: SObject, own: str, site: str) -> dict[str, str]:
    return {
        "compactLayouts": f"{own}/describe/compactLayouts",
        "rowTemplate": f"{own}/{{ID}}",
        "approvalLayouts": f"{own}/describe/approvalLayouts",
        "uiDetailTemplate": f"{site}/{{ID}}",
        "uiEditTemplate": f"{site}/{{ID}}/e",
        "listviews": f"{own}/listviews",
        "describe": f"{own}/describe",
        "uiNewRecord": f"{site}/{one.prefix}/e",
        "quickActions": f"{own}/quickActions",
        "layouts": f"{own}/describe/layouts",
        "sobject": own,
    }


def _child(name: str, field: str, relationship: str | None) -> dict[str, Any]:
    return {
        "cascadeDelete": False,
        "childSObject": name,
        "deprecatedAndHidden": False,
        "field": field,
        "junctionIdListNames": [],
        "junctionReferenceTo": [],
        "relationshipName": relationship,
        "restrictedDelete": False,
    }
