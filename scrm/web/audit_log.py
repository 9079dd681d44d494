"""Who did what when: searched by person, action, object and time, page by page, and taken along as CSV."""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date as Date  # noqa: N812 - `date` is what the form calls it, too
from datetime import datetime, time, timedelta
from typing import Final

from flask import Blueprint, Response, render_template, request, stream_with_context
from flask.typing import ResponseReturnValue
from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from scrm.models import AuditChain, AuditEntry, Role, User
from scrm.models.audit import ONLY
from scrm.sync.faults import harmless
from scrm.web import current, frame
from scrm.web.roles import allow

blueprint = Blueprint("audit_log", __name__, url_prefix="/admin/audit")
PAGE: Final = 50
EXPORTED: Final = 100_000  # rows of one file: what a spreadsheet still opens
PORTION: Final = 1000
LONGEST: Final = 200
MOST_PEOPLE: Final = 200
COLUMNS: Final = ("number", "time (UTC)", "person", "e-mail", "action", "object", "before", "after", "seal")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What one looks for; everything empty means all."""

    who: str = ""
    what: str = ""
    about: str = ""
    since: Date | None = None
    until: Date | None = None

    @classmethod
    def of_request(cls) -> "Asked":
        given = {name: request.args.get(name, "").strip()[:LONGEST] for name in ("who", "what", "about")}
        return cls(**given, since=_day("since"), until=_day("until"))

    def as_args(self) -> dict[str, str]:
        """For links: only what is asked."""
        days = {name: day.isoformat() if day else "" for name, day in (("since", self.since), ("until", self.until))}
        return {k: v for k, v in {"who": self.who, "what": self.what, "about": self.about, **days}.items() if v}


@blueprint.get("")
@allow(Role.ADMIN)
def index() -> ResponseReturnValue:
    """The newest entries first, older ones below a key."""
    asked = Asked.of_request()
    before = request.args.get("before", 0, int)
    with current.core().db.read() as db:
        query = _matching(db, asked)
        if before:
            query = query.where(AuditEntry.id < before)
        rows = db.execute(query.order_by(AuditEntry.id.desc()).limit(PAGE + 1)).all()
        chain = db.get(AuditChain, ONLY)
    return render_template(
        "audit.html",
        rows=rows[:PAGE],
        asked=asked,
        next=rows[PAGE - 1][0].id if len(rows) > PAGE else None,
        changes=changes,
        chain=chain,
    )


@blueprint.get("/audit.csv")
@allow(Role.ADMIN)
def export() -> ResponseReturnValue:
    """What was asked for, as a file that no spreadsheet computes with."""
    asked = Asked.of_request()
    headers = {"Content-Disposition": 'attachment; filename="scrm-audit.csv"'}
    body = stream_with_context(_lines(asked))
    return Response(body, content_type="text/csv; charset=utf-8", headers=headers)


def changes(entry: AuditEntry) -> list[tuple[str, str, str]]:
    """Name, value before, value after of what an entry says has changed."""
    before, after = entry.before or {}, entry.after or {}
    return [(name, _text(before.get(name)), _text(after.get(name))) for name in dict.fromkeys([*before, *after])]


def _matching(db: Session, asked: Asked) -> Select[AuditEntry, User | None]:
    query: Select[AuditEntry, User | None] = select(AuditEntry, User).outerjoin(User, User.id == AuditEntry.user_id)
    if asked.who:
        folded = f"%{_escaped(asked.who.lower())}%"
        by_name = or_(User.email.like(folded, escape="\\"), func.lower(User.name).like(folded, escape="\\"))
        people = db.scalars(select(User.id).where(by_name).limit(MOST_PEOPLE)).all()
        query = query.where(AuditEntry.user_id.in_(people))
    if asked.what:
        query = query.where(AuditEntry.action.startswith(asked.what, autoescape=True))
    if asked.about:
        query = query.where(AuditEntry.object.startswith(asked.about, autoescape=True))
    zone = frame.zone()
    if asked.since:
        query = query.where(AuditEntry.at >= datetime.combine(asked.since, time(), zone))
    if asked.until:
        query = query.where(AuditEntry.at < datetime.combine(asked.until + timedelta(days=1), time(), zone))
    return query


def _lines(asked: Asked) -> Iterator[str]:
    """Portion by portion: nothing large is held, and no reading lasts long."""
    yield "\ufeff" + _line(COLUMNS)
    before, left = 0, EXPORTED
    while left > 0:
        with current.core().db.read() as db:
            query = _matching(db, asked)
            if before:
                query = query.where(AuditEntry.id < before)
            rows = db.execute(query.order_by(AuditEntry.id.desc()).limit(min(PORTION, left))).all()
        for entry, user in rows:
            yield _line(
                (
                    str(entry.id),
                    entry.at.isoformat(timespec="seconds"),
                    user.name if user else "",
                    user.email if user else "",
                    entry.action,
                    entry.object,
                    _json(entry.before),
                    _json(entry.after),
                    entry.seal.hex(),
                )
            )
        if len(rows) < PORTION:
            return
        before, left = rows[-1][0].id, left - len(rows)


def _line(cells: tuple[str, ...]) -> str:
    file = io.StringIO()
    csv.writer(file).writerow([harmless(cell) for cell in cells])
    return file.getvalue()


def _json(value: dict[str, object] | None) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str) if value else ""


def _text(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")


def _day(name: str) -> Date | None:
    try:
        return Date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None
