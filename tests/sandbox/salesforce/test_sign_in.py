"""Signing in with the real client: by assertion and by secret, refused for each reason, and the end of a token."""

import time
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
import requests
from simple_salesforce.api import Salesforce as Client
from simple_salesforce.exceptions import (
    SalesforceAuthenticationFailed,
    SalesforceExpiredSession,
    SalesforceRefusedRequest,
)

from scrm.sandbox.salesforce import Salesforce
from scrm.sandbox.salesforce.org import CONSUMER_KEY
from tests.sandbox.salesforce.conftest import VERSION, Clock, Rest
from tests.sandbox.salesforce.doorway import session_to

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
TOKEN = "https://login.salesforce.com/services/oauth2/token"


@pytest.fixture
def now_org() -> Iterator[Salesforce]:
    """An org in the present: simple-salesforce dates its assertions by the real clock."""
    with Salesforce() as fake:
        yield fake


def by_assertion(org: Salesforce, **changes: str) -> Any:
    app = org.app()
    given = {
        "username": app["username"],
        "consumer_key": app["consumer_key"],
        "privatekey": app["private_key"],
        "domain": "login",
        "version": VERSION,
        **changes,
    }
    return Client(session=session_to(org), **given)  # type: ignore[arg-type]


def test_an_assertion_gives_a_token_that_works(now_org: Salesforce) -> None:
    client = by_assertion(now_org)
    assert client.query("SELECT Username FROM User WHERE Username = 'integration@nordwerk.example'")["totalSize"] == 1
    who = client.oauth2("userinfo")
    assert who["preferred_username"] == "integration@nordwerk.example"
    assert who["organization_id"] == now_org.organization_id


def test_a_secret_gives_a_token_at_the_orgs_own_domain_only(now_org: Salesforce) -> None:
    app = now_org.app()
    client: Any = Client(
        session=session_to(now_org),
        domain="nordwerk.my",
        version=VERSION,
        consumer_key=app["consumer_key"],
        consumer_secret=app["consumer_secret"],
    )
    assert client.limits()["DailyApiRequests"]["Max"] == 100_000
    basic = (app["consumer_key"], app["consumer_secret"])
    answer = session_to(now_org).post(TOKEN, data={"grant_type": "client_credentials"}, auth=basic)
    assert answer.json()["error_description"] == "request not supported on this domain"


def test_an_assertion_is_refused_for_what_is_wrong_with_it(now_org: Salesforce) -> None:
    for changes, code, said in (
        ({"consumer_key": "unknown"}, "invalid_client_id", "client identifier invalid"),
        ({"username": "admin@nordwerk.example"}, "invalid_grant", "user hasn't approved this consumer"),
        ({"domain": "test"}, "invalid_grant", "audience is invalid"),
    ):
        with pytest.raises(SalesforceAuthenticationFailed) as refused:
            if "approved" in said:
                with pytest.warns(UserWarning, match="self-authorize"):
                    by_assertion(now_org, **changes)
            else:
                by_assertion(now_org, **changes)
        assert (refused.value.code, refused.value.auth_message) == (code, said)


def test_an_assertion_of_another_key_or_of_another_time_is_refused(now_org: Salesforce) -> None:
    app = now_org.app()
    claims = {"iss": CONSUMER_KEY, "sub": app["username"], "aud": "https://login.salesforce.com"}

    def answer(ends_in: float, key: str, algorithm: str = "RS256") -> requests.Response:
        assertion = jwt.encode({**claims, "exp": int(time.time() + ends_in)}, key, algorithm=algorithm)
        return session_to(now_org).post(TOKEN, data={"grant_type": JWT_BEARER, "assertion": assertion})

    assert answer(180, app["private_key"]).status_code == 200
    assert answer(-1, app["private_key"]).json()["error"] == "invalid_grant"
    assert answer(3600, app["private_key"]).json()["error"] == "invalid_grant"
    symmetric = answer(180, "a secret of thirty-two bytes or so", "HS256")
    assert symmetric.json() == {"error": "invalid_grant", "error_description": "invalid assertion"}


def test_a_user_or_an_address_that_may_not_come_is_told_so(now_org: Salesforce) -> None:
    now_org.sessions.apps[CONSUMER_KEY].is_ip_restricted = True
    with pytest.raises(SalesforceAuthenticationFailed, match="ip restricted"):
        by_assertion(now_org)
    now_org.sessions.apps[CONSUMER_KEY].is_ip_restricted = False
    now_org.users["integration@nordwerk.example"].is_active = False
    with pytest.raises(SalesforceAuthenticationFailed, match="inactive"):
        by_assertion(now_org)


def test_a_token_ends_by_time_by_order_and_by_revoking(org: Salesforce, clock: Clock) -> None:
    rest = Rest(org)
    rest.ok("GET", "limits")
    clock.turn(hours=1, minutes=59)
    rest.ok("GET", "limits")
    clock.turn(hours=2)
    expired = rest("GET", "limits")
    assert expired.status_code == 401
    assert expired.json() == [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]
    rest.token = org.open_session()
    org.expire_sessions()
    assert rest("GET", "limits").status_code == 401
    rest.token = org.open_session()
    revoke = "https://nordwerk.my.salesforce.com/services/oauth2/revoke"
    assert rest.session.post(revoke, data={"token": rest.token}).status_code == 200
    assert rest("GET", "limits").status_code == 401
    assert rest.session.post(revoke, data={"token": rest.token}).status_code == 400


def test_a_client_signs_in_anew_when_its_token_has_ended(now_org: Salesforce) -> None:
    client = by_assertion(now_org)
    now_org.expire_sessions()
    assert client.query("SELECT Id FROM Contact")["totalSize"] == 0
    assert now_org.sessions.issued == 2


def test_a_session_that_no_login_cures_is_answered_as_ordered(client: Any, org: Salesforce) -> None:
    body = b'[{"errorCode":"INVALID_SESSION_ID","message":"This session is not valid for use with the REST API"}]'
    org.fail(status=401, times=1, path="/query", body=body)
    with pytest.raises(SalesforceExpiredSession, match="not valid for use"):
        client.query("SELECT Id FROM Contact")


def test_the_days_allowance_counts_down_and_ends(rest: Rest, org: Salesforce, client: Any, clock: Clock) -> None:
    assert rest("GET", "limits").headers["Sforce-Limit-Info"] == "api-usage=1/100000"
    assert rest.ok("GET", "limits")["DailyApiRequests"] == {"Max": 100_000, "Remaining": 99_998}
    org.journal.set_used(100_000)
    with pytest.raises(SalesforceRefusedRequest, match="TotalRequests Limit exceeded"):
        client.query("SELECT Id FROM Contact")
    clock.turn(hours=25)
    assert Rest(org)("GET", "limits").status_code == 200
