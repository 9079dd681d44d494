"""Naming who is one of us: whoever was taken for somebody outside leaves the contact and the CRM again."""

from collections.abc import Callable

from sqlalchemy import select

from scrm.matching.candidates import match_due
from scrm.matching.load import add_shipped_model
from scrm.models import Candidate, Link, MatchState, Profile, TimelineDue, Verdict
from scrm.runtime import Core
from tests.factories import make_candidate, make_contact, make_profile
from tests.matching.workshop import Workshop
from tests.web.conftest import Browser

Browse = Callable[[str], Browser]


def linked_stranger(core: Core, network: str, native_id: str) -> int:
    with core.db.write("test.stranger") as session:
        profile = make_profile(session, network=network, native_id=native_id, handle="stranger.example")
        contact = make_contact(session)
        make_candidate(session, profile, contact)
    Workshop(core).judge(profile.id, contact.id, Verdict.POSITIVE)
    with core.db.write("test.expanded") as session:
        session.query(TimelineDue).delete()
    return profile.id


def nothing_is_left(core: Core, profile_id: int) -> None:
    with core.db.write("test.model") as session:
        add_shipped_model(session, core.db.clock.now())
    while match_due(core):
        pass
    with core.db.read() as session:
        profile = session.get_one(Profile, profile_id)
        assert (profile.is_internal, profile.match_state) == (True, MatchState.INTERNAL)
        assert session.get(Link, profile_id) is None
        assert session.get(TimelineDue, profile_id) is not None  # the CRM is told
        assert session.scalars(select(Candidate).where(Candidate.profile_id == profile_id)).all() == []


def test_a_profile_named_as_ours_leaves_its_contact_and_the_crm(browse: Browse, core: Core) -> None:
    profile_id = linked_stranger(core, "bluesky", "did:plc:stranger")
    answer = browse("admin").post("/own", "/own/profiles", network="bluesky", handle="stranger.example")
    assert answer.status_code == 302
    nothing_is_left(core, profile_id)


def test_an_account_that_is_connected_leaves_its_contact_and_the_crm(browse: Browse, core: Core) -> None:
    profile_id = linked_stranger(core, "quay", "own-1")
    form = "/connections/new/quay"
    assert browse("admin").post(form, form, handle="nordwerk", token="right").status_code == 302
    nothing_is_left(core, profile_id)
