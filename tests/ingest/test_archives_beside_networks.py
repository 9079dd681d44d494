"""An account's archive and its network's API tell of the same things: whichever is read first, nothing is doubled."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from scrm.connectors.x import connector as x_connector
from scrm.db import METADATA, Database
from scrm.ingest.archives import import_archive, recognize
from scrm.models import Interaction, Profile
from scrm.runtime import Core
from scrm.sandbox.bluesky import Bluesky
from scrm.sandbox.mastodon import Mastodon
from scrm.sandbox.x import X
from tests.connectors.bluesky import reading as bluesky
from tests.connectors.mastodon import reading as mastodon
from tests.connectors.replay import read_all
from tests.connectors.x import download, reading
from tests.connectors.youtube import takeout
from tests.day.world import World, world

START = datetime(2026, 10, 5, 6, tzinfo=UTC)


def mastodon_archive(day: World, folder: Path) -> Path:
    fake = day.networks["mastodon"]
    assert isinstance(fake, Mastodon)
    return mastodon.exported(fake, folder)


def bluesky_archive(day: World, folder: Path) -> Path:
    fake = day.networks["bluesky"]
    assert isinstance(fake, Bluesky)
    return bluesky.exported(fake, folder)


def x_archive(day: World, folder: Path) -> Path:
    fake = day.networks["x"]
    assert isinstance(fake, X)
    with reading.access(fake, reading.Clock(now=day.clock.now())) as api:
        assert api.account is not None
        items = {
            name: [item for page in read_all(x_connector.stream(name), api) for item in page.items]
            for name in ("posts", "messages")
        }
        posts = [download.in_old_words(item) for item in items["posts"]]
        messages = download.in_conversations(items["messages"])
        return download.saved(folder, download.files(api.account, posts, messages))


def youtube_archive(day: World, folder: Path) -> Path:
    """Made of what the API's reading left, for the table has the very same fields."""
    ours = select(Interaction, Profile.native_id).join(Profile, Interaction.profile_id == Profile.id)
    with day.core.db.read() as session:
        rows = [
            {
                "comment id": one.native_id,
                "channel id": channel,
                "comment create timestamp": one.occurred_at.isoformat(timespec="microseconds"),
                "price": "0",
                "parent comment id": (one.thread_key or "") if one.thread_key != one.native_id else "",
                "video id": (one.fetch_ref or "").split()[1],
                "comment text": json.dumps({"text": one.text}),
            }
            for one, channel in session.execute(ours.where(Profile.is_internal, Interaction.kind == "reply"))
        ]
    return takeout.saved(folder, comments=takeout.table(takeout.NEW, rows))


ARCHIVES: dict[str, Callable[[World, Path], Path]] = {
    "mastodon": mastodon_archive,
    "bluesky": bluesky_archive,
    "x": x_archive,
    "youtube": youtube_archive,
}


@pytest.mark.parametrize("network", ARCHIVES)
def test_reading_an_archive_before_or_after_the_network_gives_the_same_rows(
    network: str, core: Core, tmp_path: Path
) -> None:
    with world(core, START, [network]) as day:
        day.connect_all()
        day.work()
        alone = rows(day.core)
        file = ARCHIVES[network](day, tmp_path)
        report = import_archive(day.core, file)
        assert (report.new, report.quarantined) == (0, 0)
        assert report.items > 1
        assert rows(day.core) == alone
    other = replace(core, db=Database(f"sqlite:///{tmp_path / 'other.db'}"))
    METADATA.create_all(other.db.engine)
    with world(other, START, [network]) as day:
        first = import_archive(day.core, file)
        archived = rows(day.core)
        assert 0 < len(archived) <= first.items
        assert import_archive(day.core, file).new == 0
        day.connect_all()
        day.work()
        assert archived.keys() <= rows(day.core).keys()
        assert rows(day.core) == alone
        assert import_archive(day.core, file).new == 0
        assert rows(day.core) == alone
    other.db.close()
    assert recognize(file)[0].manifest.key == network


def rows(core: Core) -> dict[str, tuple[str, str | None, str]]:
    """What is stored, as far as both tell it alike."""
    with core.db.read() as session:
        found = session.execute(
            select(Interaction.native_id, Interaction.kind, Interaction.text, Profile.native_id)
            .join(Profile, Interaction.profile_id == Profile.id)
            .where(Interaction.deleted_at.is_(None))
        )
        return {native_id: (kind, text, author) for native_id, kind, text, author in found}
