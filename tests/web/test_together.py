"""Pages for several cases as one, for what looks wrong, and for trying a change of the model."""

import re
from collections.abc import Callable

import pytest
from sqlalchemy import select

from scrm.jobs import work
from scrm.matching import batches
from scrm.models import Contact, Link, MatchModelRow, ModelTrial, Preference, Profile, ReviewBatch, ReviewCase
from scrm.runtime import Core
from scrm.schedule import find_due, plan_chores
from tests.factories import make_candidate, make_profile
from tests.web.conftest import Browser
from tests.web.seed import Seeded

Browse = Callable[[str], Browser]
SIX = 6


@pytest.fixture
def alike(core: Core, seeded: Seeded) -> int:
    """Six cases of one pattern beside the seeded three, which share another."""
    now = core.db.clock.now()
    with core.db.write("test.alike") as session:
        first = session.get_one(ReviewCase, seeded.waiting[0].id)
        model_id = session.scalars(select(MatchModelRow.id)).first()
        for number in range(SIX):
            profile = make_profile(session, network="harbor", match_state="review", display_name=f"Zoë {number}")
            evidence = [
                {"rule": "prior", "level": "prior", "bits": -9.0, "message": "", "params": {}},
                {"rule": "surname", "level": "exact", "bits": 9.5, "message": "", "params": {}},
            ]
            contact = seeded.contacts[number]
            values = {"bits": 0.5, "probability": 0.6, "evidence": evidence, "computed_at": now}
            make_candidate(session, profile, contact, model_id=model_id, **values)
            session.add(
                ReviewCase(
                    profile_id=profile.id,
                    state="review",
                    network="harbor",
                    pattern_id=first.pattern_id,
                    kind="name",
                    band=6,
                    worth=10,
                    since=now,
                )
            )
        for profile in seeded.waiting:
            session.get_one(ReviewCase, profile.id).kind = "namesakes"
        return first.pattern_id


def drain(core: Core) -> None:
    """Work off what the sweeper finds of these kinds."""
    for _ in range(10):
        with core.db.read() as session:
            due = [kind for kind, _subject in find_due(session, core.db.clock.now())]
        for kind in {"batch", "trial", "quality"}.intersection(due):
            work(core, kind, None)


def test_several_cases_are_looked_at_linked_and_taken_back(
    browse: Browse, core: Core, seeded: Seeded, alike: int
) -> None:
    steward = browse("steward")
    page = steward.get("/review/batches")
    assert "Surname: the same" in page
    page = steward.get(f"/review/batches/{alike}")
    assert "6 cases with the same evidence" in page
    assert len(set(re.findall(r"Zoë \d", page))) == SIX
    answer = steward.post("/review", f"/review/batches/{alike}", decision="link", seen=SIX)
    assert answer.status_code == 302
    assert "Going on" in steward.get(answer.location)
    drain(core)
    page = steward.get(answer.location)
    assert "Take all 6 back" in page
    with core.db.read() as session:
        batch = session.scalars(select(ReviewBatch)).one()
        assert session.query(Link).count() == SIX + len(seeded.linked)
    assert steward.client.get(f"/review/batches/made/{batch.public_id}.json").get_json() == {
        "done": "6",
        "undone": "0",
    }
    assert steward.post("/review", f"/review/batches/made/{batch.public_id}/undo").status_code == 302
    drain(core)
    assert "Taken back" in steward.get(answer.location)
    with core.db.read() as session:
        assert session.query(Link).count() == len(seeded.linked)
    assert "Linked together: 6 of 6" in steward.get("/review/batches")
    assert steward.post("/review", f"/review/batches/made/{batch.public_id}/undo").status_code == 409


def test_more_than_were_shown_are_not_judged(browse: Browse, alike: int) -> None:
    steward = browse("steward")
    assert steward.post("/review", f"/review/batches/{alike}", decision="link", seen=SIX - 1).status_code == 409
    assert steward.post("/review", f"/review/batches/{alike}", decision="nobody", seen=SIX).status_code == 400
    assert steward.post("/review", "/review/batches/999999", decision="not", seen=SIX).status_code == 400
    steward.get("/review/batches/999999", 404)


def test_a_case_tells_how_many_are_like_it(browse: Browse, core: Core, alike: int) -> None:
    with core.db.read() as session:
        profile = session.scalars(select(Profile).where(Profile.display_name == "Zoë 0")).one()
    assert "6 cases wait with exactly this evidence" in browse("steward").get(f"/review/{profile.public_id}")


def test_a_batch_that_is_killed_goes_on(
    browse: Browse, core: Core, alike: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    browse("steward").post("/review", f"/review/batches/{alike}", decision="not", seen=SIX)
    monkeypatch.setattr(batches, "PORTION", 4)
    original, calls = batches.decide, []

    def dies_once(*args: object) -> object:
        calls.append(1)
        if len(calls) == 3:
            raise RuntimeError("killed")
        return original(*args)

    monkeypatch.setattr(batches, "decide", dies_once)
    with pytest.raises(RuntimeError):
        batches.advance(core)
    with core.db.write("test.lease") as session:
        row = session.scalars(select(ReviewBatch)).one()
        assert row.done == 0
        row.lease_until = core.db.clock.now()
    drain(core)
    with core.db.read() as session:
        assert session.scalars(select(ReviewBatch.done)).one() == SIX


# what looks wrong


def test_what_looks_wrong_is_counted_listed_and_looked_for_again(browse: Browse, core: Core, seeded: Seeded) -> None:
    plan_chores(core)
    steward = browse("steward")
    assert "not looked yet" in steward.get("/review/quality")
    drain(core)
    with core.db.write("test.email") as session:
        for contact in seeded.contacts[:2]:
            session.get_one(Contact, contact.id).emails = ["info@both.example"]
    assert steward.post("/review/quality", "/review/quality/look").status_code == 302
    drain(core)
    page = steward.get("/review/quality")
    assert re.search(r"share an e-mail address</a></th>\s*<td[^>]*>1</td>", page)
    page = steward.get("/review/quality/shared_email")
    assert all(contact.full_name in page for contact in seeded.contacts[:2])
    assert "Nothing of this kind" in steward.get("/review/quality/two_contacts")
    steward.get("/review/quality/astrology", 404)


# what if


def test_a_change_is_tried_and_only_the_admin_puts_it_in_force(browse: Browse, core: Core, seeded: Seeded) -> None:
    steward, admin = browse("steward"), browse("admin")
    with core.db.write("test.model") as session:
        from scrm.matching.load import add_shipped_model

        for row in session.scalars(select(MatchModelRow)):
            row.activated_at = None
        add_shipped_model(session, core.db.clock.now())
    page = steward.get("/matching/model")
    rules = re.findall(r'name="on" value="(\w+)" checked', page)
    assert len(rules) > 20
    fields = {"one_wrong_in": "50", "review": "10", "on": [rule for rule in rules if rule != "city"]}
    answer = steward.post("/matching/model", "/matching/model/trials", **fields)
    assert "Going on" in steward.get(answer.location)
    drain(core)
    page = steward.get(answer.location)
    assert "Switched off: City." in page
    assert "Profiles looked at" in page
    assert "Put it in force" not in page
    with core.db.read() as session:
        path = f"/matching/model/trials/{session.scalars(select(ModelTrial.public_id)).one()}/keep"
    assert steward.post("/review", path).status_code == 403
    assert "Put it in force" in admin.get(answer.location)
    assert admin.post("/matching/model", path).status_code == 302
    assert admin.post("/matching/model", path).status_code == 409
    page = admin.get("/matching/model")
    assert "one is off" in page
    with core.db.read() as session:
        assert session.get_one(Preference, "promise").value["one_wrong_in"] == 50
        former = session.scalars(select(MatchModelRow.id).order_by(MatchModelRow.id.desc())).all()[1]
    assert admin.post("/matching/model", f"/matching/model/{former}/use").status_code == 302
    assert "one is off" not in admin.get("/matching/model")
    assert admin.post("/matching/model", "/matching/model/999999/use").status_code == 400


def test_a_change_that_makes_no_sense_is_refused_with_the_reason(browse: Browse) -> None:
    answer = browse("steward").post("/matching/model", "/matching/model/trials", one_wrong_in="x", review="10")
    assert answer.status_code == 400
    assert "between 10 and 10,000" in answer.get_data(as_text=True)
