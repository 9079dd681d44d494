"""What Microsoft's networks have in common: signing in through Entra, and the errors of Graph.

Sign-in: "Microsoft identity platform and OAuth 2.0 authorization code flow" (MicrosoftDocs/azure-docs) and "Microsoft
Entra authentication and authorization error codes" (learn.microsoft.com/entra/identity-platform, both read
2026-11-24), which tells apps to go by the word in `error`, never by number or sentence. An access token is for one
resource and lives 60 to 90 minutes; a refresh token is for all of them, lives 90 days, and each renewal gives a new
one (from memory, 2026-11-24). Entra has no address to give a single token back at.

Errors of Graph: learn.microsoft.com/graph/errors (read 2026-11-23). The codes stand in `error`, the more exact ones
in `innerError` inside, spelled in two ways; here they are compared in small letters. `authorization_requestdenied`,
`request_resourcenotfound` and `invalidauthenticationtoken` are from memory.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from urllib.parse import quote

from scrm.connectors.base import Api, asked_to_wait, raise_for_status
from scrm.connectors.manifest import CredentialField, Scope
from scrm.connectors.oauth import OAuth, lifetime, token_of
from scrm.connectors.payload import Payload, parse_json
from scrm.errors import (
    AccessExpiredError,
    AccessRevokedError,
    GoneError,
    NetworkError,
    PayloadError,
    RetryLaterError,
    UnavailableError,
)
from scrm.http import Answer
from scrm.i18n import N_

OFFLINE = Scope(name="offline_access", reason=N_("To go on reading after the hour that a Microsoft access lasts"))
RENEW_BEFORE = timedelta(minutes=5)

# the words of Entra's token endpoint after which somebody has to sign in again; of all others the app is the cause
SIGN_IN_AGAIN = frozenset(
    {"invalid_grant", "interaction_required", "login_required", "consent_required", "access_denied"}
)
TRANSIENT = frozenset({"temporarily_unavailable", "server_error"})

EXPIRED = frozenset({"invalidauthenticationtoken", "unauthenticated"})
MISSING = frozenset({"accessdenied", "authorization_requestdenied", "insufficient_claims"})
GONE = frozenset({"itemnotfound", "request_resourcenotfound", "resourcenotfound"})
THROTTLED = frozenset({"activitylimitreached", "toomanyrequests", "applicationthrottled"})


def entra_fields(where: str) -> tuple[CredentialField, ...]:
    """What the registration in Entra gives; `where` is said beside the client id (English, translated)."""
    return (
        CredentialField(
            name="client_id",
            label=N_("Application (client) ID"),
            help=where,
            example="6731de76-14a6-49ae-97bc-6eba6914391e",
        ),
        CredentialField(
            name="client_secret",
            label=N_("Value of the client secret"),
            help=N_("The value, not the ID. It is shown once, and it ends on a day that you choose."),
            is_secret=True,
        ),
        CredentialField(
            name="tenant",
            label=N_("Directory (tenant)"),
            help=N_("ID or domain of your directory. Without it anybody with a work account can sign in."),
            default="organizations",
        ),
        CredentialField(
            name="login_url",
            label=N_("Microsoft's address for signing in"),
            default="https://login.microsoftonline.com",
            is_advanced=True,
        ),
    )


def endpoint(app: Mapping[str, str], name: str) -> str:
    """An address of the directory's sign-in: `authorize` or `token`."""
    return f"{app['login_url']}/{quote(app['tenant'], safe='')}/oauth2/v2.0/{name}"


class EntraOAuth(OAuth):
    """The authorization code flow with PKCE, for the rights that the access is to have."""

    uses_pkce = True

    def __init__(self, scopes: tuple[Scope, ...]) -> None:
        self.scopes = scopes

    def authorize_url(
        self, app: Mapping[str, str], scopes: tuple[Scope, ...], *, redirect_uri: str, state: str, verifier: str
    ) -> str:
        known = {**app, "authorize_url": endpoint(app, "authorize")}
        return super().authorize_url(known, scopes, redirect_uri=redirect_uri, state=state, verifier=verifier)

    def more_query(self, app: Mapping[str, str]) -> dict[str, str]:
        """Whoever sets this up is often signed in as somebody else than the account that is to be connected."""
        del app
        return {"prompt": "select_account"}

    def redeem(self, api: Api, *, code: str, redirect_uri: str, verifier: str) -> dict[str, str]:
        return issued(
            api,
            {
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": redirect_uri,
                "code_verifier": verifier,
                "scope": _joined(self.scopes),
            },
        )


def refreshed(api: Api, scopes: tuple[Scope, ...]) -> dict[str, str]:
    """A new access for one resource, and the refresh token that takes the place of the one it was got with."""
    refresh_token = api.credentials.get("refresh_token")
    if not refresh_token:
        raise AccessRevokedError("access ran out and cannot be renewed", network=api.network)
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token, "scope": _joined(scopes)}
    return {"refresh_token": refresh_token} | issued(api, form)


def issued(api: Api, form: Mapping[str, str]) -> dict[str, str]:
    """What the token endpoint gives for a grant, as credentials."""
    address = api.url(endpoint(api.app, "token"))
    known = {"client_id": api.app["client_id"], "client_secret": api.app["client_secret"]}
    try:
        answer = api.session.call("POST", address, data={**form, **known})
    except NetworkError as why:
        why.network = api.network
        raise
    if 400 <= answer.status < 500:
        _refuse(api, answer)
    token = token_of(api, answer)
    found = {"access_token": token.text("access_token"), **lifetime(api, token, renew_before=RENEW_BEFORE)}
    renews = token.optional_text("refresh_token")
    return found | ({"refresh_token": renews} if renews else {})


def _joined(scopes: tuple[Scope, ...]) -> str:
    return " ".join(scope.name for scope in scopes)


def _refuse(api: Api, answer: Answer) -> None:
    """Raise what the token endpoint's word means."""
    try:
        word = Payload(parse_json(answer.body)).optional_text("error")
    except PayloadError:
        word = None
    if word in SIGN_IN_AGAIN:
        raise AccessRevokedError("the network does not accept the grant", network=api.network)
    if word in TRANSIENT:
        raise RetryLaterError("the sign-in is out of order", network=api.network, retry_after=asked_to_wait(answer))
    if answer.status in {408, 429}:
        raise_for_status(api, answer)
    raise UnavailableError("the network does not accept the app", network=api.network)


def check_graph(api: Api, answer: Answer) -> None:
    """Raise what an error of Graph means: by the most exact code that is known, else by status."""
    if answer.status < 400:
        raise_for_status(api, answer)
        return
    wait = asked_to_wait(answer)
    for code in reversed([code.lower() for code in graph_codes(answer)]):
        if code in EXPIRED:
            raise AccessExpiredError("the access ran out", network=api.network)
        if code in MISSING:
            raise UnavailableError("a permission is missing for this call", network=api.network)
        if code in GONE:
            raise GoneError("the network has no such object", network=api.network)
        if code in THROTTLED:
            raise RetryLaterError("too many calls", network=api.network, retry_after=wait, throttled=True)
    if answer.status == 401:
        raise AccessExpiredError("the access ran out", network=api.network)
    if answer.status == 509:  # bandwidth
        raise RetryLaterError("too much was read", network=api.network, retry_after=wait, throttled=True)
    raise_for_status(api, answer, retry_after=wait)


def graph_codes(answer: Answer) -> tuple[str, ...]:
    """The codes of an error of Graph, the most general first; none when the body is no such error."""
    try:
        return tuple(_codes(Payload(parse_json(answer.body)).child("error")))
    except PayloadError:
        return ()


def _codes(error: Payload) -> Iterator[str]:
    level: Payload | None = error
    while level is not None:
        code = level.optional_text("code")
        if code:
            yield code
        level = level.optional_child("innerError") or level.optional_child("innererror")
