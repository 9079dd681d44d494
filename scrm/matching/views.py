"""What a contact and a profile look like to a rule.

Both are plain frozen values: whoever has a database fills them. The comparable forms are computed at first use and
kept, because one profile is compared with hundreds of contacts.
"""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import NewType

from scrm.matching.normalize import (
    Email,
    Handle,
    Name,
    account_of_url,
    canonical_account,
    canonical_network,
    canonical_phone,
    canonical_url,
    fold,
    fold_company,
    is_latin,
    parse_email,
    parse_handle,
    parse_name,
    squash,
)
from scrm.matching.normalize.countries import country_code, country_word
from scrm.matching.normalize.names import NOBODY
from scrm.matching.normalize.persons import PersonName, split_person
from scrm.matching.normalize.text import mixes_alphabets
from scrm.matching.normalize.urls import employer_domain

ContactId = NewType("ContactId", int)
ProfileId = NewType("ProfileId", int)

PHONE = re.compile(r"\+\d[\d ()/.-]{7,18}\d")
ACCOUNT_KIND = "account"  # the CRM's word for a company; every other kind is a person


@dataclass(frozen=True, kw_only=True)
class Link:
    """A link on a profile; verified where the network has checked that the page links back (rel=me)."""

    url: str
    verified: bool = False


@dataclass(frozen=True, kw_only=True)
class ContactView:
    """One CRM contact."""

    contact_id: ContactId
    kind: str = "contact"
    full_name: str = ""
    first_name: str = ""
    last_name: str = ""
    emails: tuple[str, ...] = ()
    handles: tuple[tuple[str, str], ...] = ()  # (network, handle)
    urls: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    company: str = ""
    title: str = ""
    city: str = ""
    country: str = ""
    language: str = ""
    native_ids: tuple[tuple[str, str], ...] = ()  # (network, native id) of profiles already confirmed

    @property
    def is_company(self) -> bool:
        return self.kind == ACCOUNT_KIND

    @cached_property
    def name(self) -> PersonName:
        """Given names and surnames apart, from the fields or from the order of the full name."""
        return split_person(self.first_name, self.last_name, self.full_name)

    @cached_property
    def mailboxes(self) -> tuple[Email, ...]:
        """The addresses that could be read."""
        return tuple(dict.fromkeys(email for text in self.emails if (email := parse_email(text))))

    @cached_property
    def addresses(self) -> frozenset[str]:
        return frozenset(email.address for email in self.mailboxes)

    @cached_property
    def locals(self) -> tuple[Handle, ...]:
        """Local parts of personal mailboxes, read like handles."""
        return tuple(parse_handle(email.local) for email in self.mailboxes if not email.is_role)

    @cached_property
    def accounts(self) -> frozenset[tuple[str, str]]:
        """Known accounts, from handles, links and GitHub's noreply addresses."""
        named = (canonical_account(network, handle) for network, handle in self.handles)
        linked = (account_of_url(url) for url in self.urls)
        mailed = (email.account for email in self.mailboxes)
        return frozenset(account for group in (named, linked, mailed) for account in group if account)

    @cached_property
    def confirmed_ids(self) -> frozenset[tuple[str, str]]:
        return frozenset((canonical_network(network), native_id) for network, native_id in self.native_ids)

    @cached_property
    def pages(self) -> frozenset[str]:
        return frozenset(page for url in self.urls if (page := canonical_url(url)) and "/" in page + "/")

    @cached_property
    def numbers(self) -> frozenset[str]:
        return frozenset(number for phone in self.phones if (number := canonical_phone(phone)))

    @cached_property
    def employer_domains(self) -> frozenset[str]:
        """Domains of addresses that are not free mail."""
        domains = (employer_domain(email.domain) for email in self.mailboxes if not email.is_free)
        return frozenset(domain for domain in domains if domain)

    @cached_property
    def own_domains(self) -> frozenset[str]:
        """Domains of addresses and pages that are nobody else's hosting."""
        linked = (employer_domain(url) for url in self.urls)
        return self.employer_domains | frozenset(domain for domain in linked if domain)

    @cached_property
    def is_latin(self) -> bool:
        """Whether the name is written in Latin letters."""
        return is_latin(f"{self.first_name} {self.last_name} {self.full_name}")

    @cached_property
    def company_folded(self) -> str:
        return fold_company(self.full_name if self.is_company and not self.company else self.company)

    @cached_property
    def places(self) -> tuple[str, str]:
        """City and country, folded; a country by its English name where a name is written."""
        return fold(self.city), country_word(fold(self.country))

    @cached_property
    def title_words(self) -> frozenset[str]:
        return frozenset(word for word in fold(self.title).split() if len(word) > 2)


@dataclass(frozen=True, kw_only=True)
class ProfileView:
    """One profile as its network shows it."""

    profile_id: ProfileId
    network: str
    scope: str = ""
    native_id: str = ""
    handle: str = ""
    handle_is_recycled: bool = False  # somebody else had it before, so a record that names it may mean them
    handle_host: str = ""  # social.example of @jane@social.example, company.example of jane.company.example
    display_name: str = ""
    bio: str = ""
    email: str | None = None
    email_verified: bool = False
    links: tuple[Link, ...] = ()
    location: str = ""
    company: str = ""
    title: str = ""
    language: str = ""
    is_bot: bool = False
    is_organization: bool = False

    @cached_property
    def network_word(self) -> str:
        return canonical_network(self.network)

    @cached_property
    def name(self) -> Name:
        """The display name's words; a handle repeated as display name is read as the handle, not as a name.

        A word of two alphabets looks like a name and is written to deceive: it is none.
        """
        if not self.display_name or self.display_name.lstrip("@").lower() == self.handle.lower():
            return NOBODY
        if mixes_alphabets(self.display_name):
            return NOBODY
        read = parse_name(self.display_name)
        return Name(
            words=tuple(squash(word) for word in read.words),
            initials=read.initials,
            called=tuple(squash(word) for word in read.called),
            parts=tuple(squash(word) for word in read.parts),
            was_reversed=read.was_reversed,
        )

    @cached_property
    def is_latin(self) -> bool:
        """Whether the display name is written in Latin letters."""
        return is_latin(self.display_name)

    def is_other_script(self, contact: ContactView) -> bool:
        """Whether one name is in Latin letters and the other is not."""
        return bool(self.display_name) and self.is_latin is not contact.is_latin

    @cached_property
    def handle_read(self) -> Handle:
        """The handle's letters and words; a host of its own (jane.company.example) is cut off."""
        host = self.handle_host.lower().lstrip("@")
        handle = self.handle
        if host and handle.lower().endswith(f".{host}"):
            handle = handle[: -len(host) - 1]
        elif self.network_word == "bluesky" and handle.count(".") > 1:
            handle = handle.split(".", 1)[0]
        return parse_handle(handle)

    @cached_property
    def account(self) -> tuple[str, str] | None:
        """By what a contact's record may name this profile; a handle that changed hands names nobody for sure."""
        if self.handle_is_recycled:
            return None
        return canonical_account(self.network, self.handle, self.handle_host or None)

    @cached_property
    def mailbox(self) -> Email | None:
        return parse_email(self.email)

    @cached_property
    def bio_mailboxes(self) -> tuple[Email, ...]:
        """Addresses written in the bio."""
        if "@" not in self.bio:
            return ()
        return tuple(email for word in self.bio.split() if (email := parse_email(word)))

    @cached_property
    def pages(self) -> dict[str, bool]:
        """Canonical links, each with whether it was verified."""
        pages: dict[str, bool] = {}
        for link in self.links:
            page = canonical_url(link.url)
            if page:
                pages[page] = pages.get(page, False) or link.verified
        return pages

    @cached_property
    def linked_accounts(self) -> dict[tuple[str, str], bool]:
        """Accounts on other networks the profile links to, each with whether the link was verified."""
        accounts: dict[tuple[str, str], bool] = {}
        for link in self.links:
            account = account_of_url(link.url)
            if account:
                accounts[account] = accounts.get(account, False) or link.verified
        return accounts

    @cached_property
    def domains(self) -> dict[str, bool]:
        """Domains that can name an employer, from links, the handle's host and the address."""
        domains = {employer_domain(link.url): link.verified for link in self.links}
        if self.network_word == "bluesky":
            domains.setdefault(employer_domain(self.handle_host or self.handle), True)
        if self.mailbox and not self.mailbox.is_free:
            domains.setdefault(employer_domain(self.mailbox.domain), self.email_verified)
        domains.pop("", None)
        return domains

    @cached_property
    def company_folded(self) -> str:
        return fold_company(self.company)

    @cached_property
    def bio_folded(self) -> str:
        """Bio and company as one run of words with a space at both ends."""
        return f" {fold(self.bio)} {fold(self.company)} "

    @cached_property
    def place_words(self) -> str:
        """The location as one run of words with a space at both ends."""
        return f" {fold(self.location)} "

    @cached_property
    def numbers(self) -> frozenset[str]:
        """Telephone numbers written in the bio."""
        if "+" not in self.bio:
            return frozenset()
        found = (canonical_phone(written) for written in PHONE.findall(self.bio[:2000]))
        return frozenset(number for number in found if number)

    @cached_property
    def places(self) -> tuple[str, ...]:
        """Parts of the location between commas and slashes, folded; a country as its code and its English name."""
        parts = self.location.replace("/", ",").replace("|", ",").replace(" - ", ",").split(",")
        words = [folded for part in parts if (folded := fold(part))]
        return tuple(place for word in words for place in (country_code(word), country_word(word)) if place)

    @cached_property
    def title_words(self) -> frozenset[str]:
        return frozenset(word for word in fold(f"{self.title} {self.bio}").split() if len(word) > 2)
