"""The daily digest: what is new among one's own contacts, as a mail in one's language and time zone.

Ordered at the hour a person chose; what it says is read when it is sent, as that person may see it then. Where a
network lets nobody keep its texts for good, the mail names who said something and leaves the words on our page: a
mail cannot be taken back.
"""

from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from scrm.connectors.registry import connectors
from scrm.i18n import gettext, ngettext
from scrm.mail import stopping
from scrm.mail.letter import letter, speaking, when
from scrm.models import Mail, MailState, User
from scrm.models.mail import order_mails
from scrm.reading import news
from scrm.runtime import Core

PORTION: Final = 50
MOST: Final = 20  # contacts in one mail
LONGEST: Final = 300  # characters of what was said
DAY: Final = timedelta(days=1)
LONGEST_GAP: Final = timedelta(days=7)
TOLD: Final = frozenset({MailState.SENT.value, MailState.DROPPED.value})


def next_at(hour: int, zone: str, now: datetime) -> datetime:
    """When it is next this hour where the person is; a day is a day there, also when clocks change."""
    here = now.astimezone(ZoneInfo(zone))
    wanted = here.replace(hour=hour, minute=0, second=0, microsecond=0)
    if wanted <= here:
        wanted = (wanted.replace(tzinfo=None) + DAY).replace(tzinfo=here.tzinfo)
    return wanted.astimezone(now.tzinfo)


def choose(session: Session, user_id: int, hour: int | None, zone: str, now: datetime) -> None:
    """Have a digest at this hour, or none (inside a write transaction)."""
    due_at = next_at(hour, zone, now) if hour is not None else None
    values = {"digest_hour": hour, "zone": zone, "digest_due_at": due_at}
    session.execute(update(User).where(User.id == user_id).values(values))


def order_due(core: Core) -> bool:
    """Order the digests whose hour has come, each once; True when more may be waiting."""
    with core.db.write("digest.order") as session:
        now = core.db.clock.now()
        due = (User.digest_due_at <= now, User.digest_hour.is_not(None), User.disabled_at.is_(None))
        users = session.scalars(select(User).where(*due).limit(PORTION).with_for_update(skip_locked=True)).all()
        for user in users:
            _order(session, user, now)
    return len(users) == PORTION


def _order(session: Session, user: User, now: datetime) -> None:
    zone = user.zone or "UTC"
    key = f"digest/{user.id}/{now.astimezone(ZoneInfo(zone)).date()}"
    order_mails(session, [{"user_id": user.id, "key": key, "since": _since(session, user, now)}], now)
    user.digest_due_at = next_at(user.digest_hour or 0, zone, now)


def _since(session: Session, user: User, now: datetime) -> datetime:
    """Where the last one ended; where it began, if nobody knows that it arrived."""
    last = session.scalars(
        select(Mail).where(Mail.user_id == user.id, Mail.alert_id.is_(None)).order_by(Mail.id.desc()).limit(1)
    ).first()
    if last is None:
        return now - DAY
    return max(last.made_at if last.state in TOLD else last.since, now - LONGEST_GAP)


def compose(core: Core, session: Session, mail: Mail, user: User) -> EmailMessage | None:
    """The mail as it is now, or None when there is nothing to say (any more)."""
    if user.digest_hour is None or user.disabled_at is not None:
        return None
    now = core.db.clock.now()
    found = news.of(session, user, now, since=mail.since)
    if not found:
        return None
    with speaking(core, user):
        return _message(core, mail, user, found)


def _message(core: Core, mail: Mail, user: User, found: list[news.News]) -> EmailMessage:
    base = core.settings.base_url
    stop = f"{base}/mail/stop/{stopping.token(core, user)}"
    subject = ngettext("One of your contacts has news", "%(num)s of your contacts have news", len(found))
    told = {
        "subject": subject,
        "items": [_item(one, base, user.zone or "UTC") for one in found[:MOST]],
        "more": len(found) - MOST,
        "home": f"{base}/",
        "account": f"{base}/me",
        "stop": stop,
    }
    message = letter(core, mail, user, "digest", told)
    message["List-Unsubscribe"] = f"<{stop}>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"  # RFC 8058
    return message


def _item(one: news.News, base: str, zone: str) -> dict[str, Any]:
    row, connector = one.interaction, connectors().get(one.interaction.network)
    is_kept = connector is not None and connector.manifest.terms.keep_hours is None
    return {
        "name": one.contact.full_name or gettext("Without a name"),
        "company": one.contact.company or "",
        "network": connector.manifest.label if connector else row.network,
        "when": when(row.occurred_at.astimezone(ZoneInfo(zone))),
        "text": _short(one.sight.text) if is_kept else "",
        "is_open": one.is_open,
        "address": f"{base}/contacts/{one.contact.public_id}",
    }


def _short(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= LONGEST else f"{words[:LONGEST].rsplit(' ', 1)[0]} …"
