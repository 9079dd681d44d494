"""The score over a table in DuckDB is the score of one pair in Python."""

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrm.matching.model import SHIPPED, MatchModel
from scrm.matching.rules import Pair, relevant
from scrm.matching.score import prior_of, probabilities, weigh
from scrm.matching.specification import COLUMNS, Features, features, weights
from tests.matching.people import contact, frequencies, link, profile

duckdb = pytest.importorskip("duckdb", reason="matching in bulk is optional: requirements-batch.txt")
scoring = pytest.importorskip("scrm.matching.batch.scoring")

CLOSE = 1e-6
MODEL = replace(SHIPPED, network_bits={"x surname.exact": 1.25, "github given.exact": -2.0}, caps={"city": 3.0})
LEVELS: dict[str, list[str]] = {column: [] for column in COLUMNS}
for key in SHIPPED.levels:
    LEVELS[key.partition(".")[0]].append(key.partition(".")[2])

CELLS = st.fixed_dictionaries(
    {},
    optional={
        column: st.tuples(st.sampled_from(levels), st.one_of(st.just(0.0), st.floats(0, 1)))
        for column, levels in LEVELS.items()
        if levels
    },
)
ROWS = st.lists(
    st.tuples(st.integers(1, 3), st.sampled_from(["x", "twitter", "github", "mastodon"]), CELLS), max_size=12
)


def in_duckdb(rows: list[tuple[int, str, Features]], model: MatchModel, contacts: int) -> list[tuple[float, float]]:
    """Bits and probability of each row, in their order."""
    db = duckdb.connect()
    db.execute(scoring.table_sql("pairs"))
    made = [scoring.row_of(owner, number, network, cells) for number, (owner, network, cells) in enumerate(rows)]
    if made:
        db.executemany(f"insert into pairs values ({', '.join('?' * len(made[0]))})", made)
    found: list[tuple[Any, ...]] = db.execute(
        f"select bits, probability from ({scoring.scores_sql(model, contacts, 'pairs')}) order by contact"
    ).fetchall()
    return [(float(bits), float(probability)) for bits, probability in found]


@settings(max_examples=40, deadline=None)
@given(rows=ROWS, contacts=st.integers(0, 10_000_000))
def test_any_pairs_weigh_the_same(rows, contacts):
    expected = [MODEL.prior_bits(contacts) + math.fsum(weights(cells, MODEL, net).values()) for _, net, cells in rows]
    chances: dict[int, float] = {}
    for owner in {row[0] for row in rows}:
        chances |= probabilities({n: expected[n] for n, row in enumerate(rows) if row[0] == owner})  # type: ignore[misc]
    found = in_duckdb(rows, MODEL, contacts)
    assert len(found) == len(rows)
    for number, (bits, probability) in enumerate(found):
        assert bits == pytest.approx(expected[number], abs=CLOSE)
        assert probability == pytest.approx(chances[number], abs=CLOSE)


OURS = [
    contact("Jane Quickenborough", 1, emails=("jane@company.example",), company="Acme GmbH", city="Kiel"),
    contact("John Quickenborough", 2, handles=(("x", "johnq"),), country="Germany"),
    contact("Jane Smith", 3, urls=("https://smith.example/me",), title="Head of Sales"),
    contact("Acme GmbH", 4, kind="account"),
]
THEIRS = [
    profile("Jane Quickenborough", "jquickenborough", location="Kiel, Germany", company="Acme"),
    profile("", "janesmith", links=(link("https://smith.example/me"),)),
    profile("Acme", "acme", is_organization=True, network="x"),
    profile("J. Smith", "jane", email="jane@company.example", is_bot=True, bio="sales for Acme"),
]


def test_real_pairs_weigh_the_same_as_online():
    known = frequencies(total=4)
    prior = prior_of(SHIPPED, known)
    pairs = [
        (number, Pair(contact=ours, profile=view, model=SHIPPED, frequencies=known))
        for number, view in enumerate(THEIRS)
        for ours in OURS
    ]
    rows = [(number, pair.profile.network, features(pair)) for number, pair in pairs]
    online = [math.fsum(row.bits for row in weigh(pair, relevant(pair.profile), prior)) for _, pair in pairs]
    assert [bits for bits, _ in in_duckdb(rows, SHIPPED, known.total)] == pytest.approx(online, abs=CLOSE)
    assert len({round(bits, 3) for bits in online}) > 8


def test_a_level_that_the_model_does_not_know_is_an_error():
    with pytest.raises(duckdb.Error, match="without a weight"):
        in_duckdb([(1, "x", {"surname": ("no such level", 0.0)})], SHIPPED, 1)


def test_a_name_in_a_model_is_never_read_as_sql():
    evil = replace(SHIPPED, network_bits={"x'; drop surname.exact": 1.0})
    assert len(in_duckdb([(1, "x", {"surname": ("exact", 0.0)})], evil, 1)) == 1
