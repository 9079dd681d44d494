"""How the fields of a timeline entry become fields in Salesforce: rules as data, checked against what is there.

What we wrote is noted beside the record, field by field, as a hash (`Written__c`): a field that no longer says what
we wrote was edited by somebody. Texts are compared as Salesforce keeps them, without surrounding blanks.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from scrm.i18n import N_, gettext
from scrm.sync.crm.salesforce.people import when
from scrm.sync.crm.salesforce.shape import INTERACTION, Shape

TEXT_LIMIT = 32_000  # characters; the field takes twice as many, since Salesforce may count an emoji as two
SUBJECT_LIMIT = 255


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

    source: str
    target: str
    policy: Policy = Policy.CRM_WINS
    if_long: IfLong = IfLong.CUT


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
)
SOURCES = tuple(rule.source for rule in DEFAULT)
TIMES = frozenset({"occurred_at", "edited_at"})
TEXT_TYPES = frozenset({"string", "textarea", "url", "picklist", "email", "phone", "combobox"})


@dataclass(frozen=True, kw_only=True)
class FieldMap:
    """The rules that count, with their version; 0 are those that come along."""

    version: int = 0
    rules: Sequence[Rule] = DEFAULT

    @property
    def active(self) -> tuple[Rule, ...]:
        return tuple(rule for rule in self.rules if rule.policy is not Policy.OFF)


def from_stored(version: int, rules: Sequence[Mapping[str, str]]) -> FieldMap:
    return FieldMap(
        version=version,
        rules=tuple(
            Rule(
                source=one["source"],
                target=one["target"],
                policy=Policy(one["policy"]),
                if_long=IfLong(one["if_long"]),
            )
            for one in rules
        ),
    )


def to_stored(rules: Sequence[Rule]) -> list[dict[str, str]]:
    return [
        {
            "source": rule.source,
            "target": rule.target,
            "policy": rule.policy.value,
            "if_long": rule.if_long.value,
        }
        for rule in rules
    ]


def faults(rules: Sequence[Rule], shape: Shape) -> list[str]:
    """What is wrong with these rules in this org, in plain words."""
    found = []
    fields = shape.fields(INTERACTION)
    targets = [rule.target for rule in rules if rule.policy is not Policy.OFF]
    found += [
        gettext(N_("%(field)s: two of our fields go there"), field=one)
        for one in {t for t in targets if targets.count(t) > 1}
    ]
    for rule in rules:
        if rule.policy is Policy.OFF:
            continue
        there = fields.get(rule.target)
        if rule.source not in SOURCES:
            found.append(gettext(N_("%(field)s: scrm has no such field"), field=rule.source))
        elif there is None:
            found.append(gettext(N_("%(field)s: not there, or not open to our user"), field=rule.target))
        elif not (there["createable"] and there["updateable"]):
            found.append(gettext(N_("%(field)s: our user may not write it"), field=rule.target))
        elif there["type"] not in ({"datetime"} if rule.source in TIMES else TEXT_TYPES):
            found.append(
                gettext(
                    N_("%(field)s: %(kind)s cannot take our %(source)s"),
                    field=rule.target,
                    kind=there["type"],
                    source=rule.source,
                )
            )
        elif rule.source == "text" and (there["length"] or 0) < 255:
            found.append(gettext(N_("%(field)s: too short for a text"), field=rule.target))
    return found


def as_kept(source: str, value: Any) -> Any:
    """A value as Salesforce keeps it: no blanks around texts, nothing instead of an empty text, times in UTC."""
    if value is None or value == "":
        return None
    if source in TIMES:
        at = value if isinstance(value, datetime) else when(str(value))
        return at.astimezone(UTC).replace(microsecond=at.microsecond // 1000 * 1000)
    return str(value).replace("\r\n", "\n").strip() or None


def as_sent(value: Any) -> Any:
    """A kept value as it goes into JSON."""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S.") + f"{value.microsecond // 1000:03d}+0000"
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
    text = json.dumps([source, as_sent(as_kept(source, value))], ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]
