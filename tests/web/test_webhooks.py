"""The CRM's webhooks over HTTP."""

import base64
import hashlib
import hmac
import json

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from scrm.models import InboxItem
from scrm.models.inbox import LARGEST_BODY
from scrm.runtime import Core
from scrm.sync.webhook import make_endpoint

BODY = json.dumps({"type": "contact.updated", "data": {"id": "c1"}}).encode()


@pytest.fixture
def secret(core: Core) -> str:
    with core.db.write("test.endpoint") as session:
        return make_endpoint(session, core.vault, "crm", "local", core.db.clock.now())


def signed(core: Core, secret: str, body: bytes = BODY, delivery: str = "msg_1") -> dict[str, str]:
    stamp = str(int(core.db.clock.now().timestamp()))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    mark = base64.b64encode(hmac.digest(key, f"{delivery}.{stamp}.".encode() + body, hashlib.sha256)).decode()
    return {"webhook-id": delivery, "webhook-timestamp": stamp, "webhook-signature": f"v1,{mark}"}


def send(client: FlaskClient, headers: dict[str, str], body: bytes = BODY, **more: str):
    kind = more.pop("content_type", "application/json")
    return client.post(more.pop("path", "/webhooks/crm/crm"), data=body, headers=headers, content_type=kind)


def stored(core: Core) -> int:
    with core.db.read() as session:
        return session.scalar(select(func.count()).select_from(InboxItem))


def test_a_signed_delivery_is_stored_once_however_often_it_comes(
    client: FlaskClient, core: Core, secret: str
) -> None:
    headers = signed(core, secret)
    assert [send(client, headers).status_code for _time in range(3)] == [202, 200, 200]
    assert stored(core) == 1


def test_what_is_not_signed_right_is_401_and_leaves_nothing(client: FlaskClient, core: Core, secret: str) -> None:
    headers = signed(core, secret)
    assert send(client, headers, BODY + b" ").status_code == 401
    assert send(client, {}).status_code == 401
    assert send(client, {**headers, "webhook-signature": "v1,AAAA"}).status_code == 401
    assert stored(core) == 0


def test_other_refusals_have_their_own_status(client: FlaskClient, core: Core, secret: str) -> None:
    headers = signed(core, secret)
    assert send(client, headers, path="/webhooks/crm/nobody").status_code == 404
    assert send(client, headers, content_type="text/xml").status_code == 415
    assert send(client, headers, b"x" * (LARGEST_BODY + 1)).status_code == 413
    assert client.get("/webhooks/crm/crm").status_code == 405
    assert stored(core) == 0


def test_a_key_that_is_missing_means_come_back_later(core: Core, secret: str) -> None:
    import dataclasses

    from scrm.vault import Vault
    from scrm.web import create_app

    other = dataclasses.replace(core, vault=Vault({"k9": bytes(32)}))
    answer = send(create_app(other).test_client(), signed(core, secret))
    assert answer.status_code == 503
    assert stored(core) == 0
