"""How answers are understood: the line before the JSON, 503, what is closed, people in bulk, mentions."""

import pytest

from scrm.connectors.base import Account, Api
from scrm.connectors.jive import connector
from scrm.connectors.jive.client import CLIENT, labeled, people, the_object, without_prefix
from scrm.connectors.jive.translation import names_us, profile, said_records
from scrm.connectors.payload import Payload, parse_json
from scrm.errors import AccessRevokedError, PayloadError, RetryLaterError, UnavailableError
from scrm.http import GuardedSession
from scrm.records import Audience, InteractionRecord, Key, ProfileRecord
from scrm.sandbox.jive import Jive
from tests.connectors.jive.scenario import US, Clock, app, day, fake, play
from tests.connectors.replay import Reply, serving

OURS = Account(key=Key(network="jive", native_id="/people/2001", scope="c.example"), handle="nordwerk", base_url="")


@pytest.mark.parametrize(
    "before",
    [b"", b"throw 'allowIllegalResourceCall is false.';\n", b"throw 'allowIllegalResourceCall is false.';", b" \n"],
)
def test_the_line_before_the_json_is_taken_away_where_there_is_one(before):
    assert parse_json(without_prefix(before + b'{"text": "throw a; b;"}')) == {"text": "throw a; b;"}


@pytest.mark.parametrize(
    "body", [b"while(1);{}", b"throw 'x'{}", b"xthrow 'x';{}", b"throw 'x';throw 'x';{}", b"{};"]
)
def test_anything_else_before_the_json_is_no_answer(body):
    with serving(lambda _: Reply(body=body)) as server:
        api = by_password(server.base_url, server.host)
        with api.session, pytest.raises(RetryLaterError):
            CLIENT.json(api, "/api/core/v3/people/@me")


def by_password(base_url: str, host: str) -> Api:
    return Api(
        network="jive",
        base_url=base_url,
        session=GuardedSession(allowed=[host]),
        credentials={"username": "u", "password": "p"},
    )


@pytest.mark.parametrize(("asked", "waits"), [("40", 40.0), ("3", 10.0), (None, 10.0), ("soon", 10.0)])
def test_503_is_a_throttle_and_waits_at_least_as_long_as_the_span_that_is_counted(api, network, asked, waits):
    network.fail(status=503, times=1, retry_after=asked)
    with pytest.raises(RetryLaterError) as why:
        connector.sign_in(api)
    assert (why.value.throttled, why.value.retry_after) == (True, waits)


def test_an_add_on_that_asks_too_fast_is_told_to_wait(clock):
    with fake(clock, throttle=(2, 4)) as network:
        api = by_password(network.base_url, network.base_url.removeprefix("http://"))
        api.credentials = {"access_token": network.credentials(US)["access_token"]}
        with api.session:
            for _ in range(4):
                connector.sign_in(api)
            with pytest.raises(RetryLaterError) as why:
                connector.sign_in(api)
            assert why.value.throttled
            clock.turn(seconds=11)
            connector.sign_in(api)


def test_a_wrong_password_is_the_end_of_the_access(api):
    api.credentials["password"] = "another"
    with pytest.raises(AccessRevokedError):
        connector.sign_in(api)


@pytest.mark.parametrize("status", [404, 410])
def test_an_object_that_is_gone_is_nothing(api, network, status):
    ids = play(network)
    assert the_object(api, ids["question"]) is not None
    network.fail(status=status, times=1)
    assert the_object(api, ids["question"]) is None


def test_an_object_that_is_closed_to_us_counts_as_gone_only_if_not_everything_is(api, network):
    ids = play(network)
    network.fail(status=403, times=1)
    assert the_object(api, ids["question"]) is None
    network.fail(status=403, times=2)
    with pytest.raises(UnavailableError):
        the_object(api, ids["question"])


def test_a_community_without_private_messages_says_so(clock: Clock) -> None:
    with fake(clock, has_messages=False) as network:
        api = by_password(network.base_url, network.base_url.removeprefix("http://"))
        given = network.credentials(US)
        api.credentials = {name: given[name] for name in ("username", "password")}
        api.app = app(network)
        with api.session, pytest.raises(UnavailableError):
            connector.stream("messages").read(api, None)
        assert not connector.stream("messages").is_on(app(network, direct_messages="no"))


def test_people_come_in_bulk_and_who_is_switched_off_is_left_out(api, network: Jive):
    before = len(network.requests())
    found = people(api, ["2001", "2003", "2004"])
    network.disable("katharina")
    assert set(found) == {"2001", "2003", "2004"}
    assert set(people(api, ["2001", "2003"])) == {"2001"}
    assert len(network.requests()) - before == 2


def test_where_the_directory_is_closed_people_remain_short(api, network):
    play(network)
    network.fail(status=403, times=1, path="/api/core/v3/people")
    page = connector.stream("contents").read(api, None)
    assert api.account is not None
    records = [one for item in page.items for one in said_records(Payload(item), api.account)]
    people_found = [one for one in records if isinstance(one, ProfileRecord)]
    assert {one.full for one in people_found} == {False}
    assert "kgross" in {one.handle for one in people_found}


def test_labels_are_named_by_the_community(network):
    person = {
        "id": "7",
        "jive": {"profile": [{"jive_label": "Funktion", "value": "Einkauf"}, {"jive_label": "Title", "value": "x"}]},
        "emails": [{"value": "old@a.example"}, {"value": "a@a.example", "primary": True}],
    }
    shown = profile(Payload(labeled({"title_label": "funktion"}, person)), "c.example")
    assert (shown.title, shown.company, shown.email, shown.email_verified) == ("Einkauf", None, "a@a.example", False)


@pytest.mark.parametrize(
    ("html", "is_named"),
    [
        ('<a data-objectId="2001" data-objectType="3" href="x">N</a>', True),
        ('<a href="x" data-objectType="3" data-containerId="-1" data-objectId="2001">N</a>', True),
        ('<a data-objectId="20010" data-objectType="3" href="x">N</a>', False),
        ('<a data-objectId="2001" data-objectType="1" href="x">N</a>', False),
        ("<p>@nordwerk 2001</p>", False),
    ],
)
def test_a_mention_is_a_link_to_us(html, is_named):
    assert names_us(html, OURS) == is_named


@pytest.mark.parametrize(
    ("changed", "audience"),
    [
        ({}, Audience.COMMUNITY),
        ({"visibility": "place"}, Audience.COMMUNITY),
        ({"visibility": "people"}, Audience.PRIVATE),
        ({"visibility": "hidden"}, Audience.PRIVATE),
        ({"type": "dm"}, Audience.PRIVATE),
    ],
)
def test_nothing_counts_as_public_and_what_is_for_some_is_private(changed, audience):
    said = {
        "type": "discussion",
        "contentID": "1",
        "author": {"id": "7"},
        "published": "2026-01-31T19:13:29.851+0000",
        **changed,
    }
    records = list(said_records(Payload({"said": said}), OURS))
    assert [one.audience for one in records if isinstance(one, InteractionRecord)] == [audience]


@pytest.mark.parametrize("number", ["../people/1", "1/likes", "x", "1" * 19])
def test_an_id_that_is_no_number_never_gets_into_an_address(number):
    said = {"type": "message", "id": number, "author": {"id": "7"}, "published": day(1).isoformat()}
    with pytest.raises(PayloadError):
        list(said_records(Payload({"said": said}), OURS))
