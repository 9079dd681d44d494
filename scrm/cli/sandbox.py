"""The sandbox networks of the demo in one process: they play their history, say where they are, then live on."""

import json
import os
import signal
import threading
from datetime import UTC, datetime
from pathlib import Path

import click

from scrm.sandbox.cast import COMPANY_KEY, cast
from scrm.sandbox.linkedin import LinkedIn
from scrm.sandbox.network import FakeNetwork
from scrm.sandbox.scenario import Player, history
from scrm.sandbox.server import fake_of
from scrm.sandbox.sharepoint import SharePoint


@click.command(hidden=True)
@click.option("--port", "ports", multiple=True, required=True, help="network=port, once for each")
@click.option("--access", type=click.Path(path_type=Path), required=True, help="file to write the access to")
@click.option("--began", type=float, required=True, help="the time at which the history ends")
@click.option("--seed", type=int, default=1)
@click.option("--speed", type=float, default=1.0, help="0: history only")
def sandbox(ports: tuple[str, ...], access: Path, began: float, seed: int, speed: float) -> None:
    wanted = dict(pair.split("=") for pair in ports)
    networks = [fake_of(name)(port=int(port)) for name, port in wanted.items()]
    player = Player(networks, now=datetime.fromtimestamp(began, UTC))
    player.play(history(seed, tuple(wanted)))
    for one in networks:
        one.start()
    facts = {
        "connections": {one.key: {"base_url": one.base_url, **one.credentials(COMPANY_KEY)} for one in networks},
        "apps": {name: values for one in networks for name, values in apps_of(one).items()},
        "own_profiles": [who for one in networks for who in _own_people(one)],
    }
    new = access.with_suffix(".new")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        json.dump(facts, out)
    new.replace(access)
    stop = threading.Event()
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, lambda _number, _frame: stop.set())
    if speed > 0:
        player.play_live(stop, speed, seed=seed)
    stop.wait()
    for one in networks:
        one.stop()


def apps_of(network: FakeNetwork) -> dict[str, dict[str, str]]:
    """The apps registered with a network, by the connectors that use them."""
    found = {network.key: network.app()}
    if isinstance(network, LinkedIn):
        found["linkedin_leads"] = network.leads_app()
    if isinstance(network, SharePoint):
        found[network.key]["lists"] = "Forum"  # what an admin would enter: which lists are read besides the pages
    return found


def _own_people(network: FakeNetwork) -> list[tuple[str, str, str]]:
    """Network, scope and native id of our own staff, for the admin's list of own people."""
    staff = {person.key for person in cast() if person.role == "staff"}
    found = {str(entry["author"]) for entry in network.truth() if entry["person"] in staff}
    return [(network.key, "", native_id) for native_id in sorted(found)]
