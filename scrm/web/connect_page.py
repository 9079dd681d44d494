"""The page on which a network is connected: its app, signing in there, or an access that is filled in."""

from collections.abc import Mapping
from typing import Final

from flask import render_template, request

from scrm import i18n
from scrm.connectors.base import Connector
from scrm.connectors.manifest import CredentialField, Rule, Status
from scrm.connectors.registry import connectors
from scrm.errors import InputError, NetworkError, SealError
from scrm.i18n import N_, gettext
from scrm.ingest import apps
from scrm.models import Connection
from scrm.web import current
from scrm.web.guides import set_up_page

RULES: Final = {
    Rule.ALLOWED: N_("allowed"),
    Rule.CONSENT: N_("only with the person's consent"),
    Rule.FORBIDDEN: N_("not allowed"),
}
PROBLEMS: Final = {
    "AccessRevokedError": N_("The network no longer accepts our access. Sign in again; nothing is read until then."),
    "AccessExpiredError": N_("The access ran out and could not be renewed. Sign in again."),
    "RetryLaterError": N_("The network does not answer or asks us to wait. We try again by ourselves."),
    "UnavailableError": N_("The network no longer offers this list to us. The other lists go on."),
    "PayloadError": N_("The network's answers have changed their form. Items we cannot read are set aside."),
    "HostRefusedError": N_("The address leads to a private host and is not on the list of allowed ones."),
    "SealError": N_("The stored access cannot be opened with our keys. Sign in again."),
    "BudgetSpentError": N_("The budget is used up. Reading goes on by itself when it begins anew."),
    "VersionDeadError": N_("The network no longer serves the version of its API that we speak. Choose a newer one."),
}
OTHER_PROBLEM: Final = N_("Reading fails. We try again by ourselves.")
REFUSALS: Final = {  # while somebody waits at the page nothing is tried again by itself
    "RetryLaterError": N_("The network does not answer now, or asks us to wait. Try again in a while."),
    "UnavailableError": N_("The network does not let your app do this. Look at the app's id, secret and rights."),
    "HostRefusedError": PROBLEMS["HostRefusedError"],
}
OTHER_REFUSAL: Final = N_("The network's answer is not as expected. Try again in a while.")
CLOSED: Final = N_("The app's stored values cannot be opened with our keys. Fill them in again.")
LONGEST_FIELD: Final = 4_000


def offered(network: str) -> Connector | None:
    """The connector of a network that can be connected today."""
    found = connectors().get(network)
    return None if found is None or found.manifest.status in {Status.RETIRED, Status.ARCHIVE} else found


def filled(fields: tuple[CredentialField, ...]) -> dict[str, str]:
    """What was filled into these fields, and into the address."""
    names = [field.name for field in fields]
    return {name: request.form.get(name, "")[:LONGEST_FIELD] for name in (*names, "base_url")}


def show(
    connector: Connector, *, row: Connection | None = None, fault: str | None = None, word: str | None = None
) -> str:
    """The page, with what went wrong or well. Secrets are never filled in."""
    manifest = connector.manifest
    named = {field.name for field in manifest.credential_fields}
    addresses = dict(url.partition("=")[::2] for url in current.core().settings.sandbox_urls)
    app, closed = _app(connector)
    return render_template(
        "connect.html",
        manifest=manifest,
        row=row,
        fault=fault or closed,
        word=word,
        app=app,
        app_is_ready=not apps.missing(manifest, app),
        app_addresses=_addresses(connector),
        signs_in=connector.oauth is not None,
        is_pasted=request.method == "POST" and bool(named & request.form.keys()),
        needs_address=row is None and "base_url" not in named and not manifest.default_base_url,
        sandbox_url=addresses.get(manifest.key, ""),
        filled={
            field.name: request.form.get(field.name, "")
            for field in manifest.credential_fields
            if not field.is_secret
        },
        rules=RULES,
        guide=set_up_page(manifest.key, i18n.language.get()),
    )


def refusal(why: InputError | NetworkError) -> str:
    """Why something that a person asked for did not work."""
    if isinstance(why, InputError):
        return gettext(str(why))
    return gettext(REFUSALS.get(type(why).__name__, OTHER_REFUSAL))


def _app(connector: Connector) -> tuple[Mapping[str, str], str | None]:
    """The app's values, as just filled in where there was a fault."""
    try:
        values, closed = apps.values_of(current.core(), connector.manifest.key), None
    except SealError:
        values, closed = {field.name: field.default for field in connector.manifest.app_fields}, gettext(CLOSED)
    typed = {
        field.name: request.form[field.name][:LONGEST_FIELD]
        for field in connector.manifest.app_fields
        if field.name in request.form and not field.is_secret
    }
    return values | typed, closed


def _addresses(connector: Connector) -> list[tuple[str, str]]:
    """Our addresses that the network's own form asks for."""
    settings, network = current.core().settings, connector.manifest.key
    found = []
    if connector.oauth is not None:
        found.append((gettext("Redirect address"), apps.redirect_address(settings, network)))
    if connector.push is not None:
        found.append((gettext("Webhook address"), apps.webhook_address(settings, network)))
    return found
