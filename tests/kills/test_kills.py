"""Kill -9 at the points where work is held, on each engine; every point and every victim is `make kills`."""

import re
import shutil
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

import scrm
from tests.kills.elsewhere import ELSEWHERE
from tests.kills.sweep import every_point, shoot, sweep

pytestmark = [pytest.mark.processes, pytest.mark.timeout(400)]

# where something was done and is not yet written down, or written down and not yet done
TELLING = [
    "ingest.read_page:after",
    "ingest.store_page:before",
    "ingest.store_page:after",
    "matching.store:after",
    "timeline.expand:before",
    "timeline.expand:after",
    "outbox.claim:after",
    "crm.write:before",
    "local_crm.write:after",
    "crm.write:after",
    "outbox.finish:before",
    "outbox.finish:after",
    "inbox.store:after",
    "crm.withdraw:after",
    "ingest.store_objects:after",
    "announce.claim:after",
    "announce.send:after",
    "announce.finish:before",
]


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database of its own: the processes migrate it."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'scrm.db'}"
        return
    server = create_engine(request.getfixturevalue("postgres_server"), isolation_level="AUTOCOMMIT")
    name = f"scrm_kills_{uuid.uuid4().hex[:8]}"
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield server.url.set(database=name).render_as_string(hide_password=False).replace("+psycopg", "")
    with server.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()


def test_kill_9_loses_nothing_and_doubles_nothing(url: str, short_folder: Path) -> None:
    verdict = sweep(short_folder, url, TELLING)
    assert verdict.missed == []
    assert verdict.kills >= len(TELLING)
    assert verdict.records > 50
    assert verdict.told > 50
    assert verdict.is_clean, f"{verdict} {verdict.lost} {verdict.extra} {verdict.doubled}"


def test_killing_valkey_web_and_scheduler_costs_nothing_either(tmp_path: Path, short_folder: Path) -> None:
    url = f"sqlite:///{tmp_path / 'scrm.db'}"
    points = ["ingest.store_page:after", "crm.write:after", "outbox.finish:before"]
    verdict = sweep(short_folder, url, points, victims=("valkey", "web", "scheduler"))
    assert verdict.missed == []
    assert verdict.is_clean, f"{verdict} {verdict.lost} {verdict.extra} {verdict.doubled}"


def test_without_external_keys_the_ledger_shows_doubles(tmp_path: Path, short_folder: Path) -> None:
    """A mutant that names every write anew must be caught by the same judge."""
    mutant = tmp_path / "mutant"
    shutil.copytree(Path(scrm.__file__).parent, mutant / "scrm")
    rows = mutant / "scrm" / "sync" / "rows.py"
    source, count = re.subn(
        r"external_key=row\.entry\.external_key",
        "external_key=__import__('uuid').uuid4().hex",
        rows.read_text(encoding="utf-8"),
    )
    assert count == 1
    rows.write_text(source, encoding="utf-8")
    url = f"sqlite:///{tmp_path / 'scrm.db'}"
    verdict = sweep(short_folder, url, ["crm.write:after"] * 3, code=mutant, quiet=15)
    assert verdict.doubled


def test_every_failpoint_is_either_swept_or_excused() -> None:
    points = every_point()
    sys.stdout.write(f"{len(points)} failpoints are swept\n")
    assert len(points) >= 40
    names = {point.partition(":")[0] for point in points}
    assert not names & set(ELSEWHERE)


def test_random_kills_lose_nothing_and_double_nothing(url: str, short_folder: Path) -> None:
    verdict = shoot(short_folder, url, 50, seed=7)
    assert verdict.kills >= 50
    assert verdict.records > 20
    assert verdict.is_clean, f"{verdict} {verdict.lost} {verdict.extra} {verdict.doubled}"
