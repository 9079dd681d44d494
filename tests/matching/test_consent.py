"""Whom a profile may be linked to where the network's terms ask for consent, or forbid it."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from scrm.connectors.bluesky import connector as bluesky
from scrm.connectors.manifest import Rule
from scrm.errors import InputError
from scrm.matching.consent import give_consent, withdraw_consent
from scrm.models import AuditEntry, Verdict
from tests.factories import make_user
from tests.matching.workshop import ADAS_MAIL, CERTAIN, Workshop

OWN_HANDLE = [{"network": "bluesky", "handle": "zz.bsky.example"}]


@pytest.fixture
def _by_consent(monkeypatch: pytest.MonkeyPatch) -> None:
    forbid(monkeypatch, Rule.CONSENT)


def forbid(monkeypatch: pytest.MonkeyPatch, rule: Rule) -> None:
    manifest = replace(bluesky.manifest, terms=replace(bluesky.manifest.terms, match=rule))
    monkeypatch.setattr(type(bluesky), "manifest", manifest)


def agree(shop: Workshop, profile: int, *, takes_back: bool = False) -> None:
    with shop.db.write("test.consent") as session:
        user = make_user(session).id
        if takes_back:
            withdraw_consent(session, profile, user, shop.db.clock.now())
        else:
            give_consent(session, profile, "By mail on Monday", user, shop.db.clock.now())
    shop.settle()


@pytest.mark.usefixtures("_by_consent")
def test_without_consent_nothing_a_profile_shows_is_compared(shop: Workshop) -> None:
    shop.contact(emails=[ADAS_MAIL])
    profile = shop.profile(**CERTAIN)
    shop.settle()
    assert (shop.state(profile), shop.linked(profile), shop.candidates(profile)) == ("none", None, {})


@pytest.mark.usefixtures("_by_consent")
def test_a_handle_in_the_contacts_record_links_without_consent_until_it_is_taken_out(shop: Workshop) -> None:
    ada = shop.contact(emails=[ADAS_MAIL], handles=OWN_HANDLE)
    profile = shop.profile(**CERTAIN)
    shop.settle()
    assert shop.linked(profile) == ada
    shop.change(ada, handles=[])
    shop.settle()
    assert shop.linked(profile) is None


@pytest.mark.usefixtures("_by_consent")
def test_consent_opens_the_comparison_and_its_withdrawal_dissolves_the_link(shop: Workshop) -> None:
    ada = shop.contact(emails=[ADAS_MAIL])
    profile = shop.profile(**CERTAIN)
    shop.settle()
    agree(shop, profile)
    assert shop.linked(profile) == ada
    agree(shop, profile, takes_back=True)
    assert (shop.linked(profile), shop.candidates(profile)) == (None, {})
    with shop.db.read() as session:
        actions = [row.action for row in session.scalars(select(AuditEntry).order_by(AuditEntry.id))]
    assert [one for one in actions if one.startswith("consent")] == ["consent.given", "consent.withdrawn"]


@pytest.mark.parametrize("rule", [Rule.CONSENT, Rule.FORBIDDEN])
def test_a_steward_cannot_link_what_the_terms_keep_apart(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch, rule: Rule
) -> None:
    forbid(monkeypatch, rule)
    ada, profile = shop.contact(), shop.profile(**CERTAIN)
    shop.settle()
    with pytest.raises(InputError, match="Held back"):
        shop.judge(profile, ada, Verdict.POSITIVE)
    shop.judge(profile, ada, Verdict.NEGATIVE)
    assert shop.linked(profile) is None


def test_what_was_linked_before_the_terms_forbade_it_is_dissolved(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = shop.contact(emails=[ADAS_MAIL], handles=OWN_HANDLE)
    profile = shop.profile(**CERTAIN)
    shop.settle()
    assert shop.linked(profile) == ada
    forbid(monkeypatch, Rule.FORBIDDEN)
    shop.again(profile)
    assert (shop.linked(profile), shop.candidates(profile)) == (None, {})


def test_consent_without_its_source_is_refused(shop: Workshop) -> None:
    profile = shop.profile()
    with shop.db.write("test.consent") as session, pytest.raises(InputError):
        give_consent(session, profile, "  ", make_user(session).id, shop.db.clock.now())
