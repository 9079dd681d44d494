"""The Canvas app of Salesforce: only what Salesforce signed lately, for a record of our organization, as a rep."""

import base64
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from scrm.config import Settings
from scrm.models import Contact
from scrm.runtime import Core, sleepers
from scrm.web import canvas, create_app, embed
from tests.web.seed import Seeded

SECRET, OLD = "canvas-test-secret", "older-secret"
RECORD, ORG = "0035g00000AbCdEAAV", "00D5g000004XYZaEAO"
VECTORS = Path("/", "work", "shared", "fixtures", "salesforce", "synthetic", "signature_vectors.json")


@pytest.fixture
def framed(core: Core, seeded: Seeded) -> Core:
    with core.db.write("test.crm") as session:
        row = session.get_one(Contact, seeded.contacts[3].id)
        row.crm_id, row.native_id = "salesforce", RECORD
    settings = Settings(
        state_dir=core.settings.state_dir,
        database_url=core.settings.database_url,
        embed_origins=("salesforce=https://*.lightning.force.com", "salesforce=https://*.my.salesforce.com"),
        canvas_secrets=(SECRET, OLD),
        canvas_organization=ORG,
    )
    return Core(settings=settings, db=core.db, vault=core.vault, wake=sleepers)


@pytest.fixture
def app(framed: Core) -> Flask:
    return create_app(framed)


@pytest.fixture
def frame(app: Flask) -> FlaskClient:
    return app.test_client()


def body(core: Core, **changes: Any) -> dict[str, Any]:
    asked: dict[str, Any] = {
        "algorithm": "HMACSHA256",
        "issuedAt": int(core.db.clock.now().timestamp()),
        "userId": "0055g000001AbCdAAK",
        "client": {"oauthToken": "00D5g!EXAMPLE", "targetOrigin": "https://example.lightning.force.com"},
        "context": {
            "user": {"email": "rep@example.com", "language": "de", "timeZone": "Asia/Tokyo"},
            "organization": {"organizationId": ORG},
            "environment": {"parameters": {}, "record": {"attributes": {"type": "Contact"}, "Id": RECORD}},
        },
    }  # fmt: skip
    for path, value in changes.items():
        place: Any = asked
        *steps, last = path.split("__")
        for step in steps:
            place = place[step]
        if value is None:
            place.pop(last, None)
        else:
            place[last] = value
    return asked


def signed(asked: object, secret: str = SECRET) -> str:
    text = base64.b64encode(json.dumps(asked).encode()).decode()
    mac = hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()
    return f"{base64.b64encode(mac).decode()}.{text}"


def post(frame: FlaskClient, request: str) -> TestResponse:
    return frame.post("/embed/salesforce/canvas", data={"signed_request": request})


def test_a_signed_request_opens_the_record_s_timeline_as_a_rep_in_the_user_s_language(
    frame: FlaskClient, framed: Core, seeded: Seeded
) -> None:
    answer = post(frame, signed(body(framed)))
    assert answer.status_code == 303
    assert not answer.headers.getlist("Set-Cookie")
    page = frame.get(answer.location)
    assert page.status_code == 200
    assert (
        page.headers["Content-Security-Policy"].endswith(
            "frame-ancestors https://*.lightning.force.com https://*.my.salesforce.com; base-uri 'none'"
        )
        or "frame-ancestors https://*.lightning.force.com" in page.headers["Content-Security-Policy"]
    )
    text = page.get_data(as_text=True)
    assert "Maximiliane" in text
    assert '<html lang="de">' in text
    assert "Asia/Tokyo" in text
    assert "oauthToken" not in text + str(answer.location)


@pytest.mark.parametrize(
    "changes",
    [
        {"context__environment__record": None, "context__environment__parameters": {"recordId": RECORD}},
        {"context__environment__record": {"Id": RECORD[:15]}},
        {"algorithm": None},
        {"issuedAt": None},
        {"context__organization__organizationId": ORG[:15]},
    ],
)
def test_forms_that_salesforce_may_send_are_taken(frame: FlaskClient, framed: Core, changes: dict[str, Any]) -> None:
    assert post(frame, signed(body(framed, **changes))).status_code == 303


def test_a_new_secret_and_the_one_before_are_good(frame: FlaskClient, framed: Core) -> None:
    assert post(frame, signed(body(framed), OLD)).status_code == 303
    assert post(frame, signed(body(framed), "another")).status_code == 403


def test_milliseconds_and_the_url_alphabet_are_understood(frame: FlaskClient, framed: Core) -> None:
    now = int(framed.db.clock.now().timestamp() * 1000)
    mac, dot, text = signed(body(framed, issuedAt=now)).partition(".")
    assert post(frame, mac.replace("+", "-").replace("/", "_").rstrip("=") + dot + text).status_code == 303


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"algorithm": "none"}, 403),
        ({"algorithm": "HMACSHA1"}, 403),
        ({"algorithm": ["HMACSHA256"]}, 403),
        ({"issuedAt": 1_500_000_000}, 410),
        ({"issuedAt": 4_000_000_000}, 410),
        ({"issuedAt": "now"}, 403),
        ({"issuedAt": True}, 403),
        ({"issuedAt": -1}, 403),
        ({"context__organization__organizationId": "00D5g000004XYZbEAO"}, 403),
        ({"context__organization": None}, 403),
        ({"context": None}, 403),
        ({"context__environment__record": {"Id": "0035g00000ZbCdEAAV"}}, 404),
        ({"context__environment__record": {"Id": "no id"}}, 404),
        ({"context__environment__record": None}, 404),
        ({"context__environment": []}, 404),
    ],
)
def test_what_is_signed_and_still_wrong_is_refused(
    frame: FlaskClient, framed: Core, changes: dict[str, Any], status: int
) -> None:
    answer = post(frame, signed(body(framed, **changes)))
    assert answer.status_code == status
    assert "Maximiliane" not in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    "request_",
    [
        "",
        ".",
        "x",
        "x.",
        ".x",
        "é.é",
        "a.b.c",
        "====.e30=",
        "AAAA." + "A" * 300_000,
        signed([1], SECRET),
        signed("x"),
    ],
)
def test_what_is_no_signed_request_is_refused(frame: FlaskClient, framed: Core, request_: str) -> None:
    assert post(frame, request_).status_code == 403


def test_a_changed_body_or_signature_is_refused(frame: FlaskClient, framed: Core) -> None:
    mac, _, text = signed(body(framed)).partition(".")
    other = signed(body(framed, userId="0055g000001OtherAA")).partition(".")[2]
    assert post(frame, f"{mac}.{other}").status_code == 403
    assert post(frame, f"{base64.b64encode(bytes(32)).decode()}.{text}").status_code == 403
    assert post(frame, f"{text}.{mac}").status_code == 403


def test_without_a_secret_nothing_is_taken(core: Core, seeded: Seeded) -> None:
    settings = Settings(state_dir=core.settings.state_dir, database_url=core.settings.database_url,
                        embed_origins=("salesforce=https://a.my.salesforce.com",))  # fmt: skip
    bare = Core(settings=settings, db=core.db, vault=core.vault, wake=sleepers)
    assert post(create_app(bare).test_client(), signed(body(core), "")).status_code == 403


@pytest.mark.skipif(not VECTORS.exists(), reason="the signature vectors are not on this machine")
def test_a_signature_made_elsewhere_is_understood(app: Flask) -> None:
    from datetime import UTC, datetime

    vector = json.loads(VECTORS.read_text())["canvas"]
    issued = datetime.fromtimestamp(1795428000, UTC)
    asked = canvas.verify(vector["signed_request"], [vector["secret"]], issued)
    assert asked["context"]["environment"]["record"]["Id"] == RECORD
    with pytest.raises(embed.RefusedError):
        canvas.verify(vector["signed_request"], ["another"], issued)
    with pytest.raises(embed.RefusedError):
        canvas.verify(vector["signed_request"], [vector["secret"]], datetime.fromtimestamp(1795428000 + 600, UTC))
