"""Viva Engage, formerly Yammer: what is said in the company's own network, and who says and likes it.

Microsoft's Graph has the network's communities and nothing of what is said in them; that is told by Yammer's own REST
API alone, to people and never to apps (learn.microsoft.com/rest/api/yammer, read 2026-11-23). So a service account
signs in, and what it may read is read.
"""

from datetime import date

from scrm.connectors.base import Account, Api, Connector
from scrm.connectors.entra import OFFLINE, EntraOAuth, entra_fields, refreshed
from scrm.connectors.manifest import CredentialField, Manifest, RateLimit, Rule, Scope, Status, Terms
from scrm.connectors.yammer.client import CALLS, CLIENT, WINDOW, current_user
from scrm.connectors.yammer.communities import Communities
from scrm.connectors.yammer.feeds import Followed, Messages, PrivateMessages
from scrm.connectors.yammer.people import People
from scrm.connectors.yammer.recheck import Recheck
from scrm.connectors.yammer.threads import Threads
from scrm.connectors.yammer.translation import NETWORK, profile
from scrm.errors import AccessExpiredError, AccessRevokedError
from scrm.i18n import N_
from scrm.records import ProfileRecord

API_URL = "https://www.yammer.com"
SCOPES = (
    Scope(
        name="https://www.yammer.com/.default",
        reason=N_(
            "To read what the account sees in Viva Engage. Microsoft has one right for reading and writing; scrm"
            " writes nothing."
        ),
    ),
    OFFLINE,
)


class VivaEngage(Connector):
    """What scrm knows of this network."""

    manifest = Manifest(
        key=NETWORK,
        label="Viva Engage",
        mark="Ve",
        status=Status.LIVE,
        terms=Terms(
            match=Rule.ALLOWED,
            store=Rule.ALLOWED,
            show=Rule.ALLOWED,
            write_to_crm=Rule.ALLOWED,
            keep_hours=None,
            source="https://learn.microsoft.com/en-us/rest/api/yammer/",
            read_on=date(2026, 11, 23),
            note=N_(
                "It is your company's own network, so your company's rules and your agreements with employees and"
                " guests decide. What the whole company may read goes to the CRM; what private communities and people"
                " among themselves say stays out of it unless you open it on the connection's page."
            ),
        ),
        scopes=SCOPES,
        rate_limit=RateLimit(calls=CALLS, seconds=int(WINDOW.total_seconds())),
        credential_fields=(
            CredentialField(
                name="access_token",
                label=N_("Microsoft access token"),
                help=N_("For Viva Engage (www.yammer.com); lives about an hour."),
                is_secret=True,
            ),
            CredentialField(
                name="refresh_token",
                label=N_("Microsoft refresh token"),
                help=N_("Granted to the app that is filled in here: it renews the access."),
                is_secret=True,
            ),
        ),
        app_fields=(
            *entra_fields(N_("From the Entra admin center › App registrations › your app › Overview.")),
            CredentialField(
                name="api_url", label=N_("Address of Viva Engage's API"), default=API_URL, is_advanced=True
            ),
        ),
        default_base_url=API_URL,
        reads=(
            N_("What is said in communities that the account can read, with answers and likes"),
            N_("Private messages to the account and from it"),
            N_("Communities of the account, who may read them, and their members"),
            N_("Guests and everybody who wrote: name, title, place, address of the directory"),
        ),
    )
    streams = (Messages(), Followed(), PrivateMessages(), People(), Communities())
    object_streams = (Threads(), Recheck())
    client = CLIENT
    oauth = EntraOAuth(SCOPES)

    def sign_in(self, api: Api) -> tuple[Account, ProfileRecord]:
        """Who signed in; an access that is refused as soon as it was renewed is none any more."""
        try:
            record = profile(current_user(api))
        except AccessExpiredError as why:
            raise AccessRevokedError("the network does not accept the access", network=api.network) from why
        handle = record.handle or record.display_name or record.key.native_id
        return Account(key=record.key, handle=handle, base_url=api.base_url), record

    def renew(self, api: Api) -> None:
        api.credentials |= refreshed(api, SCOPES)


connector = VivaEngage()
