"""Rules about what points to one person alone: addresses, accounts, links."""

from rapidfuzz.distance import JaroWinkler

from scrm.i18n import N_
from scrm.matching.evidence import Evidence
from scrm.matching.frequencies import TokenKind
from scrm.matching.normalize import Handle, parse_handle
from scrm.matching.rules.in_handle import read_handle
from scrm.matching.rules.pair import Pair

_MAILBOX_LEVELS = ("near", "part", "own")
_SAME = 3
_MAILBOX_RANK = ("own", "mixed", "part", "near", "name_form")
SHORTEST_OWN = 4
SHORTEST_LABEL = 4
SHORTEST_INSIDE = 5
SHORTEST_NEAR = 6
FEWEST_OTHERS = 3  # letters beside the name that two people do not both add by accident
FEWEST_DIGITS = 2
NEAR = 0.92
GENERIC = 5  # a value that more contacts share (a switchboard's address) is no evidence for one of them

EMAIL_VERIFIED = N_("The network has verified this address, and the contact has it.")
EMAIL_CLAIMED = N_("The profile states this address, and the contact has it.")
EMAIL_IN_BIO = N_("The bio names an address of the contact.")
KNOWN_HANDLE = N_("This account is recorded on the contact.")
KNOWN_ID = N_("This very profile was confirmed for the contact before.")
LINK_VERIFIED = N_("The profile links to the contact's page, and that page links back.")
LINK_UNVERIFIED = N_("The profile links to the contact's page.")
DOMAIN_VERIFIED = N_("The profile belongs to the domain of the contact's e-mail address.")
DOMAIN_LINKED = N_("The profile links to the domain of the contact's e-mail address.")
DOMAIN_NAMED = N_("The description names the domain of the contact's e-mail address.")
SAME_PHONE = N_("The description gives a telephone number of the contact.")
SAME_HANDLE = N_("The contact has this handle on another network (%(network)s).")
SAME_NAME_FORM = N_("The contact writes the name in the same way on another network (%(network)s).")
HANDLE_DOMAIN = N_("The handle is the name of a domain of the contact.")
MAILBOX_LIKE = N_("The handle is like the part before the @ of the contact's e-mail address.")
MAILBOX_OWN = N_("The handle is the part before the @ of the contact's e-mail address.")
MAILBOX_MIXED = N_("Handle and e-mail address add the same letters or digits to the name.")
MAILBOX_NAME_FORM = N_("Handle and e-mail address write the name in the same way.")


def email(pair: Pair) -> Evidence | None:
    """The profile's e-mail address is one of the contact's.

    Near certain if the network verified it. Addresses of a role (info@) or shared by many contacts do not count.
    """
    profile, contact = pair.profile, pair.contact
    found = [(profile.mailbox, "verified" if profile.email_verified else "claimed")]
    found += [(mailbox, "in_bio") for mailbox in profile.bio_mailboxes]
    messages = {"verified": EMAIL_VERIFIED, "claimed": EMAIL_CLAIMED, "in_bio": EMAIL_IN_BIO}
    for mailbox, level in found:
        if mailbox is None or mailbox.is_role or mailbox.address not in contact.addresses:
            continue
        if pair.frequencies.count(TokenKind.EMAIL, mailbox.address) > GENERIC:
            continue
        return pair.found(("email", level, messages[level]), (mailbox.address, mailbox.address))
    return None


def known_account(pair: Pair) -> Evidence | None:
    """The account is recorded on the contact, by its id or by its handle.

    An id never changes hands; a handle may, so it weighs a little less.
    """
    profile, contact = pair.profile, pair.contact
    if profile.native_id and (profile.network_word, profile.native_id) in contact.confirmed_ids:
        level, value, message = "native_id", profile.native_id, KNOWN_ID
    elif profile.account in contact.accounts and profile.account is not None:
        level, value, message = "handle", profile.account[1], KNOWN_HANDLE
    else:
        return None
    return pair.found(("known_account", level, message), (profile.handle, value))


def link(pair: Pair) -> Evidence | None:
    """The profile links to a page or another account of the contact.

    If the network checked that the page links back (rel=me), nobody else can have set the link.
    """
    profile, contact = pair.profile, pair.contact
    met = [
        (verified, page)
        for page, verified in profile.pages.items()
        if page in contact.pages and pair.frequencies.count(TokenKind.PAGE, page) <= GENERIC
    ]
    met += [
        (verified, ":".join(account))
        for account, verified in profile.linked_accounts.items()
        if account in contact.accounts
    ]
    if not met:
        return None
    verified, value = max(met)
    level, message = ("verified", LINK_VERIFIED) if verified else ("unverified", LINK_UNVERIFIED)
    return pair.found(("link", level, message), (value, value))


def employer_domain(pair: Pair) -> Evidence | None:
    """The profile links to, or lives under, the domain of the contact's work address.

    Many colleagues share a domain, so it weighs by how many contacts have it. Free mail domains do not count.
    """
    profile, domains = pair.profile, pair.contact.employer_domains
    if not domains:
        return None
    met = [(profile.domains[domain], domain) for domain in domains & profile.domains.keys()]
    if met:
        verified, domain = max(met)
        level, message = ("verified", DOMAIN_VERIFIED) if verified else ("linked", DOMAIN_LINKED)
    else:
        named = [domain for domain in sorted(domains) if _is_named(domain, profile.bio_folded)]
        if not named:
            return None
        level, message, domain = "named", DOMAIN_NAMED, named[0]
    return pair.found(
        ("employer_domain", level, message), (domain, domain), frequency=pair.share(TokenKind.DOMAIN, domain)
    )


def _is_named(domain: str, text: str) -> bool:
    label = domain.split(".", 1)[0]
    return len(label) >= SHORTEST_LABEL and f" {label} " in text


def phone(pair: Pair) -> Evidence | None:
    """The description gives a telephone number of the contact. Colleagues may share a switchboard."""
    met = pair.contact.numbers & pair.profile.numbers
    if not met:
        return None
    value = min(met)
    return pair.found(("phone", "in_bio", SAME_PHONE), (value, value))


def same_handle(pair: Pair) -> Evidence | None:
    """The contact is known under the same handle on another network.

    A handle that is only a form of the name (jane.doe) is taken by namesakes too, so it adds little to the name;
    digits and other letters beside the name (jane.doe84) are seldom the same by accident.
    """
    contact, profile = pair.contact, pair.profile
    mine = profile.handle_read
    if len(mine.core) < SHORTEST_OWN or profile.account in contact.accounts:
        return None
    for network, name in sorted(contact.accounts):
        if network != profile.network_word and (theirs := parse_handle(name)).full == mine.full:
            is_name = _is_name_form(pair, mine) and not _adds_the_same(pair, mine, theirs)
            level, message = ("name_form", SAME_NAME_FORM) if is_name else ("own", SAME_HANDLE)
            return pair.found(("same_handle", level, message), (profile.handle, name), params={"network": network})
    return None


def handle_is_domain(pair: Pair) -> Evidence | None:
    """The handle is the name of a domain the contact has an address or a page at: people name their own so."""
    handle = pair.profile.handle_read
    for domain in sorted(pair.contact.own_domains):
        label = parse_handle(domain.split(".", 1)[0])
        if len(label.core) >= SHORTEST_OWN and handle.full in {label.full, label.core}:
            frequency = pair.share(TokenKind.DOMAIN, domain)
            finding = ("handle_is_domain", "whole", HANDLE_DOMAIN)
            return pair.found(finding, (pair.profile.handle, domain), frequency=frequency)
    return None


def handle_is_mailbox(pair: Pair) -> Evidence | None:
    """The handle equals the part of the contact's e-mail address before the @.

    If that part is only a form of the name (jane.doe), the name rules have counted it already and little is added;
    digits and other letters beside the name (jane.doe84) are seldom the same by accident.
    """
    handle = pair.profile.handle_read
    best: tuple[int, str, Handle] | None = None
    for mailbox in pair.contact.locals:
        likeness = _likeness(handle, mailbox)
        if likeness:
            level = _MAILBOX_LEVELS[likeness - 1]
            if _is_name_form(pair, mailbox):
                level = "mixed" if likeness == _SAME and _adds_the_same(pair, handle, mailbox) else "name_form"
            if level != "name_form" or likeness == _SAME:
                rank = _MAILBOX_RANK.index(level)
                best = min(best or (rank, level, mailbox), (rank, level, mailbox), key=lambda row: row[0])
    if best is None:
        return None
    _, level, mailbox = best
    message = {"own": MAILBOX_OWN, "mixed": MAILBOX_MIXED, "name_form": MAILBOX_NAME_FORM}.get(level, MAILBOX_LIKE)
    return pair.found(("handle_is_mailbox", level, message), (pair.profile.handle, mailbox.full))


def _adds_the_same(pair: Pair, one: Handle, other: Handle) -> bool:
    """Whether two handles of the same letters, name and all, add something to it that few others would add."""
    if len(one.digits) >= FEWEST_DIGITS and one.digits == other.digits:
        return True
    said = read_handle(pair.contact.name, one)
    left = len(one.core) if said.surname is None and said.given is None else said.letters_left
    return left >= FEWEST_OTHERS


def _likeness(handle: Handle, mailbox: Handle) -> int:
    """How like two handles are: 3 the same, 2 one stands in the other, 1 a few letters differ, 0 not at all."""
    one, other = handle.full, mailbox.full
    if len(mailbox.core) < SHORTEST_OWN or len(one) < SHORTEST_OWN:
        return 0
    if one == other:
        return _SAME
    shorter, longer = sorted((one, other), key=len)
    if len(shorter) >= SHORTEST_INSIDE and shorter in longer:
        return 2
    return 1 if len(shorter) >= SHORTEST_NEAR and JaroWinkler.similarity(one, other) >= NEAR else 0


def _is_name_form(pair: Pair, mailbox: Handle) -> bool:
    return any(word in mailbox.core for word in pair.contact.name.words if len(word) > 2)
