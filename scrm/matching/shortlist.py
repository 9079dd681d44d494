"""Which candidates are worth a full comparison: those that share the rarest keys with the profile.

A key's worth is how surprising it is to share it by accident: the logarithm of contacts per holder. Keys of one pair
say much of the same (name, handle, name and city), so the rarest counts fully and the others only a little. Nobody
is left out by chance: equally good candidates are taken in the order of their ids, and the number left out is known.
"""

import math
from collections.abc import Mapping, Sequence

from scrm.matching.keys import Key

LONGEST = 16
FEWEST = 6  # compared however far behind they are
BEHIND = 10.0  # bits behind the best; farther ones would need evidence that no key knows of
OTHERS = 0.1  # what each further bit of shared keys counts


def shortlist(holders: Mapping[Key, Sequence[int]], total: int) -> list[int]:
    """Contacts to compare, most promising first; `holders` has the contacts of each key that was looked up."""
    best: dict[int, float] = {}
    sums: dict[int, float] = {}
    for contacts in holders.values():
        if not contacts:
            continue
        bits = math.log2((max(total, len(contacts)) + 1) / len(contacts))
        for contact in contacts:
            sums[contact] = sums.get(contact, 0.0) + bits
            if bits > best.get(contact, 0.0):
                best[contact] = bits
    # rounded, so that the order of adding decides nothing
    worth = {contact: round(bits * (1 - OTHERS) + sums[contact] * OTHERS, 6) for contact, bits in best.items()}
    if len(worth) <= FEWEST:
        return sorted(worth, key=lambda contact: (-worth[contact], contact))
    ranked = sorted(worth.items(), key=lambda row: (-row[1], row[0]))
    least = ranked[0][1] - BEHIND
    return [contact for place, (contact, bits) in enumerate(ranked[:LONGEST]) if place < FEWEST or bits >= least]
