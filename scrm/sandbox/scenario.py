"""The life of the sandbox: sixty days of history, then a life that goes on, and the player who plays them.

A seed gives the same events always; times are relative, so that a history always ends now.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from scrm.sandbox.cast import COMPANY_KEY, on_network
from scrm.sandbox.episodes import HISTORY, LIVE, Step, Teller
from scrm.sandbox.page_episodes import ON_PAGES
from scrm.sandbox.server import fakes

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from scrm.sandbox.network import FakeNetwork

NETWORKS = tuple(fakes())
HISTORY_LENGTH = timedelta(days=60)
FOLLOWERS = 14
EPISODES_AT_ONCE = 3
# arguments that name an earlier event by its label
REFERENCES = frozenset({"post_id", "reply_to", "quote"})


@dataclass(frozen=True, kw_only=True)
class Event:
    """One verb on one network at a time relative to now; others refer to its result by the label."""

    offset: timedelta
    network: str
    verb: str
    args: Mapping[str, Any]
    label: str = ""


def history(seed: int, networks: Sequence[str] = NETWORKS) -> list[Event]:
    """Return accounts, follows and what was said on these networks in the last sixty days, oldest first."""
    events = [event for network in networks for event in _history_on(network, seed)]
    return sorted(events, key=lambda event: event.offset)


def _history_on(network: str, seed: int) -> list[Event]:
    die = random.Random(f"{seed} {network}")
    teller = Teller(network=network, die=die, prefix=f"{network}-h")
    events = _arrivals(network, die)
    for episode, times in ON_PAGES.get(network, HISTORY).items():
        for _ in range(times):
            events += _placed(teller.tell(episode), network, die)
    if network == "mastodon":
        # a type of notification that no client knows yet
        args = {"kind": "server_anniversary", "person_key": COMPANY_KEY}
        events.append(Event(offset=timedelta(days=-9), network=network, verb="notify", args=args))
    return events


def _arrivals(network: str, die: random.Random) -> list[Event]:
    people = on_network(network)
    events = [
        Event(
            offset=timedelta(days=-die.randint(90, 1500), seconds=die.randint(0, 86_000)),
            network=network,
            verb="add_account",
            args={"person": one},
        )
        for one in people
    ]
    others = [one for one in people if one.role != "company"]
    for one in die.sample(others, 0 if network in ON_PAGES else FOLLOWERS):
        offset = -HISTORY_LENGTH * die.random() - timedelta(hours=1)
        args = {"person_key": one.key, "target_key": COMPANY_KEY}
        events.append(Event(offset=offset, network=network, verb="follow", args=args))
    return events


def _placed(steps: Sequence[Step], network: str, die: random.Random) -> list[Event]:
    """Give an episode a beginning such that its end lies in the past."""
    length = sum((step.after for step in steps), timedelta(minutes=1))
    offset = -(length + (HISTORY_LENGTH - length) * die.random())
    events = []
    for step in steps:
        offset += step.after
        events.append(_event(step, network, offset))
    return events


def live(seed: int, networks: Sequence[str] = NETWORKS) -> Iterator[Event]:
    """Go on for ever, an event every few seconds; several episodes run at once on each network."""
    die = random.Random(f"{seed} live")
    tellers = [Teller(network=network, die=die, prefix=f"{network}-l") for network in networks]
    running: list[tuple[str, Iterator[Step]]] = []
    offset = timedelta(0)
    while True:
        while len(running) < EPISODES_AT_ONCE:
            teller = die.choice(tellers)
            episode = die.choice(tuple(ON_PAGES.get(teller.network, LIVE)))
            running.append((teller.network, iter(teller.tell(episode))))
        told = die.choice(running)
        step = next(told[1], None)
        if step is None:
            running.remove(told)
            continue
        offset += timedelta(seconds=die.randint(2, 6))
        yield _event(step, told[0], offset)


def _event(step: Step, network: str, offset: timedelta) -> Event:
    return Event(offset=offset, network=network, verb=step.verb, args=step.args, label=step.label)


class Player:
    """Plays events on the networks it is given and skips those of others."""

    def __init__(self, networks: Sequence[FakeNetwork], *, now: datetime | None = None) -> None:
        self._networks = {network.key: network for network in networks}
        self._now = now or datetime.now(UTC)
        self._ids: dict[str, str] = {}

    def play(self, events: Iterable[Event]) -> int:
        """Play at once, each event dated by its offset; return how many were played."""
        return sum(self._perform(event, self._now + event.offset) for event in events)

    def play_at(self, events: Iterable[Event], at: datetime) -> int:
        """Play events whatever their offset says, all dated `at`; return how many were played."""
        return sum(self._perform(event, at) for event in events)

    def play_live(self, stop: threading.Event, speed: float = 1.0, *, seed: int = 1) -> int:
        """Play the life that goes on, `speed` times as fast, until told to stop."""
        played, last = 0, timedelta(0)
        for event in live(seed, tuple(self._networks)):
            if stop.wait((event.offset - last).total_seconds() / speed):
                break
            last = event.offset
            played += self._perform(event, datetime.now(UTC))
        return played

    def id_of(self, label: str) -> str:
        """Return the id that the network gave to the event of this label."""
        return self._ids[label]

    def _perform(self, event: Event, at: datetime) -> bool:
        network = self._networks.get(event.network)
        if network is None:
            return False
        args = {name: self._ids[value] if name in REFERENCES else value for name, value in event.args.items()}
        result = getattr(network, event.verb)(**args, at=at)
        if event.label and result is not None:
            self._ids[event.label] = result
        return True
