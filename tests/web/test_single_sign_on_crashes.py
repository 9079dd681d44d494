"""Killed while somebody comes back from the company's directory: nothing is left half done, the next try works."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from scrm.config import as_environment
from scrm.models import DirectoryIdentity, Role, User, WebSession
from scrm.runtime import Core
from scrm.web.auth import ensure_user
from tests.web import company as nordwerk
from tests.web.company import ADA, come, connect_address, is_in, return_path
from tests.web.conftest import Browser

company, settings = nordwerk.company, nordwerk.settings

CHILD = """
import json, sys
from scrm import failpoints
from scrm.config import Settings
from scrm.runtime import open_core
from scrm.web import create_app
from scrm.web.people import open_session
from tests.web.company import ADA, come, connect_address, return_path

environment, armed, owner = json.loads(sys.argv[1]), sys.argv[2], int(sys.argv[3])
core = open_core(Settings.from_env(environment))
client = create_app(core).test_client()
if owner:
    with core.db.write("test.session") as session:
        client.set_cookie("scrm", open_session(session, owner, core.db.clock.now()))
    failpoints.arm_by(armed)
    client.get(return_path(connect_address(client), ADA))
else:
    failpoints.arm_by(armed)
    come(client, ADA)
"""


def kill(core: Core, tmp_path: Path, point: str, owner: int = 0) -> None:
    armed = tmp_path / "point"
    armed.write_text(f"{point} self")
    given = json.dumps(as_environment(core.settings))
    died = subprocess.run([sys.executable, "-c", CHILD, given, str(armed), str(owner)], timeout=60, check=False)
    assert died.returncode == -signal.SIGKILL


@pytest.mark.processes
@pytest.mark.parametrize("point", ["single_sign_on.ask", "single_sign_on.arrive"])
@pytest.mark.parametrize("side", ["before", "after"])
def test_killed_on_the_way_in_there_is_one_account_or_none(
    app: Flask, core: Core, tmp_path: Path, point: str, side: str
) -> None:
    kill(core, tmp_path, f"{point}:{side}")
    is_stored = (point, side) == ("single_sign_on.arrive", "after")
    with core.db.read() as session:
        for model in (User, DirectoryIdentity, WebSession):
            assert session.scalar(select(func.count()).select_from(model)) == int(is_stored), model
    client = app.test_client()
    assert come(client, ADA).status_code == 302
    assert is_in(client)
    with core.db.read() as session:
        assert session.scalar(select(func.count()).select_from(User)) == 1


@pytest.mark.processes
@pytest.mark.parametrize("side", ["before", "after"])
def test_killed_while_an_account_is_connected_it_is_or_is_not(
    app: Flask, core: Core, tmp_path: Path, side: str
) -> None:
    with core.db.write("test.local") as session:
        owner = ensure_user(session, "Ada", "root@nordwerk.example", Role.ADMIN, core.db.clock.now())
    kill(core, tmp_path, f"single_sign_on.connect:{side}", owner.id)
    client = Browser(app, owner.id).client
    client.get(return_path(connect_address(client), ADA))
    with core.db.read() as session:
        assert session.scalars(select(DirectoryIdentity.user_id)).all() == [owner.id]
