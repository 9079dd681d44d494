"""What Meta's networks share: codes before statuses, usage in percent, versions, pages, webhooks."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from scrm.connectors.base import Account, Api
from scrm.connectors.graph import GraphClient, GraphPush, TooMuchAskedError, milliseconds_at, read_edge, seconds_at
from scrm.connectors.payload import Payload
from scrm.errors import (
    AccessRevokedError,
    GoneError,
    PayloadError,
    RetryLaterError,
    UnavailableError,
    VersionDeadError,
    WebhookRefusedError,
)
from scrm.http import GuardedSession
from scrm.records import Key, Record
from scrm.sandbox.graph.errors import error_body
from tests.connectors.replay import BASE, Asked, Replay, Reply, Script, serving

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
BODY = b'{"object":"page","entry":[]}'
SIGNED = "sha256=22d3988d1017c437ea81a89d41e2d3266c00a508cffdb23f8ad8746d232d77e9"
PROOF = "059a4ea9403818b051f7309a311095ac009e10fdbaeafbc3ea4d066fab212e18"
APP = {
    "client_id": "1",
    "client_secret": "app_secret",
    "verify_token": "ours",
    "version": "v26.0",
    "fields": "feed messages",
}


class Client(GraphClient):
    """As most of them are."""


class Proving(GraphClient):
    """One whose calls prove the app's secret."""

    has_proof = True


class PagePush(GraphPush):
    """A network's webhooks."""

    object = "page"
    client = Client()

    def fields(self, api: Api) -> tuple[str, ...]:
        return tuple(api.app["fields"].split())

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        raise NotImplementedError


@contextmanager
def asking(script: Script) -> Iterator[tuple[Api, Replay]]:
    with serving(script) as server, GuardedSession(allowed=[server.host]) as session:
        yield (
            Api(
                network="page",
                base_url=server.base_url,
                session=session,
                credentials={"access_token": "token"},
                app=APP,
                now=lambda: NOW,
            ),
            server,
        )


def answering(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    return Reply(status=status, body=json.dumps(body).encode(), headers=headers or {})


def refused(code: int, subcode: int = 0, *, status: int = 400, headers: Mapping[str, str] | None = None) -> Reply:
    return answering({"error": {"code": code, "error_subcode": subcode, "message": "x"}}, status, headers)


CODES = [
    *[(190, subcode, AccessRevokedError) for subcode in (0, 458, 459, 460, 463, 464, 467, 492)],
    *[(code, 0, AccessRevokedError) for code in (102, 104)],
    *[(code, 0, UnavailableError) for code in (3, 10, 200, 210, 299, 101, 368, 506, 100, 2500, 4711)],
    *[(code, 0, RetryLaterError) for code in (1, 2, 4, 17, 32, 341, 613, 80001, 80002, 80006)],
    (100, 33, GoneError),
    (100, 34, UnavailableError),
]


@pytest.mark.parametrize(("code", "subcode", "expected"), CODES)
def test_the_code_decides_whatever_the_status_says(code, subcode, expected):
    for status in (400, 401, 403, 404):
        with asking(lambda _, status=status: refused(code, subcode, status=status)) as (api, _):
            with pytest.raises(expected) as why:
                Client().get(api, "/me")
            assert (why.value.network, type(why.value) is VersionDeadError) == ("page", False)


@pytest.mark.parametrize("code", [4, 17, 32, 341, 613, 80000, 80001, 80002, 80006, 80008, 80014])
def test_a_throttle_waits_as_long_as_the_network_says(code):
    usage = {"17": [{"type": "pages", "call_count": 100, "estimated_time_to_regain_access": 7}]}
    headers = {"X-Business-Use-Case-Usage": json.dumps(usage)}
    with (
        asking(lambda _: refused(code, headers=headers)) as (api, _),
        pytest.raises(RetryLaterError) as why,
    ):
        Client().get(api, "/me")
    assert (why.value.throttled, why.value.retry_after) == (True, 420)
    assert (api.remaining, api.resets_at) == (0, NOW + timedelta(minutes=7))


def test_a_throttle_that_names_no_time_waits_long_but_a_burst_only_shortly():
    for code, wait in ((80002, 600), (613, None)):
        with asking(lambda _, code=code: refused(code)) as (api, _), pytest.raises(RetryLaterError) as why:
            Client().get(api, "/me")
        assert why.value.retry_after == wait


def test_what_calls_itself_transient_is_tried_again():
    body = error_body(2500, message="x", is_transient=True)
    with asking(lambda _: answering(body, 400)) as (api, _), pytest.raises(RetryLaterError) as why:
        Client().get(api, "/me")
    assert not why.value.throttled


def test_the_fullest_of_all_limits_counts_and_no_header_means_nothing_known():
    headers = {
        "X-App-Usage": '{"call_count":28,"total_time":25,"total_cputime":61}',
        "X-Business-Use-Case-Usage": '{"1":[{"type":"pages","call_count":3},{"type":"messenger","total_time":97}]}',
    }
    replies = iter([answering({}, headers=headers), answering({}), answering({}, headers={"X-App-Usage": "no"})])
    with asking(lambda _: next(replies)) as (api, _):
        Client().get(api, "/me")
        assert (api.remaining, api.resets_at) == (3, NOW + timedelta(minutes=15))
        for _ in range(2):
            Client().get(api, "/me")
            assert (api.remaining, api.resets_at) == (None, None)


def test_another_version_than_the_one_asked_for_is_an_error():
    replies = iter([answering({}, headers={"facebook-api-version": version}) for version in ("v26.0", "v27.0")])
    with asking(lambda _: next(replies)) as (api, server):
        Client().get(api, "/me")
        assert server.asked[0][1] == "/v26.0/me"
        with pytest.raises(VersionDeadError):
            Client().get(api, "/me")


def test_a_call_proves_the_apps_secret_where_that_is_usual():
    with asking(lambda _: answering({})) as (api, server):
        heard: list[str] = []
        call = api.session.call

        def listening(method: str, url: str, **sent: Any) -> Any:
            heard.append(dict(sent["params"])["appsecret_proof"])
            return call(method, url, **sent)

        api.session.call = listening  # type: ignore[method-assign] - the replay drops what differs each time
        Proving().get(api, "/me", {"fields": "id"})
    assert (heard, server.asked[0][2]) == ([PROOF], (("fields", "id"),))


def pages(limit: int, link: str = BASE) -> Script:
    def script(asked: Asked) -> Reply:
        query = dict(asked[2])
        if int(query.get("limit", "0")) > limit:
            return answering(error_body(1), 500)
        here = int(query.get("after", "0"))
        rows = [{"id": str(here + number)} for number in range(int(query["limit"]))]
        following = f"{link}/v26.0/1/feed?access_token=token&limit={query['limit']}&after={here + len(rows)}"
        return answering({"data": rows, "paging": {"next": following} if here < 8 else {}})

    return script


def test_pages_are_followed_to_the_end_without_the_access_in_their_address():
    with asking(pages(4)) as (api, _):
        page, seen = read_edge(Client(), api, "/1/feed", [("limit", "4")]), []
        while page.next is not None:
            assert "token" not in page.next
            seen += [row.text("id") for row in page.rows]
            page = read_edge(Client(), api, page.next)
    assert seen == [str(number) for number in range(8)]


def test_a_page_that_is_too_large_is_asked_for_in_smaller_ones():
    with asking(pages(6)) as (api, server):
        page = read_edge(Client(), api, "/1/feed", [("limit", "25")])
        assert (len(page.rows), len(server.asked)) == (6, 3)
    with asking(pages(0)) as (api, server):
        with pytest.raises(TooMuchAskedError):
            read_edge(Client(), api, "/1/feed", [("limit", "25")])
        assert len(server.asked) == 5


def test_a_page_on_another_host_or_on_itself_is_not_followed():
    with asking(pages(4, "http://127.0.0.2")) as (api, _), pytest.raises(PayloadError):
        read_edge(Client(), api, "/1/feed", [("limit", "4")])
    link = f"{BASE}/v26.0/1/feed?limit=4"
    with (
        asking(lambda _: answering({"data": [], "paging": {"next": link}})) as (api, _),
        pytest.raises(RetryLaterError),
    ):
        read_edge(Client(), api, "/v26.0/1/feed?limit=4")


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (refused(100, 36009), AccessRevokedError),
        (refused(452), AccessRevokedError),
        (refused(190, 463), AccessRevokedError),
        (refused(101), UnavailableError),
        (refused(80002), RetryLaterError),
        (Reply(status=503), RetryLaterError),
    ],
)
def test_a_token_endpoint_refuses_a_grant_or_the_app(reply, expected):
    with asking(lambda _: reply) as (api, _), pytest.raises(expected):
        Client().token(api, "/access_token", {"client_secret": "s"})


def test_times_are_read_in_seconds_and_milliseconds_and_nothing_else():
    item = Payload({"s": 1767225600, "ms": 1767225600500, "none": None, "far": 10**15, "old": 0})
    assert seconds_at(item, "s") == datetime(2026, 1, 1, tzinfo=UTC)
    assert milliseconds_at(item, "ms") == datetime(2026, 1, 1, 0, 0, 0, 500_000, tzinfo=UTC)
    for name in ("none", "far", "old", "ms"):
        with pytest.raises(PayloadError):
            seconds_at(item, name)


def test_a_delivery_counts_only_with_the_signature_over_its_bytes():
    push, signed = PagePush(), {"x-hub-signature-256": SIGNED}
    push.verify(APP, signed, BODY)
    for headers, body in (
        (signed, BODY + b" "),
        ({}, BODY),
        ({"x-hub-signature": SIGNED}, BODY),
    ):
        with pytest.raises(WebhookRefusedError):
            push.verify(APP, headers, body)
    with pytest.raises(WebhookRefusedError):
        push.verify({**APP, "client_secret": ""}, signed, BODY)


def test_the_challenge_comes_back_only_to_who_knows_the_verify_token():
    push = PagePush()
    query = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": "ours"}
    answer = push.handshake(APP, query, frozenset())
    assert answer is not None
    assert (answer.body, answer.content_type) == ("1158201444", "text/plain")
    for wrong in ({"hub.verify_token": "theirs"}, {"hub.mode": "unsubscribe"}, {"hub.challenge": "1" * 201}):
        assert push.handshake(APP, query | wrong, frozenset()) is None
    assert push.handshake({**APP, "verify_token": ""}, query | {"hub.verify_token": ""}, frozenset()) is None


def test_every_form_of_an_entry_is_understood():
    change = {"field": "feed", "value": {"item": "post"}}
    told = {
        "object": "page",
        "entry": [
            {"id": "1", "time": 5, "changes": [change]},
            {"id": "1", "time": 5, **change},
            {"id": "2", "time": 6, "messaging": [{"timestamp": 1}], "standby": [{"timestamp": 2}]},
        ],
    }
    found = list(PagePush().events(json.dumps(told).encode()))
    assert [(one.account_id, one.item) for one in found] == [
        ("1", {**change, "sent_at": 5}),
        ("1", {**change, "sent_at": 5}),
        ("2", {"messaging": {"timestamp": 1}, "is_standby": False, "sent_at": 6}),
        ("2", {"messaging": {"timestamp": 2}, "is_standby": True, "sent_at": 6}),
    ]
    assert [one.id for one in found] == [one.id for one in PagePush().events(json.dumps(told).encode())]
    assert len({one.id for one in found}) == 3
    for body in (b"[]", b"{", json.dumps({**told, "object": "user"}).encode()):
        with pytest.raises(PayloadError):
            list(PagePush().events(body))


def test_an_account_is_subscribed_to_what_it_allows():
    with asking(lambda _: answering({"success": True})) as (api, server):
        api.account = Account(key=Key(network="page", native_id="1"), handle="", base_url=api.base_url)
        PagePush().subscribe(api, "https://scrm.example/webhooks/page")
        PagePush().unsubscribe(api, "https://scrm.example/webhooks/page")
    assert server.asked == [
        ("POST", "/v26.0/1/subscribed_apps", (("subscribed_fields", "feed,messages"),)),
        ("DELETE", "/v26.0/1/subscribed_apps", ()),
    ]


def test_an_account_that_allows_nothing_is_not_subscribed():
    with asking(lambda _: answering({"success": True})) as (api, server):
        api.account = Account(key=Key(network="page", native_id="1"), handle="", base_url=api.base_url)
        api.app = {**APP, "fields": ""}
        with pytest.raises(UnavailableError):
            PagePush().subscribe(api, "https://scrm.example/webhooks/page")
    assert server.asked == []
