"""What the doctor says about a machine, and what makes it worry."""

import os
import shutil
from pathlib import Path

import pytest

from scrm.cli import examine
from scrm.cli.findings import Grade
from scrm.config import Settings
from scrm.vault import Vault
from tests.cli.conftest import Call


def grades(findings: object) -> list[Grade]:
    return [finding.grade for finding in findings]  # type: ignore[attr-defined]


def test_this_python_and_this_sqlite_are_good(installed: Settings) -> None:
    assert grades(examine.python(installed)) == [Grade.GOOD]
    assert grades(examine.sqlite(installed)) == [Grade.GOOD]


def test_an_sqlite_with_the_race_must_be_mended(installed: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pysqlite3.dbapi2.sqlite_version_info", (3, 40, 1))
    (finding,) = examine.sqlite(installed)
    assert finding.grade is Grade.MEND
    assert "3.40.1" in finding.text


def test_a_missing_state_folder_is_said(tmp_path: Path) -> None:
    assert grades(examine.state_folder(Settings(state_dir=tmp_path / "none"))) == [Grade.MEND]


def test_a_state_folder_open_to_others_is_worth_a_look(installed: Settings) -> None:
    assert grades(examine.state_folder(installed)) == [Grade.GOOD]
    installed.state_dir.chmod(0o755)
    assert grades(examine.state_folder(installed)) == [Grade.WARN]


@pytest.mark.parametrize(
    ("folder", "kind"),
    [("/srv/scrm", "nfs4"), ("/srv", "ext4"), ("/srvother", "ext4"), ("/mnt/far/deep/er", "fuse.sshfs")],
)
def test_the_nearest_mount_decides_on_the_file_system(tmp_path: Path, folder: str, kind: str) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(
        "/dev/vda / ext4 rw 0 0\nhost:/x /srv/scrm nfs4 rw 0 0\nyou@far: /mnt/far fuse.sshfs rw 0 0\nodd\n"
    )
    assert examine.file_system_of(Path(folder), mounts) == kind


def test_a_database_on_a_network_file_system_must_be_moved(
    installed: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(examine, "file_system_of", lambda _folder, _mounts: "nfs4")
    assert grades(examine.file_system(installed)) == [Grade.MEND]


def test_a_machine_that_does_not_tell_its_mounts_is_not_blamed(installed: Settings, tmp_path: Path) -> None:
    assert examine.file_system_of(installed.state_dir, tmp_path / "none") == ""


def test_keys_are_good_only_when_nobody_else_may_read_them(installed: Settings) -> None:
    assert grades(examine.key_ring(installed)) == [Grade.WARN]
    Vault.load("", installed.state_dir)
    assert grades(examine.key_ring(installed)) == [Grade.GOOD]
    (installed.state_dir / "keys").chmod(0o644)
    assert grades(examine.key_ring(installed)) == [Grade.MEND]


def test_a_damaged_key_file_must_be_mended(installed: Settings) -> None:
    file = installed.state_dir / "keys"
    file.write_text("k1:short")
    file.chmod(0o600)
    assert grades(examine.key_ring(installed)) == [Grade.MEND]


@pytest.mark.parametrize(
    ("free", "grade"), [(10_000_000_000, Grade.GOOD), (1_000_000_000, Grade.WARN), (10_000, Grade.MEND)]
)
def test_little_disk_space_is_said(
    installed: Settings, monkeypatch: pytest.MonkeyPatch, free: int, grade: Grade
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: shutil._ntuple_diskusage(0, 0, free))
    assert grades(examine.disk(installed)) == [grade]


@pytest.mark.parametrize(
    ("address", "grade"),
    [
        ("", Grade.WARN),
        ("https://scrm.example", Grade.GOOD),
        ("http://127.0.0.1:8000", Grade.GOOD),
        ("http://localhost:8000", Grade.GOOD),
        ("http://scrm.example", Grade.MEND),
    ],
)
def test_a_public_address_without_https_must_be_mended(address: str, grade: Grade) -> None:
    assert grades(examine.addresses(Settings(public_url=address))) == [grade]


def test_doctor_ends_with_1_when_something_must_be_mended_and_says_what(call: Call, installed: Settings) -> None:
    told = call("doctor")
    assert told.exit_code == 1
    assert "mend  The embedded Valkey does not run; `scrm up` starts it" in told.output.splitlines()
    assert "Traceback" not in told.output


def test_doctor_makes_nothing(call: Call, state: Path) -> None:
    call("doctor")
    assert not state.exists()


def test_doctor_names_no_password(call: Call) -> None:
    address = "postgresql://scrm:hush-hush@127.0.0.1:1/scrm"
    told = call("doctor", environment={"DATABASE_URL": address, "REDIS_URL": "redis://:hush-hush@127.0.0.1:1/0"})
    assert told.exit_code == 1
    assert "cannot be reached" in told.output
    assert "hush" not in told.output


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_state_folder_that_cannot_be_written_must_be_mended(installed: Settings) -> None:
    installed.state_dir.chmod(0o500)
    assert grades(examine.state_folder(installed)) == [Grade.MEND]
    installed.state_dir.chmod(0o700)
