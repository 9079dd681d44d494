"""Match all profiles of a set at once, in memory: adapt, learn from judgments, score, let profiles compete.

Online a profile is matched alone. Here all are at hand, so two profiles of one network that claim one contact are
rivals, too: most people have one account on a network, some an office account beside their own, so the claim of the
weaker one is lowered and never ruled out.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from scrm.matching.adapting import Met, adapt
from scrm.matching.files import FileJudgment
from scrm.matching.learning import Judged, learn
from scrm.matching.model import TIE_BITS, MatchModel
from scrm.matching.pool import Pool
from scrm.matching.rules import Pair, relevant
from scrm.matching.score import (
    KEPT,
    KEPT_PROBABILITY,
    TELLING,
    Action,
    prior_of,
    probabilities,
    standing,
    weigh,
)
from scrm.matching.specification import Features, features, weights
from scrm.matching.views import ContactId, ContactView, ProfileId, ProfileView

ADAPTED_TO = 5000  # profiles, spread over all
HIGHEST = 60.0  # bits


@dataclass(frozen=True, kw_only=True)
class Match:
    """One candidate of one profile, and what follows for it; `contact_id` is empty where there is none."""

    profile_id: ProfileId
    contact_id: ContactId | None = None
    probability: float = 0.0
    action: Action = Action.NONE
    evidence: tuple[tuple[str, float], ...] = ()  # "rule.level" and bits, strongest first


@dataclass(frozen=True, kw_only=True)
class _Scored:
    """A profile's candidates, best first."""

    profile: ProfileView
    bits: Mapping[ContactId, float]
    order: Sequence[ContactId]
    logit: float
    is_tied: bool


class Whole:
    """All contacts and profiles, with what was judged of them."""

    def __init__(
        self, contacts: Sequence[ContactView], profiles: Sequence[ProfileView], judgments: Iterable[FileJudgment] = ()
    ) -> None:
        self._positive: dict[ProfileId, ContactId] = {}
        self._negative: dict[ProfileId, set[ContactId]] = defaultdict(set)
        for row in judgments:
            if row.is_positive:
                self._positive[row.profile_id] = row.contact_id
            else:
                self._negative[row.profile_id].add(row.contact_id)
        self.profiles = profiles
        self._pool = Pool(contacts)
        self._people = {contact.contact_id: contact for contact in contacts}
        self._compared: dict[ProfileId, dict[ContactId, Features]] = {}  # of the profiles adapted to
        self._changed: set[ContactId] = set()  # contacts of whom more is known since

    def match(self, model: MatchModel) -> tuple[MatchModel, list[Match]]:
        """Match everything; gives the model as adapted and as learned from the judgments, and all matches."""
        # a judged pair must not teach that it was judged: learn first, and only then let judgments be evidence
        adapted = adapt(model, self._met(model))
        judged = [self._judged(row, model) for row in self.profiles if self._is_judged(row.profile_id)]
        learned = learn(adapted, judged, len(self._people), name="judged", version=model.version)
        self._know_accounts()
        scored = [self._score(profile, self.columns(profile, learned), learned) for profile in self.profiles]
        claims = _claims(scored)
        return learned, [match for row in scored for match in self._matches(row, learned, claims)]

    def _met(self, model: MatchModel) -> Iterator[list[Met]]:
        """Candidates of profiles spread over all, as an installation keeps them."""
        prior = model.prior_bits(len(self._people))
        step = max(1, -(-len(self.profiles) // ADAPTED_TO))
        for profile in self.profiles[::step]:
            found = self._compared[profile.profile_id] = self.columns(profile, model)
            if not found:
                continue
            weighed = {contact: weights(row, model, profile.network_word) for contact, row in found.items()}
            chances = probabilities({contact: math.fsum(row.values()) + prior for contact, row in weighed.items()})
            best = sorted(chances, key=lambda contact: (-chances[contact], contact))[:KEPT]
            yield [
                Met(
                    probability=chances[contact],
                    levels=tuple(f"{column}.{found[contact][column][0]}" for column in weighed[contact]),
                )
                for contact in best
                if chances[contact] >= KEPT_PROBABILITY
            ]

    def _is_judged(self, profile_id: ProfileId) -> bool:
        return profile_id in self._positive or profile_id in self._negative

    def _judged(self, profile: ProfileView, model: MatchModel) -> Judged:
        return Judged(
            network=profile.network_word,
            candidates=self.columns(profile, model),
            positive=self._positive.get(profile.profile_id),
            negative=frozenset(self._negative.get(profile.profile_id, ())),
        )

    def columns(self, profile: ProfileView, model: MatchModel) -> dict[ContactId, Features]:
        """Compare a profile with its candidates."""
        rules = relevant(profile)
        known = self._compared.get(profile.profile_id, {})
        return {
            contact.contact_id: known[contact.contact_id]
            if contact.contact_id in known and contact.contact_id not in self._changed
            else features(self._pair(profile, contact, model), rules)
            for contact in self._pool.candidates(profile)
        }

    def _pair(self, profile: ProfileView, contact: ContactView, model: MatchModel) -> Pair:
        return Pair(contact=contact, profile=profile, model=model, frequencies=self._pool.frequencies)

    def _know_accounts(self) -> None:
        """Add what positive judgments say: a confirmed account is known, and its handle may be used elsewhere."""
        confirmed: dict[ContactId, list[tuple[str, str]]] = defaultdict(list)
        for profile in self.profiles:
            if profile.profile_id in self._positive and profile.handle:
                confirmed[self._positive[profile.profile_id]].append((profile.network, profile.handle))
        for contact_id, handles in confirmed.items():
            contact = replace(self._people[contact_id], handles=(*self._people[contact_id].handles, *handles))
            self._people[contact_id] = contact
            self._changed.add(contact_id)
            self._pool.replace(contact)

    def _score(self, profile: ProfileView, found: Mapping[ContactId, Features], model: MatchModel) -> _Scored:
        refused = self._negative.get(profile.profile_id, set())
        prior = model.prior_bits(len(self._people))
        bits = {
            contact: math.fsum(weights(row, model, profile.network_word).values()) + prior
            for contact, row in found.items()
            if contact not in refused
        }
        order = sorted(bits, key=lambda contact: (-bits[contact], contact))
        if not order:
            return _Scored(profile=profile, bits=bits, order=order, logit=-HIGHEST, is_tied=False)
        logit, margin = standing(list(bits.values()))
        inputs = model.calibration.inputs(logit, margin, len(bits) - 1)
        return _Scored(
            profile=profile,
            bits=bits,
            order=order,
            logit=math.fsum(one * other for one, other in zip(model.calibration.numbers, inputs, strict=True)),
            is_tied=len(order) > 1 and bits[order[0]] - bits[order[1]] < TIE_BITS,
        )

    def _matches(self, row: _Scored, model: MatchModel, claims: Mapping[tuple[str, ContactId], float]) -> list[Match]:
        profile_id = row.profile.profile_id
        positive = self._positive.get(profile_id)
        if not row.order and positive is None:
            return [Match(profile_id=profile_id)]
        chances = _chances(row, claims)
        if positive is not None:
            chances = dict.fromkeys(chances, 0.0) | {positive: 1.0}
        best = sorted(chances, key=lambda contact: (-chances[contact], -row.bits.get(contact, 0.0), contact))[:KEPT]
        return [
            self._match(row, model, contact, chances[contact], is_first=place == 0)
            for place, contact in enumerate(best)
        ]

    def _match(
        self, row: _Scored, model: MatchModel, contact: ContactId, probability: float, *, is_first: bool
    ) -> Match:
        profile = row.profile
        pair = self._pair(profile, self._people[contact], model)
        rows = weigh(pair, relevant(profile), prior_of(model, self._pool.frequencies))[1:]
        told = sorted(rows, key=lambda each: -abs(each.bits))
        if self._positive.get(profile.profile_id) == contact:
            action = Action.LINK
        elif any(each.is_veto for each in rows) or profile.profile_id in self._positive:
            action = Action.NONE
        elif not is_first or row.is_tied or probability < model.auto_link:
            action = Action.REVIEW if probability >= model.review or (row.is_tied and is_first) else Action.NONE
        else:
            is_told = any(each.rule in TELLING and each.bits > 0 for each in rows)
            action = Action.LINK if is_told else Action.REVIEW
        return Match(
            profile_id=profile.profile_id,
            contact_id=contact,
            probability=probability,
            action=action,
            evidence=tuple((f"{each.rule}.{each.level}", each.bits) for each in told),
        )


def _claims(scored: Iterable[_Scored]) -> dict[tuple[str, ContactId], float]:
    """Odds with which all profiles of a network together claim a contact."""
    claims: dict[tuple[str, ContactId], float] = defaultdict(float)
    for row in scored:
        if row.order:
            claims[row.profile.network_word, row.order[0]] += 2.0 ** min(row.logit, HIGHEST)
    return claims


def _chances(row: _Scored, claims: Mapping[tuple[str, ContactId], float]) -> dict[ContactId, float]:
    """Probability of each candidate: the best one calibrated and after other claims, the others share the rest."""
    if not row.order:
        return {}
    best = row.order[0]
    mine = 2.0 ** min(row.logit, HIGHEST)
    others = max(claims[row.profile.network_word, best] - mine, 0.0)
    logit = row.logit - math.log2(1.0 + others)
    top = 1.0 / (1.0 + 2.0 ** -max(-HIGHEST, min(logit, HIGHEST)))
    if row.is_tied:
        top = min(top, 0.5)
    odds = {contact: 2.0 ** min(row.bits[contact], HIGHEST) for contact in row.order[1:]}
    everything = 1.0 + math.fsum(odds.values())
    rest = {contact: min((1.0 - top) * each / everything, top) for contact, each in odds.items()}
    return {best: top} | rest
