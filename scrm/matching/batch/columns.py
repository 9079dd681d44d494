"""A specification of record linkage over plain columns: comparisons, their levels, and which pairs are compared.

Two tables, `l` and `r`, each with a column `id`; conditions are SQL over both, and the same text serves DuckDB here
and Splink elsewhere (`splink_settings`). A comparison of a missing value says nothing. Levels stand most similar
first; what fits none of them is the level OTHER.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

OTHER = "other"


@dataclass(frozen=True, kw_only=True)
class Level:
    """A condition, and the column of `l` by whose frequency it weighs, where it does."""

    name: str
    when: str
    by: str = ""


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """One thing compared, from the columns named (missing in either table: nothing is said)."""

    name: str
    columns: tuple[str, ...]
    levels: tuple[Level, ...]

    @property
    def level_names(self) -> tuple[str, ...]:
        return (*(level.name for level in self.levels), OTHER)

    @property
    def missing(self) -> str:
        return " or ".join(f"l.{column} is null or r.{column} is null" for column in self.columns)


@dataclass(frozen=True, kw_only=True)
class Linkage:
    """What is compared, for the pairs of which at least one blocking rule holds.

    With `is_dedupe` both tables are the same one, each pair counts once, and candidates are no rivals.
    """

    comparisons: tuple[Comparison, ...]
    blocking: tuple[str, ...]
    is_dedupe: bool = False

    @property
    def frequency_columns(self) -> tuple[str, ...]:
        found = (level.by for comparison in self.comparisons for level in comparison.levels if level.by)
        return tuple(dict.fromkeys(found))


@dataclass(frozen=True, kw_only=True)
class Chances:
    """How often each level is seen with the right record (m) and by accident (u), by "comparison.level"."""

    m: Mapping[str, float]
    u: Mapping[str, float]
    prior: float  # link: the share of `r` that has a record in `l`; dedupe: the share of all pairs that match


def splink_settings(linkage: Linkage, chances: Chances, pairs: float) -> dict[str, Any]:
    """Settings for Splink 5 (DuckDB, Spark) with the same levels and chances; `pairs` is how many pairs there are.

    Splink adjusts for frequency on levels of a plain column only, which ours with `by` are; it has no competition
    between candidates, and no leave-one-out of frequencies, so its numbers differ by that.
    """
    prior = chances.prior if linkage.is_dedupe else chances.prior / max(pairs, 1.0)
    return {
        "link_type": "dedupe_only" if linkage.is_dedupe else "link_only",
        "unique_id_column_name": "id",
        "probability_two_random_records_match": prior,
        "blocking_rules_to_generate_predictions": [{"blocking_rule": rule} for rule in linkage.blocking],
        "comparisons": [_splink_comparison(comparison, chances) for comparison in linkage.comparisons],
    }


def _splink_comparison(comparison: Comparison, chances: Chances) -> dict[str, Any]:
    levels: list[dict[str, Any]] = [
        {
            "sql_condition": _suffixed(comparison.missing),
            "label_for_charts": "missing",
            "is_null_level": True,
        }
    ]
    conditions = [(level.name, _suffixed(level.when), level.by) for level in comparison.levels]
    for name, condition, by in (*conditions, (OTHER, "ELSE", "")):
        key = f"{comparison.name}.{name}"
        level = {
            "sql_condition": condition,
            "label_for_charts": name,
            "m_probability": chances.m[key],
            "u_probability": chances.u[key],
        }
        levels.append({**level, "tf_adjustment_column": by} if by else level)
    return {"output_column_name": comparison.name, "comparison_levels": levels}


def _suffixed(condition: str) -> str:
    """Splink names the columns of a pair `name_l` and `name_r`."""
    return re.sub(r"\b([lr])\.(\w+)", r'"\2_\1"', condition)
