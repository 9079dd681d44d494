"""A backup holds everything and nothing else, is for its owner's eyes, and replaces nothing."""

import json
import shutil
import tarfile
from pathlib import Path

import pytest
from sqlalchemy import create_engine, select, text

from scrm import migrations
from scrm.cli.backup import BackupError, make_backup
from scrm.cli.restore import restore_backup
from scrm.config import Settings
from scrm.db import Database
from scrm.models import Chore
from scrm.vault import Vault
from tests.cli.conftest import Call


def note(settings: Settings, name: str) -> None:
    db = Database(settings.database)
    with db.engine.begin() as connection:
        connection.execute(
            text("INSERT INTO chore (name, generation, crash_count) VALUES (:name, 0, 0)"), {"name": name}
        )
    db.close()


def noted(settings: Settings) -> list[str]:
    db = Database(settings.database)
    with db.engine.connect() as connection:
        found = list(connection.execute(text("SELECT name FROM chore WHERE due_at IS NULL ORDER BY name")).scalars())
    db.close()
    return found


def ordered(settings: Settings) -> list[str]:
    """The chores that are to be done at once."""
    db = Database(settings.database)
    with db.read() as session:
        due = session.scalars(select(Chore.name).where(Chore.due_at <= db.clock.now()).order_by(Chore.name))
        found = list(due)
    db.close()
    return found


def names_in(file: Path) -> set[str]:
    with tarfile.open(file) as tar:
        return set(tar.getnames())


def test_a_backup_holds_database_keys_and_checksums(call: Call, installed: Settings, tmp_path: Path) -> None:
    Vault.load("", installed.state_dir)
    file = tmp_path / "backup.tar.gz"
    assert call("backup", str(file)).exit_code == 0
    assert names_in(file) == {"manifest.json", "scrm.db", "keys"}
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_backup_leaves_nothing_else_behind(call: Call, installed: Settings, tmp_path: Path) -> None:
    call("backup", str(tmp_path / "backup.tar.gz"))
    assert {path.name for path in tmp_path.iterdir()} == {"backup.tar.gz", "state"}


def test_what_was_written_a_moment_ago_and_is_only_in_the_journal_is_in_the_backup(
    installed: Settings, tmp_path: Path
) -> None:
    writer = Database(installed.database)
    with writer.engine.execution_options(scrm_write=True).connect() as connection:
        connection.execute(text("INSERT INTO chore (name, generation, crash_count) VALUES ('late', 0, 0)"))
        connection.commit()
        assert (installed.state_dir / "scrm.db-wal").stat().st_size > 0
        make_backup(installed, tmp_path / "backup.tar.gz")
    writer.close()
    shutil.rmtree(installed.state_dir)
    restore_backup(installed, tmp_path / "backup.tar.gz")
    assert noted(installed) == ["late"]


def test_an_existing_file_is_left_as_it_is(call: Call, installed: Settings, tmp_path: Path) -> None:
    file = tmp_path / "backup.tar.gz"
    file.write_text("precious")
    told = call("backup", str(file))
    assert told.exit_code == 1
    assert "exists already" in told.output
    assert file.read_text() == "precious"


def test_keys_from_the_environment_are_not_written_down(call: Call, installed: Settings, tmp_path: Path) -> None:
    ring = "k9:" + "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="
    told = call("backup", str(tmp_path / "backup.tar.gz"), environment={"SCRM_KEYS": ring})
    assert "keep them too" in told.output
    assert names_in(tmp_path / "backup.tar.gz") == {"manifest.json", "scrm.db"}


def test_a_database_that_is_not_up_to_date_is_not_backed_up(call: Call, tmp_path: Path) -> None:
    told = call("backup", str(tmp_path / "backup.tar.gz"))
    assert told.exit_code == 1
    assert "scrm migrate" in told.output


def test_restore_brings_back_rows_and_keys_and_keeps_the_old_state(
    call: Call, installed: Settings, tmp_path: Path
) -> None:
    sealed = Vault.load("", installed.state_dir).seal({"token": "t"}, "connection/1/credentials")
    note(installed, "before")
    file = tmp_path / "backup.tar.gz"
    make_backup(installed, file)
    note(installed, "after")
    (installed.state_dir / "keys").unlink()
    Vault.load("", installed.state_dir)  # another key
    told = call("restore", str(file))
    assert told.exit_code == 0, told.output
    assert noted(installed) == ["before"]
    assert ordered(installed) == ["resend"]  # what the CRM was told since the backup is unknown
    assert Vault.load("", installed.state_dir).open(sealed, "connection/1/credentials") == {"token": "t"}
    (kept,) = tmp_path.glob("state.before-*")
    assert noted(Settings(state_dir=kept)) == ["after", "before"]
    assert not list(tmp_path.glob(".scrm-restore-*"))


def test_restore_into_an_empty_place_makes_the_installation(installed: Settings, tmp_path: Path) -> None:
    note(installed, "one")
    make_backup(installed, tmp_path / "backup.tar.gz")
    elsewhere = Settings(state_dir=tmp_path / "elsewhere" / "var")
    restore_backup(elsewhere, tmp_path / "backup.tar.gz")
    assert noted(elsewhere) == ["one"]
    assert migrations.is_current(elsewhere.database)
    assert elsewhere.state_dir.stat().st_mode & 0o777 == 0o700


def repacked(file: Path, folder: Path) -> None:
    with tarfile.open(file, "w:gz") as tar:
        for path in sorted(folder.iterdir()):
            tar.add(path, arcname=path.name)


def spoil_database(folder: Path) -> None:
    content = bytearray((folder / "scrm.db").read_bytes())
    content[len(content) // 2] ^= 0xFF
    (folder / "scrm.db").write_bytes(content)


def drop_manifest(folder: Path) -> None:
    (folder / "manifest.json").unlink()


def from_the_future(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(manifest | {"revisions": ["20990101000000"], "version": "9.0"}))


def strange_member(folder: Path) -> None:
    (folder / "crontab").write_text("* * * * * true")


def no_database(folder: Path) -> None:
    (folder / "scrm.db").unlink()
    manifest = json.loads((folder / "manifest.json").read_text())
    del manifest["files"]["scrm.db"]
    (folder / "manifest.json").write_text(json.dumps(manifest))


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (spoil_database, "a checksum is wrong"),
        (drop_manifest, "list of files is missing"),
        (from_the_future, "newer scrm (9.0)"),
        (strange_member, "holds something else"),
        (no_database, "another kind of database"),
    ],
)
def test_a_spoiled_backup_changes_nothing(installed: Settings, tmp_path: Path, spoil: object, complaint: str) -> None:
    note(installed, "mine")
    file = tmp_path / "backup.tar.gz"
    make_backup(installed, file)
    folder = tmp_path / "unpacked"
    with tarfile.open(file) as tar:
        tar.extractall(folder, filter="data")
    spoil(folder)  # type: ignore[operator]
    repacked(file, folder)
    with pytest.raises(BackupError) as why:
        restore_backup(installed, file)
    assert complaint in str(why.value)
    assert noted(installed) == ["mine"]
    assert not list(tmp_path.glob("state.before-*"))


@pytest.mark.parametrize("content", [b"", b"no archive at all", b"\x1f\x8b\x08\x00cut"])
def test_a_file_that_is_no_backup_is_refused(installed: Settings, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "backup.tar.gz"
    file.write_bytes(content)
    with pytest.raises(BackupError):
        restore_backup(installed, file)


def test_a_backup_cut_short_is_refused(installed: Settings, tmp_path: Path) -> None:
    file = tmp_path / "backup.tar.gz"
    make_backup(installed, file)
    file.write_bytes(file.read_bytes()[:-200])
    with pytest.raises(BackupError):
        restore_backup(installed, file)


@pytest.mark.postgres
def test_postgresql_is_backed_up_and_brought_back(postgres_server: str, tmp_path: Path) -> None:
    if shutil.which("pg_dump") is None:
        pytest.skip("pg_dump is not on this machine (Debian: postgresql-client)")
    server = create_engine(postgres_server, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text("CREATE DATABASE scrm_test_backup"))
    try:
        url = server.url.set(database="scrm_test_backup").render_as_string(hide_password=False)
        settings = Settings(state_dir=tmp_path / "state", database_url=url)
        migrations.upgrade(settings.database)
        Vault.load("", settings.state_dir)
        note(settings, "before")
        make_backup(settings, tmp_path / "backup.tar.gz")
        note(settings, "after")
        assert restore_backup(settings, tmp_path / "backup.tar.gz") is None
        assert noted(settings) == ["before"]
        assert ordered(settings) == ["resend"]
        assert migrations.differences(settings.database) == []
    finally:
        with server.connect() as connection:
            connection.execute(text("DROP DATABASE scrm_test_backup WITH (FORCE)"))
        server.dispose()
