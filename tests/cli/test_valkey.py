"""The embedded Valkey: reachable by us alone, and what it holds survives a kill."""

import signal
import subprocess
from pathlib import Path

import pytest
from redis import Redis

from scrm.cli import valkey
from scrm.cli.processes import wait_until
from scrm.config import Settings, embedded_socket
from scrm.errors import ConfigError

pytestmark = pytest.mark.processes


def begin(settings: Settings) -> "subprocess.Popen[bytes]":
    process = subprocess.Popen(valkey.program(settings).command, stdout=subprocess.DEVNULL)
    assert wait_until(lambda: valkey.answers(embedded_socket(settings.state_dir)), 10)
    return process


def test_only_this_user_reaches_it_and_only_through_the_socket(tmp_path: Path) -> None:
    settings = Settings(state_dir=tmp_path / "s")
    process = begin(settings)
    place = embedded_socket(settings.state_dir)
    assert place.stat().st_mode & 0o777 == 0o700
    assert place.parent.stat().st_mode & 0o777 == 0o700
    said = Redis.from_url(settings.redis, decode_responses=True).config_get("port", "maxmemory-policy", "appendonly")
    assert said == {"port": "0", "maxmemory-policy": "noeviction", "appendonly": "yes"}
    process.terminate()
    process.wait(10)


def test_what_it_holds_survives_a_kill(tmp_path: Path) -> None:
    settings = Settings(state_dir=tmp_path / "s")
    process = begin(settings)
    Redis.from_url(settings.redis).set("waiting", "yes")
    assert wait_until(lambda: bool(Redis.from_url(settings.redis).info("persistence")["aof_last_write_status"]), 3)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process = begin(settings)
    assert Redis.from_url(settings.redis).get("waiting") == b"yes"
    process.terminate()
    process.wait(10)


def test_a_state_folder_too_deep_for_a_socket_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        valkey.program(Settings(state_dir=tmp_path / ("deep/" * 30)))


def test_a_socket_file_without_a_server_does_not_answer(tmp_path: Path) -> None:
    assert not valkey.answers(tmp_path / "none")
    (tmp_path / "file").touch()
    assert not valkey.answers(tmp_path / "file")
