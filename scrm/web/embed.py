"""A contact's timeline within a CRM: a page for a frame, opened by a signed link, which needs no cookie.

The CRM signs a link with the embed's secret; we answer with an address that holds a token: for one contact and one
embed, as a rep sees it, for half an hour. Links within the page carry a fresh one, up to half a day after the frame
was opened. Who may hold the frame stands in SCRM_EMBED_ORIGINS. Nothing in it changes anything; there is no script,
and no way on to other pages of ours.
"""

import base64
import hashlib
import hmac
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from scrm import i18n
from scrm.i18n import LANGUAGES, N_
from scrm.models import Contact, Role, survivor
from scrm.runtime import Core
from scrm.web import contact_page, current, timeline
from scrm.web.frame import choose_language, known_zone, origins_of

OPENED: Final = timedelta(minutes=5)  # a signed link is good for so long …
EARLY: Final = timedelta(minutes=1)  # … and the clocks may differ by so much
TOKEN: Final = timedelta(minutes=30)
LONGEST: Final = timedelta(hours=12)
LONGEST_RECORD: Final = 200
LONGEST_TOKEN: Final = 1_000
SECONDS: Final = re.compile(r"[0-9]{10}")
UNKNOWN: Final = (
    N_("Not known here yet"),
    N_("This record has not come from the CRM yet, or is not one of a person."),
)
EXPIRED: Final = (N_("This view has run out"), N_("Open the record in the CRM again."))
REFUSED: Final = (
    N_("This view cannot be opened"),
    N_("The link is not signed as agreed. Whoever set it up can help."),
)

blueprint = Blueprint("embed", __name__, url_prefix="/embed")


class RefusedError(Exception):
    """The page cannot be shown; carries a status and words for it."""

    def __init__(self, code: int, words: tuple[str, str]) -> None:
        super().__init__(words[0])
        self.code, self.words = code, words


@dataclass(frozen=True, kw_only=True)
class Pass:
    """What a token says: whose timeline, in which frame, since when."""

    name: str
    contact: UUID
    opened_at: datetime
    language: str = ""
    zone: str = ""

    def sealed(self, core: Core, now: datetime) -> str:
        """A token made now, signed with the newest key."""
        times = [int(self.opened_at.timestamp()), int(now.timestamp())]
        body = json.dumps([self.name, self.contact.hex, *times, self.language, self.zone])
        text = base64.urlsafe_b64encode(body.encode()).decode().rstrip("=")
        return f"{text}.{_tags(core, text)[0]}"

    @classmethod
    def opened(cls, core: Core, token: str, now: datetime) -> "Pass":
        """Raises RefusedError when it is not ours or has run out."""
        text, _, tag = token.partition(".")
        if not any(hmac.compare_digest(tag.encode(), one.encode()) for one in _tags(core, text)):
            raise RefusedError(403, REFUSED)
        body = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        name, contact, opened, made, language, zone = body
        found = cls(
            name=name,
            contact=UUID(contact),
            opened_at=datetime.fromtimestamp(opened, UTC),
            language=language,
            zone=zone,
        )
        if now - datetime.fromtimestamp(made, UTC) > TOKEN or now - found.opened_at > LONGEST:
            raise RefusedError(410, EXPIRED)
        return found


def secrets_of(core: Core, name: str) -> list[str]:
    """What a CRM signs its links with, newest first: one per key of the installation, so it changes with them."""
    return [key.hex() for key in core.vault.derive(f"web.embed.{name}")]


def signature(secret: str, name: str, record: str, seconds: int) -> str:
    """HMAC-SHA256 in hex over name, record and time, a line each."""
    return hmac.new(secret.encode(), f"{name}\n{record}\n{seconds}".encode(), hashlib.sha256).hexdigest()


def signed_path(core: Core, name: str, record: str, now: datetime) -> str:
    """A link as a CRM makes it; for the command and for tests."""
    seconds = int(now.timestamp())
    asked = {"record": record, "at": seconds, "sig": signature(secrets_of(core, name)[0], name, record, seconds)}
    return f"/embed/{name}/open?{urlencode(asked)}"


@blueprint.get("/<name>/open")
def open_signed(name: str) -> ResponseReturnValue:
    """What a CRM's frame asks for first: check the signature and go on with a token."""
    allow_frame(name)
    record, at = request.args.get("record", "")[:LONGEST_RECORD], request.args.get("at", "")
    core, now = current.core(), current.now()
    if not record or not SECONDS.fullmatch(at) or not at.isascii():
        raise RefusedError(403, REFUSED)
    given = request.args.get("sig", "").encode()
    wanted = [signature(secret, name, record, int(at)).encode() for secret in secrets_of(core, name)]
    if not any(hmac.compare_digest(given, one) for one in wanted):
        raise RefusedError(403, REFUSED)
    signed_at = datetime.fromtimestamp(int(at), UTC)
    if not -EARLY <= now - signed_at <= OPENED:
        raise RefusedError(410, EXPIRED)
    with core.db.read() as db:
        contact = contact_of(db, record, crm_id=None)
    language, zone = request.args.get("lang", "")[:2], request.args.get("zone", "")[:60]
    return enter(name, contact, language, zone)


@blueprint.get("/<name>/contacts/<uuid:contact_id>")
def show(name: str, contact_id: UUID) -> ResponseReturnValue:
    """The timeline; filter and pages carry a token each."""
    allow_frame(name)
    core, now = current.core(), current.now()
    token = Pass.opened(core, request.args.get("t", "")[:LONGEST_TOKEN], now)
    if (token.name, token.contact) != (name, contact_id):
        raise RefusedError(403, REFUSED)
    _speak(token.language, token.zone)
    reader = timeline.Reader(role=Role.REP.value, now=now)
    with core.db.read() as db:
        row = db.scalars(select(Contact).where(Contact.public_id == contact_id)).one_or_none()
        if row is None or row.deleted_at is not None or row.merged_into_id is not None:
            raise RefusedError(404, UNKNOWN)
        view = contact_page.make(db, row, reader, request.args, None)
    fresh, path = token.sealed(core, now), url_for("embed.show", name=name, contact_id=contact_id)

    def to(**place: object) -> str:
        return contact_page.address(view, path, **place, t=fresh)

    return render_template(
        "embed.html", view=view, to=to, alone=f"{path}?{urlencode({'t': fresh})}", token=fresh, path=path
    )


def enter(name: str, contact: Contact, language: str, zone: str) -> ResponseReturnValue:
    """Go on to the page with a first token."""
    token = Pass(
        name=name,
        contact=contact.public_id,
        opened_at=current.now(),
        language=language if language in LANGUAGES else "",
        zone=zone if known_zone(zone) else "",
    )
    path = url_for("embed.show", name=name, contact_id=contact.public_id)
    return redirect(f"{path}?{urlencode({'t': token.sealed(current.core(), current.now())})}", 303)


def contact_of(db: Session, record: str, crm_id: str | None) -> Contact:
    """The living contact that has this record in the CRM; raises RefusedError."""
    query = select(Contact.id).where(Contact.native_id == record).order_by(Contact.id).limit(2)
    if crm_id is not None:
        query = query.where(Contact.crm_id == crm_id)
    found = db.scalars(query).all()
    row = db.get(Contact, survivor(db, found[0]) or 0) if len(found) == 1 else None
    if row is None or row.deleted_at is not None:
        raise RefusedError(404, UNKNOWN)
    return row


def allow_frame(name: str) -> None:
    """Let the answer be framed by this embed's origins; raises RefusedError for a name that has none."""
    found = origins_of(current.core().settings, name)
    if not found:
        raise RefusedError(404, REFUSED)
    g.frame_ancestors = " ".join(found)


def refused(why: RefusedError) -> ResponseReturnValue:
    """The page that says why, within the frame."""
    i18n.language.set(choose_language())
    page = render_template("embed_refused.html", title=why.words[0], text=why.words[1])
    answer: Response = make_response(page, why.code)
    return answer


blueprint.register_error_handler(RefusedError, refused)


def _speak(language: str, zone: str) -> None:
    if language in LANGUAGES:
        i18n.language.set(language)
    if zone:
        g.zone = ZoneInfo(zone)


def _tags(core: Core, text: str) -> list[str]:
    """The signatures of a token, one per key of the installation, newest first."""
    return [
        hmac.new(key, f"timeline\n{text}".encode(), hashlib.sha256).hexdigest()
        for key in core.vault.derive("web.embed")
    ]
