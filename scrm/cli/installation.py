"""The processes of one installation, in the order in which they need each other."""

import dataclasses
import http.client
import socket
from collections.abc import Callable

from scrm import migrations
from scrm.cli import processes, state_folder, valkey
from scrm.cli.supervisor import VALKEY, StartError, Supervisor
from scrm.config import Settings, as_environment, embedded_socket
from scrm.i18n import _
from scrm.runtime import open_core
from scrm.sync import change_events

PORTS_TRIED = 100


def listen(host: str, port: int) -> socket.socket:
    """Listen on this port or the next free one. The socket is ours, so the web process can be replaced behind it."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for candidate in range(port, min(port + PORTS_TRIED, 65536)):
        try:
            return socket.create_server((host, candidate), family=family, backlog=256)
        except OSError:
            continue
    raise StartError(_("No free port from %(port)s on.", port=port))


def prepare(supervisor: Supervisor, settings: Settings, say: Callable[[str], None]) -> None:
    """Valkey, tables and keys: what every other process needs; raises StartError and ConfigError."""
    if not settings.redis_url:
        say(_("Starting the embedded Valkey"))
        supervisor.start(valkey.program(settings))
        place = embedded_socket(settings.state_dir)
        supervisor.wait_for(lambda: valkey.answers(place), 15.0, VALKEY)
    say(_("Bringing the database up to date"))
    migrations.upgrade(settings.database)
    open_core(settings).db.close()  # makes the key file once, before several processes would


def run_all(supervisor: Supervisor, settings: Settings, say: Callable[[str], None]) -> Settings:
    """Start the web process, the workers and the scheduler; returns the settings with the port that was free."""
    door = listen(settings.host, settings.port)
    settings = dataclasses.replace(settings, port=door.getsockname()[1])
    state_folder.note_port(supervisor.folder, settings.port)
    environment = as_environment(settings)
    say(_("Starting the web process, %(workers)s worker(s) and the scheduler", workers=settings.workers))
    handle = door.fileno()
    supervisor.start(
        processes.scrm_program("web", "web", "--fd", str(handle), environment=environment, files=(handle,))
    )
    door.detach()  # stays open for as long as we live
    for number in range(1, settings.workers + 1):
        supervisor.start(processes.scrm_program(f"worker-{number}", "worker", environment=environment))
    supervisor.start(processes.scrm_program("scheduler", "scheduler", environment=environment))
    if _listens(settings):
        supervisor.start(processes.scrm_program("listener", "listener", environment=environment))
    return settings


def _listens(settings: Settings) -> bool:
    """Whether change events are to be followed."""
    core = open_core(settings)
    with core.db.read() as session:
        is_wanted = change_events.is_wanted(session)
    core.db.close()
    return is_wanted and change_events.is_installed()


def answers(settings: Settings) -> bool:
    """Whether the web process answers at all."""
    ask = http.client.HTTPConnection(settings.host, settings.port, timeout=2.0)
    try:
        ask.request("GET", "/sign-in")
        return ask.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        ask.close()
