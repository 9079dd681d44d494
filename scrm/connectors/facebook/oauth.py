"""Facebook Login: dialog, code, a person's access for an hour or two, exchanged for one of some 60 days.

A page's access made from the long one has no end of its own, but data is shown for 90 days after the person last said
yes. Addresses and the exchange as in python-facebook-api 0.24.0 and Meta's page "Long-lived tokens", read 2026-11-23;
`config_id` (Facebook Login for Business), the 90 days and the shape of `debug_token` from memory, 2026-11-24.
"""

from collections.abc import Mapping
from urllib.parse import urlsplit, urlunsplit

from scrm.connectors.base import Api
from scrm.connectors.facebook.client import CLIENT
from scrm.connectors.facebook.fields import RUN_PAGE
from scrm.connectors.graph import VERSION, VERSIONED, read_edge, seconds_at
from scrm.connectors.manifest import Scope
from scrm.connectors.oauth import Choice, OAuth, lifetime
from scrm.connectors.push import hex_hmac
from scrm.errors import AccessRevokedError, UnavailableError

TOKEN = "/oauth/access_token"  # noqa: S105 - a path


class FacebookLogin(OAuth):
    """Whoever signs in chooses one of the pages they run."""

    separator = ","

    def authorize_url(
        self, app: Mapping[str, str], scopes: tuple[Scope, ...], *, redirect_uri: str, state: str, verifier: str
    ) -> str:
        """The dialog of the version that this installation speaks."""
        parts = urlsplit(app["authorize_url"])
        if not VERSIONED.match(parts.path):
            parts = parts._replace(path=f"/{app.get('version') or VERSION}{parts.path}")
        app = {**app, "authorize_url": urlunsplit(parts)}
        return super().authorize_url(app, scopes, redirect_uri=redirect_uri, state=state, verifier=verifier)

    def more_query(self, app: Mapping[str, str]) -> dict[str, str]:
        return {"config_id": app["config_id"]} if app.get("config_id") else {}

    def redeem(self, api: Api, *, code: str, redirect_uri: str, verifier: str) -> dict[str, str]:
        del verifier
        own = {"client_id": api.app["client_id"], "client_secret": api.app["client_secret"]}
        short = CLIENT.token(api, TOKEN, {**own, "redirect_uri": redirect_uri, "code": code})
        exchange = {"grant_type": "fb_exchange_token", "fb_exchange_token": short.text("access_token")}
        long = CLIENT.token(api, TOKEN, {**own, **exchange})
        return {"access_token": long.text("access_token"), **lifetime(api, long)}

    def choices(self, api: Api) -> tuple[Choice, ...]:
        """The pages that the person runs and let us see, each with an access of its own."""
        found: list[Choice] = []
        place, params = "/me/accounts", [("fields", RUN_PAGE.text), ("limit", "100")]
        while place:
            page = read_edge(CLIENT, api, place, params)
            found += [
                Choice(
                    native_id=row.text("id"),
                    label=row.text("name"),
                    credentials={"access_token": row.text("access_token")},
                )
                for row in page.rows
                if row.has("access_token")
            ]
            place, params = page.next or "", []
        return tuple(found)


def note_access(api: Api) -> None:
    """Until when the access shows data, and what it allows: told to whoever knows the app's secret.

    Raises AccessRevokedError when the network says that the access is not good any more.
    """
    if not (api.app.get("client_id") and api.app.get("client_secret")):
        return
    own = f"{api.app['client_id']}|{api.app['client_secret']}"
    asked = {
        "input_token": api.credentials["access_token"],
        "access_token": own,
        "appsecret_proof": hex_hmac(api.app["client_secret"], own.encode()),
    }
    try:
        told = CLIENT.token(api, "/debug_token", asked).child("data")
    except (AccessRevokedError, UnavailableError):
        return  # the question was not taken: nothing is known, and nothing wrong with the access
    if not told.flag("is_valid"):
        raise AccessRevokedError("the network does not accept the access", network=api.network)
    # 0 is "never"
    ends = [seconds_at(told, name) for name in ("expires_at", "data_access_expires_at") if told.number(name)]
    api.credentials.pop("ends_at", None)
    if ends:
        api.credentials["ends_at"] = min(ends).isoformat()
    api.credentials["scopes"] = " ".join(told.texts("scopes"))
