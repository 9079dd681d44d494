"""Contacts and profiles in a database, as pull and ingest leave them, and matching until nothing is due."""

from typing import Any

from sqlalchemy import select

from scrm.matching.blocking import rekey_due
from scrm.matching.candidates import match_due
from scrm.matching.judgments import Decision, decide, derive
from scrm.matching.load import active_model, add_shipped_model
from scrm.models import Candidate, Contact, Judge, Judgment, Link, MatchKey, Profile, Side, Verdict
from scrm.runtime import Core
from tests.factories import make_candidate, make_contact, make_profile

ADA = {"full_name": "Ada Quickenborough", "first_name": "Ada", "last_name": "Quickenborough"}
ADAS_MAIL = "ada@quickenborough.example"
CERTAIN = {"display_name": "Ada Quickenborough", "email": ADAS_MAIL, "email_verified": True}


class Workshop:
    """A core and short words for what happens to contacts and profiles."""

    def __init__(self, core: Core) -> None:
        self.core, self.db = core, core.db

    def contact(self, **values: Any) -> int:
        with self.db.write("test.contact") as session:
            return make_contact(session, key_due_at=self.db.clock.now(), **{**ADA, **values}).id

    def change(self, contact_id: int, **values: Any) -> None:
        """Change a contact as a pull does: a new version, to be keyed again."""
        with self.db.write("test.change") as session:
            row = session.get_one(Contact, contact_id)
            for name, value in values.items():
                setattr(row, name, value)
            row.version += 1
            row.key_due_at = self.db.clock.now()

    def profile(self, **values: Any) -> int:
        with self.db.write("test.profile") as session:
            defaults = {"network": "bluesky", "handle": "zz.bsky.example", "match_due_at": self.db.clock.now()}
            return make_profile(session, **{**defaults, **values}).id

    def change_profile(self, profile_id: int, **values: Any) -> None:
        """Change a profile as a reading does."""
        with self.db.write("test.change_profile") as session:
            row = session.get_one(Profile, profile_id)
            for name, value in values.items():
                setattr(row, name, value)
            row.match_due_at = self.db.clock.now()
            row.match_generation += 1

    def judge(self, profile_id: int, contact_id: int | None, verdict: Verdict) -> int:
        decision = Decision(
            profile_id=profile_id, contact_id=contact_id, verdict=verdict, judge=Judge.STEWARD, seen_judgment_id=-1
        )
        with self.db.write("test.judge") as session:
            return decide(session, self.db.clock.now(), decision).id

    def waits(self, profile_id: int, contact_id: int, level: str = "exact") -> None:
        """Put a profile in the queue with one candidate, whose surname speaks for it."""
        evidence = [
            {"rule": "prior", "level": "prior", "bits": -8.0, "message": "", "params": {}},
            {"rule": "surname", "level": level, "bits": 9.0, "message": "", "params": {}},
        ]
        with self.db.write("test.waits") as session:
            row = session.get_one(Profile, profile_id)
            contact = session.get_one(Contact, contact_id)
            found = active_model(session)
            if found is None:
                add_shipped_model(session, self.db.clock.now())
                session.flush()
            make_candidate(
                session,
                row,
                contact,
                bits=1.0,
                probability=2 / 3,
                evidence=evidence,
                computed_at=self.db.clock.now(),
                model_id=(found or active_model(session))[0],
            )
            derive(session, self.db.clock.now(), row)

    def settle(self) -> None:
        """Key and match until nothing is due."""
        for step in (rekey_due, match_due):
            rounds = 0
            while step(self.core):
                rounds += 1
                assert rounds < 100, "it does not end"

    def again(self, profile_id: int) -> None:
        """Match one profile again, for whatever reason."""
        self.change_profile(profile_id)
        self.settle()

    def state(self, profile_id: int) -> str:
        with self.db.read() as session:
            return session.get_one(Profile, profile_id).match_state

    def is_due(self, profile_id: int) -> bool:
        with self.db.read() as session:
            return session.get_one(Profile, profile_id).match_due_at is not None

    def linked(self, profile_id: int) -> int | None:
        with self.db.read() as session:
            return session.scalar(select(Link.contact_id).where(Link.profile_id == profile_id))

    def candidates(self, profile_id: int) -> dict[int, Candidate]:
        with self.db.read() as session:
            rows = session.scalars(select(Candidate).where(Candidate.profile_id == profile_id))
            return {row.contact_id: row for row in rows}

    def judges(self, profile_id: int) -> list[str]:
        with self.db.read() as session:
            mine = select(Judgment.judge).where(Judgment.profile_id == profile_id).order_by(Judgment.id)
            return list(session.scalars(mine))

    def keys(self, side: Side, owner_id: int) -> set[int]:
        with self.db.read() as session:
            mine = (MatchKey.side == side.value) & (MatchKey.owner_id == owner_id)
            return set(session.scalars(select(MatchKey.key).where(mine)))
