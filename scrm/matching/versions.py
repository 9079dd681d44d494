"""Versions of the match model: learned from an installation's own judgments, compared, put in force, taken back.

A version is a row that never changes; the one activated last is in force. Every version is learned from the shipped
weights, as they are adapted to the candidates that are stored, not from the version before, so the same judgments and
candidates always give the same numbers. What it would do is measured on judgments it did not learn from.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from scrm.errors import InputError
from scrm.i18n import N_
from scrm.matching.adapting import Met, adapt
from scrm.matching.blocking import holders_of
from scrm.matching.evaluate import Quality, changed, measure
from scrm.matching.judgments import standing
from scrm.matching.keys import profile_keys
from scrm.matching.learning import FEWEST, FOLDS, Judged, learn
from scrm.matching.load import StoredFrequencies, active_model, asked, count_all, load_contacts, profile_view
from scrm.matching.model import SHIPPED, MatchModel, from_json
from scrm.matching.rules import Pair
from scrm.matching.score import Action, calibrated
from scrm.matching.shortlist import shortlist
from scrm.matching.specification import features, weights
from scrm.matching.views import ContactId, ProfileId
from scrm.matching.whole import Match
from scrm.models import Candidate, Judge, Judgment, MatchModelRow, Profile, Verdict, survivor
from scrm.runtime import Core

MOST = 5000  # judged profiles learned from, the newest, and profiles with candidates adapted to
PORTION = 500
LEARNED = "learned"


@dataclass(frozen=True, kw_only=True)
class Known:
    """A profile people judged: its candidates and, where they said so, whose it is."""

    profile_id: ProfileId
    judged: Judged
    is_settled: bool  # people said whose it is, or that it is nobody's


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """A model and the one before it, on the same judgments."""

    judged: int
    before: Quality
    after: Quality
    changed: int


def known_profiles(session: Session, most: int = MOST) -> list[Known]:
    """Profiles that stewards or the CRM judged, each compared with its candidates as if nobody had."""
    by_people = select(Judgment.profile_id).where(Judgment.judge != Judge.ENGINE.value, Judgment.verdict.is_not(None))
    newest = session.scalars(
        select(Profile)
        .where(Profile.id.in_(by_people), Profile.is_internal.is_(False))
        .order_by(Profile.id.desc())
        .limit(most)
    ).all()
    found = [_known(session, row) for row in reversed(newest)]
    return [row for row in found if row.judged.positive is not None or row.judged.negative]


def _known(session: Session, row: Profile) -> Known:
    view = profile_view(row)
    holders = holders_of(session, profile_keys(view))
    loaded = load_contacts(session, shortlist(holders, count_all(session)), view.profile_id)
    frequencies = StoredFrequencies(session, [*asked(view), *(value for each in loaded for value in each.counted)])
    candidates = {
        each.view.contact_id: features(Pair(contact=each.view, profile=view, model=SHIPPED, frequencies=frequencies))
        for each in loaded
    }
    positive: ContactId | None = None
    negative: set[ContactId] = set()
    is_nobody = False
    for judgment in reversed([each for each in standing(session, row.id) if each.judge != Judge.ENGINE]):
        contact_id = survivor(session, judgment.contact_id)
        if judgment.verdict == Verdict.NOBODY:
            positive, is_nobody = None, True
        elif contact_id is not None and judgment.verdict == Verdict.POSITIVE:
            positive, is_nobody = ContactId(contact_id), False
        elif contact_id is not None and judgment.verdict == Verdict.NEGATIVE:
            negative.add(ContactId(contact_id))
    refused = frozenset(candidates) if is_nobody else frozenset(negative)
    judged = Judged(network=view.network_word, candidates=candidates, positive=positive, negative=refused)
    return Known(profile_id=view.profile_id, judged=judged, is_settled=is_nobody or positive is not None)


def learn_version(core: Core, user_id: int | None = None, *, fewest: int = FEWEST) -> tuple[int, Comparison]:
    """Learn a new version and store it, not yet in force; raises InputError where there are too few judgments."""
    with core.db.read() as session:
        known = known_profiles(session)
        contacts = count_all(session)
        found = active_model(session)
        base = adapt(SHIPPED, _stored(session))
    in_force = found[1] if found else SHIPPED
    now = core.db.clock.now()
    judged = [row.judged for row in known]
    learned = learn(base, judged, contacts, name=LEARNED, version=SHIPPED.version, fewest=fewest)
    if learned is base:
        raise InputError(N_("There are too few judgments to learn from."))
    comparison = compare_versions(known, contacts, base, in_force)
    with core.db.write("matching.learn") as session:
        row = MatchModelRow(
            name=f"{LEARNED}-{len(judged)}", body=json.loads(learned.to_json()), created_at=now, created_by=user_id
        )
        session.add(row)
        session.flush()
        model_id = row.id
    return model_id, comparison


def _stored(session: Session) -> list[list[Met]]:
    """The candidates of the newest profiles that have any."""
    newest = session.scalars(
        select(Candidate.profile_id).distinct().order_by(Candidate.profile_id.desc()).limit(MOST)
    ).all()
    found: dict[int, list[Met]] = {}
    rows = select(Candidate.profile_id, Candidate.probability, Candidate.evidence)
    for start in range(0, len(newest), PORTION):
        some = Candidate.profile_id.in_(newest[start : start + PORTION])
        for profile_id, probability, evidence in session.execute(rows.where(some).order_by(Candidate.id)):
            levels = tuple(f"{each['rule']}.{each['level']}" for each in evidence)
            found.setdefault(profile_id, []).append(Met(probability=probability, levels=levels))
    return list(found.values())


def compare_versions(known: Sequence[Known], contacts: int, base: MatchModel, before: MatchModel) -> Comparison:
    """Measure what learning brings: each profile is matched by a model that was learned from the others."""
    old: list[Match] = []
    new: list[Match] = []
    for fold in range(FOLDS):
        rest = [row.judged for number, row in enumerate(known) if number % FOLDS != fold]
        model = learn(base, rest, contacts, name=LEARNED, version=SHIPPED.version)
        for row in known[fold::FOLDS]:
            old += matches_of(row, before, contacts)
            new += matches_of(row, model, contacts)
    truth = truth_of(known)
    return Comparison(
        judged=len(known),
        before=measure(truth, [row for row in old if row.profile_id in truth]),
        after=measure(truth, [row for row in new if row.profile_id in truth]),
        changed=len(changed(old, new)),
    )


def measure_own(session: Session, model: MatchModel) -> Quality:
    """Measure a model on an installation's own judgments; one learned from them looks a little better."""
    known = known_profiles(session)
    contacts = count_all(session)
    truth = truth_of(known)
    return measure(truth, [each for row in known if row.is_settled for each in matches_of(row, model, contacts)])


def truth_of(known: Sequence[Known]) -> Mapping[ProfileId, ContactId | None]:
    """What people said of the profiles they settled."""
    return {row.profile_id: row.judged.positive for row in known if row.is_settled}


def matches_of(row: Known, model: MatchModel, contacts: int) -> list[Match]:
    """What a model would say of a judged profile."""
    prior = model.prior_bits(contacts)
    sums = {
        contact: sum(weights(found, model, row.judged.network).values()) + prior
        for contact, found in row.judged.candidates.items()
    }
    chances = calibrated(sums, model)
    if not chances:
        return [Match(profile_id=row.profile_id)]
    order = sorted(chances, key=lambda contact: (-chances[contact], contact))
    return [
        Match(
            profile_id=row.profile_id,
            contact_id=contact,
            probability=chances[contact],
            action=_action(chances[contact], model) if contact == order[0] else Action.NONE,
        )
        for contact in order[:5]
    ]


def _action(probability: float, model: MatchModel) -> Action:
    if probability >= model.auto_link:
        return Action.LINK
    return Action.REVIEW if probability >= model.review else Action.NONE


def use_version(session: Session, now: datetime, model_id: int) -> MatchModelRow:
    """Put a version in force, a former one as well as a new one; raises InputError when there is none of this id."""
    row = session.get(MatchModelRow, model_id)
    if row is None:
        raise InputError(N_("There is no version of this number."))
    from_json(json.dumps(row.body))  # a version that cannot be read must not come into force
    row.activated_at = now
    session.flush()
    return row
