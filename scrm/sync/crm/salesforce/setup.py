"""Set an org up: deploy our objects, give our user its permission set, and say in plain words what is missing."""

import io
import time
from collections.abc import Iterator, Sequence
from typing import Any

from simple_salesforce.api import Salesforce
from simple_salesforce.format import format_soql

from scrm.errors import CrmError
from scrm.failpoints import outside
from scrm.i18n import N_, gettext
from scrm.models import RecordKind
from scrm.sync.crm.salesforce import mapping
from scrm.sync.crm.salesforce.faults import SalesforceRefusedError
from scrm.sync.crm.salesforce.held import ABOVE, KEY, VERSION, WRITTEN, lookups_of
from scrm.sync.crm.salesforce.mapping import OBJECT_OF, FieldMap
from scrm.sync.crm.salesforce.org import Org
from scrm.sync.crm.salesforce.package import TRANSLATIONS, Package
from scrm.sync.crm.salesforce.people import FIELDS, Extra
from scrm.sync.crm.salesforce.shape import INTERACTION, PROFILE, READ, Shape

PERMISSION_SET = "scrm_Integration"
POLL_SECONDS = 1.0
LONGEST_SECONDS = 600.0
NO_GERMAN = N_(
    "Without German texts of the component: German is not switched on there. Switch it on under Setup, Translation "
    "Language Settings, then set up again."
)
DONE, BROKEN = "Succeeded", frozenset({"Failed", "Canceled", "SucceededPartial"})


def deploy(org: Org, package: Package, *, check_only: bool = False) -> list[str]:
    """Deploy all or nothing and wait for the end; gives what Salesforce objects to, nothing when it is done.

    Raises CrmError when it takes longer than ten minutes, CrmAuthError, CrmRetryLaterError.
    """
    deployment = start(org, package, check_only=check_only)
    ends = time.monotonic() + LONGEST_SECONDS
    while time.monotonic() < ends:
        if (objections := look(org, deployment)) is not None:
            return objections
        time.sleep(POLL_SECONDS)
    raise CrmError("Salesforce: the deployment takes longer than ten minutes; see Setup, Deployment Status")


def start(org: Org, package: Package, *, check_only: bool = False) -> str:
    """Have Salesforce begin; gives the id of the deployment. Doing it twice deploys the same twice."""

    def send(client: Salesforce) -> str:
        with outside("salesforce.deploy"):
            started = client.deploy(
                io.BytesIO(package.archive), sandbox=False, checkOnly=str(check_only).lower(), testLevel="NoTestRun"
            )
        return str(started["asyncId"])

    return org.soap(send)


def look(org: Org, deployment: str) -> list[str] | None:
    """What Salesforce objected to, nothing when it is done; None while it is at it."""
    status: dict[str, Any] = org.soap(lambda client: dict(client.checkDeployStatus(deployment)))
    if status["state"] == DONE:
        return []
    if status["state"] in BROKEN:
        return list(_objections(status)) or [str(status["state_detail"] or status["state"])]
    return None


def are_of_language(objections: Sequence[str]) -> bool:
    """Whether nothing but translations is objected to: without them the rest can be deployed."""
    return bool(objections) and all(line.startswith(TRANSLATIONS) for line in objections)


def _objections(status: dict[str, Any]) -> Iterator[str]:
    for one in (status["deployment_detail"] or {}).get("errors", ()):
        yield f"{one['file']}: {one['message']}"


def assign(org: Org, user_id: str) -> bool:
    """Give our user the permission set; False when it may not do that itself."""
    found = list(org.query(format_soql("SELECT Id FROM PermissionSet WHERE Name = {name}", name=PERMISSION_SET)))
    if not found:
        return False
    given = format_soql(
        "SELECT Id FROM PermissionSetAssignment WHERE AssigneeId = {user} AND PermissionSetId = {permission_set}",
        user=user_id,
        permission_set=found[0]["Id"],
    )
    try:
        if not list(org.query(given)):
            body = {"AssigneeId": user_id, "PermissionSetId": found[0]["Id"]}
            org.call("POST", "sobjects/PermissionSetAssignment/", json=body)
    except SalesforceRefusedError:
        return False
    return True


def missing(shape: Shape, field_map: FieldMap, extras: dict[str, Extra]) -> list[str]:
    """What our user cannot read or write, in plain words; empty when all is well."""
    found = []
    for name in READ:
        if not shape.may(name, "queryable"):
            found.append(gettext(N_("%(name)s: our user may not read it"), name=name))
            continue
        wanted = [one for one in (*FIELDS[name], *extras[name].names) if "." not in one]
        closed = [one for one in wanted if one not in shape.fields(name)]
        if closed:
            found.append(
                gettext(
                    N_("%(name)s: these fields are not open to our user: %(fields)s"),
                    name=name,
                    fields=", ".join(closed),
                )
            )
    absent = N_("%(name)s: not there, or not open to our user")
    found += [gettext(absent, name=name) for name in (INTERACTION, PROFILE) if name not in shape.objects]
    for kind in (RecordKind.INTERACTION, RecordKind.PROFILE):
        if OBJECT_OF[kind] in shape.objects:
            found += _records(shape, kind)
    return found + mapping.faults(field_map.rules, shape)


def _records(shape: Shape, kind: RecordKind) -> Iterator[str]:
    """What is missing for the records of one kind."""
    name = OBJECT_OF[kind]
    for verb in ("createable", "updateable", "deletable"):
        if not shape.may(name, verb):
            yield gettext(N_("%(name)s: our user may not change it (%(verb)s)"), name=name, verb=verb)
    fields = shape.fields(name)
    for field in (KEY, VERSION, WRITTEN, *([ABOVE] if kind is RecordKind.INTERACTION else [])):
        if field not in fields:
            yield gettext(N_("%(field)s: not there, or not open to our user"), field=f"{name}.{field}")
    key = fields.get(KEY)
    if key is not None and not (key["externalId"] and key["unique"] and key["caseSensitive"]):
        yield gettext(N_("%(field)s: has to be a unique, case-sensitive external ID"), field=f"{name}.{KEY}")
    if not lookups_of(shape, kind):
        yield gettext(N_("%(name)s: no look-up to a contact, lead or account"), name=name)
