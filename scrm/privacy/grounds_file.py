"""Import of grounds from a CSV file: network, account, purpose, basis, source, given_on, until.

`account` is the network's own id of the profile, or its handle as we know it now. Rows that cannot be taken are
named by their line; importing the same file again replaces what it recorded before.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from scrm.errors import InputError
from scrm.i18n import N_, gettext
from scrm.models import Basis, Profile, Purpose
from scrm.purposes import Entry, record
from scrm.runtime import Core

COLUMNS: Final = {"network", "account", "purpose", "basis", "source"}
PORTION: Final = 100
NO_COLUMNS = N_("The file needs the columns network, account, purpose, basis and source.")
NO_ONE = N_("no profile, or several, with this account")
NO_WORD = N_("purpose or basis is not one of the known ones")
NO_DATE = N_("expected a date like 2026-11-24")


@dataclass(kw_only=True)
class GroundsReport:
    """What came of the file."""

    recorded: int = 0
    rejected: list[tuple[int, str]] = field(default_factory=list)  # line, why


def import_grounds(core: Core, file: Path) -> GroundsReport:
    """Raises InputError when the file as a whole is no good."""
    report = GroundsReport()
    with file.open(encoding="utf-8-sig", newline="") as source:
        reader = csv.DictReader(source)
        if not COLUMNS.issubset(reader.fieldnames or ()):
            raise InputError(NO_COLUMNS)
        portion: list[tuple[int, Mapping[str, str | None]]] = []
        for row in reader:
            portion.append((reader.line_num, row))
            if len(portion) == PORTION:
                _take(core, portion, report)
                portion = []
        _take(core, portion, report)
    return report


def _take(core: Core, portion: list[tuple[int, Mapping[str, str | None]]], report: GroundsReport) -> None:
    with core.db.write("grounds.import") as session:
        now = core.db.clock.now()
        for line, row in portion:
            try:
                record(session, _profile(session, row), _entry(row, now), now)
                report.recorded += 1
            except InputError as why:
                report.rejected.append((line, gettext(str(why))))


def _profile(session: Session, row: Mapping[str, str | None]) -> int:
    account = (row["account"] or "").strip()
    named = or_(Profile.native_id == account, Profile.handle == account.removeprefix("@"))
    ids = session.scalars(
        select(Profile.id).where(Profile.network == (row["network"] or "").strip(), named).limit(2)
    ).all()
    if len(ids) != 1:
        raise InputError(NO_ONE)
    return ids[0]


def _entry(row: Mapping[str, str | None], now: datetime) -> Entry:
    try:
        purpose = Purpose(value) if (value := (row["purpose"] or "").strip()) else None
        basis = Basis((row["basis"] or "").strip())
    except ValueError:
        raise InputError(NO_WORD) from None
    return Entry(
        purpose=purpose,
        basis=basis,
        source=row["source"] or "",
        given_at=_date(row.get("given_on")) or now,
        expires_at=_date(row.get("until")),
        recorded_by="import",
    )


def _date(text: str | None) -> datetime | None:
    if not (text or "").strip():
        return None
    try:
        return datetime.strptime((text or "").strip(), "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise InputError(NO_DATE) from None
