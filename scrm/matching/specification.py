"""The specification of the score: what every pair is reduced to, and how that becomes one number.

A pair is a row of **columns**, one per rule. A column holds a level (text, NULL where the rule found nothing) and a
frequency (the share of contacts with the value that was met; 0 where the level does not depend on a value). Nothing
else of contact and profile reaches the score but the network and the number of contacts. Rules fill the columns once,
in Python (`features`); the score over them is plain arithmetic, alike in Python (`weights`) and in any SQL:

    weight(column)  = clip(level.bits - level.by_value * log2(level.floor + frequency) + shift, -cap, cap)
    shift           = model.network_bits["network column.level"], 0 where not listed
    cap             = model.caps[column], else model.cap
    group(columns)  = the greatest weight among the columns of a group that are not NULL   (BETTER_OF)
    bits            = model.prior_bits(contacts) + sum of all columns outside a group + sum of all groups
    probability     = 2**bits / (1 + sum of 2**bits over all candidates of the profile)

A column that is NULL weighs nothing. `level`, `bits`, `by_value`, `floor` come from `model.levels["column.level"]`.
No rounding takes place, so that all engines agree to 1e-6.
"""

from collections.abc import Mapping, Sequence

from scrm.matching.evidence import Evidence
from scrm.matching.model import MatchModel
from scrm.matching.rules import RULES, Pair, Rule

Cell = tuple[str, float]  # level and frequency
Features = Mapping[str, Cell]  # by column

COLUMNS: tuple[str, ...] = tuple(rule.__name__ for rule in RULES)

# A handle that repeats the display name says nothing new: for each name the better of the two counts, never both.
BETTER_OF: tuple[tuple[str, ...], ...] = (("surname", "surname_in_handle"), ("given", "given_in_handle"))
_GROUP_OF = {column: group[0] for group in BETTER_OF for column in group}


def features(pair: Pair, rules: Sequence[Rule] = RULES) -> dict[str, Cell]:
    """Reduce a pair to its columns; those that are missing are NULL."""
    found = (rule(pair) for rule in rules)
    return {row.rule: (row.level, row.frequency) for row in found if row is not None}


def weights(row: Features, model: MatchModel, network: str) -> dict[str, float]:
    """Weigh a row: bits by column, of a group only the best one."""
    weighed = {
        column: model.bits(column, level, frequency=frequency, network=network)
        for column, (level, frequency) in row.items()
    }
    losers = _losers(weighed)
    return {column: bits for column, bits in weighed.items() if column not in losers}


def best_of_groups(found: Sequence[Evidence]) -> Sequence[Evidence]:
    """Keep the evidence that counts, in the order given."""
    grouped = {row.rule: row.bits for row in found if row.rule in _GROUP_OF}
    if len(grouped) < 2:
        return found
    losers = _losers(grouped)
    return [row for row in found if row.rule not in losers] if losers else found


def _losers(weighed: Mapping[str, float]) -> set[str]:
    best: dict[str, str] = {}
    losers: set[str] = set()
    for column, bits in weighed.items():
        group = _GROUP_OF.get(column)
        if group is None:
            continue
        rival = best.get(group)
        # of equals the column that stands first in the group is shown
        if rival is None or (bits, column == group) > (weighed[rival], rival == group):
            best[group] = column
            losers |= {rival} if rival else set()
        else:
            losers.add(column)
    return losers
