"""A backup from before the request brings nobody back: not with the file beside the database, not without it."""

import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from scrm import migrations
from scrm.cli.backup import make_backup
from scrm.cli.restore import restore_backup
from scrm.clock import FakeClock
from scrm.config import Settings
from scrm.db import Database
from scrm.models import Asked, Forgetting, Origin, Tombstone, ask_to_forget
from scrm.privacy.forget import forget_due
from scrm.runtime import Core
from scrm.sync.crm.local import LocalCrm
from scrm.sync.outbox import deliver
from scrm.vault import Vault
from tests.privacy.canaries import hits, plant
from tests.privacy.conftest import NOW


def opened(settings: Settings, clock: FakeClock) -> Core:
    db = Database(settings.database, clock=clock)
    return Core(settings=settings, db=db, vault=Vault.load(settings.keys, settings.state_dir))


def work(core: Core, clock: FakeClock) -> None:
    for _ in range(4):
        while forget_due(core):
            pass
        deliver(core, LocalCrm(core.db))
        clock.advance(61)


@pytest.mark.parametrize("lost", ["nothing", "the whole state folder"])
def test_who_was_forgotten_after_the_backup_is_forgotten_again(tmp_path: Path, lost: str) -> None:
    clock = FakeClock(NOW)
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    settings = Settings(state_dir=state, tombstone_file=str(tmp_path / "elsewhere-tombstones"))
    if lost == "nothing":
        settings = replace(settings, tombstone_file="")
    migrations.upgrade(settings.database)
    core = opened(settings, clock)
    planted = plant(core)
    make_backup(settings, tmp_path / "backup.tar.gz")
    with core.db.write("test.ask") as session:
        ask_to_forget(session, clock.now(), Asked(origin=Origin.COMMAND, contact_id=planted.contact_id))
    work(core, clock)
    assert hits(core) == {}
    core.db.close()
    if lost != "nothing":
        keys = (state / "keys").read_bytes()
        shutil.rmtree(state)
        state.mkdir(mode=0o700)
        (state / "keys").write_bytes(keys)
        (state / "keys").chmod(0o600)
    restore_backup(settings, tmp_path / "backup.tar.gz")
    clock = FakeClock(datetime.now(UTC) + timedelta(seconds=5))  # the command goes by the true time
    core = opened(settings, clock)
    assert hits(core) != {}  # the backup did hold the person
    with core.db.read() as session:
        assert session.scalar(select(func.count()).select_from(Tombstone))
        assert session.scalars(select(Forgetting.origin)).all() == [Origin.RESTORE]
    work(core, clock)
    assert hits(core) == {}
    core.db.close()
