"""A rep's way through the pages in a real browser: found in a keystroke, by keys alone, and with no script at all."""

from typing import Any

from sqlalchemy import update

from scrm.models import User
from scrm.web.people import open_session
from tests.web import test_browser
from tests.web.test_browser import Site

core, served, site = test_browser.core, test_browser.served, test_browser.site
pytestmark = test_browser.pytestmark
NAME = "Maximiliane Freifrau von Schönburg-Wiesenthal"


def as_rep(site: Site) -> None:
    """Go on as the rep of the installation."""
    with site.core.db.write("test.as_rep") as session:
        token = open_session(session, site.seeded.rep.id, site.core.db.clock.now())
    site.page.context.clear_cookies()
    site.page.context.add_cookies([{"name": "scrm", "value": token, "url": site.address}])


def box(site: Site) -> Any:
    return site.page.get_by_role("combobox")


def test_a_contact_is_found_from_any_page_in_a_keystroke_by_keys_alone(site: Site) -> None:
    as_rep(site)
    for path in ("/", "/contacts", f"/contacts/{site.seeded.contacts[5].public_id}", "/me"):
        site.open(path)
        site.press("/")
        site.page.keyboard.type("lüdenschei")
        site.page.get_by_role("option").nth(1).wait_for()
        assert box(site).get_attribute("aria-expanded") == "true"
        assert box(site).get_attribute("aria-activedescendant") is None
        site.press("ArrowDown", "ArrowDown", "ArrowUp")
        chosen = site.page.locator("[role='option'][aria-selected='true']")
        assert chosen.get_attribute("id") == box(site).get_attribute("aria-activedescendant")
        name = chosen.locator(".name").text_content()
        site.press("Enter")
        site.page.wait_for_url("**/contacts/*-*")
        assert site.page.locator("h1").text_content() == name


def test_escape_closes_what_is_suggested_and_enter_alone_opens_the_page_of_results(site: Site) -> None:
    as_rep(site)
    site.open("/")
    box(site).fill("tanaka")
    site.page.get_by_role("option").wait_for()
    site.press("Escape")
    assert box(site).get_attribute("aria-expanded") == "false"
    assert box(site).input_value() == "tanaka"
    site.press("Enter")
    site.page.wait_for_url("**/contacts?q=tanaka")
    assert site.page.locator("table a.name").count() == 1
    box(site).fill("nobody at all")
    site.page.get_by_role("option", disabled=True).wait_for()
    site.press("ArrowDown", "Enter")
    site.page.get_by_role("heading", name="Nobody found").wait_for()


def test_a_click_opens_what_is_suggested_and_old_answers_do_not_cover_newer_ones(site: Site) -> None:
    as_rep(site)
    site.open("/")
    held: list[Any] = []
    site.page.route("**/contacts/suggest.json?q=ta", lambda route: held.append(route))  # noqa: PLW0108 - it marks functions
    box(site).press_sequentially("ta", delay=20)
    site.page.wait_for_timeout(300)
    box(site).press_sequentially("naka", delay=20)
    site.page.get_by_role("option", name="Mei Tanaka").wait_for()
    assert len(held) == 1
    held[0].fulfill(json={"part": "<li role=option data-href=/me>old</li>", "told": "old"})
    site.page.wait_for_timeout(200)
    site.page.get_by_role("option", name="Mei Tanaka").click()
    site.page.wait_for_url("**/contacts/*-*")


def test_without_a_script_the_box_leads_to_the_page_of_results(site: Site) -> None:
    as_rep(site)
    cookies = site.page.context.cookies()
    context = site.page.context.browser.new_context(java_script_enabled=False)
    context.add_cookies(cookies)
    page = context.new_page()
    page.goto(site.address)
    page.get_by_label("Search contacts").fill("schönburg")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name=NAME).click()
    assert page.locator("h1").text_content() == NAME
    context.close()


def test_what_is_suggested_breaks_no_rule_of_accessibility(site: Site) -> None:
    from tests.web.test_accessible import RUN, SCRIPT, TAGS

    as_rep(site)
    with site.core.db.write("test.german") as session:
        session.execute(update(User).values(locale="de"))
    for width in (1280, 390):
        site.page.set_viewport_size({"width": width, "height": 844})
        site.open("/")
        site.page.evaluate(SCRIPT)
        box(site).fill("lüdenschei")
        site.page.get_by_role("option").first.wait_for()
        site.press("ArrowDown")
        assert site.page.evaluate(RUN, TAGS) == []
        assert site.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
