"""What an answer means, how a page is asked for, and in which words."""

from base64 import b64decode
from dataclasses import replace

import pytest

from scrm.connectors.base import Api, ObjectRef
from scrm.connectors.connections import connector
from scrm.connectors.connections.atom import Feed
from scrm.connectors.connections.client import CLIENT, ONE, feed, next_query
from scrm.errors import (
    AccessExpiredError,
    AccessRevokedError,
    GoneError,
    PayloadError,
    RetryLaterError,
    UnavailableError,
)
from scrm.http import GuardedSession
from scrm.sandbox.connections import Connections
from tests.connectors.connections.scenario import day, play
from tests.connectors.replay import Replay, Reply, read_all, serving

PATH = "/forums/atom/topics"
ME = "/connections/opensocial/basic/rest/people/@me/"
FORM = b'<!DOCTYPE html><html><form action="j_security_check"><input name="j_password" type="password"></form></html>'
HTML = {"Content-Type": "text/html"}
ENTITIES = b'<?xml version="1.0"?>\n<!-- x -->\n<!DOCTYPE feed [<!ENTITY a "aaaa">]><feed>&a;</feed>'


def asking(server: Replay, api: Api) -> Api:
    """The same access at another server."""
    return replace(api, base_url=server.base_url, session=GuardedSession(allowed=[server.host]), renew=None)


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply(status=401), AccessRevokedError),
        (Reply(status=200, headers=HTML, body=FORM), AccessRevokedError),
        (Reply(status=302, headers={"Location": "https://sso.example/elsewhere"}), RetryLaterError),
        (Reply(status=200, headers=HTML, body=b"<html>Maintenance</html>"), RetryLaterError),
        (Reply(status=403, headers=HTML, body=b"<!DOCTYPE html><html>Access Denied</html>"), UnavailableError),
        (Reply(status=404), GoneError),
        (Reply(status=400), UnavailableError),
        (Reply(status=503), RetryLaterError),
        (Reply(status=200, body=ENTITIES), RetryLaterError),
        (Reply(status=200, body=b"<feed"), RetryLaterError),
    ],
)
def test_what_an_answer_means(api, reply, error):
    with serving(lambda _: reply) as server, pytest.raises(error) as why:
        feed(asking(server, api), PATH, [])
    assert why.value.network == "connections"


def test_a_form_instead_of_an_answer_has_a_token_renewed(api):
    renewing = []
    with serving(lambda _: Reply(status=200, headers=HTML, body=FORM)) as server:
        tokens = {"access_token": "a", "refresh_token": "r"}
        asked = replace(asking(server, api), credentials=tokens, renew=renewing.append)
        with pytest.raises(AccessExpiredError):
            feed(asked, PATH, [])
        with pytest.raises(AccessRevokedError):
            connector.sign_in(asked)
    assert len(renewing) == 2


def test_one_object_that_is_refused_is_gone_if_the_access_works_else(api):
    def refuses_one(asked):
        return Reply(body=b'{"entry": {}}') if asked[1] == ME else Reply(status=403)

    with serving(refuses_one) as server, pytest.raises(GoneError):
        ONE.get(asking(server, api), PATH)
    with serving(lambda _: Reply(status=403)) as server, pytest.raises(UnavailableError):
        ONE.get(asking(server, api), PATH)


@pytest.mark.parametrize(
    ("link", "query"),
    [
        ("http://inner.example:81/forums/atom/topics?page=2&ps=10", "page=2&ps=10"),
        ("/forums/oauth/atom/topics?page=3", "page=3"),
        (None, None),
    ],
)
def test_only_the_query_of_a_next_page_counts(api, link, query):
    assert next_query(api, PATH, Feed(entries=[], next=link)) == query


def test_a_next_page_of_another_list_is_refused(api):
    elsewhere = Feed(entries=[], next="https://connections.example/profiles/admin/atom/profiles.do?page=2")
    with pytest.raises(PayloadError):
        next_query(api, PATH, elsewhere)


def test_a_link_to_comments_that_leads_out_of_the_blogs_is_refused(api, network):
    ids = play(network)
    stream = connector.object_stream("threads")
    answers = {}

    def answer(asked):
        if asked[1] not in answers:
            body = CLIENT.get(api, asked[1], list(asked[2])).body
            answers[asked[1]] = body.replace(b"/feed/entrycomments/", b"/../../secret/")
        return Reply(body=answers[asked[1]])

    with serving(answer) as server, pytest.raises(PayloadError):
        ref = ObjectRef(native_id=ids["entry"], fetch_ref=f"entry {ids['entry'][-36:]}")
        stream.read(asking(server, api), [ref])


def test_since_is_asked_for_in_the_dialect_of_each_application(api, network: Connections):
    play(network)
    for stream in connector.streams:
        read_all(stream, api)
    community = next(iter(network.communities().values()))
    topics = connector.object_stream("topics")
    page = topics.read(api, [ObjectRef(native_id=community, fetch_ref=None)])
    topics.read(api, [ObjectRef(native_id=community, fetch_ref=None, cursor=page.again[community].cursor)])
    asked = {}
    for entry in network.requests():
        for name, value in entry["query"].items():
            if name in {"since", "updatedSince"}:
                asked[str(entry["path"])] = value[0]
    newest_topic = int(day(10.2).timestamp() * 1000)
    assert asked["/forums/atom/topics"] == str(newest_topic - 3_600_000)
    assert asked["/blogs/homepage/feed/comments/atom"] == "2026-09-20T21:24:00.000Z"
    assert asked["/connections/opensocial/basic/rest/activitystreams/@me/@all/@all"].endswith("Z")
    assert not [path for path in asked if path.startswith("/communities/")]


def test_a_password_goes_out_as_it_was_filled_in_and_a_token_to_addresses_of_its_own(api):
    headers = CLIENT.headers(replace(api, credentials={"username": "ü", "password": "a:b"}))
    assert b64decode(headers["Authorization"].removeprefix("Basic ")).decode() == "ü:a:b"
    assert CLIENT.headers(replace(api, credentials={"access_token": "t"})) == {"Authorization": "Bearer t"}
