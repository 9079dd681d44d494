"""What X's answers mean: by status and type of the problem, never by words."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from scrm.connectors.base import Account, Api
from scrm.connectors.x.client import CLIENT, PlaceLostError, found, is_granted, listing
from scrm.connectors.x.people import key
from scrm.errors import (
    AccessExpiredError,
    AccessRevokedError,
    BudgetSpentError,
    GoneError,
    NetworkError,
    RetryLaterError,
    UnavailableError,
)
from scrm.http import GuardedSession
from tests.connectors.replay import Replay, Reply, serving
from tests.connectors.x.scenario import NOW

HOSTS = ("https://api.x.com/2/problems", "https://api.twitter.com/2/problems")


@pytest.fixture
def server() -> Iterator[Replay]:
    with serving(lambda _: Reply()) as running:
        yield running


@pytest.fixture
def api(server: Replay) -> Iterator[Api]:
    with GuardedSession(allowed=[server.host]) as session:
        yield Api(
            network="x",
            base_url=server.base_url,
            session=session,
            credentials={"access_token": "token"},
            account=Account(key=key("1"), handle="nordwerk", base_url=server.base_url),
            now=lambda: NOW,
        )


def answer(server: Replay, status: int, body: Any = None, **headers: str) -> None:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    server.go_on_with(lambda _: Reply(status=status, body=json.dumps(body or {}).encode(), headers=sent))


def fault(api: Api) -> NetworkError:
    with pytest.raises(NetworkError) as why:
        listing(api, "/2/users/1/mentions", [])
    assert why.value.network == "x"
    return why.value


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize(
    ("status", "suffix", "wanted"),
    [
        (400, "invalid-request", UnavailableError),
        (403, "client-forbidden", UnavailableError),
        (403, "unsupported-authentication", UnavailableError),
        (403, "oauth1-permissions", UnavailableError),
        (403, "not-authorized-for-resource", UnavailableError),
        (403, "disallowed-resource", UnavailableError),
        (404, "resource-not-found", GoneError),
        (409, "conflict", RetryLaterError),
        (422, "something-new", UnavailableError),
        (429, "rate-limit-exceeded", RetryLaterError),
        (429, "usage-capped", BudgetSpentError),
        (500, "internal-error", RetryLaterError),
        (503, "resource-unavailable", RetryLaterError),
    ],
)
def test_a_problem_means_what_its_status_and_type_say(
    server: Replay, api: Api, host: str, status: int, suffix: str, wanted: type[NetworkError]
) -> None:
    answer(server, status, {"type": f"{host}/{suffix}", "title": "Words that may change", "status": status})
    assert type(fault(api)) is wanted


def test_without_credits_it_is_tried_again_every_hour(server: Replay, api: Api) -> None:
    answer(server, 402, {"title": "CreditsDepleted"})
    why = fault(api)
    assert isinstance(why, BudgetSpentError)
    assert (why.resets_at, why.throttled) == (NOW + timedelta(hours=1), False)


def test_at_the_monthly_cap_it_is_tried_again_every_day(server: Replay, api: Api) -> None:
    answer(server, 429, {"type": f"{HOSTS[0]}/usage-capped"})
    why = fault(api)
    assert isinstance(why, BudgetSpentError)
    assert why.resets_at == datetime(2026, 11, 19, tzinfo=UTC)


@pytest.mark.parametrize(
    "body",
    [
        {"errors": [{"code": 88, "message": "Rate limit exceeded"}]},
        {"title": "Too Many Requests", "status": 429, "type": "about:blank"},
    ],
)
def test_both_bodies_of_a_rate_limit_wait_for_the_end_of_the_window(server: Replay, api: Api, body: Any) -> None:
    reset = str(int((NOW + timedelta(minutes=7)).timestamp()))
    answer(server, 429, body, x_rate_limit_remaining="0", x_rate_limit_reset=reset)
    why = fault(api)
    assert isinstance(why, RetryLaterError)
    assert (why.throttled, why.retry_after) == (True, 420)
    assert (api.remaining, api.resets_at) == (0, NOW + timedelta(minutes=7))


@pytest.mark.parametrize("reset", ["soon", "-1", "9" * 30, "²"])
def test_a_limit_that_makes_no_sense_is_none(server: Replay, api: Api, reset: str) -> None:
    answer(server, 200, {"meta": {}}, x_rate_limit_reset=reset.encode("utf-8").decode("latin-1"))
    listing(api, "/2/users/1/mentions", [])
    assert api.resets_at is None


def test_an_access_that_ran_out_is_renewed_once_where_that_is_possible(server: Replay, api: Api) -> None:
    answer(server, 401, {"title": "Unauthorized"})
    assert type(fault(api)) is AccessRevokedError
    api.credentials["refresh_token"] = "again"
    assert type(fault(api)) is AccessExpiredError
    renewed = []
    api.renew = renewed.append
    assert type(fault(api)) is AccessExpiredError
    assert renewed == [api]


@pytest.mark.parametrize("name", ["pagination_token", "next_token"])
def test_a_token_that_is_not_taken_means_that_the_place_is_lost(server: Replay, api: Api, name: str) -> None:
    answer(server, 400, {"type": f"{HOSTS[0]}/invalid-request", "errors": [{"parameters": {name: ["x"]}}]})
    assert type(fault(api)) is PlaceLostError


@pytest.mark.parametrize(
    ("suffix", "wanted"),
    [
        ("resource-not-found", GoneError),
        ("not-authorized-for-resource", UnavailableError),
        ("not-authorized-for-field", UnavailableError),
        ("resource-unavailable", RetryLaterError),
        ("field-hydration-failure", RetryLaterError),
    ],
)
def test_errors_instead_of_data_mean_the_same_with_a_200(
    server: Replay, api: Api, suffix: str, wanted: type[NetworkError]
) -> None:
    answer(server, 200, {"errors": [{"type": f"{HOSTS[0]}/{suffix}", "resource_id": "1"}]})
    assert type(fault(api)) is wanted


def test_errors_beside_data_cost_nothing_but_what_they_are_about(server: Replay, api: Api) -> None:
    missing = {"type": f"{HOSTS[1]}/resource-not-found", "resource_id": "7", "resource_type": "tweet"}
    answer(server, 200, {"data": [{"id": "8"}], "errors": [missing]})
    page = found(api, "/2/tweets", [("ids", "7,8")])
    assert (page.ids, page.missing) == (["8"], {"7": "resource-not-found"})


@pytest.mark.parametrize("body", [{}, {"data": None}, {"includes": {}}])
def test_an_answer_without_data_meta_and_errors_is_none(server: Replay, api: Api, body: Any) -> None:
    answer(server, 200, body)
    assert type(fault(api)) is RetryLaterError
    with pytest.raises(RetryLaterError):
        found(api, "/2/tweets", [("ids", "7")])


def test_the_access_is_a_bearer_token(api: Api) -> None:
    assert CLIENT.headers(api) == {"Authorization": "Bearer token"}


def test_what_was_granted_is_known_from_signing_in_only(api: Api) -> None:
    assert is_granted(api, "dm.read")
    api.credentials["scope"] = "tweet.read users.read"
    assert is_granted(api, "users.read")
    assert not is_granted(api, "dm.read")
