"""Names, handles, addresses and links in the form in which they can be compared.

Nothing here is shown to anybody: the raw value is kept beside the comparable one. All functions accept any text
a stranger can send (NUL, zero-width and direction marks, emoji, any script) and answer nothing rather than guess.
"""

from scrm.matching.normalize.accounts import account_of_url, canonical_account, canonical_network
from scrm.matching.normalize.emails import Email, parse_email
from scrm.matching.normalize.handles import Handle, parse_handle
from scrm.matching.normalize.names import Name, fold_company, parse_name
from scrm.matching.normalize.nicknames import formal_names, short_names
from scrm.matching.normalize.phones import canonical_phone
from scrm.matching.normalize.text import clean, fold, is_latin, skeleton, spellings, squash
from scrm.matching.normalize.urls import canonical_url, registrable_domain

__all__ = [
    "Email",
    "Handle",
    "Name",
    "account_of_url",
    "canonical_account",
    "canonical_network",
    "canonical_phone",
    "canonical_url",
    "clean",
    "fold",
    "fold_company",
    "formal_names",
    "is_latin",
    "parse_email",
    "parse_handle",
    "parse_name",
    "registrable_domain",
    "short_names",
    "skeleton",
    "spellings",
    "squash",
]
