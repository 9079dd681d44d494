"""Linking n profiles to n contacts at once, beside Splink on the same records in the same run.

    python -m bench.matching [--sizes 100000 1000000] [--parts splink same full known limits] [--folder FOLDER]

Records are invented (bench/crowd.py: the census's frequencies of names, one profile in five a stranger) and kept in
FOLDER. Parts, each in a process of its own, on two threads, below 8 GB:

* splink  Splink 5 on DuckDB: u from random pairs, m by expectation and maximization, all pairs of its blocking rules,
          the best link of each profile; also after its rivals, which Splink leaves to its users
* same    our engine with the same blocking rules and the same comparisons
* full    our engine with all rules: nicknames, consonants, initials, names beside city and company
* known   the same with the chances that the generator's truth shows: how good weights could be at best here
* limits  how many pairs a second Jaro-Winkler alone manages, in rapidfuzz and in DuckDB

Seconds are by the clock and, as other work may run beside, of both processors together. F1 is the best over all
thresholds, of one link for each profile, against every profile that has a contact.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from bench import crowd
from scrm.matching.batch.columns import Chances, Comparison, Level, Linkage
from scrm.matching.batch.linkage import estimate, link, prepare
from scrm.matching.normalize import formal_names, skeleton, squash

CHUNK = 50_000
SAME_RULES = (
    "l.email = r.email",
    "l.given = r.given and l.surname = r.surname",
    "l.surname = r.surname and l.city = r.city",
    "l.given = r.given and l.company = r.company",
    "l.surname = r.surname and l.company = r.company",
)
FULL_RULES = (
    *SAME_RULES,
    "l.kin = r.kin and l.surname_bones = r.surname_bones",
    "l.given_bones = r.given_bones and l.surname_bones = r.surname_bones",
    "l.given = r.given and l.city = r.city",
    "l.given_bones = r.given_bones and l.company = r.company",
    "l.surname = r.surname and l.initial = r.initial",
)


def name(column: str, *others: Level) -> Comparison:
    near = Level(name="near", when=f"jaro_winkler_similarity(l.{column}, r.{column}) >= 0.88")
    exact = Level(name="exact", when=f"l.{column} = r.{column}", by=column)
    return Comparison(name=column, columns=(column,), levels=(exact, *others, near))


def same(column: str, *, by_value: bool = True) -> Comparison:
    exact = Level(name="exact", when=f"l.{column} = r.{column}", by=column if by_value else "")
    return Comparison(name=column, columns=(column,), levels=(exact,))


CONTEXT = (same("email", by_value=False), same("company"), same("city"))
SAME = Linkage(comparisons=(name("given"), name("surname"), *CONTEXT), blocking=SAME_RULES)
FULL = Linkage(
    comparisons=(name("given", Level(name="kin", when="l.kin = r.kin")), name("surname"), *CONTEXT),
    blocking=FULL_RULES,
)
Report = dict[str, Any]


class Stopwatch:
    """What each phase took, by the clock and on both processors."""

    def __init__(self) -> None:
        self.phases: dict[str, list[float]] = {}
        self._began = time.perf_counter(), _processor()

    @contextmanager
    def phase(self, label: str) -> Iterator[None]:
        started = time.perf_counter(), _processor()
        yield
        self.phases[label] = [round(time.perf_counter() - started[0], 2), round(_processor() - started[1], 2)]

    def report(self) -> Report:
        return {
            "seconds": round(time.perf_counter() - self._began[0], 2),
            "processor_seconds": round(_processor() - self._began[1], 2),
            "phases": self.phases,
            "peak_gb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, 2),
        }


def _processor() -> float:
    return time.process_time()


def make(folder: Path, size: int) -> Path:
    """Invent the records, unless they are there; returns their folder."""
    made = folder / str(size)
    made.mkdir(parents=True, exist_ok=True)
    spans = [(side, start, min(start + CHUNK, size + 1)) for side in "lr" for start in range(1, size + 1, CHUNK)]
    missing = [span for span in spans if not (made / f"{span[0]}{span[1]}.parquet").exists()]
    if missing:
        crowd.world()
        with get_context("fork").Pool(2) as pool:
            pool.starmap(_make, [(made, size, *span) for span in missing], chunksize=1)
    return made


def _make(made: Path, size: int, side: str, start: int, stop: int) -> None:
    source: Any = crowd.contacts(start, stop) if side == "l" else crowd.profiles(start, stop, size)
    columns: dict[str, Callable[[Any], Any]] = {
        "id": lambda row: row.number,
        "truth": lambda row: row.number if side == "l" else row.contact,
        "given": lambda row: row.first_name or None,
        "surname": lambda row: row.last_name or None,
        "email": lambda row: row.email or None,
        "company": lambda row: row.company or None,
        "city": lambda row: row.city or None,
    }
    rows = list(source)
    table = pa.table({name: pa.array([read(row) for row in rows]) for name, read in columns.items()})
    pq.write_table(table, made / f"{side}{start}.parquet.part")
    (made / f"{side}{start}.parquet.part").rename(made / f"{side}{start}.parquet")


def connect() -> duckdb.DuckDBPyConnection:
    db = duckdb.connect()
    db.execute("set threads = 2; set memory_limit = '6GB'; set preserve_insertion_order = false")
    return db


def ours(made: Path, linkage: Linkage, *, is_known: bool = False) -> Report:
    """Our engine: read, spell the names in comparable ways, count, find the chances, link."""
    watch, db = Stopwatch(), connect()
    with watch.phase("read"):
        for side in "lr":
            db.execute(f"create table raw_{side} as from '{made}/{side}*.parquet'")
    with watch.phase("names"):
        _spell(db)
    with watch.phase("count"):
        prepare(db, linkage)
    with watch.phase("chances"):
        chances = estimate(db, linkage)
        if is_known:
            chances = _known(db, linkage, chances)
    with watch.phase("link"):
        link(db, linkage, chances)
    done = watch.report()
    pairs, reached = _reach(db, linkage)
    linked = (
        "select l.truth is not distinct from r.truth as is_right, {} as sureness "
        "from linked join l on l.id = linked.l join r on r.id = linked.r"
    )
    return {
        **done,
        "pairs": pairs,
        "blocking_recall": reached,
        "pairs_per_processor_second": round(pairs / done["phases"]["link"][1]),
        "f1_after_rivals": best_f1(db, linked.format("probability")),
        "f1_by_bits": best_f1(db, linked.format("bits")),
        "m": {key: round(value, 4) for key, value in chances.m.items()},
    }


def _spell(db: duckdb.DuckDBPyConnection) -> None:
    """Words as they are compared: each distinct one once in Python, by the code that keys use."""
    words = db.execute(
        "select distinct unnest([given, surname]) as word from (from raw_l union all by name from raw_r)"
    ).fetchall()
    known = [squash(word) for (word,) in words if word]
    plain = [word for (word,) in words if word]
    kin = [min(formal_names(word), default=word) for word in known]
    spelled = pa.table({"word": plain, "squashed": known, "bones": [skeleton(word) for word in known], "kin": kin})
    db.register("spelled", spelled)
    for side in "lr":
        db.execute(
            f"""create table {side} as select id, truth, g.squashed as given, s.squashed as surname, g.kin as kin,
                g.bones as given_bones, s.bones as surname_bones, given[1] as initial, email, company, city
            from raw_{side} left join spelled g on g.word = given left join spelled s on s.word = surname"""
        )
        db.execute(f"drop table raw_{side}")


def _known(db: duckdb.DuckDBPyConnection, linkage: Linkage, chances: Chances) -> Chances:
    """The chances that the true pairs show."""
    m: dict[str, float] = {}
    for comparison in linkage.comparisons:
        cases = " ".join(f"when {level.when} then '{level.name}'" for level in comparison.levels)
        rows = db.execute(
            f"select case {cases} else 'other' end, count(*) from l join r on l.id = r.truth "
            f"where not ({comparison.missing}) group by 1"
        ).fetchall()
        whole = sum(count for _, count in rows)
        m.update({f"{comparison.name}.{level}": 1e-6 for level in comparison.level_names})
        m.update({f"{comparison.name}.{level}": count / whole for level, count in rows})
    return replace(chances, m=m, prior=1 - crowd.STRANGERS)


def _reach(db: duckdb.DuckDBPyConnection, linkage: Linkage) -> tuple[int, float]:
    pairs = db.execute("select sum(pairs) from linked").fetchall()[0][0]
    rules = " or ".join(f"coalesce({rule}, false)" for rule in linkage.blocking)
    reached = db.execute(f"select avg(({rules})::int) from l join r on l.id = r.truth").fetchall()[0][0]
    return int(pairs), round(reached, 4)


def best_f1(db: duckdb.DuckDBPyConnection, linked: str) -> Report:
    """The best F1 over thresholds, with precision and recall there, and what holds from a probability of .99 on."""
    found = db.execute(
        f"""with linked as ({linked}), there as (select count(*) as n from r where truth > 0),
        counted as (select sureness, sum(is_right::int) over w as right_ones, count(*) over w as linked
            from linked window w as (order by sureness desc range unbounded preceding))
        select max_by(struct_pack(f1 := 2 * right_ones / (linked + n), precision := right_ones / linked,
            recall := right_ones / n), right_ones / (linked + n)),
            max(right_ones / n) filter (right_ones >= 0.99 * linked)
        from counted, there"""
    ).fetchall()[0]
    return {**{key: round(value, 4) for key, value in found[0].items()}, "recall_at_99": round(found[1] or 0, 4)}


def splink(made: Path, _linkage: Linkage) -> Report:
    """Splink as its documentation uses it: train, predict, take the best link."""
    import splink.comparison_library as cl  # noqa: PLC0415 - only this part needs it
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on  # noqa: PLC0415

    watch, db = Stopwatch(), connect()
    api = DuckDBAPI(connection=db)
    with watch.phase("read"):
        for side in "lr":
            columns = "id as unique_id, given, surname, email, company, city"
            db.execute(f"create table in_{side} as select {columns} from '{made}/{side}*.parquet'")
            db.execute(f"create table {side} as select id, truth from '{made}/{side}*.parquet'")
        tables = [api.register(f"in_{side}", dataset_display_name=side) for side in "lr"]
        settings = SettingsCreator(
            link_type="link_only",
            comparisons=[
                *(
                    cl.JaroWinklerAtThresholds(column, [0.88]).configure(term_frequency_adjustments=True)
                    for column in ("given", "surname")
                ),
                cl.ExactMatch("email"),
                *(cl.ExactMatch(column).configure(term_frequency_adjustments=True) for column in ("company", "city")),
            ],
            blocking_rules_to_generate_predictions=[
                block_on("email"),
                block_on("given", "surname"),
                block_on("surname", "city"),
                block_on("given", "company"),
                block_on("surname", "company"),
            ],
        )
        linker = Linker(tables, settings, log_level=40)
    with watch.phase("chances"):
        training = linker.training
        training.estimate_probability_two_random_records_match([block_on("email")], recall=0.3)
        training.estimate_u_using_random_sampling(max_pairs=1e6)
        training.estimate_parameters_using_expectation_maximisation(block_on("given", "surname"))
        training.estimate_parameters_using_expectation_maximisation(block_on("email"))
    with watch.phase("predict"):
        predicted = linker.inference.predict(threshold_match_probability=0.001).physical_name
    with watch.phase("best"):
        pair = "unique_id_l as l, unique_id_r as r, match_weight as bits"
        db.execute(
            f"create table linked as select r, best.l as l, best.bits as bits, pairs "
            f"from (select r, max(struct_pack(bits := bits, l := l)) as best, "
            f"count(*) as pairs from (select {pair} from {predicted}) group by r)"
        )
    done = watch.report()
    by_itself = (
        "select l.truth is not distinct from r.truth as is_right, linked.bits as sureness "
        "from linked join l on l.id = linked.l join r on r.id = linked.r"
    )
    odds = f"(select unique_id_r as r, sum(pow(2, match_weight)) as odds from {predicted} group by 1)"
    return {
        **done,
        "pairs_kept": db.execute(f"select count(*) from {predicted}").fetchall()[0][0],
        "f1_by_bits": best_f1(db, by_itself),
        "f1_after_rivals": best_f1(
            db,
            f"{by_itself.replace('linked.bits as', 'pow(2, linked.bits) / (1 + odds) as')} join {odds} o using (r)",
        ),
    }


def limits(made: Path, _linkage: Linkage) -> Report:
    """Jaro-Winkler alone: rapidfuzz on lists in one process, DuckDB on two threads."""
    from rapidfuzz.distance import JaroWinkler  # noqa: PLC0415

    db = connect()
    db.execute(f"create table names as select given || ' ' || surname as name from '{made}/l*.parquet' limit 2000")
    names = [name for (name,) in db.execute("from names").fetchall()]
    started, worked = time.perf_counter(), _processor()
    for one in names[:100]:
        for other in names:
            JaroWinkler.similarity(one, other)
    calls = 100 * len(names)
    single = {"wall": calls / (time.perf_counter() - started), "processor": calls / (_processor() - worked)}
    started, worked = time.perf_counter(), _processor()
    db.execute("select sum(jaro_winkler_similarity(a.name, b.name)) from names a, names b").fetchall()
    joined = {"wall": 4e6 / (time.perf_counter() - started), "processor": 4e6 / (_processor() - worked)}
    return {
        "rapidfuzz_calls_per_second": {key: round(value) for key, value in single.items()},
        "duckdb_pairs_per_second": {key: round(value) for key, value in joined.items()},
    }


PARTS: dict[str, tuple[Callable[..., Report], Linkage, dict[str, bool]]] = {
    "limits": (limits, FULL, {}),
    "splink": (splink, SAME, {}),
    "same": (ours, SAME, {}),
    "full": (ours, FULL, {}),
    "known": (ours, FULL, {"is_known": True}),
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--sizes", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--parts", nargs="+", default=list(PARTS), choices=list(PARTS))
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--alone", action="store_true", help="run the one part here")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as passing:
        folder = asked.folder or Path(passing)
        for size in asked.sizes:
            made = make(folder, size)
            for part in asked.parts:
                if asked.alone:
                    run, linkage, options = PARTS[part]
                    print(json.dumps({"part": part, "size": size, **run(made, linkage, **options)}), flush=True)
                else:
                    command = [sys.executable, "-m", "bench.matching", "--alone", "--folder", str(folder)]
                    subprocess.run([*command, "--sizes", str(size), "--parts", part], check=True, env=os.environ)


if __name__ == "__main__":
    main()
