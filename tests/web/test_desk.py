"""Several stewards at one desk: blind cases, who looks at what, questions, new contacts, decisions, the promise."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from scrm.matching import audits
from scrm.matching.judgments import Decision, decide
from scrm.matching.queue import LEASE, claim_case, worth_of
from scrm.models import (
    AuditEntry,
    Candidate,
    Community,
    Contact,
    EvidencePattern,
    Judge,
    Judgment,
    Link,
    LinkAudit,
    LocalContact,
    Profile,
    ReviewCase,
    TimelineEntry,
    User,
    Verdict,
)
from scrm.runtime import Core
from tests.web.conftest import Browser
from tests.web.seed import Seeded
from tests.web.test_review import field, settle, shown_case, state_of

Browse = Callable[[str], Browser]


def case_of(core: Core, profile: Profile) -> ReviewCase | None:
    with core.db.read() as session:
        return session.get(ReviewCase, profile.id)


def change(core: Core, profile: Profile, **values: object) -> None:
    with core.db.write("test.case") as session:
        for name, value in values.items():
            setattr(session.get_one(ReviewCase, profile.id), name, value)


@pytest.fixture
def colleague(core: Core, seeded: Seeded, app: Flask) -> Browser:
    with core.db.write("test.colleague") as session:
        jana = User(name="Jana Süß", email="jana@nordwerk.example", role="steward", created_at=core.db.clock.now())
        session.add(jana)
        session.flush()
        user_id = jana.id
    return Browser(app, user_id)


# judged blindly


@pytest.fixture
def audited(core: Core, seeded: Seeded, monkeypatch: pytest.MonkeyPatch) -> Profile:
    """The first case, linked by the engine and drawn."""
    monkeypatch.setattr(audits, "is_drawn", lambda *_args: True)
    profile = seeded.waiting[0]
    with core.db.write("test.engine") as session:
        link = Decision(
            profile_id=profile.id,
            contact_id=seeded.contacts[0].id,
            verdict=Verdict.POSITIVE,
            judge=Judge.ENGINE,
            probability=0.998,
            basis="name",
            seen_judgment_id=-1,
        )
        decide(session, core.db.clock.now(), link)
    return profile


def test_an_audit_shows_neither_score_nor_evidence_nor_that_it_is_linked(browse: Browse, audited: Profile) -> None:
    page = browse("steward").get(f"/review/{audited.public_id}")
    assert "Judged blindly" in page
    for told in ("Evidence in bits", "the first ·", "99.8", "linked it with", "bits behind it"):
        assert told not in page, told
    assert page.count("Already linked") == 1  # another's profiles; not that this one is linked already
    assert "Value by value" in page
    assert page.count("data-rank=") == 4


def test_the_order_of_a_blind_case_is_made_by_chance_and_stays(browse: Browse, core: Core, audited: Profile) -> None:
    order = re.findall(r'data-contact="([^"]+)"', browse("steward").get(f"/review/{audited.public_id}"))
    again = re.findall(r'data-contact="([^"]+)"', browse("admin").get(f"/review/{audited.public_id}"))
    with core.db.read() as session:
        scored = session.scalars(
            select(Contact.public_id)
            .join(Candidate, Candidate.contact_id == Contact.id)
            .where(Candidate.profile_id == audited.id)
            .order_by(Candidate.bits.desc())
        ).all()
    assert order == again
    assert set(order) == {str(row) for row in scored}


def test_who_agrees_learns_that_and_the_audit_counts(
    browse: Browse, core: Core, audited: Profile, seeded: Seeded
) -> None:
    steward = browse("steward")
    answer = settle(steward, audited, "link", contact=str(seeded.contacts[0].public_id))
    page = steward.get(answer.location)
    assert "You agree with us: we had linked them, 99.8" in page
    assert "Evidence in bits" in steward.get(f"/review/{audited.public_id}")
    with core.db.read() as session:
        assert session.scalars(select(LinkAudit.is_right)).all() == [True]
        assert session.get_one(Link, audited.id).basis is None


def test_who_refuses_unlinks_and_learns_what_it_was(
    browse: Browse, core: Core, audited: Profile, seeded: Seeded
) -> None:
    steward = browse("steward")
    answer = settle(steward, audited, "not", contact=str(seeded.contacts[0].public_id))
    page = steward.get(answer.location)
    assert "We were wrong" in page
    assert seeded.contacts[0].full_name in page
    assert state_of(core, audited)[1] is None
    with core.db.read() as session:
        assert session.scalars(select(LinkAudit.is_right)).all() == [False]


def test_refusing_another_than_the_linked_one_stays_at_the_case(
    browse: Browse, core: Core, audited: Profile, seeded: Seeded
) -> None:
    with core.db.read() as session:
        other = session.scalars(
            select(Contact)
            .join(Candidate, Candidate.contact_id == Contact.id)
            .where(Candidate.profile_id == audited.id, Contact.id != seeded.contacts[0].id)
        ).first()
    answer = settle(browse("steward"), audited, "not", contact=str(other.public_id))
    assert str(audited.public_id) in answer.location
    assert state_of(core, audited) == ("linked", seeded.contacts[0].id)
    assert "We were wrong" not in browse("steward").get(answer.location)


# who looks at what


def test_a_colleague_is_given_another_case_and_told_who_looks_at_the_first(
    browse: Browse, colleague: Browser, seeded: Seeded
) -> None:
    steward, first = browse("steward"), seeded.waiting[0]
    assert steward.post("/review", f"/review/{first.public_id}/claim").get_json() == {"mine": True}
    assert shown_case(colleague.get("/review")) == str(seeded.waiting[1].public_id)
    assert "Aurélie Nguyễn-Dubois</bdi> is looking at this" in colleague.get(f"/review/{first.public_id}")
    late = colleague.post("/review", f"/review/{first.public_id}/claim")
    assert late.get_json()["mine"] is False
    assert late.get_json()["words"] == "Aurélie Nguyễn-Dubois is looking at this."
    assert shown_case(steward.get("/review")) == str(first.public_id)


def test_a_claim_runs_out_and_is_let_go_with_the_next_one(
    browse: Browse, colleague: Browser, seeded: Seeded, core: Core
) -> None:
    first, second, _third = seeded.waiting
    steward = browse("steward")
    steward.post("/review", f"/review/{first.public_id}/claim")
    steward.post("/review", f"/review/{second.public_id}/claim")
    assert case_of(core, first).claimed_by is None
    assert shown_case(colleague.get("/review")) == str(first.public_id)
    now = core.db.clock.now()
    with core.db.write("test.claim") as session:
        me = seeded.admin.id
        assert claim_case(session, now, second.id, me) == seeded.steward.id
        assert claim_case(session, now + LEASE + timedelta(minutes=1), second.id, me) is None


def test_after_a_decision_the_next_case_is_claimed_and_never_one_of_somebody_else(
    browse: Browse, colleague: Browser, seeded: Seeded, core: Core
) -> None:
    first, second, third = seeded.waiting
    colleague.post("/review", f"/review/{second.public_id}/claim")
    answer = settle(browse("steward"), first, "nobody", shown=str(second.public_id))
    assert f"/review/{third.public_id}" in answer.location
    assert case_of(core, third).claimed_by == seeded.steward.id


def test_the_case_that_the_browser_shows_already_is_kept_when_it_is_free(
    browse: Browse, seeded: Seeded, core: Core
) -> None:
    first, _second, third = seeded.waiting
    answer = settle(browse("steward"), first, "nobody", shown=str(third.public_id))
    assert f"/review/{third.public_id}" in answer.location


# questions


def test_a_question_goes_to_a_colleague_and_away_from_everybody_else(
    browse: Browse, colleague: Browser, seeded: Seeded, core: Core
) -> None:
    first, steward = seeded.waiting[0], browse("steward")
    with core.db.read() as session:
        jana = session.scalars(select(User).where(User.name == "Jana Süß")).one()
    path = f"/review/{first.public_id}/ask"
    answer = steward.post("/review", path, to=str(jana.public_id), text="Is this your <b>neighbor</b>?")
    assert shown_case(steward.get(answer.location)) == str(seeded.waiting[1].public_id)
    assert shown_case(browse("admin").get("/review")) != str(first.public_id)
    page = colleague.get("/review")
    assert "One question to you" in page
    page = colleague.get("/review?whose=me")
    assert shown_case(page) == str(first.public_id)
    assert "Is this your &lt;b&gt;neighbor&lt;/b&gt;?" in page
    colleague.post("/review", path, to="", text="No.")
    assert case_of(core, first).asked_of is None
    assert [note["text"] for note in case_of(core, first).notes] == ["Is this your <b>neighbor</b>?", "No."]
    assert shown_case(steward.get("/review")) == str(first.public_id)


def test_only_stewards_and_admins_can_be_asked(browse: Browse, seeded: Seeded) -> None:
    path = f"/review/{seeded.waiting[0].public_id}/ask"
    for to in (str(seeded.rep.public_id), "x", "0190aaaa-0000-7000-8000-000000000000"):
        assert browse("steward").post("/review", path, to=to, text="?").status_code == 400, to


def test_a_settled_case_cannot_be_asked_about(browse: Browse, seeded: Seeded) -> None:
    settle(browse("steward"), seeded.waiting[0], "nobody")
    path = f"/review/{seeded.waiting[0].public_id}/ask"
    assert browse("steward").post("/review", path, to="", text="?").status_code == 409


# somebody new


def test_a_contact_is_made_of_a_profile_once_and_linked(browse: Browse, seeded: Seeded, core: Core) -> None:
    steward, profile = browse("steward"), seeded.waiting[0]
    page = steward.get(f"/review/{profile.public_id}")
    fields = {"decision": "create", "seen": field(page, "seen")}
    answers = [steward.post("/review", f"/review/{profile.public_id}/create", **fields) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [302, 409]
    state, contact_id = state_of(core, profile)
    with core.db.read() as session:
        contact = session.get_one(Contact, contact_id)
        made = session.scalars(select(LocalContact).where(LocalContact.source_id.startswith("profile:"))).all()
        assert session.scalars(select(AuditEntry.object).where(AuditEntry.action == "contact.created")).all() == [
            f"contact/{contact.public_id}"
        ]
    assert (state, contact.full_name, contact.company) == ("linked", profile.display_name, profile.company)
    assert len(made) == 1


# decisions


def test_a_decision_is_undone_later_by_a_colleague_who_sees_what_it_calls_back(
    browse: Browse, colleague: Browser, seeded: Seeded, core: Core
) -> None:
    profile = seeded.linked[0]
    page = colleague.get("/review/decisions")
    assert "Maximiliane Schönburg" in page
    with core.db.read() as session:
        judgment_id = session.get_one(Link, profile.id).judgment_id
        written = len(
            session.scalars(
                select(TimelineEntry.id).where(
                    TimelineEntry.state == "done", TimelineEntry.external_key.startswith("1-")
                )
            ).all()
        )
    question = colleague.get(f"/review/decisions/{judgment_id}")
    told = int(re.search(r"(\d+) entries that were written", question)[1])
    assert 0 < told <= written
    answer = colleague.post(f"/review/decisions/{judgment_id}", f"/review/decisions/{judgment_id}")
    assert answer.status_code == 302
    assert state_of(core, profile)[1] is None
    assert "taken back" in colleague.get("/review/decisions")
    assert colleague.post("/review", f"/review/decisions/{judgment_id}").status_code == 409
    colleague.get("/review/decisions/999999", 404)


def test_decisions_can_be_narrowed_to_ones_own(browse: Browse, colleague: Browser, seeded: Seeded) -> None:
    settle(colleague, seeded.waiting[0], "nobody")
    assert "Nobody here" in colleague.get("/review/decisions?whose=me")
    assert "Nobody here" not in browse("steward").get("/review/decisions?whose=me")
    assert "Nobody here" in browse("steward").get("/review/decisions")


# the promise


def test_the_promise_is_told_and_changed_by_the_admin_alone(browse: Browse, core: Core) -> None:
    page = browse("steward").get("/matching")
    assert "At most one of 200 automatic links is wrong" in page
    assert page.count("estimated, not audited") == 2
    assert "598 more right ones" in page
    assert 'name="one_wrong_in"' not in page
    fields = {"one_wrong_in": "500", "audited_share": "0.05"}
    assert browse("steward").post("/matching", "/matching/promise", **fields).status_code == 403
    admin = browse("admin")
    assert admin.post("/matching", "/matching/promise", **fields).status_code == 302
    assert "At most one of 500" in admin.get("/matching")
    for wrong in ("1", "x", "99999999"):
        answer = admin.post("/matching", "/matching/promise", one_wrong_in=wrong, audited_share="0.05")
        assert answer.status_code == 400
        assert "between 10 and 10,000" in answer.get_data(as_text=True)


def test_the_promise_counts_both_kinds_apart(browse: Browse, core: Core, audited: Profile, seeded: Seeded) -> None:
    settle(browse("steward"), audited, "nobody")
    page = browse("steward").get("/matching")
    assert page.count("not kept") == 1
    assert page.count("estimated, not audited") == 1


# order and filters


def test_what_teaches_most_comes_first() -> None:
    assert worth_of(0.5, 0) > worth_of(0.9, 0) > worth_of(0.999, 0) > 0
    assert worth_of(0.9, 10) > worth_of(0.5, 0)
    assert worth_of(0.1, 3) == worth_of(0.9, 3)


def test_evidence_that_was_judged_often_comes_later(browse: Browse, seeded: Seeded, core: Core) -> None:
    _first, second, third = seeded.waiting
    with core.db.write("test.pattern") as session:
        rare = EvidencePattern(levels="phone.same")
        session.add(rare)
        session.flush()
        session.get_one(ReviewCase, third.id).pattern_id = rare.id
    steward = browse("steward")
    settle(steward, seeded.waiting[0], "link")
    assert shown_case(steward.get("/review")) == str(third.public_id)
    with core.db.read() as session:
        known = session.scalars(select(EvidencePattern).where(EvidencePattern.id != rare.id)).one()
        assert (known.judged, known.agreed, known.novelty) == (1, 1, 707)
        last = session.scalars(select(Judgment).order_by(Judgment.id.desc())).first()
        assert (last.pattern_id, last.is_best) == (known.id, True)
    steward.post("/review", "/review/undo", judgment=last.id)
    with core.db.read() as session:
        assert session.get_one(EvidencePattern, known.id).judged == 0
    assert shown_case(steward.get("/review")) == str(seeded.waiting[0].public_id)
    assert second is not third


def test_filters_stand_in_the_address_with_counts_and_stay(browse: Browse, seeded: Seeded, core: Core) -> None:
    first, second, third = seeded.waiting
    with core.db.write("test.community") as session:
        place = _community(core)
        session.add(place)
        session.flush()
        community_id = place.id
    change(core, first, kind="name", band=2)
    change(core, second, kind="name", band=9, community_id=community_id)
    change(core, third, kind="verified", since=core.db.clock.now() - timedelta(days=9))
    steward = browse("steward")
    page = steward.get("/review?kind=name")
    assert shown_case(page) == str(first.public_id)
    assert '<option value="name" selected>Name only (2)' in page
    assert '<option value="verified">Verified key (1)' in page
    assert '<option value="high">80 percent and more (1)' in page
    assert "Gear &amp; Drives (1)" in page
    assert shown_case(steward.get("/review?kind=name&band=high")) == str(second.public_id)
    assert shown_case(steward.get(f"/review?community={community_id}")) == str(second.public_id)
    assert shown_case(steward.get("/review?age=week")) == str(third.public_id)
    assert "kind=name" in settle_at(steward, first, "?kind=name").location
    assert "Nothing to review" in steward.get("/review?kind=handle")
    assert shown_case(steward.get("/review?kind=x&band=x&community=x&age=x&whose=x"))


def _community(core: Core) -> Community:
    now = core.db.clock.now()
    return Community(network="harbor", native_id="g1", name="Gear & Drives", first_seen_at=now, updated_at=now)


def settle_at(browser: Browser, profile: Profile, query: str):
    page = browser.get(f"/review/{profile.public_id}{query}")
    path = f"/review/{profile.public_id}{query}"
    return browser.post(path, path, decision="nobody", seen=field(page, "seen"))
