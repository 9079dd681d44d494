"""The page of tokens: made for somebody with an end, shown once, listed with how they are, ended at once."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from scrm.models import ApiToken, AuditEntry, User
from scrm.runtime import Core
from tests.web.conftest import Browser
from tests.web.seed import Seeded

Browse = Callable[[str], Browser]
TOKEN = re.compile(r'id="token" class="mono" value="([^"]+)"')
FORM = {"name": "panel", "role": "steward", "scope": ["contacts:read", "judgments:write"]}


@pytest.fixture
def admin(browse: Browse) -> Browser:
    return browse("admin")


def rows(core: Core) -> list[ApiToken]:
    with core.db.read() as session:
        return list(session.scalars(select(ApiToken).order_by(ApiToken.id)))


def make(admin: Browser, **values: object) -> str:
    page = admin.post("/tokens", "/tokens", **{**FORM, **values}).get_data(as_text=True)
    found = TOKEN.search(page)
    assert found, page
    return found[1]


def status(client: FlaskClient, token: str) -> int:
    return client.get("/api/v1/contacts", headers={"Authorization": f"Bearer {token}"}).status_code


def test_a_token_is_made_for_somebody_until_a_day_and_works(
    admin: Browser, client: FlaskClient, core: Core, seeded: Seeded
) -> None:
    last = (core.db.clock.now() + timedelta(days=10)).date()
    token = make(admin, owner=seeded.steward.id, until=last.isoformat())
    row = rows(core)[0]
    assert (row.name, row.role, row.user_id) == ("panel", "steward", seeded.steward.id)
    assert row.scopes == ["contacts:read", "judgments:write"]
    assert row.expires_at is not None
    assert timedelta(days=9) < row.expires_at - core.db.clock.now() <= timedelta(days=12)
    assert status(client, token) == 200
    page = admin.get("/tokens")
    assert token not in page
    assert "Aurélie Nguyễn-Dubois" in page
    assert "Works" in page
    with core.db.read() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "token.made")).one()
    assert (entry.user_id, entry.after["owner"]) == (seeded.admin.id, seeded.steward.id)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": " "},
        {"role": "king"},
        {"scope": []},
        {"scope": ["everything"]},
        {"role": "rep"},  # may not judge
        {"until": "2020-01-01"},
        {"until": "tomorrow"},
        {"until": "9999-12-31"},
        {"owner": "999999"},
        {"owner": "x"},
    ],
)
def test_what_cannot_be_is_told_and_nothing_is_made(admin: Browser, core: Core, wrong: dict[str, object]) -> None:
    answer = admin.post("/tokens", "/tokens", **{**FORM, **wrong})
    assert answer.status_code == 400
    assert 'role="alert"' in answer.get_data(as_text=True)
    assert rows(core) == []


def test_nobody_gets_a_token_that_sees_more_than_they_do(admin: Browser, core: Core, seeded: Seeded) -> None:
    assert admin.post("/tokens", "/tokens", **FORM, owner=seeded.rep.id).status_code == 400
    assert rows(core) == []


def test_a_token_is_revoked_at_once(admin: Browser, client: FlaskClient, core: Core) -> None:
    token = make(admin)
    path = f"/tokens/{rows(core)[0].public_id}/revoke"
    assert admin.post("/tokens", path).status_code == 302
    assert status(client, token) == 401
    assert "Revoked" in admin.get("/tokens")
    assert path not in admin.get("/tokens")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"role": "rep"}, "no longer has this role"),
        ({"disabled_at": True}, "may no longer sign in"),
    ],
)
def test_a_token_ends_with_its_owner(
    admin: Browser, client: FlaskClient, core: Core, seeded: Seeded, change: dict[str, object], words: str
) -> None:
    token = make(admin, owner=seeded.steward.id)
    assert status(client, token) == 200
    values = {"disabled_at": core.db.clock.now()} if "disabled_at" in change else change
    with core.db.write("test.change") as session:
        session.execute(update(User).where(User.id == seeded.steward.id).values(**values))
    assert status(client, token) == 401
    assert words in admin.get("/tokens")


def test_a_token_at_its_end_works_no_longer(admin: Browser, client: FlaskClient, core: Core) -> None:
    token = make(admin)
    with core.db.write("test.end") as session:
        session.execute(update(ApiToken).values(expires_at=core.db.clock.now()))
    assert status(client, token) == 401
    assert "At its end" in admin.get("/tokens")
