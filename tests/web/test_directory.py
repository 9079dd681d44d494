"""What the company's directory may answer: tokens that say something else, keys, addresses; over real HTTP."""

import base64
import dataclasses
import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from joserfc import jwt
from joserfc.jwk import RSAKey

from scrm.clock import FakeClock
from scrm.runtime import Core
from scrm.sandbox.identity import IdentityServer
from scrm.sandbox.server import Server
from scrm.web import create_app
from tests.web import company as nordwerk
from tests.web.company import (
    ADA,
    BEN,
    TwistedServer,
    come,
    is_in,
    person,
    return_path,
)

company, settings = nordwerk.company, nordwerk.settings


def other_key(claims: dict[str, Any]) -> str:
    key = RSAKey.generate_key(2048)
    return jwt.encode({"alg": "RS256"}, claims, key, algorithms=["RS256"])


def packed(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def unsigned(claims: dict[str, Any]) -> str:
    return f"{packed({'alg': 'none'})}.{packed(claims)}."


def forged(claims: dict[str, Any]) -> str:
    whole = other_key(claims).split(".")
    return f"{whole[0]}.{packed(claims | {'groups': ['crm-admins']})}.{whole[2]}"


def shared_secret(server: IdentityServer) -> Callable[[dict[str, Any]], str]:
    """Signed with what everybody knows: the public key, taken for a shared secret."""

    def seal(claims: dict[str, Any]) -> str:
        head, body = packed({"alg": "HS256", "kid": server.key.kid}), packed(claims)
        mac = hmac.digest(server.key.as_pem(private=False), f"{head}.{body}".encode(), "sha256")
        return f"{head}.{body}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"

    return seal


WRONG = {
    "the nonce of another sign-in": {"nonce": "another"},
    "no nonce": {"nonce": None},
    "another issuer": {"iss": "https://login.elsewhere.example"},
    "another audience": {"aud": "another-client"},
    "several audiences and no authorized party": {
        "aud": ["scrm-at-nordwerk", "another-client"],
        "azp": "another-client",
    },
    "no audience": {"aud": None},
    "run out": {"exp": 1_600_000_000},
    "no end": {"exp": None},
    "not yet": {"nbf": 4_000_000_000},
    "made in the future": {"iat": 4_000_000_000},
    "nobody": {"sub": None},
    "an end that is a word": {"exp": "tomorrow"},
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG.keys())
def test_a_token_that_says_something_else_is_refused(
    app: Flask, core: Core, company: TwistedServer, wrong: dict[str, Any]
) -> None:
    def change(claims: dict[str, Any]) -> None:
        claims.update(wrong)
        for name in [name for name, value in claims.items() if value is None]:
            del claims[name]

    company.change = change
    client = app.test_client()
    answer = come(client, ADA)
    assert answer.status_code == 400
    assert "not in order" in answer.get_data(as_text=True)
    assert person(core, ADA) is None
    assert not is_in(client)


@pytest.mark.parametrize("seal", [unsigned, other_key, forged, None, lambda _claims: "not a token"])
def test_a_token_that_the_directory_did_not_sign_is_refused(
    app: Flask, core: Core, company: TwistedServer, seal: Callable[[dict[str, Any]], str] | None
) -> None:
    company.sealed = seal or shared_secret(company)
    client = app.test_client()
    assert come(client, ADA).status_code == 400
    assert person(core, ADA) is None


def test_the_directory_may_change_its_key_while_people_sign_in(
    app: Flask, core: Core, company: IdentityServer
) -> None:
    core.db.clock = FakeClock(core.db.clock.now())
    come(app.test_client(), ADA)
    company.key = RSAKey.generate_key(2048, {"kid": "new", "use": "sig"})
    core.db.clock.advance(40)
    client = app.test_client()
    assert come(client, BEN).status_code == 302
    assert company.asked.count("/jwks") == 2
    assert is_in(client)


def test_unknown_keys_do_not_make_us_ask_the_directory_again_and_again(
    app: Flask, core: Core, company: TwistedServer
) -> None:
    core.db.clock = FakeClock(core.db.clock.now())
    company.sealed = other_key
    for _ in range(5):
        assert come(app.test_client(), ADA).status_code == 400
    assert company.asked.count("/jwks") == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("issuer", "https://login.elsewhere.example"),
        ("authorization_endpoint", "http://10.0.0.7/authorize"),
        ("authorization_endpoint", "javascript:alert(1)"),
        ("token_endpoint", None),
        ("jwks_uri", "file:///etc/passwd"),
    ],
)
def test_a_directory_that_names_strange_addresses_is_not_used(
    app: Flask, core: Core, company: IdentityServer, name: str, value: str | None
) -> None:
    about = IdentityServer._about

    def told() -> Any:
        answer = about(company).get_json()
        answer[name] = value
        return answer

    company._server._server.app.view_functions["about"] = told
    client = app.test_client()
    began = client.get("/sign-in/company")
    if began.status_code == 302:
        assert client.get(return_path(began.location, ADA)).status_code == 400
    assert not is_in(client)


@pytest.mark.parametrize(
    "junk", [None, [], {}, "keys", [7, {"kty": "RSA"}, {"kty": "oct", "k": "c2VjcmV0"}, {"kty": "new"}]]
)
def test_keys_that_are_none_let_nobody_in_and_break_nothing(
    app: Flask, core: Core, company: IdentityServer, junk: object
) -> None:
    company._server._server.app.view_functions["keys"] = lambda: {"keys": junk}
    assert come(app.test_client(), ADA).status_code == 400
    assert person(core, ADA) is None


def test_keys_for_other_purposes_beside_the_right_one_do_no_harm(app: Flask, company: IdentityServer) -> None:
    own = company.key.as_dict(private=False)
    other = RSAKey.generate_key(2048).as_dict(private=False) | {"use": "enc", "alg": "RSA-OAEP", "kid": "enc"}
    company._server._server.app.view_functions["keys"] = lambda: {"keys": [other, {"kty": "new"}, own]}
    assert come(app.test_client(), ADA).status_code == 302


def test_a_server_that_is_no_directory_is_told_apart(core: Core) -> None:
    app = Flask("nothing")
    with Server(app) as other:
        settings = dataclasses.replace(
            core.settings, oidc_issuer=other.base_url, allowed_hosts=(other.base_url.removeprefix("http://"),)
        )
        client = create_app(dataclasses.replace(core, settings=settings)).test_client()
        assert client.get("/sign-in/company").status_code == 502
