"""Rules that speak against a pair. Something missing never does: only what clearly differs."""

from scrm.i18n import N_
from scrm.matching.evidence import Evidence
from scrm.matching.frequencies import TokenKind
from scrm.matching.rules.context import are_like
from scrm.matching.rules.pair import Pair

OTHER_GIVEN = N_("The surname fits, the first name is another one: perhaps a relative.")
OTHER_INITIAL = N_("The first letter of the first name does not fit.")
OTHER_IN_HANDLE = N_("Beside the surname, the handle says another first name: perhaps a relative.")
OTHER_SURNAME = N_("The first name fits, the surname is another one.")
GIVEN_ACROSS = N_("The first name does not seem to be the same, but it is written in another script.")
SURNAME_ACROSS = N_("The surname does not seem to be the same, but it is written in another script.")
OTHER_MIDDLE = N_("The middle initial is another one.")
OTHER_MIDDLE_WORD = N_("Both have a middle name, and it is another one.")
OTHER_HANDLE = N_("The contact is known under another handle on this network.")
OTHER_EMAIL = N_("Both have an e-mail address, and they differ.")
OTHER_COMPANY = N_("Both name a company, and not the same one.")
OTHER_CITY = N_("The profile names another place than the contact's city.")
PAGE_AND_PERSON = N_("The profile is a company's or group's page, the contact is a person.")
PERSON_AND_COMPANY = N_("The profile is a person's, the contact is a company.")
BOT = N_("The profile is run by a program.")


def other_given_name(pair: Pair) -> Evidence | None:
    """The surname fits but the first name differs: with a rare surname this is mostly a relative.

    Short forms, initials, middle names and small spelling mistakes do not count as different; from another script
    much that is the same looks different, so it weighs less.
    """
    found, person = pair.alignment, pair.contact.name
    if not found.has_surname or found.has_given or not (person.given or person.given_initial):
        return None
    if found.left_words and "surname" in found.in_display:
        is_across = pair.profile.is_other_script(pair.contact)
        level, message = ("across_scripts", GIVEN_ACROSS) if is_across else ("different", OTHER_GIVEN)
        return _against(pair, ("other_given_name", level, message))
    if found.left_initials:
        return _against(pair, ("other_given_name", "initial", OTHER_INITIAL))
    if any(pair.frequencies.count(TokenKind.NAME, word) for word in found.left_in_handle):
        # "RodPelton" is not Byron Pelton; only a word that is a name of some contact counts as one
        return _against(pair, ("other_given_name", "in_handle", OTHER_IN_HANDLE))
    return None


def other_surname(pair: Pair) -> Evidence | None:
    """The first name fits, but the profile shows another surname. People marry, so this is not the end of it.

    From another script much that is the same looks different, so it weighs less.
    """
    found = pair.alignment
    if found.has_surname or not found.left_words or not pair.contact.name.surname:
        return None
    is_across = pair.profile.is_other_script(pair.contact)
    level, message = ("across_scripts", SURNAME_ACROSS) if is_across else ("different", OTHER_SURNAME)
    return _against(pair, ("other_surname", level, message))


def other_middle_name(pair: Pair) -> Evidence | None:
    """Both sides have a middle name or its initial, and it is not the same. A missing one says nothing."""
    found, person = pair.alignment, pair.contact.name
    if not (found.has_surname and found.has_given):
        return None
    if found.unmet_middle and found.left_words:
        # Sergey Viktorovich and Sergey Ivanovich are two people, often cousins
        return _against(pair, ("other_middle_name", "word", OTHER_MIDDLE_WORD))
    has_middle = bool(person.middle or person.middle_initials)
    if found.middle or not has_middle or not found.left_initials:
        return None
    return _against(pair, ("other_middle_name", "different", OTHER_MIDDLE))


def other_handle(pair: Pair) -> Evidence | None:
    """The contact has another recorded account on the same network.

    Many people have an office account and a private one, so this lowers the odds and never rules a pair out.
    """
    contact, profile = pair.contact, pair.profile
    if profile.account is None or profile.account in contact.accounts:
        return None
    if (profile.network_word, profile.native_id) in contact.confirmed_ids:
        return None
    others = [name for network, name in sorted(contact.accounts) if network == profile.network_word]
    has_other_id = any(network == profile.network_word for network, _ in contact.confirmed_ids)
    if not others and not has_other_id:
        return None
    return _against(
        pair,
        ("other_handle", "different", OTHER_HANDLE),
        (profile.handle, others[0] if others else ""),
    )


def other_email(pair: Pair) -> Evidence | None:
    """The profile's verified address is none of the contact's. People have several, so it weighs little."""
    contact, mailbox = pair.contact, pair.profile.mailbox
    if mailbox is None or not pair.profile.email_verified or mailbox.is_role or not contact.addresses:
        return None
    if mailbox.address in contact.addresses:
        return None
    return _against(pair, ("other_email", "different", OTHER_EMAIL), (mailbox.address, min(contact.addresses)))


def other_company(pair: Pair) -> Evidence | None:
    """The profile names another company than the contact's. People change jobs, so it weighs little."""
    ours, theirs = pair.contact.company_folded, pair.profile.company_folded
    if not ours or not theirs or pair.contact.is_company or are_like(ours, theirs):
        return None
    if f" {ours} " in pair.profile.bio_folded:
        return None
    finding = ("other_company", "different", OTHER_COMPANY)
    return _against(pair, finding, (pair.profile.company, pair.contact.company))


def other_city(pair: Pair) -> Evidence | None:
    """The profile's place is another city that some contact lives in. People move, so it weighs little."""
    ours, theirs = pair.contact.places[0], pair.profile.places
    if not ours or not theirs or f" {ours} " in pair.profile.place_words:
        return None
    if pair.frequencies.count(TokenKind.PLACE, theirs[0]) == 0 or theirs[0] == pair.contact.places[1]:
        return None
    return _against(pair, ("other_city", "different", OTHER_CITY), (pair.profile.location, pair.contact.city))


def company_or_person(pair: Pair) -> Evidence | None:
    """A company's page never belongs to a person, nor a person's profile to a company."""
    if pair.profile.is_organization == pair.contact.is_company:
        return None
    message = PAGE_AND_PERSON if pair.profile.is_organization else PERSON_AND_COMPANY
    return _against(pair, ("company_or_person", "different", message), is_veto=True)


def bot(pair: Pair) -> Evidence | None:
    """A profile run by a program never belongs to a person."""
    if not pair.profile.is_bot or pair.contact.is_company:
        return None
    return _against(pair, ("bot", "bot", BOT), is_veto=True)


def _against(
    pair: Pair, finding: tuple[str, str, str], values: tuple[str, str] | None = None, *, is_veto: bool = False
) -> Evidence:
    shown = pair.profile.display_name or pair.profile.handle
    return pair.found(finding, values or (shown, pair.contact.full_name), is_veto=is_veto)
