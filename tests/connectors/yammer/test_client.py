"""Errors by their code, the pace of calls, pages that do not move, people without an address."""

import json

import pytest

from scrm.connectors.base import Account, Api, ObjectRef
from scrm.connectors.payload import Payload
from scrm.connectors.yammer import connector
from scrm.connectors.yammer.client import CALLS, CLIENT, Refusals, current_user, feed, moment, number_of
from scrm.connectors.yammer.translation import key, message_records, profile
from scrm.errors import (
    AccessExpiredError,
    AccessRevokedError,
    GoneError,
    NetworkError,
    PayloadError,
    RetryLaterError,
    UnavailableError,
)
from scrm.http import GuardedSession
from scrm.records import Audience, InteractionKind, InteractionRecord
from tests.connectors.replay import Reply, serving

US = Account(key=key("1"), handle="nordwerk", base_url="https://engage.example")


def failing(reply: Reply) -> Exception:
    with serving(lambda _: reply) as server, GuardedSession(allowed=[server.host]) as session:
        api = Api(
            network="yammer", base_url=server.base_url, session=session, credentials={"access_token": "t"}, account=US
        )
        with pytest.raises(NetworkError) as why:
            current_user(api)
        return why.value


def refusal(status: int, code: int, message: str = "Ada Lovelace") -> Reply:
    body = {"response": {"message": message, "code": code, "stat": "fail"}}
    return Reply(status=status, body=json.dumps(body).encode())


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (refusal(401, 16), AccessExpiredError),
        (refusal(400, 16), AccessExpiredError),
        (Reply(status=401, body=b"<html>"), AccessExpiredError),
        (Reply(status=400, body=b'{"error": {"type": "OAuthException"}}'), AccessRevokedError),
        (refusal(429, 33), RetryLaterError),
        (refusal(403, 33), RetryLaterError),
        (refusal(403, 403), UnavailableError),
        (refusal(404, 404), GoneError),
        (refusal(400, 400), UnavailableError),
        (refusal(418, 0), UnavailableError),
        (refusal(503, 503), RetryLaterError),
        (Reply(status=400, body=b'{"response": []}'), UnavailableError),
    ],
)
def test_the_code_says_what_an_error_means(reply, expected):
    why = failing(reply)
    assert type(why) is expected
    assert "Lovelace" not in str(why)


@pytest.mark.parametrize(("headers", "wait"), [({}, 30), ({"Retry-After": "90"}, 90)])
def test_too_many_calls_rest_for_half_a_minute_unless_told_otherwise(headers, wait):
    why = failing(Reply(status=429, headers=headers, body=refusal(429, 33).body))
    assert isinstance(why, RetryLaterError)
    assert (why.throttled, why.retry_after) == (True, wait)


def test_the_connection_rests_when_the_calls_of_half_a_minute_are_made(api, clock):
    clock.turn(seconds=31)  # since the sign-in
    for _ in range(CALLS - 1):
        current_user(api)
    assert api.remaining is None
    current_user(api)
    assert api.remaining == 0
    assert api.resets_at is not None
    assert (api.resets_at - clock()).total_seconds() == 30
    with pytest.raises(RetryLaterError):
        current_user(api)
    clock.turn(seconds=31)
    assert current_user(api).text("name") == "nordwerk"


def test_a_feed_that_does_not_move_is_an_error(api):
    body = b'{"messages": [{"id": 7}], "meta": {"older_available": true}}'
    with serving(lambda _: Reply(body=body)) as server, GuardedSession(allowed=[server.host]) as session:
        stuck = Api(network="yammer", base_url=server.base_url, session=session, credentials={"access_token": "t"})
        assert feed(stuck, "messages").older_than == "7"
        with pytest.raises(RetryLaterError):
            feed(stuck, "messages", older_than="7")


def test_a_number_may_be_written_as_a_text():
    assert [number_of({"id": one}) for one in (7, "9007199254740993", "x", "", None, True, [7])] == [
        *(7, 9_007_199_254_740_993),
        *(None, None, None, None, None),
    ]


def test_a_list_of_people_that_does_not_move_is_an_error():
    body = b'[{"id": 7, "type": "user"}]'
    stream = connector.stream("people")
    with serving(lambda _: Reply(body=body)) as server, GuardedSession(allowed=[server.host]) as session:
        stuck = Api(network="yammer", base_url=server.base_url, session=session, credentials={"access_token": "t"})
        page = stream.read(stuck, None)
        assert page.has_more
        with pytest.raises(RetryLaterError):
            stream.read(stuck, page.cursor)


def test_one_refused_thing_is_told_from_a_refused_access(api, network):
    why = UnavailableError("no", network="yammer")
    Refusals(api).check(why)
    network.fail(status=403, times=1)
    with pytest.raises(UnavailableError):
        Refusals(api).check(why)
    heard = Refusals(api)
    heard.heard()
    before = api.requests
    heard.check(why)
    assert api.requests == before


@pytest.mark.parametrize("text", ["2013-06-25T18:14:45Z", "2013/06/25", "2013/13/25 18:14:45 +0000", ""])
def test_a_time_is_written_in_one_way(text):
    assert moment(Payload({"at": "2013/06/25 18:14:45 +0200"}), "at").isoformat() == "2013-06-25T16:14:45+00:00"
    with pytest.raises(PayloadError):
        moment(Payload({"at": text}), "at")


def person(**contact: object) -> Payload:
    shown = {"email_addresses": [{"type": "primary", "address": "ada@nordwerk.example"}], **contact}
    return Payload({"id": 7, "admin": "true", "verified_admin": "false", "contact": shown})


def test_an_address_counts_only_if_the_directory_has_it():
    known = profile(person(has_fake_email=False))
    assert (known.email, known.email_verified) == ("ada@nordwerk.example", True)
    for made_up in (person(has_fake_email=True), person(email_addresses=[]), Payload({"id": 7})):
        assert (profile(made_up).email, profile(made_up).email_verified) == (None, False)


def said(**changed: object) -> InteractionRecord:
    message = {
        "id": 9_007_199_254_740_993,
        "thread_id": 5,
        "sender_id": 7,
        "created_at": "2026/09/01 08:00:00 +0000",
        "body": {"plain": "Ada says", "parsed": "Ada says"},
        "group_id": 3,
        **changed,
    }
    *_, record = message_records(Payload({"message": message}), US)
    assert isinstance(record, InteractionRecord)
    return record


def test_a_message_is_told_by_what_it_is():
    assert said().kind is InteractionKind.POST
    assert said().key.native_id == "9007199254740993"
    assert said(replied_to_id=6).kind is InteractionKind.REPLY
    mention = said(replied_to_id=6, body={"plain": "Nordwerk", "parsed": "[[user:1]] [[tag:14]]"})
    assert (mention.kind, mention.mentions) == (InteractionKind.MENTION, (US.key,))
    assert said(sender_id=1, body={"parsed": "[[user:1]]"}).kind is InteractionKind.POST
    assert said(direct_message=True).kind is InteractionKind.MESSAGE


def test_nothing_is_public_and_what_stands_nowhere_is_private():
    assert said().audience is Audience.COMMUNITY
    assert said(privacy="private").audience is Audience.COMMUNITY
    assert said(group_id=None, privacy="public").audience is Audience.ORGANIZATION
    assert said(group_id=None).audience is Audience.PRIVATE
    assert said(direct_message=True).audience is Audience.PRIVATE


def test_a_title_stands_above_the_text_once():
    assert said(title="Ada").text == "Ada says"
    assert said(title="News").text == "News\n\nAda says"


@pytest.mark.parametrize("ref", [None, "", "message", "like 5", "like 5 x", "topic 5", "message 5 6 7"])
def test_a_reference_that_is_not_ours_is_an_error(api, ref):
    with pytest.raises(PayloadError):
        connector.object_stream("recheck").read(api, [ObjectRef(native_id="9", fetch_ref=ref)])


def test_the_access_stands_in_the_header_alone(api, network):
    CLIENT.json(api, "/api/v1/users/current.json")
    assert "eyJ" not in json.dumps(network.requests())
