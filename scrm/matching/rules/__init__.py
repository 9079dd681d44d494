"""The rule list: pure functions from a pair to evidence, each with a docstring that stewards read."""

from inspect import getdoc

from scrm.matching.rules import context, contradictions, identifiers, names
from scrm.matching.rules.pair import Pair, Rule
from scrm.matching.rules.relevant import NEEDS
from scrm.matching.views import ProfileView

__all__ = ["RULES", "Pair", "Rule", "explanation", "relevant"]

RULES: tuple[Rule, ...] = (
    names.surname,
    names.given,
    names.surname_in_handle,
    names.given_in_handle,
    names.handle_rest,
    names.middle,
    names.unrelated_handle,
    names.company_name,
    identifiers.email,
    identifiers.known_account,
    identifiers.link,
    identifiers.employer_domain,
    identifiers.handle_is_mailbox,
    identifiers.handle_is_domain,
    identifiers.same_handle,
    identifiers.phone,
    context.company,
    context.title,
    context.city,
    context.country,
    context.language,
    contradictions.other_given_name,
    contradictions.other_surname,
    contradictions.other_middle_name,
    contradictions.other_handle,
    contradictions.other_email,
    contradictions.other_company,
    contradictions.other_city,
    contradictions.company_or_person,
    contradictions.bot,
)

_NEEDS = tuple((rule, NEEDS.get(rule)) for rule in RULES)
_BY_NAME = {rule.__name__: rule for rule in RULES}


def relevant(profile: ProfileView) -> tuple[Rule, ...]:
    """Give the rules that can find anything on a profile, in their order."""
    return tuple(rule for rule, needs in _NEEDS if needs is None or needs(profile))


def explanation(rule: str) -> str:
    """Give what a rule looks at, as one paragraph: a message id of the catalogue; empty for an unknown rule."""
    found = _BY_NAME.get(rule)
    return " ".join((getdoc(found) or "").split()) if found else ""
