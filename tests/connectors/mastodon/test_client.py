"""What Mastodon says when it does not answer, and servers that are not as new."""

import json

import pytest

from scrm.connectors.mastodon import connector
from scrm.errors import (
    AccessRevokedError,
    GoneError,
    RetryLaterError,
    UnavailableError,
)
from scrm.records import InteractionRecord
from tests.connectors.mastodon.reading import read, recheck
from tests.connectors.mastodon.scenario import change, play
from tests.connectors.replay import Reply, recording, scripted, serving, signed_in, unsigned


def test_a_revoked_token_is_recognized_also_by_the_second_opinion(network, api):
    network.revoke("nordwerk")
    with pytest.raises(AccessRevokedError):
        connector.stream("notifications").read(api, None)
    with pytest.raises(AccessRevokedError):
        connector.sign_in(api)


def test_the_limit_is_noted_and_a_429_waits_for_its_reset(api, network):
    connector.stream("notifications").read(api, None)
    assert api.remaining == 297
    assert api.resets_at is not None
    network.fail(status=429, times=1)
    with pytest.raises(RetryLaterError) as why:
        connector.stream("notifications").read(api, None)
    assert why.value.throttled
    assert why.value.retry_after is not None


def test_the_reset_is_an_iso_time_on_the_servers_own_clock():
    headers = {"X-RateLimit-Reset": "2126-01-01T00:05:00.000000Z", "X-RateLimit-Remaining": "0"}
    with (
        signed_in("mastodon", lambda _: Reply(status=429, headers=headers)) as (api, _),
        pytest.raises(RetryLaterError) as why,
    ):
        connector.stream("notifications").read(api, None)
    assert why.value.retry_after == 3600
    assert api.remaining == 0


@pytest.mark.parametrize("reset", ["", "soon", "1767225600", "2026-01-01T00:00:00"])
def test_a_reset_that_is_no_time_is_ignored(reset):
    reply = Reply(status=429, headers={"X-RateLimit-Reset": reset})
    with signed_in("mastodon", lambda _: reply) as (api, _), pytest.raises(RetryLaterError) as why:
        connector.stream("notifications").read(api, None)
    assert why.value.retry_after is None


def test_a_disabled_login_is_a_lost_access_and_a_missing_scope_is_not():
    for sentence, expected in (
        ("Your login is currently disabled", AccessRevokedError),
        ("This action is outside the authorized scopes", UnavailableError),
    ):
        reply = Reply(status=403, body=json.dumps({"error": sentence}).encode())
        with signed_in("mastodon", lambda _, reply=reply: reply) as (api, _), pytest.raises(expected):
            connector.stream("notifications").read(api, None)


def test_a_server_older_than_4_3_is_asked_one_by_one(network, api):
    uris = play(network)
    reading = read(api)
    change(network, uris)
    for _ in range(2):
        network.fail(status=404, times=1, path="/api/v1/statuses")
    api.requests = 0
    records, gone = recheck(api, reading)
    assert uris["hello"] in gone
    assert api.requests > 20
    assert uris["question"] in {one.key.native_id for one in records if isinstance(one, InteractionRecord)}


def test_a_server_without_uris_is_too_old():
    exchanges = recording("mastodon", "sign_in")["exchanges"]
    del exchanges[0]["body"]["uri"]
    with serving(scripted(exchanges)) as server:
        api = unsigned("mastodon", server)
        with api.session, pytest.raises(UnavailableError, match="too old"):
            connector.sign_in(api)


def test_without_an_instance_page_the_domain_is_that_of_the_account():
    exchanges = recording("mastodon", "sign_in")["exchanges"][:1]
    with serving(scripted([*exchanges, {"path": "/api/v2/instance", "status": 404}])) as server:
        api = unsigned("mastodon", server)
        with api.session:
            account, _ = connector.sign_in(api)
    assert account.handle == "nordwerk@social.example"


def test_people_without_an_account_cannot_be_asked_for(api):
    with pytest.raises(GoneError):
        connector.client.json(api, "/api/v1/accounts/1")
