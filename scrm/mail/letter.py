"""What every mail has in common: whose it is, its headers, its two forms and its language."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from babel.dates import format_date
from jinja2 import Environment, FileSystemLoader, select_autoescape

from scrm import i18n
from scrm.i18n import gettext, ngettext
from scrm.models import Mail, User
from scrm.runtime import Core


def letter(core: Core, mail: Mail, user: User, template: str, told: Mapping[str, Any]) -> EmailMessage:
    """The mail from a template's `.txt` and `.html`; `told` holds at least `subject`. Same mail, same Message-ID."""
    message = EmailMessage()
    message["Subject"] = told["subject"]
    message["From"] = core.settings.mail_from
    message["To"] = user.email
    message["Date"] = format_datetime(core.db.clock.now())
    message["Message-ID"] = f"<{mail.public_id}@{urlsplit(core.settings.base_url).hostname or 'localhost'}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no machine is to answer
    values = {**told, "language": i18n.language.get()}
    message.set_content(_templates().get_template(f"{template}.txt").render(values))
    message.add_alternative(_templates().get_template(f"{template}.html").render(values), subtype="html")
    return message


def when(at: datetime) -> str:
    """A time as it is said in a mail, in the zone it comes in."""
    locale = "de" if i18n.language.get() == "de" else "en_GB"
    return f"{format_date(at, locale=locale)}, {at:%H:%M}"


@contextmanager
def speaking(core: Core, user: User) -> Iterator[None]:
    """In the language of whoever reads it."""
    before = i18n.language.set(user.locale or core.settings.locale)
    try:
        yield
    finally:
        i18n.language.reset(before)


@cache
def _templates() -> Environment:
    found = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=select_autoescape(["html"]),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    found.globals.update(_=gettext, ngettext=ngettext)
    return found
