"""The pages of a connected Salesforce in a browser: nothing is cut off on a phone, no rule of access is broken."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from scrm.config import Settings
from scrm.db import Database
from scrm.runtime import Core, sleepers
from scrm.sync.crm.salesforce.connect import use
from scrm.vault import Vault
from tests.sync.crm.salesforce.world import SalesforceWorld
from tests.web import test_accessible, test_browser
from tests.web.test_accessible import Judge, speak
from tests.web.test_browser import Site

served, site, judge = test_browser.served, test_browser.site, test_accessible.judge
pytestmark = test_browser.pytestmark

PATHS = ("/admin/crm", "/admin/crm/fields")
# what reaches beyond the window
CUT_OFF = """() => [...document.querySelectorAll('main select, main input, main button, main td, main dd, main li')]
    .filter(node => node.getClientRects().length && node.type !== 'hidden' && !node.closest('.hide'))
    .filter(node => node.getBoundingClientRect().right > innerWidth || node.getBoundingClientRect().left < 0)
    .map(node => node.outerHTML.slice(0, 120))"""


@pytest.fixture
def core(tmp_path: Path, sqlite_url: str) -> Iterator[Core]:
    """Connected with an org that was set up."""
    db = Database(sqlite_url)
    settings = Settings(state_dir=tmp_path, database_url=sqlite_url)
    with SalesforceWorld(Core(settings=settings, db=db, vault=Vault.load("", tmp_path), wake=sleepers)) as world:
        use(world.core, is_active=True)
        yield world.core
    db.close()


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("width", [1440, 390])
def test_nothing_is_cut_off_and_no_rule_is_broken(site: Site, judge: Judge, language: str, width: int) -> None:
    speak(site.core, language)
    site.page.set_viewport_size({"width": width, "height": 844})
    judge.passes(PATHS)
    for path in PATHS:
        site.open(path)
        assert site.page.query_selector("h1").inner_text() in {"Nordwerk", "Fields", "Felder"}
        for folded in site.page.query_selector_all("details:not([open]) > summary"):
            folded.click()
        assert site.page.evaluate(CUT_OFF) == [], path
