"""Sessions, limits and errors, against the running fake and against answers made for the purpose."""

import base64
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from requests.structures import CaseInsensitiveDict

from scrm.connectors.base import Api
from scrm.connectors.bluesky import connector
from scrm.connectors.bluesky.client import CLIENT
from scrm.errors import (
    AccessExpiredError,
    AccessRevokedError,
    GoneError,
    InputError,
    NetworkError,
    RetryLaterError,
    UnavailableError,
)
from scrm.http import Answer, GuardedSession
from scrm.sandbox.bluesky import Bluesky
from scrm.sandbox.cast import person
from tests.connectors.bluesky.reading import Clock, access, account_of, read
from tests.connectors.bluesky.scenario import play
from tests.connectors.replay import Asked, Replay, Reply, Script, serving

DID = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa"
PDS = "https://oyster.host.example"


def calls(network: Bluesky, nsid: str) -> int:
    return sum(one["path"] == f"/xrpc/{nsid}" for one in network.requests())


def posts(api: Api) -> None:
    connector.stream("posts").read(api, None)


def test_one_sign_in_serves_a_whole_reading(network: Bluesky, api: Api) -> None:
    play(network)
    read(api)
    assert calls(network, "com.atproto.server.createSession") == 1
    assert calls(network, "com.atproto.server.refreshSession") == 0


def test_an_access_that_ran_out_is_renewed_once_and_the_request_made_again(
    network: Bluesky, api: Api, clock: Clock
) -> None:
    before = dict(api.credentials)
    clock.move(hours=3)
    posts(api)
    assert calls(network, "com.atproto.server.refreshSession") == 1
    assert calls(network, "com.atproto.server.createSession") == 1
    assert api.credentials["access_jwt"] != before["access_jwt"]
    assert api.credentials["refresh_jwt"] != before["refresh_jwt"]
    clock.move(hours=3)
    posts(api)  # the refresh token was used up; the new one was kept
    assert calls(network, "com.atproto.server.createSession") == 1


def test_a_refresh_token_that_was_used_up_is_made_good_by_the_app_password(
    network: Bluesky, api: Api, clock: Clock
) -> None:
    """A process that dies between exchange and storing loses the new token."""
    old = dict(api.credentials)
    connector.renew(api)
    api.credentials |= old
    clock.move(hours=3)
    posts(api)
    assert calls(network, "com.atproto.server.createSession") == 2


def test_after_ninety_days_the_app_password_still_opens(network: Bluesky, api: Api, clock: Clock) -> None:
    clock.move(days=91)
    posts(api)
    assert calls(network, "com.atproto.server.createSession") == 2


def test_a_revoked_app_password_is_noticed_and_confirmed(network: Bluesky, api: Api) -> None:
    network.revoke("nordwerk")
    with pytest.raises(AccessRevokedError):
        posts(api)
    with pytest.raises(AccessRevokedError):
        connector.sign_in(api)


def test_signing_in_again_finds_the_account_by_its_did_whatever_its_handle(network: Bluesky, api: Api) -> None:
    network.edit_profile("nordwerk", at=Clock().now, handle="nordwerk.example")
    account, profile = connector.sign_in(api)
    assert (account.key, account.handle) == (account_of(api).key, "nordwerk.example")
    assert profile.full


def test_an_at_sign_before_the_handle_does_no_harm(network: Bluesky) -> None:
    form = network.credentials("nordwerk")
    with GuardedSession(allowed=[network.base_url.removeprefix("http://")]) as session:
        api = Api(
            network="bluesky",
            base_url=network.base_url,
            session=session,
            credentials={**form, "identifier": f" @{form['identifier']}"},
        )
        account, _ = connector.sign_in(api)
    assert account.handle == form["identifier"]


def test_too_many_calls_wait_until_the_reset_that_the_network_names() -> None:
    with Bluesky(rate_limit=4) as network:
        network.add_account(person("nordwerk"), at=Clock().now)
        with access(network) as api:
            posts(api)
            assert (api.remaining, api.resets_at is not None) == (1, True)
            posts(api)
            with pytest.raises(RetryLaterError) as why:
                posts(api)
    assert why.value.throttled
    assert why.value.retry_after is not None
    assert 1 <= why.value.retry_after <= 300


def test_without_retry_after_the_epoch_of_the_reset_counts() -> None:
    headers = {"RateLimit-Reset": str(int(time.time()) + 120), "RateLimit-Remaining": "0"}
    with answering(Reply(status=429, headers=headers)) as (api, _), pytest.raises(RetryLaterError) as why:
        posts(api)
    assert why.value.retry_after == pytest.approx(120, abs=3)
    assert api.remaining == 0


def test_a_reset_is_compared_with_our_own_clock_when_the_server_names_no_time() -> None:
    reset = str(int(time.time()) + 120)
    for date in ({}, {"Date": "soon"}):
        headers = CaseInsensitiveDict({"RateLimit-Reset": reset, **date})
        with pytest.raises(RetryLaterError) as why:
            CLIENT.check(
                Api(network="bluesky", base_url="https://pds.example", session=GuardedSession()),
                Answer(status=429, headers=headers, body=b"", url="https://pds.example/"),
            )
        assert why.value.retry_after == pytest.approx(120, abs=3)


@pytest.mark.parametrize(
    ("reset", "wait"),
    [("1", 1), ("99999999999", 3600), ("soon", None), ("-5", None), ("9" * 400, None), ("²", None)],
)
def test_a_reset_that_makes_no_sense_is_clamped_or_ignored(reset: str, wait: float | None) -> None:
    reply = Reply(status=429, headers={"RateLimit-Reset": reset})
    with answering(reply) as (api, _), pytest.raises(RetryLaterError) as why:
        posts(api)
    assert why.value.retry_after == wait


ERRORS = [
    (400, "ExpiredToken", "Token has expired", AccessExpiredError),
    (400, "InvalidToken", "Token could not be verified", AccessExpiredError),
    (401, "AuthMissing", "Authentication Required", AccessExpiredError),
    (401, "SomethingNew", "", AccessExpiredError),
    (401, "AccountTakedown", "Account has been taken down", AccessRevokedError),
    (401, "AccountDeactivated", "Account is deactivated", AccessRevokedError),
    (400, "RecordNotFound", "Could not locate record: at://…", GoneError),
    (400, "RepoTakendown", "", GoneError),
    (400, "InvalidRequest", "Profile not found", GoneError),
    (400, "InvalidRequest", "Could not find repo: did:plc:…", GoneError),
    (400, "InvalidRequest", "Malformed cursor", UnavailableError),
    (403, "Forbidden", "", UnavailableError),
    (404, "XRPCNotSupported", "", UnavailableError),
    (404, "", "", UnavailableError),
    (410, "", "", UnavailableError),
    (502, "UpstreamFailure", "", RetryLaterError),
    (503, "NotEnoughResources", "", RetryLaterError),
    (504, "UpstreamTimeout", "", RetryLaterError),
]


@pytest.mark.parametrize(("status", "name", "message", "expected"), ERRORS)
def test_the_networks_error_names_are_understood(
    status: int, name: str, message: str, expected: type[NetworkError]
) -> None:
    body = json.dumps({"error": name, "message": message}).encode()
    with answering(Reply(status=status, body=body)) as (api, _), pytest.raises(expected) as why:
        CLIENT.query(api, "app.bsky.feed.getPosts", {"uris": ["at://x"]})
    assert type(why.value) is expected
    assert message not in str(why.value) or not message


@contextmanager
def answering(reply: Reply, session: dict[str, Any] | None = None) -> Iterator[tuple[Api, Replay]]:
    """An access to a server that signs everybody in and then answers one thing."""
    opening = {"did": DID, "handle": "a.example", "accessJwt": "opaque", "refreshJwt": "opaque", **(session or {})}

    def script(asked: Asked) -> Reply:
        if asked[1].endswith("createSession"):
            return Reply(body=json.dumps(opening).encode())
        return Reply(body=json.dumps({"did": DID}).encode()) if asked[1].endswith("getProfile") else reply

    with serving(script) as server, GuardedSession(allowed=[server.host]) as http:
        api = Api(network="bluesky", base_url=server.base_url, session=http, credentials=form())
        api.account, _ = connector.sign_in(api)
        yield api, server


def form() -> dict[str, str]:
    return {"identifier": "a.example", "app_password": "abcd-efgh-ijkl-mnop"}


def token(scope: str) -> str:
    parts = [json.dumps(part).encode() for part in ({"typ": "at+jwt"}, {"scope": scope})]
    return ".".join([*(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts), "signature"])


def test_the_accounts_own_password_is_refused_and_nothing_is_kept() -> None:
    with pytest.raises(InputError), answering(Reply(), {"accessJwt": token("com.atproto.access")}):
        pass
    with answering(Reply(), {"accessJwt": token("com.atproto.appPassPrivileged")}) as (api, _):
        assert api.credentials["did"] == DID


@pytest.mark.parametrize("odd", ["a.b.c", "a.!!!.c", token("x").replace(".", "", 1), "ü.ü.ü", "..", "e30.W10.x"])
def test_tokens_of_another_make_are_taken_as_they_are(odd: str) -> None:
    with answering(Reply(), {"accessJwt": odd}) as (api, _):
        assert api.credentials["access_jwt"] == odd


def document(endpoint: str, name: str = "#atproto_pds") -> dict[str, Any]:
    return {"didDoc": {"service": [{"id": name, "type": "AtprotoPersonalDataServer", "serviceEndpoint": endpoint}]}}


def opened_at(extra: dict[str, Any]) -> tuple[str, str]:
    """Where the tokens go after a sign-in, and where the sign-in was."""
    opening = {"did": DID, "handle": "a.example", "accessJwt": "opaque", "refreshJwt": "opaque", **extra}
    script = scripted_by(json.dumps(opening).encode())
    with serving(script) as server, GuardedSession(allowed=[server.host]) as http:
        api = Api(network="bluesky", base_url=server.base_url, session=http, credentials=form())
        CLIENT.log_in(api)
        return api.base_url, server.base_url


def scripted_by(body: bytes) -> Script:
    """Always the same answer."""
    return lambda _: Reply(body=body)


@pytest.mark.parametrize("name", ["#atproto_pds", f"{DID}#atproto_pds"])
def test_an_account_that_lives_on_a_server_of_its_own_is_read_there(name: str) -> None:
    assert opened_at(document(PDS + "/", name))[0] == PDS


@pytest.mark.parametrize(
    "extra",
    [
        {},
        document("http://oyster.host.example"),
        document("https://user:pass@oyster.host.example"),
        document("https://oyster.host.example:8443"),
        document("not an address"),
        document(PDS, "#bsky_notif"),
        {"didDoc": {}},
    ],
)
def test_tokens_stay_where_they_were_got_unless_a_public_https_host_is_named(extra: dict[str, Any]) -> None:
    reached, asked = opened_at(extra)
    assert reached == asked


def test_a_session_of_another_account_is_not_taken() -> None:
    with answering(Reply()) as (api, _):
        api.credentials["did"] = "did:plc:bbbbbbbbbbbbbbbbbbbbbbbb"
        with pytest.raises(AccessRevokedError):
            CLIENT.log_in(api)
        assert api.credentials["access_jwt"] == "opaque"


def test_a_renewal_that_answers_with_a_page_of_html_comes_back_later() -> None:
    with serving(scripted_by(b"<html>Maintenance</html>")) as server, GuardedSession(allowed=[server.host]) as http:
        credentials = {**form(), "refresh_jwt": "opaque"}
        api = Api(network="bluesky", base_url=server.base_url, session=http, credentials=credentials)
        with pytest.raises(RetryLaterError):
            connector.renew(api)
        assert _paths(server) == ["com.atproto.server.refreshSession"]
        assert api.credentials == credentials


def test_without_a_refresh_token_the_password_is_used_at_once() -> None:
    with answering(Reply()) as (api, server):
        del api.credentials["refresh_jwt"]
        server.asked.clear()
        connector.renew(api)
        assert _paths(server) == ["com.atproto.server.createSession"]


def _paths(server: Replay) -> list[str]:
    return [asked[1].removeprefix("/xrpc/") for asked in server.asked]


def test_a_new_session_that_is_refused_at_once_is_no_access() -> None:
    opening = {"did": DID, "accessJwt": "opaque", "refreshJwt": "opaque"}

    def script(asked: Asked) -> Reply:
        if asked[1].endswith("createSession"):
            return Reply(body=json.dumps(opening).encode())
        return Reply(status=401, body=b'{"error": "InvalidToken"}')

    with serving(script) as server, GuardedSession(allowed=[server.host]) as http:
        api = Api(network="bluesky", base_url=server.base_url, session=http, credentials=form())
        with pytest.raises(AccessRevokedError):
            connector.sign_in(api)


def test_no_secret_shows_in_the_representation_of_an_access(api: Api) -> None:
    for name in ("app_password", "access_jwt", "refresh_jwt"):
        assert api.credentials[name] not in repr(api)
