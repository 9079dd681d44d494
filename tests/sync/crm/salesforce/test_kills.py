"""Killed wherever connecting, signing in, setting up and choosing write or call out, the next try ends it well."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import select

import scrm
from scrm.failpoints import enumerate_failpoints
from scrm.models import CrmConnection, CrmFieldMap, CrmSetup
from tests.sync.crm.salesforce.world import SalesforceWorld

CHILD = """
import json
import os
import sys
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from pathlib import Path
from scrm import failpoints
from scrm.clock import FakeClock
from scrm.config import Settings
from scrm.errors import CrmAuthError
from scrm.models import CrmConnection, CrmSetup
from scrm.runtime import open_core
from scrm.sync.crm.salesforce import connect as links
from scrm.sync.crm.salesforce import mapping, setting_up
from scrm.sync.crm.salesforce.access import CREDENTIALS, Credentials
from scrm.sync.crm.salesforce.adapter import SalesforceCrm
from scrm.sync.crm.salesforce.options import Options
from scrm.sync.crm.salesforce.setup import are_of_language

folder, url, org, now, armed, access, *points = sys.argv[1:]
settings = Settings(state_dir=Path(folder), database_url=url, sandbox_urls=(org,), lease_seconds=5)
right = Credentials(**json.loads(access))


def change(core, **values):
    with core.db.write("test.change") as session:
        row = session.get_one(CrmConnection, "salesforce")
        for name, value in values.items():
            setattr(row, name, value)


def connect(core):
    links.connect(core, right, links.chosen_before(core) or Options(share_percent=100))


def sign_in_again(core):
    change(core, token=None)
    assert SalesforceCrm(core).org.count("Contact") == 0


def be_refused(core):
    wrong = asdict(right) | {"username": "nobody@nordwerk.example"}
    change(core, token=None, credentials=core.vault.seal(wrong, CREDENTIALS))
    try:
        SalesforceCrm(core).org.count("Contact")
    except CrmAuthError:
        connect(core)


def set_up(core):
    setting_up.order(core, is_check_only=False)
    for _ in range(50):
        while setting_up.advance(core):
            pass
        core.db.clock.advance(6)
    with core.db.read() as session:
        row = session.get_one(CrmSetup, "salesforce")
    # German is off there, so whatever is deployed is deployed a second time
    assert row.ended_at is not None and are_of_language(row.objections) and row.has_rights is not None


STEPS = {
    "salesforce.first_sign_in": connect,
    "salesforce.identify": connect,
    "salesforce.connect": connect,
    "salesforce.lease": sign_in_again,
    "salesforce.sign_in": sign_in_again,
    "salesforce.token": sign_in_again,
    "salesforce.give_back": be_refused,
    "salesforce.usage": lambda core: SalesforceCrm(core).org.count("Contact"),
    "salesforce.shape": lambda core: SalesforceCrm(core).look_again(),
    "salesforce.change": lambda core: links.change(core, replace(links.options_of(core), share_percent=90)),
    "salesforce.rules": lambda core: links.store_rules(core, mapping.DEFAULT),
    "salesforce.use": lambda core: links.use(core, is_active=True),
    "salesforce.disconnect": lambda core: (links.disconnect(core), connect(core)),
    "salesforce.deploy": set_up,
    "setup.order": set_up,
    "setup.claim": set_up,
    "setup.note": set_up,
}


def run(point, number, is_armed):
    core = open_core(settings)
    core.db.clock = FakeClock(datetime.fromisoformat(now) + timedelta(seconds=2000 * number))
    if is_armed:
        Path(armed).write_text(f"{point} self")
        failpoints.arm_by(armed)
    elif not links.chosen_before(core) or point.startswith("salesforce.give_back"):
        connect(core)
    STEPS[point.partition(":")[0]](core)
    assert SalesforceCrm(core).org.count("Contact") == 0  # signed in, whatever happened before


for number, point in enumerate(points):
    for is_armed in (True, False):
        pid = os.fork()
        if not pid:
            run(point, 2 * number + (not is_armed), is_armed)
            os._exit(0)
        status = os.waitpid(pid, 0)[1]
        print(point, is_armed, os.WTERMSIG(status), os.WEXITSTATUS(status), flush=True)
"""
NAMES = (
    "salesforce.first_sign_in",
    "salesforce.identify",
    "salesforce.connect",
    "salesforce.lease",
    "salesforce.sign_in",
    "salesforce.token",
    "salesforce.give_back",
    "salesforce.usage",
    "salesforce.shape",
    "salesforce.change",
    "salesforce.rules",
    "salesforce.use",
    "salesforce.deploy",
    "setup.order",
    "setup.claim",
    "setup.note",
    "salesforce.disconnect",
)
POINTS = [f"{name}:{side}" for name in NAMES for side in ("before", "after")]


@pytest.mark.processes
def test_killed_at_every_step_the_next_try_ends_it_well(world: SalesforceWorld, tmp_path: Path) -> None:
    settings, app = world.core.settings, world.org.app()
    url = settings.database_url.replace("+psycopg", "")
    access = {name: app[name] for name in ("consumer_key", "private_key", "username")} | {"domain": "login"}
    around = [str(settings.state_dir), url, *settings.sandbox_urls, world.core.db.clock.now().isoformat()]
    ended = subprocess.run(
        [sys.executable, "-c", CHILD, *around, str(tmp_path / "point"), json.dumps(access), *POINTS],
        cwd=Path(scrm.__file__).parents[1],
        timeout=240,
        check=True,
        capture_output=True,
        text=True,
    )
    wanted = []
    for point in POINTS:
        wanted += [f"{point} True {signal.SIGKILL.value} 0", f"{point} False 0 0"]
    assert ended.stdout.splitlines() == wanted, ended.stderr[-3000:]
    with world.core.db.read() as session:
        row = session.scalars(select(CrmConnection)).one()
        assert row.refresh_lease_until is None
        assert row.token is not None
        assert session.get(CrmSetup, "salesforce") is None  # disconnected at the end, which forgets it
        versions = session.scalars(select(CrmFieldMap.version).order_by(CrmFieldMap.version)).all()
    # killed before the commit: stored once by the next try; killed after it: by both
    assert versions == [1, 2, 3]


def test_every_failpoint_of_connecting_and_setting_up_is_visited() -> None:
    names = {name.partition(":")[0] for name in enumerate_failpoints(Path(scrm.__file__).parent)}
    assert {name for name in names if name.startswith(("salesforce.", "setup."))} == set(NAMES)
