"""What every rule is given: one contact, one profile, the model and the frequencies."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

from scrm.matching.evidence import NO_PARAMS, Detail, Evidence
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

    def found(
        self,
        finding: tuple[str, str, str],
        values: tuple[str, str],
        *,
        frequency: float = 0.0,
        params: Mapping[str, str | int] | None = None,
        is_veto: bool = False,
    ) -> Evidence:
        """Weigh a finding (rule, level, message) with the values it rests on (the profile's, the contact's)."""
        rule, level, message = finding
        return Evidence(
            rule=rule,
            level=level,
            bits=self.model.bits(rule, level, frequency=frequency, network=self.profile.network_word),
            profile_value=values[0],
            contact_value=values[1],
            detail=Detail(message=message, params=params or NO_PARAMS),
            frequency=frequency,
            is_veto=is_veto,
        )


Rule = Callable[[Pair], Evidence | None]
