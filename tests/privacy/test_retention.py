"""What expired goes: raw records, texts, entries in the CRM, sessions, old deliveries; and nothing else."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from scrm.clock import FakeClock
from scrm.db import Database
from scrm.matching.judgments import Decision, decide
from scrm.models import (
    Delivery,
    EntryState,
    HandleHistory,
    InboxItem,
    Interaction,
    Journal,
    Judge,
    LocalContact,
    LocalRecord,
    Profile,
    RawRecord,
    RecordKind,
    Run,
    SignInLink,
    TimelineDue,
    TimelineEntry,
    Verdict,
    WebSession,
)
from scrm.privacy.retention import DELIVERY_DAYS, INBOX_DAYS, PORTION, RUN_DAYS, purge
from scrm.records import Key
from scrm.runtime import Core
from scrm.sync.crm.local import LocalCrm
from scrm.sync.outbox import deliver
from scrm.sync.timeline import expand_due
from scrm.vault import Vault
from tests.factories import make_connection, make_contact, make_interaction, make_profile, make_user

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PAST, FUTURE = NOW - timedelta(seconds=1), NOW + timedelta(seconds=1)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOW)


@pytest.fixture
def core(core: Core, clock: FakeClock) -> Any:
    db = Database(core.settings.database, clock=clock)
    yield Core(settings=core.settings, db=db, vault=Vault.load("", core.settings.state_dir))
    db.close()


def add(session: Session, *rows: object) -> None:
    session.add_all(rows)
    session.flush()


def count(core: Core, model: type) -> int:
    with core.db.read() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def raw(connection_id: int, number: int, expires_at: datetime, **values: Any) -> RawRecord:
    return RawRecord(
        connection_id=connection_id,
        stream="notifications",
        digest=number.to_bytes(16, "big"),
        network="mastodon",
        body="{}",
        received_at=NOW - timedelta(days=30),
        expires_at=expires_at,
        **values,
    )


def entry(interaction: Interaction, contact_id: int, **values: Any) -> TimelineEntry:
    defaults = {
        "crm_id": "local",
        "external_key": f"1-{interaction.id}",
        "interaction_id": interaction.id,
        "contact_id": contact_id,
        "is_wanted": False,
        "interaction_version": 2,
        "state": EntryState.DONE,
    }
    return TimelineEntry(**{**defaults, **values})


def test_raw_records_go_when_their_time_is_over_also_quarantined_ones(core: Core) -> None:
    with core.db.write("test.raw") as session:
        owner = make_connection(session).id
        add(session, raw(owner, 1, PAST), raw(owner, 2, PAST, quarantine="account.id: expected a text"))
        add(session, raw(owner, 3, NOW), raw(owner, 4, FUTURE))
    assert purge(core) is False
    with core.db.read() as session:
        assert session.scalars(select(RawRecord.expires_at).order_by(RawRecord.id)).all() == [NOW, FUTURE]


def test_more_than_a_portion_takes_several_turns(core: Core) -> None:
    with core.db.write("test.raw") as session:
        owner = make_connection(session).id
        add(session, *(raw(owner, number, PAST) for number in range(PORTION + 1)))
    assert purge(core) is True
    assert count(core, RawRecord) == 1
    assert purge(core) is False
    assert count(core, RawRecord) == 0


def test_an_expired_interaction_loses_its_text_and_its_timeline_is_due(core: Core) -> None:
    with core.db.write("test.texts") as session:
        profile = make_profile(session)
        stays = make_interaction(session, profile, expires_at=FUTURE, url="https://social.example/1").id
        for_ever = make_interaction(session, profile, expires_at=None).id
        expired = make_interaction(session, profile, expires_at=PAST, url="https://social.example/2", version=3).id
        of_nobody = make_interaction(session, profile, expires_at=PAST, party_id=None).id
        profile_id = profile.id
    purge(core)
    with core.db.read() as session:
        row = session.get_one(Interaction, expired)
        assert (row.text, row.url, row.deleted_at, row.version) == (None, None, NOW, 4)
        assert session.get_one(Interaction, of_nobody).text is None
        assert session.get_one(Interaction, stays).text
        assert session.get_one(Interaction, for_ever).text
        assert session.scalars(select(TimelineDue.profile_id)).all() == [profile_id]


def test_blanking_happens_once(core: Core, clock: FakeClock) -> None:
    with core.db.write("test.texts") as session:
        expired = make_interaction(session, make_profile(session), expires_at=PAST).id
    purge(core)
    clock.advance(3600)
    purge(core)
    with core.db.read() as session:
        row = session.get_one(Interaction, expired)
        assert (row.version, row.deleted_at) == (2, NOW)
        assert session.scalars(select(TimelineDue.changes)).all() == [1]


def blanked(session: Session, **values: Any) -> Interaction:
    """An interaction that lost its text two days ago."""
    long_ago = NOW - timedelta(days=2)
    profile = make_profile(session)
    return make_interaction(
        session, profile, **{"expires_at": long_ago, "deleted_at": long_ago, "text": None, "version": 2, **values}
    )


def test_the_row_goes_with_all_that_hangs_on_it_when_the_crm_no_longer_holds_it(core: Core) -> None:
    with core.db.write("test.withdrawn") as session:
        interaction = blanked(session)
        blanked(session)  # never had an entry
        contact_id = make_contact(session).id
        row = entry(interaction, contact_id)
        add(session, row)
        add(
            session,
            Delivery(entry_id=row.id, version=1, started_at=NOW, ended_at=NOW, outcome="withdrawn"),
            Journal(
                crm_id="local",
                entry_id=row.id,
                contact_id=contact_id,
                record_id="r1",
                version=1,
                operation="created",
                after={"text": "Hello"},
                at=NOW,
            ),
        )
    purge(core)
    assert [count(core, model) for model in (Interaction, TimelineEntry, Delivery, Journal)] == [0, 0, 0, 0]


@pytest.mark.parametrize(
    "values",
    [
        {"is_wanted": True},
        {"state": EntryState.TODO},
        {"state": EntryState.PARKED},
        {"state": EntryState.HELD, "is_wanted": True},
    ],
)
def test_the_row_stays_while_the_crm_may_hold_it(core: Core, values: dict[str, Any]) -> None:
    with core.db.write("test.held") as session:
        add(session, entry(blanked(session), make_contact(session).id, **values))
    purge(core)
    assert (count(core, Interaction), count(core, TimelineEntry)) == (1, 1)


def test_the_row_stays_while_one_of_two_crms_holds_it(core: Core) -> None:
    with core.db.write("test.two") as session:
        interaction, contact_id = blanked(session), make_contact(session).id
        add(session, entry(interaction, contact_id))
        add(session, entry(interaction, contact_id, crm_id="other", state=EntryState.TODO))
    purge(core)
    assert (count(core, Interaction), count(core, TimelineEntry)) == (1, 2)


@pytest.mark.parametrize(
    "values", [{"deleted_at": NOW - timedelta(hours=23)}, {"expires_at": None}, {"expires_at": FUTURE}]
)
def test_a_deleted_interaction_is_remembered_until_its_time_is_over(core: Core, values: dict[str, Any]) -> None:
    """Else an archive or a late page would bring it back."""
    with core.db.write("test.tombstone") as session:
        blanked(session, **values)
    purge(core)
    assert count(core, Interaction) == 1


def in_crm(core: Core, key: str) -> int:
    with core.db.read() as session:
        return len(session.scalars(select(LocalRecord).where(LocalRecord.external_key == key)).all())


def linked_speaker(session: Session, **profile_values: Any) -> Profile:
    """A profile that a steward linked to a contact of the built-in CRM."""
    kept = LocalContact(source_id="1", fields={"full_name": "Erika Beispiel"}, seq=1, updated_at=NOW)
    add(session, kept)
    profile, contact = make_profile(session, **profile_values), make_contact(session, native_id=str(kept.id))
    decide(
        session,
        NOW,
        Decision(
            profile_id=profile.id,
            contact_id=contact.id,
            verdict=Verdict.POSITIVE,
            judge=Judge.STEWARD,
            user_id=make_user(session).id,
        ),
    )
    return profile


def write_to_crm(core: Core) -> None:
    while expand_due(core):
        pass
    deliver(core, LocalCrm(core.db))


def test_an_expired_interaction_leaves_the_crm_and_then_the_database(core: Core, clock: FakeClock) -> None:
    with core.db.write("test.linked") as session:
        interaction = make_interaction(session, linked_speaker(session), expires_at=NOW + timedelta(hours=1))
        key = Key(network=interaction.network, native_id=interaction.native_id).external("interaction")
    write_to_crm(core)
    assert in_crm(core, key) == 1
    clock.advance(2 * 3600)
    purge(core)
    write_to_crm(core)
    assert in_crm(core, key) == 0
    assert count(core, Interaction) == 1
    clock.advance(2 * 86_400)
    purge(core)
    assert count(core, Interaction) == 0
    with core.db.read() as session:
        kinds = session.scalars(select(TimelineEntry.kind)).all()
        journaled = session.scalars(select(TimelineEntry.kind).join(Journal, Journal.entry_id == TimelineEntry.id))
        assert set(kinds) | set(journaled) == {RecordKind.PROFILE}  # the link stands, so its record does


def test_signed_in_browsers_and_sign_in_links_go_when_they_expire(core: Core) -> None:
    with core.db.write("test.sessions") as session:
        user = make_user(session).id
        for name, at in (("old", PAST), ("new", FUTURE)):
            add(session, WebSession(id_hash=name, user_id=user, created_at=PAST, seen_at=PAST, expires_at=at))
            add(session, SignInLink(token_hash=name, user_id=user, expires_at=at))
    purge(core)
    with core.db.read() as session:
        assert session.scalars(select(WebSession.id_hash)).all() == ["new"]
        assert session.scalars(select(SignInLink.token_hash)).all() == ["new"]


def test_deliveries_received_are_remembered_for_a_while_and_what_is_to_do_stays(core: Core) -> None:
    long_ago = NOW - timedelta(days=INBOX_DAYS, seconds=1)

    def item(name: str, state: str, done_at: datetime | None) -> InboxItem:
        return InboxItem(endpoint="crm", delivery_key=name, received_at=long_ago, state=state, done_at=done_at)

    with core.db.write("test.inbox") as session:
        add(session, item("done", "done", long_ago), item("unreadable", "quarantined", long_ago))
        add(session, item("recent", "done", PAST), item("waiting", "todo", None))
    purge(core)
    with core.db.read() as session:
        assert session.scalars(select(InboxItem.delivery_key).order_by(InboxItem.id)).all() == ["recent", "waiting"]


def test_old_runs_go_also_those_that_a_killed_process_never_ended(core: Core) -> None:
    long_ago = NOW - timedelta(days=RUN_DAYS, seconds=1)
    with core.db.write("test.runs") as session:
        owner = make_connection(session).id
        add(
            session,
            Run(connection_id=owner, stream="a", started_at=long_ago, ended_at=long_ago, outcome="done"),
            Run(connection_id=owner, stream="killed", started_at=long_ago),
            Run(connection_id=owner, stream="recent", started_at=PAST, ended_at=PAST, outcome="done"),
        )
    purge(core)
    with core.db.read() as session:
        assert session.scalars(select(Run.stream)).all() == ["recent"]


def test_old_attempts_go_and_their_entry_and_its_journal_stay(core: Core) -> None:
    long_ago = NOW - timedelta(days=DELIVERY_DAYS, seconds=1)
    with core.db.write("test.attempts") as session:
        row = entry(make_interaction(session, make_profile(session)), make_contact(session).id, is_wanted=True)
        add(session, row)
        for at in (long_ago, PAST):
            add(session, Delivery(entry_id=row.id, version=1, started_at=at, ended_at=at, outcome="written"))
    purge(core)
    with core.db.read() as session:
        assert session.scalars(select(Delivery.ended_at)).all() == [PAST]
    assert count(core, TimelineEntry) == 1


def test_nothing_to_do_changes_nothing(core: Core) -> None:
    with core.db.write("test.fresh") as session:
        make_interaction(session, make_profile(session))
        add(session, raw(make_connection(session).id, 1, FUTURE))
    assert purge(core) is False
    assert (count(core, Interaction), count(core, RawRecord), count(core, TimelineDue)) == (1, 1, 0)


def test_a_profile_whose_time_is_over_is_blanked_with_all_that_was_made_of_it(core: Core) -> None:
    with core.db.write("test.rows") as session:
        connection = make_connection(session).id
        over = make_profile(session, native_id="over", bio="About me", expires_at=PAST).id
        stays = make_profile(session, native_id="stays", bio="About me", expires_at=FUTURE).id
        add(session, HandleHistory(profile_id=over, handle="p", first_seen_at=PAST, last_seen_at=PAST))
        add(session, raw(connection, 1, FUTURE, author_id="over"), raw(connection, 2, FUTURE, author_id="stays"))
        said = make_interaction(session, session.get_one(Profile, over)).id
    while purge(core):
        pass
    with core.db.read() as session:
        blank, kept = session.get_one(Profile, over), session.get_one(Profile, stays)
        shown = (blank.handle, blank.display_name, blank.url, blank.bio, blank.links, blank.expires_at)
        assert shown == (None, None, None, None, [], None)
        assert blank.match_due_at == NOW
        assert (kept.bio, kept.expires_at) == ("About me", FUTURE)
        assert session.get_one(Interaction, said).version == 2
        assert session.scalars(select(RawRecord.author_id)).all() == ["stays"]
    assert count(core, HandleHistory) == 0


def test_what_the_crm_shows_of_a_blanked_profile_is_written_anew(core: Core, clock: FakeClock) -> None:
    with core.db.write("test.linked") as session:
        speaker = linked_speaker(session, display_name="Ada Quickenborough", expires_at=FUTURE)
        make_interaction(session, speaker, text="Hello")
    write_to_crm(core)
    assert [row["author"] for row in fields_in_crm(core)] == ["Ada Quickenborough"]
    assert [row["display_name"] for row in fields_in_crm(core, RecordKind.PROFILE)] == ["Ada Quickenborough"]
    clock.advance(60)
    purge(core)
    write_to_crm(core)
    assert [(row["author"], row["handle"], row["text"]) for row in fields_in_crm(core)] == [("", "", "Hello")]
    assert fields_in_crm(core, RecordKind.PROFILE) == []
    with core.db.read() as session:
        assert "Quickenborough" not in str([(row.before, row.after) for row in session.scalars(of_profiles())])


def of_profiles() -> Select[Journal]:
    mine = TimelineEntry.kind == RecordKind.PROFILE.value
    return select(Journal).join(TimelineEntry, TimelineEntry.id == Journal.entry_id).where(mine)


def fields_in_crm(core: Core, kind: RecordKind = RecordKind.INTERACTION) -> list[dict[str, Any]]:
    with core.db.read() as session:
        return list(session.scalars(select(LocalRecord.fields).where(LocalRecord.kind == kind.value)))
