"""IBM/HCL Connections: what is said in the communities, blogs and boards of the company's own network.

APIs: IBM Connections API 5.0 and 5.5, which HCL Connections 8 keeps (from memory), and recorded answers of real
servers (read 2026-11-23). The server is the company's, so its own rules count. A least-privileged service account is
connected; what it may not see is not read.
"""

from collections.abc import Mapping
from datetime import date

from scrm.connectors.base import Account, Api, Connector
from scrm.connectors.connections.client import CLIENT, bare, person_by_id, who_am_i
from scrm.connectors.connections.lists import BlogComments, BlogEntries, Board, Communities, Stories
from scrm.connectors.connections.members import Members
from scrm.connectors.connections.oauth import ConnectionsOAuth, renewed
from scrm.connectors.connections.objects import Notes, Threads, Topics
from scrm.connectors.connections.recheck import Recheck
from scrm.connectors.connections.translation import NETWORK, profile, scope_of
from scrm.connectors.manifest import CredentialField, Manifest, RateLimit, Rule, Status, Terms
from scrm.connectors.payload import Payload
from scrm.errors import AccessExpiredError, AccessRevokedError
from scrm.i18n import N_
from scrm.records import Key, ProfileRecord


class Connections(Connector):
    """What scrm knows of this network."""

    manifest = Manifest(
        key=NETWORK,
        label="HCL Connections",
        mark="Cn",
        status=Status.LIVE,
        terms=Terms(
            match=Rule.ALLOWED,
            store=Rule.ALLOWED,
            show=Rule.ALLOWED,
            write_to_crm=Rule.ALLOWED,
            keep_hours=None,
            source="https://help.hcl-software.com/connections/v8/welcome/index.html",
            read_on=date(2026, 11, 23),
            note=N_(
                "The server and what is on it belong to your company: its own rules for staff and guests count. scrm"
                " reads what the connected account may see. What the whole company may read goes to the CRM; what"
                " closed communities say stays out of it unless you open it on the connection's page."
            ),
        ),
        rate_limit=RateLimit(calls=120, seconds=60),
        credential_fields=(
            CredentialField(
                name="base_url",
                label=N_("Address of your Connections"),
                help=N_("As in the browser, without what comes after the server's name."),
                example="https://connections.example",
            ),
            CredentialField(
                name="username",
                label=N_("User name of the service account"),
                help=N_("An account of its own for scrm, a member of the communities to be read."),
                example="scrm",
            ),
            CredentialField(name="password", label=N_("Password of the service account"), is_secret=True),
        ),
        app_fields=(
            CredentialField(
                name="client_id",
                label=N_("ID of the OAuth consumer"),
                help=N_("As registered by whoever runs Connections."),
                example="scrm",
            ),
            CredentialField(
                name="client_secret",
                label=N_("Secret of the OAuth consumer"),
                help=N_("Shown when the consumer is registered."),
                is_secret=True,
            ),
            CredentialField(
                name="api_url",
                label=N_("Address of your Connections"),
                help=N_("As in the browser, without what comes after the server's name."),
                example="https://connections.example",
            ),
            CredentialField(name="authorize_url", label=N_("Address for signing in"), is_advanced=True),
            CredentialField(name="token_url", label=N_("Address for tokens"), is_advanced=True),
            CredentialField(
                name="blogs_home",
                label=N_("Handle of the blogs' home page"),
                help=N_("Only if your administrator changed it."),
                default="homepage",
                is_advanced=True,
            ),
        ),
        reads=(
            N_("Topics and replies in the forums of the communities the account belongs to"),
            N_("Messages and comments on the boards of these communities and on its own board"),
            N_("Entries and comments of the blogs the account may read"),
            N_("Likes of all that"),
            N_("Communities the account belongs to, who may read them, and their members"),
            N_("The profiles of the people who did that, with their e-mail where your network shows it"),
        ),
    )
    streams = (Stories(), Board(), BlogEntries(), BlogComments(), Communities())
    object_streams = (Topics(), Notes(), Threads(), Members(), Recheck())
    client = CLIENT
    oauth = ConnectionsOAuth()

    def base_url(self, form: Mapping[str, str]) -> str:
        return form.get("base_url", "").rstrip("/")

    def sign_in(self, api: Api) -> tuple[Account, ProfileRecord]:
        try:
            me = Payload(who_am_i(api), "me")
            userid = bare(me.text("id"))
            entry = person_by_id(api, userid)
        except AccessExpiredError as why:  # renewed a moment ago, and still not taken
            raise AccessRevokedError("the network does not accept the access", network=api.network) from why
        scope = scope_of(api.base_url)
        own = profile(Payload(entry, "profile"), scope) if entry else _own(me, userid, scope)
        handle = own.handle or own.display_name or userid
        return Account(key=own.key, handle=handle, base_url=api.base_url), own

    def renew(self, api: Api) -> None:
        api.credentials |= renewed(api)


def _own(me: Payload, userid: str, scope: str) -> ProfileRecord:
    """Ourselves without a profile: some service accounts have none."""
    email = next((one.optional_text("value") for one in me.children("emails")), None)
    return ProfileRecord(
        key=Key(network=NETWORK, native_id=userid, scope=scope),
        display_name=me.optional_text("displayName"),
        email=email,
        email_verified=email is not None,
        fetch_ref=userid,
    )


connector = Connections()
