"""Versions of networks' APIs: which one the app speaks, and whether it is served for much longer."""

from dataclasses import dataclass
from datetime import date, timedelta

from scrm.connectors.registry import connectors
from scrm.ingest.apps import values_of
from scrm.runtime import Core

SOON = timedelta(days=90)


@dataclass(frozen=True, kw_only=True)
class VersionEnd:
    """A version in use that ends soon, or has ended. `ends_on` is the last day on which it is served."""

    name: str
    ends_on: date
    has_ended: bool


def version_end(core: Core, network: str, today: date) -> VersionEnd | None:
    """The end of the version spoken with a network; None while it is far, or not announced. Raises SealError."""
    connector = connectors().get(network)
    if connector is None or not connector.manifest.versions:
        return None
    spoken = values_of(core, network).get("version")
    for version in connector.manifest.versions:
        if version.name == spoken and version.ends_on is not None and version.ends_on <= today + SOON:
            return VersionEnd(name=version.name, ends_on=version.ends_on, has_ended=version.ends_on < today)
    return None
