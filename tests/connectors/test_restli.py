"""What LinkedIn's products share: addresses, errors by their codes, refusals counted by the day, lists, windows."""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from scrm.connectors.base import Api
from scrm.connectors.payload import Payload
from scrm.connectors.restli import (
    APP_FIELDS,
    CLIENT,
    OVERLAP,
    RestliPush,
    Window,
    encoded,
    listed,
    moment,
    part_of,
    record,
    walk,
)
from scrm.errors import (
    AccessExpiredError,
    AccessRevokedError,
    BudgetSpentError,
    GoneError,
    NetworkError,
    PayloadError,
    RetryLaterError,
    UnavailableError,
    VersionDeadError,
    WebhookRefusedError,
)
from scrm.http import GuardedSession
from tests.connectors.replay import Asked, Reply, serving

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
SECRET = {"client_secret": "client_secret"}


@dataclass
class Counting:
    """A meter that remembers."""

    reserved: int = 0
    seen: set[tuple[str, str]] = field(default_factory=set)

    def reserve(self, amount: int) -> None:
        self.reserved += amount

    def settle(self, reserved: int, spent: int) -> None:
        self.reserved -= reserved - spent

    def unpaid(self, kind: str, ids: Iterable[str]) -> int:
        fresh = {(kind, one) for one in ids} - self.seen
        self.seen |= fresh
        return len(fresh)


@contextmanager
def asking(script: Callable[[Asked], Reply]) -> Iterator[Api]:
    with serving(script) as server, GuardedSession(allowed=[server.host]) as session:
        app = {one.name: one.default for one in APP_FIELDS}
        yield Api(
            network="linkedin",
            base_url=server.base_url,
            session=session,
            credentials={"access_token": "t"},
            app=app,
            now=lambda: NOON,
        )


def refusal(status: int, **body: object) -> Reply:
    return Reply(status=status, headers={"Content-Type": "application/json"}, body=json.dumps(body).encode())


def page(start: int, names: list[str], **paging: object) -> Reply:
    elements = [{"id": name} for name in names]
    body = {"elements": elements, "paging": {"start": start, "count": 2, "links": [], **paging}}
    return Reply(headers={"Content-Type": "application/json"}, body=json.dumps(body).encode())


def test_structure_stands_as_it_is_and_texts_are_encoded():
    assert encoded("urn:li:comment:(urn:li:activity:1,2)") == "urn%3Ali%3Acomment%3A%28urn%3Ali%3Aactivity%3A1%2C2%29"
    assert listed(["A", "B:C"]) == "List(A,B%3AC)"
    assert record({"organization": "urn:li:organization:1"}) == "(organization:urn%3Ali%3Aorganization%3A1)"


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (refusal(401, serviceErrorCode=65601), AccessRevokedError),
        (refusal(401, serviceErrorCode=65600), AccessRevokedError),
        (refusal(401, serviceErrorCode=65602), AccessExpiredError),
        (refusal(401, message="The token was revoked by the user"), AccessExpiredError),
        (refusal(401, serviceErrorCode="65601"), AccessExpiredError),
        (refusal(403, code="ACCESS_DENIED"), UnavailableError),
        (refusal(400, message="Member permissions must be used when using member as author"), UnavailableError),
        (refusal(404, code="NOT_FOUND"), GoneError),
        (refusal(426, code="NONEXISTENT_VERSION"), VersionDeadError),
        (refusal(429, serviceErrorCode=101), RetryLaterError),
        (refusal(500), RetryLaterError),
        (refusal(504), RetryLaterError),
    ],
)
def test_errors_are_told_apart_by_status_and_code(reply, error):
    with asking(lambda _: reply) as api, pytest.raises(NetworkError) as why:
        CLIENT.json(api, "/rest/posts")
    assert type(why.value) is error


def test_every_call_costs_one_and_names_its_version():
    asked = []

    def script(request: Asked) -> Reply:
        asked.append(request)
        return refusal(404)

    with asking(script) as api:
        api.meter = meter = Counting()
        for _ in range(3):
            with pytest.raises(GoneError):
                CLIENT.json(api, "/rest/posts")
        assert CLIENT.headers(api)["Linkedin-Version"] == "202608"
    assert (meter.reserved, len(asked)) == (3, 3)


def test_refusals_wait_longer_each_time_and_end_at_midnight():
    waits = []
    with asking(lambda _: refusal(429)) as api:
        api.meter = Counting()
        for _ in range(8):
            with pytest.raises(RetryLaterError) as why:
                CLIENT.json(api, "/rest/socialActions/urn%3Ali%3Ashare%3A1/comments?start=0")
            waits.append(why.value.retry_after)
            assert why.value.throttled
        with pytest.raises(BudgetSpentError) as spent:
            CLIENT.json(api, "/rest/socialActions/urn%3Ali%3Ashare%3A2/comments?start=0")
        assert spent.value.resets_at == datetime(2026, 11, 2, tzinfo=UTC)
        with pytest.raises(RetryLaterError) as other:
            CLIENT.json(api, "/rest/posts")
    assert waits == [15, 30, 60, 120, 240, 480, 900, 900]
    assert not isinstance(other.value, BudgetSpentError)


def test_a_list_ends_where_no_part_follows():
    links = [{"rel": "next", "href": "/rest/posts?start=2&count=2"}]
    replies = {"0": page(0, ["a", "b"], links=links), "2": page(2, ["c"])}
    with asking(lambda asked: replies[dict(asked[2])["start"]]) as api:
        assert part_of(api, "/rest/posts", count=2).next == 2
        found, is_complete = walk(api, "/rest/posts", most=5)
        assert ([one["id"] for one in found], is_complete) == (["a", "b", "c"], True)
        assert walk(api, "/rest/posts", most=1)[1] is False


def test_a_total_tells_of_more_where_no_link_does():
    with asking(lambda _: page(0, ["a", "b"], total=3)) as api:
        part = part_of(api, "/rest/posts", count=2)
        assert (part.next, part.total) == (2, 3)
        with pytest.raises(RetryLaterError):
            part_of(api, "/rest/posts", start=2, count=2)


def test_times_are_milliseconds_and_nothing_else():
    assert moment(Payload({"at": 1_582_160_678_569}), "at") == datetime(2020, 2, 20, 1, 4, 38, 569_000, tzinfo=UTC)
    for wrong in (None, "1582160678569", 1e12, True, 10**20, -(10**13)):
        with pytest.raises(PayloadError):
            moment(Payload({"at": wrong}), "at")


def again(window: Window) -> Window:
    """The window as its cursor brings it back."""
    fields = {name: value for name, value in window.fields().items() if value is not None}
    return Window.parse(Payload(fields), since=NOON)


def test_a_window_takes_everything_once_in_whatever_order():
    window = Window.parse(Payload({}), since=NOON - timedelta(days=1))
    old, young = window.mark + 1000, window.mark + 3 * OVERLAP
    assert [window.takes(name, at) for name, at in (("b", young), ("a", old), ("b", young))] == [True, True, False]
    window.close()
    window = again(window)
    assert not window.takes("b", young)
    assert not window.takes("a", old)
    assert window.takes("late", young - OVERLAP + 1), "what appears late is not lost"
    assert window.takes("b", young + 1), "what was changed is new"


def test_a_window_stays_until_its_list_was_walked_to_the_end():
    window = Window.parse(Payload({}), since=NOON - timedelta(days=1))
    assert window.takes("b", window.mark + 3 * OVERLAP)
    assert again(window).takes("a", window.mark + 1), "the run ended before the list did"
    assert len(again(window).recent) == 1


@pytest.mark.parametrize("broken", [{"mark": "soon"}, {"recent": "a=b"}, {"recent": "a"}, {"mark": []}])
def test_a_broken_cursor_is_an_error_of_ours(broken):
    with pytest.raises(PayloadError):
        Window.parse(Payload(broken), since=NOON)


def test_the_address_proves_itself_but_signs_nothing_for_strangers():
    push = _Listening()
    code = "890e4665-4dfe-4ab1-b689-ed553bceeed0"
    answer = push.handshake(SECRET, {"challengeCode": code, "applicationId": "7"}, frozenset())
    assert answer is not None
    assert json.loads(answer.body) == {
        "challengeCode": code,
        "challengeResponse": "901fd732a92f8eec45c5310f5a009e61b3a270759eb22f5ba7090b5b12c07437",
    }
    assert answer.content_type == "application/json"
    signed = 'hmacsha256={"type":"LEAD_ACTION"}'
    for wanted in (signed, "", "7", f"{{{code}}}", f"urn:uuid:{code}", code.replace("-", "")):
        assert push.handshake(SECRET, {"challengeCode": wanted}, frozenset()) is None
    assert push.handshake(SECRET, {}, frozenset()) is None


def test_a_delivery_is_taken_only_with_its_signature():
    push, body = _Listening(), b'{"object":"page","entry":[]}'
    good = "3148da6712634cf2bac545eff075b105b1486214dd8f4255d5aec1a0c1281cd6"
    push.verify(SECRET, {"x-li-signature": good}, body)
    for headers in ({}, {"x-li-signature": ""}, {"x-li-signature": f"hmacsha256={good}"}, {"x-li-signature": "é"}):
        with pytest.raises(WebhookRefusedError):
            push.verify(SECRET, headers, body)
    with pytest.raises(WebhookRefusedError):
        push.verify(SECRET, {"x-li-signature": good}, body + b" ")


class _Listening(RestliPush):
    """Only what both connectors share."""

    events = subscribe = translate = None
