"""No secret is readable at rest, in logs or in answers: canaries are planted and looked for in every byte."""

import dataclasses
import tarfile
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from scrm import logs, migrations
from scrm.cli import backup
from scrm.errors import SealError
from scrm.ingest import connections as hookups
from scrm.models import Connection, Role, WebhookEndpoint
from scrm.runtime import Core
from scrm.sync.webhook import make_endpoint
from scrm.web import create_app
from scrm.web.api.tokens import Scope, Wish, make_token
from scrm.web.auth import cookie_name, ensure_user, make_sign_in_link
from scrm.web.people import hash_password, open_session, set_password
from tests.web import networks
from tests.web.conftest import TOKEN

MARK = "canary7f3a"


@pytest.fixture
def canaries(core: Core, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Twelve secrets, each where one of its kind belongs or where a careless caller would put it."""
    sign_in = networks._Invented.sign_in

    def any_token(self: Any, api: Any) -> Any:
        return sign_in(self, dataclasses.replace(api, credentials={**api.credentials, "token": "right"}))

    monkeypatch.setattr(networks._Invented, "sign_in", any_token)
    now = core.db.clock.now()
    planted = {
        name: f"{MARK}-{name}-5c1d9e"
        for name in ("password", "wrong-password", "access", "bearer", "basic", "query-token", "query-code", "cookie")
    }
    with core.db.write("test.canaries") as session:
        user = ensure_user(session, "Mei Tanaka", "mei@nordwerk.example", Role.ADMIN, now)
        set_password(session, user.id, hash_password(planted["password"]))
        planted["session"] = open_session(session, user.id, now)
        planted["link"] = make_sign_in_link(session, user.id, now)
        planted["webhook"] = make_endpoint(session, core.vault, "crm", "local", now)
        planted["api"] = make_token(session, Wish(name="CRM", role=Role.ADMIN, scopes=[Scope.HEALTH]), now)
    hookups.connect(core, "harbor", {"handle": "nordwerk", "token": planted["access"]}, user.id)
    assert len(planted) == 12
    return planted


def use(core: Core, planted: dict[str, str]) -> str:
    """Everything that is done with secrets, right and wrong; what was answered."""
    app = create_app(core)
    client, said = app.test_client(), []

    def note(answer: Any) -> None:
        said.append(answer.get_data(as_text=True))
        said.extend(f"{name}: {value}" for name, value in answer.headers if name.lower() != "set-cookie")

    def sign_in(password: str) -> None:
        form = TOKEN.search(client.get("/sign-in").get_data(as_text=True))[1]
        fields = {"csrf_token": form, "email": "mei@nordwerk.example", "password": password}
        note(client.post("/sign-in", data=fields))

    sign_in(planted["wrong-password"])
    sign_in(planted["password"])
    with app.test_request_context():
        client.set_cookie(cookie_name(), planted["session"])
    for path in (
        "/",
        "/me",
        "/connections",
        f"/contacts?q=x&access_token={planted['query-token']}",
        f"/none?code={planted['query-code']}",
    ):
        note(client.get(path))
    with core.db.read() as session:
        note(client.get(f"/connections/{session.scalars(select(Connection.public_id)).one()}"))
    other = app.test_client()
    other.get(f"/sign-in/{planted['link']}")
    other.set_cookie("scrm", planted["cookie"])
    note(other.get("/"))
    for value in (f"Bearer {planted['bearer']}", f"Basic {planted['basic']}", f"Bearer {planted['api']}"):
        note(app.test_client().get("/api/v1/health", headers={"Authorization": value}))
    note(app.test_client().post("/webhooks/crm/crm", data=planted["webhook"], content_type="application/json"))
    note(app.test_client().post(f"/webhooks/outbound/none/{planted['bearer']}", data=b"<x/>"))
    log = logs.get("test")
    broken = RuntimeError(f"no answer from https://x.example/?access_token={planted['query-token']}")
    log.error("request_failed", authorization=f"Bearer {planted['bearer']}", exc_info=broken)
    return "\n".join(said)


def test_twelve_canaries_are_found_nowhere(
    core: Core,
    canaries: dict[str, str],
    capsys: pytest.CaptureFixture,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    logs.configure("debug")
    said = use(core, canaries)
    if core.db.is_sqlite:
        monkeypatch.setattr(migrations, "is_current", lambda _database: True)  # tests make tables without migrations
        backup.make_backup(core.settings, tmp_path / "backup.tar")
        with tarfile.open(tmp_path / "backup.tar") as packed:
            packed.extractall(tmp_path / "unpacked", filter="data")
        kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file() and path.name != "keys")
        assert b"mei@nordwerk.example" in kept, "else nothing was looked at"
    else:
        with core.db.read() as session:
            tables = session.scalars(
                text("select tablename from pg_tables where schemaname = 'public' order by tablename")
            ).all()
            rows = [session.execute(text(f'select t::text from "{name}" t')).scalars().all() for name in tables]
        kept = "\n".join(row for found in rows for row in found).encode()
        assert b"mei@nordwerk.example" in kept
    out = capsys.readouterr()
    logged = out.out + out.err
    assert "request_failed" in logged
    for name, value in canaries.items():
        assert value.encode() not in kept, f"{name} at rest"
        assert value not in logged, f"{name} in the log"
        if not name.startswith("query-"):  # the address of a page may come back to the one who asked for it
            assert value not in said, f"{name} in an answer"


def test_a_sealed_value_of_one_row_does_not_open_in_another(core: Core, canaries: dict[str, str]) -> None:
    with core.db.read() as session:
        sealed = session.scalars(select(Connection.credentials)).one()
        endpoint = session.scalars(select(WebhookEndpoint)).one()
    for place in (f"webhook_endpoint/{endpoint.name}/secrets", "connection/0/credentials"):
        with pytest.raises(SealError):
            core.vault.open(sealed, place)
