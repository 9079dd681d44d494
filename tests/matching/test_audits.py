"""The promise as the engine keeps it: what is drawn, what an answer does, and what may be linked then."""

import pytest
from sqlalchemy import select

from scrm.errors import InputError
from scrm.matching import audits, promise
from scrm.matching.audits import Promise, kept, promise_of, set_promise, standings
from scrm.matching.judgments import undo
from scrm.matching.promise import Kind, State
from scrm.models import AuditEntry, Judgment, Link, LinkAudit, Preference, ReviewCase, Verdict
from tests.factories import NOW, make_contact, make_profile
from tests.matching.workshop import ADAS_MAIL, CERTAIN, Workshop


@pytest.fixture
def all_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chance says yes each time."""
    monkeypatch.setattr(audits, "is_drawn", lambda *_args: True)


@pytest.fixture
def linked(shop: Workshop, all_drawn: None) -> tuple[int, int]:
    ada = shop.contact(emails=[ADAS_MAIL])
    profile = shop.profile(**CERTAIN)
    shop.settle()
    return profile, ada


def audit_of(shop: Workshop, profile: int) -> LinkAudit:
    with shop.db.read() as session:
        return session.scalars(select(LinkAudit).where(LinkAudit.profile_id == profile)).one()


def waits(shop: Workshop, profile: int) -> ReviewCase | None:
    with shop.db.read() as session:
        return session.get(ReviewCase, profile)


def test_a_drawn_link_stands_and_waits_in_the_queue_without_its_score(
    shop: Workshop, linked: tuple[int, int]
) -> None:
    profile, ada = linked
    assert (shop.linked(profile), shop.state(profile)) == (ada, "linked")
    case = waits(shop, profile)
    assert (case.state, case.is_blind, case.band) == ("review", True, None)
    audit = audit_of(shop, profile)
    assert (audit.contact_id, audit.basis, audit.answer_id, audit.is_right) == (ada, "verified", None, None)
    with shop.db.read() as session:
        assert session.get_one(Link, profile).basis == "verified"


def test_matching_again_draws_nothing_anew(shop: Workshop, linked: tuple[int, int]) -> None:
    shop.again(linked[0])
    assert audit_of(shop, linked[0]).answer_id is None
    assert waits(shop, linked[0]) is not None


@pytest.mark.parametrize(
    ("verdict", "whom", "is_right", "outcome"),
    [
        (Verdict.POSITIVE, "ada", True, ("ada", "linked")),
        (Verdict.POSITIVE, "other", False, ("other", "linked")),
        (Verdict.NEGATIVE, "ada", False, (None, "none")),
        (Verdict.NOBODY, None, False, (None, "nobody")),
        (Verdict.UNSURE, "ada", None, (None, "unsure")),
    ],
)
def test_an_answer_counts_and_a_refusal_unlinks(
    shop: Workshop, linked: tuple[int, int], verdict: Verdict, whom, is_right, outcome
) -> None:
    profile, ada = linked
    other = shop.contact(full_name="Bo Sample", first_name="Bo", last_name="Sample")
    ids = {"ada": ada, "other": other}
    contact = ids.get(whom)
    judgment = shop.judge(profile, contact, verdict)
    assert (audit_of(shop, profile).answer_id, audit_of(shop, profile).is_right) == (judgment, is_right)
    assert (shop.linked(profile), shop.state(profile)) == (ids.get(outcome[0]), outcome[1])
    assert (waits(shop, profile) is not None) is (verdict is Verdict.UNSURE)
    with shop.db.write("test.undo") as session:
        undo(session, NOW, judgment, None)
    assert (audit_of(shop, profile).answer_id, shop.linked(profile)) == (None, ada)
    assert waits(shop, profile).is_blind


def test_refusing_another_candidate_answers_nothing(shop: Workshop, linked: tuple[int, int]) -> None:
    other = shop.contact(full_name="Bo Sample", first_name="Bo", last_name="Sample")
    shop.judge(linked[0], other, Verdict.NEGATIVE)
    assert audit_of(shop, linked[0]).answer_id is None
    assert waits(shop, linked[0]) is not None


def test_an_engines_link_that_somebody_took_back_was_wrong(shop: Workshop, linked: tuple[int, int]) -> None:
    with shop.db.write("test.undo") as session:
        undo(session, NOW, audit_of(shop, linked[0]).judgment_id, None)
    assert audit_of(shop, linked[0]).is_right is False


def test_a_word_on_the_contact_it_became_is_a_word_on_the_link(shop: Workshop, linked: tuple[int, int]) -> None:
    profile, ada = linked
    survivor = shop.contact(full_name="Ada Quickenborough-Sample")
    shop.change(ada, merged_into_id=survivor)
    shop.judge(profile, survivor, Verdict.POSITIVE)
    assert audit_of(shop, profile).is_right is True


def test_most_links_are_not_drawn(shop: Workshop) -> None:
    shop.contact(emails=[ADAS_MAIL])
    profiles = [shop.profile(**CERTAIN, native_id=f"https://social.example/users/fixed{n}") for n in range(60)]
    shop.settle()
    with shop.db.read() as session:
        drawn = session.scalars(select(LinkAudit.profile_id)).all()
    assert len(drawn) < 10 < len(profiles)


# what may be linked


def answered(shop: Workshop, right: int, wrong: int, *, basis: Kind, probability: float = 0.9999) -> None:
    """Audits that came out so, on people of no further importance."""
    with shop.db.write("test.audits") as session:
        for number in range(right + wrong):
            profile, contact = make_profile(session), make_contact(session)
            shop_judgment = _judgment(session, profile.id, contact.id)
            session.add(
                LinkAudit(
                    judgment_id=shop_judgment,
                    profile_id=profile.id,
                    contact_id=contact.id,
                    basis=basis.value,
                    probability=probability,
                    drawn_at=NOW,
                    answer_id=shop_judgment,
                    is_right=number < right,
                )
            )


def _judgment(session, profile_id: int, contact_id: int) -> int:
    row = Judgment(profile_id=profile_id, contact_id=contact_id, verdict="positive", judge="engine", created_at=NOW)
    session.add(row)
    session.flush()
    return row.id


def test_a_broken_promise_stops_links_of_its_kind_and_no_other(shop: Workshop) -> None:
    answered(shop, 5, 15, basis=Kind.VERIFIED, probability=1.0)
    ada = shop.contact(emails=[ADAS_MAIL])
    profile = shop.profile(**CERTAIN)
    shop.settle()
    assert (shop.linked(profile), shop.state(profile)) == (None, "review")
    assert ada in shop.candidates(profile)
    by_name = shop.profile(display_name="Ada Quickenborough", handle="ada.quickenborough")
    shop.settle()
    best = shop.candidates(by_name)[ada].probability
    assert (shop.linked(by_name) == ada) is (best >= 0.995)


def test_a_looser_promise_links_what_a_strict_one_asks_about(shop: Workshop) -> None:
    for number in range(60):
        shop.contact(full_name=f"Bo{number:02} Sample", first_name=f"Bo{number:02}", last_name="Sample")
    ada = shop.contact()
    profile = shop.profile(display_name="Ada Quickenborough")
    shop.settle()
    best = shop.candidates(profile)[ada].probability
    with shop.db.write("test.promise") as session:
        set_promise(session, NOW, Promise(one_wrong_in=10_000), None)
    second = shop.profile(display_name="Ada Quickenborough")
    shop.settle()
    assert 0.9 < best < 0.9999
    assert shop.linked(second) is None
    with shop.db.write("test.promise") as session:
        set_promise(session, NOW, Promise(one_wrong_in=10), None)
    third = shop.profile(display_name="Ada Quickenborough")
    shop.settle()
    assert shop.linked(third) == ada


def test_what_is_promised_is_remembered_with_who_said_so(shop: Workshop) -> None:
    with shop.db.write("test.promise") as session:
        assert promise_of(session) == Promise(one_wrong_in=200, audited_share=0.02)
        set_promise(session, NOW, Promise(one_wrong_in=500, audited_share=0.05), None)
        assert promise_of(session) == Promise(one_wrong_in=500, audited_share=0.05)
        for wrong in (Promise(one_wrong_in=9), Promise(one_wrong_in=10_001), Promise(audited_share=0.5)):
            with pytest.raises(InputError):
                set_promise(session, NOW, wrong, None)
        assert session.get_one(Preference, "promise").value["one_wrong_in"] == 500
    with shop.db.read() as session:  # an entry is there when its transaction is
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "promise.set")).one()
        assert (entry.before["one_wrong_in"], entry.after["one_wrong_in"]) == (200, 500)


def test_the_two_kinds_are_counted_apart(shop: Workshop, linked: tuple[int, int]) -> None:
    answered(shop, 600, 0, basis=Kind.NAME)
    with shop.db.read() as session:
        by_kind = {row.kind: row for row in kept(session, Promise())}
        found = standings(session, Promise())
    assert by_kind[Kind.NAME].standing.state is State.AUDITED
    assert (by_kind[Kind.NAME].needed, by_kind[Kind.NAME].links) == (0, 0)
    assert by_kind[Kind.VERIFIED].standing.state is State.ESTIMATED
    assert (by_kind[Kind.VERIFIED].links, by_kind[Kind.VERIFIED].waiting) == (1, 1)
    assert by_kind[Kind.VERIFIED].needed == 598
    assert found[Kind.NAME].at_most == promise.upper_bound(0, 600)


def test_links_less_sure_than_is_asked_now_are_counted(shop: Workshop, linked: tuple[int, int]) -> None:
    with shop.db.write("test.less") as session:
        assert all(row.less_sure == 0 for row in kept(session, Promise()))
        for judgment in session.scalars(select(Judgment).where(Judgment.judge == "engine")):
            judgment.probability = 0.95
        session.flush()
        asked, less = (kept(session, Promise(one_wrong_in=number)) for number in (200, 20))
    assert [row.less_sure for row in asked] == [row.links for row in asked]
    assert sum(row.less_sure for row in asked) > 0
    assert all(row.less_sure == 0 for row in less)
