import base64
import json
from datetime import timedelta

import pytest

from scrm.sandbox.bluesky import Bluesky, Lifetimes, Terms
from tests.sandbox.bluesky.calling import Caller, Clock, people

SESSION = "com.atproto.server.getSession"
REFRESH = "com.atproto.server.refreshSession"
CREATE = "com.atproto.server.createSession"


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def refresh(network: Bluesky, token: str) -> tuple[int, dict[str, str]]:
    answer = Caller(network, bearer(token)).post(REFRESH)
    return answer.status_code, answer.json()


def test_a_login_gives_tokens_and_only_ones_own_email(network: Bluesky) -> None:
    caller = Caller(network)
    session = caller.log_in("anna")
    assert session["handle"] == "anna.bsky.example"
    assert session["did"].startswith("did:plc:")
    assert len(session["did"]) == len("did:plc:") + 24
    assert session["email"] == "anna@post.example"
    assert session["active"] is True
    service = session["didDoc"]["service"][0]
    assert (service["id"], service["serviceEndpoint"]) == ("#atproto_pds", network.base_url)
    own = caller.ok(SESSION)
    assert own["did"] == session["did"]
    assert "accessJwt" not in own
    for nsid in ("app.bsky.actor.getProfile",):
        assert "@post.example" not in caller.get(nsid, actor=session["did"]).text


def test_one_logs_in_by_handle_did_or_email_in_any_case(network: Bluesky) -> None:
    known = network.credentials("anna")
    did = Caller(network).log_in("anna")["did"]
    for identifier in (known["identifier"].upper(), did, "Anna@Post.example"):
        answer = Caller(network).post(CREATE, json={"identifier": identifier, "password": known["app_password"]})
        assert answer.status_code == 200
        assert answer.json()["did"] == did


@pytest.mark.parametrize("identifier", ["anna.bsky.example", "nobody.bsky.example", "nobody@post.example"])
def test_a_wrong_login_says_not_what_was_wrong(network: Bluesky, identifier: str) -> None:
    answer = Caller(network).post(CREATE, json={"identifier": identifier, "password": "xxxx-xxxx-xxxx-xxxx"})
    assert answer.status_code == 401
    assert answer.json() == {
        "error": "AuthenticationRequired",
        "message": "Invalid identifier or password",
    }


def test_a_refresh_gives_a_new_pair_and_kills_the_old_refresh_token(network: Bluesky) -> None:
    first = Caller(network).log_in("anna")
    status, second = refresh(network, first["refreshJwt"])
    assert status == 200
    assert second["refreshJwt"] != first["refreshJwt"]
    assert Caller(network, bearer(second["accessJwt"])).ok(SESSION)["handle"] == "anna.bsky.example"
    assert refresh(network, first["refreshJwt"]) == (
        400,
        {"error": "ExpiredToken", "message": "Token has been revoked"},
    )
    assert refresh(network, second["refreshJwt"])[0] == 200


def test_a_used_refresh_token_lives_on_for_the_grace_given(clock: Clock) -> None:
    terms = Terms(lifetimes=Lifetimes(grace=timedelta(hours=2)))
    with Bluesky(clock=clock, terms=terms) as network:
        people(network, "anna")
        token = Caller(network).log_in("anna")["refreshJwt"]
        assert refresh(network, token)[0] == 200
        clock.move(minutes=119)
        assert refresh(network, token)[0] == 200
        clock.move(minutes=2)
        assert refresh(network, token)[1]["error"] == "ExpiredToken"


def test_access_ends_after_two_hours_with_status_400(network: Bluesky, clock: Clock) -> None:
    caller = Caller(network)
    session = caller.log_in("anna")
    clock.move(minutes=119)
    assert caller.get(SESSION).status_code == 200
    clock.move(minutes=1)
    assert caller.error(SESSION) == (400, "ExpiredToken", "Token has expired")
    assert caller.error("app.bsky.actor.getProfile", actor=session["did"])[1] == "ExpiredToken"
    assert refresh(network, session["refreshJwt"])[0] == 200


def test_a_refresh_token_ends_after_ninety_days(network: Bluesky, clock: Clock) -> None:
    token = Caller(network).log_in("anna")["refreshJwt"]
    clock.move(days=90)
    assert refresh(network, token) == (400, {"error": "ExpiredToken", "message": "Token has expired"})


def test_lifetimes_are_the_test_s_to_choose(clock: Clock) -> None:
    terms = Terms(lifetimes=Lifetimes(access=timedelta(seconds=5), refresh=timedelta(seconds=10)))
    with Bluesky(clock=clock, terms=terms) as network:
        people(network, "anna")
        caller = Caller(network)
        session = caller.log_in("anna")
        claims = session["accessJwt"].split(".")[1]
        read = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
        assert read["exp"] - read["iat"] == 5
        assert read["sub"] == session["did"]
        clock.move(seconds=5)
        assert caller.error(SESSION)[1] == "ExpiredToken"
        clock.move(seconds=5)
        assert refresh(network, session["refreshJwt"])[1]["error"] == "ExpiredToken"


@pytest.mark.parametrize("token", ["nonsense", "a.b.c", "ä.ö.ü".encode().decode("latin-1")])
def test_a_made_up_token_is_invalid(network: Bluesky, token: str) -> None:
    caller = Caller(network, {"Authorization": f"Bearer {token}".encode("latin-1").decode("latin-1")})
    assert caller.error(SESSION) == (400, "InvalidToken", "Token could not be verified")


def test_tokens_are_not_good_for_one_another(network: Bluesky) -> None:
    session = Caller(network).log_in("anna")
    assert Caller(network, bearer(session["refreshJwt"])).error(SESSION) == (
        400,
        "InvalidToken",
        "Bad token scope",
    )
    assert refresh(network, session["accessJwt"])[1]["error"] == "InvalidToken"


@pytest.mark.parametrize("nsid", [SESSION, "app.bsky.notification.listNotifications"])
def test_without_a_token_one_is_asked_for_it(anybody: Caller, nsid: str) -> None:
    assert anybody.error(nsid) == (401, "AuthMissing", "Authentication Required")
    anybody.headers = {"Authorization": "Basic eDp5"}
    assert anybody.error(nsid)[0] == 401


def test_search_may_need_a_login(network: Bluesky, anybody: Caller, firm: Caller, clock: Clock) -> None:
    assert anybody.error("app.bsky.feed.searchPosts", q="x")[:2] == (401, "AuthMissing")
    assert firm.ok("app.bsky.feed.searchPosts", q="x")["posts"] == []
    with Bluesky(clock=clock, terms=Terms(search_needs_login=False)) as open_network:
        assert Caller(open_network).ok("app.bsky.feed.searchPosts", q="x")["posts"] == []


def test_a_deleted_session_cannot_be_refreshed(network: Bluesky) -> None:
    session = Caller(network).log_in("anna")
    closing = Caller(network, bearer(session["refreshJwt"]))
    answer = closing.post("com.atproto.server.deleteSession")
    assert (answer.status_code, answer.content) == (200, b"")
    assert refresh(network, session["refreshJwt"])[1]["error"] == "ExpiredToken"
    assert closing.post("com.atproto.server.deleteSession").status_code == 400
    # the access token is not kept anywhere, so it lives out its time
    assert Caller(network, bearer(session["accessJwt"])).get(SESSION).status_code == 200


def test_revoking_ends_every_token_and_the_app_password(network: Bluesky) -> None:
    known = network.credentials("anna")
    caller, other = Caller(network), Caller(network)
    session = caller.log_in("anna")
    other.log_in("bilal")
    network.revoke("anna")
    assert caller.error(SESSION)[:2] == (400, "InvalidToken")
    assert refresh(network, session["refreshJwt"])[1]["error"] == "ExpiredToken"
    again = {"identifier": known["identifier"], "password": known["app_password"]}
    assert caller.post(CREATE, json=again).status_code == 401
    assert other.get(SESSION).status_code == 200
    assert network.credentials("anna")["app_password"] != known["app_password"]
    caller.log_in("anna")
    assert caller.get(SESSION).status_code == 200
