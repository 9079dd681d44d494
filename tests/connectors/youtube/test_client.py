"""What YouTube says when it does not answer, and what a call costs."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime

import pytest

from scrm.connectors.base import Api
from scrm.connectors.payload import Payload
from scrm.connectors.youtube import connector
from scrm.connectors.youtube.client import by_ids, midnight
from scrm.errors import (
    AccessExpiredError,
    AccessRevokedError,
    BudgetSpentError,
    GoneError,
    NetworkError,
    PayloadError,
    RetryLaterError,
    UnavailableError,
)
from scrm.sandbox.youtube import YouTube, error_body
from tests.connectors.replay import Reply, read_all, recording, scripted, serving, signed_in, unsigned
from tests.connectors.youtube.reading import access, account_of, read
from tests.connectors.youtube.scenario import US, Clock, day, fake, fill, play

COMMENTS = connector.stream("comments")
REASONS = [
    (403, "quotaExceeded", BudgetSpentError),
    (403, "rateLimitExceeded", RetryLaterError),
    (403, "userRateLimitExceeded", RetryLaterError),
    (403, "insufficientPermissions", UnavailableError),
    (403, "forbidden", UnavailableError),
    (403, "subscriptionForbidden", UnavailableError),
    (403, "authenticatedUserAccountClosed", AccessRevokedError),
    (403, "authenticatedUserAccountSuspended", AccessRevokedError),
    (403, "commentsDisabled", GoneError),
    (404, "videoNotFound", GoneError),
    (404, "channelNotFound", GoneError),
    (404, "commentThreadNotFound", GoneError),
    (404, "commentNotFound", GoneError),
    (400, "processingFailure", RetryLaterError),
    (400, "invalidFilters", UnavailableError),
    (400, "unexpectedParameter", UnavailableError),
    (400, "missingRequiredParameter", UnavailableError),
    (400, "badRequest", UnavailableError),
    (403, "aReasonOfTomorrow", UnavailableError),
    (418, "", UnavailableError),
    (500, "internalError", RetryLaterError),
    (503, "backendError", RetryLaterError),
]


def refusal(status: int, reason: str) -> Reply:
    error = {"code": status, "message": "whatever it says", "errors": [{"message": "so", "reason": reason}]}
    return Reply(status=status, body=json.dumps({"error": error}).encode())


@pytest.mark.parametrize(("status", "reason", "expected"), REASONS)
def test_an_error_is_known_by_its_reason(status, reason, expected):
    with (
        signed_in("youtube", lambda _: refusal(status, reason)) as (api, _),
        pytest.raises(NetworkError) as why,
    ):
        COMMENTS.read(api, None)
    assert type(why.value) is expected
    assert why.value.network == "youtube"
    assert getattr(why.value, "throttled", False) == reason.lower().endswith("ratelimitexceeded")


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"error": "no"}', b'{"error": {"errors": [7]}}'])
def test_a_refusal_that_is_no_error_of_the_api_is_no_lost_access(body):
    with signed_in("youtube", lambda _: Reply(status=403, body=body)) as (api, _), pytest.raises(UnavailableError):
        COMMENTS.read(api, None)


@pytest.mark.parametrize(
    ("now", "resets_at"),
    [
        (datetime(2026, 10, 1, 6, 59, tzinfo=UTC), datetime(2026, 10, 1, 7, tzinfo=UTC)),
        (datetime(2026, 10, 1, 7, 0, tzinfo=UTC), datetime(2026, 10, 2, 7, tzinfo=UTC)),
        (datetime(2026, 11, 1, 8, 30, tzinfo=UTC), datetime(2026, 11, 2, 8, tzinfo=UTC)),  # the clocks go back
        (datetime(2026, 12, 31, 12, 0, tzinfo=UTC), datetime(2027, 1, 1, 8, tzinfo=UTC)),
    ],
)
def test_a_day_ends_at_midnight_pacific(now, resets_at):
    assert midnight(now) == resets_at


def test_a_spent_quota_lasts_until_midnight_pacific_and_is_no_lost_access(clock):
    with fake(clock, units=1) as network, access(network, clock) as api:
        with pytest.raises(BudgetSpentError) as why:
            COMMENTS.read(api, None)
        assert why.value.resets_at.timestamp() == network.usage()["resets_at"]
        assert not why.value.throttled
        clock.now = why.value.resets_at
        assert COMMENTS.read(api, None).items == ()


def test_spent_searches_leave_the_rest_to_be_read(clock):
    with fake(clock, searches=1) as network, access(network, clock) as api:
        play(network)
        search = connector.stream("search")
        search.read(api, None)
        with pytest.raises(BudgetSpentError):
            search.read(api, None)
        assert COMMENTS.read(api, None).items


class Counter:
    """A meter that only adds up."""

    def __init__(self) -> None:
        self.spent = 0

    def reserve(self, amount: int) -> None:
        self.spent += amount

    def settle(self, reserved: int, spent: int) -> None:
        self.spent += spent - reserved

    def unpaid(self, kind: str, ids: Iterable[str]) -> int:
        raise AssertionError(f"YouTube has no price per {kind}: {ids}")


def test_what_we_count_is_what_the_network_counts(network, clock, api):
    ids = play(network)
    fill(network, ids)
    before = network.usage()
    api.meter = meter = Counter()
    read(api)
    used = network.usage()
    assert meter.spent == used["units"] - before["units"] > 0  # type: ignore[operator]
    assert used["searches"] == 2
    assert api.requests == meter.spent + 2


def test_refused_calls_cost_too(network, api):
    api.meter = meter = Counter()
    network.fail(status=403, times=1, body=error_body("forbidden"))
    with pytest.raises(UnavailableError):
        COMMENTS.read(api, None)
    assert meter.spent == 1


def test_the_forecast_is_never_less_than_what_reading_back_costs(network, clock, api):
    ids = play(network)
    fill(network, ids)
    forecast = {one.stream: one for one in connector.forecast(api)}
    assert forecast["uploads"].items == 54
    for stream in ("uploads", "comments", "subscribers"):
        api.meter = meter = Counter()
        read_all(connector.stream(stream), api)
        assert 0 < meter.spent <= forecast[stream].cost


def test_a_channel_with_more_videos_than_are_counted_has_no_forecast_of_comments():
    own = {"id": "UC", "statistics": {"videoCount": "501", "subscriberCount": "9", "hiddenSubscriberCount": True}}

    def script(asked: tuple[str, str, object]) -> Reply:
        more = {"nextPageToken": str(len(server.asked))} if asked[1].endswith("playlistItems") else {}
        return Reply(body=json.dumps({"items": [own], **more}).encode())

    with signed_in("youtube", script) as (api, server):
        found = {one.stream: (one.items, one.cost) for one in connector.forecast(api)}
        assert len(server.asked) == 11
    assert found == {"uploads": (501, 12), "comments": (None, 9000), "subscribers": (None, 9000)}


@pytest.mark.parametrize("name", ["uploads", "comments", "subscribers", "search"])
def test_a_page_the_network_no_longer_knows_begins_the_list_anew(network, api, name):
    ids = play(network)
    fill(network, ids)
    stream = connector.stream(name)
    whole = {json.dumps(item, sort_keys=True) for page in read_all(stream, api) for item in page.items}
    stored: str | None = None
    if name == "subscribers":
        stored = json.dumps({"began": clock_text(api), "page": "bm9uc2Vuc2U"})
    else:
        stored = json.dumps({"next": "bm9uc2Vuc2U", "head": "2026-09-29T00:00:00Z"})
    again = {json.dumps(item, sort_keys=True) for page in read_all(stream, api, stored) for item in page.items}
    assert again == whole


def clock_text(api: Api) -> str:
    return api.now().isoformat()


def test_the_api_key_reads_what_is_public_and_the_access_what_is_ours(network, api, monkeypatch):
    play(network)
    seen: list[tuple[str, bool, bool]] = []
    call = api.session.call

    def listening(method: str, url: str, **sent: object) -> object:
        headers = sent["headers"]
        assert isinstance(headers, dict)
        seen.append((url.rpartition("/")[2], "Authorization" in headers, "X-Goog-Api-Key" in headers))
        return call(method, url, **sent)

    monkeypatch.setattr(api.session, "call", listening)
    read(api)
    assert {one for one in seen if one[2]} == {("channels", False, True), ("search", False, True)}
    assert {one[0] for one in seen if one[1]} >= {"videos", "comments", "commentThreads", "playlistItems"}


def test_without_an_api_key_the_access_reads_everything(network, clock):
    play(network)
    with access(network, clock, api_key="") as api:
        assert len(read(api).profiles) > 3


def test_a_google_account_without_a_channel_says_so():
    with serving(scripted([{**recording("youtube", "sign_in")["exchanges"][0], "body": {"kind": "x"}}])) as server:
        api = unsigned("youtube", server)
        with api.session, pytest.raises(UnavailableError, match="no channel"):
            connector.sign_in(api)


def test_an_access_that_ran_out_is_renewed_once_and_a_dead_one_is_lost(clock, network, api):
    clock.turn(hours=2)
    assert COMMENTS.read(api, None).items == ()
    network.revoke(US)
    with pytest.raises(AccessRevokedError):
        COMMENTS.read(api, None)
    with pytest.raises(AccessRevokedError):
        connector.sign_in(api)


def test_an_access_that_is_refused_anew_is_told_apart_from_one_that_cannot_be_renewed(network, api):
    network.fail(status=401, times=2, path="/youtube/v3/commentThreads")
    with pytest.raises(AccessExpiredError):
        COMMENTS.read(api, None)
    api.renew = None
    network.fail(status=401, times=1, path="/youtube/v3/commentThreads")
    with pytest.raises(AccessRevokedError):
        COMMENTS.read(api, None)


def test_a_thread_that_makes_no_sense_is_quarantined_alone(api: Api) -> None:
    exchange = recording("youtube", "comments")["exchanges"][0]
    good = exchange["body"]["items"][0]
    bad = {"id": "t", "snippet": {"topLevelComment": None}}

    def script(asked: tuple[str, str, object]) -> Reply:
        items = [good, bad] if asked[1].endswith("commentThreads") else []
        return Reply(body=json.dumps({"items": items}).encode())

    with signed_in("youtube", script) as (replayed, _):
        page = COMMENTS.read(replayed, None)
    sense = []
    for item in page.items:
        try:
            sense.append(bool(list(COMMENTS.translate(Payload(item), account_of(api)))))
        except PayloadError:
            sense.append(False)
    assert sense == [True, False]


def test_nothing_is_asked_with_what_the_description_does_not_know(network: YouTube, clock: Clock) -> None:
    ids = play(network)
    fill(network, ids)
    network.post("helene", "late", at=day(59.9), reply_to=ids["question"])
    with access(network, clock) as api:
        read(api)
        connector.forecast(api)
    assert {one["status"] for one in network.requests()} == {200}


def test_should_one_gone_id_have_all_refused_the_others_are_read_all_the_same():
    def script(asked: tuple[str, str, tuple[tuple[str, str], ...]]) -> Reply:
        ids = dict(asked[2])["id"].split(",")
        if "gone" in ids:
            return refusal(404, "commentNotFound")
        return Reply(body=json.dumps({"items": [{"id": one} for one in ids]}).encode())

    wanted = [f"c{number}" for number in range(49)]
    with signed_in("youtube", script) as (api, server):
        found = by_ids(api, "comments", [*wanted[:7], "gone", *wanted[7:]], [("part", "snippet")])
        assert list(found) == wanted
        assert len(server.asked) < 2 * 7
        assert by_ids(api, "comments", ["gone"], [("part", "snippet")]) == {}
