"""Not my customer: in one click hidden for everybody, and a steward decides."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from scrm.models import AuditEntry, Judge, Judgment, Link, Objection, Profile, Verdict
from scrm.runtime import Core
from tests.web.conftest import Browser
from tests.web.seed import Seeded

Browse = Callable[[str], Browser]
TEXT = "Gilt das auch für Geräte"


@pytest.fixture
def path(seeded: Seeded) -> str:
    return f"/contacts/{seeded.contacts[3].public_id}"


def test_one_click_hides_the_profile_and_asks_a_steward(
    browse: Browse, seeded: Seeded, core: Core, path: str
) -> None:
    rep, steward, profile = browse("rep"), browse("steward"), seeded.linked[0]
    assert TEXT in rep.get(path)
    assert "Nobody doubts a link" in steward.get("/objections")
    for _twice in (1, 2):
        assert rep.post(path, f"{path}/object/{profile.public_id}").status_code == 302
    for page in (
        rep.get(path),
        steward.get(path),
        rep.get(f"{path}?words=Geräte"),
        rep.get(f"{path}?network=harbor"),
    ):
        assert TEXT not in page
        assert "Hidden: <bdi>Siobhán Ní Bhriain</bdi> says it is not this customer" in page
    assert "Maximiliane" in steward.get("/objections")
    assert "2 links" not in steward.get("/")
    assert "One link is doubted" in steward.get("/")
    rep.get("/objections", 403)
    with core.db.read() as session:
        assert session.get(Link, profile.id) is not None  # the CRM keeps its entries until a steward decides
        assert session.scalars(select(AuditEntry.action).where(AuditEntry.action.startswith("objection"))).all() == [
            "objection.made"
        ]


def test_an_objection_can_be_taken_back(browse: Browse, seeded: Seeded, core: Core, path: str) -> None:
    rep, profile = browse("rep"), seeded.linked[0]
    rep.post(path, f"{path}/object/{profile.public_id}")
    for _twice in (1, 2):
        assert rep.post(path, f"{path}/object/{profile.public_id}/take-back").status_code == 302
    assert TEXT in rep.get(path)
    with core.db.read() as session:
        assert session.scalars(select(Objection)).all() == []
        assert len(session.scalars(select(AuditEntry).where(AuditEntry.action.startswith("objection"))).all()) == 2


@pytest.mark.parametrize(("decision", "is_linked"), [("keep", True), ("unlink", False)])
def test_a_steward_keeps_or_undoes_the_link(
    browse: Browse, seeded: Seeded, core: Core, path: str, decision: str, is_linked: bool
) -> None:
    rep, steward, profile = browse("rep"), browse("steward"), seeded.linked[1]
    rep.post(path, f"{path}/object/{profile.public_id}")
    with core.db.read() as session:
        judgment = session.get_one(Link, profile.id).judgment_id
    address = f"/objections/{seeded.contacts[3].public_id}/{profile.public_id}"
    assert steward.post("/objections", address, decision=decision, judgment=judgment + 99).status_code == 409
    assert steward.post("/objections", address, decision=decision, judgment=judgment).status_code == 302
    with core.db.read() as session:
        last = session.scalars(select(Judgment).order_by(Judgment.id.desc())).first()
        assert last.verdict == (Verdict.POSITIVE if is_linked else Verdict.NEGATIVE)
        assert last.judge == Judge.STEWARD
        entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
        assert (entry.action, entry.object) == (f"judgment.{last.verdict}", f"judgment/{last.id}")
        assert (session.get(Link, profile.id) is not None) is is_linked
    assert "Nobody doubts a link" in steward.get("/objections")
    assert "says it is not this customer" not in rep.get(path)
    assert rep.post("/", address, decision=decision, judgment=judgment).status_code == 403


def test_only_a_link_can_be_objected_to(browse: Browse, seeded: Seeded, core: Core, path: str) -> None:
    rep = browse("rep")
    assert rep.post(path, f"{path}/object/{seeded.waiting[0].public_id}").status_code == 404
    with core.db.write("test.link") as session:
        session.delete(session.get_one(Link, seeded.linked[0].id))
        session.get_one(Profile, seeded.linked[0].id).match_state = "none"
    assert rep.post(path, f"{path}/object/{seeded.linked[0].public_id}").status_code == 404
