"""Every network there is a fake of, one clock for all, and a whole installation that reads them hour by hour.

No process and no real waiting: the sweeper's own questions say what is due, and the jobs' own functions do it.
"""

import itertools
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from sqlalchemy import func, select

from scrm.cli.sandbox import apps_of
from scrm.cli.seed import connect_to
from scrm.clock import FakeClock
from scrm.ingest import apps
from scrm.jobs import work
from scrm.models import Connection, ConnectionState, StreamState
from scrm.runtime import Core
from scrm.sandbox.cast import COMPANY_KEY
from scrm.sandbox.facebook import Facebook
from scrm.sandbox.instagram import Instagram
from scrm.sandbox.network import FakeNetwork
from scrm.sandbox.scenario import Event, Player, history, live
from scrm.sandbox.server import Server, fake_of, fakes
from scrm.schedule import find_due
from scrm.web import create_app
from tests.cli.running import free_port
from tests.factories import make_user

STEP = timedelta(minutes=30)
MOST_ROUNDS = 200
MOMENT, PATIENCE = 61.0, 2  # the shortest pause between two readings of a list is twice as long


@dataclass(kw_only=True)
class World:
    """The networks, the installation, and how time passes for both."""

    core: Core
    clock: FakeClock
    networks: dict[str, FakeNetwork]
    connectors: tuple[str, ...]
    admin_id: int = field(init=False)
    player: Player = field(init=False)
    coming: Iterator[Event] = field(init=False)

    def __post_init__(self) -> None:
        self.player = Player(list(self.networks.values()), now=self.clock.now())
        self.player.play(history(1, tuple(self.networks)))
        with self.core.db.write("test.admin") as session:
            self.admin_id = make_user(session, role="admin").id
        self.coming = live(1, tuple(self.networks))

    def connect_all(self) -> None:
        """Register the apps and connect the company's account on every network."""
        for key in self.connectors:
            if app := apps_of(self.fake_for(key))[key]:
                apps.save(self.core, key, app, None)
            connect_to(self.core, key, self.form(key), self.admin_id)
            self.enter_callback(key)

    def enter_callback(self, key: str) -> None:
        """What an admin enters in the dashboard of networks whose callback belongs to the app."""
        fake = self.fake_for(key)
        if isinstance(fake, Facebook | Instagram):
            token = apps.values_of(self.core, key)["verify_token"]
            assert fake.webhooks.set_callback(apps.webhook_address(self.core.settings, key), token), key

    def fake_for(self, connector: str) -> FakeNetwork:
        """The network that a connector reads; two may read the same one for different purposes."""
        return self.networks.get(connector) or self.networks[connector.partition("_")[0]]

    def form(self, connector: str) -> dict[str, str]:
        fake = self.fake_for(connector)
        return {"base_url": fake.base_url, **fake.credentials(COMPANY_KEY)}

    def live_on(self, events: int) -> None:
        """Let half an hour pass in which so many things happen, all dated now."""
        self.clock.advance(STEP.total_seconds())
        self.player.play_at(itertools.islice(self.coming, events), self.clock.now())
        for fake in self.networks.values():
            if hasattr(fake, "deliver"):
                fake.deliver()

    def work(self) -> None:
        """Do what is due until nothing is, and what has to wait a moment because enough was asked."""
        self._work_now()
        for _ in range(PATIENCE):
            with self.core.db.read() as session:
                soon = session.scalar(select(func.min(StreamState.due_at)))
            wait = (soon - self.clock.now()).total_seconds() if soon else MOMENT
            if wait >= MOMENT:
                return
            self.clock.advance(max(wait, 1.0))
            self._work_now()

    def _work_now(self) -> None:
        for _ in range(MOST_ROUNDS):
            with self.core.db.read() as session:
                due = list(find_due(session, self.clock.now()))
            if not due:
                return
            for kind, subject in due:
                work(self.core, kind, subject)
        raise AssertionError(f"something stays due for ever: {sorted(set(due))}")

    def sign_in_again(self) -> list[str]:
        """What the owner does when a connection was suspended; returns on which networks."""
        suspended = Connection.state == ConnectionState.SUSPENDED.value
        with self.core.db.read() as session:
            lost = list(session.scalars(select(Connection.network).where(suspended).distinct()))
        for key in lost:
            connect_to(self.core, key, self.form(key), self.admin_id)
        return lost


@contextmanager
def world(core: Core, start: datetime, wanted: Iterable[str]) -> Iterator[World]:
    """The networks of these connectors running, their history of sixty days behind them."""
    clock = FakeClock(start)
    core.db.clock = clock
    with ExitStack() as running:
        networks = {}
        for name in sorted(set(fakes()) & set(wanted)):
            networks[name] = fake = fake_of(name)(clock=clock.now)
            fake.start()
            running.callback(fake.stop)
        port = free_port()
        hosts = (*(urlsplit(one.base_url).netloc for one in networks.values()), f"127.0.0.1:{port}")
        settings = replace(core.settings, allowed_hosts=hosts, public_url=f"http://127.0.0.1:{port}")
        core = replace(core, settings=settings)
        running.enter_context(Server(create_app(core), port=port))
        yield World(core=core, clock=clock, networks=networks, connectors=tuple(wanted))
