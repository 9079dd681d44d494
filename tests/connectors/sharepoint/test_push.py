"""Being called by Graph: the question, the word in each notice, and what a notice wakes."""

import json

import pytest

from scrm.connectors.sharepoint import connector
from scrm.errors import PayloadError, WebhookRefusedError
from tests.connectors.sharepoint.scenario import STATE

PUSH = connector.push
assert PUSH is not None
SITE = "nordwerk.sharepoint.com,91e1e6a5-0000-4000-8000-000000000001,dd00e6a5-0000-4000-8000-000000000002"
APP = {"client_state": STATE}
HERE = frozenset({SITE})


def body(*states: str | None, resource: str = f"sites/{SITE}/lists/1", **more: object) -> bytes:
    notices = [{"subscriptionId": "s", "clientState": one, "resource": resource, **more} for one in states]
    return json.dumps({"value": notices}).encode()


def test_the_word_is_given_back_as_plain_text():
    answer = PUSH.handshake(APP, {"validationToken": "Validation: Testing <b> & more"}, HERE)
    assert answer is not None
    assert (answer.body, answer.content_type) == ("Validation: Testing <b> & more", "text/plain")


@pytest.mark.parametrize(
    ("query", "accounts"),
    [({}, HERE), ({"validationToken": ""}, HERE), ({"validationToken": "a"}, frozenset())],
)
def test_nobody_else_is_answered(query, accounts):
    assert PUSH.handshake(APP, query, accounts) is None
    assert PUSH.handshake(APP, {"validationToken": "a" * 5000}, HERE) is None


def test_every_notice_has_to_know_our_word():
    PUSH.verify(APP, {}, body(STATE, STATE))
    for forged in (body("another"), body(None), body(STATE, "another"), body(), b"{}", b"[]", b"not JSON"):
        with pytest.raises(WebhookRefusedError):
            PUSH.verify(APP, {}, forged)


def test_without_a_word_of_ours_nothing_is_believed():
    for app in ({}, {"client_state": ""}):
        with pytest.raises(WebhookRefusedError):
            PUSH.verify(app, {}, body(""))


def test_a_notice_names_the_site_it_is_for_and_two_in_the_same_words_are_two():
    first, second = (list(PUSH.events(body(STATE))) for _ in range(2))
    assert [one.account_id for one in (*first, *second)] == [SITE, SITE]
    assert first[0].id != second[0].id
    assert list(PUSH.events(body(STATE, resource="users"))) == []


def test_what_makes_no_sense_is_an_error_of_ours():
    for text in (b"not JSON", b"[]", b'{"value": 7}', b'{"value": [7]}'):
        with pytest.raises(PayloadError):
            list(PUSH.events(text))
