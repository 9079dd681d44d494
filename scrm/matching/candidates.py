"""Match what is due: block, score, store the candidates, and judge by itself what is certain."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

from sqlalchemy import ColumnElement, delete, insert, select
from sqlalchemy.orm import Session

from scrm.db import among
from scrm.matching.audits import promise_of, standings
from scrm.matching.blocking import holders_of, keep_profile_keys, one_writer
from scrm.matching.consent import match_permission, names_account
from scrm.matching.evidence import Evidence
from scrm.matching.judgments import Decision, decide, derive, latest_judgment_id, standing
from scrm.matching.keys import Key, profile_keys
from scrm.matching.load import active_model, add_shipped_model, profile_view
from scrm.matching.model import MatchModel
from scrm.matching.online import Compared, compare
from scrm.matching.promise import Kind, Standing, kind_of
from scrm.matching.score import KEPT, KEPT_PROBABILITY, Action, Judged, Ranking, Reason, Scored
from scrm.matching.views import ContactId
from scrm.models import Candidate, Contact, Judge, Judgment, MatchState, Profile, Verdict, survivor
from scrm.runtime import Core

BATCH = 20


@dataclass(frozen=True, kw_only=True)
class _Result:
    """What was computed for one profile before the transaction."""

    profile_id: int
    generation: int
    keys: frozenset[Key]
    compared: Compared
    seen_judgment_id: int


@dataclass(frozen=True, kw_only=True)
class Share:
    """The profiles whose number leaves this remainder: what one of several processes takes."""

    part: int = 0
    parts: int = 1


EVERYTHING = Share()


def match_due(core: Core, share: Share = EVERYTHING) -> bool:
    """Match a few due profiles; True when more are waiting."""
    now = core.db.clock.now()
    with core.db.read() as session:
        model_id, model = active_model(session) or _ship_model(core)
        promised = standings(session, promise_of(session))
        # the promise says how sure a link must be, whatever the model was made for
        model = replace(model, auto_link=min(row.threshold for row in promised.values()))
        due = session.scalars(
            select(Profile)
            .where(Profile.match_due_at <= now, *_within(share))
            .order_by(Profile.match_due_at)
            .limit(BATCH)
        ).all()
        results = [_compute(session, row, model) for row in due]
    if not due:
        return False
    with core.db.write("matching.store") as session:
        one_writer(session)
        for result in results:
            _store(session, core, result, model_id, promised)
    return len(due) == BATCH


def _within(share: Share) -> list[ColumnElement[bool]]:
    return [] if share.parts == 1 else [Profile.id % share.parts == share.part]


def _ship_model(core: Core) -> tuple[int, MatchModel]:
    with core.db.write("matching.model") as session:
        if (found := active_model(session)) is None:
            add_shipped_model(session, core.db.clock.now())
            session.flush()
            found = active_model(session)
    if found is None:
        raise RuntimeError("the shipped model was just stored and is not there")
    return found


def _compute(session: Session, row: Profile, model: MatchModel) -> _Result:
    view = profile_view(row)
    permission = match_permission(session, row)
    keys = frozenset(profile_keys(view)) if permission.allowed or permission.needs_consent else frozenset()
    latest = latest_judgment_id(session, row.id)
    judged: dict[ContactId, Judged] = {}
    for judgment in reversed(standing(session, row.id)):
        contact_id = survivor(session, judgment.contact_id)
        if contact_id is not None and judgment.judge != Judge.ENGINE and judgment.verdict in set(Judged):
            judged[ContactId(contact_id)] = Judged(judgment.verdict)
    may_compare = partial(names_account, profile=view) if permission.needs_consent else None
    return _Result(
        profile_id=row.id,
        generation=row.match_generation,
        keys=keys,
        compared=compare(session, view, keys, model, judged=judged, may_compare=may_compare),
        seen_judgment_id=latest,
    )


def _is_unchanged(session: Session, result: _Result) -> bool:
    """Whether the contacts that the ranking rests on are still the same."""
    compared = result.compared
    ids = list(compared.versions)
    versions = session.execute(select(Contact.id, Contact.version).where(among(session, Contact.__table__.c.id, ids)))
    return {row.id: row.version for row in versions} == compared.versions and holders_of(
        session, result.keys
    ) == compared.holders


def _store(session: Session, core: Core, result: _Result, model_id: int, promised: Mapping[Kind, Standing]) -> None:
    now = core.db.clock.now()
    profile = session.scalars(select(Profile).where(Profile.id == result.profile_id).with_for_update()).one()
    if profile.match_generation != result.generation or profile.match_due_at is None:
        return  # changed meanwhile, or another worker was first
    if profile.is_internal:
        _leave_out(session, core, profile)
        return
    if latest_judgment_id(session, profile.id) != result.seen_judgment_id:
        return  # somebody judged meanwhile; the profile is due still
    if not _is_unchanged(session, result):
        return  # a contact changed meanwhile
    profile.match_due_at = None
    keep_profile_keys(session, profile.id, result.keys)
    ranking = result.compared.ranking
    decision = ranking.decision
    kept = [row for row in ranking.scored[:KEPT] if row.probability >= KEPT_PROBABILITY]
    for_review = decision.action is not Action.NONE
    session.execute(delete(Candidate).where(Candidate.profile_id == profile.id))
    rows = [
        {
            "profile_id": profile.id,
            "contact_id": row.contact_id,
            "bits": row.bits,
            "probability": row.probability,
            "evidence": [_evidence(evidence) for evidence in row.evidence],
            "for_review": for_review and not row.is_vetoed,
            "model_id": model_id,
            "computed_at": now,
        }
        for row in kept
    ]
    if rows:
        session.execute(insert(Candidate), rows)
    if _may_link(session, profile, ranking, promised):
        _link(session, core, profile, ranking.scored[0], model_id)
    else:
        derive(session, now, profile)


def _leave_out(session: Session, core: Core, profile: Profile) -> None:
    """One of us: no keys, no candidates, no link."""
    profile.match_due_at = None
    keep_profile_keys(session, profile.id, ())
    session.execute(delete(Candidate).where(Candidate.profile_id == profile.id))
    derive(session, core.db.clock.now(), profile)


def _may_link(session: Session, profile: Profile, ranking: Ranking, promised: Mapping[Kind, Standing]) -> bool:
    """Whether the engine may judge by itself: as certain as was promised, and no person has had a say in it."""
    if ranking.decision.action is not Action.LINK or ranking.decision.reason is not Reason.CERTAIN:
        return False
    threshold = promised[_basis(ranking.scored[0])].threshold
    if threshold >= 1.0 or ranking.scored[0].probability < threshold:
        return False
    if profile.match_state not in {MatchState.NEW, MatchState.NONE, MatchState.REVIEW}:
        return False
    taken_back = select(Judgment.contact_id).where(Judgment.profile_id == profile.id, Judgment.undoes_id.is_not(None))
    return ranking.decision.contact_id not in {survivor(session, row) for row in session.scalars(taken_back)}


def _basis(best: Scored) -> Kind:
    return kind_of(f"{row.rule}.{row.level}" for row in best.evidence if row.bits > 0)


def _link(session: Session, core: Core, profile: Profile, best: Scored, model_id: int) -> None:
    decide(
        session,
        core.db.clock.now(),
        Decision(
            profile_id=profile.id,
            contact_id=best.contact_id,
            verdict=Verdict.POSITIVE,
            judge=Judge.ENGINE,
            model_id=model_id,
            probability=best.probability,
            basis=_basis(best).value,
            seen_judgment_id=-1,
        ),
    )


def _evidence(row: Evidence) -> dict[str, object]:
    return {
        "rule": row.rule,
        "level": row.level,
        "bits": row.bits,
        "profile_value": row.profile_value,
        "contact_value": row.contact_value,
        "message": row.detail.message,
        "params": dict(row.detail.params),
    }
