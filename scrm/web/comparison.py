"""Profile and contact side by side, value by value: what agrees, what contradicts, what says nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from babel import Locale, UnknownLocaleError

from scrm.i18n import N_, gettext
from scrm.matching.normalize import fold
from scrm.models import Contact, Profile
from scrm.web.frame import locale

FIELD_OF_RULE: Final = {
    "surname": "name",
    "given": "name",
    "middle": "name",
    "company_name": "name",
    "other_given_name": "name",
    "other_surname": "name",
    "other_middle_name": "name",
    "company_or_person": "name",
    "unrelated_handle": "handle",
    "surname_in_handle": "handle",
    "given_in_handle": "handle",
    "handle_rest": "handle",
    "handle_is_mailbox": "handle",
    "handle_is_domain": "handle",
    "same_handle": "handle",
    "known_account": "handle",
    "other_handle": "handle",
    "email": "email",
    "phone": "email",
    "other_email": "email",
    "link": "links",
    "employer_domain": "links",
    "company": "company",
    "other_company": "company",
    "other_city": "city",
    "title": "title",
    "city": "city",
    "country": "city",
    "language": "language",
    "bot": "handle",
}
LABELS: Final = {
    "name": N_("Name"),
    "handle": N_("Account"),
    "email": N_("E-mail"),
    "company": N_("Employer"),
    "title": N_("Title"),
    "city": N_("Place"),
    "language": N_("Language"),
    "links": N_("Links"),
}
SIGNS: Final = {
    "equal": ("=", N_("equal"), "for"),
    "near": ("≈", N_("near"), "for"),
    "differs": ("≠", N_("differs"), "against"),
    "silent": ("·", N_("no say"), ""),
}
EXACT: Final = frozenset(
    {"exact", "same", "verified", "claimed", "native_id", "handle", "in_bio", "linked", "unverified", "own"}
)
COMPARABLE: Final = frozenset({"name", "email", "company", "city", "language"})  # different words contradict
SAYS_SOMETHING: Final = 0.5  # bits


@dataclass(frozen=True, kw_only=True)
class Word:
    """A word of a value, and whether the other side has it, too."""

    text: str
    is_shared: bool


@dataclass(frozen=True, kw_only=True)
class Row:
    """One field of both."""

    field: str
    label: str
    mine: Sequence[Word]
    theirs: Sequence[Word]
    sign: str
    word: str
    tone: str


def compare(profile: Profile, contact: Contact, evidence: Sequence[Mapping[str, Any]] | None) -> list[Row]:
    """Every field that either side has, in a fixed order; without evidence the words alone say what agrees."""
    values = _values(profile, contact)
    verdicts = _by_words(values) if evidence is None else _verdicts(evidence)
    rows = []
    for field, (mine, theirs) in values.items():
        if not mine and not theirs:
            continue
        sign, word, tone = SIGNS[verdicts.get(field, "silent")]
        rows.append(
            Row(
                field=field,
                label=gettext(LABELS[field]),
                mine=_words(mine, theirs),
                theirs=_words(theirs, mine),
                sign=sign,
                word=gettext(word),
                tone=tone,
            )
        )
    return rows


def chips(rows: Sequence[Row]) -> list[Row]:
    """The few fields that speak loudest, against first."""
    told = [row for row in rows if row.tone]
    return sorted(told, key=lambda row: row.tone != "against")[:4]


def _verdicts(evidence: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    sums: dict[str, float] = {}
    exact: dict[str, bool] = {}
    for row in evidence[1:]:
        rule, level = str(row.get("rule")), str(row.get("level"))
        field = FIELD_OF_RULE.get(rule)
        if field is None:
            continue
        value = float(row.get("bits") or 0.0)
        sums[field] = sums.get(field, 0.0) + value
        exact[field] = exact.get(field, True) and level in EXACT
    found = {}
    for field, value in sums.items():
        if value <= -SAYS_SOMETHING:
            found[field] = "differs"
        elif value >= SAYS_SOMETHING:
            found[field] = "equal" if exact[field] else "near"
    return found


def _by_words(values: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    found = {}
    for field, (mine, theirs) in values.items():
        ours, others = set(fold(mine).split()), set(fold(theirs).split())
        if not ours or not others:
            continue
        if ours & others:
            found[field] = "equal" if ours == others else "near"
        elif field in COMPARABLE:
            found[field] = "differs"
    return found


def _values(profile: Profile, contact: Contact) -> dict[str, tuple[str, str]]:
    handles = [f"@{row['handle']}" for row in contact.handles if row.get("network") == profile.network]
    return {
        "name": (profile.display_name or "", contact.full_name),
        "handle": (f"@{profile.handle}" if profile.handle else "", ", ".join(handles) or _mailboxes(contact)),
        "email": (profile.email or "", ", ".join(str(email) for email in contact.emails[:3])),
        "company": (profile.company or "", contact.company or ""),
        "title": (profile.title or "", contact.title or ""),
        "city": (profile.location or "", ", ".join(filter(None, (contact.city, contact.country)))),
        "language": (language_name(profile.language), language_name(contact.language)),
        "links": (
            " ".join(str(link.get("url", "")) for link in profile.links[:3]),
            " ".join(str(url) for url in contact.urls[:3]),
        ),
    }


def language_name(code: str | None) -> str:
    """German, or Deutsch, for de; the code itself when nobody knows it."""
    if not code:
        return ""
    try:
        return Locale.parse(code, sep="-").get_language_name(locale()) or code
    except (ValueError, UnknownLocaleError):
        return code


def _mailboxes(contact: Contact) -> str:
    return ", ".join(f"{str(email).partition('@')[0]}@…" for email in contact.emails[:2])


def _words(text: str, other: str) -> list[Word]:
    theirs = set(fold(other).split())

    def is_shared(word: str) -> bool:
        parts = fold(word).split()
        return bool(parts) and theirs.issuperset(parts)

    return [Word(text=word, is_shared=is_shared(word)) for word in text.split()]
