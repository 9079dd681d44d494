"""Rules about what surrounds a person: company, title, place, language. Each is weak; together they decide ties."""

from rapidfuzz import fuzz

from scrm.i18n import N_
from scrm.matching.evidence import Evidence
from scrm.matching.frequencies import TokenKind
from scrm.matching.normalize.countries import country_code
from scrm.matching.rules.pair import Pair

SAME_COMPANY = N_("The same company; %(count)s of %(total)s contacts work there.")
LIKE_COMPANY = N_("The company's name is almost the same.")
COMPANY_IN_BIO = N_("The profile's description names the contact's company.")
TITLE_NEAR = N_("Title and description share words: %(value)s.")
SAME_CITY = N_("The same place; %(count)s of %(total)s contacts are there.")
CITY_IN_BIO = N_("The description names the contact's city.")
SAME_COUNTRY = N_("The same country or region; %(count)s of %(total)s contacts are there.")
OTHER_COUNTRY = N_("The profile names another country or region than the contact.")
SAME_LANGUAGE = N_("The same language.")
OTHER_LANGUAGE = N_("Another language.")
_FEWEST_LETTERS = 4
_ALIKE = 90  # of 100: the shorter name stands in the longer one, word for word or nearly so


def company(pair: Pair) -> Evidence | None:
    """The profile names the contact's company, in its own field or in the description."""
    ours = pair.contact.company_folded
    if not ours or pair.contact.is_company:
        return None
    if ours == pair.profile.company_folded:
        level, message = "same", SAME_COMPANY
    elif len(ours) >= _FEWEST_LETTERS and f" {ours} " in pair.profile.bio_folded:
        level, message = "in_bio", COMPANY_IN_BIO
    elif are_like(ours, pair.profile.company_folded):
        level, message = "near", LIKE_COMPANY
    else:
        return None
    return _shared(pair, ("company", level, message), TokenKind.COMPANY, ours)


def are_like(ours: str, theirs: str) -> bool:
    """Tell whether two folded companies are one name written in two ways: Example and Example Germany."""
    if not theirs or min(len(ours), len(theirs)) < _FEWEST_LETTERS:
        return ours == theirs
    return fuzz.token_set_ratio(ours, theirs, score_cutoff=_ALIKE) > 0


def title(pair: Pair) -> Evidence | None:
    """Words of the contact's job title stand in the profile's title or description."""
    met = pair.contact.title_words & pair.profile.title_words
    if not met:
        return None
    return pair.found(
        ("title", "near", TITLE_NEAR),
        (pair.profile.title or pair.profile.bio[:80], pair.contact.title),
        params={"value": ", ".join(sorted(met))},
    )


def city(pair: Pair) -> Evidence | None:
    """The profile's location names the contact's city. Another city is no evidence: people move and write fun."""
    ours = pair.contact.places[0]
    if not ours:
        return None
    if f" {ours} " in pair.profile.place_words:
        return _shared(pair, ("city", "same", SAME_CITY), TokenKind.PLACE, ours)
    if len(ours) >= _FEWEST_LETTERS and f" {ours} " in pair.profile.bio_folded:
        return _shared(pair, ("city", "in_bio", CITY_IN_BIO), TokenKind.PLACE, ours)
    return None


def country(pair: Pair) -> Evidence | None:
    """The profile's location names the contact's country or region, or clearly another one.

    Another one counts against only if both are countries, or some contact has it as city, country or region.
    """
    ours = pair.contact.places[1]
    theirs = pair.profile.places
    if not ours or not theirs:
        return None
    if ours in theirs:
        return _shared(pair, ("country", "same", SAME_COUNTRY), TokenKind.PLACE, ours)
    are_countries = bool(country_code(ours) and country_code(theirs[-1]))  # USA is no other region than Alaska
    if not (are_countries or pair.frequencies.count(TokenKind.PLACE, theirs[-1])) or pair.contact.places[0] in theirs:
        return None
    return _shared(pair, ("country", "different", OTHER_COUNTRY), TokenKind.PLACE, ours)


def language(pair: Pair) -> Evidence | None:
    """Both languages are known and are the same, or are not."""
    ours, theirs = (
        text.lower().replace("_", "-").split("-")[0] for text in (pair.contact.language, pair.profile.language)
    )
    if not ours or not theirs:
        return None
    level, message = ("same", SAME_LANGUAGE) if ours == theirs else ("different", OTHER_LANGUAGE)
    return pair.found(
        ("language", level, message),
        (pair.profile.language, pair.contact.language),
        frequency=pair.share(TokenKind.LANGUAGE, ours),
    )


def _shared(pair: Pair, finding: tuple[str, str, str], kind: TokenKind, value: str) -> Evidence:
    """Weigh a value many contacts may share, and say how many do."""
    theirs = pair.profile.company if kind is TokenKind.COMPANY else pair.profile.location
    return pair.found(
        finding,
        (theirs or pair.profile.bio[:80], value),
        frequency=pair.share(kind, value),
        params={"count": pair.frequencies.count(kind, value), "total": pair.frequencies.total},
    )
