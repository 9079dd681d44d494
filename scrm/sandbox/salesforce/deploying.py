"""Deploys components into an org: all of a package, or nothing of it, with a fault for each component that has one.

Sentences of the faults are from memory, 2026-11-24; what is checked is what the Metadata API's developer guide says
of CustomObject, CustomField, ValidationRule, PermissionSet, CustomLabels and Translations, read the same day. An org
takes translations only of languages that are switched on (forcedotcom/cli, issue 1272), at first of none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scrm.sandbox.salesforce import formulas
from scrm.sandbox.salesforce.custom_fields import FieldError, add_field, standard_fields
from scrm.sandbox.salesforce.package import Component, is_true, text
from scrm.sandbox.salesforce.rows import Row
from scrm.sandbox.salesforce.rules import FormulaRule
from scrm.sandbox.salesforce.schema import make_object
from scrm.sandbox.salesforce.users import PermissionSet

if TYPE_CHECKING:
    from collections.abc import Sequence
    from xml.etree.ElementTree import Element

    from scrm.sandbox.salesforce.ids import Ids
    from scrm.sandbox.salesforce.rows import Rows
    from scrm.sandbox.salesforce.rules import Rules
    from scrm.sandbox.salesforce.schema import Schema
    from scrm.sandbox.salesforce.users import Actor

ORDER = ("CustomObject", "CustomField", "ValidationRule", "PermissionSet", "CustomLabels", "Translations")
LABEL_PARTS = {"fullName": 80, "language": 10, "protected": 5, "shortDescription": 80, "value": 1000}  # longest
# a custom setting has neither a name of its own nor sharing
OBJECT_PARTS = ("label", "pluralLabel", "nameField/label", "nameField/type", "deploymentStatus", "sharingModel")
RIGHTS = {"allowCreate": "createable", "allowEdit": "updateable", "allowDelete": "deletable"}
CUSTOM = re.compile(r"[A-Za-z](?:_?[A-Za-z0-9])*__c")


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What is wrong with one component."""

    component: Component
    problem: str


@dataclass(kw_only=True)
class Deploying:
    """Changes the metadata of one org. Whoever calls holds the org's lock."""

    schema: Schema
    rows: Rows
    rules: Rules
    ids: Ids
    permission_sets: dict[str, PermissionSet] = field(default_factory=dict)
    labels: dict[str, dict[str, str]] = field(default_factory=dict)  # by name the texts by language
    languages: set[str] = field(default_factory=set)  # that are translated to

    def deploy(self, actor: Actor, components: Sequence[Component], *, check_only: bool = False) -> list[Fault]:
        """Deploy all, and return no faults; or nothing, and return them."""
        objects, rules = self.schema.objects, list(self.rules.formulas)
        sets, labels = self.permission_sets, self.labels
        self.schema.objects = {name: one.copy() for name, one in objects.items()}
        self.permission_sets = dict(sets)
        self.labels = {name: dict(texts) for name, texts in labels.items()}
        faults = []
        for component in sorted(components, key=_rank):
            try:
                self._names_labels(component)
                if component.xml is not None:
                    self._one(component, component.xml)
            except (FieldError, formulas.FormulaError) as exc:
                faults.append(Fault(component=component, problem=str(exc)))
        if faults or check_only:
            self.schema.objects, self.permission_sets, self.labels = objects, sets, labels
            self.rules.formulas[:] = rules
        else:
            self._note_sets(actor)
        return faults

    def _one(self, component: Component, xml: Element) -> None:
        if component.kind == "CustomObject":
            self._object(component.name, xml)
        elif component.kind == "CustomField":
            self._field(component.name, xml)
        elif component.kind == "ValidationRule":
            self._rule(component.name, xml)
        elif component.kind == "PermissionSet":
            self._set(component.name, xml)
        elif component.kind == "CustomLabels":
            self._labels(xml)
        elif component.kind == "Translations":
            self._translations(component.name, xml)

    def _object(self, name: str, xml: Element) -> None:
        known = self.schema.find(name)
        if known is not None and not known.is_custom:
            return
        if name == "Activity":
            return
        if not CUSTOM.fullmatch(name):
            raise FieldError(f"{name}: object names end in __c")
        is_setting = bool(text(xml, "customSettingsType"))
        for path in ("label",) if is_setting else OBJECT_PARTS:
            if not text(xml, path):
                raise FieldError(f"Required field is missing: {path}")
        features = {is_true(xml, each) for each in ("enableBulkApi", "enableSharing", "enableStreamingApi")}
        if len(features) > 1:
            raise FieldError("enableSharing, enableBulkApi and enableStreamingApi must have the same value")
        prefix = known.prefix if known else self.schema.next_custom_prefix()
        facts = {
            "label": text(xml, "label"),
            "labelPlural": text(xml, "pluralLabel") or text(xml, "label"),
            "keyPrefix": prefix,
            "custom": True,
            "customSetting": is_setting,
            "mergeable": False,
            "feedEnabled": is_true(xml, "enableFeeds"),
            "searchable": is_true(xml, "enableSearch"),
        }
        one = make_object(name, facts)
        for each in standard_fields(xml):
            one.add(each)
        if known:
            one.fields |= {key: each for key, each in known.fields.items() if each.facts["custom"]}
            one.children = known.children
            one.last_number = known.last_number
        one.number_format = text(xml, "nameField/displayFormat") or "{0}"
        self.schema.add(one)

    def _field(self, path: str, xml: Element) -> None:
        name, _, field_name = path.partition(".")
        if not CUSTOM.fullmatch(field_name):
            if self.schema.find(name) and self.schema[name].find(field_name):
                return
            raise FieldError(f"{path}: field names end in __c")
        for each in ("Task", "Event") if name == "Activity" else (name,):
            one = self.schema.find(each)
            if one is None:
                raise FieldError(f"Entity Enumeration Or ID: no object named {each}")
            add_field(self.schema, one, field_name, xml)

    def _rule(self, path: str, xml: Element) -> None:
        name, _, rule_name = path.partition(".")
        one = self.schema.find(name)
        if one is None:
            raise FieldError(f"no object named {name}")
        self.rules.formulas[:] = [
            rule for rule in self.rules.formulas if (rule.object, rule.name) != (one.name, rule_name)
        ]
        if not is_true(xml, "active"):
            return
        formula = formulas.parse(text(xml, "errorConditionFormula"), {each.name for each in one.fields.values()})
        message = text(xml, "errorMessage")
        if not message:
            raise FieldError("Required field is missing: errorMessage")
        display = text(xml, "errorDisplayField") or None
        rule = FormulaRule(object=one.name, name=rule_name, message=message, field=display, refuses=formula)
        self.rules.formulas.append(rule)

    def _set(self, name: str, xml: Element) -> None:
        known = self.permission_sets.get(name)
        given = PermissionSet(id=known.id if known else self.ids.new("0PS"), name=name, label=text(xml, "label"))
        if not given.label:
            raise FieldError("Required field is missing: label")
        for item in xml.findall("objectPermissions"):
            one = text(item, "object")
            if self.schema.find(one) is None:
                raise FieldError(f"In field: field - no CustomObject named {one} found")
            if is_true(item, "allowEdit") and not is_true(item, "allowRead"):
                raise FieldError(f"Permission Edit {one} depends on permission(s): Read {one}")
            if is_true(item, "allowRead"):
                given.readable_objects.add(one.lower())
            for tag, right in RIGHTS.items():
                if is_true(item, tag):
                    given.writable_objects.setdefault(right, set()).add(one.lower())
        for item in xml.findall("fieldPermissions"):
            self._give_field(given, item)
        self.permission_sets[name] = given

    def _give_field(self, given: PermissionSet, item: Element) -> None:
        path = text(item, "field")
        name, _, field_name = path.partition(".")
        for each in ("Task", "Event") if name == "Activity" else (name,):
            one = self.schema.find(each)
            found = one.find(field_name) if one else None
            if found is None:
                raise FieldError(f"In field: field - no CustomField named {path} found")
            if not found.facts["permissionable"]:
                raise FieldError(f"You cannot deploy to a required field: {path}")
            key = f"{each}.{field_name}".lower()
            if is_true(item, "readable"):
                given.readable_fields.add(key)
            if is_true(item, "editable"):
                given.editable_fields.add(key)

    def _labels(self, xml: Element) -> None:
        for item in xml.findall("labels"):
            for path, longest in LABEL_PARTS.items():
                value = text(item, path)
                if not value:
                    raise FieldError(f"Required field is missing: {path}")
                if len(value) > longest:
                    raise FieldError(f"Value too long for field: {path} maximum length is:{longest}")
            self.labels.setdefault(text(item, "fullName"), {})[text(item, "language")] = text(item, "value")

    def _translations(self, language: str, xml: Element) -> None:
        if language not in self.languages:
            raise FieldError("Not available for deploy for this organization")
        for item in xml.findall("customLabels"):
            name, value = text(item, "name"), text(item, "label")
            if name not in self.labels:
                raise FieldError(f"In field: name - no CustomLabel named {name} found")
            if not 0 < len(value) <= LABEL_PARTS["value"]:
                raise FieldError("Value too long for field: label, or none")
            self.labels[name][language] = value

    def _names_labels(self, component: Component) -> None:
        """A Lightning component is compiled against the labels of the org."""
        for name in component.labels:
            if name not in self.labels:
                raise FieldError(f"Invalid reference c.{name} of type label")

    def _note_sets(self, actor: Actor) -> None:
        """Give every permission set its record, so that it can be found and assigned."""
        one = self.schema["PermissionSet"]
        for given in self.permission_sets.values():
            if given.id not in self.rows.of(one):
                stamp = self.rows.stamp()
                times = dict.fromkeys(("CreatedDate", "LastModifiedDate", "SystemModstamp"), stamp)
                by = dict.fromkeys(("CreatedById", "LastModifiedById"), actor.user.id)
                values = {"Id": given.id, "Name": given.name, "Label": given.label, **times, **by}
                self.rows.put(one, Row(object=one.name, values=values))


def _rank(component: Component) -> int:
    return ORDER.index(component.kind) if component.kind in ORDER else len(ORDER)
