"""The dashboard in a real browser: it is drawn again by itself, not while somebody works in it or looks elsewhere."""

from sqlalchemy import select

from scrm.models import Connection
from tests.web import test_browser
from tests.web.test_browser import Site

core, served, site = test_browser.core, test_browser.served, test_browser.site
pytestmark = test_browser.pytestmark


def rename(site: Site, label: str) -> None:
    with site.core.db.write(f"test.{label}") as session:
        session.scalars(select(Connection)).one().label = label


def test_it_is_drawn_again_unless_somebody_works_in_it_or_looks_elsewhere(site: Site) -> None:
    site.page.clock.install()
    site.open("/admin/health")
    asked: list[str] = []
    site.page.on("request", lambda call: asked.append(call.url) if "part.json" in call.url else None)
    rename(site, "@renamed-once")
    site.page.clock.run_for(10_500)
    site.page.wait_for_selector("text=@renamed-once")
    site.page.focus("[data-refresh] a")
    before = len(asked)
    site.page.clock.run_for(30_000)
    assert len(asked) == before, "a control in use would vanish under the finger"
    site.page.evaluate("document.activeElement.blur()")
    site.page.evaluate("Object.defineProperty(document, 'hidden', {value: true, configurable: true})")
    site.page.clock.run_for(30_000)
    assert len(asked) == before, "nobody looks"
    site.page.evaluate("Object.defineProperty(document, 'hidden', {value: false, configurable: true})")
    rename(site, "@renamed-twice")
    site.page.clock.run_for(10_500)
    site.page.wait_for_selector("text=@renamed-twice")
