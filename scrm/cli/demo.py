"""`scrm demo`: the whole product with invented people on sandbox networks, in a state folder of its own."""

import contextlib
import dataclasses
import os
import shutil
import time
from collections.abc import Mapping
from pathlib import Path

import click
from sqlalchemy.exc import SQLAlchemyError

from scrm import logs
from scrm.cli import installation, processes
from scrm.cli.display import Display
from scrm.cli.opening import open_prepared
from scrm.cli.supervisor import Supervisor
from scrm.config import Settings, as_environment
from scrm.i18n import _
from scrm.models import Role
from scrm.runtime import Core
from scrm.sandbox.server import fakes
from scrm.web import counts
from scrm.web.auth import ensure_user, make_sign_in_link

START_SECONDS = 60.0
COUNT_SECONDS = 1.0
HOST = "127.0.0.1"
FIRST_PORT = 8101  # and those that follow; the next free ones when taken
PEOPLE = {
    Role.ADMIN: ("Annegret Sommer", "annegret.sommer@nordwerk.example"),
    Role.STEWARD: ("Stellan Brandt", "stellan.brandt@nordwerk.example"),
    Role.REP: ("Rahel Winter", "rahel.winter@nordwerk.example"),
}


@click.command(help=_("Run the whole product with invented people and networks; nothing leaves this machine."))
@click.option("--keep", is_flag=True, help=_("Go on with the last demo instead of starting afresh."))
def demo(keep: bool) -> None:
    base = Settings.from_env()
    logs.configure(base.log_level)
    os.umask(0o077)
    display = Display()
    with contextlib.closing(display), Supervisor(base.state_dir / "demo", display.say) as supervisor:
        if not keep:
            _clear(supervisor.folder)
        settings = _settings(base, supervisor.folder)
        installation.prepare(supervisor, settings, display.say)
        settings = installation.run_all(supervisor, settings, display.say)
        _start_sandbox(supervisor, settings)
        core = open_prepared(settings)
        links = _sign_in_links(core)
        supervisor.wait_for(lambda: installation.answers(settings), START_SECONDS, "web")
        if not supervisor.stopping:
            _greet(display, settings, links)
        _count_until_stopped(supervisor, display, core)
        core.db.close()


def _clear(folder: Path) -> None:
    """Forget the last demo; the lock stays, because we hold it."""
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != "lock":
            path.unlink()


def _settings(base: Settings, folder: Path) -> Settings:
    """What makes it a demo: everything embedded, on this machine alone, and quick."""
    ports = free_ports({network: FIRST_PORT + number for number, network in enumerate(fakes())})
    return Settings(
        state_dir=folder,
        host=HOST,
        port=base.port,
        workers=base.workers,
        locale=base.locale,
        log_level=base.log_level,
        sandbox=True,
        sandbox_urls=tuple(f"{network}=http://{HOST}:{port}" for network, port in ports.items()),
        allowed_hosts=tuple(f"{HOST}:{port}" for port in ports.values()),
        fast_intervals=True,
    )


def free_ports(preferred: Mapping[str, int]) -> dict[str, int]:
    """For each name the preferred port or the next free one; all are held until the last is found, so none twice."""
    with contextlib.ExitStack() as held:
        doors = {name: held.enter_context(installation.listen(HOST, port)) for name, port in preferred.items()}
        return {name: door.getsockname()[1] for name, door in doors.items()}


def _start_sandbox(supervisor: Supervisor, settings: Settings) -> None:
    access = supervisor.folder / "sandbox.json"
    access.unlink(missing_ok=True)  # the access of the last demo is worth nothing
    began = supervisor.folder / "began"
    if not began.exists():
        began.write_text(str(time.time()), encoding="utf-8")
    ports = {pair.partition("=")[0]: pair.rpartition(":")[2] for pair in settings.sandbox_urls}
    options = [part for network, port in ports.items() for part in ("--port", f"{network}={port}")]
    options += ["--access", str(access), "--began", began.read_text(encoding="utf-8")]
    environment = as_environment(settings)
    supervisor.start(processes.scrm_program("sandbox", "sandbox", *options, environment=environment))
    seeding = processes.scrm_program("seed", "seed", "--access", str(access), environment=environment)
    supervisor.start(dataclasses.replace(seeding, runs_once=True))


def _sign_in_links(core: Core) -> dict[Role, str]:
    links = {}
    now = core.db.clock.now()
    with core.db.write("demo.people") as session:
        for role, (name, email) in PEOPLE.items():
            person = ensure_user(session, name, email, role, now)
            links[role] = make_sign_in_link(session, person.id, now)
    return links


def _greet(display: Display, settings: Settings, links: Mapping[Role, str]) -> None:
    display.say(_("Ready: %(address)s (stop with Ctrl-C; logs in %(folder)s)", **_where(settings)))
    display.say(_("Sign in, once per link:"))
    roles = {Role.ADMIN: _("admin"), Role.STEWARD: _("steward"), Role.REP: _("sales rep")}
    for role, token in links.items():
        display.say(f"  {roles[role]}: {settings.base_url}/sign-in/{token}")
    display.say(
        _("All people are invented; the networks are %(networks)s", networks=", ".join(settings.sandbox_urls))
    )


def _where(settings: Settings) -> dict[str, object]:
    return {"address": settings.base_url, "folder": settings.state_dir / "log"}


def _count_until_stopped(supervisor: Supervisor, display: Display, core: Core) -> None:
    counted = 0.0
    while not supervisor.stopping:
        supervisor.turn()
        if time.monotonic() - counted >= COUNT_SECONDS:
            counted = time.monotonic()
            with contextlib.suppress(SQLAlchemyError):  # a busy database is counted next time
                display.counts(_as_line(counts.count(core)))
    display.say(_("Stopping"))


def _as_line(now: counts.Counts) -> str:
    return _(
        "fetched %(fetched)s · linked %(linked)s · in review %(review)s · written to the CRM %(written)s",
        **dataclasses.asdict(now),
    )
