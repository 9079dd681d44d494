"""The table of promises names only tests that exist, and tells kept from broken and from not shown."""

import ast
from pathlib import Path

import pytest

from bench.promise_list import PROMISES, Promise
from bench.promise_table import ask, line

ROOT = Path(__file__).parents[1]


def names(promise: Promise) -> tuple[str, ...]:
    return (*promise.by, *promise.more)


def test_there_are_twenty_five_in_order_and_each_has_a_check() -> None:
    assert list(PROMISES) == [f"P{number}" for number in range(1, 26)]
    assert all(promise.by for promise in PROMISES.values())


@pytest.mark.parametrize("promise", PROMISES)
def test_every_check_of_a_promise_exists(promise: str) -> None:
    for name in names(PROMISES[promise]):
        file, _, function = name.partition("::")
        tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
        there = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        assert any(one.startswith("test_") for one in there), file
        assert not function or function in there, name


@pytest.mark.parametrize(
    ("body", "verdict"),
    [
        ("def test_it(): pass", "kept"),
        ("def test_it(): assert False", "BROKEN"),
        ("def test_it(): pass\ndef test_other(): assert False", "BROKEN"),
        ("import pytest\n@pytest.mark.skip\ndef test_it(): pass", "not shown"),
        ("nonsense(", "BROKEN"),
    ],
)
def test_a_promise_is_kept_only_if_every_check_passed(body: str, verdict: str, tmp_path: Path) -> None:
    file = tmp_path / "test_one.py"
    file.write_text(body, encoding="utf-8")
    promise = Promise(words="It holds", by=(str(file),))
    found = ask(promise, is_long=False, engine=None)
    assert found.verdict == verdict
    assert verdict in line("P0", promise, found)
