"""Evidence as a waterfall that adds up, in tenths of a bit, and drawn as lengths between 0 and 220."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from scrm.i18n import N_, gettext
from scrm.web import wording

WIDTH: Final = 220
MARGIN: Final = 4
SHOWN: Final = 12
REASONS: Final = 3
TELLING: Final = 0.5  # bits

RULES: Final = {
    "prior": N_("Before any evidence"),
    "surname": N_("Surname"),
    "given": N_("First name"),
    "surname_in_handle": N_("Surname"),
    "given_in_handle": N_("First name"),
    "handle_rest": N_("Rest of the handle"),
    "middle": N_("Middle name"),
    "company_name": N_("Name of the company"),
    "unrelated_handle": N_("Handle says nothing"),
    "email": N_("E-mail"),
    "known_account": N_("Known account"),
    "link": N_("Web link"),
    "employer_domain": N_("Domain of the employer"),
    "handle_is_mailbox": N_("Handle and mailbox"),
    "handle_is_domain": N_("Handle and domain"),
    "same_handle": N_("Same handle elsewhere"),
    "phone": N_("Telephone number"),
    "company": N_("Employer"),
    "title": N_("Job title"),
    "city": N_("City"),
    "country": N_("Country"),
    "language": N_("Language"),
    "other_given_name": N_("Other first name"),
    "other_surname": N_("Other surname"),
    "other_middle_name": N_("Other middle name"),
    "other_handle": N_("Other handle"),
    "other_email": N_("Other e-mail"),
    "other_company": N_("Other employer"),
    "other_city": N_("Other city"),
    "company_or_person": N_("Company or person"),
    "bot": N_("Run by a program"),
}


@dataclass(frozen=True, kw_only=True)
class Step:
    """One row: its title, why, tenths of a bit, and where its bar begins and how long it is."""

    title: str
    why: str
    tenths: int
    x: float
    width: float
    way: str  # start, up or down


@dataclass(frozen=True, kw_only=True)
class Waterfall:
    """All rows; `zero` is where even odds are drawn."""

    steps: Sequence[Step]
    folded: Sequence[Step]
    tenths: int
    zero: float

    @property
    def odds(self) -> tuple[int, bool]:
        """Odds as a whole number to one, and whether they are in favor."""
        return round(2 ** min(abs(self.tenths) / 10, 40)), self.tenths >= 0


def build(rows: Sequence[Mapping[str, Any]]) -> Waterfall:
    """Draw the evidence of one candidate, the prior first, strongest next."""
    ordered = [*rows[:1], *sorted(rows[1:], key=lambda row: -_bits(row))]
    tenths = _rounded([_bits(row) for row in ordered])
    ends = [0]
    for value in tenths:
        ends.append(ends[-1] + value)
    low, high = min(*ends, 0), max(*ends, 0)
    scale = (WIDTH - 2 * MARGIN) / max(high - low, 1)

    def place(value: int) -> float:
        return round(MARGIN + (value - low) * scale, 1)

    steps = []
    for row, value, start in zip(ordered, tenths, ends, strict=False):
        left, right = sorted((place(start), place(start + value)))
        steps.append(
            Step(
                title=_title(row),
                why=_why(row),
                tenths=value,
                x=left,
                width=max(round(right - left, 1), 1.0),
                way="start" if row is ordered[0] else "up" if value >= 0 else "down",
            )
        )
    return Waterfall(steps=steps[:SHOWN], folded=steps[SHOWN:], tenths=ends[-1], zero=place(0))


@dataclass(frozen=True, kw_only=True)
class Behind:
    """Why a candidate is not the first: by how much in tenths of a bit, and what makes most of it."""

    tenths: int
    reasons: Sequence[tuple[str, int, int]]  # title, the first's tenths, its own


def behind(first: Sequence[Mapping[str, Any]], own: Sequence[Mapping[str, Any]]) -> Behind:
    """Compare two candidates' evidence rule by rule."""
    theirs, mine = ({str(row.get("rule")): row for row in rows[1:]} for rows in (first, own))
    gaps = {
        rule: (_bits(theirs.get(rule, {})), _bits(mine.get(rule, {}))) for rule in dict.fromkeys((*theirs, *mine))
    }
    told = sorted(gaps, key=lambda rule: gaps[rule][1] - gaps[rule][0])
    lost = math.fsum(_bits(row) for row in first) - math.fsum(_bits(row) for row in own)
    reasons = [
        (_title({"rule": rule}), round(gaps[rule][0] * 10), round(gaps[rule][1] * 10))
        for rule in told[:REASONS]
        if gaps[rule][0] - gaps[rule][1] >= TELLING
    ]
    return Behind(tenths=round(lost * 10), reasons=reasons)


def _bits(row: Mapping[str, Any]) -> float:
    value = row.get("bits")
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else 0.0


def _rounded(values: Sequence[float]) -> list[int]:
    """Tenths that add up to the rounded sum: the rows with the largest remainders are rounded up."""
    floors = [math.floor(value * 10) for value in values]
    missing = round(math.fsum(values) * 10) - sum(floors)
    by_remainder = sorted(range(len(values)), key=lambda i: floors[i] - values[i] * 10)
    for index in by_remainder[:missing]:
        floors[index] += 1
    return floors


def _title(row: Mapping[str, Any]) -> str:
    rule = str(row.get("rule", ""))
    return gettext(RULES[rule]) if rule in RULES else rule.replace("_", " ")


def _why(row: Mapping[str, Any]) -> str:
    """The reason in the reader's language; one that lost a parameter is shown without it."""
    message, params = str(row.get("message") or ""), row.get("params") or {}
    if not message:
        return ""
    written = {name: wording.num(value) if isinstance(value, int) else value for name, value in params.items()}
    try:
        return gettext(message) % written
    except (KeyError, TypeError, ValueError):
        return gettext(message)
