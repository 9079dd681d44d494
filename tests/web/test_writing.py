"""The pages about writing to the CRM: what waits, plans, what was set aside; who may see them, and what they do."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from scrm.errors import InputError
from scrm.jobs import work
from scrm.matching.judgments import Decision, decide
from scrm.models import (
    Contact,
    ContactTurn,
    CrmState,
    EntryState,
    Interaction,
    Judge,
    LocalRecord,
    PlanState,
    PlanStep,
    RecordKind,
    StepAction,
    TimelineEntry,
    Turn,
    User,
    Verdict,
    WritePlan,
    mark_timelines_due,
)
from scrm.privacy.requests import set_four_eyes
from scrm.runtime import Core
from scrm.sync import plan as plans
from scrm.sync.crm.base import Fault
from tests.factories import make_contact, make_interaction, make_profile, make_user
from tests.sync.crm.worlds import LocalWorld
from tests.web.conftest import Browser
from tests.web.seed import Seeded

Browse = Callable[[str], Browser]
PAGE = "/writing"
SAID = "Where is my <b>parcel</b>?"


@pytest.fixture
def contact(core: Core) -> UUID:
    """Somebody linked who has said something that waits to be written."""
    native_id = LocalWorld(core.db).add("Ada Example")
    now = core.db.clock.now()
    with core.db.write("test.waiting") as session:
        contact = make_contact(session, native_id=native_id, full_name="Ada Example")
        profile = make_profile(session, network="bluesky")
        make_interaction(session, profile, text=SAID, checked_at=now)
        decision = Decision(
            profile_id=profile.id, contact_id=contact.id, verdict=Verdict.POSITIVE, judge=Judge.STEWARD
        )
        decide(session, now, decision)
        mark_timelines_due(session, [profile.id], now)
        public_id = contact.public_id
    work(core, "expand", None)
    return public_id


def texts(core: Core) -> list[str]:
    with core.db.read() as session:
        said = LocalRecord.kind == RecordKind.INTERACTION.value
        return [row.fields["text"] for row in session.scalars(select(LocalRecord).where(said))]


def one(core: Core, model: Any, *where: Any) -> Any:
    with core.db.read() as session:
        return session.scalars(select(model).where(*where).order_by(model.id.desc()).limit(1)).one()


def set_aside(core: Core, fault: Fault, reason: str, **values: Any) -> TimelineEntry:
    """The entry of what was said, refused."""
    entry: TimelineEntry = one(core, TimelineEntry, TimelineEntry.interaction_id == one(core, Interaction).id)
    with core.db.write("test.aside") as session:
        parked = {"state": EntryState.PARKED.value, "fault": fault.value, "reason": reason, "due_at": None}
        session.execute(update(TimelineEntry).where(TimelineEntry.id == entry.id).values(**parked, **values))
    return entry


@pytest.mark.parametrize("role", ["steward", "rep"])
def test_only_an_admin_sees_what_is_written(browse: Browse, role: str) -> None:
    browser = browse(role)
    for path in (PAGE, f"{PAGE}/errors/value", f"{PAGE}/errors/all.csv"):
        browser.get(path, 403)
    assert 'href="/writing"' not in browser.get("/")


def test_the_page_tells_what_waits_and_its_calls(browse: Browse, contact: UUID) -> None:
    page = browse("admin").get(PAGE)
    assert "To be written" in page
    assert "no limit" in page
    assert "Everything, by itself, within seconds." in page


def test_a_plan_of_one_contact_is_made_looked_at_approved_and_carried_out(
    browse: Browse, core: Core, contact: UUID
) -> None:
    admin = browse("admin")
    assert admin.post(PAGE, f"{PAGE}/mode", mode="plans").status_code == 302
    assert "Only plans that were approved." in admin.get(PAGE)
    path = admin.post(f"/contacts/{contact}", f"{PAGE}/plans", contact=str(contact)).location
    assert "It is being made." in admin.get(path)
    work(core, "plan", None)
    work(core, "deliver", None)
    page = admin.get(path)
    assert "Waits for approval" in page
    assert "Where is my &lt;b&gt;parcel&lt;/b&gt;?" in page
    assert texts(core) == []
    assert admin.post(path, path, act="approve").status_code == 302
    work(core, "plan", None)
    assert texts(core) == [SAID]
    assert "Carried out" in admin.get(path)
    assert one(core, WritePlan).state == PlanState.DONE
    assert "Ada Example" in admin.get(PAGE)
    admin.post(PAGE, f"{PAGE}/mode", mode="everything")
    with core.db.read() as session:
        assert not session.get_one(CrmState, "local").is_planned


def test_a_plan_that_was_settled_already_is_shown_as_it_stands(browse: Browse, core: Core, contact: UUID) -> None:
    admin = browse("admin")
    path = admin.post(PAGE, f"{PAGE}/plans").location
    work(core, "plan", None)
    found = admin.get(path)
    assert "Discard" in found
    for _twice in range(2):
        admin.post(path, path, act="discard")
    assert "Somebody else was first" in admin.get(path)
    assert one(core, WritePlan).state == PlanState.DISCARDED


def test_steps_of_one_kind_are_shown_alone(browse: Browse, core: Core, contact: UUID) -> None:
    admin = browse("admin")
    path = admin.post(PAGE, f"{PAGE}/plans").location
    work(core, "plan", None)
    assert "parcel" in admin.get(f"{path}?action=create")
    assert "parcel" not in admin.get(f"{path}?action=skip")
    assert "parcel" in admin.get(f"{path}?action=nonsense&after=x")


@pytest.mark.parametrize("contact_id", ["nonsense", str(UUID(int=5))])
def test_there_is_no_plan_of_a_contact_that_is_none(browse: Browse, contact_id: str) -> None:
    assert browse("admin").post(PAGE, f"{PAGE}/plans", contact=contact_id).status_code == 404


def test_there_is_no_page_of_a_plan_that_is_none(browse: Browse) -> None:
    browse("admin").get(f"{PAGE}/plans/{UUID(int=5)}", 404)


def test_what_was_set_aside_is_explained_and_sent_again(browse: Browse, core: Core, contact: UUID) -> None:
    admin = browse("admin")
    entry = set_aside(core, Fault.VALUE, "subject: longer than 255 characters")
    assert "The CRM did not take" in admin.get("/")
    page = admin.get(PAGE)
    assert "A value does not fit" in page
    path = f"{PAGE}/errors/value"
    page = admin.get(path)
    assert "subject: longer than 255 characters" in page
    assert "Ada Example" in page
    assert admin.post(path, path, act="one", entry=str(entry.id)).status_code == 302
    assert "One entry is sent again." in admin.get(path)
    work(core, "deliver", None)
    assert texts(core) == [SAID]


def test_the_record_of_a_profile_that_was_refused_is_named_as_one(browse: Browse, core: Core, contact: UUID) -> None:
    entry = one(core, TimelineEntry, TimelineEntry.kind == RecordKind.PROFILE.value)
    with core.db.write("test.aside") as session:
        parked = {"state": EntryState.PARKED.value, "fault": Fault.FIELD.value, "due_at": None}
        session.execute(update(TimelineEntry).where(TimelineEntry.id == entry.id).values(**parked))
    admin = browse("admin")
    page = admin.client.get(f"{PAGE}/errors/{Fault.FIELD.value}")
    assert page.status_code == 200
    assert "Bluesky, Profile" in page.text
    assert "profile" in admin.client.get(f"{PAGE}/errors/all.csv").text


def test_all_of_a_kind_are_sent_again(browse: Browse, core: Core, contact: UUID) -> None:
    admin = browse("admin")
    set_aside(core, Fault.RIGHTS, "no right")
    path = f"{PAGE}/errors/rights"
    admin.post(path, path, act="all")
    work(core, "deliver", None)
    assert texts(core) == [SAID]
    assert "Our user may not" not in admin.get(PAGE)


@pytest.mark.parametrize(("act", "left"), [("remove", []), ("leave", ["by somebody"])])
def test_what_somebody_edited_waits_for_a_decision(
    browse: Browse, core: Core, contact: UUID, act: str, left: list[str]
) -> None:
    admin = browse("admin")
    work(core, "deliver", None)
    with core.db.write("test.edit") as session:
        row = session.scalars(select(LocalRecord).where(LocalRecord.kind == RecordKind.INTERACTION.value)).one()
        row.fields = row.fields | {"text": "by somebody"}
    entry = set_aside(core, Fault.EDITED, "edited", is_wanted=False, version=2)
    path = f"{PAGE}/errors/edited"
    page = admin.get(path)
    assert "Remove it all the same" in page
    assert "Send all of them again" not in page
    admin.post(path, path, act=act, entry=str(entry.id))
    work(core, "deliver", None)
    assert texts(core) == left


@pytest.mark.parametrize(("fields", "status"), [({"act": "nonsense"}, 400), ({"act": "remove", "entry": "7"}, 302)])
def test_a_decision_that_is_none_changes_nothing(
    browse: Browse, core: Core, contact: UUID, fields: dict[str, str], status: int
) -> None:
    path = f"{PAGE}/errors/edited"
    set_aside(core, Fault.VALUE, "x")
    admin = browse("admin")
    # the kind has no entries, so the token is taken from elsewhere
    assert admin.post(PAGE, path, **fields).status_code == status
    assert one(core, TimelineEntry, TimelineEntry.fault == Fault.VALUE.value)


def test_the_export_is_a_file_that_runs_nothing(browse: Browse, core: Core, contact: UUID) -> None:
    set_aside(core, Fault.OTHER, '=HYPERLINK("http://evil.example")')
    answer = browse("admin").client.get(f"{PAGE}/errors/all.csv")
    assert answer.mimetype == "text/csv"
    assert "attachment" in answer.headers["Content-Disposition"]
    assert "'=HYPERLINK" in answer.get_data(as_text=True)


def test_there_is_no_kind_that_nobody_knows(browse: Browse) -> None:
    browse("admin").get(f"{PAGE}/errors/nonsense", 404)


def test_the_pages_speak_german(browse: Browse, core: Core, contact: UUID) -> None:
    set_aside(core, Fault.DUPLICATE, "x")
    admin = browse("admin")
    admin.post(PAGE, "/language", language="de")
    with core.db.write("test.language") as session:
        session.execute(update(User).values(locale="de"))
    assert "Für ein Duplikat gehalten" in admin.get(PAGE)


# what the CRM did with contacts


def test_a_steward_sees_a_merge_and_the_way_to_undo_its_effect(browse: Browse, core: Core, contact: UUID) -> None:
    with core.db.write("test.merge") as session:
        other = make_contact(session, full_name="Ada Example-Muster")
        loser = session.scalars(select(Contact).where(Contact.public_id == contact)).one()
        session.add(
            ContactTurn(contact_id=loser.id, turn=Turn.MERGED.value, into_id=other.id, at=core.db.clock.now())
        )
        into = other.public_id
    steward = browse("steward")
    assert 'href="/contacts/turns"' in steward.get("/contacts")
    page = steward.get("/contacts/turns")
    assert "Merged" in page
    assert f'href="/contacts/{into}"' in page
    assert "/unlink/" in page
    browse("rep").get("/contacts/turns", 403)


def test_nothing_happened_says_so(client: FlaskClient, app: Flask, browse: Browse) -> None:
    assert "No contact was merged or deleted" in browse("steward").get("/contacts/turns")


def recalling(core: Core, user_id: int | None, steps: int) -> str:
    """A plan that is ready and takes so many records out of the CRM."""
    with core.db.write("test.recall") as session:
        row = plans.order(session, "local", core.db.clock.now(), user_id=user_id)
        row.state, row.due_at = PlanState.READY.value, None
        profile, someone = make_profile(session), make_contact(session)
        for number in range(steps):
            said = make_interaction(session, profile, native_id=f"{row.public_id}-{number}")
            entry = TimelineEntry(
                crm_id="local",
                external_key=f"{row.public_id}-{number}",
                interaction_id=said.id,
                contact_id=someone.id,
            )
            session.add(entry)
            session.flush()
            told = {"entry_id": entry.id, "contact_id": someone.id, "version": 1, "digest": f"{number}"}
            session.add(PlanStep(plan_id=row.id, action=StepAction.WITHDRAW.value, **told))
        session.flush()
        row.digest = plans._digest_of(session, row.id)
        return f"{PAGE}/plans/{row.public_id}"


def test_a_mass_recall_needs_a_second_admin_where_four_eyes_are_asked_for(
    browse: Browse, core: Core, seeded: Seeded
) -> None:
    admin = browse("admin")
    with core.db.write("test.second") as session:
        set_four_eyes(session, wanted=True, user_id=None, now=core.db.clock.now())
        other = make_user(session, role="admin")
    mine, small = recalling(core, seeded.admin.id, plans.MASS), recalling(core, seeded.admin.id, plans.MASS - 1)
    theirs = recalling(core, other.id, plans.MASS)

    def state(path: str) -> str:
        with core.db.read() as session:
            row = session.scalars(select(WritePlan).where(WritePlan.public_id == UUID(path.rpartition("/")[2]))).one()
        return row.state

    admin.post(mine, mine, act="approve")
    assert "A second admin has to approve" in admin.get(mine)
    assert state(mine) == PlanState.READY
    for path in (small, theirs):
        admin.post(path, path, act="approve")
        assert state(path) == PlanState.APPROVED
    with core.db.write("test.command") as session, pytest.raises(InputError):
        plans.approve(session, UUID(mine.rpartition("/")[2]), core.db.clock.now(), four_eyes=True)
    with core.db.write("test.off") as session:
        set_four_eyes(session, wanted=False, user_id=None, now=core.db.clock.now())
    admin.post(mine, mine, act="approve")
    assert state(mine) == PlanState.APPROVED
