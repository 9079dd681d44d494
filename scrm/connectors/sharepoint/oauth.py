"""Signing in through Entra for two resources at once, Graph and SharePoint itself, and choosing a site.

"Microsoft identity platform and OAuth 2.0 authorization code flow" (read 2026-11-24): the consent may name rights of
several resources, a token is for one; the refresh token gives one for each. All sites share one access.
"""

from collections.abc import Mapping

from scrm.connectors.base import Api
from scrm.connectors.entra import OFFLINE, EntraOAuth, refreshed
from scrm.connectors.manifest import Scope
from scrm.connectors.oauth import Choice
from scrm.connectors.sharepoint.client import REST_TOKEN, SITE, TOKEN, sites
from scrm.i18n import N_

GRAPH_SCOPES = (
    Scope(name="https://graph.microsoft.com/Sites.Read.All", reason=N_("To read pages and lists of your sites")),
    Scope(
        name="https://graph.microsoft.com/User.Read.All",
        reason=N_("To see who wrote, with e-mail and company as your directory knows them"),
    ),
)
REST_RIGHT = "AllSites.Read"
REST_SCOPE = Scope(name=REST_RIGHT, reason=N_("To read comments and likes, which SharePoint alone shows"))
SCOPES = (OFFLINE, *GRAPH_SCOPES, REST_SCOPE)


class SharePointOAuth(EntraOAuth):
    """The sites of whoever signed in."""

    def authorize_url(
        self, app: Mapping[str, str], scopes: tuple[Scope, ...], *, redirect_uri: str, state: str, verifier: str
    ) -> str:
        asked = tuple(
            _rest_scope(app["sharepoint_url"].rstrip("/")) if one.name == REST_RIGHT else one for one in scopes
        )
        return super().authorize_url(app, asked, redirect_uri=redirect_uri, state=state, verifier=verifier)

    def redeem(self, api: Api, *, code: str, redirect_uri: str, verifier: str) -> dict[str, str]:
        api.credentials = super().redeem(api, code=code, redirect_uri=redirect_uri, verifier=verifier)
        return api.credentials | _for_rest(api)

    def choices(self, api: Api) -> tuple[Choice, ...]:
        return tuple(
            Choice(
                native_id=site.text("id"),
                label=site.optional_text("displayName") or site.optional_text("name") or site.text("id"),
                credentials=api.credentials | {SITE: site.text("id")},
            )
            for site in sites(api)
        )


def renew(api: Api) -> None:
    """A new access for each resource."""
    api.credentials |= refreshed(api, (OFFLINE, *GRAPH_SCOPES))
    api.credentials |= _for_rest(api)


def _for_rest(api: Api) -> dict[str, str]:
    """The access to SharePoint itself. Whichever of the two ends first says when both are renewed."""
    found = refreshed(api, (OFFLINE, _rest_scope(api.app["sharepoint_url"].rstrip("/"))))
    times = ("expires_at", "renew_at")
    first = {name: min(found[name], api.credentials.get(name, found[name])) for name in times if name in found}
    return {REST_TOKEN: found[TOKEN], "refresh_token": found["refresh_token"]} | first


def _rest_scope(sharepoint_url: str) -> Scope:
    return Scope(name=f"{sharepoint_url}/{REST_RIGHT}", reason=REST_SCOPE.reason)
