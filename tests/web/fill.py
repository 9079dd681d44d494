"""Adds to the seeded database one of everything else that a page can show."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from scrm.models import (
    ApiToken,
    ArchiveFile,
    AuditEntry,
    Community,
    Connection,
    Contact,
    ContactTurn,
    CoverageGap,
    InboxItem,
    Interaction,
    Membership,
    TimelineEntry,
    Turn,
    uuid7,
)
from scrm.runtime import Core
from scrm.sync import plan as plans
from scrm.sync.crm.local import LocalCrm
from scrm.sync.plan_run import advance
from scrm.sync.webhook import make_endpoint
from scrm.web.people import open_session
from tests.web.seed import Seeded


def fill(core: Core, seeded: Seeded) -> None:
    """One of everything."""
    now = core.db.clock.now()
    with core.db.write("test.fill") as session:
        connection = session.scalars(select(Connection)).one()
        _community(session, seeded, connection, now)
        make_endpoint(session, core.vault, "crm", "local", now)
        open_session(session, seeded.rep.id, now)
        session.add_all(
            [
                CoverageGap(
                    connection_id=connection.id,
                    stream="notes",
                    since=now - timedelta(days=4),
                    until=now - timedelta(days=2),
                    found_at=now,
                    reason="The access was not valid.",
                ),
                ApiToken(
                    public_id=uuid7(),
                    name="CRM",
                    token_hash="x",
                    role="rep",
                    scopes=["contacts:read"],
                    created_at=now,
                ),
                AuditEntry(
                    at=now,
                    user_id=seeded.admin.id,
                    action="connection.paused",
                    object=f"connection/{connection.public_id}",
                    before={"state": "active"},
                    after={"state": "paused"},
                ),
                InboxItem(
                    endpoint="crm",
                    delivery_key="msg_1",
                    received_at=now,
                    state="quarantined",
                    reason="contact.id: expected a text",
                    attempts=5,
                    done_at=now,
                ),
                ArchiveFile(
                    public_id=uuid7(),
                    name="archive.zip",
                    size=1_000_000,
                    network="harbor",
                    state="done",
                    user_id=seeded.admin.id,
                    added_at=now,
                    done_at=now,
                ),
            ]
        )
    planned(core)


def _community(session: Session, seeded: Seeded, connection: Connection, now: Any) -> None:
    community = Community(
        public_id=uuid7(),
        network="harbor",
        native_id="g1",
        connection_id=connection.id,
        name="Wärmepumpen-Werkstatt",
        url="https://harbor.example/g/1",
        description="Fragen zu Wärmepumpen",
        visibility="closed",
        first_seen_at=now,
        updated_at=now,
    )
    session.add(community)
    session.flush()
    for profile in (*seeded.linked, *seeded.waiting):
        session.add(
            Membership(
                community_id=community.id, profile_id=profile.id, role="member", first_seen_at=now, listed_at=now
            )
        )
        newest = (
            select(Interaction.id)
            .where(Interaction.profile_id == profile.id)
            .order_by(Interaction.id.desc())
            .limit(1)
        )
        session.execute(
            update(Interaction)
            .where(Interaction.id.in_(newest), Interaction.native_id.not_like("t%"))
            .values(community_id=community.id, audience="community")
        )


def planned(core: Core) -> UUID:
    """A plan of all that waits in the seeded installation, with a turn and an entry that was set aside."""
    now = core.db.clock.now()
    with core.db.write("test.planned_all") as session:
        plan = plans.order(session, "local", now).public_id
        first, second = session.scalars(select(Contact.id).order_by(Contact.id).limit(2))
        session.add(ContactTurn(contact_id=first, turn=Turn.MERGED.value, into_id=second, at=now))
        waiting = select(TimelineEntry.id).where(TimelineEntry.state == "todo").limit(1)
        aside = {"state": "parked", "fault": "value", "reason": "subject: longer than 255 characters"}
        session.execute(update(TimelineEntry).where(TimelineEntry.id.in_(waiting)).values(**aside))
    while advance(core, LocalCrm(core.db)):
        pass
    return plan
