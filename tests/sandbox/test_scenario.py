"""The same seed always tells the same life, and it is one that connectors can learn from."""

import itertools
import re
import subprocess
import sys
import threading
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
import requests

from scrm.sandbox.cast import person
from scrm.sandbox.mastodon import Mastodon
from scrm.sandbox.scenario import HISTORY_LENGTH, REFERENCES, Player, history, live
from scrm.sandbox.server import fake_of, fakes

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
DEEDS = {"post", "like", "share", "follow"}


def test_a_seed_always_gives_the_same_events_and_another_gives_others():
    assert history(1) == history(1)
    assert history(1) != history(2)
    first, again = (list(itertools.islice(live(3), 200)) for _ in range(2))
    assert first == again


@pytest.mark.parametrize("seed", range(5))
def test_a_history_has_some_four_hundred_interactions_of_sixty_days(seed):
    events = history(seed, ("mastodon", "bluesky"))
    deeds = [event for event in events if event.verb in DEEDS]
    assert 300 <= len(deeds) <= 500
    assert {event.network for event in deeds} == {"mastodon", "bluesky"}
    assert all(-HISTORY_LENGTH - timedelta(hours=2) <= event.offset < timedelta(0) for event in deeds)
    assert [event.offset for event in events] == sorted(event.offset for event in events)


def test_every_network_there_is_a_fake_of_has_a_history():
    deeds = Counter(event.network for event in history(1) if event.verb in {*DEEDS, "message", "review", "lead"})
    assert set(deeds) == set(fakes())
    assert min(deeds.values()) >= 40


@pytest.mark.parametrize("network", fakes())
def test_a_network_bears_its_history_and_the_life_that_follows(network):
    fake = fake_of(network)()
    player = Player([fake], now=NOW)
    assert player.play(history(2, (network,))) > 0
    assert player.play(itertools.islice(live(2, (network,)), 150)) == 150
    assert {row["network"] for row in fake.truth()} == {network}


@pytest.mark.parametrize("seed", range(3))
def test_nobody_acts_before_they_are_there_and_nothing_is_named_before_it_is_done(seed):
    for events in (history(seed), history(seed) + list(itertools.islice(live(seed), 400))):
        there, done = set(), set()
        for event in events:
            if event.verb == "add_account":
                there.add((event.network, event.args["person"].key))
            else:
                keys = [event.args[name] for name in ("person_key", "target_key") if name in event.args]
                assert {(event.network, key) for key in [*keys, *event.args.get("mentions", ())]} <= there
                assert {event.args[name] for name in REFERENCES if name in event.args} <= done
            done.add(event.label)


def test_a_history_has_everything_a_connector_must_bear():
    events = history(1)
    verbs = Counter(event.verb for event in events)
    assert set(verbs) >= DEEDS | {"edit", "delete", "unlike", "edit_profile", "notify"}
    texts = " ".join(event.args["text"] for event in events if event.verb == "post")
    assert re.search(r"[א-ת]|[ء-ي]", texts), "right to left"
    assert re.search(r"[\U0001f300-\U0001faff]", texts), "emoji"
    assert "#Nordwerk" in texts
    posts = [event.args for event in events if event.verb == "post"]
    assert any(args.get("visibility") == "direct" for args in posts)
    assert any(args.get("quote") for args in posts)
    assert any(person(args["person_key"]).role == "stranger" and args.get("mentions") for args in posts)
    assert any(person(args["person_key"]).role == "staff" for args in posts)


def test_threads_go_several_levels_deep():
    parents = {
        event.label: event.args["reply_to"]
        for event in history(1)
        if event.verb == "post" and "reply_to" in event.args
    }

    def depth(label):
        return 1 + depth(parents[label]) if label in parents else 0

    assert max(depth(label) for label in parents) >= 5


def test_life_goes_on_an_event_every_few_seconds():
    offsets = [event.offset for event in itertools.islice(live(1), 500)]
    gaps = [later - earlier for earlier, later in itertools.pairwise(offsets)]
    assert all(timedelta(seconds=2) <= gap <= timedelta(seconds=6) for gap in gaps)


def test_the_player_dates_events_by_their_offset_and_skips_other_networks():
    events = history(1)
    network = Mastodon()
    played = Player([network], now=NOW).play(events)
    assert played == sum(event.network == "mastodon" for event in events)
    times = [datetime.fromisoformat(str(entry["at"])) for entry in network.truth()]
    assert NOW - timedelta(days=61) < min(times)
    assert NOW - timedelta(days=10) < max(times) < NOW


def test_the_player_remembers_the_ids_the_network_gave():
    network = Mastodon()
    player = Player([network], now=NOW)
    player.play(history(1))
    post = next(event for event in history(1) if event.network == "mastodon" and event.verb == "post")
    assert player.id_of(post.label).startswith("https://")


def test_the_live_player_plays_until_it_is_told_to_stop():
    network, stop = Mastodon(), threading.Event()
    player = Player([network], now=NOW)
    player.play(history(1))
    before = len(network.truth())
    thread = threading.Thread(target=player.play_live, args=(stop, 100_000.0))
    thread.start()
    while len(network.truth()) < before + 20:
        stop.wait(0.01)
    stop.set()
    thread.join(timeout=10)
    assert not thread.is_alive()


@pytest.mark.processes
def test_a_fake_runs_as_a_process_of_its_own():
    command = [sys.executable, "-m", "scrm.sandbox.server", "mastodon", "--seed", "2"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            base_url = process.stdout.readline().strip()
            truth = requests.get(f"{base_url}/_sandbox/truth", timeout=10).json()
        finally:
            process.terminate()
    assert len(truth) > 100
