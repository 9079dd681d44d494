"""Which rules can find anything on a profile: asked once for a profile, not once for each of its candidates.

A rule that is left out would have given nothing for any contact. A test compares both for arbitrary profiles.
"""

from collections.abc import Callable, Mapping

from scrm.matching.rules import context, contradictions, identifiers, names
from scrm.matching.rules.pair import Rule
from scrm.matching.views import ProfileView


def _shows_words(profile: ProfileView) -> bool:
    return bool(profile.name.words or profile.name.called or profile.name.initials)


def _has_handle(profile: ProfileView) -> bool:
    return bool(profile.handle_read.core)


def _is_nameless(profile: ProfileView) -> bool:
    return _has_handle(profile) and not profile.name.words


def _has_text(profile: ProfileView) -> bool:
    return bool(profile.bio or profile.company)


def _has_place(profile: ProfileView) -> bool:
    return bool(profile.places)


def _has_account(profile: ProfileView) -> bool:
    return profile.account is not None or bool(profile.native_id)


NEEDS: Mapping[Rule, Callable[[ProfileView], bool]] = {
    names.surname: _shows_words,
    names.given: _shows_words,
    names.middle: _shows_words,
    names.surname_in_handle: _has_handle,
    names.given_in_handle: _has_handle,
    names.handle_rest: _is_nameless,
    names.unrelated_handle: _is_nameless,
    identifiers.email: lambda profile: bool(profile.mailbox or profile.bio_mailboxes),
    identifiers.known_account: _has_account,
    identifiers.link: lambda profile: bool(profile.links),
    identifiers.employer_domain: lambda profile: bool(profile.domains) or _has_text(profile),
    identifiers.handle_is_mailbox: _has_handle,
    identifiers.handle_is_domain: _has_handle,
    identifiers.same_handle: _has_handle,
    identifiers.phone: lambda profile: bool(profile.numbers),
    context.company: _has_text,
    context.title: lambda profile: bool(profile.title_words),
    context.city: lambda profile: _has_place(profile) or _has_text(profile),
    context.country: _has_place,
    context.language: lambda profile: bool(profile.language),
    contradictions.other_surname: _shows_words,
    contradictions.other_middle_name: _shows_words,
    contradictions.other_handle: lambda profile: profile.account is not None,
    contradictions.other_email: lambda profile: profile.mailbox is not None and profile.email_verified,
    contradictions.other_company: lambda profile: bool(profile.company_folded),
    contradictions.other_city: _has_place,
    contradictions.bot: lambda profile: profile.is_bot,
}
