"""The promise about automatic links: at most one of N is wrong. Kept by audits, not by a guessed threshold.

A share of the links is put before a steward who does not see that they were made. What comes out bounds the true
share of wrong links (Clopper and Pearson 1934: exact, never too bold). Links that rest on a verified key are counted
apart from those that rest on a name, so that many easy ones cannot hide a few bad ones.

Before there are audits enough the promise rests on the model's own calibration, and is called estimated, not audited.
It is about all links together, of which most are far surer than the least sure one: `least`.
"""

import hashlib
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

ONE_WRONG_IN = 200
CONFIDENCE = 0.95
AUDITED_SHARE = 0.02
VERIFIED = frozenset({"email.verified", "known_account.native_id", "known_account.handle", "link.verified"})
_STEPS = 60  # of bisection: far below what a float can tell apart


class Kind(StrEnum):
    """What a link rests on."""

    VERIFIED = "verified"  # an address, account or link that the network vouches for, or that the contact has
    NAME = "name"


class State(StrEnum):
    """What is known about the promise."""

    AUDITED = "audited"  # the audits alone prove it
    ESTIMATED = "estimated"  # it rests on the model; the audits do not contradict
    BROKEN = "broken"  # the audits prove the contrary


@dataclass(frozen=True, kw_only=True)
class Audit:
    """One link that a steward judged without knowing of it."""

    probability: float  # as it was when the link was made
    is_right: bool


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How the promise stands for one kind of link, and from which probability links may be made."""

    state: State
    audited: int
    wrong: int
    at_most: float  # share of wrong links, with CONFIDENCE
    threshold: float

    def still_needed(self, one_wrong_in: int) -> int:
        """How many more audits, all right, would prove the promise; 0 when it is proven, or proven broken."""
        if self.state is not State.ESTIMATED:
            return 0
        allowed = 1.0 / one_wrong_in
        low, high = self.audited, self.audited + 1
        while upper_bound(self.wrong, high) > allowed:
            low, high = high, 2 * high
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if upper_bound(self.wrong, middle) > allowed else (low, middle)
        return high - self.audited


def least(one_wrong_in: int) -> float:
    """The probability that the least sure link needs.

    Twice the promised share may be wrong there, since most links are far surer; docs/matching.md has the figures.
    """
    return 1.0 - 2.0 / one_wrong_in


def kind_of(levels: Iterable[str]) -> Kind:
    """Tell what a link rests on, from the levels ("rule.level") of its evidence."""
    return Kind.NAME if VERIFIED.isdisjoint(levels) else Kind.VERIFIED


def is_drawn(profile_key: str, rest: str, share: float = AUDITED_SHARE) -> bool:
    """Draw the links to audit: by chance, and the same ones whoever draws and however often."""
    digest = hashlib.blake2b(f"{profile_key}\n{rest}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) < share * 2**64


def stand(audits: Sequence[Audit], one_wrong_in: int = ONE_WRONG_IN) -> Standing:
    """Say how the promise stands, and set the threshold.

    While the audits do not contradict, a link needs a probability of 1 - 2/N. Where they prove that too many are
    wrong, the threshold rises until the links above it are no longer proven so; 1 means that no link is made.
    """
    allowed = 1.0 / one_wrong_in
    estimated = least(one_wrong_in)
    counted = [row for row in audits if row.probability >= estimated]
    wrong = sum(not row.is_right for row in counted)
    at_most = upper_bound(wrong, len(counted))
    if lower_bound(wrong, len(counted)) <= allowed:
        state = State.AUDITED if at_most <= allowed else State.ESTIMATED
        return Standing(state=state, audited=len(counted), wrong=wrong, at_most=at_most, threshold=estimated)
    threshold = next(
        (limit for limit in sorted({row.probability for row in counted}) if not _is_broken(counted, limit, allowed)),
        1.0,
    )
    return Standing(state=State.BROKEN, audited=len(counted), wrong=wrong, at_most=at_most, threshold=threshold)


def _is_broken(audits: Sequence[Audit], limit: float, allowed: float) -> bool:
    above = [row for row in audits if row.probability > limit]
    return lower_bound(sum(not row.is_right for row in above), len(above)) > allowed


def upper_bound(wrong: int, audited: int, confidence: float = CONFIDENCE) -> float:
    """The largest true share at which so few wrong ones would still be seen in 1 - confidence of all cases."""
    if wrong >= audited:
        return 1.0
    return _bisect(lambda share: _at_most(wrong, audited, share) > 1.0 - confidence)


def lower_bound(wrong: int, audited: int, confidence: float = CONFIDENCE) -> float:
    """The smallest true share at which so many wrong ones would still be seen in 1 - confidence of all cases."""
    if wrong == 0:
        return 0.0
    return _bisect(lambda share: 1.0 - _at_most(wrong - 1, audited, share) < 1.0 - confidence)


def _bisect(is_below: Callable[[float], bool]) -> float:
    low, high = 0.0, 1.0
    for _step in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if is_below(middle) else (low, middle)
    return high


def _at_most(wrong: int, audited: int, share: float) -> float:
    """The chance of at most so many wrong ones."""
    if share <= 0.0:
        return 1.0
    if share >= 1.0:
        return float(wrong >= audited)
    ways = math.lgamma(audited + 1)
    return math.fsum(
        math.exp(
            ways
            - math.lgamma(count + 1)
            - math.lgamma(audited - count + 1)
            + count * math.log(share)
            + (audited - count) * math.log1p(-share)
        )
        for count in range(wrong + 1)
    )
