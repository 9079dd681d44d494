"""Tables linked on DuckDB without labels, and the same levels given to Splink."""

import random

import pytest

from scrm.matching.batch.columns import Chances, Comparison, Level, Linkage, splink_settings

duckdb = pytest.importorskip("duckdb", reason="matching in bulk is optional: requirements-batch.txt")
linkage = pytest.importorskip("scrm.matching.batch.linkage")

NAMES = [f"{a}{b}{c}" for a in ("ba", "de", "fi", "go", "ku") for b in ("lan", "mer", "nis", "ros") for c in "aeiou"]


def same(column: str, *, by_value: bool = False) -> Comparison:
    exact = Level(name="exact", when=f"l.{column} = r.{column}", by=column if by_value else "")
    near = Level(name="near", when=f"jaro_winkler_similarity(l.{column}, r.{column}) >= 0.9")
    return Comparison(name=column, columns=(column,), levels=(exact, near))


def plan(*, is_dedupe: bool = False, by_value: bool = True) -> Linkage:
    return Linkage(
        comparisons=tuple(same(column, by_value=by_value) for column in ("first", "last", "city")),
        blocking=("l.last = r.last", "l.first = r.first and l.city = r.city"),
        is_dedupe=is_dedupe,
    )


def people(seed: int = 1, size: int = 2000):
    """Every second row of `r` is somebody of `l`, one in five with a wrong letter, some without a city."""
    rng = random.Random(seed)
    db = duckdb.connect()
    for table in "lr":
        db.execute(f"create table {table} (id int, truth int, first varchar, last varchar, city varchar)")
    ours = [(n, n, *(rng.choice(NAMES) for _ in range(3))) for n in range(1, size + 1)]
    theirs = []
    for number, (_, owner, *names) in enumerate(ours, start=10 * size):
        is_stranger = number % 2 == 1
        first, last, city = (rng.choice(NAMES) for _ in range(3)) if is_stranger else names
        shown = last[:2] + "x" + last[3:] if rng.random() < 0.2 else last
        truth = -number if is_stranger else owner
        theirs.append((number, truth, first, shown, None if rng.random() < 0.2 else city))
    db.executemany("insert into l values (?, ?, ?, ?, ?)", ours)
    db.executemany("insert into r values (?, ?, ?, ?, ?)", theirs)
    return db


def test_without_labels_it_finds_how_often_levels_are_seen_and_who_is_who():
    db, wanted = people(), plan()
    linkage.prepare(db, wanted)
    chances = linkage.estimate(db, wanted)
    linkage.link(db, wanted, chances)
    assert chances.m["first.exact"] > 0.95
    assert chances.m["city.exact"] > 0.9
    assert chances.u["first.exact"] == pytest.approx(1 / len(NAMES), rel=0.1)
    assert 0.3 < chances.prior < 0.6
    right, linked = db.execute(
        "select count(*) filter (l.truth = r.truth), count(*) from linked join l on l.id = linked.l "
        "join r on r.id = linked.r where probability > 0.5"
    ).fetchall()[0]
    assert right / linked > 0.95
    assert right / 1000 > 0.8


def test_the_same_tables_give_the_same_chances():
    found = []
    for _ in range(2):
        db, wanted = people(), plan()
        linkage.prepare(db, wanted)
        found.append(linkage.estimate(db, wanted))
    assert found[0].u == found[1].u
    assert found[0].m == pytest.approx(found[1].m)


def test_a_pair_that_several_rules_reach_counts_once_and_rivals_share_the_odds():
    db = duckdb.connect()
    db.execute("create table l as select unnest([1, 2]) as id, 'ada' as first, 'quux' as last, 'kiel' as city")
    db.execute("create table r as select 9 as id, 'ada' as first, 'quux' as last, 'kiel' as city")
    wanted = plan(by_value=False)
    level_names = [f"{c.name}.{level}" for c in wanted.comparisons for level in c.level_names]
    chances = Chances(m=dict.fromkeys(level_names, 0.9), u=dict.fromkeys(level_names, 0.001), prior=0.5)
    linkage.prepare(db, wanted)
    linkage.link(db, wanted, chances)
    ((pairs, probability, bits, second),) = db.execute(
        "select pairs, probability, bits, second from linked"
    ).fetchall()
    assert pairs == 2
    assert bits == second
    assert probability == pytest.approx(0.5, abs=1e-6)


def test_what_is_missing_says_nothing():
    db = duckdb.connect()
    db.execute("create table l as select 1 as id, 'ada' as first, 'quux' as last, null::varchar as city")
    db.execute("create table r as select 9 as id, 'ada' as first, 'quux' as last, 'kiel' as city")
    wanted = plan(by_value=False)
    level_names = [f"{c.name}.{level}" for c in wanted.comparisons for level in c.level_names]
    linkage.prepare(db, wanted)
    linkage.link(db, wanted, Chances(m=dict.fromkeys(level_names, 0.8), u=dict.fromkeys(level_names, 0.1), prior=0.5))
    assert db.execute("select bits from linked").fetchall()[0][0] == pytest.approx(-1 + 2 * 3)


def test_splink_weighs_the_exported_levels_the_same():
    splink = pytest.importorskip("splink")
    db, wanted = people(size=300), plan(is_dedupe=True, by_value=False)
    db.execute("create or replace table l as select * from l union all select * from r")
    db.execute("create or replace table r as from l")
    linkage.prepare(db, wanted)
    chances = linkage.estimate(db, wanted)
    linkage.score_pairs(db, wanted, chances)
    api = splink.internals.duckdb.database_api.DuckDBAPI(connection=db)
    settings = splink_settings(wanted, chances, pairs=600 * 599 / 2)
    linker = splink.Linker([api.register("l", dataset_display_name="all")], settings, log_level=40)
    theirs = linker.inference.predict().physical_name
    differing = db.execute(
        f"select count(*), max(abs(s.probability - t.match_probability)) from scored s full join {theirs} t "
        "on (s.l = t.id_l and s.r = t.id_r) or (s.l = t.id_r and s.r = t.id_l)"
    ).fetchall()[0]
    assert differing[0] > 100
    assert differing[1] < 1e-6
