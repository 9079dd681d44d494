"""Everything about one person, for the person: as JSON for machines and as a page for people, in one zip.

Nothing is kept of an export: it is made when somebody downloads it, and who did stands in the audit.
"""

import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson
from markupsafe import Markup, escape
from sqlalchemy import Table, or_, select
from sqlalchemy.orm import Session

from scrm.connectors.registry import connectors
from scrm.i18n import N_, gettext, language
from scrm.models import (
    Candidate,
    Community,
    Contact,
    Forgetting,
    Ground,
    HandleHistory,
    Interaction,
    Journal,
    Judgment,
    Link,
    Membership,
    Profile,
    RawRecord,
    TimelineEntry,
)
from scrm.privacy.sought import gather
from scrm.tombstones.sought import Sought

INSIDE: Final = frozenset({"id", "generation", "lease_until", "crash_count", "counted", "forms", "keyed_version"})
PAGE: Final = "person.html"
DATA: Final = "person.json"
TITLE = N_("What we hold about one person")
PARTS: Final = (
    ("contact", N_("Contact, as copied from the CRM")),
    ("profiles", N_("Profiles at networks")),
    ("handles", N_("Handles they had")),
    ("communities", N_("Communities they belong to")),
    ("purposes", N_("Purposes and legal grounds")),
    ("links", N_("Why profiles count as this contact: links")),
    ("judgments", N_("Why profiles count as this contact: judgments")),
    ("candidates", N_("Whom the profiles were compared with")),
    ("interactions", N_("What they said, and what we said to them")),
    ("records", N_("What was to be written to the CRM")),
    ("journal", N_("What was written to the CRM")),
    ("received", N_("Items as the networks sent them")),
)
Rows = dict[str, list[dict[str, Any]]]


def person(session: Session, contact_id: int, now: datetime) -> dict[str, Any]:
    """Everything about a contact, those merged into it, and the profiles linked with it; with where it is from."""
    sought = Sought()
    gather(session, Forgetting(contact_id=contact_id), sought)
    networks = sorted({native[0] for native in sought.natives})
    return {
        "made_at": now.isoformat(),
        "sources": [
            {
                "network": name,
                "label": connector.manifest.label,
                "terms": connector.manifest.terms.source,
                "read_on": connector.manifest.terms.read_on,
            }
            for name in networks
            if (connector := connectors().get(name)) is not None
        ],
        **_rows(session, sought),
    }


def _rows(session: Session, sought: Sought) -> Rows:
    mine, people = sought.profiles, sought.contacts
    said = or_(Interaction.profile_id.in_(mine), Interaction.party_id.in_(mine))
    theirs = select(Interaction.id).where(said)
    entry = or_(TimelineEntry.interaction_id.in_(theirs), TimelineEntry.profile_id.in_(mine))
    entries = select(TimelineEntry.id).where(entry)
    shown = select(Community).join(Membership, Membership.community_id == Community.id)
    received: list[dict[str, Any]] = []
    for network, _scope, native_id in sought.natives:
        by_them = (RawRecord.network == network) & (RawRecord.author_id == native_id)
        received += _of(session, select(RawRecord).where(by_them))
    return {
        "contact": _of(session, select(Contact).where(Contact.id.in_(people))),
        "profiles": _of(session, select(Profile).where(Profile.id.in_(mine))),
        "handles": _of(session, select(HandleHistory).where(HandleHistory.profile_id.in_(mine))),
        "communities": _of(session, shown.where(Membership.profile_id.in_(mine))),
        "purposes": _of(session, select(Ground).where(Ground.profile_id.in_(mine))),
        "links": _of(session, select(Link).where(Link.profile_id.in_(mine))),
        "judgments": _of(session, select(Judgment).where(Judgment.profile_id.in_(mine))),
        "candidates": _of(session, select(Candidate).where(Candidate.profile_id.in_(mine))),
        "interactions": _of(session, select(Interaction).where(said).order_by(Interaction.occurred_at)),
        "records": _of(session, select(TimelineEntry).where(entry)),
        "journal": _of(session, select(Journal).where(Journal.entry_id.in_(entries))),
        "received": received,
    }


def _of(session: Session, query: Any) -> list[dict[str, Any]]:
    return [_plain(row) for row in session.scalars(query)]


def _plain(row: Any) -> dict[str, Any]:
    """A row without what only machines of ours need."""
    table: Table = row.__table__
    values = {column.name: getattr(row, column.name) for column in table.columns if column.name not in INSIDE}
    return {name: str(value) if isinstance(value, UUID) else value for name, value in values.items()}


def packed(told: Mapping[str, Any]) -> bytes:
    """The zip that is handed out."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(DATA, orjson.dumps(told, default=str, option=orjson.OPT_INDENT_2))
        file.writestr(PAGE, str(_page(told)))
    return made.getvalue()


def _page(told: Mapping[str, Any]) -> Markup:
    parts = Markup("").join(_section(gettext(label), told[name]) for name, label in PARTS if told[name])
    sources = Markup("").join(
        Markup("<li>{}: <a href='{}'>{}</a> ({})</li>").format(
            one["label"], one["terms"], one["terms"], one["read_on"]
        )
        for one in told["sources"]
    )
    return Markup(
        "<!doctype html><html lang='{}'><meta charset='utf-8'><title>{}</title>"
        "<body><h1>{}</h1><p>{}</p><h2>{}</h2><ul>{}</ul>{}</body></html>"
    ).format(
        language.get(),
        gettext(TITLE),
        gettext(TITLE),
        told["made_at"],
        gettext("Where it comes from, and whose terms count"),
        sources,
        parts,
    )


def _section(label: str, rows: Sequence[Mapping[str, Any]]) -> Markup:
    lists = Markup("").join(Markup("<dl>{}</dl>").format(Markup("").join(_lines(row))) for row in rows)
    return Markup("<h2>{} ({})</h2>{}").format(label, len(rows), lists)


def _lines(row: Mapping[str, Any]) -> Iterator[Markup]:
    for name, value in row.items():
        if value not in (None, "", [], {}):
            yield Markup("<dt>{}</dt><dd dir='auto'>{}</dd>").format(escape(name), escape(str(value)))
