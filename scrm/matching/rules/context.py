"""Rules about what surrounds a person: company, title, place, language. Each is weak; together they decide ties."""

from scrm.i18n import N_
from scrm.matching.evidence import Detail, Evidence
from scrm.matching.frequencies import TokenKind
from scrm.matching.rules.pair import Pair

SAME_COMPANY = N_("The same company; %(count)s of %(total)s contacts work there.")
COMPANY_IN_BIO = N_("The profile's description names the contact's company.")
TITLE_NEAR = N_("Title and description share words: %(value)s.")
SAME_CITY = N_("The same place; %(count)s of %(total)s contacts are there.")
SAME_COUNTRY = N_("The same country or region; %(count)s of %(total)s contacts are there.")
OTHER_COUNTRY = N_("The profile names another country or region than the contact.")
SAME_LANGUAGE = N_("The same language.")
OTHER_LANGUAGE = N_("Another language.")
_FEWEST_LETTERS = 4


def company(pair: Pair) -> Evidence | None:
    """The profile names the contact's company, in its own field or in the description."""
    ours = pair.contact.company_folded
    if not ours or pair.contact.is_company:
        return None
    if ours == pair.profile.company_folded:
        level, message = "same", SAME_COMPANY
    elif len(ours) >= _FEWEST_LETTERS and f" {ours} " in pair.profile.bio_folded:
        level, message = "in_bio", COMPANY_IN_BIO
    else:
        return None
    return _shared(pair, ("company", level, message), TokenKind.COMPANY, ours)


def title(pair: Pair) -> Evidence | None:
    """Words of the contact's job title stand in the profile's title or description."""
    met = pair.contact.title_words & pair.profile.title_words
    if not met:
        return None
    value = ", ".join(sorted(met))
    return Evidence(
        rule="title",
        level="near",
        bits=pair.model.bits("title", "near"),
        profile_value=pair.profile.title or pair.profile.bio[:80],
        contact_value=pair.contact.title,
        detail=Detail(message=TITLE_NEAR, params={"value": value}),
    )


def city(pair: Pair) -> Evidence | None:
    """The profile's location names the contact's city. Another city is no evidence: people move and write fun."""
    ours = pair.contact.places[0]
    if not ours or ours not in pair.profile.places:
        return None
    return _shared(pair, ("city", "same", SAME_CITY), TokenKind.PLACE, ours)


def country(pair: Pair) -> Evidence | None:
    """The profile's location names the contact's country or region, or clearly another one.

    Another one counts against only if some contact has it as city, country or region: then it is a real place.
    """
    ours = pair.contact.places[1]
    theirs = pair.profile.places
    if not ours or not theirs:
        return None
    if ours in theirs:
        return _shared(pair, ("country", "same", SAME_COUNTRY), TokenKind.PLACE, ours)
    if pair.frequencies.count(TokenKind.PLACE, theirs[-1]) == 0 or pair.contact.places[0] in theirs:
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
    return Evidence(
        rule="language",
        level=level,
        bits=pair.model.bits("language", level, frequency=pair.share(TokenKind.LANGUAGE, ours)),
        profile_value=pair.profile.language,
        contact_value=pair.contact.language,
        detail=Detail(message=message),
    )


def _shared(pair: Pair, finding: tuple[str, str, str], kind: TokenKind, value: str) -> Evidence:
    """Weigh a value many contacts may share, and say how many do."""
    rule, level, message = finding
    theirs = pair.profile.company if kind is TokenKind.COMPANY else pair.profile.location
    return Evidence(
        rule=rule,
        level=level,
        bits=pair.model.bits(rule, level, frequency=pair.share(kind, value)),
        profile_value=theirs or pair.profile.bio[:80],
        contact_value=value,
        detail=Detail(
            message=message,
            params={"count": pair.frequencies.count(kind, value), "total": pair.frequencies.total},
        ),
    )
