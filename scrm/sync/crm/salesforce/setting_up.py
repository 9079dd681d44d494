"""Setting an org up from a page: ordered by a person, begun and followed by a job, each step safe to repeat.

A process that ends between the beginning of a deployment and its note begins another one of the same; Salesforce
takes both, and the second changes nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import update

from scrm import logs
from scrm.db import upsert
from scrm.errors import ConfigError, CrmError, CrmRetryLaterError
from scrm.i18n import N_
from scrm.models import AuditEntry, CrmSetup, claim, still_mine
from scrm.runtime import Core
from scrm.sync.crm.salesforce import setup
from scrm.sync.crm.salesforce.access import CRM_ID
from scrm.sync.crm.salesforce.adapter import SalesforceCrm
from scrm.sync.crm.salesforce.package import Package, build, new_fields
from scrm.sync.crm.salesforce.shape import Shape

log = logs.get(__name__)

POLL = timedelta(seconds=2)
OUTAGE = timedelta(seconds=60)
LONGEST = timedelta(minutes=30)
MOST_CRASHES = 5
CRASHED = N_("It stopped one worker after another.")
TOO_LONG = N_("It takes longer than half an hour. Look at Setup, Deployment Status.")


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """What a set-up would create: names by the type of metadata, and the fields among them that are new."""

    members: Mapping[str, tuple[str, ...]]
    fields: tuple[str, ...]
    fields_as_they_are: int


def outlook(shape: Shape, version: str) -> Outlook:
    """What would be deployed to an org that looks like this; asks nobody. Raises ConfigError."""
    package = build(shape, version)
    fields = tuple(new_fields(package, shape))
    others = {kind: names for kind, names in package.members.items() if kind != "CustomField"}
    same = len(package.members["CustomField"]) - len(fields)
    return Outlook(members=others, fields=fields, fields_as_they_are=same)


def order(core: Core, *, is_check_only: bool, user_id: int | None = None) -> None:
    """Have the org set up, or Salesforce check only; whatever was under way is no longer followed."""
    now = core.db.clock.now()
    values: dict[str, Any] = {
        "is_check_only": is_check_only,
        "native_id": None,
        "objections": [],
        "problem": None,
        "has_rights": None,
        "ordered_at": now,
        "ordered_by": user_id,
        "ended_at": None,
        "due_at": now,
        "lease_until": None,
        "crash_count": 0,
    }
    action = "crm.setup_checked" if is_check_only else "crm.setup_ordered"
    with core.db.write("setup.order") as session:
        session.execute(
            upsert(session, CrmSetup).on_conflict_do_update(
                index_elements=["crm_id"], set_=values | {"generation": CrmSetup.generation + 1}
            ),
            [{"crm_id": CRM_ID, "generation": 0, **values}],
        )
        session.add(AuditEntry(at=now, user_id=user_id, action=action, object=f"crm/{CRM_ID}"))


def advance(core: Core) -> bool:
    """Take the next step of a set-up that is due; True when another can be taken at once."""
    with core.db.write("setup.claim") as session:
        claimed = claim(session, CrmSetup, core.db.clock.now(), seconds=core.settings.lease_seconds)
    if not claimed:
        return False
    row = claimed[0]
    try:
        is_late = core.db.clock.now() - row.ordered_at > LONGEST
        if row.crash_count < MOST_CRASHES and not is_late:
            return _step(core, row)
        _end(core, row, {"problem": TOO_LONG if is_late else CRASHED})
    except CrmRetryLaterError:
        _note(core, row, {"due_at": core.db.clock.now() + OUTAGE})
    except (CrmError, ConfigError) as why:
        log.warning("setup_ended", error=type(why).__name__)
        _end(core, row, {"problem": str(why)})
    return False


def _step(core: Core, row: CrmSetup) -> bool:
    crm = SalesforceCrm(core)
    if row.native_id is None:
        package: Package = build(crm.look_again(), crm.options.api_version)
        begun = setup.start(crm.org, package, check_only=row.is_check_only)
        _note(core, row, {"native_id": begun, "due_at": core.db.clock.now()})
        return True
    objections = setup.look(crm.org, row.native_id)
    if objections and setup.are_of_language(objections):
        begun = setup.start(crm.org, untranslated(crm), check_only=row.is_check_only)
        _note(core, row, {"native_id": begun, "objections": objections, "due_at": core.db.clock.now()})
        return True
    if objections is None:
        _note(core, row, {"due_at": core.db.clock.now() + POLL})
        return False
    has_rights = None
    if not objections and not row.is_check_only:
        has_rights = setup.assign(crm.org, crm.options.user_id)
        crm.look_again()
    _end(core, row, {"objections": objections or row.objections, "has_rights": has_rights})
    return False


def untranslated(crm: SalesforceCrm) -> Package:
    """What is deployed where German is not switched on."""
    return build(crm.look_again(), crm.options.api_version, is_translated=False)


def _end(core: Core, row: CrmSetup, values: dict[str, Any]) -> None:
    _note(core, row, values | {"ended_at": core.db.clock.now(), "due_at": None})


def _note(core: Core, row: CrmSetup, values: dict[str, Any]) -> None:
    """Write down how far it is, unless it was ordered anew meanwhile, and give the claim back."""
    with core.db.write("setup.note") as session:
        session.execute(
            update(CrmSetup)
            .where(CrmSetup.crm_id == row.crm_id, still_mine(row))
            .values(lease_until=None, crash_count=0, **values)
        )
