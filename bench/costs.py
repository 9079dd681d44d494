"""What reading 10,000 interactions costs on each network: calls, and money on X, beside the least that is possible.

    python -m bench.costs [--events 3000] [--network x]

A life of so many events is played on each network's sandbox; then its connector reads everything back. What was
asked is counted by the sandbox. The least possible: as many calls as it takes to carry the interactions on pages of
the largest size that the network allows, nothing else asked; on X the price of each post and person kept, once.
"""

import argparse
import itertools
import json
import math
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import func, select

from scrm import migrations
from scrm.cli.sandbox import apps_of
from scrm.cli.seed import connect_to
from scrm.clock import FakeClock
from scrm.config import Settings
from scrm.connectors.registry import connectors
from scrm.ingest import apps
from scrm.jobs import work
from scrm.models import Interaction, Profile, Role
from scrm.runtime import Core, open_core
from scrm.sandbox.cast import COMPANY_KEY
from scrm.sandbox.network import FakeNetwork
from scrm.sandbox.scenario import Player, history, live
from scrm.sandbox.server import fake_of, fakes
from scrm.sandbox.x import X
from scrm.schedule import find_due
from scrm.web.auth import ensure_user

START = datetime(2026, 10, 5, 6, tzinfo=UTC)
HOURS = 6  # in which lists are read, and what they say should be read again
LARGEST_PAGE = {  # items per call at most, from the networks' descriptions (see each connector's README)
    "bluesky": 100,
    "facebook": 100,
    "instagram": 50,
    "linkedin": 100,
    "mastodon": 80,
    "x": 100,
    "youtube": 100,
}


@contextmanager
def installation(fake: FakeNetwork, clock: FakeClock) -> Iterator[Core]:
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(state_dir=Path(folder), allowed_hosts=(urlsplit(fake.base_url).netloc,))
        migrations.upgrade(settings.database)
        core = open_core(settings)
        core.db.clock = clock
        yield replace(core, settings=settings)
        core.db.close()


def read_back(core: Core, network: str, fake: FakeNetwork, clock: FakeClock) -> None:
    with core.db.write("bench.admin") as session:
        admin = ensure_user(session, "Admin", "admin@nordwerk.example", Role.ADMIN, clock.now()).id
    if app := apps_of(fake)[network]:
        apps.save(core, network, app, admin)
    connect_to(core, network, {"base_url": fake.base_url, **fake.credentials(COMPANY_KEY)}, admin)
    for _ in range(HOURS * 4):
        while due := _due(core):
            for kind, subject in due:
                work(core, kind, subject)
        clock.advance(900)


def _due(core: Core) -> list[tuple[str, int | None]]:
    with core.db.read() as session:
        return [one for one in find_due(session, core.db.clock.now()) if one[0] == "read"]


def measure(network: str, events: int) -> dict[str, object]:
    clock = FakeClock(START)
    fake = fake_of(network)(clock=clock.now)
    player = Player([fake], now=START - timedelta(hours=1))
    player.play(history(1, (network,)))
    player.play_at(itertools.islice(live(1, (network,)), events), START - timedelta(minutes=30))
    fake.start()
    with installation(fake, clock) as core:
        before = len(fake.requests())
        read_back(core, network, fake, clock)
        asked = fake.requests()[before:]
        with core.db.read() as session:
            found = session.scalar(select(func.count()).select_from(Interaction)) or 0
            kept = {*session.scalars(select(Interaction.native_id)), *session.scalars(select(Profile.native_id))}
    fake.stop()
    per = 10_000 / max(found, 1)
    row: dict[str, object] = {
        "network": network,
        "interactions": found,
        "calls_per_10000": round(len(asked) * per),
        "least_calls_per_10000": math.ceil(10_000 / LARGEST_PAGE[network]),
        "most_asked": Counter(_template(str(one["path"])) for one in asked).most_common(3),
    }
    if isinstance(fake, X):
        paid = fake.charges()
        row["dollars_per_10000"] = round(sum(float(one["price"]) for one in paid) * per, 2)
        needed = {(one["kind"], one["id"]): float(one["price"]) for one in paid if str(one["id"]) in kept}
        row["least_dollars_per_10000"] = round(sum(needed.values()) * per, 2)
    return row


def _template(path: str) -> str:
    return "/".join(
        "{}" if any(sign.isdigit() for sign in part) and len(part) > 4 else part for part in path.split("/")
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=3000)
    parser.add_argument("--network", choices=sorted(LARGEST_PAGE))
    options = parser.parse_args()
    wanted = (
        [options.network]
        if options.network
        else [one for one in fakes() if one in connectors() and one in LARGEST_PAGE]
    )
    for network in wanted:
        print(json.dumps(measure(network, options.events)))


if __name__ == "__main__":
    main()
