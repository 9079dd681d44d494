"""What the org says of its allowances.

https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_limits.htm, read 2026-11-24; those
other than of requests are from memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrm.sandbox.salesforce.calls import Answer, Call, Route, Table

if TYPE_CHECKING:
    from scrm.sandbox.salesforce.journal import Journal

OTHERS = {"DailyBulkV2QueryJobs": 10_000, "DailyBulkApiBatches": 15_000, "DataStorageMB": 1024}


def add_limits(table: Table, journal: Journal) -> None:
    """Add the resource `limits`."""

    def limits(_call: Call) -> Answer:
        left = max(0, journal.daily_requests - journal.used)
        body = {name: {"Max": most, "Remaining": most} for name, most in OTHERS.items()}
        return Answer(body={"DailyApiRequests": {"Max": journal.daily_requests, "Remaining": left}, **body})

    table.add(Route(method="GET", path="limits", handler=limits))
