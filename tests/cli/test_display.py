"""Where nobody watches, counts are lines; they come when they changed, and not too often."""

import pytest

from scrm.cli import display


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr(display.time, "monotonic", lambda: now[0])
    return now


def test_a_changed_count_is_a_line(shown: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    screen = display.Display()
    screen.counts("fetched 1")
    screen.counts("fetched 1")
    shown[0] += 10
    screen.counts("fetched 1")
    screen.counts("fetched 2")
    screen.close()
    assert capsys.readouterr().out == "fetched 1\nfetched 2\n"


def test_counts_that_change_all_the_time_are_thinned_out(
    shown: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    screen = display.Display()
    for number in range(12):
        screen.counts(f"fetched {number}")
        shown[0] += 1
    assert capsys.readouterr().out == "fetched 0\nfetched 5\nfetched 10\n"


def test_a_long_address_is_not_broken(capsys: pytest.CaptureFixture[str]) -> None:
    address = "http://127.0.0.1:8000/sign-in/" + "x" * 200
    display.Display().say(f"  [admin]: {address}")
    assert capsys.readouterr().out == f"  [admin]: {address}\n"
