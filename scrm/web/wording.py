"""Numbers, times, names and addresses as templates write them, in the reader's language and time zone."""

import re
from collections.abc import Mapping
from datetime import date as Date  # noqa: N812 - `date` is a filter here
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from babel.dates import format_date, format_time, format_timedelta
from babel.numbers import format_decimal
from flask import Flask, session
from markupsafe import Markup, escape

from scrm.connectors.registry import connectors
from scrm.i18n import N_, gettext, language, translations
from scrm.models import Contact, Interaction, Profile
from scrm.web import current
from scrm.web.frame import locale, zone
from scrm.web.highlight import highlight

NBSP: Final = "\u00a0"
MINUS: Final = "\u2212"
CAPPED: Final = 10_000  # nobody needs to know more exactly how much is waiting
LANGUAGE_TAG: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")

CRM_NAMES: Final = {"local": N_("the built-in CRM"), "salesforce": "Salesforce"}
KINDS: Final = {
    "post": N_("Post"),
    "reply": N_("Reply"),
    "mention": N_("Mention"),
    "quote": N_("Quote"),
    "message": N_("Message"),
    "reaction": N_("Reaction"),
    "share": N_("Share"),
    "follow": N_("Follow"),
}
AUDIENCES: Final = {
    "organization": N_("In the whole organization"),
    "followers": N_("For followers"),
    "community": N_("Closed community"),
    "private": N_("Private"),
}
ROLES: Final = {"admin": N_("admin"), "steward": N_("steward"), "rep": N_("rep")}
RELATIONS: Final = {
    "customer": N_("Customer"),
    "prospect": N_("Prospect"),
    "partner": N_("Partner"),
    "supplier": N_("Supplier"),
    "other": N_("Other"),
}


def install(app: Flask) -> None:
    """Make these words known to every template."""
    app.jinja_env.filters.update(
        bdi=bdi,
        bits=bits,
        capped=capped,
        clock=clock,
        date=date,
        date_only=date_only,
        exact=exact,
        day=day,
        highlight=highlight,
        initials=initials,
        lang=lang,
        mail=mail,
        num=num,
        percent=percent,
        span=span,
        stamp=stamp,
        when=when,
        web_url=web_url,
        words=gettext,
    )
    app.jinja_env.globals.update(
        _=text,
        ngettext=plural,
        audiences=AUDIENCES,
        crm_name=crm_name,
        kinds=KINDS,
        network_label=network_label,
        network_mark=network_mark,
        profile_name=profile_name,
        record_kind=record_kind,
        relations=RELATIONS,
        roles=ROLES,
        language=language.get,
        keys_on=lambda: session.get("keys") != "off",
        now=current.now,
        who=current.maybe_user,
        zone=zone,
    )


def text(message: str, **params: object) -> Markup:
    """A text of the catalogue for a page: it may hold markup, what is put into it may not."""
    return Markup(gettext(message)) % _written(params) if params else Markup(gettext(message))  # noqa: S704 - ours


def plural(one: str, many: str, number: int, **params: object) -> Markup:
    """The same with singular and plural; `%(num)s` is the number as the reader writes it."""
    message = translations(language.get()).ngettext(one, many, number)
    return Markup(message) % _written({"num": number, **params})  # noqa: S704 - ours


def _written(params: Mapping[str, object]) -> dict[str, object]:
    return {name: num(value) if isinstance(value, int) else value for name, value in params.items()}


def num(value: float) -> str:
    """1,284 or 1.284."""
    return format_decimal(value, locale=locale())


def capped(value: int) -> str:
    """A count that was cut off at CAPPED."""
    return num(value) if value <= CAPPED else f"{num(CAPPED)}+"


def percent(share: float) -> str:
    """A share in hundredths: whole ones, tenths below one; never 0 and never 100 for what is merely near it."""
    hundredths = share * 100
    if 0 < hundredths < 0.1:
        return f"<{NBSP}{format_decimal(0.1, locale=locale())}{NBSP}%"
    if 99.9 < hundredths < 100:
        return f">{NBSP}{format_decimal(99.9, locale=locale())}{NBSP}%"
    form = "#,##0.#" if hundredths < 1 or 99 < hundredths < 100 else "#,##0"
    return f"{format_decimal(hundredths, format=form, locale=locale())}{NBSP}%"


def bits(tenths: int) -> str:
    """Tenths of a bit with a sign: +9.1 or −2.3."""
    sign = "+" if tenths > 0 else MINUS if tenths < 0 else "±"
    return sign + format_decimal(abs(tenths) / 10, format="#,##0.0", locale=locale())


def _here(at: datetime) -> datetime:
    return at.astimezone(zone())


def clock(at: datetime) -> str:
    """16:42."""
    return format_time(_here(at), "HH:mm", locale=locale())


def date(at: datetime) -> str:
    """19 May 2026."""
    return date_only(_here(at).date())


def date_only(on: Date) -> str:
    """19 May 2026, for a day without a time."""
    return format_date(on, "long", locale=locale())


def day(at: datetime) -> str:
    """Tuesday, 19 May 2026."""
    return format_date(_here(at), "full", locale=locale())


def exact(at: datetime) -> str:
    """Tuesday, 19 May 2026, 16:42:07."""
    return f"{day(at)}, {format_time(_here(at), 'HH:mm:ss', locale=locale())}"


def stamp(at: datetime) -> str:
    """19 May, 16:42, with the year when it is not this one."""
    here = _here(at)
    if here.year != _here(current.now()).year:
        return f"{date(at)}, {clock(at)}"
    short = "d. MMMM" if locale().language == "de" else "d MMMM"
    return f"{format_date(here, short, locale=locale())}, {clock(at)}"


def when(at: datetime) -> str:
    """4 minutes ago, within a day; else the date and time."""
    gap = current.now() - at
    if abs(gap) < timedelta(seconds=5):
        return gettext("now")
    if abs(gap) < timedelta(hours=20):
        return format_timedelta(-gap, add_direction=True, locale=locale())
    return stamp(at)


def span(seconds: float) -> str:
    """3 minutes."""
    return format_timedelta(timedelta(seconds=seconds), locale=locale())


def bdi(text: object) -> Markup:
    """A name from outside within a sentence, so that its writing direction does not turn the sentence round."""
    return Markup("<bdi>%s</bdi>") % escape(text)


def mail(address: object) -> Markup:
    """An e-mail address that breaks before its @ when the line is short."""
    local, sign, host = str(address).partition("@")
    return Markup("%s<wbr>%s%s") % (local, sign, host)


def lang(tag: str | None) -> str:
    """A language tag that is fit for an attribute, or nothing."""
    return tag if tag and LANGUAGE_TAG.fullmatch(tag) else ""


def web_url(url: str | None) -> str:
    """An address from outside that may stand in a link: http and https only, or nothing."""
    if not url:
        return ""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url if parts.scheme in {"http", "https"} and parts.hostname else ""


def initials(name: str | None) -> str:
    """Two letters for the round mark."""
    letters = [word[0] for word in re.findall(r"\w+", name or "") if word]
    return "".join(dict.fromkeys((letters[0], letters[-1]))).upper() if letters else "?"


def crm_name(crm_id: str) -> str:
    return gettext(CRM_NAMES.get(crm_id, crm_id))


def network_label(network: str) -> str:
    """How the network calls itself."""
    connector = connectors().get(network)
    return connector.manifest.label if connector else network.replace("_", " ").title()


def network_mark(network: str) -> str:
    """Two letters instead of a brand picture."""
    connector = connectors().get(network)
    return connector.manifest.mark if connector else network[:2].upper()


def record_kind(interaction: Interaction | None) -> str:
    """What a record in the CRM is about: a reply, a mention …, or a profile itself."""
    if interaction is None:
        return gettext("Profile")
    return gettext(KINDS.get(interaction.kind, interaction.kind))


def profile_name(profile: Profile | Contact | None) -> str:
    """What to call somebody: the name shown, else the handle, else that nothing is known."""
    if profile is None:
        return gettext("Unknown")
    if isinstance(profile, Contact):
        return profile.full_name or gettext("No name")
    return (profile.display_name or "").strip() or profile.handle or gettext("No name")
