"""Connect an org, change what was chosen for it, disconnect it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from simple_salesforce.format import format_soql
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from scrm.db import upsert
from scrm.errors import ConfigError
from scrm.failpoints import outside
from scrm.i18n import N_, gettext
from scrm.models import AuditEntry, CrmConnection, CrmFieldMap, CrmSetup, CrmState, PlanState, WritePlan
from scrm.runtime import Core
from scrm.sync import plan as plans
from scrm.sync.contacts import mark_pull_due
from scrm.sync.crm.salesforce.access import CRM_ID, TOKEN, Credentials, Token, seal, session_for, sign_in
from scrm.sync.crm.salesforce.faults import SalesforceRefusedError
from scrm.sync.crm.salesforce.ids import full_id
from scrm.sync.crm.salesforce.mapping import FieldMap, Rule, from_stored, to_stored
from scrm.sync.crm.salesforce.options import Options
from scrm.sync.crm.salesforce.org import Org

OTHER = N_("This is another organization than the one connected until now: disconnect that one first.")


def connect(core: Core, credentials: Credentials, options: Options, user_id: int | None = None) -> Options:
    """Sign in, ask the org who it is, and store both; gives the options with what the org said.

    Connecting again replaces the access and keeps all else. Raises ConfigError, CrmAuthError, CrmRetryLaterError.
    """
    credentials.check()
    options.check()
    with outside("salesforce.first_sign_in"):
        value, host = sign_in(credentials, session_for(core))
    org = Org(core, version=options.api_version, token=Token(value=value, host=host, version=-1))
    known = _identified(org, options, credentials.username)
    now = core.db.clock.now()
    values = {
        "credentials": seal(core, credentials),
        "token": core.vault.seal({"value": value, "host": host}, TOKEN),
        "options": known.stored(),
        "shape": {},
        "shape_at": None,
        "refresh_lease_until": None,
    }
    with core.db.write("salesforce.connect") as session:
        row = session.get(CrmConnection, CRM_ID)
        if row is not None and Options.from_stored(row.options).organization_id != known.organization_id:
            raise ConfigError([gettext(OTHER)])
        session.execute(
            upsert(session, CrmConnection).on_conflict_do_update(
                index_elements=["crm_id"], set_=values | {"token_version": CrmConnection.token_version + 1}
            ),
            [{"crm_id": CRM_ID, "is_active": False, "token_version": 0, "calls_made": 0, **values}],
        )
        # whoever was refused before may be known again
        session.execute(
            update(CrmState)
            .where(CrmState.crm_id == CRM_ID)
            .values(problem=None, problem_since=None, wait_until=None)
        )
        session.add(AuditEntry(at=now, user_id=user_id, action="crm.connected", object=f"crm/{CRM_ID}"))
    return known


def _who(org: Org, username: str) -> str:
    """The id of our user; empty when an app that may only use the API is not told."""
    try:
        found = org.userinfo().get("user_id")
    except SalesforceRefusedError:
        rows = list(org.query(format_soql("SELECT Id FROM User WHERE Username = {name}", name=username)))
        found = rows[0]["Id"] if rows else None
    return full_id(str(found or "")) or ""


def _identified(org: Org, options: Options, username: str) -> Options:
    with outside("salesforce.identify"):
        user_id = _who(org, username)
        (row,) = org.query("SELECT Id, Name, IsSandbox FROM Organization")
    return replace(
        options,
        organization_id=str(full_id(str(row["Id"]))),
        organization=str(row["Name"]),
        is_sandbox=bool(row["IsSandbox"]),
        user_id=user_id,
    )


def options_of(core: Core) -> Options:
    """What was chosen; raises ConfigError when no org is connected."""
    with core.db.read() as session:
        return Options.from_stored(_row(session).options)


def chosen_before(core: Core) -> Options | None:
    """What was chosen, if an org is connected."""
    with core.db.read() as session:
        row = session.get(CrmConnection, CRM_ID)
    return Options.from_stored(row.options) if row is not None else None


def change(core: Core, options: Options, user_id: int | None = None) -> None:
    """Choose anew; raises ConfigError. People are read from the beginning when other fields count."""
    options.check()
    with core.db.write("salesforce.change") as session:
        row = _row(session)
        if Options.from_stored(row.options).extras != options.extras:
            session.execute(update(CrmState).where(CrmState.crm_id == CRM_ID).values(cursor=None))
            if row.is_active:
                mark_pull_due(session, CRM_ID, core.db.clock.now())
        before, row.options, row.shape_at = dict(row.options), options.stored(), None
        session.add(_entry(core, "crm.changed", user_id, before=before, after=row.options))


def use(core: Core, *, is_active: bool, user_id: int | None = None) -> None:
    """From now on contacts are read from this org and timelines written to it, or no longer."""
    now = core.db.clock.now()
    with core.db.write("salesforce.use") as session:
        row = _row(session)
        before, row.is_active = row.is_active, is_active
        if is_active:
            mark_pull_due(session, CRM_ID, now)
        else:
            _rest(session)
        ended = (PlanState.DONE.value, PlanState.DISCARDED.value)
        for plan in session.scalars(select(WritePlan).where(WritePlan.state.not_in(ended))):
            plans.discard(session, plan.public_id, now, user_id)  # it was made for the CRM used until now
        action = "crm.used" if is_active else "crm.rested"
        change = {"before": {"is_active": before}, "after": {"is_active": is_active}}
        session.add(_entry(core, action, user_id, **change))


def disconnect(core: Core, user_id: int | None = None) -> None:
    """Forget the access; contacts and entries stay as they are."""
    with core.db.write("salesforce.disconnect") as session:
        session.execute(delete(CrmConnection).where(CrmConnection.crm_id == CRM_ID))
        session.execute(delete(CrmSetup).where(CrmSetup.crm_id == CRM_ID))
        _rest(session)
        session.add(_entry(core, "crm.disconnected", user_id))


def store_rules(core: Core, rules: Sequence[Rule], user_id: int | None = None) -> int:
    """Make these rules the ones that count, as a new version; gives its number."""
    with core.db.write("salesforce.rules") as session:
        newest = select(func.max(CrmFieldMap.version)).where(CrmFieldMap.crm_id == CRM_ID)
        version = (session.scalar(newest) or 0) + 1
        session.add(CrmFieldMap(crm_id=CRM_ID, version=version, rules=to_stored(rules), made_at=core.db.clock.now()))
        action = f"crm.rules-{version}"
        change = {"before": {"version": version - 1}, "after": {"version": version}}
        session.add(_entry(core, action, user_id, **change))
    return version


def versions_of_rules(core: Core) -> list[CrmFieldMap]:
    """Every version of the rules that was stored, the newest first."""
    with core.db.read() as session:
        mine = select(CrmFieldMap).where(CrmFieldMap.crm_id == CRM_ID)
        return list(session.scalars(mine.order_by(CrmFieldMap.version.desc())))


def take_rules_back(core: Core, user_id: int | None = None) -> int:
    """Let the rules before the newest count again, as a new version; before the first are those that come along."""
    versions = versions_of_rules(core)
    if not versions:
        raise ConfigError([gettext(N_("There is no version of the rules to take back."))])
    before = from_stored(versions[1].version, versions[1].rules) if len(versions) > 1 else FieldMap()
    return store_rules(core, before.rules, user_id)


def _entry(core: Core, action: str, user_id: int | None, **change: Any) -> AuditEntry:
    """An entry of the audit log; `change`: before and after."""
    now = core.db.clock.now()
    return AuditEntry(at=now, user_id=user_id, action=action, object=f"crm/{CRM_ID}", **change)


def _rest(session: Session) -> None:
    """Nothing is read from the org any more."""
    session.execute(update(CrmState).where(CrmState.crm_id == CRM_ID).values(due_at=None))


def _row(session: Session) -> CrmConnection:
    row = session.get(CrmConnection, CRM_ID)
    if row is None:
        raise ConfigError(["Salesforce is not connected; run `scrm crm connect`"])
    return row
