"""From the fake's lead forms to rows: connecting, reading, following deletions, on each database."""

from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

from scrm.clock import FakeClock
from scrm.ingest import apps
from scrm.ingest.connections import connect
from scrm.ingest.run import read_stream
from scrm.models import Interaction, Profile, StreamState
from scrm.runtime import Core
from scrm.sandbox.linkedin import LinkedIn
from tests.connectors.linkedin_leads.scenario import ad_account, app, change, form, page, play


@pytest.fixture
def core(core: Core, network: LinkedIn, time: FakeClock) -> Core:
    core.db.clock = time
    host = urlsplit(network.base_url).netloc
    core = replace(core, settings=replace(core.settings, allowed_hosts=(host,)))
    apps.save(core, "linkedin_leads", app(network), None)
    return core


def drain(core: Core, time: FakeClock, *, seconds: float = 0.0) -> None:
    """Let time pass and run whatever is due, until nothing is."""
    time.advance(seconds)
    for _ in range(100):
        with core.db.read() as session:
            due = session.scalars(
                select(StreamState.id).where(StreamState.due_at <= time.now(), StreamState.stream != "push")
            ).all()
        if not due:
            return
        for state_id in due:
            read_stream(core, state_id)
    raise AssertionError("something stays due for ever")


def live(core: Core) -> dict[str, str]:
    with core.db.read() as session:
        rows = session.execute(
            select(Interaction.native_id, Interaction.direction).where(Interaction.deleted_at.is_(None))
        )
        return {row.native_id: row.direction for row in rows}


def test_every_lead_arrives_once_and_goes_when_it_is_deleted(core: Core, network: LinkedIn, time: FakeClock) -> None:
    leads = play(network)
    for owner in (page(network), ad_account(network)):
        connect(core, "linkedin_leads", form(network, owner), None)
    drain(core, time)
    wanted = set(leads.values()) - {leads["test"]}
    assert live(core) == dict.fromkeys(wanted, "in")
    drain(core, time, seconds=900)
    assert live(core).keys() == wanted
    change(network, leads)
    drain(core, time, seconds=21 * 3600.0)
    assert live(core).keys() == wanted - {leads["again"]}
    with core.db.read() as session:
        profiles = {row.native_id.removesuffix("/submitter"): row for row in session.scalars(select(Profile))}
    assert profiles[leads["again"]].email is None
    assert profiles[leads["katharina"]].email == "katharina.gross@foerdertechnik-leine.example"
    assert profiles[leads["katharina"]].match_due_at is not None
