"""Rules about what points to one person alone: addresses, accounts, links."""

from scrm.i18n import N_
from scrm.matching.evidence import Detail, Evidence
from scrm.matching.frequencies import TokenKind
from scrm.matching.normalize import Handle
from scrm.matching.rules.pair import Pair

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
MAILBOX_OWN = N_("The handle is the part before the @ of the contact's e-mail address.")
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
        return Evidence(
            rule="email",
            level=level,
            bits=pair.model.bits("email", level),
            profile_value=mailbox.address,
            contact_value=mailbox.address,
            detail=Detail(message=messages[level]),
        )
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
    return Evidence(
        rule="known_account",
        level=level,
        bits=pair.model.bits("known_account", level),
        profile_value=profile.handle,
        contact_value=value,
        detail=Detail(message=message),
    )


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
    level = "verified" if verified else "unverified"
    return Evidence(
        rule="link",
        level=level,
        bits=pair.model.bits("link", level),
        profile_value=value,
        contact_value=value,
        detail=Detail(message=LINK_VERIFIED if verified else LINK_UNVERIFIED),
    )


def employer_domain(pair: Pair) -> Evidence | None:
    """The profile links to, or lives under, the domain of the contact's work address.

    Many colleagues share a domain, so it weighs by how many contacts have it. Free mail domains do not count.
    """
    met = [
        (pair.profile.domains[domain], domain)
        for domain in pair.contact.employer_domains & pair.profile.domains.keys()
    ]
    if not met:
        return None
    verified, domain = max(met)
    level = "verified" if verified else "linked"
    return Evidence(
        rule="employer_domain",
        level=level,
        bits=pair.model.bits("employer_domain", level, frequency=pair.share(TokenKind.DOMAIN, domain)),
        profile_value=domain,
        contact_value=domain,
        detail=Detail(message=DOMAIN_VERIFIED if verified else DOMAIN_LINKED),
    )


def handle_is_mailbox(pair: Pair) -> Evidence | None:
    """The handle equals the part of the contact's e-mail address before the @.

    If that part is only a form of the name (jane.doe), the name rules have counted it already and little is added.
    """
    handle = pair.profile.handle_read
    for mailbox in pair.contact.locals:
        if len(mailbox.core) > 3 and mailbox.full == handle.full:
            is_name = _is_name_form(pair, mailbox)
            level = "name_form" if is_name else "own"
            return Evidence(
                rule="handle_is_mailbox",
                level=level,
                bits=pair.model.bits("handle_is_mailbox", level, network=pair.profile.network),
                profile_value=pair.profile.handle,
                contact_value=mailbox.full,
                detail=Detail(message=MAILBOX_NAME_FORM if is_name else MAILBOX_OWN),
            )
    return None


def _is_name_form(pair: Pair, mailbox: Handle) -> bool:
    return any(word in mailbox.core for word in pair.contact.name.words if len(word) > 2)
