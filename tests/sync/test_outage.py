"""Hours without the CRM, on a clock set by hand: everything drains after it, in order, and nobody is blamed."""

import pytest

from bench.outage import KINDS, outage
from scrm.runtime import Core


@pytest.mark.parametrize("kind", KINDS)
def test_a_long_outage_costs_time_and_nothing_else(core: Core, kind: str) -> None:
    hours = 1.2 if kind == "limit" else 0.5  # long enough for the CRM to be asked more than once
    verdict = outage(core, entries=450, hours=hours, kind=kind)
    assert verdict.is_clean, verdict
    assert verdict.probes_per_minute <= 1
    assert verdict.reads_per_minute <= 1
    assert verdict.first_write_seconds <= (3600 if kind == "limit" else 130)
