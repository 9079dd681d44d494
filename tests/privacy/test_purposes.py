"""What is done with a profile rests on its purposes and on consent: recorded, ended, run out, allowed or not."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from scrm.clock import FakeClock
from scrm.errors import InputError
from scrm.matching.blocking import rekey_due
from scrm.matching.candidates import match_due
from scrm.models import (
    AuditEntry,
    Basis,
    Consent,
    EntryState,
    Ground,
    Interaction,
    Link,
    LocalContact,
    LocalLedger,
    LocalRecord,
    Profile,
    Purpose,
    TimelineEntry,
)
from scrm.privacy import end_due
from scrm.privacy.grounds_file import import_grounds
from scrm.purposes import NEEDED, NO_PURPOSE, OTHER_PURPOSE, Entry, end, end_consents, record, set_rules
from scrm.runtime import Core
from scrm.sync.audience import spread_due
from scrm.sync.crm.local import LocalCrm
from scrm.sync.outbox import deliver
from scrm.sync.timeline import expand_due
from tests.factories import make_contact, make_interaction, make_profile

MAIL = "ada.muster@firma.example"
SURE: dict[str, Any] = {"display_name": "Ada Mustermann-Beispiel", "email": MAIL, "email_verified": True}


def person(core: Core, network: str) -> int:
    """A contact, and a profile on a network that shows the same verified address and said something."""
    now = core.db.clock.now()
    with core.db.write("test.person") as session:
        kept = LocalContact(source_id="1", fields={"full_name": "Ada"}, seq=1, updated_at=now)
        session.add(kept)
        session.flush()
        make_contact(
            session,
            native_id=str(kept.id),
            full_name="Ada Mustermann-Beispiel",
            emails=[MAIL],
            updated_at=now,
            key_due_at=now,
        )
        profile = make_profile(session, network=network, match_due_at=now, **SURE)
        make_interaction(session, profile, checked_at=now, text="Ein Kommentar")
        return profile.id


def settle(core: Core) -> None:
    while rekey_due(core):
        pass
    while match_due(core):
        pass
    while spread_due(core):
        pass
    while expand_due(core):
        pass
    deliver(core, LocalCrm(core.db))


def note(core: Core, profile_id: int, **values: Any) -> int:
    now = core.db.clock.now()
    entry = Entry(**{"basis": Basis.CONSENT, "source": "form", "given_at": now, **values})
    with core.db.write("test.note") as session:
        return record(session, profile_id, entry, now).id


def said(core: Core) -> int:
    """How many records of interactions the CRM holds."""
    with core.db.read() as session:
        return session.scalar(select(func.count()).where(LocalRecord.kind == "interaction")) or 0


def reason(core: Core) -> str | None:
    with core.db.read() as session:
        query = select(TimelineEntry).where(TimelineEntry.interaction_id.is_not(None))
        entry = session.scalars(query).one()
        return entry.reason if entry.state == EntryState.HELD else None


def test_a_sure_match_on_linkedin_costs_the_crm_not_one_call(core: Core) -> None:
    profile = person(core, "linkedin")
    settle(core)
    note(core, profile, purpose=Purpose.SALES)
    settle(core)
    with core.db.read() as session:
        assert session.get(Link, profile) is None
        assert session.scalar(select(func.count()).select_from(LocalLedger)) == 0


def test_consent_at_x_brings_link_and_entries_and_its_withdrawal_takes_them_back(core: Core) -> None:
    profile = person(core, "x")
    settle(core)
    assert said(core) == 0
    note(core, profile)
    settle(core)
    with core.db.read() as session:
        assert session.get(Link, profile) is not None
    assert said(core) == 1
    with core.db.write("test.end") as session:
        end_consents(session, profile, None, core.db.clock.now())
    settle(core)
    with core.db.read() as session:
        assert session.get(Link, profile) is None
        assert session.get(Consent, profile) is None
    assert said(core) == 0


def test_consent_that_runs_out_takes_back_what_rested_on_it(core: Core, clock: FakeClock) -> None:
    profile = person(core, "x")
    note(core, profile, expires_at=clock.now() + timedelta(minutes=20))
    settle(core)
    assert said(core) == 1
    clock.advance(19 * 60)
    assert not end_due(core)
    settle(core)
    assert said(core) == 1
    clock.advance(2 * 60)
    end_due(core)
    settle(core)
    assert said(core) == 0
    with core.db.read() as session:
        assert session.scalars(select(Ground.ended_at)).all() == [clock.now()]


def test_a_purpose_that_does_not_cover_the_crm_holds_and_one_that_does_releases(core: Core) -> None:
    profile = person(core, "mastodon")
    settle(core)
    assert said(core) == 1
    talk = note(core, profile, purpose=Purpose.COMMUNITY, basis=Basis.INTEREST)
    settle(core)
    assert (said(core), reason(core)) == (0, OTHER_PURPOSE)
    note(core, profile, purpose=Purpose.SALES)
    settle(core)
    assert said(core) == 1
    with core.db.write("test.end") as session:
        end_consents(session, profile, None, core.db.clock.now())
        end(session, session.get_one(Ground, talk), None, core.db.clock.now())
    settle(core)
    assert (said(core), reason(core)) == (0, NO_PURPOSE)  # what had a purpose does not go on without one


def test_what_the_admin_allows_at_a_network_releases_and_withdraws(core: Core) -> None:
    profile = person(core, "mastodon")
    settle(core)

    def allow(**wanted: bool) -> None:
        rule = {"support": True, "sales": True, "community": False, NEEDED: False} | wanted
        with core.db.write("test.rules") as session:
            set_rules(session, "mastodon", rule, None, core.db.clock.now())
        settle(core)

    allow(**{NEEDED: True})
    assert (said(core), reason(core)) == (0, NO_PURPOSE)
    note(core, profile, purpose=Purpose.SUPPORT, basis=Basis.CONTRACT)
    settle(core)
    assert said(core) == 1
    allow(support=False)
    assert (said(core), reason(core)) == (0, OTHER_PURPOSE)
    allow(support=True)
    assert said(core) == 1
    with core.db.read() as session:
        changes = session.scalars(select(AuditEntry).where(AuditEntry.action == "purposes.changed")).all()
    assert [row.before["support"] for row in changes if row.before] == [True, True, False]


def test_an_entry_needs_a_source_and_must_end_after_it_begins(core: Core, clock: FakeClock) -> None:
    profile = person(core, "mastodon")
    with pytest.raises(InputError):
        note(core, profile, source="  ")
    with pytest.raises(InputError):
        note(core, profile, expires_at=clock.now())


def test_a_file_of_grounds_is_taken_row_by_row(core: Core, tmp_path: Path) -> None:
    profile = person(core, "x")
    with core.db.read() as session:
        handle = session.get_one(Profile, profile).handle
    file = tmp_path / "grounds.csv"
    file.write_text(
        "network,account,purpose,basis,source,given_on,until\n"
        f"x,@{handle},sales,consent,Formular 7,2026-02-01,2027-02-01\n"
        "x,nobody,sales,consent,form,,\n"
        f"x,{handle},dancing,consent,form,,\n"
        f"x,{handle},sales,consent,form,soon,\n",
        encoding="utf-8",
    )
    report = import_grounds(core, file)
    assert (report.recorded, [line for line, _why in report.rejected]) == (1, [3, 4, 5])
    import_grounds(core, file)
    with core.db.read() as session:
        rows = session.scalars(select(Ground).order_by(Ground.id)).all()
        assert [row.ended_at is None for row in rows] == [False, True]
        assert session.get(Consent, profile) is not None
        assert session.scalars(select(Interaction.id)).all()


def test_a_file_without_its_columns_is_refused(core: Core, tmp_path: Path) -> None:
    file = tmp_path / "grounds.csv"
    file.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(InputError):
        import_grounds(core, file)
