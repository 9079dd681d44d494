"""How the fields of a timeline entry become fields in Salesforce: rules as data, checked against what is there.

What we wrote is noted beside the record, field by field, as a hash (`Written__c`): a field that no longer says what
we wrote was edited by somebody. Texts are compared as Salesforce keeps them, without surrounding blanks.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from scrm.i18n import N_, gettext
from scrm.models import RecordKind
from scrm.sync.crm.salesforce.people import when
from scrm.sync.crm.salesforce.shape import INTERACTION, PROFILE, Shape

TEXT_LIMIT = 32_000  # characters; the field takes twice as many, since Salesforce may count an emoji as two
SUBJECT_LIMIT = 255
SHORTEST_TEXT = 255


class Policy(StrEnum):
    """Who wins when both sides have something to say."""

    CRM_WINS = "crm-wins"  # written, unless somebody edited the field in the CRM
    SCRM_WINS = "scrm-wins"  # always written
    FILL_BLANK = "fill-blank"  # written only where the CRM has nothing
    OFF = "off"  # never written


class IfLong(StrEnum):
    """What becomes of a text that is longer than the field."""

    REFUSE = "refuse"
    CUT = "cut"
    BLANK = "blank"  # half an address leads nowhere


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One field: ours, theirs, who wins."""

    kind: RecordKind = RecordKind.INTERACTION
    source: str
    target: str
    policy: Policy = Policy.CRM_WINS
    if_long: IfLong = IfLong.CUT


def _of_profile(source: str, target: str, if_long: IfLong = IfLong.CUT) -> Rule:
    return Rule(kind=RecordKind.PROFILE, source=source, target=target, if_long=if_long)


OBJECT_OF = {RecordKind.PROFILE: PROFILE, RecordKind.INTERACTION: INTERACTION}
DEFAULT = (
    Rule(source="subject", target="Subject__c", if_long=IfLong.REFUSE),
    Rule(source="text", target="Text__c", if_long=IfLong.REFUSE),
    Rule(source="kind", target="Kind__c"),
    Rule(source="direction", target="Direction__c"),
    Rule(source="network", target="Network__c"),
    Rule(source="author", target="Author__c"),
    Rule(source="handle", target="Handle__c"),
    Rule(source="url", target="Permalink__c", if_long=IfLong.BLANK),
    Rule(source="occurred_at", target="Occurred_At__c"),
    Rule(source="edited_at", target="Edited_At__c"),
    Rule(source="native_id", target="Native_Id__c"),
    Rule(source="target", target="Target__c"),
    _of_profile("display_name", "Display_Name__c"),
    _of_profile("handle", "Handle__c"),
    _of_profile("network", "Network__c"),
    _of_profile("url", "Profile_Url__c", IfLong.BLANK),
    _of_profile("native_id", "Native_Id__c"),
    _of_profile("company", "Employer__c"),
    _of_profile("title", "Job_Title__c"),
    _of_profile("location", "Place__c"),
    _of_profile("bio", "About__c"),
    _of_profile("probability", "Match_Probability__c"),
    _of_profile("judged_by", "Match_Source__c"),
    _of_profile("matched_at", "Matched_At__c"),
    _of_profile("evidence", "Match_Evidence__c"),
)
SOURCES = {kind: tuple(rule.source for rule in DEFAULT if rule.kind is kind) for kind in RecordKind}
TIMES = frozenset({"occurred_at", "edited_at", "matched_at"})
NUMBERS = frozenset({"probability"})
NUMBER_TYPES = frozenset({"percent", "double"})
TEXT_TYPES = frozenset({"string", "textarea", "url", "picklist", "email", "phone", "combobox"})


@dataclass(frozen=True, kw_only=True)
class FieldMap:
    """The rules that count, with their version; 0 are those that come along."""

    version: int = 0
    rules: Sequence[Rule] = DEFAULT

    def active(self, kind: RecordKind) -> tuple[Rule, ...]:
        """The rules of one kind of record, those that are off left out."""
        return tuple(rule for rule in self.rules if rule.kind is kind and rule.policy is not Policy.OFF)


def from_stored(version: int, rules: Sequence[Mapping[str, str]]) -> FieldMap:
    """A version as it was kept; a field that scrm did not have then goes where it goes by default."""
    kept = {
        (one.get("kind", RecordKind.INTERACTION), one["source"]): Rule(
            kind=RecordKind(one.get("kind", RecordKind.INTERACTION)),
            source=one["source"],
            target=one["target"],
            policy=Policy(one["policy"]),
            if_long=IfLong(one["if_long"]),
        )
        for one in rules
    }
    return FieldMap(version=version, rules=tuple(kept.get((rule.kind, rule.source), rule) for rule in DEFAULT))


def to_stored(rules: Sequence[Rule]) -> list[dict[str, str]]:
    return [
        {
            "kind": rule.kind.value,
            "source": rule.source,
            "target": rule.target,
            "policy": rule.policy.value,
            "if_long": rule.if_long.value,
        }
        for rule in rules
    ]


def faults(rules: Sequence[Rule], shape: Shape) -> list[str]:
    """What is wrong with these rules in this org, in plain words; an object that is not there is told elsewhere."""
    found = []
    used = [rule for rule in rules if rule.policy is not Policy.OFF and OBJECT_OF[rule.kind] in shape.objects]
    targets = Counter((rule.kind, rule.target) for rule in used)
    twice = N_("%(field)s: two of our fields go there")
    found += [
        gettext(twice, field=f"{OBJECT_OF[kind]}.{name}") for (kind, name), count in targets.items() if count > 1
    ]
    for rule in used:
        fault = _fault(rule, shape.fields(OBJECT_OF[rule.kind]).get(rule.target))
        if fault:
            found.append(fault)
    return found


def _fault(rule: Rule, there: Mapping[str, Any] | None) -> str | None:
    """What is wrong with one rule, its field being like this."""
    if rule.source not in SOURCES[rule.kind]:
        return gettext(N_("%(field)s: scrm has no such field"), field=rule.source)
    field = f"{OBJECT_OF[rule.kind]}.{rule.target}"
    if there is None:
        return gettext(N_("%(field)s: not there, or not open to our user"), field=field)
    if not (there["createable"] and there["updateable"]):
        return gettext(N_("%(field)s: our user may not write it"), field=field)
    if there["type"] not in types_for(rule.source):
        wrong = N_("%(field)s: %(kind)s cannot take our %(source)s")
        return gettext(wrong, field=field, kind=there["type"], source=rule.source)
    if rule.source == "text" and (there["length"] or 0) < SHORTEST_TEXT:
        return gettext(N_("%(field)s: too short for a text"), field=field)
    return None


def types_for(source: str) -> frozenset[str]:
    """The types of fields in Salesforce that take this field of ours."""
    if source in TIMES:
        return frozenset({"datetime"})
    return NUMBER_TYPES if source in NUMBERS else TEXT_TYPES


def as_kept(source: str, value: Any) -> Any:
    """A value as Salesforce keeps it: no blanks around texts, nothing instead of empty ones, whole seconds in UTC."""
    if value is None or value == "":
        return None
    if source in TIMES:
        at = value if isinstance(value, datetime) else when(str(value))
        return at.astimezone(UTC).replace(microsecond=0)  # fields of an organization's own hold no fractions
    if source in NUMBERS:
        return float(value)
    return str(value).replace("\r\n", "\n").strip() or None


def as_sent(value: Any) -> Any:
    """A kept value as it goes into JSON."""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S.000+0000")
    return value


def units(text: str) -> int:
    """The length as Salesforce may count it: an emoji takes two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def fit(rule: Rule, value: Any, length: int | None) -> Any:
    """A kept value that the field takes; a text that is refused stays as it is."""
    if not isinstance(value, str) or length is None or units(value) <= length or rule.if_long is IfLong.REFUSE:
        return value
    if rule.if_long is IfLong.BLANK:
        return None
    while units(value) >= length:
        value = value[: max(0, len(value) - max(1, units(value) - length))]
    return value.rstrip() + "…"


def mark(source: str, value: Any) -> str:
    """A short hash by which an edit is noticed."""
    text = json.dumps(as_sent(as_kept(source, value)), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]
