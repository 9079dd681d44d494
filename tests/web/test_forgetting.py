"""Forgetting people on the pages, through the API, and when the CRM or a network demands it."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from scrm.ingest.apps import save
from scrm.models import Contact, Forgetting, ForgettingState, Interaction, Origin, Profile, Role
from scrm.privacy.forget import forget_due
from scrm.runtime import Core
from scrm.sync import webhook
from scrm.sync.contacts import pull
from scrm.sync.crm.local import LocalCrm
from scrm.sync.outbox import deliver
from scrm.sync.signature import sign
from tests.factories import make_interaction, make_profile
from tests.web.api.test_api import token_for
from tests.web.conftest import Browser
from tests.web.seed import Seeded

Browse = Callable[[str], Browser]


def work(core: Core) -> None:
    for _ in range(3):
        while forget_due(core):
            pass
        deliver(core, LocalCrm(core.db))
        with core.db.write("test.a_minute_later") as session:
            session.execute(
                update(Forgetting).where(Forgetting.state == ForgettingState.CRM).values(due_at=core.db.clock.now())
            )


def requests(core: Core) -> list[Forgetting]:
    with core.db.read() as session:
        return list(session.scalars(select(Forgetting).order_by(Forgetting.id)))


def place(seeded: Seeded) -> str:
    return f"/contacts/{seeded.contacts[3].public_id}/forget"


def test_an_admin_sees_what_would_go_and_it_goes(core: Core, browse: Browse, seeded: Seeded) -> None:
    admin = browse("admin")
    page = admin.get(place(seeded))
    assert "interactions, what they led to" in page
    answer = admin.post(place(seeded), place(seeded), reference="T-17")
    assert answer.status_code == 302
    (row,) = requests(core)
    assert (row.state, row.origin, row.reference) == (ForgettingState.LOCAL, Origin.PAGE, "T-17")
    work(core)
    with core.db.read() as session:
        assert session.get(Contact, seeded.contacts[3].id) is None
        assert session.get(Profile, seeded.linked[0].id) is None
    shown = admin.get(f"/forgotten/{row.public_id}")
    assert "What was erased" in shown
    assert seeded.contacts[3].full_name not in shown
    told = json.loads(admin.get(f"/forgotten/{row.public_id}/certificate.json"))
    assert told["reference"] == "T-17"
    assert sum(one["count"] for one in told["places"]) > 60


def test_one_profile_alone_can_be_chosen(core: Core, browse: Browse, seeded: Seeded) -> None:
    browse("admin").post(place(seeded), place(seeded), profile=str(seeded.linked[1].public_id))
    (row,) = requests(core)
    assert (row.profile_id, row.contact_id) == (seeded.linked[1].id, None)
    stranger = browse("admin").post(place(seeded), place(seeded), profile=str(seeded.waiting[0].public_id))
    assert stranger.status_code == 404


def test_what_a_steward_asks_for_waits_for_an_admin(core: Core, browse: Browse, seeded: Seeded) -> None:
    steward, admin = browse("steward"), browse("admin")
    steward.post(place(seeded), place(seeded))
    (row,) = requests(core)
    assert row.state == ForgettingState.WAITING
    assert not forget_due(core)
    where = f"/forgotten/{row.public_id}"
    assert "Approve and erase" not in steward.get(where)
    assert steward.post(where, where, act="approve").status_code == 403
    admin.post(where, where, act="approve")
    assert requests(core)[0].state == ForgettingState.LOCAL
    assert admin.post(where, where, act="approve").status_code == 409


def test_with_four_eyes_an_admin_cannot_approve_their_own_wish(core: Core, browse: Browse, seeded: Seeded) -> None:
    admin = browse("admin")
    admin.post("/forgotten", "/forgotten/four-eyes", four_eyes="on")
    admin.post("/forgotten", "/forgotten", email="someone@elsewhere.example")
    (row,) = requests(core)
    assert row.state == ForgettingState.WAITING
    where = f"/forgotten/{row.public_id}"
    assert "Approve and erase" not in admin.get(where)
    assert admin.post(where, where, act="approve").status_code == 400
    assert requests(core)[0].state == ForgettingState.WAITING


def test_nonsense_is_told_on_the_page(browse: Browse, seeded: Seeded) -> None:
    answer = browse("admin").post("/forgotten", "/forgotten", email="nobody")
    assert answer.status_code == 400
    assert "Expected an address" in answer.get_data(as_text=True)
    assert browse("admin").post("/forgotten", "/forgotten").status_code == 400


def test_the_api_forgets_once_however_often_it_is_asked(core: Core, app: Flask, seeded: Seeded) -> None:
    client, headers = app.test_client(), token_for(core, Role.ADMIN)
    path = f"/api/v1/contacts/{seeded.contacts[3].public_id}/forget"
    first = client.post(path, json={"reference": "A"}, headers=headers)
    again = client.post(path, json={"reference": "A"}, headers=headers)
    assert (first.status_code, first.json["id"]) == (202, again.json["id"])
    assert len(requests(core)) == 1
    work(core)
    done = client.get(f"/api/v1/forgotten/{first.json['id']}", headers=headers)
    assert done.json["state"] == "done"
    assert done.json["places"]
    gone = client.post(path, json={}, headers=headers)
    assert gone.status_code == 404


def event(kind: str, data: dict[str, Any], at: datetime) -> bytes:
    return json.dumps({"type": kind, "timestamp": at.isoformat(), "data": data}).encode()


def test_the_crm_says_that_a_contact_was_deleted_and_is_to_be_erased(core: Core, app: Flask) -> None:
    with core.db.write("test.endpoint") as session:
        secret = webhook.make_endpoint(session, core.vault, "crm", "local", core.db.clock.now())

    def tell(number: str, kind: str, data: dict[str, Any]) -> int:
        now = core.db.clock.now()
        body = event(kind, data, now)
        headers = sign(number, body, [secret], now)
        answer = app.test_client().post(
            "/webhooks/crm/crm", data=body, headers=headers, content_type="application/json"
        )
        webhook.apply_due(core.db, 10)
        return answer.status_code

    person = {"id": "4711", "full_name": "Erika Beispiel", "emails": ["erika@beispiel.example"]}
    assert tell("m1", "contact.created", person) == 202
    pull(core.db, LocalCrm(core.db), "local")
    assert tell("m2", "contact.deleted", {"id": "4711", "erase": True}) == 202
    (row,) = requests(core)
    assert (row.origin, row.state) == (Origin.CRM, ForgettingState.LOCAL)
    work(core)
    with core.db.read() as session:
        assert session.scalars(select(Contact)).all() == []
    tell("m3", "contact.updated", person)
    pull(core.db, LocalCrm(core.db), "local")
    with core.db.read() as session:
        assert session.scalars(select(Contact)).all() == []
    tell("m4", "contact.deleted", {"id": "4711", "erase": True})
    assert len(requests(core)) == 1


def signed_request(secret: str, **told: object) -> str:
    def encoded(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).decode().rstrip("=")

    payload = encoded(json.dumps({"algorithm": "HMAC-SHA256", **told}).encode())
    return f"{encoded(hmac.digest(secret.encode(), payload.encode(), hashlib.sha256))}.{payload}"


@pytest.fixture
def speaker(core: Core) -> int:
    save(core, "facebook", {"client_id": "1", "client_secret": "app-secret", "verify_token": "v"}, None)
    with core.db.write("test.speaker") as session:
        profile = make_profile(session, network="facebook", native_id="7766554433")
        make_interaction(session, profile, native_id="1_2")
        return profile.id


def test_meta_demands_a_deletion_and_is_told_where_to_see_it(core: Core, app: Flask, speaker: int) -> None:
    client = app.test_client()
    asked = signed_request("app-secret", user_id="7766554433", issued_at=int(datetime.now(UTC).timestamp()))
    answer = client.post("/webhooks/facebook/deletion", data={"signed_request": asked})
    assert answer.status_code == 200
    again = client.post("/webhooks/facebook/deletion", data={"signed_request": asked})
    assert answer.json == again.json
    path = answer.json["url"].removeprefix(core.settings.base_url)
    assert "Being erased here" in client.get(path).get_data(as_text=True)
    work(core)
    with core.db.read() as session:
        assert session.get(Profile, speaker) is None
        assert session.scalars(select(Interaction)).all() == []
    page = client.get(path).get_data(as_text=True)
    assert "Everything was done on" in page
    german = client.get(path, headers={"Accept-Language": "de"}).get_data(as_text=True)
    assert "Ihr Antrag auf Löschung" in german


@pytest.mark.parametrize(
    "signed",
    [
        signed_request("another-secret", user_id="7766554433"),
        signed_request("app-secret", user_id="7766554433", algorithm="none"),
        signed_request("app-secret"),
        "",
        ".",
        "ä.ö",
        signed_request("app-secret", user_id="7766554433") + "x",
    ],
)
def test_a_forged_demand_gets_401_and_leaves_nothing(core: Core, app: Flask, speaker: int, signed: str) -> None:
    answer = app.test_client().post("/webhooks/facebook/deletion", data={"signed_request": signed})
    assert answer.status_code == 401
    assert requests(core) == []


def test_a_network_without_this_way_and_one_that_is_not_known(app: Flask, speaker: int) -> None:
    client = app.test_client()
    assert client.post("/webhooks/mastodon/deletion", data={}).status_code == 404
    assert client.post("/webhooks/nowhere/deletion", data={}).status_code == 404


def test_the_status_page_tells_nothing_of_other_requests(
    core: Core, app: Flask, browse: Browse, seeded: Seeded
) -> None:
    browse("admin").post(place(seeded), place(seeded))
    (row,) = requests(core)
    assert app.test_client().get(f"/erasure/{row.public_id}").status_code == 404
