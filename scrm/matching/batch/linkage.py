"""Links two tables of plain columns on DuckDB by a `Linkage`: chances without labels, then the best link of each row.

Unlike the usual way, nothing is kept between blocking, comparing and choosing: one query joins, weighs and keeps per
row of `r` the best two candidates and the sum of all odds, so memory does not grow with the pairs. Chances by
accident (u) come from random pairs and from the frequencies of values; chances with the right record (m) from rounds
of expectation and maximization over a sample of `r`, in which candidates of one row compete.
"""

import math
from dataclasses import replace

from duckdb import DuckDBPyConnection

from scrm.matching.batch.columns import Chances, Comparison, Linkage

SAMPLED_ROWS = 30_000  # of `r`, for m
RANDOM_PAIRS = 1_000_000  # for u
ROUNDS = 12
SETTLED = 1e-3
FIRST_M = 0.9  # of the most similar level before anything is known
LEAST = 1e-7
HIGHEST = 1000.0


def prepare(db: DuckDBPyConnection, linkage: Linkage) -> None:
    """Count the values by whose frequency levels weigh, the record itself left out: adds `log_…` to `l`."""
    total = _one(db, "select count(*) from l")
    for column in linkage.frequency_columns:
        db.execute(f"alter table l add column if not exists log_{column} float")
        db.execute(
            f"update l set log_{column} = counted.bits from (select {column} as value, "  # noqa: S608 - our own columns
            f"log2((count(*) - 0.5) / {total}) as bits from l where {column} is not null group by 1) counted "
            f"where l.{column} = counted.value"
        )


def estimate(db: DuckDBPyConnection, linkage: Linkage) -> Chances:
    """Find m, u and the prior without labels."""
    u = _accidents(db, linkage)
    chances = Chances(m=_first_m(linkage), u=u, prior=1e-4 if linkage.is_dedupe else 0.5)
    rows = _one(db, "select count(*) from r")
    sample = "" if rows <= SAMPLED_ROWS else f"hash(r.id) % {rows} < {SAMPLED_ROWS}"
    db.execute(f"create or replace temp table sampled as {_pairs_sql(linkage, _levels_columns(linkage), sample)}")
    sampled = min(rows, SAMPLED_ROWS)
    for _ in range(ROUNDS):
        better = _improve(db, linkage, chances, sampled)
        moved = max(abs(better.m[key] - chances.m[key]) for key in better.m)
        chances = better
        if moved < SETTLED:
            break
    db.execute("drop table sampled")
    return chances


def link(db: DuckDBPyConnection, linkage: Linkage, chances: Chances) -> None:
    """Make the table `linked`: r, l, bits, second (bits of the runner-up), probability after all rivals, pairs."""
    total = _one(db, "select count(*) from l")
    bits = f"{math.log2(chances.prior / total)!r} + {_bits(linkage, chances)}"
    pairs = _pairs_sql(linkage, f"l.id as l, r.id as r, least({bits}, {HIGHEST})::float as bits", "")
    db.execute(
        f"""create or replace table linked as
        select r, best[1].l as l, best[1].bits as bits, best[2].bits as second,
            pow(2, best[1].bits) / (1 + odds) as probability, pairs
        from (select r, max(struct_pack(bits := bits, l := l), 2) as best, sum(pow(2, bits)) as odds,
            count(*) as pairs from ({pairs}) group by r)"""  # noqa: S608 - our own specification
    )


def score_pairs(db: DuckDBPyConnection, linkage: Linkage, chances: Chances) -> None:
    """Make the table `scored`: l, r, probability of each pair by itself; for one table of which many rows are one."""
    bits = f"{math.log2(chances.prior / (1 - chances.prior))!r} + {_bits(linkage, chances)}"
    pairs = _pairs_sql(linkage, f"l.id as l, r.id as r, least({bits}, {HIGHEST}) as bits", "")
    db.execute(
        f"create or replace table scored as select l, r, pow(2, bits) / (1 + pow(2, bits)) as probability "  # noqa: S608
        f"from ({pairs})"
    )


def _pairs_sql(linkage: Linkage, columns: str, where: str) -> str:
    """All pairs of which a blocking rule holds, each once."""
    parts = []
    for number, rule in enumerate(linkage.blocking):
        conditions = [f"not coalesce({earlier}, false)" for earlier in linkage.blocking[:number]]
        conditions += ["l.id < r.id"] if linkage.is_dedupe else []
        conditions += [where] if where else []
        filtered = f" where {' and '.join(conditions)}" if conditions else ""
        parts.append(f"select {columns} from l join r on {rule}{filtered}")  # noqa: S608 - our own specification
    return " union all ".join(parts)


def _level_sql(comparison: Comparison) -> str:
    """Which level a pair is on: 0 the most similar, -1 where something is missing."""
    cases = " ".join(f"when {level.when} then {number}" for number, level in enumerate(comparison.levels))
    return f"(case when {comparison.missing} then -1 {cases} else {len(comparison.levels)} end)::tinyint"


def _levels_columns(linkage: Linkage) -> str:
    levels = ", ".join(f"{_level_sql(comparison)} as g_{comparison.name}" for comparison in linkage.comparisons)
    logs = "".join(f", l.log_{column}" for column in linkage.frequency_columns)
    return f"r.id as r, {levels}{logs}"


def _weight(comparison: Comparison, number: int, chances: Chances, log: str) -> str:
    key = f"{comparison.name}.{comparison.level_names[number]}"
    m = math.log2(max(chances.m[key], LEAST))
    if number < len(comparison.levels) and comparison.levels[number].by:
        return f"({m!r} - {log}{comparison.levels[number].by})"
    return repr(m - math.log2(max(chances.u[key], LEAST)))


def _bits(linkage: Linkage, chances: Chances) -> str:
    """The sum of weights of a pair, straight from the tables."""
    parts = []
    for comparison in linkage.comparisons:
        cases = " ".join(
            f"when {level.when} then {_weight(comparison, number, chances, 'l.log_')}"
            for number, level in enumerate(comparison.levels)
        )
        other = _weight(comparison, len(comparison.levels), chances, "l.log_")
        parts.append(f"(case when {comparison.missing} then 0 {cases} else {other} end)")
    return " + ".join(parts)


def _sampled_bits(linkage: Linkage, chances: Chances) -> str:
    """The same from levels that are known already."""
    parts = []
    for comparison in linkage.comparisons:
        cases = " ".join(
            f"when {number} then {_weight(comparison, number, chances, 'log_')}"
            for number in range(len(comparison.level_names))
        )
        parts.append(f"(case g_{comparison.name} {cases} else 0 end)")
    return " + ".join(parts)


def _improve(db: DuckDBPyConnection, linkage: Linkage, chances: Chances, rows: int) -> Chances:
    """One round: how likely each sampled pair is, then how often each level is seen with those that are."""
    sums = ", ".join(
        f"sum(p) filter (g_{comparison.name} = {number})"
        for comparison in linkage.comparisons
        for number in range(len(comparison.level_names))
    )
    if linkage.is_dedupe:
        prior = math.log2(chances.prior / (1 - chances.prior))
        rivals = "pow(2, bits)"
        total = rows * (rows - 1) / 2
    else:
        prior = math.log2(chances.prior / _one(db, "select count(*) from l"))
        rivals = "sum(pow(2, bits)) over (partition by r)"
        total = rows
    found = db.execute(
        f"""with weighed as (select *, least({prior!r} + {_sampled_bits(linkage, chances)}, {HIGHEST}) as bits
            from sampled),
        likely as (select *, pow(2, bits) / (1 + {rivals}) as p from weighed)
        select sum(p), {sums} from likely"""  # noqa: S608 - our own specification
    ).fetchall()[0]
    matched, by_level = float(found[0] or 0.0), [float(value or 0.0) for value in found[1:]]
    m: dict[str, float] = {}
    for comparison in linkage.comparisons:
        names = comparison.level_names
        mine, by_level = by_level[: len(names)], by_level[len(names) :]
        whole = sum(mine) + 0.5 * len(names)
        m.update({f"{comparison.name}.{name}": (seen + 0.5) / whole for name, seen in zip(names, mine, strict=True)})
    return replace(chances, m=m, prior=min(max(matched / total, 1e-9), 0.999))


def _accidents(db: DuckDBPyConnection, linkage: Linkage) -> dict[str, float]:
    """How often levels are seen in random pairs; where a value's frequency decides, this is only its average."""
    counts = ", ".join(
        f"count(*) filter ({_level_sql(comparison)} = {number})"
        for comparison in linkage.comparisons
        for number in range(len(comparison.level_names))
    )
    rows = _one(db, "select count(*) from r")
    per_row = max(RANDOM_PAIRS // max(rows, 1), 1)
    some = f"hash(r.id) % {rows} < {RANDOM_PAIRS}" if rows > RANDOM_PAIRS else "true"
    total = _one(db, "select count(*) from l")
    db.execute("create or replace temp table numbered as select *, row_number() over () - 1 as place from l")
    found = db.execute(
        f"""select {counts} from (select *, unnest(range({per_row})) as turn from r where {some}) r
        join numbered l on l.place = hash(r.id, r.turn) % {total} where l.id <> r.id or not {linkage.is_dedupe}"""  # noqa: S608
    ).fetchall()[0]
    db.execute("drop table numbered")
    u: dict[str, float] = {}
    seen = [float(value) for value in found]
    for comparison in linkage.comparisons:
        names = comparison.level_names
        mine, seen = seen[: len(names)], seen[len(names) :]
        whole = sum(mine) + 0.5 * len(names)
        u.update({f"{comparison.name}.{name}": (n + 0.5) / whole for name, n in zip(names, mine, strict=True)})
    return u


def _first_m(linkage: Linkage) -> dict[str, float]:
    """The most similar level is what one expects of the right record; the others share the rest."""
    found: dict[str, float] = {}
    for comparison in linkage.comparisons:
        first, *others = comparison.level_names
        found[f"{comparison.name}.{first}"] = FIRST_M
        found.update({f"{comparison.name}.{name}": (1 - FIRST_M) / len(others) for name in others})
    return found


def _one(db: DuckDBPyConnection, sql: str) -> int:
    return int(db.execute(sql).fetchall()[0][0])
