"""`scrm demo` from its start to entries in the CRM, and what `--keep` keeps."""

import re
import socket
from pathlib import Path

import pytest

from scrm.cli.demo import HOST, free_ports
from scrm.cli.processes import wait_until
from tests.cli.running import Running, belonging, free_port, running

pytestmark = [pytest.mark.processes, pytest.mark.timeout(400)]


def test_two_networks_never_share_a_port_though_their_own_are_taken() -> None:
    with socket.create_server((HOST, 0)) as other:
        taken = other.getsockname()[1]
        found = free_ports({"mastodon": taken, "bluesky": taken + 1})
    assert len({taken, *found.values()}) == 3


def links(started: Running) -> list[str]:
    return re.findall(r"/sign-in/\S+", started.output.read_text())


def wait_for_entries(started: Running, fetched: int) -> None:
    def has_entries() -> bool:
        counts = started.counts()
        return counts["fetched"] >= fetched and counts["written"] > 0 and counts["review"] > 0

    assert wait_until(has_entries, 120), started.said()


def test_the_demo_fills_the_crm_and_keeps_or_forgets_it_as_told(tmp_path: Path) -> None:
    base, port = tmp_path / "s", free_port()
    folder = base / "demo"
    with running(["demo"], base, folder, port) as first:
        first.wait_until_ready()
        assert wait_until(lambda: len(links(first)) == 3, 10), first.said()
        assert [first.page(link) for link in links(first)] == [200, 200, 200]
        wait_for_entries(first, fetched=200)
        assert first.stop() == 0
        assert not belonging(folder)
        before = first.counts()
    with running(["demo", "--keep"], base, folder, port) as kept:
        wait_for_entries(kept, fetched=before["fetched"])
        # the same history under the same ids: only what happened since is new
        assert kept.counts()["fetched"] < before["fetched"] + 60
        assert kept.stop() == 0
    with running(["demo"], base, folder, port) as fresh:
        assert wait_until(lambda: fresh.has_said("fetched "), 60), fresh.said()
        lines = re.findall(r"fetched (\d+)", fresh.output.read_text())
        assert int(lines[0]) < before["fetched"]
        assert fresh.stop() == 0
        assert not belonging(folder)
    assert [path.name for path in base.iterdir() if path.is_dir()] == ["demo"]
