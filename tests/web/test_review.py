"""The steward's queue: decisions, undo, conflicts, filters."""

import re
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import func, select

from scrm.matching.judgments import Decision, decide
from scrm.models import Contact, Judge, Judgment, Link, MatchState, Profile, TimelineDue, Verdict
from scrm.runtime import Core
from scrm.web import options
from tests.web.conftest import Browser
from tests.web.seed import Seeded

Browse = Callable[[str], Browser]


def shown_case(page: str) -> str:
    return re.search(r'data-case="([^"]*)"', page)[1]


def field(page: str, name: str) -> str:
    return re.search(rf'name="{name}" value="([^"]+)"', page)[1]


def settle(browser: Browser, profile: Profile, decision: str, **more: object):
    page = browser.get(f"/review/{profile.public_id}")
    fields = {"decision": decision, "seen": field(page, "seen"), **more}
    if decision in {"link", "not"} and "contact" not in fields:
        fields["contact"] = field(page, "contact")
    return browser.post(f"/review/{profile.public_id}", f"/review/{profile.public_id}", **fields)


def state_of(core: Core, profile: Profile) -> tuple[str, int | None]:
    with core.db.read() as session:
        link = session.get(Link, profile.id)
        return session.get_one(Profile, profile.id).match_state, link.contact_id if link else None


def test_the_queue_opens_with_what_is_worth_most(browse: Browse, seeded: Seeded) -> None:
    page = browse("steward").get("/review")
    assert shown_case(page) == str(seeded.waiting[0].public_id)
    assert f"/review/{seeded.waiting[1].public_id}" in re.search(r'data-next="([^"]+)"', page)[1]
    assert "3 waiting" in page


def test_a_link_is_made_and_the_next_case_shown_with_undo(browse: Browse, seeded: Seeded, core: Core) -> None:
    steward = browse("steward")
    answer = settle(steward, seeded.waiting[0], "link")
    assert answer.status_code == 302
    assert state_of(core, seeded.waiting[0]) == ("linked", seeded.contacts[0].id)
    page = steward.get(answer.location)
    assert shown_case(page) == str(seeded.waiting[1].public_id)
    assert "Linked" in page
    assert "1 settled today" in page
    with core.db.read() as session:
        judgment = session.scalars(select(Judgment).order_by(Judgment.id.desc())).first()
        assert (judgment.judge, judgment.user_id) == (Judge.STEWARD, seeded.steward.id)
        assert judgment.probability > 0.5
        assert session.get(TimelineDue, seeded.waiting[0].id) is not None
    undone = steward.post(answer.location, "/review/undo", judgment=judgment.id)
    assert state_of(core, seeded.waiting[0]) == ("review", None)
    page = steward.get(undone.location)
    assert shown_case(page) == str(seeded.waiting[0].public_id)
    assert "Taken back" in page
    assert "0 settled today" in page


@pytest.mark.parametrize(("decision", "state"), [("nobody", "nobody"), ("unsure", "unsure")])
def test_a_decision_about_nobody_needs_no_contact(
    browse: Browse, seeded: Seeded, core: Core, decision: str, state: str
) -> None:
    settle(browse("steward"), seeded.waiting[0], decision, why="  looked twice  ")
    assert state_of(core, seeded.waiting[0]) == (state, None)
    with core.db.read() as session:
        assert session.scalars(select(Judgment.reason).order_by(Judgment.id.desc())).first() == "looked twice"


def test_not_this_one_stays_at_the_case_and_moves_the_others_up(browse: Browse, seeded: Seeded, core: Core) -> None:
    steward = browse("steward")
    answer = settle(steward, seeded.waiting[0], "not")
    page = steward.get(answer.location)
    assert shown_case(page) == str(seeded.waiting[0].public_id)
    assert field(page, "contact") != str(seeded.contacts[0].public_id)
    assert f'data-contact="{seeded.contacts[0].public_id}"' not in page
    assert state_of(core, seeded.waiting[0])[0] == MatchState.REVIEW


def test_who_comes_second_sees_what_stands_and_changes_nothing(
    browse: Browse, seeded: Seeded, core: Core, app: Flask
) -> None:
    profile, steward, admin = seeded.waiting[0], browse("steward"), browse("admin")
    page = admin.get(f"/review/{profile.public_id}")
    settle(steward, profile, "link")
    late = admin.post(
        "/",
        f"/review/{profile.public_id}",
        decision="nobody",
        seen=field(page, "seen"),
        contact=field(page, "contact"),
    )
    text = late.get_data(as_text=True)
    assert late.status_code == 409
    assert "Aurélie Nguyễn-Dubois" in text
    assert "linked it with" in text
    assert "Your decision was not stored" in text
    assert state_of(core, profile) == ("linked", seeded.contacts[0].id)


def test_a_double_click_counts_once(browse: Browse, seeded: Seeded, core: Core) -> None:
    steward, profile = browse("steward"), seeded.waiting[0]
    page = steward.get(f"/review/{profile.public_id}")
    fields = {"decision": "link", "seen": field(page, "seen"), "contact": field(page, "contact")}
    statuses = [steward.post("/", f"/review/{profile.public_id}", **fields).status_code for _click in range(2)]
    assert statuses == [302, 409]
    with core.db.read() as session:
        mine = Judgment.profile_id == profile.id
        assert session.scalar(select(func.count()).select_from(Judgment).where(mine)) == 1


def test_a_decision_is_undone_once_and_only_by_who_made_it(browse: Browse, seeded: Seeded, core: Core) -> None:
    steward, admin = browse("steward"), browse("admin")
    settle(steward, seeded.waiting[0], "link")
    with core.db.read() as session:
        judgment_id = session.scalar(select(func.max(Judgment.id)))
    assert admin.post("/", "/review/undo", judgment=judgment_id).status_code == 404
    assert steward.post("/", "/review/undo", judgment=judgment_id).status_code == 302
    assert steward.post("/", "/review/undo", judgment=judgment_id).status_code == 409
    assert steward.post("/", "/review/undo", judgment="x").status_code == 404


def test_skipping_goes_on_and_ends_with_a_way_back(browse: Browse, seeded: Seeded, core: Core) -> None:
    steward = browse("steward")
    for profile, following in zip(seeded.waiting, [*seeded.waiting[1:], None], strict=True):
        page = steward.get(f"/review?after={profile.public_id}")
        assert shown_case(page) == (str(following.public_id) if following else "")
    assert "Start over" in page
    with core.db.read() as session:
        assert session.scalars(select(Judgment).where(Judgment.verdict == Verdict.UNSURE)).all() == []


def test_what_was_unsure_waits_in_a_list_of_its_own(browse: Browse, seeded: Seeded) -> None:
    steward = browse("steward")
    settle(steward, seeded.waiting[0], "unsure")
    page = steward.get("/review?state=unsure")
    assert shown_case(page) == str(seeded.waiting[0].public_id)
    settle(steward, seeded.waiting[0], "link")
    assert "Nothing to review" in steward.get("/review?state=unsure")


def test_the_queue_can_be_narrowed_to_a_network(browse: Browse) -> None:
    steward = browse("steward")
    assert shown_case(steward.get("/review?network=harbor"))
    assert "Nothing to review" in steward.get("/review?network=quay")
    assert shown_case(steward.get("/review?state=invented"))


def test_somebody_who_is_no_candidate_is_found_and_linked(browse: Browse, seeded: Seeded, core: Core) -> None:
    steward, profile, other = browse("steward"), seeded.waiting[0], seeded.contacts[9]
    page = steward.get(f"/review/{profile.public_id}?q=kruessmann")
    assert f'value="{other.public_id}"' in page
    settle(steward, profile, "link", contact=str(other.public_id))
    assert state_of(core, profile) == ("linked", other.id)


def test_requests_that_make_no_sense_are_refused(browse: Browse, seeded: Seeded, core: Core) -> None:
    steward, profile = browse("steward"), seeded.waiting[0]
    for decision, contact, status in (
        ("marry", "", 400),
        ("link", "", 400),
        ("link", "x", 400),
        ("link", "0190aaaa-0000-7000-8000-000000000000", 404),
    ):
        answer = steward.post("/", f"/review/{profile.public_id}", decision=decision, contact=contact, seen=0)
        assert answer.status_code == status, (decision, contact)
    assert steward.post("/", "/review/0190aaaa-0000-7000-8000-000000000000", decision="nobody").status_code == 404
    steward.get("/review/0190aaaa-0000-7000-8000-000000000000", 404)
    assert state_of(core, profile) == ("review", None)


def test_our_own_people_cannot_be_linked(browse: Browse, seeded: Seeded, core: Core) -> None:
    with core.db.write("test.internal") as session:
        session.get_one(Profile, seeded.waiting[0].id).is_internal = True
    answer = browse("steward").post(
        "/",
        f"/review/{seeded.waiting[0].public_id}",
        decision="link",
        contact=str(seeded.contacts[0].public_id),
        seen=0,
    )
    assert answer.status_code == 400
    assert "Our own people" in answer.get_data(as_text=True)


def test_the_case_says_what_a_link_writes_and_what_is_held(browse: Browse, seeded: Seeded, core: Core) -> None:
    page = browse("steward").get(f"/review/{seeded.waiting[0].public_id}")
    assert "A link writes 3 timeline entries to the built-in CRM." in page
    with core.db.write("test.network") as session:
        session.get_one(Profile, seeded.waiting[0].id).network = "quay"
    page = browse("steward").get(f"/review/{seeded.waiting[0].public_id}")
    assert "A link writes" not in page
    assert "3: Held back" in page


def test_a_case_without_candidates_offers_search_and_nobody(browse: Browse, seeded: Seeded, core: Core) -> None:
    page = browse("steward").get(f"/review/{seeded.linked[1].public_id}")
    assert "Who is this? One candidate" in page
    with core.db.write("test.deleted") as session:
        for contact in session.scalars(select(Contact)):
            contact.deleted_at = core.db.clock.now()
    page = browse("steward").get(f"/review/{seeded.waiting[0].public_id}")
    assert "No contact fits" in page
    assert 'value="nobody"' in page
    assert 'value="link"' not in page


@pytest.mark.parametrize(
    ("scored", "mine", "nobody"),
    [
        ([], [], 1.0),
        ([(0.0, 0.5)], [0.5], 0.5),
        ([(10.0, 1024 / 1025)], [1024 / 1025], 1 / 1025),
        ([(1.0, 0.4), (1.0, 0.4)], [0.4, 0.4], 0.2),
        ([(5.0, 0.01)], [0.01], 0.01 / 32),  # many rivals that are not shown
    ],
)
def test_probabilities_make_one(scored: list, mine: list[float], nobody: float) -> None:
    shown, others, left = options.shares(scored)
    assert shown == pytest.approx(mine)
    assert left == pytest.approx(nobody)
    assert sum(shown) + others + left == pytest.approx(1.0)


def test_a_link_made_by_the_engine_meanwhile_is_a_conflict_too(browse: Browse, seeded: Seeded, core: Core) -> None:
    profile = seeded.waiting[0]
    with core.db.write("test.engine") as session:
        engine = Decision(
            profile_id=profile.id,
            contact_id=seeded.contacts[1].id,
            verdict=Verdict.POSITIVE,
            judge=Judge.ENGINE,
            seen_judgment_id=-1,
        )
        decide(session, core.db.clock.now(), engine)
    late = browse("steward").post("/", f"/review/{profile.public_id}", decision="nobody", seen=0)
    assert late.status_code == 409
    assert "The engine" in late.get_data(as_text=True)
