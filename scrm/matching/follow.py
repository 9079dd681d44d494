"""An installation that never chose a version of the match model follows the one that is shipped.

Weights that come with an update are compared with those in force on the installation's own judgments; where these say
that the new ones are worse, the version is stored and not put in force. A version that was learned, or that somebody
put in force by hand, is never replaced: `scrm model list` shows what there is.
"""

import json
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from scrm.matching.evaluate import Quality, measure
from scrm.matching.learning import FEWEST
from scrm.matching.load import active_row, count_all
from scrm.matching.model import SHIPPED, MatchModel, completed, from_json
from scrm.matching.versions import known_profiles, matches_of, truth_of
from scrm.models import AuditEntry, MatchModelRow
from scrm.runtime import Core

MOST = 1000  # judged profiles that a comparison looks at, the newest
WORSE = 0.01  # of F1; less is chance
NAME = f"{SHIPPED.name}-{SHIPPED.version}"
FOLLOWED, REFUSED = "model.followed", "model.not_followed"


@dataclass(frozen=True, kw_only=True)
class _Tried:
    """How the model in force and the shipped one do on profiles that people judged."""

    judged: int = 0
    before: float = 0.0
    after: float = 0.0

    @property
    def is_worse(self) -> bool:
        return self.judged >= FEWEST and self.after < self.before - WORSE


def former(session: Session) -> MatchModelRow | None:
    """The shipped version in force that this release has newer weights for; None where nothing is to be done."""
    row = active_row(session)
    if row is None or row.name == NAME or not row.name.startswith(f"{SHIPPED.name}-"):
        return None
    if row.activated_at != row.created_at or int(row.body.get("version", 0)) >= SHIPPED.version:
        return None  # put in force by hand, or of a later release
    was_tried = session.scalar(select(MatchModelRow.id).where(MatchModelRow.name == NAME).limit(1)) is not None
    return None if was_tried else row


def follow_shipped(core: Core) -> bool:
    """Compare the shipped weights with older ones and put them in force; False where nothing was to be done."""
    with core.db.read() as session:
        row = former(session)
        if row is None:
            return False
        tried = _try(session, completed(from_json(json.dumps(row.body))))
    with core.db.write("matching.follow") as session:
        now = core.db.clock.now()
        again = former(session)
        if again is None or again.id != row.id:
            return False  # another process was first, or somebody chose
        activated_at = None if tried.is_worse else now
        made = MatchModelRow(name=NAME, body=json.loads(SHIPPED.to_json()), created_at=now, activated_at=activated_at)
        session.add(made)
        session.flush()
        session.add(
            AuditEntry(
                at=now,
                action=REFUSED if tried.is_worse else FOLLOWED,
                object=f"match_model/{made.id}",
                before={"name": row.name, "f1": round(tried.before, 4)},
                after={"name": NAME, "f1": round(tried.after, 4), "judged": tried.judged},
            )
        )
    return True


def _try(session: Session, model: MatchModel) -> _Tried:
    known = [each for each in known_profiles(session, most=MOST) if each.is_settled]
    contacts, truth = count_all(session), truth_of(known)

    def quality(of: MatchModel) -> Quality:
        return measure(truth, [match for each in known for match in matches_of(each, of, contacts)])

    return _Tried(judged=len(known), before=quality(model).f1, after=quality(SHIPPED).f1)
