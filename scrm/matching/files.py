"""Contacts, profiles, truths and judgments in files, as an evaluation or a trial without a database has them.

contacts: CSV with id, first_name, last_name, full_name, emails, phones, company, title, city, country, language,
handles (network:handle) and urls, several values parted by `;`. profiles: one JSON object a line with network,
native_id, handle, display_name, bio, location, company, title, language, url or urls, email and email_verified.
judgments: CSV with network, native_id, contact_id, judgment (positive or negative). Where the heading has no comma,
semicolons or tabs part the columns. Columns may be missing, unknown ones are ignored, and a row that cannot be used
is reported and left out. All may be gzipped.
"""

import csv
import gzip
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import IO, Any

from scrm.matching.normalize import canonical_network
from scrm.matching.views import ContactId, ContactView, Link, ProfileId, ProfileView

Report = Callable[[Path, int, str], None]
LONGEST_CELL = 10_000_000
_LISTS = ("emails", "phones", "urls")
_TEXTS = ("kind", "full_name", "first_name", "last_name", "company", "title", "city", "country", "language")
_PROFILE_TEXTS = ("handle", "handle_host", "scope", "display_name", "bio", "location", "company", "title", "language")


@dataclass(frozen=True, kw_only=True)
class People:
    """What two files say; ids of the outside kept beside our numbers."""

    contacts: tuple[ContactView, ...]
    profiles: tuple[ProfileView, ...]
    contact_ids: Mapping[ContactId, str]  # as in the file
    networks: Mapping[ProfileId, str]  # the word in the file: twitter stays twitter
    numbers: Mapping[str, ContactId] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class FileJudgment:
    """One line of judgments."""

    profile_id: ProfileId
    contact_id: ContactId
    is_positive: bool


def read_people(contacts: Path, profiles: Path, report: Report) -> People:
    """Read both files; raises OSError when one cannot be opened, UnicodeDecodeError when it is no UTF-8."""
    found = list(_contacts(contacts, report))
    seen = list(_profiles(profiles, report))
    return People(
        contacts=tuple(view for _, view in found),
        profiles=tuple(view for _, view in seen),
        contact_ids={view.contact_id: outside for outside, view in found},
        networks={view.profile_id: network for network, view in seen},
        numbers={outside: view.contact_id for outside, view in found},
    )


def read_judgments(path: Path, people: People, report: Report) -> list[FileJudgment]:
    """Read judgments about these people; the last line about a pair counts."""
    profiles = {(row.network_word, row.native_id): row.profile_id for row in people.profiles}
    found: dict[tuple[ProfileId, ContactId], FileJudgment] = {}
    for line, row in csv_rows(path):
        profile_id = profiles.get((canonical_network(row.get("network") or ""), (row.get("native_id") or "").strip()))
        contact_id = people.numbers.get((row.get("contact_id") or "").strip())
        word = (row.get("judgment") or "").strip().lower()
        if profile_id is None or contact_id is None:
            report(path, line, "names a profile or a contact that is in neither file")
        elif word not in {"positive", "negative"}:
            report(path, line, "the judgment is neither positive nor negative")
        else:
            found[profile_id, contact_id] = FileJudgment(
                profile_id=profile_id, contact_id=contact_id, is_positive=word == "positive"
            )
    return list(found.values())


def csv_rows(path: Path) -> Iterator[tuple[int, Mapping[str, str | None]]]:
    """Give each row with its line number; a cell that is missing is None."""
    csv.field_size_limit(LONGEST_CELL)
    with _open(path) as lines:
        head = next(lines, "")
        text = (line.replace("\0", "") for line in chain((head,), lines))
        reader = csv.DictReader(text, delimiter=_delimiter(head))
        for row in reader:
            yield reader.line_num, row


def _delimiter(head: str) -> str:
    """What stands between the columns: a comma, or what spreadsheets write where the comma is a decimal sign."""
    return "," if "," in head else next((mark for mark in ";\t" if mark in head), ",")


def _open(path: Path) -> IO[str]:
    with path.open("rb") as file:
        is_packed = file.read(2) == b"\x1f\x8b"
    if is_packed:
        return gzip.open(path, "rt", encoding="utf-8-sig", errors="replace", newline="")
    return path.open("rt", encoding="utf-8-sig", errors="replace", newline="")


def _contacts(path: Path, report: Report) -> Iterator[tuple[str, ContactView]]:
    seen: set[str] = set()
    for line, row in csv_rows(path):
        outside = (row.get("id") or "").strip()
        if not outside or outside in seen:
            report(path, line, "the contact has no id, or one that came before")
            continue
        seen.add(outside)
        yield outside, contact_of(ContactId(len(seen)), row)


def contact_of(contact_id: ContactId, row: Mapping[str, str | None]) -> ContactView:
    """Read one contact."""
    fields: dict[str, Any] = {name: row.get(name) or "" for name in _TEXTS}
    for name in _LISTS:
        fields[name] = tuple(part.strip() for part in (row.get(name) or "").split(";") if part.strip())
    pairs = (part.strip().split(":", 1) for part in (row.get("handles") or "").split(";") if ":" in part)
    fields["handles"] = tuple((network, handle) for network, handle in pairs)
    fields["kind"] = fields["kind"] or "contact"
    return ContactView(contact_id=contact_id, **fields)


def _profiles(path: Path, report: Report) -> Iterator[tuple[str, ProfileView]]:
    seen: set[tuple[str, str]] = set()
    with _open(path) as lines:
        for line, text in enumerate(lines, start=1):
            if not text.strip():
                continue
            try:
                row = json.loads(text)
            except (ValueError, RecursionError):
                report(path, line, "the line is not JSON")
                continue
            if not isinstance(row, dict) or not (named := _name_of(row)):
                report(path, line, "the profile has no network or no native_id")
            elif named in seen:
                report(path, line, "the profile came before")
            else:
                seen.add(named)
                yield named[0], profile_of(ProfileId(len(seen)), row)


def _name_of(row: Mapping[str, Any]) -> tuple[str, str] | None:
    network, native_id = _text(row.get("network")).strip(), _text(row.get("native_id")).strip()
    return (network, native_id) if network and native_id else None


def profile_of(profile_id: ProfileId, row: Mapping[str, Any]) -> ProfileView:
    """Read one profile; an e-mail address is only claimed unless the row says that the network verified it."""
    urls = row.get("urls")
    links = [*(urls if isinstance(urls, list) else [urls]), row.get("url")]
    texts: dict[str, Any] = {name: _text(row.get(name)) for name in _PROFILE_TEXTS}
    return ProfileView(
        profile_id=profile_id,
        network=_text(row.get("network")).strip(),
        native_id=_text(row.get("native_id")).strip(),
        email=_text(row.get("email")).strip() or None,
        email_verified=row.get("email_verified") is True,
        links=tuple(Link(url=text) for url in links if (text := _text(url).strip())),
        is_bot=row.get("is_bot") is True,
        is_organization=row.get("is_organization") is True,
        **texts,
    )


def _text(value: object) -> str:
    """Texts and numbers as text; anything else is nothing."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""
