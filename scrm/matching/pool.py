"""All contacts in memory, with an index of their keys: for files and evaluations, where there is no database."""

from collections import Counter
from collections.abc import Sequence

from scrm.matching.frequencies import count_contacts
from scrm.matching.keys import Key, choose, contact_keys, profile_keys
from scrm.matching.shortlist import shortlist
from scrm.matching.views import ContactView, ProfileView


class Pool:
    """Finds the contacts worth comparing with a profile, as the index in the database does."""

    def __init__(self, contacts: Sequence[ContactView]) -> None:
        self.contacts = list(contacts)
        self.frequencies = count_contacts(contacts)
        held = [tuple(contact_keys(contact)) for contact in contacts]
        shared: Counter[Key] = Counter(key for keys in held for key in keys)
        self._holders: dict[Key, list[int]] = {key: [] for key in shared}
        for number, keys in enumerate(held):
            for key in keys:
                self._holders[key].append(number)

    def replace(self, contact: ContactView) -> None:
        """Put a contact of whom more is known in the place of itself; what it was found by before stays."""
        number = next(at for at, row in enumerate(self.contacts) if row.contact_id == contact.contact_id)
        for key in contact_keys(contact) - contact_keys(self.contacts[number]):
            self._holders.setdefault(key, []).append(number)
        self.contacts[number] = contact

    def candidates(self, profile: ProfileView) -> list[ContactView]:
        """Give the contacts that share a rare key with the profile, most promising first."""
        keys = sorted(profile_keys(profile))
        counts = {key: len(self._holders[key]) for key in keys if key in self._holders}
        holders = {key: self._holders[key] for key in choose(counts) if key in counts}
        return [self.contacts[number] for number in shortlist(holders, len(self.contacts))]
