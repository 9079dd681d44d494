"""Sealing, opening, changing keys, and the key file."""

import base64
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from scrm.config import Settings
from scrm.errors import ConfigError, SealError
from scrm.models import NetworkApp, WebhookEndpoint
from scrm.runtime import Core, open_core
from scrm.vault import Vault
from tests.factories import NOW, make_connection

ACCESS = {"access_token": "not-for-other-eyes"}
OLD, NEW = (base64.b64encode(bytes([number]) * 32).decode() for number in (1, 2))


def ring(*keys: str, folder: Path = Path("nowhere")) -> Vault:
    return Vault.load(",".join(keys), folder)


def test_what_was_sealed_opens_again_for_the_same_place() -> None:
    vault = ring(f"old:{OLD}")
    sealed = vault.seal(ACCESS, "connection/1/credentials")
    assert vault.open(sealed, "connection/1/credentials") == ACCESS
    assert ACCESS["access_token"] not in sealed


def test_the_same_value_is_sealed_differently_each_time() -> None:
    vault = ring(f"old:{OLD}")
    assert len({vault.seal(ACCESS, "a/1/b") for _ in range(20)}) == 20


@pytest.mark.parametrize(
    "place", ["connection/2/credentials", "connection/1/secrets", "", "connection/1/credentials|old"]
)
def test_a_sealed_value_copied_to_another_row_or_field_does_not_open(place: str) -> None:
    vault = ring(f"old:{OLD}")
    with pytest.raises(SealError, match="does not belong here"):
        vault.open(vault.seal(ACCESS, "connection/1/credentials"), place)


def test_every_changed_byte_is_noticed() -> None:
    vault = ring(f"old:{OLD}")
    name, _, body = vault.seal(ACCESS, "a/1/b").partition(".")
    data = base64.urlsafe_b64decode(body)
    for position in range(len(data)):
        changed = data[:position] + bytes([data[position] ^ 1]) + data[position + 1 :]
        with pytest.raises(SealError):
            vault.open(f"{name}.{base64.urlsafe_b64encode(changed).decode()}", "a/1/b")


@pytest.mark.parametrize("damaged", ["", ".", "old", "old.", "old.!", "old.AAAA", "old.é", f"other.{OLD}"])
def test_what_was_never_sealed_does_not_open(damaged: str) -> None:
    with pytest.raises(SealError, match="a/1/b") as caught:
        ring(f"old:{OLD}").open(damaged, "a/1/b")
    assert OLD not in str(caught.value)


def test_after_a_change_of_keys_the_old_key_still_opens_and_the_new_one_seals() -> None:
    before = ring(f"old:{OLD}").seal(ACCESS, "a/1/b")
    changed = ring(f"new:{NEW}", f"old:{OLD}")
    assert changed.open(before, "a/1/b") == ACCESS
    after = changed.seal(ACCESS, "a/1/b")
    assert after.startswith("new.")
    assert ring(f"new:{NEW}").open(after, "a/1/b") == ACCESS


def test_a_key_that_was_taken_out_of_the_ring_opens_nothing() -> None:
    sealed = ring(f"old:{OLD}").seal(ACCESS, "a/1/b")
    with pytest.raises(SealError, match="not in the ring"):
        ring(f"new:{NEW}").open(sealed, "a/1/b")


def test_a_sealed_value_cannot_be_relabeled_to_another_key_of_the_ring() -> None:
    sealed = ring(f"old:{OLD}").seal(ACCESS, "a/1/b")
    same_key_twice = ring(f"new:{OLD}", f"old:{OLD}")
    with pytest.raises(SealError):
        same_key_twice.open(sealed.replace("old.", "new."), "a/1/b")


def test_derived_keys_differ_by_purpose_and_by_key_with_the_newest_first() -> None:
    vault = ring(f"new:{NEW}", f"old:{OLD}")
    assert vault.derive("session") == ring(f"new:{NEW}").derive("session") + ring(f"old:{OLD}").derive("session")
    assert len({*vault.derive("session"), *vault.derive("csrf")}) == 4
    assert {len(key) for key in vault.derive("session")} == {32}


def test_settings_win_over_the_file_and_then_no_file_is_made(tmp_path: Path) -> None:
    Vault.load(f"old:{OLD}", tmp_path)
    assert list(tmp_path.iterdir()) == []
    made = Vault.load("", tmp_path)
    sealed = made.seal(ACCESS, "a/1/b")
    with pytest.raises(SealError):
        Vault.load(f"old:{OLD}", tmp_path).open(sealed, "a/1/b")


@pytest.mark.parametrize(
    "configured",
    [f"old:{OLD[:-8]}", f"old{OLD}", f":{OLD}", f"ol.d:{OLD}", f"old:{OLD},", "old:!", f"old:{OLD},old:{NEW}"],
)
def test_a_ring_that_is_not_as_expected_is_refused_without_showing_it(configured: str) -> None:
    with pytest.raises(ConfigError, match="SCRM_KEYS") as caught:
        ring(configured)
    assert OLD[:12] not in str(caught.value)


def test_the_first_start_makes_a_key_file_that_only_its_owner_reads(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "state"
    first = Vault.load("", folder)
    assert [file.name for file in folder.iterdir()] == ["keys"]
    assert stat.S_IMODE((folder / "keys").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) & 0o077 == 0
    assert Vault.load("", folder).open(first.seal(ACCESS, "a/1/b"), "a/1/b") == ACCESS


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_file_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    Vault.load("", tmp_path)
    (tmp_path / "keys").chmod(mode)
    with pytest.raises(ConfigError, match="chmod 600"):
        Vault.load("", tmp_path)


def test_an_empty_key_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "keys").touch(0o600)
    with pytest.raises(ConfigError, match="empty"):
        Vault.load("", tmp_path)


@pytest.mark.processes
def test_processes_that_start_at_once_agree_on_one_key(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from scrm.vault import Vault; sys.stdin.readline();"
        "print(Vault.load('', Path(sys.argv[1])).derive('test')[0].hex())"
    )
    folders = [tmp_path / str(number) for number in range(4)]
    command = [sys.executable, "-c", program]
    started = [
        subprocess.Popen([*command, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for folder in folders
        for _ in range(3)
    ]
    for process in started:  # all have imported by now or soon; let them go together
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    keys = [process.communicate(timeout=60)[0] for process in started]
    assert [process.returncode for process in started] == [0] * 12
    for number, folder in enumerate(folders):
        assert len(set(keys[number * 3 : number * 3 + 3])) == 1
        assert [file.name for file in folder.iterdir()] == ["keys"]


def test_whoever_comes_second_takes_the_key_of_the_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = Vault.load("", tmp_path)
    monkeypatch.setattr(Path, "exists", lambda _path: False)  # looked before the first had written
    second = Vault.load("", tmp_path)
    assert second.open(first.seal(ACCESS, "a/1/b"), "a/1/b") == ACCESS
    assert os.listdir(tmp_path) == ["keys"]  # noqa: PTH208 - Path is patched


def test_a_missing_key_file_is_not_made_anew_when_sealed_rows_exist(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="backup"):
        Vault.load("", tmp_path, sealed_rows_exist=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("sealed", ["connection", "app", "webhook"])
def test_an_installation_with_sealed_rows_does_not_start_without_its_keys(core: Core, sealed: str) -> None:
    with core.db.write("test.sealed") as session:
        if sealed == "connection":
            make_connection(session, credentials=core.vault.seal(ACCESS, "a/1/b"))
        elif sealed == "app":
            session.add(NetworkApp(network="lagoon", values=core.vault.seal(ACCESS, "a"), updated_at=NOW))
        else:
            session.add(
                WebhookEndpoint(name="crm", crm_id="local", secrets=core.vault.seal(ACCESS, "a"), created_at=NOW)
            )
    (core.settings.state_dir / "keys").unlink()
    with pytest.raises(ConfigError, match="backup"):
        open_core(core.settings)


def test_an_installation_without_sealed_rows_starts_with_a_new_key(settings: Settings) -> None:
    core = open_core(settings)
    assert core.vault.open(core.vault.seal(ACCESS, "a"), "a") == ACCESS
    core.db.close()


def test_neither_vault_nor_core_shows_its_keys(core: Core) -> None:
    vault = ring(f"old:{OLD}")
    for shown in (repr(vault), str(vault), repr(core)):
        assert OLD not in shown
        assert "x01" not in shown
    assert "2 keys" in repr(ring(f"new:{NEW}", f"old:{OLD}"))
