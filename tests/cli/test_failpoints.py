"""The list of failpoints is read from the source, so none is forgotten."""

from tests.cli.conftest import Call


def test_every_failpoint_is_listed_with_its_place_and_counted(call: Call) -> None:
    lines = call("failpoints").output.splitlines()
    *points, total = lines
    assert total == f"{len(points)} failpoints"
    assert any(line.startswith("connection.add:before  ingest/connections.py:") for line in points)
    assert len({line.split()[0] for line in points}) == len(points)
