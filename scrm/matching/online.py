"""One profile against all contacts in the database: look up, choose, compare, explain.

In two steps, so that a million contacts cost milliseconds. Shared keys alone say who is worth a look (`shortlist`);
only these are read and compared by every rule. The rules see the same values as in a backfill.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import chain

from sqlalchemy.orm import Session

from scrm.matching.blocking import holders_of
from scrm.matching.keys import Key
from scrm.matching.load import StoredFrequencies, asked, count_all, load_contacts
from scrm.matching.model import MatchModel
from scrm.matching.score import Judged, Ranking, score
from scrm.matching.shortlist import shortlist
from scrm.matching.views import ContactId, ContactView, ProfileView


@dataclass(frozen=True, kw_only=True)
class Compared:
    """The ranking, and what it rests on: as long as both stay the same, so does the ranking."""

    holders: Mapping[Key, list[int]]  # contacts by key
    versions: Mapping[int, int]  # of the contacts compared
    ranking: Ranking


def compare(
    session: Session,
    profile: ProfileView,
    keys: Iterable[Key],
    model: MatchModel,
    *,
    judged: Mapping[ContactId, Judged] | None = None,
    may_compare: Callable[[ContactView], bool] | None = None,
) -> Compared:
    """Rank the contacts that share a key with a profile; `may_compare` leaves out those that terms forbid."""
    holders = holders_of(session, keys)
    loaded = load_contacts(session, shortlist(holders, count_all(session)), profile.profile_id)
    compared = [row for row in loaded if may_compare is None or may_compare(row.view)]
    frequencies = StoredFrequencies(session, chain(asked(profile), *(row.counted for row in compared)))
    ranking = score(profile, [row.view for row in compared], model, frequencies, judged or {})
    return Compared(holders=holders, versions={row.view.contact_id: row.version for row in loaded}, ranking=ranking)
