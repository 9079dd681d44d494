"""Rules about names, in display name and handle together: each name counts once, where it says most."""

from scrm.i18n import N_
from scrm.matching.evidence import Detail, Evidence
from scrm.matching.frequencies import TokenKind
from scrm.matching.normalize import fold_company
from scrm.matching.rules.alignment import Finding, Found
from scrm.matching.rules.pair import Pair

_HANDLE_LEVELS = frozenset({Found.HANDLE, Found.HANDLE_NICKNAME, Found.HANDLE_INSIDE, Found.HANDLE_INITIAL})

MESSAGES = {
    Found.EXACT: N_("The display name has “%(value)s”; %(count)s of %(total)s contacts are called so."),
    Found.PART: N_("The display name has one half of the double surname “%(value)s”."),
    Found.REVERSED: N_("The display name has “%(value)s”, but in the other order."),
    Found.MIDDLE: N_("The display name has the middle name “%(value)s”."),
    Found.NICKNAME: N_("“%(theirs)s” is short for “%(value)s” or the other way round."),
    Found.NEAR: N_("“%(theirs)s” is spelled almost like “%(value)s”."),
    Found.SKELETON: N_("“%(theirs)s” has the consonants of “%(value)s”, as from another script."),
    Found.INITIAL: N_("Only the first letter of “%(value)s” is written, and it fits."),
    Found.HANDLE: N_("The handle says “%(value)s”; %(count)s of %(total)s contacts are called so."),
    Found.HANDLE_NICKNAME: N_("The handle has a short form of “%(value)s”."),
    Found.HANDLE_INSIDE: N_("The handle has the letters of “%(value)s” inside."),
    Found.HANDLE_INITIAL: N_("The handle has the first letter of “%(value)s”."),
}
UNRELATED = N_("Neither the display name nor the handle says the contact's name.")
SAME_COMPANY_NAME = N_("The page is called “%(value)s”, like this company.")


def surname(pair: Pair) -> Evidence | None:
    """The contact's surname is in the display name or in the handle.

    A rare surname weighs more than a common one. Where both say it, the better one counts, not both.
    """
    return _best(pair, "surname", pair.alignment.surname)


def given(pair: Pair) -> Evidence | None:
    """The contact's first name is in the display name or the handle: in full, as a short form or as an initial.

    A common first name weighs little. Where display name and handle both say it, the better one counts.
    """
    return _best(pair, "given", pair.alignment.given)


def middle(pair: Pair) -> Evidence | None:
    """A middle name or its initial fits. A missing middle name counts neither for nor against."""
    return _best(pair, "middle", pair.alignment.middle)


def unrelated_handle(pair: Pair) -> Evidence | None:
    """The profile shows no name, and its handle has nothing of the contact's name.

    About one handle in six says nothing of its owner's name, so this is only mild evidence against.
    """
    profile = pair.profile
    if profile.name.words or not profile.handle_read.core or pair.alignment.in_handle or not pair.contact.name.words:
        return None
    return Evidence(
        rule="unrelated_handle",
        level="unrelated",
        bits=pair.model.bits("unrelated_handle", "unrelated", network=profile.network),
        profile_value=profile.handle,
        contact_value=pair.contact.full_name,
        detail=Detail(message=UNRELATED),
    )


def company_name(pair: Pair) -> Evidence | None:
    """A company's page has the name of a company in the CRM, legal forms such as GmbH or Inc. left aside."""
    contact, profile = pair.contact, pair.profile
    if not contact.is_company or not contact.company_folded:
        return None
    shown = {profile.company_folded, " ".join(profile.name.words), fold_company(profile.display_name)}
    if contact.company_folded not in shown:
        return None
    frequency = pair.share(TokenKind.COMPANY, contact.company_folded)
    return Evidence(
        rule="company_name",
        level="exact",
        bits=pair.model.bits("company_name", "exact", frequency=frequency),
        profile_value=profile.display_name,
        contact_value=contact.full_name,
        detail=Detail(message=SAME_COMPANY_NAME, params={"value": contact.full_name}),
    )


def _best(pair: Pair, rule: str, findings: tuple[Finding, ...]) -> Evidence | None:
    """Weigh each finding of one name and keep the best."""
    if not findings or pair.contact.is_company:
        return None
    weighed = [(_weigh(pair, rule, finding), finding) for finding in findings]
    bits, finding = max(weighed, key=lambda pair: pair[0])
    in_handle = finding.level in _HANDLE_LEVELS
    params: dict[str, str | int] = {"value": finding.ours, "theirs": finding.theirs}
    if finding.level in {Found.EXACT, Found.HANDLE}:
        params["count"] = pair.frequencies.count(TokenKind.NAME, finding.ours)
        params["total"] = pair.frequencies.total
    return Evidence(
        rule=rule,
        level=finding.level.value,
        bits=bits,
        profile_value=pair.profile.handle if in_handle else pair.profile.display_name,
        contact_value=pair.contact.full_name,
        detail=Detail(message=MESSAGES[finding.level], params=params),
    )


def _weigh(pair: Pair, rule: str, finding: Finding) -> float:
    word = finding.theirs if finding.level is Found.PART else finding.ours
    frequency = pair.share(TokenKind.NAME, word)
    if finding.level in {Found.NICKNAME, Found.HANDLE_NICKNAME}:
        # both names of the pair could have met by accident
        frequency += pair.share(TokenKind.NAME, finding.theirs)
    network = pair.profile.network if finding.level in _HANDLE_LEVELS else None
    return pair.model.bits(rule, finding.level.value, frequency=frequency, network=network)
