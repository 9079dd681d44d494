"""The address a network calls, over HTTP: handshake, signature, size, and what is answered when."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, text

from scrm.ingest.apps import save
from scrm.models import InboxItem, NetworkApp
from scrm.models.inbox import LARGEST_BODY
from scrm.runtime import Core
from scrm.web import create_app
from tests.factories import make_connection
from tests.ingest import lighthouse
from tests.ingest.lighthouse import KEY, SECRET, US, delivery, note, signed

PATH = "/webhooks/lighthouse"


@pytest.fixture(autouse=True)
def _lighthouse(core: Core):
    lighthouse.register()
    save(core, KEY, {"secret": SECRET}, None)
    with core.db.write("test.connection") as session:
        make_connection(session, network=KEY, native_id=US)
        make_connection(session, network=KEY, native_id="gone", state="removed")
        make_connection(session, network="mastodon", native_id="elsewhere")
    yield
    lighthouse.unregister()


def stored(core: Core) -> int:
    with core.db.read() as session:
        return session.scalar(select(func.count()).select_from(InboxItem))


def refused(core: Core) -> int:
    with core.db.read() as session:
        return session.get_one(NetworkApp, KEY).refused


def test_a_handshake_for_what_is_connected_is_answered_as_it_is(client: FlaskClient) -> None:
    answer = client.get(PATH, query_string={"token": SECRET, "account": US, "challenge": "<b>41</b>"})
    assert (answer.status_code, answer.get_data(as_text=True)) == (200, "<b>41</b>")
    assert answer.content_type.startswith("text/plain")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"token": "wrong", "account": US},
        {"token": SECRET, "account": "gone"},
        {"token": SECRET, "account": "elsewhere"},
    ],
)
def test_any_other_handshake_is_404(client: FlaskClient, query: dict[str, str]) -> None:
    assert client.get(PATH, query_string=query).status_code == 404


def test_a_signed_delivery_is_kept_once_and_wakes_a_worker(core: Core) -> None:
    woken: list[str] = []
    client = create_app(Core(**{**vars(core), "wake": lambda kind, _subject=None: woken.append(kind)})).test_client()
    body = delivery(note(1))
    answers = [client.post(PATH, data=body, headers=signed(body)) for _time in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert (stored(core), woken) == (1, ["push"])
    assert "Set-Cookie" not in answers[0].headers


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "application/atom+xml", "application/x-www-form-urlencoded", "multipart/form-data"],
)
def test_the_raw_body_counts_whatever_it_says_it_is(client: FlaskClient, core: Core, content_type: str) -> None:
    body = delivery(note(1))
    answer = client.post(PATH, data=body, headers=signed(body), content_type=content_type)
    assert (answer.status_code, stored(core)) == (200, 1)


def test_a_forged_delivery_is_401_counted_and_not_kept(client: FlaskClient, core: Core) -> None:
    body = delivery(note(1))
    forged = [(body, {}), (body + b" ", signed(body)), (body, signed(body, "guess")), (body, signed(body, " "))]
    for sent, headers in forged:
        assert client.post(PATH, data=sent, headers=headers).status_code == 401
    assert (stored(core), refused(core)) == (0, len(forged))


def test_a_delivery_too_large_is_413_before_anything_is_computed(client: FlaskClient, core: Core) -> None:
    body = b" " * (LARGEST_BODY + 1)
    assert client.post(PATH, data=body, headers=signed(body)).status_code == 413
    body = b" " * LARGEST_BODY
    assert client.post(PATH, data=body, headers=signed(body)).status_code == 200
    assert (stored(core), refused(core)) == (1, 0)


@pytest.mark.parametrize("network", ["nowhere", "mastodon", "crm", "_example"])
def test_who_does_not_call_has_no_address(client: FlaskClient, network: str) -> None:
    assert client.get(f"/webhooks/{network}").status_code == 404
    assert client.post(f"/webhooks/{network}", data=b"{}").status_code == 404


def test_what_cannot_be_stored_is_503_so_that_it_is_sent_again(app: Flask, core: Core) -> None:
    body = delivery(note(1))
    with core.db.engine.begin() as connection:
        connection.execute(text("ALTER TABLE inbox_item RENAME TO inbox_item_away"))
    try:
        answer = app.test_client().post(PATH, data=body, headers=signed(body))
    finally:
        with core.db.engine.begin() as connection:
            connection.execute(text("ALTER TABLE inbox_item_away RENAME TO inbox_item"))
    assert answer.status_code == 503
    assert b"inbox_item" not in answer.data
    assert app.test_client().post(PATH, data=body, headers=signed(body)).status_code == 200
    assert stored(core) == 1


def test_a_secret_that_cannot_be_opened_is_503_and_never_401(client: FlaskClient, core: Core) -> None:
    with core.db.write("test.sealed") as session:
        session.get_one(NetworkApp, KEY).values = "1.AAAA"
    body = delivery(note(1))
    assert client.post(PATH, data=body, headers=signed(body)).status_code == 503
    assert client.get(PATH).status_code == 503
