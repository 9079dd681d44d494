"""What columns of exports mean, and how a row of them becomes a statement about a contact.

Header names: Salesforce (API names of Data Loader, labels of reports), HubSpot, Google Contacts (before and since
2024) and Outlook, English and German; taken from exports in public repositories (read 2026-11-24). A header is
compared without case, blanks, digits and signs: `E-mail 1 - Value` and `E-mail 2 - Value` are one name.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from scrm.connectors.payload import clean
from scrm.i18n import N_, gettext
from scrm.models import ContactKind, Relation
from scrm.sync.crm.local_contacts import Statement
from scrm.sync.imports.words import ACCOUNT_SIGNS, EMPTY_WORDS, HEADERS, NETWORKS, RELATIONS

LONGEST_TEXT, LONGEST_ID, MOST_VALUES = 500, 255, 50
LISTS = frozenset({"email", "phone", "url"})
SINGLE = ("company", "title", "city", "country", "language", "owner", "owner_email")
FIELDS = (
    *("id", "kind", "relation", "full_name", "first_name", "middle_name", "last_name"),
    *SINGLE,
    *sorted(LISTS),
    "is_deleted",
    *NETWORKS,
)
BETWEEN = re.compile(r" ::: |[;\n\r]+")
EMAIL = re.compile(r"[^\s@<>\"'(),:;]{1,64}@[\w.-]{1,253}\.[\w-]{2,63}")
URL = re.compile(r"https?://\S+|[\w-]+(\.[\w-]+)+(/\S*)?", re.IGNORECASE)
HANDLE = re.compile(r"[^\s/<>\"=]+")
EXCEL_TEXT = re.compile(r'="(.*)"', re.DOTALL)  # how spreadsheets are told to leave a number alone
GUARDED = re.compile(r"'(?=[=+\-@\t\r])")  # how exports disarm formulas

NO_NAME = N_("no name, no company and no e-mail address")
TOO_LONG = N_("longer than %(limit)s characters")
NO_EMAIL = N_("not an e-mail address")
NO_URL = N_("not a web address")
NO_HANDLE = N_("neither a handle nor a web address")
WAS_DELETED = N_("deleted in the system it comes from")
TOO_MANY = N_("more than %(limit)s values")


@dataclass(frozen=True, kw_only=True, slots=True)
class Reject:
    """A row, or one field of it, that was not taken: where and why, never what stood there."""

    line: int
    column: str
    reason: str


@dataclass(kw_only=True)
class Draft:
    """One row as read from a file: for each field of ours its values, each with the column it stood in."""

    line: int
    values: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    ignored: list[Reject] = field(default_factory=list)

    def add(self, name: str, text: str, column: str) -> None:
        """Note a value, tidied; an empty one says nothing."""
        text = tidy(text)
        if text:
            self.values.setdefault(name, []).append((text, column))

    def ignore(self, column: str, reason: str) -> None:
        """Leave a value out and say so."""
        self.ignored.append(Reject(line=self.line, column=column, reason=reason))

    def first(self, name: str) -> str | None:
        return self.values[name][0][0] if name in self.values else None


class RejectedError(Exception):
    """This row cannot be taken; carries where and why."""

    def __init__(self, reject: Reject) -> None:
        super().__init__(reject.reason)
        self.reject = reject


def meaning_of(headers: Iterable[str], mapping: Mapping[str, str] | None = None) -> list[str | None]:
    """For each header the field it fills; a mapping (header to field, or to nothing) comes first."""
    given = {key.strip(): name for key, name in (mapping or {}).items()}
    names = [header.strip() for header in headers]
    found = [(given[name] or None) if name in given else HEADERS.get(bare(name)) for name in names]
    has_job_title = any(bare(name) == "jobtitle" for name in names)
    return [
        None if has_job_title and meant == "title" and bare(name) == "title" and name not in given else meant
        for name, meant in zip(names, found, strict=True)
    ]


def is_about_accounts(headers: Iterable[str]) -> bool:
    """Whether a file lists companies."""
    return any(bare(header) in ACCOUNT_SIGNS for header in headers)


def bare(header: str) -> str:
    """A header without case, blanks, digits and signs."""
    return re.sub(r"[\W\d_]+", "", header.strip().removesuffix("__c").casefold())


def tidy(text: str) -> str:
    """A value as it was meant: harmless for databases, without the guards that spreadsheets need."""
    text = clean(text).strip()
    excel = EXCEL_TEXT.fullmatch(text)
    text = GUARDED.sub("", excel[1] if excel else text, count=1).strip()
    return "" if text.casefold() in EMPTY_WORDS else text


def statement_of(draft: Draft, kind: ContactKind, now: datetime) -> Statement:
    """The statement that a row makes; raises RejectedError."""
    if (draft.first("is_deleted") or "").casefold() in {"true", "1", "yes", "ja", "wahr"}:
        raise _rejected(draft, "is_deleted", gettext(WAS_DELETED))
    first, middle, last = (_text(draft, name) for name in ("first_name", "middle_name", "last_name"))
    whole = _text(draft, "full_name") or " ".join(part for part in (first, middle, last) if part)
    emails, company = _emails(draft), _text(draft, "company")
    if not whole and not emails and company:
        whole, kind = company, ContactKind.ACCOUNT
    name = whole or (emails[0] if emails else "")
    if not name:
        raise _rejected(draft, "full_name", gettext(NO_NAME))
    urls, handles = _pages(draft)
    fields = {
        "kind": (_kind(draft) or kind).value,
        "relation": relation_of(text for text, _column in draft.values.get("relation", ())).value,
        "full_name": name[:LONGEST_TEXT],
        "first_name": first,
        "last_name": last,
        **{single: _text(draft, single) for single in SINGLE},
        "emails": emails,
        "phones": _several(draft, "phone"),
        "urls": urls,
        "handles": handles,
    }
    return Statement(source_id=_source_id(draft, name, company, emails), fields=fields, at=now)


def relation_of(texts: Iterable[str]) -> Relation:
    """What somebody is to us, in the words of CRMs and address books."""
    for text in texts:
        for part in (text, *re.split(r" ::: |[;,/]", text)):
            word = re.sub(r"[\W\d_]+", "", part.casefold())
            if word in RELATIONS:
                return RELATIONS[word]
    return Relation.OTHER


def _kind(draft: Draft) -> ContactKind | None:
    word = (draft.first("kind") or "").casefold()
    return ContactKind(word) if word in set(ContactKind) else None


def _source_id(draft: Draft, name: str, company: str | None, emails: list[str]) -> str:
    """The id of the file, else one that the same row always gets: from its e-mail, else from name and company."""
    given = draft.first("id")
    if given is not None:
        if len(given) > LONGEST_ID:
            raise _rejected(draft, "id", gettext(TOO_LONG, limit=LONGEST_ID))
        return given
    if emails:
        return "e-" + _digest(emails[0])
    return "n-" + _digest(name, company or "")


def _digest(*texts: str) -> str:
    same = "\n".join(" ".join(text.casefold().split()) for text in texts)
    return hashlib.sha256(same.encode()).hexdigest()[:32]


def _text(draft: Draft, name: str) -> str | None:
    text = draft.first(name)
    if text is not None and len(text) > LONGEST_TEXT:
        raise _rejected(draft, name, gettext(TOO_LONG, limit=LONGEST_TEXT))
    return text


def _emails(draft: Draft) -> list[str]:
    emails: list[str] = []
    for text, column in _parts(draft, "email"):
        found = EMAIL.findall(text)
        emails += found
        if not found:
            draft.ignore(column, gettext(NO_EMAIL))
    return list(dict.fromkeys(emails))


def _several(draft: Draft, name: str) -> list[str]:
    return list(dict.fromkeys(text for text, _column in _parts(draft, name)))


def _pages(draft: Draft) -> tuple[list[str], list[list[str]]]:
    """Web addresses and handles: a column of a network may hold either."""
    urls: list[str] = []
    handles: list[list[str]] = []
    for text, column in _parts(draft, "url"):
        if URL.fullmatch(text):
            urls.append(text)
        else:
            draft.ignore(column, gettext(NO_URL))
    for network in (name for name in NETWORKS if name in draft.values):
        for text, column in _parts(draft, network):
            if "/" in text and URL.fullmatch(text):
                urls.append(text)
            elif HANDLE.fullmatch(text):
                handles.append([network, text])
            else:
                draft.ignore(column, gettext(NO_HANDLE))
    return list(dict.fromkeys(urls)), [list(pair) for pair in dict.fromkeys(map(tuple, handles))]


def _parts(draft: Draft, name: str) -> list[tuple[str, str]]:
    """The values of a field that may have several; too long or too many of them refuse the row."""
    if name not in draft.values:
        return []
    parts = [
        (part, column) for text, column in draft.values.get(name, ()) for part in BETWEEN.split(text) if part.strip()
    ]
    if any(len(part) > LONGEST_TEXT for part, _column in parts):
        raise _rejected(draft, name, gettext(TOO_LONG, limit=LONGEST_TEXT))
    if len(parts) > MOST_VALUES:
        raise _rejected(draft, name, gettext(TOO_MANY, limit=MOST_VALUES))
    return [(part.strip(), column) for part, column in parts]


def _rejected(draft: Draft, name: str, reason: str) -> RejectedError:
    column = draft.values[name][0][1] if name in draft.values else ""
    return RejectedError(Reject(line=draft.line, column=column, reason=reason))
