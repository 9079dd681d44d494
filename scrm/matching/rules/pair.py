"""What every rule is given: one contact, one profile, the model and the frequencies."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from scrm.matching.evidence import Evidence
from scrm.matching.frequencies import Frequencies, TokenKind, share
from scrm.matching.model import MatchModel
from scrm.matching.rules.alignment import Alignment, align
from scrm.matching.views import ContactView, ProfileView


@dataclass(frozen=True, kw_only=True)
class Pair:
    """One contact beside one profile; what several rules need is computed once."""

    contact: ContactView
    profile: ProfileView
    model: MatchModel
    frequencies: Frequencies

    @cached_property
    def alignment(self) -> Alignment:
        return align(self.contact, self.profile)

    def share(self, kind: TokenKind, value: str) -> float:
        """Give the chance that another contact has this value."""
        return share(self.frequencies, kind, value)


Rule = Callable[[Pair], Evidence | None]
