"""Rules about names, in display name and handle together: each name counts once, where it says most."""

from scrm.i18n import N_
from scrm.matching.evidence import Evidence
from scrm.matching.frequencies import TokenKind
from scrm.matching.normalize import fold_company
from scrm.matching.rules.findings import Finding, Found
from scrm.matching.rules.pair import Pair

LITTLE = 2  # letters
SOME = 5

MESSAGES = {
    Found.EXACT: N_("The display name has “%(value)s”; %(count)s of %(total)s contacts are called so."),
    Found.PART: N_("The display name has one half of the double surname “%(value)s”."),
    Found.REVERSED: N_("The display name has “%(value)s”, but in the other order."),
    Found.MIDDLE: N_("The display name has the middle name “%(value)s”."),
    Found.NICKNAME: N_("“%(theirs)s” is short for “%(value)s” or the other way round."),
    Found.NEAR: N_("“%(theirs)s” is spelled almost like “%(value)s”."),
    Found.SKELETON: N_("“%(theirs)s” has the consonants of “%(value)s”, as from another script."),
    Found.INITIAL: N_("Only the first letter of “%(value)s” is written, and it fits."),
    Found.OTHER_SCRIPT: N_("“%(theirs)s” sounds like “%(value)s”, written in another script."),
    Found.WHOLE: N_("The handle says “%(value)s”; %(count)s of %(total)s contacts are called so."),
    Found.SHORT: N_("The handle has a short form of “%(value)s”."),
    Found.INSIDE: N_("The handle has the letters of “%(value)s” inside."),
    Found.PREFIX: N_("The handle has the first letters of “%(value)s”."),
    Found.FIRST_LETTER: N_("The handle has the first letter of “%(value)s”."),
}
REST = N_("%(count)s letters of the handle are not of the contact's name.")
UNRELATED = N_("Neither the display name nor the handle says the contact's name.")
SAME_COMPANY_NAME = N_("The page is called “%(value)s”, like this company.")


def surname(pair: Pair) -> Evidence | None:
    """The contact's surname is in the display name. A rare surname weighs more than a common one.

    Where the handle says it better, the handle counts instead, never both.
    """
    return _weigh(pair, "surname", pair.alignment.surname)


def given(pair: Pair) -> Evidence | None:
    """The contact's first name is in the display name: in full, as a short form or as an initial.

    A common first name weighs little. Where the handle says it better, the handle counts instead, never both.
    """
    return _weigh(pair, "given", pair.alignment.given)


def surname_in_handle(pair: Pair) -> Evidence | None:
    """The contact's surname is in the handle: whole, in a longer word, or by its first letters."""
    return _weigh(pair, "surname_in_handle", pair.alignment.handle_surname)


def given_in_handle(pair: Pair) -> Evidence | None:
    """The contact's first name is in the handle: whole, as a short form, in a longer word, or by its first letter."""
    return _weigh(pair, "given_in_handle", pair.alignment.handle_given)


def handle_rest(pair: Pair) -> Evidence | None:
    """How much of the handle the contact's name leaves unexplained, where no name is shown beside it."""
    found = pair.alignment
    if pair.profile.name.words or not (found.handle_surname or found.handle_given):
        return None
    left = found.letters_left
    level = "nothing" if left == 0 else "little" if left <= LITTLE else "some" if left <= SOME else "much"
    values = (pair.profile.handle, pair.contact.full_name)
    return pair.found(("handle_rest", level, REST), values, params={"count": left})


def middle(pair: Pair) -> Evidence | None:
    """A middle name or its initial fits. A missing middle name counts neither for nor against."""
    found = pair.alignment
    if found.unmet_middle and found.left_words:
        return None  # of a long name one word is another one: what else fits does not make up for it
    return _weigh(pair, "middle", found.middle)


def unrelated_handle(pair: Pair) -> Evidence | None:
    """The profile shows no name, and its handle has nothing of the contact's name.

    About one handle in six says nothing of its owner's name, so this is only mild evidence against.
    """
    profile = pair.profile
    if (
        profile.name.words
        or not profile.handle_read.core
        or pair.alignment.is_in_handle
        or not pair.contact.name.words
    ):
        return None
    values = (profile.handle, pair.contact.full_name)
    return pair.found(("unrelated_handle", "unrelated", UNRELATED), values)


def company_name(pair: Pair) -> Evidence | None:
    """A company's page has the name of a company in the CRM, legal forms such as GmbH or Inc. left aside."""
    contact, profile = pair.contact, pair.profile
    if not contact.is_company or not contact.company_folded:
        return None
    shown = {profile.company_folded, " ".join(profile.name.words), fold_company(profile.display_name)}
    if contact.company_folded not in shown:
        return None
    frequency = pair.share(TokenKind.COMPANY, contact.company_folded)
    return pair.found(
        ("company_name", "exact", SAME_COMPANY_NAME),
        (profile.display_name, contact.full_name),
        frequency=frequency,
        params={"value": contact.full_name},
    )


def _weigh(pair: Pair, rule: str, finding: Finding | None) -> Evidence | None:
    if finding is None or pair.contact.is_company:
        return None
    word = finding.theirs if finding.level is Found.PART else finding.ours
    frequency = pair.share(TokenKind.NAME, word)
    if finding.level in {Found.NICKNAME, Found.SHORT}:
        # both names of the pair could have met by accident
        frequency += pair.share(TokenKind.NAME, finding.theirs)
    params: dict[str, str | int] = {"value": finding.ours, "theirs": finding.theirs}
    if finding.level in {Found.EXACT, Found.WHOLE}:
        params["count"] = pair.frequencies.count(TokenKind.NAME, finding.ours)
        params["total"] = pair.frequencies.total
    said = pair.profile.handle if rule.endswith("_in_handle") else pair.profile.display_name
    return pair.found(
        (rule, finding.level.value, MESSAGES[finding.level]),
        (said, pair.contact.full_name),
        frequency=frequency,
        params=params,
    )
