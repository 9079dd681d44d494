"""A steward's day by keyboard: each case read from the page, one taken back, one that a colleague settled first."""

import pytest
from sqlalchemy import func, select

from scrm.matching.judgments import standing
from scrm.models import Contact, Judgment, Link, Profile
from scrm.web.people import open_session
from tests.web import keyboard, seed, test_browser
from tests.web.test_browser import Site

core, served, site = test_browser.core, test_browser.served, test_browser.site
pytestmark = test_browser.pytestmark
CASES = 60
DECISIONS = 50
SLOWEST = 150  # milliseconds from key to next case, for 95 of 100


@pytest.fixture
def seeded(core) -> seed.Seeded:
    return seed.seed(core.db, cases=CASES)


def test_cases_are_read_and_settled_by_keys_with_an_undo_and_a_conflict(site: Site) -> None:
    with site.core.db.write("test.steward") as session:
        right = keyboard.confuse(session)
        token = open_session(session, site.seeded.steward.id, site.core.db.clock.now())
    context = site.page.context.browser.new_context(locale="en-GB")
    context.add_cookies([{"name": "scrm", "value": token, "url": site.address}])

    def colleague(case: str) -> None:
        page = context.new_page()
        page.goto(f"{site.address}/review/{case}")
        page.get_by_text("Þórunn Guðjónsdóttir is looking at this").wait_for()
        page.keyboard.press("0")
        page.locator(".toast").wait_for()
        page.close()

    steward = keyboard.Steward(page=site.page, address=site.address)
    met = keyboard.work(steward, DECISIONS, undo_at=20, conflict_at=30, colleague=colleague)
    context.close()
    site.faults[:] = [fault for fault in site.faults if "409" not in fault]
    assert len(steward.decided) == DECISIONS
    assert steward.decided == {case: right[case] for case in steward.decided}
    with site.core.db.read() as session:
        for profile in session.scalars(select(Profile).where(Profile.native_id.startswith("w"))):
            case = str(profile.public_id)
            link = session.get(Link, profile.id)
            name = session.get_one(Contact, link.contact_id).full_name if link else ""
            stands = standing(session, profile.id)
            if case == met:
                assert [row.user_id for row in stands] == [site.seeded.steward.id]
            else:
                assert (name, len(stands)) == (steward.decided.get(case, ""), int(case in steward.decided))
        made = select(func.count()).select_from(Judgment)
        assert session.scalar(made.where(Judgment.undoes_id.is_not(None))) == 1
    quick = sorted(steward.taken)[int(len(steward.taken) * 0.95) - 1]
    assert quick <= SLOWEST, steward.taken
