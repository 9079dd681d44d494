"""Every documented error as the fake words it: the code says what to do, never status or sentence."""

from datetime import timedelta

import pytest

from scrm.connectors.base import Api
from scrm.connectors.facebook import connector
from scrm.connectors.facebook.client import RefusedError
from scrm.errors import AccessRevokedError, GoneError, NetworkError, RetryLaterError, UnavailableError
from scrm.sandbox.facebook import Facebook
from tests.connectors.facebook.reading import Clock, access
from tests.connectors.facebook.scenario import fake

CODES: list[tuple[int, int, type[NetworkError]]] = [
    *[(190, subcode, AccessRevokedError) for subcode in (0, 458, 459, 460, 463, 464, 467, 492)],
    *[(code, 0, AccessRevokedError) for code in (102, 104)],
    *[(code, 0, UnavailableError) for code in (3, 10, 101, 200, 210, 368, 506, 803, 2500)],
    *[(code, 0, RetryLaterError) for code in (1, 2, 4, 17, 32, 341, 613, 80001, 80006)],
    (100, 0, RefusedError),
    (100, 33, GoneError),
    (100, 2018218, GoneError),
]
THROTTLES = {4, 17, 32, 341, 613, 80001, 80006}


@pytest.mark.parametrize(("code", "subcode", "expected"), CODES)
def test_a_code_means_what_it_is_documented_to_mean(
    network: Facebook, api: Api, code: int, subcode: int, expected: type[NetworkError]
) -> None:
    network.fail_with(code, subcode, times=30)
    with pytest.raises(expected) as why:
        connector.stream("feed").read(api, None)
    assert type(why.value) is expected or (code, expected) == (1, RetryLaterError)
    assert getattr(why.value, "throttled", False) is (code in THROTTLES)
    assert why.value.network == "facebook"
    assert api.credentials["access_token"] not in f"{why.value}{why.value!r}"


def test_a_page_that_would_hold_too_much_is_asked_for_in_smaller_parts(network: Facebook, api: Api) -> None:
    network.fail_with(1, times=2)
    connector.stream("feed").read(api, None)
    limits = [one["query"]["limit"] for one in network.requests() if str(one["path"]).endswith("/feed")]  # type: ignore[call-overload, index]
    assert limits == [["25"], ["12"], ["6"]]


def test_nearly_used_up_calls_are_seen_before_the_network_refuses(clock: Clock) -> None:
    with fake(clock=clock, page_limit=10) as network, access(network, clock) as api:
        for _ in range(8):
            connector.stream("ratings").read(api, None)
        assert (api.remaining, api.resets_at) == (10, clock.now + timedelta(minutes=15))
        connector.stream("ratings").read(api, None)
        with pytest.raises(RetryLaterError) as why:
            connector.stream("ratings").read(api, None)
        assert (why.value.throttled, why.value.retry_after) == (True, 3600)
