"""The host's clock and the clock of simulations."""

from datetime import UTC, datetime, timedelta

from scrm.clock import FakeClock, SystemClock

START = datetime(2026, 3, 29, 0, 59, 59, 999_999, tzinfo=UTC)


def test_the_hosts_clock_tells_utc() -> None:
    now = SystemClock().now()
    assert now.tzinfo is UTC
    assert abs(now - datetime.now(UTC)) < timedelta(seconds=5)


def test_a_simulated_clock_moves_only_when_told() -> None:
    clock = FakeClock(START)
    assert clock.now() == clock.now() == START
    clock.advance(0.000_001)
    assert clock.now() == datetime(2026, 3, 29, 1, tzinfo=UTC)
    clock.advance(86_400)
    assert clock.now() - START == timedelta(days=1, microseconds=1)
