"""vCard 2.1, 3.0 and 4.0 (RFC 6350, 9554), many cards per file, as phones and address books write them.

The vobject library parses a card. Before it: cards are cut out of the file one at a time, pictures and keys left out,
lines unfolded over bytes (a fold may part a letter) and decoded per card. What vobject does not know is read here:
`tel:` and `mailto:` values, IMPP, X-SOCIALPROFILE and SOCIALPROFILE, X-ABShowAs and KIND, preferred values.
"""

import logging
from codecs import BOM_UTF8
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from vobject.base import readOne

from scrm.i18n import N_, gettext
from scrm.models import ContactKind
from scrm.sync.imports.columns import Draft, Reject
from scrm.sync.imports.source import old_encoding
from scrm.sync.imports.words import NETWORK_WORDS

LONGEST_CARD = 131_072  # bytes, without pictures
BEGIN, END = b"BEGIN:VCARD", b"END:VCARD"
DROPPED = ("PHOTO", "LOGO", "SOUND", "KEY", "NOTE", "AGENT")
PARTS = {
    "N": {"given": "first_name", "additional": "middle_name", "family": "last_name"},
    "ADR": {"city": "city", "country": "country"},
}
TEXTS = {
    "UID": "id",
    "FN": "full_name",
    "TITLE": "title",
    "LANG": "language",
    "KIND": "kind_word",
    "X-ABSHOWAS": "kind_word",
    "X-ADDRESSBOOKSERVER-KIND": "kind_word",
}
ACCOUNTS = frozenset({"IMPP", "SOCIALPROFILE", "X-SOCIALPROFILE"})
MANY = {"EMAIL": "email", "TEL": "phone", "URL": "url"}
SCHEMES = ("mailto:", "tel:", "x-apple:")

NOT_CLOSED = N_("the card does not end")
OUTSIDE = N_("expected the beginning of a card")
TOO_LONG = N_("longer than %(limit)s characters")
UNREADABLE = N_("this card cannot be read")
A_GROUP = N_("a group, not a contact")

logging.getLogger("vobject").setLevel(logging.CRITICAL + 1)  # it logs lines it cannot read, names and all


class VcardFile:
    """A file of cards; iterating gives a draft or a reject per card."""

    kind = ContactKind.CONTACT

    def __init__(self, readline: Callable[[int], bytes]) -> None:
        self._readline = readline

    def __iter__(self) -> Iterator[Draft | Reject]:
        for line, card in _cards(self._readline):
            yield card if isinstance(card, Reject) else _read(line, card)


def _cards(readline: Callable[[int], bytes]) -> Iterator[tuple[int, list[bytes] | Reject]]:
    """Each card as its unfolded lines, with the line it begins in."""
    card: list[bytes] | None = None
    began = size = 0
    for number, line in _logical_lines(readline):
        upper = line[: len(BEGIN)].upper()
        if upper == BEGIN:
            if card is not None:
                yield began, Reject(line=began, column="", reason=gettext(NOT_CLOSED))
            card, began, size = [], number, 0
        elif card is None:
            if line:
                yield number, Reject(line=number, column="", reason=gettext(OUTSIDE))
        elif line.rstrip().upper() == END:
            too_long = Reject(line=began, column="", reason=gettext(TOO_LONG, limit=LONGEST_CARD))
            yield began, too_long if size > LONGEST_CARD else card
            card = None
        else:
            size += len(line)
            if size <= LONGEST_CARD:
                card.append(line)
    if card is not None:
        yield began, Reject(line=began, column="", reason=gettext(NOT_CLOSED))


def _logical_lines(readline: Callable[[int], bytes]) -> Iterator[tuple[int, bytes]]:
    """Lines without their folds, pictures left out; a continuation begins with a blank or follows a soft break."""
    held, began, is_dropped = b"", 1, False
    for number, line in enumerate(_physical_lines(readline), start=1):
        text = line.rstrip(b"\r\n").removeprefix(BOM_UTF8 if number == 1 else b"")
        is_soft = held.endswith(b"=") and b"QUOTED-PRINTABLE" in held.split(b":")[0].upper()
        if is_soft and not is_dropped:
            held = held[:-1] + (b"" if len(held) > LONGEST_CARD else text)
        elif text.startswith((b" ", b"\t")):
            held += b"" if is_dropped or len(held) > LONGEST_CARD else text[1:]
        else:
            if not is_dropped:
                yield began, held
            held, began = text, number
            name = text.split(b":")[0].split(b";")[0].rpartition(b".")[2].decode("ascii", "replace").upper()
            is_dropped = name in DROPPED
    if not is_dropped and held:
        yield began, held


def _physical_lines(readline: Callable[[int], bytes]) -> Iterator[bytes]:
    """The lines of a file, each cut to the longest card: an unfolded picture is larger, and dropped anyway."""
    while line := readline(LONGEST_CARD + 1):
        rest = line
        while rest and not rest.endswith(b"\n"):
            rest = readline(LONGEST_CARD + 1)
        yield line


def _decode(card: Iterable[bytes]) -> str:
    joined = b"\n".join(card)
    try:
        return joined.decode()
    except UnicodeDecodeError:
        return joined.decode(old_encoding(joined), "replace")


def _read(line: int, card: list[bytes]) -> Draft | Reject:
    text = f"BEGIN:VCARD\n{_decode(line for line in card if line)}\nEND:VCARD\n"
    draft = Draft(line=line)
    try:
        parsed = readOne(text, allowQP=True, validate=False, ignoreUnreadable=True)  # type: ignore[no-untyped-call]
        for item in sorted(parsed.getChildren(), key=_rank):
            _take(draft, item)
    except Exception:  # noqa: BLE001 - vobject fails in many ways; each costs one card
        return Reject(line=line, column="", reason=gettext(UNREADABLE))
    word = (draft.first("kind_word") or "").casefold()
    if word == "group":
        return Reject(line=line, column="KIND", reason=gettext(A_GROUP))
    if word in {"org", "company"}:
        draft.add("kind", ContactKind.ACCOUNT.value, "KIND")
    return draft


def _rank(item: Any) -> int:
    """Preferred values first, the others in their order."""
    words = {word.lower() for value in item.params.get("TYPE", ()) for word in value.split(",")}
    words |= {str(word).lower() for word in getattr(item, "singletonparams", ())}
    return 0 if "pref" in words or item.params.get("PREF") == ["1"] else 1


def _take(draft: Draft, item: Any) -> None:
    """Note what one line of a card says."""
    name, value = item.name.upper(), item.value
    network = NETWORK_WORDS.get(name.removeprefix("X-").replace("-", "").lower())
    if name in PARTS:
        for part, ours in PARTS[name].items():
            draft.add(ours, _joined(getattr(value, part)), name)
    elif name in ACCOUNTS:
        _take_account(draft, item)
    elif name == "ORG":
        draft.add("company", value[0] if isinstance(value, list) else str(value), name)
    elif name == "CATEGORIES":
        for word in value if isinstance(value, list) else [str(value)]:
            draft.add("relation", word, name)
    elif name in TEXTS:
        draft.add(TEXTS[name], str(value), name)
    elif name in MANY:
        draft.add(MANY[name], _without_scheme(str(value)), name)
    elif network is not None and name.startswith("X-"):
        draft.add(network, str(value), name)


def _take_account(draft: Draft, item: Any) -> None:
    """A profile on a network: its page if it has one, else its name there."""
    value = _without_scheme(str(item.value))
    words = [
        *item.params.get("SERVICE-TYPE", ()),
        *item.params.get("X-SERVICE-TYPE", ()),
        *item.params.get("TYPE", ()),
    ]
    scheme, _, rest = value.partition(":")
    if value.lower().startswith(("http://", "https://")):
        draft.add("url", value, item.name)
        return
    networks = (NETWORK_WORDS.get(word.lower()) for word in [*words, scheme])
    network = next((network for network in networks if network), None)
    user = next(iter(item.params.get("USERNAME", item.params.get("X-USER", ()))), None)
    if network is not None:
        draft.add(network, user or rest or value, item.name)


def _without_scheme(value: str) -> str:
    scheme = next((scheme for scheme in SCHEMES if value.lower().startswith(scheme)), "")
    return value[len(scheme) :]


def _joined(part: Any) -> str:
    return " ".join(str(one) for one in part) if isinstance(part, list) else str(part)
