"""What Microsoft's networks share: the addresses of the sign-in, its words, the codes of Graph."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from requests.structures import CaseInsensitiveDict

from scrm.connectors.base import Api
from scrm.connectors.entra import OFFLINE, EntraOAuth, check_graph, endpoint, entra_fields, graph_codes, refreshed
from scrm.connectors.manifest import Scope
from scrm.errors import (
    AccessExpiredError,
    AccessRevokedError,
    GoneError,
    HostRefusedError,
    NetworkError,
    PayloadError,
    RetryLaterError,
    UnavailableError,
)
from scrm.http import Answer, GuardedSession
from tests.connectors.replay import Asked, Replay, Reply, serving

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
SCOPES = (Scope(name="https://files.example/.default", reason="To read"), OFFLINE)
OAUTH = EntraOAuth(SCOPES)


@contextmanager
def entra(script: Callable[[Asked], Reply], **changed: str) -> Iterator[tuple[Api, Replay]]:
    with serving(script) as server, GuardedSession(allowed=[server.host]) as session:
        app = {one.name: one.default for one in entra_fields("")}
        app |= {"client_id": "app", "client_secret": "s3cret", "login_url": server.base_url, **changed}
        yield (
            Api(
                network="files",
                base_url="https://files.example",
                session=session,
                credentials={"access_token": "old", "refresh_token": "first"},
                app=app,
                now=lambda: NOON,
            ),
            server,
        )


def token(**fields: object) -> Callable[[Asked], Reply]:
    body = {"token_type": "Bearer", "expires_in": 3599, "access_token": "new", **fields}
    return lambda _: Reply(body=json.dumps(body).encode())


def graph_answer(status: int, body: object, **headers: str) -> Answer:
    return Answer(
        status=status,
        headers=CaseInsensitiveDict(headers),
        body=json.dumps(body).encode(),
        url="https://graph.example/v1.0/me",
    )


def graph_api() -> Api:
    return Api(network="files", base_url="https://graph.example", session=GuardedSession())


def test_one_signs_in_at_the_directory_of_ones_own():
    app = {"login_url": "https://login.example", "tenant": "nordwerk.example", "client_id": "app"}
    address = urlsplit(OAUTH.authorize_url(app, SCOPES, redirect_uri="https://here", state="s", verifier="v" * 43))
    asked = {name: values[0] for name, values in parse_qs(address.query).items()}
    assert address.path == "/nordwerk.example/oauth2/v2.0/authorize"
    assert (asked["scope"], asked["prompt"]) == ("https://files.example/.default offline_access", "select_account")
    assert asked["code_challenge_method"] == "S256"


def test_a_directory_is_a_part_of_the_path_whatever_it_says():
    app = {"login_url": "https://login.example", "tenant": "../evil?x=1"}
    assert endpoint(app, "token") == "https://login.example/..%2Fevil%3Fx%3D1/oauth2/v2.0/token"
    assert next(one.default for one in entra_fields("") if one.name == "tenant") == "organizations"


def test_each_renewal_gives_the_next_refresh_token():
    with entra(token(refresh_token="second")) as (api, server):
        assert refreshed(api, SCOPES) == {
            "access_token": "new",
            "refresh_token": "second",
            "expires_at": "2026-11-01T12:59:59+00:00",
            "renew_at": "2026-11-01T12:54:59+00:00",
        }
        assert server.asked == [("POST", "/organizations/oauth2/v2.0/token", ())]


def test_a_renewal_without_a_new_refresh_token_keeps_the_one_there_is():
    with entra(token()) as (api, _):
        assert refreshed(api, SCOPES)["refresh_token"] == "first"


def test_without_a_refresh_token_somebody_signs_in_again():
    with entra(token()) as (api, server):
        api.credentials = {"access_token": "old"}
        with pytest.raises(AccessRevokedError):
            refreshed(api, SCOPES)
        assert server.asked == []


@pytest.mark.parametrize(
    ("status", "word", "expected"),
    [
        (400, "invalid_grant", AccessRevokedError),
        (400, "interaction_required", AccessRevokedError),
        (400, "consent_required", AccessRevokedError),
        (401, "invalid_client", UnavailableError),
        (400, "unauthorized_client", UnavailableError),
        (400, "invalid_scope", UnavailableError),
        (400, "invalid_request", UnavailableError),
        (400, "invalid_resource", UnavailableError),
        (400, "something_new", UnavailableError),
        (400, "temporarily_unavailable", RetryLaterError),
        (503, "temporarily_unavailable", RetryLaterError),
        (429, "", RetryLaterError),
        (302, "", RetryLaterError),
    ],
)
def test_the_words_of_the_sign_in_are_understood(status, word, expected):
    with entra(lambda _: Reply(status=status, body=json.dumps({"error": word}).encode())) as (api, _):
        with pytest.raises(expected) as why:
            refreshed(api, SCOPES)
        assert why.value.network == "files"
        assert "s3cret" not in str(why.value)


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"{", b'{"error": {}}'])
def test_what_is_no_error_of_the_sign_in_is_no_revocation(body):
    with entra(lambda _: Reply(status=400, body=body)) as (api, _), pytest.raises(UnavailableError):
        refreshed(api, SCOPES)


def test_a_token_that_is_no_token_is_not_taken():
    with entra(lambda _: Reply(body=b"{}")) as (api, _), pytest.raises(PayloadError):
        refreshed(api, SCOPES)
    with entra(token(), login_url="http://127.0.0.1:9") as (api, _), pytest.raises(NetworkError) as why:
        refreshed(api, SCOPES)
    assert isinstance(why.value, HostRefusedError)
    assert why.value.network == "files"


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (401, "InvalidAuthenticationToken", AccessExpiredError),
        (401, "something new", AccessExpiredError),
        (403, "Authorization_RequestDenied", UnavailableError),
        (403, "accessDenied", UnavailableError),
        (404, "itemNotFound", GoneError),
        (400, "itemNotFound", GoneError),
        (410, "something new", GoneError),
        (429, "activityLimitReached", RetryLaterError),
        (503, "activityLimitReached", RetryLaterError),
        (509, "something new", RetryLaterError),
        (503, "serviceNotAvailable", RetryLaterError),
        (400, "invalidRequest", UnavailableError),
    ],
)
def test_the_codes_of_graph_are_understood(status, code, expected):
    answer = graph_answer(status, {"error": {"code": code, "message": "Ada Lovelace"}}, **{"Retry-After": "7"})
    with pytest.raises(expected) as why:
        check_graph(graph_api(), answer)
    assert "Lovelace" not in str(why.value)
    if expected is RetryLaterError:
        assert why.value.retry_after == 7
        assert why.value.throttled == (code != "serviceNotAvailable")


@pytest.mark.parametrize("inner", ["innerError", "innererror"])
def test_the_more_exact_code_counts(inner):
    body = {"error": {"code": "generalException", inner: {"code": "toomanyrequests", inner: {"date": "today"}}}}
    answer = graph_answer(400, body)
    assert graph_codes(answer) == ("generalException", "toomanyrequests")
    with pytest.raises(RetryLaterError) as why:
        check_graph(graph_api(), answer)
    assert why.value.throttled


def test_an_answer_that_is_no_error_passes():
    check_graph(graph_api(), graph_answer(200, {"value": []}))
    assert graph_codes(graph_answer(400, [])) == ()
