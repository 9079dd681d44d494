"""An e-mail address as a key: lower case, without +tag and Gmail's dots.

Mailboxes of a role (info@) and domains anybody can have an address at are told apart: the first is a key but no
evidence, the second names no employer. Checked against RFC 5321's lengths only: the CRM has checked the rest.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from scrm.matching.normalize.text import clean
from scrm.matching.normalize.urls import registrable_domain
from scrm.matching.normalize.words import FREE_DOMAINS, ROLE_MAILBOXES

_SHAPE = re.compile(r"^([^@\s\"<>]{1,64})@([a-z0-9.-]{1,253}\.[a-z0-9-]{2,63})$")
_GMAIL = frozenset({"gmail.com", "googlemail.com"})
_NOREPLY = re.compile(r"^(?:\d+\+)?([a-z0-9-]+)$")


@dataclass(frozen=True, kw_only=True)
class Email:
    """One address, comparable."""

    address: str
    local: str
    domain: str  # registrable: mail.dept.company.example is company.example
    is_role: bool
    is_free: bool
    account: tuple[str, str] | None = None  # a GitHub noreply address names a GitHub handle


@lru_cache(maxsize=16384)
def parse_email(text: str | None) -> Email | None:
    """Read one address; None for what is not one."""
    found = _SHAPE.match(clean(text).lower().removeprefix("mailto:").strip(" <>()[]\"'.,;:!?"))
    if found is None or ".." in found[2] or found[2].startswith((".", "-")):
        return None
    local, host = found[1], found[2]
    if host == "users.noreply.github.com":
        named = _NOREPLY.match(local)
        account = ("github", named[1]) if named else None
        return Email(
            address=f"{local}@{host}", local="", domain="github.com", is_role=True, is_free=True, account=account
        )
    local = local.split("+", 1)[0] or local
    if host in _GMAIL:
        host = "gmail.com"
        local = local.replace(".", "") or local
    return Email(
        address=f"{local}@{host}",
        local=local,
        domain=registrable_domain(host),
        is_role=local in ROLE_MAILBOXES,
        is_free=host in FREE_DOMAINS,
    )
