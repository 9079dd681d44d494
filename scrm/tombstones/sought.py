"""Whom a request to forget is about: rows, marks for the tombstones, texts to look for. Sealed until it is done."""

import json
from dataclasses import asdict, dataclass, field

from scrm.models import Forgetting
from scrm.tombstones import Mark, account_mark, contact_mark, email_mark, handle_mark, profile_mark, source_mark
from scrm.vault import Vault

SHORTEST_TEXT = 4  # shorter ones stand in everybody's rows; those are found by their place alone


@dataclass(kw_only=True)
class Sought:
    """One person, as far as we know them."""

    profiles: list[int] = field(default_factory=list)
    contacts: list[int] = field(default_factory=list)
    natives: list[list[str]] = field(default_factory=list)  # [network, scope, native id]
    records: list[list[str]] = field(default_factory=list)  # [CRM, record id]
    sources: list[str] = field(default_factory=list)
    emails: list[str] = field(default_factory=list)
    handles: list[list[str]] = field(default_factory=list)  # [network, handle]
    names: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)  # external keys of what the CRM held
    is_gathered: bool = False

    def marks(self) -> set[Mark]:
        """What they could be known again by; a handle alone tells too little of a profile, see `contact_marks`."""
        marks = {profile_mark(*native) for native in map(tuple, self.natives)}
        marks |= {account_mark(network, native_id) for network, _scope, native_id in self.natives}
        marks |= {contact_mark(crm_id, native_id) for crm_id, native_id in self.records}
        marks |= {source_mark(source) for source in self.sources}
        marks |= {email_mark(email) for email in self.emails}
        return marks | {handle_mark(network, handle) for network, handle in self.handles}

    def texts(self) -> list[str]:
        """By which they are found in what nobody understood: ids, addresses and handles, the longest first."""
        found = {native[2] for native in self.natives} | set(self.emails) | {handle for _n, handle in self.handles}
        return sorted((text for text in found if len(text) >= SHORTEST_TEXT), key=len, reverse=True)


def seal(vault: Vault, row_id: object, sought: Sought) -> str:
    return vault.seal({"sought": json.dumps(asdict(sought))}, _place(row_id))


def unseal(vault: Vault, row: Forgetting) -> Sought:
    if row.sought is None:
        return Sought()
    return Sought(**json.loads(vault.open(row.sought, _place(row.public_id))["sought"]))


def _place(row_id: object) -> str:
    return f"forgetting/{row_id}/sought"
