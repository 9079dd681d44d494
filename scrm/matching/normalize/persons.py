"""A contact's name as given names and surnames apart."""

from dataclasses import dataclass
from functools import cached_property

from scrm.matching.normalize.names import Name, parse_name
from scrm.matching.normalize.text import squash


@dataclass(frozen=True, kw_only=True)
class PersonName:
    """Given names, surnames and the rest of a contact, all squashed."""

    given: tuple[str, ...] = ()  # the first is the one people use, then what stands in quotes
    middle: tuple[str, ...] = ()
    surname: tuple[str, ...] = ()  # whole first
    surname_parts: tuple[str, ...] = ()  # halves of a double surname
    given_initial: str = ""
    middle_initials: tuple[str, ...] = ()

    @cached_property
    def words(self) -> tuple[str, ...]:
        """Every word once."""
        return tuple(dict.fromkeys(self.given + self.middle + self.surname + self.surname_parts))


def split_person(first_name: str, last_name: str, full_name: str) -> PersonName:
    """Tell given names from surnames: by the fields where there are two, else the last word is the surname."""
    whole = parse_name(full_name)
    first, last = parse_name(first_name), parse_name(last_name)
    if not last.words and not first.words:
        first_words, last_words = whole.words[:-1], whole.words[-1:]
        initials = whole.initials
    else:
        first_words, last_words = first.words, last.words
        initials = first.initials + tuple(i for i in whole.initials if i not in first.initials)
    middle = first_words[1:] + tuple(word for word in whole.words if word not in first_words + last_words)
    given = first_words[:1] + first.called + whole.called
    used = set(last_words) | set(last.parts)
    surname = ("".join(last_words), *last_words) if len(last_words) > 1 else last_words
    return PersonName(
        given=_squashed(given + tuple(part for part in first.parts + whole.parts if part not in used)),
        middle=_squashed(middle),
        surname=_squashed(surname[:1]),
        surname_parts=_squashed(surname[1:] + last.parts + _parts_of(whole, last_words)),
        given_initial=initials[0] if initials and not first_words else "",
        middle_initials=initials[1:] if not first_words else initials,
    )


def _parts_of(whole: Name, last_words: tuple[str, ...]) -> tuple[str, ...]:
    """Halves of a hyphenated surname that was only found in the full name."""
    joined = "".join(last_words)
    return tuple(part for part in whole.parts if part in joined)


def _squashed(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(squash(word) for word in words))
