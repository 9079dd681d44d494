"""What the doctor says about versions of networks' APIs."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from scrm.cli.examine_networks import versions
from scrm.cli.findings import Grade
from scrm.config import Settings
from scrm.connectors.manifest import ApiVersion
from scrm.ingest.apps import save
from scrm.models import NetworkApp
from scrm.runtime import open_core
from tests.factories import make_connection
from tests.ingest import lighthouse
from tests.ingest.lighthouse import KEY, SECRET, Lighthouse

TODAY = date.today()  # noqa: DTZ011 - the doctor looks at the real clock


def lighthouse_until(ends_on: date | None) -> Lighthouse:
    connector = Lighthouse()
    fields = {**vars(Lighthouse.manifest), "versions": (ApiVersion(name="v2", ends_on=ends_on),)}
    connector.manifest = type(Lighthouse.manifest)(**fields)
    return connector


@pytest.fixture(autouse=True)
def _clean() -> Iterator[None]:
    lighthouse.register()
    yield
    lighthouse.unregister()


def connect(settings: Settings, state: str = "active") -> None:
    core = open_core(settings)
    save(core, KEY, {"secret": SECRET}, None)
    with core.db.write("test.connection") as session:
        make_connection(session, network=KEY, state=state)
    core.db.close()


@pytest.mark.parametrize(
    ("days", "grades"),
    [(-2, [Grade.MEND]), (1, [Grade.WARN]), (89, [Grade.WARN]), (92, []), (None, [])],
)
def test_a_version_that_ends_is_named_in_time(installed: Settings, days: int | None, grades: list[Grade]) -> None:
    connect(installed)
    lighthouse.register(lighthouse_until(None if days is None else TODAY + timedelta(days=days)))
    found = list(versions(installed))
    assert [finding.grade for finding in found] == grades
    assert all("Lighthouse" in finding.text and "v2" in finding.text for finding in found)


def test_a_network_that_is_not_connected_is_nobodys_worry(installed: Settings) -> None:
    connect(installed, state="removed")
    lighthouse.register(lighthouse_until(TODAY))
    assert list(versions(installed)) == []


def test_an_app_that_cannot_be_opened_must_be_mended(installed: Settings) -> None:
    connect(installed)
    core = open_core(installed)
    with core.db.write("test.sealed") as session:
        session.get_one(NetworkApp, KEY).values = "1.AAAA"
    core.db.close()
    (finding,) = versions(installed)
    assert finding.grade is Grade.MEND


def test_looking_makes_nothing(tmp_path) -> None:
    assert list(versions(Settings(state_dir=tmp_path))) == []
    assert list(tmp_path.iterdir()) == []
