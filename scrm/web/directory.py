"""The company's directory: who somebody is by OpenID Connect, with the authorization code flow, PKCE and a nonce.

Facts: OpenID Connect Core 1.0 (3.1: the flow, 3.1.3.7: what is checked of an ID token, 5.3: user info), Discovery 1.0
(4), RP-Initiated Logout 1.0 (2), RFC 7636 (PKCE), read 2026-11. Signatures and claims are checked by joserfc and
Authlib. Only what is signed with a public key counts: neither `none` nor a shared secret.
"""

import secrets
from base64 import b64encode
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import quote_plus, urlencode

from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from flask import current_app
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, import_key

from scrm.config import Settings
from scrm.connectors.payload import parse_json
from scrm.errors import DirectoryError, HostRefusedError, NetworkError, PayloadError
from scrm.failpoints import outside
from scrm.http import Answer, check_url
from scrm.ingest.access import session_for
from scrm.models import Role
from scrm.runtime import Core
from scrm.web import current

ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
KEY_TYPES: Final = frozenset({"RSA", "EC", "OKP"})
LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)
LEEWAY: Final = 60  # seconds that the clocks may differ
KEPT_FOR: Final = timedelta(minutes=10)  # what the directory says of itself
KEYS_AGAIN: Final = timedelta(seconds=30)  # keys are asked for at most so often when one is not known
LONGEST: Final = 200
EVERYBODY: Final = "*"  # in settings: a role for all whom the directory lets in
BY_RANK: Final = (Role.ADMIN, Role.STEWARD, Role.REP)


@dataclass(frozen=True, kw_only=True)
class Trip:
    """What a browser takes along to the directory and back; the nonce and the verifier stay with us."""

    state: str
    nonce: str
    verifier: str = field(repr=False)

    @classmethod
    def new(cls) -> "Trip":
        return cls(
            state=secrets.token_urlsafe(32), nonce=secrets.token_urlsafe(32), verifier=secrets.token_urlsafe(48)
        )


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """Whom the directory says it is. `role` is empty for somebody in no group that may come in."""

    issuer: str
    subject: str
    name: str
    email: str
    role: Role | None


class Directory:
    """One per application; remembers for some minutes what the directory says of itself.

    There is no lock: two requests that ask at once get the same answer.
    """

    def __init__(self, core: Core) -> None:
        self._core = core
        self._about: dict[str, Any] = {}
        self._keys: KeySet | None = None
        self._about_at = self._keys_at = LONG_AGO

    @property
    def _settings(self) -> Settings:
        return self._core.settings

    def address(self, trip: Trip, back: str) -> str:
        """Where the browser goes to; raises DirectoryError, NetworkError."""
        query = {
            "response_type": "code",
            "client_id": self._settings.oidc_client_id,
            "redirect_uri": back,
            "scope": self._settings.oidc_scopes,
            "state": trip.state,
            "nonce": trip.nonce,
            "code_challenge": create_s256_code_challenge(trip.verifier),
            "code_challenge_method": "S256",
        }
        return _with_query(self._endpoint("authorization_endpoint"), query)

    def leaving(self, back: str) -> str | None:
        """Where the browser signs out of the directory, too; None where it offers no such page."""
        if not self._discovered().get("end_session_endpoint"):
            return None
        query = {"client_id": self._settings.oidc_client_id, "post_logout_redirect_uri": back}
        return _with_query(self._endpoint("end_session_endpoint"), query)

    def redeem(self, code: str, trip: Trip, back: str) -> Arrival:
        """Exchange the code and check what comes; raises DirectoryError for anything not in order, NetworkError."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": back,
            "code_verifier": trip.verifier,
        }
        headers = {}
        known, secret = self._settings.oidc_client_id, self._settings.oidc_client_secret
        if "client_secret_basic" in self._discovered().get(
            "token_endpoint_auth_methods_supported", ["client_secret_basic"]
        ):
            headers = {"Authorization": _basic(known, secret)}
        else:
            form |= {"client_id": known, "client_secret": secret}
        token = self._ask("POST", self._endpoint("token_endpoint"), form=form, headers=headers)
        claims = self._checked(token, trip.nonce)
        return self._arrival(claims, token)

    def _checked(self, token: Mapping[str, Any], nonce: str) -> dict[str, Any]:
        """The claims of an ID token that is signed by the directory, for us, now, and for this sign-in."""
        text = token.get("id_token")
        if not isinstance(text, str):
            raise DirectoryError("the directory gave no ID token")
        expected = {
            "iss": {"essential": True, "value": self._settings.oidc_issuer},
            "aud": {"essential": True, "value": self._settings.oidc_client_id},
        }
        try:
            signed = self._verified(text)
            claims = CodeIDToken(
                signed.claims,
                signed.header,
                options=expected,
                params={
                    "nonce": nonce,
                    "client_id": self._settings.oidc_client_id,
                    "access_token": token.get("access_token"),
                },
            )
            claims.validate(now=int(self._core.db.clock.now().timestamp()), leeway=LEEWAY)
        except (JoseError, ValueError, TypeError) as why:
            raise DirectoryError(f"the ID token is not in order ({type(why).__name__})") from None
        return dict(claims)

    def _verified(self, text: str) -> jwt.Token:
        """The token after its signature was checked; keys are asked for again when one is new."""
        try:
            return jwt.decode(text, self._key_set(), algorithms=list(ALGORITHMS))
        except (JoseError, ValueError):
            if not self._may_ask_for_keys():
                raise
            self._keys = None
            return jwt.decode(text, self._key_set(), algorithms=list(ALGORITHMS))

    def _key_set(self) -> KeySet:
        now = self._core.db.clock.now()
        if self._keys is None or now - self._keys_at > KEPT_FOR:
            found = self._ask("GET", self._endpoint("jwks_uri"))
            self._keys, self._keys_at = _signing_keys(found.get("keys")), now
        return self._keys

    def _may_ask_for_keys(self) -> bool:
        return self._core.db.clock.now() - self._keys_at > KEYS_AGAIN

    def _arrival(self, claims: dict[str, Any], token: Mapping[str, Any]) -> Arrival:
        claim = self._settings.oidc_groups_claim
        if (claim not in claims or "email" not in claims) and self._discovered().get("userinfo_endpoint"):
            claims = self._more(claims, token) | claims
        email = str(claims.get("email") or "").strip().lower()
        if not email or "@" not in email or len(email) > LONGEST:
            raise DirectoryError("the directory gave no e-mail address; ask for the scope `email`")
        if claims.get("email_verified") is False:
            raise DirectoryError("the directory has not verified the e-mail address")
        domains = self._settings.oidc_domains
        if domains and email.rpartition("@")[2] not in domains:
            raise DirectoryError("the e-mail address is at none of the domains that may come in")
        return Arrival(
            issuer=self._settings.oidc_issuer,
            subject=str(claims["sub"]),
            name=str(claims.get("name") or email.partition("@")[0]).strip()[:LONGEST],
            email=email,
            role=role_of(self._settings, claims.get(claim)),
        )

    def _more(self, claims: Mapping[str, Any], token: Mapping[str, Any]) -> dict[str, Any]:
        """User info; what another person's answer says counts for nothing (OpenID Connect Core, 5.3.2)."""
        headers = {"Authorization": f"Bearer {token.get('access_token')}"}
        found = self._ask("GET", self._endpoint("userinfo_endpoint"), headers=headers)
        if found.get("sub") != claims["sub"]:
            raise DirectoryError("the user info is about somebody else")
        return found

    def _endpoint(self, name: str) -> str:
        address = self._discovered().get(name)
        if not isinstance(address, str):
            raise DirectoryError(f"the directory names no {name}")
        try:
            check_url(address, self._settings.allowed_hosts)
        except HostRefusedError as why:
            raise DirectoryError(f"the directory's {name} may not be called: {why}") from why
        return address

    def _discovered(self) -> dict[str, Any]:
        now = self._core.db.clock.now()
        if not self._about or now - self._about_at > KEPT_FOR:
            issuer = self._settings.oidc_issuer
            found = self._ask("GET", f"{issuer.rstrip('/')}/.well-known/openid-configuration")
            if found.get("issuer") != issuer:
                raise DirectoryError("the directory calls itself by another name than SCRM_OIDC_ISSUER")
            self._about, self._about_at = found, now
        return self._about

    def _ask(
        self,
        method: str,
        address: str,
        *,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        asked = {"Accept": "application/json", **(headers or {})}
        with outside("single_sign_on.ask"):
            answer = session_for(self._core).call(method, address, data=dict(form) if form else None, headers=asked)
        return _body(answer)


def directory() -> Directory | None:
    """The directory of this application, if settings name one."""
    found: Directory | None = current_app.extensions["scrm_directory"]
    return found


def leaving(back: str) -> str | None:
    """Where one signs out of the directory, too; None where it cannot be said."""
    known = directory()
    try:
        return known.leaving(current.core().settings.base_url + back) if known is not None else None
    except (DirectoryError, NetworkError):
        return None


def role_of(settings: Settings, groups: object) -> Role | None:
    """The highest role that one of these groups has; None when none has one."""
    named = {groups} if isinstance(groups, str) else set(groups) if isinstance(groups, list) else set()
    pairs = [pair.rpartition("=")[::2] for pair in settings.oidc_roles]
    given = {role for group, role in pairs if group == EVERYBODY or group in named}
    return next((role for role in BY_RANK if role.value in given), None)


def _signing_keys(told: object) -> KeySet:
    """The public keys that sign; what else a directory publishes (keys to encrypt with, new kinds) is left aside."""
    found = []
    for one in told if isinstance(told, list) else []:
        if isinstance(one, dict) and one.get("kty") in KEY_TYPES and one.get("use", "sig") == "sig":
            with suppress(JoseError, ValueError, TypeError, KeyError):
                found.append(import_key(one))
    return KeySet(found)


def _body(answer: Answer) -> dict[str, Any]:
    if answer.status != 200:
        raise DirectoryError(f"the directory answered {answer.status}")
    try:
        found = parse_json(answer.body)
    except PayloadError as why:
        raise DirectoryError("the directory did not answer in JSON") from why
    if not isinstance(found, dict):
        raise DirectoryError("the directory did not answer with an object")
    return found


def _basic(name: str, secret: str) -> str:
    """Both are form-encoded before they are joined (RFC 6749, 2.3.1)."""
    return "Basic " + b64encode(f"{quote_plus(name)}:{quote_plus(secret)}".encode()).decode()


def _with_query(address: str, query: Mapping[str, str]) -> str:
    return f"{address}{'&' if '?' in address else '?'}{urlencode(query)}"
