"""SharePoint: a site's pages and lists, what is said below them and who likes it.

Graph v1.0 (metadata of 2026-08-20) and the comments of SharePoint's own REST (@pnp/sp 4.21.0), read 2026-11-23. One
connection is one site; the account that signs in is one of the company's own, best a service account.
"""

from collections.abc import Mapping
from datetime import date
from urllib.parse import urlsplit

from scrm.connectors.base import Account, Api, Connector
from scrm.connectors.entra import OFFLINE, entra_fields
from scrm.connectors.manifest import CredentialField, Manifest, RateLimit, Rule, Status, Terms
from scrm.connectors.payload import Payload
from scrm.connectors.sharepoint.client import CLIENT, PAGES_LIST, SITE, SITE_PATH, got, in_site, linked
from scrm.connectors.sharepoint.comments import Comments
from scrm.connectors.sharepoint.lists import Items, Pages
from scrm.connectors.sharepoint.oauth import GRAPH_SCOPES, SCOPES, SharePointOAuth, renew
from scrm.connectors.sharepoint.people import NETWORK, key
from scrm.connectors.sharepoint.push import GraphPush
from scrm.connectors.sharepoint.recheck import Recheck
from scrm.errors import UnavailableError
from scrm.i18n import N_
from scrm.records import ProfileRecord

API_URL = "https://graph.microsoft.com"
PAGE_LIBRARY = "webPageLibrary"  # the template of the list that holds a site's pages
MOST_LISTS_PAGES = 10
TERMS = Terms(
    match=Rule.ALLOWED,
    store=Rule.ALLOWED,
    show=Rule.ALLOWED,
    write_to_crm=Rule.ALLOWED,
    keep_hours=None,
    source="https://learn.microsoft.com/graph/api/basesitepage-list",
    read_on=date(2026, 11, 23),
    note=N_(
        "This is your own company's network: what may be done with it is yours to decide, together with those who"
        " look after data protection. Who may read the site is not told, so stewards and admins read it and it goes"
        " into no CRM until you open it on the connection's page."
    ),
)
APP_FIELDS = (
    *entra_fields(N_("From Microsoft Entra › App registrations › your app › Overview.")),
    CredentialField(
        name="sharepoint_url",
        label=N_("Address of your SharePoint"),
        help=N_("Without the part that names a site."),
        example="https://nordwerk.sharepoint.com",
    ),
    CredentialField(
        name="lists",
        label=N_("Lists to read besides the pages"),
        help=N_("Optional: names of lists in the site, with a semicolon between them. Without a name none is read."),
        example="Forum; Questions",
        is_advanced=True,
    ),
    CredentialField(
        name="client_state", label=N_("Word that Microsoft's notices repeat"), is_secret=True, is_generated=True
    ),
    CredentialField(name="api_url", label=N_("Address of Microsoft Graph"), default=API_URL, is_advanced=True),
)


class SharePoint(Connector):
    """What scrm knows of this network."""

    manifest = Manifest(
        key=NETWORK,
        label="SharePoint",
        mark="Sp",
        status=Status.LIVE,
        terms=TERMS,
        scopes=SCOPES,
        rate_limit=RateLimit(calls=300, seconds=60),  # ours: Microsoft's own depends on the size of the company
        credential_fields=(
            CredentialField(
                name="access_token",
                label=N_("Access token for Microsoft Graph"),
                help=N_("Lives about an hour."),
                is_secret=True,
            ),
            CredentialField(
                name="sharepoint_access_token",
                label=N_("Access token for SharePoint"),
                help=N_("Of the same account, for SharePoint itself."),
                is_secret=True,
            ),
            CredentialField(
                name="refresh_token",
                label=N_("Microsoft refresh token"),
                help=N_("Granted to the app that is filled in here: it renews both."),
                is_secret=True,
            ),
            CredentialField(
                name=SITE,
                label=N_("ID of the site"),
                help=N_("Three parts with commas between them, as Graph names it."),
                example="nordwerk.sharepoint.com,91e1…,dd00…",
            ),
        ),
        app_fields=APP_FIELDS,
        default_base_url=API_URL,
        reads=(
            N_("The site's pages and news"),
            N_("Comments and answers below them, and who likes what"),
            N_("Entries of the lists that you name"),
            N_("Who did that, with e-mail and company as your directory knows them"),
        ),
    )
    streams = (Pages(), Items())
    object_streams = (Comments(), Recheck())
    client = CLIENT
    oauth = SharePointOAuth((OFFLINE, *GRAPH_SCOPES))
    push = GraphPush()

    def sign_in(self, api: Api) -> tuple[Account, ProfileRecord]:
        """The site, if whoever gave the access may read it; where its pages are is found out once."""
        site = got(api, in_site(api), {"$select": "id,displayName,name,description,webUrl"})
        native_id, address = site.text("id"), site.text("webUrl")
        label = site.optional_text("displayName") or site.optional_text("name") or native_id
        api.credentials |= {SITE: native_id, SITE_PATH: urlsplit(address).path.rstrip("/")}
        if PAGES_LIST not in api.credentials:
            api.credentials[PAGES_LIST] = _pages_list(api)
        record = ProfileRecord(
            key=key(native_id),
            display_name=label,
            url=address,
            bio=site.optional_text("description"),
            is_organization=True,
        )
        return Account(key=record.key, handle=label, base_url=api.base_url), record

    def renew(self, api: Api) -> None:
        renew(api)


def _pages_list(api: Api) -> str:
    """The id of the list that holds the site's pages; its name differs by language."""
    address: str | None = in_site(api, "/lists")
    params: Mapping[str, str] | None = {"$select": "id,list"}
    for _ in range(MOST_LISTS_PAGES):
        if address is None:
            break
        found = got(api, address, params)
        for one in found.children("value"):
            if _template(one) == PAGE_LIBRARY:
                return one.text("id")
        address, params = linked(api, found, "nextLink"), None
    raise UnavailableError("the site has no pages that can be read", network=api.network)


def _template(of: Payload) -> str | None:
    facet = of.optional_child("list")
    return facet.optional_text("template") if facet else None


connector = SharePoint()
