"""Fields, for the admin: which of ours goes where in Salesforce and who wins, and which of theirs are read.

A change is checked against what the organization shows us, shown on real records before it counts, and is a new
version that can be taken back. What stands there already follows only by a plan that somebody approves.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from scrm.connectors.registry import connectors
from scrm.errors import ConfigError, CrmError
from scrm.i18n import N_, gettext
from scrm.models import Contact, RecordKind, Role, TimelineEntry
from scrm.sync.crm import active_crm
from scrm.sync.crm.salesforce import connect as links
from scrm.sync.crm.salesforce import mapping
from scrm.sync.crm.salesforce.access import CRM_ID
from scrm.sync.crm.salesforce.adapter import SalesforceCrm
from scrm.sync.crm.salesforce.held import Change
from scrm.sync.crm.salesforce.mapping import IfLong, Policy, Rule
from scrm.sync.crm.salesforce.people import READS
from scrm.sync.crm.salesforce.shape import READ, Shape
from scrm.sync.rows import Sent, as_written, load
from scrm.web import current, wording
from scrm.web.crm import in_words
from scrm.web.roles import allow

blueprint = Blueprint("crm_fields", __name__, url_prefix="/admin/crm/fields")

SAMPLE: Final = 5
POLICIES: Final = {
    Policy.CRM_WINS: N_("The CRM wins"),
    Policy.SCRM_WINS: N_("scrm wins"),
    Policy.FILL_BLANK: N_("Fill blanks only"),
    Policy.OFF: N_("Never written"),
}
LONG: Final = {IfLong.CUT: N_("cut"), IfLong.BLANK: N_("leave blank"), IfLong.REFUSE: N_("set aside")}
SAID: Final = {
    "author": N_("Author"),
    "bio": N_("About"),
    "company": N_("Employer"),
    "direction": N_("Direction"),
    "display_name": N_("Name"),
    "edited_at": N_("Edited at"),
    "evidence": N_("Findings"),
    "handle": N_("Handle"),
    "judged_by": N_("Who decided"),
    "kind": N_("Kind"),
    "location": N_("Place"),
    "matched_at": N_("Linked at"),
    "native_id": N_("Id at the network"),
    "network": N_("Network"),
    "occurred_at": N_("When"),
    "probability": N_("Probability"),
    "subject": N_("Subject"),
    "target": N_("What it answers"),
    "text": N_("Text"),
    "title": N_("Job title"),
    "url": N_("Address"),
}
KINDS: Final = {
    "handle": N_("a handle at a network"),
    "url": N_("an address of a profile or site"),
    "email": N_("an e-mail address"),
    "language": N_("the language"),
}


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One of our fields, with the fields there that could take it."""

    rule: Rule
    there: dict[str, Any] | None
    targets: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One real record and what the rules on trial would change on it."""

    row: Sent
    changes: Sequence[Change]


@blueprint.get("")
@allow(Role.ADMIN)
def show() -> ResponseReturnValue:
    """The rules that count."""
    return _page() if links.chosen_before(current.core()) else redirect(url_for("crm.show"))


@blueprint.post("")
@allow(Role.ADMIN)
def change() -> ResponseReturnValue:
    """Show what other rules would change, or let them count from now on."""
    core, kind = current.core(), request.form.get("kind", "")
    if kind not in list(RecordKind):
        abort(400)
    try:
        org = SalesforceCrm(core)
        rules = [_filled(rule) if rule.kind == kind else rule for rule in org.field_map.rules]
        _refuse(mapping.faults(rules, org.shape))
        if request.form.get("act") != "save":
            return _page(rules=rules, samples=_samples(org, RecordKind(kind), rules), open_kind=kind)
        version = links.store_rules(core, rules, current.user().id)
    except (ConfigError, CrmError) as why:
        return _page(fault=in_words(why), open_kind=kind), 400
    flash(gettext("Version %(num)s of the rules counts from now on.", num=version), "word")
    return redirect(url_for("crm_fields.show"))


@blueprint.post("/back")
@allow(Role.ADMIN)
def take_back() -> ResponseReturnValue:
    """Let the rules before count again."""
    try:
        version = links.take_rules_back(current.core(), current.user().id)
        flash(gettext("The rules before count again, as version %(num)s.", num=version), "word")
    except ConfigError as why:
        flash(in_words(why), "fault")
    return redirect(url_for("crm_fields.show"))


@blueprint.post("/read")
@allow(Role.ADMIN)
def read() -> ResponseReturnValue:
    """Read one more field of the organization's own, or one no longer."""
    core, form = current.core(), request.form
    name, field, kind = form.get("object", ""), form.get("field", "").strip()[:80], form.get("kind", "")
    network = form.get("network", "")
    no_longer = form.get("act") == "remove"
    if name not in READ or kind not in READS:
        abort(400)
    try:
        chosen = links.options_of(core)
        if not no_longer:
            _refuse(_read_faults(name, field, kind, network))
        extra = chosen.extras[name].changed(field, kind, network, no_longer=no_longer)
        links.change(core, replace(chosen, extras=dict(chosen.extras) | {name: extra}), current.user().id)
    except (ConfigError, CrmError) as why:
        flash(in_words(why), "fault")
    current.wake("pull")
    return redirect(url_for("crm_fields.show"))


def _refuse(faults: list[str]) -> None:
    if faults:
        raise ConfigError(faults)


def _read_faults(name: str, field: str, kind: str, network: str) -> list[str]:
    """Why a field cannot be read as that."""
    if kind == "handle" and network not in connectors():
        return [gettext("Name the network.")]
    if field not in SalesforceCrm(current.core()).shape.fields(name):
        return [gettext("%(field)s: not there, or not open to our user", field=f"{name}.{field}")]
    return []


def _page(
    *,
    fault: str = "",
    rules: Sequence[Rule] | None = None,
    samples: Sequence[Sample] | None = None,
    open_kind: str = "",
) -> str:
    core = current.core()
    org = SalesforceCrm(core)
    shape = org.kept_shape
    with core.db.read() as db:
        is_used = active_crm(db) == CRM_ID
    shown = org.field_map.rules if rules is None else rules
    return render_template(
        "crm_fields.html",
        fault=fault,
        is_used=is_used,
        versions=links.versions_of_rules(core)[:10],
        tables={kind: [_choice(rule, shape) for rule in shown if rule.kind is kind] for kind in RecordKind},
        objects=mapping.OBJECT_OF,
        faults=[] if fault else mapping.faults(shown, shape),
        samples=samples,
        is_trial=rules is not None,
        open_kind=open_kind,
        policies=POLICIES,
        long=LONG,
        said=SAID,
        is_text=lambda rule: mapping.types_for(rule.source) is mapping.TEXT_TYPES,
        extras=org.options.extras,
        shape=shape,
        read=READ,
        kinds=KINDS,
        networks=sorted(connectors(), key=lambda name: wording.network_label(name).casefold()),
    )


def _choice(rule: Rule, shape: Shape) -> Choice:
    fields = shape.fields(mapping.OBJECT_OF[rule.kind])
    types = mapping.types_for(rule.source)
    fitting = {
        name for name, one in fields.items() if one["type"] in types and one["createable"] and one["updateable"]
    }
    targets = sorted(fitting | {rule.target})
    there = fields.get(rule.target)
    return Choice(rule=rule, there=dict(there) if there else None, targets=targets)


def _filled(rule: Rule) -> Rule:
    """A rule as it was filled in; raises ConfigError."""
    given = {part: request.form.get(f"{part}.{rule.source}", "")[:80] for part in ("target", "rule", "long")}
    try:
        policy = Policy(given["rule"] or rule.policy)
        if_long = IfLong(given["long"] or rule.if_long)
    except ValueError:
        abort(400)
    return replace(rule, target=given["target"].strip() or rule.target, policy=policy, if_long=if_long)


def _samples(org: SalesforceCrm, kind: RecordKind, rules: Sequence[Rule]) -> list[Sample]:
    """The newest records of a kind, and what these rules would change on them."""
    with current.core().db.read() as db:
        wanted = select(TimelineEntry).join(Contact, Contact.id == TimelineEntry.contact_id)
        mine = (TimelineEntry.crm_id == CRM_ID) & (TimelineEntry.kind == kind.value)
        newest = wanted.where(mine, TimelineEntry.is_wanted.is_(True)).order_by(TimelineEntry.id.desc())
        rows = load(db, db.scalars(newest.limit(SAMPLE)).all())
        batch = [as_written(row, org.describe()) for row in rows]
    if not batch:
        return []
    found = dict(org.preview(rules, batch))
    return [Sample(row=row, changes=found[row.entry.external_key]) for row in rows]
