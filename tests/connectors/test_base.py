"""What all clients have in common: how long to wait, whose host is called, one renewal and no more."""

from collections.abc import Callable

import pytest
from requests.structures import CaseInsensitiveDict

from scrm.connectors.base import Api, Client, asked_to_wait, raise_for_status
from scrm.errors import (
    AccessExpiredError,
    AccessRevokedError,
    GoneError,
    PayloadError,
    RetryLaterError,
    UnavailableError,
)
from scrm.http import Answer, GuardedSession
from tests.connectors.replay import Reply, serving


class Plain(Client):
    """A network whose token runs out with a 401."""

    def headers(self, api: Api) -> dict[str, str]:
        return {"Authorization": api.credentials["token"]}

    def check(self, api: Api, answer: Answer) -> None:
        if answer.status == 401:
            raise AccessExpiredError("expired", network=api.network)
        raise_for_status(api, answer)


def answer(status: int = 429, **headers: str) -> Answer:
    named = CaseInsensitiveDict({name.replace("_", "-"): value for name, value in headers.items()})
    return Answer(status=status, headers=named, body=b"", url="https://a.example/")


def api_at(base_url: str, renew: Callable[[Api], None] | None = None) -> Api:
    session = GuardedSession(allowed=[base_url.removeprefix("http://")])
    return Api(network="plain", base_url=base_url, session=session, credentials={"token": "old-token"}, renew=renew)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("17", 17),
        (" 17 ", 17),
        ("0", 1),
        ("99999999999999999999", 3600),
        ("Sun, 01 Nov 2026 08:00:30 GMT", 30),
        ("Sun, 01 Nov 2026 07:00:00 GMT", 1),
        ("Sun, 01 Nov 2036 08:00:00 GMT", 3600),
        ("", None),
        ("-1", None),
        ("1.5", None),
        ("nan", None),
        ("1e9", None),
        ("٣", None),
        ("soon", None),
        ("Sun, 99 Nov 2026 08:00:30 GMT", None),
    ],
)
def test_retry_after_is_a_number_or_a_date_within_reason(value, seconds):
    assert asked_to_wait(answer(Retry_After=value, Date="Sun, 01 Nov 2026 08:00:00 GMT")) == seconds


def test_a_date_counts_from_now_when_the_answer_has_none():
    assert asked_to_wait(answer(Retry_After="Sun, 01 Nov 2020 08:00:00 GMT")) == 1
    assert asked_to_wait(answer()) is None


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (301, RetryLaterError),
        (400, UnavailableError),
        (401, AccessRevokedError),
        (403, UnavailableError),
        (404, GoneError),
        (410, GoneError),
        (422, UnavailableError),
        (429, RetryLaterError),
        (500, RetryLaterError),
        (599, RetryLaterError),
    ],
)
def test_a_status_means_what_the_caller_does_next(status, expected):
    with pytest.raises(expected) as why:
        raise_for_status(api_at("http://127.0.0.1:1"), answer(status))
    assert why.value.network == "plain"


def test_success_means_nothing_and_the_networks_own_wait_comes_first():
    raise_for_status(api_at("http://127.0.0.1:1"), answer(204))
    with pytest.raises(RetryLaterError) as why:
        raise_for_status(api_at("http://127.0.0.1:1"), answer(Retry_After="17"), retry_after=5000)
    assert (why.value.retry_after, why.value.throttled) == (3600, True)


def test_only_the_connections_own_host_is_called():
    api = api_at("https://a.example")
    assert api.url("/x?y=1") == "https://a.example/x?y=1"
    assert api.url("https://a.example/x") == "https://a.example/x"
    for foreign in (
        "https://b.example/x",
        "http://a.example/x",
        "https://a.example:444/x",
        "https://a.example@b/x",
        "x",
    ):
        with pytest.raises(PayloadError) as why:
            api.url(foreign)
        assert "b.example" not in str(why.value)


def test_an_access_that_ran_out_is_renewed_once_and_the_call_made_again():
    def renew(api: Api) -> None:
        api.credentials["token"] = "new-token"

    replies = [Reply(status=401), Reply(body=b'{"a": 1}')]
    with serving(lambda _: replies.pop(0)) as server:
        api = api_at(server.base_url, renew)
        with api.session:
            assert Plain().json(api, "/x") == {"a": 1}
        assert (len(server.asked), api.requests) == (2, 2)


def test_a_renewal_that_does_not_help_is_not_repeated():
    renewed = []
    with serving(lambda _: Reply(status=401)) as server:
        api = api_at(server.base_url, renewed.append)
        with api.session, pytest.raises(AccessExpiredError):
            Plain().get(api, "/x")
        assert (len(server.asked), len(renewed)) == (2, 1)
        api = api_at(server.base_url)
        with api.session, pytest.raises(AccessExpiredError):
            Plain().get(api, "/x")
        assert len(server.asked) == 3


def test_neither_the_api_nor_its_errors_show_the_access():
    api = api_at("http://127.0.0.1:1")
    with api.session, pytest.raises(RetryLaterError) as why:
        Plain().get(api, "/x")
    assert "old-token" not in f"{api!r}{why.value!r}{why.value}"
    assert why.value.network == "plain"
