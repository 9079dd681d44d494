"""Standard sets of record linkage, by the same engine as the invented ones: febrl4, fake_1000, historical figures.

    python -m bench.standard_sets [FOLDER]

FOLDER holds febrl/ and splink/ as they are published (febrl: BSD; splink_datasets: MIT; the historical set derives
from Wikidata, CC0). All true pairs count, those that no blocking rule reaches too; the threshold is the one with the
best F1, as in the figures these are compared with. No labels are used.
"""

import json
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import duckdb

from scrm.matching.batch.columns import Comparison, Level, Linkage
from scrm.matching.batch.linkage import estimate, prepare, score_pairs


def similar(column: str, *cutoffs: float, by_value: bool = True, swapped: str = "") -> Comparison:
    """Equal, exchanged with another column, or near by Jaro-Winkler."""
    levels = [Level(name="exact", when=f"l.{column} = r.{column}", by=column if by_value else "")]
    if swapped:
        levels.append(Level(name="swapped", when=f"l.{column} = r.{swapped} or l.{swapped} = r.{column}"))
    levels += [
        Level(name=f"near_{cutoff}", when=f"jaro_winkler_similarity(l.{column}, r.{column}) >= {cutoff}")
        for cutoff in cutoffs
    ]
    return Comparison(name=column, columns=(column,), levels=tuple(levels))


def typed(column: str, *mistakes: int, by_value: bool = False) -> Comparison:
    """Equal, or written with at most so many wrong letters."""
    levels = [Level(name="exact", when=f"l.{column} = r.{column}", by=column if by_value else "")]
    levels += [
        Level(name=f"mistakes_{count}", when=f"levenshtein(l.{column}, r.{column}) <= {count}") for count in mistakes
    ]
    return Comparison(name=column, columns=(column,), levels=tuple(levels))


FEBRL = Linkage(
    comparisons=(
        similar("given_name", 0.88, swapped="surname"),
        similar("surname", 0.88, swapped="given_name"),
        typed("date_of_birth", 1, 2),
        typed("soc_sec_id", 1, 2),
        similar("address_1", 0.88),
        similar("suburb", 0.88),
        typed("postcode", 1, by_value=True),
        typed("street_number", 1),
        typed("state"),
    ),
    blocking=(
        "l.soc_sec_id = r.soc_sec_id",
        "l.date_of_birth = r.date_of_birth",
        "l.given_name = r.given_name and l.surname = r.surname",
        "l.surname = r.surname and l.postcode = r.postcode",
        "l.given_name = r.given_name and l.postcode = r.postcode",
        "l.address_1 = r.address_1",
        "l.given_name = r.surname and l.surname = r.given_name",
        "l.suburb = r.suburb and l.street_number = r.street_number",
    ),
)
FAKE = Linkage(
    comparisons=(
        similar("first_name", 0.88, 0.7),
        similar("surname", 0.88, 0.7),
        typed("dob", 1, 2),
        similar("city", 0.88),
        similar("email", 0.88),
    ),
    blocking=(
        "l.first_name = r.first_name",
        "l.surname = r.surname",
        "l.dob = r.dob",
        "l.email = r.email",
    ),
    is_dedupe=True,
)
HISTORICAL = Linkage(
    comparisons=(
        similar("first_name", 0.9, 0.8),
        similar("surname", 0.9, 0.8),
        typed("dob", 1, 2, by_value=True),
        similar("birth_place", 0.9),
        typed("postcode_fake", 1, 2, by_value=True),
        typed("occupation", by_value=True),
    ),
    blocking=(
        "l.first_name = r.first_name and l.surname = r.surname",
        "l.dob = r.dob",
        "l.postcode_fake = r.postcode_fake",
        "l.surname = r.surname and l.birth_place = r.birth_place",
        "l.first_name = r.first_name and l.birth_place = r.birth_place and l.occupation = r.occupation",
        "l.surname = r.surname and substr(l.dob, 1, 4) = substr(r.dob, 1, 4)",
        "l.first_name = r.first_name and substr(l.postcode_fake, 1, 4) = substr(r.postcode_fake, 1, 4)",
        "l.surname = r.surname and l.occupation = r.occupation",
    ),
    is_dedupe=True,
)


@dataclass(frozen=True, kw_only=True)
class Standard:
    """One set: how its tables are read, who is who, and what is to be reached."""

    linkage: Linkage
    left: str
    right: str
    goal: float


SETS = {
    "febrl4": Standard(
        linkage=FEBRL,
        left="select split_part(rec_id, '-', 2)::int as truth, row_number() over () as id, "
        "* exclude (rec_id) from read_csv('{folder}/febrl/dataset4a.csv', all_varchar = true)",
        right="select split_part(rec_id, '-', 2)::int as truth, 1000000 + row_number() over () as id, "
        "* exclude (rec_id) from read_csv('{folder}/febrl/dataset4b.csv', all_varchar = true)",
        goal=0.9997,
    ),
    "fake_1000": Standard(
        linkage=FAKE,
        left="select cluster::int as truth, unique_id::int as id, * exclude (cluster, unique_id) "
        "from read_csv('{folder}/splink/fake_1000.csv', all_varchar = true)",
        right="from l",
        goal=0.856,
    ),
    "historical_50k": Standard(
        linkage=HISTORICAL,
        left="select cluster as truth, row_number() over () as id, * exclude (cluster, unique_id) "
        "from '{folder}/splink/historical_figures_with_errors_50k.parquet'",
        right="from l",
        goal=0.766,
    ),
}


def run(name: str, folder: Path) -> dict[str, object]:
    """Link one set and compare with who is who."""
    standard = SETS[name]
    db = duckdb.connect()
    db.execute("set threads = 2; set memory_limit = '4GB'")
    _read(db, "l", standard.left.format(folder=folder))
    started, worked = time.perf_counter(), time.process_time()
    prepare(db, standard.linkage)
    _read(db, "r", standard.right.format(folder=folder))
    chances = estimate(db, standard.linkage)
    score_pairs(db, standard.linkage, chances)
    once = "and l.id < r.id" if standard.linkage.is_dedupe else ""
    true_pairs = db.execute(f"select count(*) from l join r on l.truth = r.truth {once}").fetchall()[0][0]
    best = db.execute(
        f"""with known as (select probability, l.truth = r.truth as is_right from scored s
            join l on l.id = s.l join r on r.id = s.r),
        counted as (select probability, sum(is_right::int) over w as right_ones, count(*) over w as linked from known
            window w as (order by probability desc range unbounded preceding))
        select max_by(struct_pack(f1 := 2 * right_ones / (linked + {true_pairs}), p := right_ones / linked,
            r := right_ones / {true_pairs}), right_ones / (linked + {true_pairs})) from counted"""
    ).fetchall()[0][0]
    reached = db.execute(
        "select count(*) from scored s join l on l.id = s.l join r on r.id = s.r where l.truth = r.truth"
    )
    found, pairs = reached.fetchall()[0][0], db.execute("select count(*) from scored").fetchall()[0][0]
    return {
        "set": name,
        "f1": round(best["f1"], 4),
        "goal": standard.goal,
        "precision": round(best["p"], 4),
        "recall": round(best["r"], 4),
        "blocking_recall": round(found / true_pairs, 4),
        "pairs": pairs,
        "seconds": round(time.perf_counter() - started, 2),
        "processor_seconds": round(time.process_time() - worked, 2),
    }


def _read(db: duckdb.DuckDBPyConnection, table: str, source: str) -> None:
    """Make a table whose empty texts are missing."""
    db.execute(f"create table {table} as {source}")
    texts = f"select column_name from duckdb_columns() where table_name = '{table}' and data_type = 'VARCHAR'"
    for (column,) in db.execute(texts).fetchall():
        db.execute(f"update {table} set {column} = nullif(trim({column}), '')")


def main() -> None:
    shared = Path(os.environ.get("SCRM_SHARED", Path(__file__).parents[2] / "shared"))
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else shared / "data" / "matching"
    if not folder.is_dir():
        sys.exit("no standard sets here: name a folder")
    for name in SETS:
        print(json.dumps(run(name, folder)), flush=True)


if __name__ == "__main__":
    main()
