"""The app that an installation registered with a network: its values, sealed, one row per network.

Values are texts by the names of the manifest's app_fields. Only what differs from a field's default is kept, so a
default that a newer release brings counts for everybody who has not chosen otherwise.
"""

import secrets
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from scrm.config import Settings
from scrm.connectors.base import Connector
from scrm.connectors.manifest import CredentialField, Manifest
from scrm.connectors.registry import connector_for
from scrm.db import upsert
from scrm.errors import HostRefusedError, InputError, SealError
from scrm.http import check_url
from scrm.i18n import N_
from scrm.models import AuditEntry, NetworkApp
from scrm.runtime import Core
from scrm.vault import Vault

GENERATED_BYTES = 32


def place(network: str) -> str:
    """Where the values are sealed for; a copy in another row does not open."""
    return f"network_app/{network}/values"


def redirect_address(settings: Settings, network: str) -> str:
    """Where the network sends whoever signed in; entered in the network's own form, letter by letter."""
    return f"{settings.base_url}/connections/sign-in/{network}"


def webhook_address(settings: Settings, network: str) -> str:
    """Where the network tells what happened."""
    return f"{settings.base_url}/webhooks/{network}"


def values_of(core: Core, network: str) -> dict[str, str]:
    """The app's values: what the manifest says, overlaid by what the admin filled in. Raises SealError."""
    manifest = connector_for(network).manifest
    if not manifest.app_fields:
        return {}
    with core.db.read() as session:
        stored = _stored(session, core.vault, network)
    return {field.name: field.default for field in manifest.app_fields} | stored


def off_lists(core: Core, network: str) -> frozenset[str]:
    """Names of the lists that the app's values switch off; none when the values cannot be opened."""
    try:
        app = values_of(core, network)
    except SealError:
        return frozenset()
    return frozenset(stream.name for stream in connector_for(network).streams if not stream.is_on(app))


def missing(manifest: Manifest, values: Mapping[str, str]) -> tuple[CredentialField, ...]:
    """What an admin still has to fill in before anybody can sign in."""
    return tuple(field for field in manifest.app_fields if _is_needed(field) and not values.get(field.name))


def default_base_url(connector: Connector, form: Mapping[str, str], app: Mapping[str, str]) -> str:
    """The address to connect to: what was filled in, else the app's, else the connector's."""
    return form.get("base_url") or app.get("api_url") or connector.base_url(form)


def save(core: Core, network: str, form: Mapping[str, str], user_id: int | None) -> None:
    """Check and keep what the admin filled in; raises InputError for what can be corrected.

    A secret that is left empty stays as it is, any other field goes back to its default. What is ours to make is made
    once and then stays: it stands in the network's form.
    """
    manifest = connector_for(network).manifest
    filled = {field.name: _checked(core.settings, field, form) for field in manifest.app_fields}
    now = core.db.clock.now()
    with core.db.write("app.save") as session:
        _make_row(session, core.vault, network, now)
        row = session.get_one(NetworkApp, network, with_for_update=True)
        before = _opened(core.vault, row)
        after = _merged(manifest, before, filled)
        lacking = missing(manifest, {field.name: field.default for field in manifest.app_fields} | after)
        if lacking:
            raise InputError(N_("Something is missing: fill in every field."))
        row.values, row.updated_at = core.vault.seal(after, place(network)), now
        changed = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
        session.add(
            AuditEntry(
                at=now,
                user_id=user_id,
                action="network_app.saved",
                object=f"network_app/{network}",
                after={"changed": changed},  # names alone: values are secrets
            )
        )


def _make_row(session: Session, vault: Vault, network: str, now: datetime) -> None:
    """So that two admins saving for the first time wait for each other."""
    empty = {"network": network, "values": vault.seal({}, place(network)), "updated_at": now}
    session.execute(upsert(session, NetworkApp).values(empty).on_conflict_do_nothing())


def _stored(session: Session, vault: Vault, network: str) -> dict[str, str]:
    row = session.get(NetworkApp, network)
    return vault.open(row.values, place(network)) if row is not None else {}


def _opened(vault: Vault, row: NetworkApp) -> dict[str, str]:
    """What is kept so far; what cannot be opened any more may be filled in anew."""
    try:
        return vault.open(row.values, place(row.network))
    except SealError:
        return {}


def _merged(manifest: Manifest, before: Mapping[str, str], filled: Mapping[str, str]) -> dict[str, str]:
    """What is kept from now on."""
    after: dict[str, str] = {}
    for field in manifest.app_fields:
        if field.is_generated:
            value = before.get(field.name) or secrets.token_urlsafe(GENERATED_BYTES)
        elif field.is_secret and not filled[field.name]:
            value = before.get(field.name, "")
        else:
            value = filled[field.name]
        if value and value != field.default:
            after[field.name] = value
    return after


def _is_needed(field: CredentialField) -> bool:
    return not (field.is_advanced or field.is_generated or field.default)


def _checked(settings: Settings, field: CredentialField, form: Mapping[str, str]) -> str:
    """One field's text; an address without the slash at its end, because paths are put after it."""
    value = form.get(field.name, "").strip()
    if value and field.choices and value not in field.choices:
        raise InputError(N_("Something was chosen that is not on the list."))
    if value and field.name.endswith("_url"):
        value = value.rstrip("/")
        try:
            check_url(value, settings.allowed_hosts)
        except HostRefusedError as why:
            raise InputError(N_("An address must begin with https:// and lead to a public host.")) from why
    return value
