"""What every connector promises, on every stream: adding a folder adds the cases.

UPDATE_EXPECTED=1 writes the expected files anew; read the difference before you commit it.
"""

import contextlib
import json
import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from scrm import errors, logs
from scrm.connectors.base import Account, Api, ObjectPage, ObjectStream, Page, Stream
from scrm.connectors.payload import Payload
from scrm.errors import AccessExpiredError, AccessRevokedError, NetworkError, PayloadError, RetryLaterError
from scrm.records import (
    Audience,
    CommunityRecord,
    DeletionRecord,
    InteractionRecord,
    Key,
    MembershipRecord,
    ProfileRecord,
    Record,
    RosterRecord,
)
from tests.connectors.replay import (
    RECORDED,
    Reply,
    asked_in,
    connector_in,
    folders,
    read_all,
    read_refs,
    recording,
    scripted,
    secrets,
    serving,
    signed_in,
    unsigned,
)
from tests.connectors.shape import as_json, personal, places, spoiled

UPDATE = bool(os.environ.get("UPDATE_EXPECTED"))
LISTS = [(folder, stream.name) for folder in folders() for stream in connector_in(folder).streams]
OBJECTS = [(folder, stream.name) for folder in folders() for stream in connector_in(folder).object_streams]
STREAMS = LISTS + OBJECTS
JSON = {"Content-Type": "application/json"}
MARKUP = re.compile(r"</?(p|br|a|span|div)\b")


def the_stream(folder: str, name: str) -> Stream | ObjectStream:
    connector = connector_in(folder)
    return next(one for one in (*connector.streams, *connector.object_streams) if one.name == name)


def pages_of(api: Api, folder: str, name: str) -> list[Page | ObjectPage]:
    stream = the_stream(folder, name)
    if isinstance(stream, Stream):
        return list(read_all(stream, api))
    return list(read_refs(stream, api, recording(folder, name)["refs"]))


def recorded_items(folder: str, name: str) -> tuple[Account, list[dict[str, Any]], list[str]]:
    """Whose reading it was, the items it gave, and what it found gone."""
    with signed_in(folder, scripted(recording(folder, name)["exchanges"])) as (api, _):
        pages = pages_of(api, folder, name)
        assert api.account is not None
        items = [json.loads(json.dumps(item)) for page in pages for item in page.items]
        gone = [native_id for page in pages if isinstance(page, ObjectPage) for native_id in page.gone]
        return api.account, items, gone


def translated(folder: str, name: str, item: Any, account: Account) -> list[Record]:
    return list(the_stream(folder, name).translate(Payload(item), account))


def complaint(folder: str, name: str, item: Any, account: Account) -> str:
    """The message with which the item is quarantined; empty when it makes sense."""
    stream = the_stream(folder, name)
    try:
        list(stream.translate(Payload(item), account))
        if isinstance(stream, Stream):
            list(stream.watch(Payload(item), account))
    except PayloadError as why:
        return str(why)
    return ""


def check_expected(folder: str, name: str, found: object) -> None:
    file = RECORDED / folder / "expected" / f"{name}.json"
    if UPDATE:
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    assert json.loads(file.read_text(encoding="utf-8")) == found


@pytest.fixture
def _quiet(capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest) -> Iterator[None]:
    """Whatever the test does, no log line and no output names a secret."""
    logs.configure("debug")
    yield
    shown = "".join(capsys.readouterr())
    for secret in secrets(request.node.callspec.params["folder"]):
        assert secret not in shown


@pytest.mark.parametrize("folder", folders())
def test_a_sign_in_says_whose_the_access_is(folder):
    with signed_in(folder, scripted([])) as (api, _):
        with serving(scripted(recording(folder, "sign_in")["exchanges"])) as server:
            again = unsigned(folder, server)
            with again.session:
                account, profile = connector_in(folder).sign_in(again)
            assert set(server.asked) == {asked_in(one) for one in recording(folder, "sign_in")["exchanges"]}
        assert api.account is not None
        assert (account.key, profile.key) == (api.account.key, api.account.key)
        assert profile.full
        check_expected(folder, "sign_in", {"handle": account.handle, "profile": as_json(profile)})


@pytest.mark.parametrize(("folder", "name"), STREAMS)
def test_recorded_items_become_the_expected_records(folder, name):
    account, items, gone = recorded_items(folder, name)
    records = [[as_json(record) for record in translated(folder, name, item, account)] for item in items]
    check_expected(folder, name, {"items": records, "gone": gone})


@pytest.mark.parametrize(("folder", "name"), STREAMS)
def test_records_are_well_formed_and_a_profile_precedes_what_it_did(folder, name):
    account, items, _ = recorded_items(folder, name)
    network = connector_in(folder).manifest.key
    assert items
    for item in items:
        seen: set[Key] = {account.key}
        for record in translated(folder, name, item, account):
            key = record.community if isinstance(record, MembershipRecord | RosterRecord) else record.key
            assert (key.network, bool(key.native_id)) == (network, True)
            if isinstance(record, ProfileRecord):
                seen.add(record.key)
                texts = [record.display_name, record.bio]
            elif isinstance(record, InteractionRecord):
                assert record.author in seen
                assert record.counterpart is None or record.counterpart in seen
                assert record.counterpart != record.author
                assert record.occurred_at.utcoffset() == timedelta(0)
                assert record.occurred_at < datetime.now(UTC)
                assert record.community is None or record.audience not in {Audience.PRIVATE, Audience.FOLLOWERS}
                texts = [record.text]
            elif isinstance(record, CommunityRecord):
                texts = [record.name, record.description]
            elif isinstance(record, MembershipRecord):
                assert record.member in seen
                texts = []
            elif isinstance(record, RosterRecord):
                assert record.listed_at.utcoffset() == timedelta(0)
                texts = []
            else:
                assert isinstance(record, DeletionRecord)
                texts = []
            assert not any(MARKUP.search(text) for text in texts if text)


@pytest.mark.parametrize(("folder", "name"), STREAMS)
def test_a_spoiled_item_gives_records_or_a_payload_error_without_personal_values(folder, name):
    account, items, _ = recorded_items(folder, name)
    shapes = {tuple(places(item)): item for item in items}
    for item in shapes.values():
        values = [*personal(item), "Geheim Persönlich"]
        for path, changed in spoiled(item):
            message = complaint(folder, name, changed, account)
            assert not [value for value in values if value in message], path


@pytest.mark.parametrize(("folder", "name"), STREAMS)
def test_every_recorded_exchange_is_used_and_there_is_more_than_one_page(folder, name):
    exchanges = recording(folder, name)["exchanges"]
    with signed_in(folder, scripted(exchanges)) as (api, server):
        pages = pages_of(api, folder, name)
        assert len(pages) > 1
        assert set(server.asked) == {asked_in(one) for one in exchanges}
        assert api.requests == len(server.asked)


@pytest.mark.parametrize(("folder", "name"), LISTS)
def test_a_run_can_resume_after_any_page(folder, name):
    stream = the_stream(folder, name)
    assert isinstance(stream, Stream)
    with signed_in(folder, scripted(recording(folder, name)["exchanges"])) as (api, _):
        whole = read_all(stream, api)
        for done in range(1, len(whole)):
            rest = read_all(stream, api, whole[done - 1].cursor)
            assert [page.items for page in rest] == [page.items for page in whole[done:]]
            assert rest[-1].cursor == whole[-1].cursor


@pytest.mark.parametrize(("folder", "name"), LISTS)
def test_nothing_new_gives_nothing_and_costs_one_request(folder, name):
    stream = the_stream(folder, name)
    assert isinstance(stream, Stream)
    with signed_in(folder, scripted(recording(folder, name)["exchanges"])) as (api, _):
        done = read_all(stream, api)[-1]
        api.requests = 0
        again = read_all(stream, api, done.cursor)
        assert [page.items for page in again] == [()]
        assert (api.requests, again[0].cursor) == (1, done.cursor)


@pytest.mark.parametrize("folder", folders())
def test_a_deletion_is_recorded(folder):
    found = False
    for name in [name for where, name in STREAMS if where == folder]:
        account, items, gone = recorded_items(folder, name)
        records = [record for item in items for record in translated(folder, name, item, account)]
        found = found or bool(gone) or any(isinstance(record, DeletionRecord) for record in records)
    assert found


FAILURES = [
    (Reply(status=401, headers=JSON, body=b"{}"), (AccessRevokedError, AccessExpiredError), None),
    (Reply(status=429, headers={"Retry-After": "17"}), (RetryLaterError,), 17),
    (Reply(status=429, headers={"Retry-After": "0"}), (RetryLaterError,), 1),
    (Reply(status=429, headers={"Retry-After": "999999999"}), (RetryLaterError,), 3600),
    (Reply(status=429, headers={"Retry-After": "soon"}), (RetryLaterError,), None),
    (Reply(status=503, headers={"Retry-After": "30"}), (RetryLaterError,), 30),
    (Reply(status=500, body=b"<html>"), (RetryLaterError,), None),
    (
        Reply(status=200, headers={"Content-Type": "text/html"}, body=b"<form>Sign in</form>"),
        (RetryLaterError,),
        None,
    ),
    (Reply(status=200, headers=JSON, body=b'{"items": [{"id": "1", '), (RetryLaterError,), None),
    (Reply(status=200, headers=JSON, body=b'[{"id": NaN}]'), (RetryLaterError,), None),
    (Reply(status=302, headers={"Location": "http://127.0.0.1:9/"}), (RetryLaterError,), None),
    (Reply(status=403, headers=JSON, body=b"{}"), (errors.UnavailableError,), None),
]


@pytest.mark.usefixtures("_quiet")
@pytest.mark.parametrize(("reply", "classes", "wait"), FAILURES)
@pytest.mark.parametrize(("folder", "name"), STREAMS)
def test_a_failing_network_gives_our_errors_and_keeps_retry_after(folder, name, reply, classes, wait):
    with signed_in(folder, lambda _: reply) as (api, _), pytest.raises(classes) as why:
        pages_of(api, folder, name)
    assert getattr(why.value, "retry_after", None) == wait
    assert why.value.network == api.network
    if reply.status != 503:  # which some networks send instead of 429
        assert getattr(why.value, "throttled", False) == (reply.status == 429)
    for secret in secrets(folder):
        assert secret not in f"{why.value}{why.value!r}{api!r}{why.value.__cause__!r}"


@pytest.mark.usefixtures("_quiet")
@pytest.mark.parametrize(("folder", "name"), [*STREAMS, *[(folder, "sign_in") for folder in folders()]])
def test_the_networks_own_errors_are_understood(folder, name):
    recorded = recording(folder, name)["errors"]
    assert recorded
    for error in recorded:
        expected = getattr(errors, error["raises"])
        if name == "sign_in":
            with serving(lambda _, error=error: Reply.of(error)) as server:
                api = unsigned(folder, server)
                with api.session, pytest.raises(expected):
                    connector_in(folder).sign_in(api)
        else:
            with (
                signed_in(folder, lambda _, error=error: Reply.of(error)) as (api, _),
                pytest.raises(expected) as why,
            ):
                pages_of(api, folder, name)
            assert getattr(why.value, "retry_after", None) == error.get("retry_after")


@pytest.mark.parametrize("body", [b"[]", b"{}", b"null", b"7", b'"x"', b"[7]", b"[null]", b"[[]]", b'{"x": {}}'])
@pytest.mark.parametrize(("folder", "name"), STREAMS)
def test_json_of_another_shape_is_an_error_of_ours_and_gives_no_records(folder, name, body):
    with signed_in(folder, lambda _: Reply(headers=JSON, body=body)) as (api, _):
        assert api.account is not None
        try:
            pages = pages_of(api, folder, name)
        except NetworkError:
            return
    assert all(complaint(folder, name, item, api.account) for page in pages for item in page.items)


@pytest.mark.usefixtures("_quiet")
@pytest.mark.parametrize(("folder", "name"), STREAMS)
def test_without_a_connection_we_come_back_later(folder, name):
    with signed_in(folder, scripted([])) as (api, server):
        server.stop()
        api.session.close()
        with pytest.raises(RetryLaterError) as why:
            pages_of(api, folder, name)
    assert server.host not in str(why.value)


@pytest.mark.parametrize(("folder", "name"), STREAMS)
def test_a_link_to_another_host_is_never_followed(folder, name):
    with (
        serving(lambda _: Reply(headers=JSON, body=b"[]")) as foreign,
        signed_in(folder, scripted(recording(folder, name)["exchanges"]), links_to=foreign.base_url) as (api, _),
    ):
        with contextlib.suppress(NetworkError):
            pages_of(api, folder, name)
        assert foreign.asked == []


@pytest.mark.parametrize(("folder", "name"), LISTS)
def test_a_list_that_does_not_move_ends_the_run(folder, name):
    first = Reply.of(recording(folder, name)["exchanges"][0])
    stream = the_stream(folder, name)
    assert isinstance(stream, Stream)
    cursor, ended = None, False
    with signed_in(folder, lambda _: first) as (api, _):
        for _ in range(4):
            try:
                page = stream.read(api, cursor)
            except NetworkError:
                ended = True
                break
            if not page.has_more or page.cursor == cursor:
                ended = True
                break
            cursor = page.cursor
    assert ended
