"""The ledger on a contact's pages, and what is allowed at each network, with where that is written."""

from collections.abc import Callable
from html import unescape

from sqlalchemy import select

from scrm.models import Ground, Preference
from scrm.policy import FORBIDDEN
from scrm.runtime import Core
from tests.factories import make_interaction, make_profile
from tests.web.conftest import Browser
from tests.web.seed import Seeded

Browse = Callable[[str], Browser]


def grounds(core: Core) -> list[Ground]:
    with core.db.read() as session:
        return list(session.scalars(select(Ground).order_by(Ground.id)))


def test_a_steward_records_a_purpose_and_ends_it(core: Core, browse: Browse, seeded: Seeded) -> None:
    steward, contact = browse("steward"), seeded.contacts[3]
    page = f"/contacts/{contact.public_id}/purposes"
    assert "Nothing is recorded" in steward.get(page)
    form = {
        "profile": str(seeded.linked[0].public_id),
        "purpose": "sales",
        "basis": "contract",
        "source": "Vertrag 9",
    }
    steward.post(page, page, **form, until="2030-05-01")
    (row,) = grounds(core)
    assert (row.purpose, row.basis, row.recorded_by, row.user_id) == ("sales", "contract", "page", seeded.steward.id)
    assert "Vertrag 9" in steward.get(page)
    assert "Zwecke" in steward.client.get(page, headers={"Accept-Language": "de"}).get_data(as_text=True)
    steward.post(page, f"{page}/{row.public_id}/end")
    assert grounds(core)[0].ended_at is not None
    assert "ended" in steward.get(page)


def test_what_makes_no_sense_is_told_and_a_stranger_is_404(core: Core, browse: Browse, seeded: Seeded) -> None:
    steward, contact = browse("steward"), seeded.contacts[3]
    page = f"/contacts/{contact.public_id}/purposes"
    mine = str(seeded.linked[0].public_id)
    assert steward.post(page, page, profile=mine, basis="consent", source="x", until="soon").status_code == 400
    assert steward.post(page, page, profile=mine, basis="consent", source=" ").status_code == 400
    other = str(seeded.waiting[0].public_id)
    assert steward.post(page, page, profile=other, basis="consent", source="x").status_code == 404
    assert grounds(core) == []


def test_the_admin_sees_terms_with_their_source_and_date_and_sets_purposes(
    core: Core, browse: Browse, seeded: Seeded
) -> None:
    admin = browse("admin")
    page = admin.get("/terms")
    assert "read on" in page
    assert "https://docs.x.com/developer-terms/policy" in page
    assert "The terms keep it out of the CRM, whatever the purpose." in page  # LinkedIn
    admin.post("/terms", "/terms/mastodon", sales="on", needs_purpose="on")
    with core.db.read() as session:
        stored = session.get_one(Preference, "purposes").value
    assert stored == {"mastodon": {"support": False, "sales": True, "community": False, "needs_purpose": True}}
    assert admin.post("/terms", "/terms/nowhere").status_code == 404


def test_the_case_of_a_linkedin_profile_names_the_reason(core: Core, browse: Browse, seeded: Seeded) -> None:
    with core.db.write("test.linkedin") as session:
        profile = make_profile(session, network="linkedin", match_state="review")
        make_interaction(session, profile)
    assert FORBIDDEN in unescape(browse("steward").get(f"/review/{profile.public_id}"))
