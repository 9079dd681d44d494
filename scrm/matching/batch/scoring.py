"""The score in SQL: the arithmetic of `specification.py` compiled for DuckDB, over a table of the pairs' columns.

The table has `profile`, `contact`, `network` (the canonical word) and for each rule its level and its frequency
(`surname`, `surname_f`). Level names and numbers come from a model, which an admin may have imported: they are
written as literals, never as SQL.
"""

from collections.abc import Iterable, Mapping, Sequence

from scrm.matching.model import Level, MatchModel
from scrm.matching.normalize.accounts import canonical_network
from scrm.matching.specification import BETTER_OF, COLUMNS, Features

_HIGHEST_BITS = 1000.0


def scores_sql(model: MatchModel, contacts: int, table: str) -> str:
    """A query for profile, contact, bits and probability after all rivals; `contacts` is how many there are."""
    bits = f"least({model.prior_bits(contacts)!r} + {' + '.join(_terms(model))}, {_HIGHEST_BITS})"
    return (
        "select profile, contact, bits, pow(2, bits) / (1 + sum(pow(2, bits)) over (partition by profile)) "  # noqa: S608
        f"as probability from (select profile, contact, {bits} as bits from {table})"
    )


def table_sql(table: str) -> str:
    """Make the table that `scores_sql` reads."""
    columns = "".join(f", {column} varchar, {column}_f double" for column in COLUMNS)
    return f"create or replace table {table} (profile bigint, contact bigint, network varchar{columns})"


def row_of(profile: int, contact: int, network: str, features: Features) -> list[object]:
    """One pair as a row of that table."""
    cells = (features.get(column, (None, 0.0)) for column in COLUMNS)
    return [profile, contact, canonical_network(network), *(part for cell in cells for part in cell)]


def _terms(model: MatchModel) -> Iterable[str]:
    levels: dict[str, dict[str, Level]] = {column: {} for column in COLUMNS}
    for key, level in model.levels.items():
        column, _, name = key.partition(".")
        if column in levels:
            levels[column][name] = level
    weights = {column: _weight(column, mine, model) for column, mine in levels.items() if mine}
    grouped = {column for group in BETTER_OF for column in group}
    yield from (f"coalesce({weight}, 0)" for column, weight in weights.items() if column not in grouped)
    for group in BETTER_OF:
        yield _best([weights[column] for column in group if column in weights])


def _best(weights: Sequence[str]) -> str:
    """The greatest of those that are there; `greatest` leaves NULL out."""
    return f"coalesce(greatest({', '.join(weights)}), 0)" if weights else "0"


def _weight(column: str, levels: Mapping[str, Level], model: MatchModel) -> str:
    cap = model.caps.get(column, model.cap)
    cases = " ".join(
        f"when {_text(name)} then {_value(column, level)} + {_shift(f'{column}.{name}', model)}"
        for name, level in levels.items()
    )
    known = f"when {column} in ({_texts(levels)}) then greatest({-cap!r}, least({cap!r}, case {column} {cases} end))"
    # a level that the model does not know is an error, as it is in Python
    return f"(case {known} when {column} is not null then error('a level without a weight') end)"


def _value(column: str, level: Level) -> str:
    if not level.by_value:
        return repr(level.bits)
    return f"({level.bits!r} - {level.by_value!r} * log2(least({level.floor!r} + {column}_f, 1.0)))"


def _shift(name: str, model: MatchModel) -> str:
    shifts = {key.split(" ", 1)[0]: bits for key, bits in model.network_bits.items() if key.split(" ", 1)[-1] == name}
    if not shifts:
        return "0"
    return f"case network {' '.join(f'when {_text(word)} then {bits!r}' for word, bits in shifts.items())} else 0 end"


def _texts(words: Iterable[str]) -> str:
    return ", ".join(map(_text, words))


def _text(word: str) -> str:
    return "'" + word.replace("'", "''") + "'"
