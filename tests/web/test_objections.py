"""Not my customer: in one click hidden for everybody, and a steward decides."""

import dataclasses
import re
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from scrm.models import (
    AuditEntry,
    ContactInterest,
    Interaction,
    Judge,
    Judgment,
    Link,
    Objection,
    Profile,
    Role,
    Verdict,
)
from scrm.runtime import Core
from scrm.web import create_app, embed
from scrm.web.api.tokens import Scope, Wish, make_token
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


def test_what_is_doubted_is_hidden_on_every_page_and_to_the_api(
    browse: Browse, seeded: Seeded, core: Core, app: Flask, path: str
) -> None:
    contact, rep, profile = seeded.contacts[3], browse("rep"), seeded.linked[0]
    with core.db.write("test.own") as session:
        session.add(ContactInterest(user_id=seeded.rep.id, contact_id=contact.id, since=core.db.clock.now()))
        told = make_token(
            session, Wish(name="CRM", role=Role.REP, scopes=[Scope.PROFILES, Scope.TIMELINE]), core.db.clock.now()
        )
        said = session.scalars(select(Interaction).where(Interaction.native_id == "t2")).one().public_id

    def ask(what: str) -> str:
        answer = app.test_client().get(
            f"/api/v1/contacts/{contact.public_id}/{what}", headers={"Authorization": f"Bearer {told}"}
        )
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return answer.get_data(as_text=True)

    embedded = dataclasses.replace(
        core, settings=dataclasses.replace(core.settings, embed_origins=("crm=https://crm.example",))
    )
    frame = create_app(embedded).test_client()
    for is_doubted in (False, True):
        if is_doubted:
            rep.post(path, f"{path}/object/{profile.public_id}")
        listed = rep.get("/contacts?q=schönburg")
        assert ("Harbor" in listed) is not is_doubted
        own = re.search(r'aria-labelledby="own".*?</section>', rep.get("/"), re.DOTALL)
        assert own
        assert ("Harbor" in own[0]) is not is_doubted
        last = re.search(r'aria-labelledby="news".*?</section>', rep.get("/"), re.DOTALL)
        assert last
        assert (f'href="{path}"' in last[0].split(TEXT)[0]) is not is_doubted
        assert (str(contact.public_id) in rep.get(f"/interactions/{said}")) is not is_doubted
        assert (str(profile.public_id) in ask("profiles")) is not is_doubted
        assert ("Gilt das auch" in ask("timeline")) is not is_doubted
        opened = frame.get(embed.signed_path(embedded, "crm", contact.native_id, core.db.clock.now()))
        assert (TEXT in frame.get(opened.location).get_data(as_text=True)) is not is_doubted
