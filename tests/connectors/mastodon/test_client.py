"""What Mastodon says when it does not answer, and servers that are not as new."""

import json

import pytest

from scrm.connectors.base import ObjectRef
from scrm.connectors.mastodon import connector
from scrm.connectors.mastodon.client import age, reacting_accounts
from scrm.connectors.payload import Payload
from scrm.errors import (
    AccessRevokedError,
    GoneError,
    PayloadError,
    RetryLaterError,
    UnavailableError,
)
from scrm.records import InteractionRecord
from tests.connectors.mastodon.reading import read, recheck
from tests.connectors.mastodon.scenario import change, play
from tests.connectors.replay import Asked, Reply, read_all, recording, scripted, serving, signed_in, unsigned


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


def accounts(first: int, count: int) -> list[dict[str, str]]:
    return [{"id": str(number)} for number in range(first, first + count)]


def test_a_long_list_of_favourites_is_followed_until_everybody_is_found():
    pages = {
        "1": (accounts(1, 80), '<{base}/api/v1/statuses/7/favourited_by?max_id=2>; rel="next"'),
        "2": (accounts(81, 80), '<{base}/api/v1/statuses/7/favourited_by?max_id=3>; rel="next"'),
        "3": (accounts(161, 1), ""),
    }

    def script(asked: Asked) -> Reply:
        body, link = pages[dict(asked[2]).get("max_id", "1")]
        return Reply(headers={"Link": link}, body=json.dumps(body).encode())

    with signed_in("mastodon", script) as (api, server):
        found, is_complete = reacting_accounts(api, "7", "favourited_by", ["90"])
        assert (set(found), is_complete, len(server.asked)) == ({"90"}, True, 2)
        found, is_complete = reacting_accounts(api, "7", "favourited_by", ["1", "161", "999"])
        assert (set(found), is_complete) == ({"1", "161"}, True)


def test_a_list_too_long_to_finish_takes_nobodys_favourite_away():
    calls = iter(range(1000))

    def script(_: Asked) -> Reply:
        link = f'<{{base}}/api/v1/statuses/7/favourited_by?max_id={next(calls)}>; rel="next"'
        return Reply(headers={"Link": link}, body=json.dumps(accounts(1, 80)).encode())

    with signed_in("mastodon", script) as (api, server):
        ref = ObjectRef(native_id="favourite:a:b", fetch_ref="favourited_by 7 999")
        page = connector.object_stream("recheck").read(api, [ref])
        assert (page.items, page.gone, len(server.asked)) == ((), (), 25)


def test_a_list_that_leads_to_itself_is_an_error():
    link = '<{base}/api/v1/statuses/7/favourited_by?max_id=1>; rel="next"'
    with (
        signed_in("mastodon", lambda _: Reply(headers={"Link": link}, body=b"[]")) as (api, _),
        pytest.raises(RetryLaterError, match="itself"),
    ):
        reacting_accounts(api, "7", "favourited_by", ["1"])


def test_reactions_to_a_status_that_is_gone_are_gone_and_follows_are_not_watched():
    refs = [
        ObjectRef(native_id="favourite:a:b", fetch_ref="favourited_by 7 1"),
        ObjectRef(native_id="follow:a:b", fetch_ref=None),
    ]
    with signed_in("mastodon", lambda _: Reply(status=404)) as (api, _):
        page = connector.object_stream("recheck").read(api, refs)
    assert (page.items, page.gone, page.ends) == ((), ("favourite:a:b",), ("follow:a:b",))


def test_a_status_without_sense_in_a_page_is_quarantined_alone():
    good = recording("mastodon", "statuses")["exchanges"][0]["body"][0]
    bad = {"id": "1", "account": None}

    def script(asked: Asked) -> Reply:
        is_page = asked[1].endswith("/statuses") and dict(asked[2]).get("min_id") == "0"
        return Reply(body=json.dumps([good, bad] if is_page else []).encode())

    stream = connector.stream("statuses")
    with signed_in("mastodon", script) as (api, _):
        page = stream.read(api, None)
        assert len(page.items) == 2
        assert api.account is not None
        with pytest.raises(PayloadError, match="account"):
            list(stream.translate(Payload(page.items[1]), api.account))
        assert list(stream.translate(Payload(page.items[0]), api.account))


def test_a_reset_without_a_clock_to_compare_it_with_is_ignored():
    reply = Reply(status=429, headers={"X-RateLimit-Reset": "2126-01-01T00:05:00Z", "Date": "today"})
    with signed_in("mastodon", lambda _: reply) as (api, _), pytest.raises(RetryLaterError) as why:
        connector.stream("notifications").read(api, None)
    assert why.value.retry_after is None


def test_a_403_that_is_no_json_is_no_lost_access():
    with (
        signed_in("mastodon", lambda _: Reply(status=403, body=b"<html>")) as (api, _),
        pytest.raises(UnavailableError),
    ):
        connector.stream("notifications").read(api, None)


def test_nothing_is_read_before_the_sign_in():
    with signed_in("mastodon", scripted(recording("mastodon", "threads")["exchanges"])) as (api, _):
        api.account = None
        refs = [ObjectRef(native_id=a, fetch_ref=b) for a, b in recording("mastodon", "threads")["refs"][:5]]
        with pytest.raises(PayloadError, match="sign in"):
            connector.object_stream("threads").read(api, refs)


def test_the_id_of_our_account_is_asked_for_when_it_was_not_kept(api):
    del api.credentials["account_id"]
    connector.stream("statuses").read(api, None)
    assert api.credentials["account_id"]


def test_a_status_that_vanishes_while_its_thread_is_read_is_gone(network, api):
    uris = play(network)
    entry = next(one for one in network.truth() if one["native_id"] == uris["question"])
    network.fail(status=404, times=1, path=f"/api/v1/statuses/{entry['api_id']}/context")
    ref = ObjectRef(native_id=uris["question"], fetch_ref=str(entry["api_id"]))
    page = connector.object_stream("threads").read(api, [ref])
    assert (page.items, page.gone) == ((), (uris["question"],))


def test_when_our_post_vanishes_meanwhile_what_is_below_the_reply_remains(network, api):
    uris = play(network)
    by_uri = {one["native_id"]: str(one.get("api_id")) for one in network.truth()}
    network.fail(status=404, times=1, path=f"/api/v1/statuses/{by_uri[uris['news']]}/context")
    ref = ObjectRef(native_id=uris["question"], fetch_ref=by_uri[uris["question"]])
    page = connector.object_stream("threads").read(api, [ref])
    found = {item["status"]["uri"] for item in page.items}
    assert not page.gone
    assert {uris["answer"], uris["neighbor"]} <= found


def test_a_recheck_takes_a_broken_status_for_no_post_of_ours():
    bad = {"id": "1", "account": None}
    with signed_in("mastodon", lambda _: Reply(body=json.dumps([bad]).encode())) as (api, _):
        page = connector.object_stream("recheck").read(api, [ObjectRef(native_id="x", fetch_ref="1")])
    assert (page.items, page.gone) == (({"status": bad},), ())


def test_a_broken_status_among_the_threads_is_quarantined():
    bad = {"id": "1", "account": None}
    with signed_in("mastodon", lambda _: Reply(body=json.dumps([bad]).encode())) as (api, _):
        page = connector.object_stream("threads").read(api, [ObjectRef(native_id="x", fetch_ref="1")])
    assert (page.items, page.gone) == (({"status": bad},), ())


def test_ids_are_ordered_by_length_then_text():
    assert sorted(["10", "9", "100", "11"], key=age) == ["9", "10", "11", "100"]
    pages = {"0": [{"id": "10"}, {"id": "9"}], "10": []}

    def script(asked: Asked) -> Reply:
        return Reply(body=json.dumps(pages[dict(asked[2])["min_id"]]).encode())

    with signed_in("mastodon", script) as (api, _):
        read_pages = read_all(connector.stream("notifications"), api)
    assert [[item["id"] for item in page.items] for page in read_pages] == [["9", "10"], []]


def test_a_page_below_the_mark_is_an_error_and_moves_no_cursor():
    for low in ("9", "10"):
        body = json.dumps([{"id": "11"}, {"id": low}]).encode()
        with (
            signed_in("mastodon", lambda _, body=body: Reply(body=body)) as (api, _),
            pytest.raises(RetryLaterError, match="does not move"),
        ):
            connector.stream("notifications").read(api, '{"mark": "10"}')
