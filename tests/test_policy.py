"""What a network's terms allow, and the reason shown when they do not."""

from datetime import date

import pytest

from scrm import policy
from scrm.connectors._example import connector as example
from scrm.connectors.base import Connector
from scrm.connectors.manifest import Manifest, RateLimit, Rule, Status, Terms
from scrm.connectors.registry import connectors
from scrm.models import Role
from scrm.policy import Use, permit
from scrm.records import Audience

READ_ON = date(2026, 1, 31)


def terms(**rules: Rule) -> Terms:
    everything = {"match": Rule.ALLOWED, "store": Rule.ALLOWED, "show": Rule.ALLOWED, "write_to_crm": Rule.ALLOWED}
    return Terms(**{**everything, **rules}, keep_hours=None, source="https://network.example/terms", read_on=READ_ON)


def network_with(monkeypatch: pytest.MonkeyPatch, **rules: Rule) -> str:
    """A network whose terms are these."""

    class Network(type(example)):  # type: ignore[misc]
        manifest = Manifest(
            key="network",
            label="Network",
            mark="Nw",
            status=Status.LIVE,
            terms=terms(**rules),
            rate_limit=RateLimit(calls=1, seconds=1),
        )

    found: dict[str, Connector] = {"network": Network()}
    monkeypatch.setattr(policy, "connectors", lambda: found)
    return "network"


@pytest.mark.parametrize("use", Use)
def test_what_the_terms_allow_is_allowed_and_says_where_that_is_written(
    monkeypatch: pytest.MonkeyPatch, use: Use
) -> None:
    permission = permit(network_with(monkeypatch), use)
    assert permission.allowed
    assert permission.reason == ""
    assert (permission.source, permission.read_on) == ("https://network.example/terms", READ_ON)


@pytest.mark.parametrize("use", Use)
@pytest.mark.parametrize(
    ("rule", "reason"), [(Rule.FORBIDDEN, policy.FORBIDDEN), (Rule.CONSENT, policy.NEEDS_CONSENT)]
)
def test_one_use_is_held_with_its_reason_and_the_others_are_not(
    monkeypatch: pytest.MonkeyPatch, use: Use, rule: Rule, reason: str
) -> None:
    network = network_with(monkeypatch, **{use.value: rule})
    held = permit(network, use)
    assert not held.allowed
    assert (held.reason, held.source, held.read_on) == (reason, "https://network.example/terms", READ_ON)
    assert all(permit(network, other).allowed for other in Use if other is not use)


@pytest.mark.parametrize(
    ("audience", "is_written"),
    [
        (Audience.PUBLIC, True),
        (Audience.UNLISTED, True),
        (Audience.ORGANIZATION, True),
        (Audience.FOLLOWERS, False),
        (Audience.COMMUNITY, False),
        (Audience.PRIVATE, False),
    ],
)
def test_what_was_not_said_to_everybody_is_shown_to_stewards_but_not_written_to_the_crm(
    monkeypatch: pytest.MonkeyPatch, audience: Audience, is_written: bool
) -> None:
    network = network_with(monkeypatch)
    written = permit(network, Use.WRITE, audience=audience.value)
    assert written.allowed is is_written
    assert written.reason == ("" if is_written else policy.NOT_PUBLIC)
    others = [use for use in Use if use is not Use.WRITE]
    assert all(permit(network, use, audience=audience, role=Role.STEWARD).allowed for use in others)


@pytest.mark.parametrize("role", [Role.REP, None])
@pytest.mark.parametrize(
    ("audience", "opening", "reason"),
    [
        (Audience.COMMUNITY, {}, policy.CLOSED_TO_ROLE),
        (Audience.COMMUNITY, {"reps_read_private": True}, policy.CLOSED_TO_ROLE),
        (Audience.COMMUNITY, {"reps_read_closed": True}, ""),
        (Audience.PRIVATE, {}, policy.PRIVATE_TO_ROLE),
        (Audience.PRIVATE, {"reps_read_closed": True}, policy.PRIVATE_TO_ROLE),
        (Audience.PRIVATE, {"reps_read_private": True}, ""),
        (Audience.ORGANIZATION, {}, ""),
        (Audience.FOLLOWERS, {}, ""),
    ],
)
def test_reps_read_what_was_opened_to_them(
    monkeypatch: pytest.MonkeyPatch, role: Role | None, audience: Audience, opening: dict[str, bool], reason: str
) -> None:
    network = network_with(monkeypatch)
    opened = policy.Opening(**opening)
    assert permit(network, Use.SHOW, audience=audience, role=role, opening=opened).reason == reason
    assert permit(network, Use.SHOW, audience=audience, role=Role.ADMIN).allowed
    assert not permit(network, Use.WRITE, audience=Audience.COMMUNITY, role=role, opening=opened).allowed


@pytest.mark.parametrize(
    ("audience", "opening", "is_written"),
    [
        (Audience.COMMUNITY, {"writes_closed": True}, True),
        (Audience.COMMUNITY, {"writes_private": True}, False),
        (Audience.PRIVATE, {"writes_private": True}, True),
        (Audience.FOLLOWERS, {"writes_private": True, "writes_closed": True}, False),
    ],
)
def test_what_was_opened_is_written_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, audience: Audience, opening: dict[str, bool], is_written: bool
) -> None:
    network = network_with(monkeypatch)
    found = permit(network, Use.WRITE, audience=audience, opening=policy.Opening(**opening))
    assert found.allowed is is_written


def test_forbidding_terms_are_named_before_the_audience(monkeypatch: pytest.MonkeyPatch) -> None:
    network = network_with(monkeypatch, write_to_crm=Rule.FORBIDDEN)
    assert permit(network, Use.WRITE, audience=Audience.PRIVATE).reason == policy.FORBIDDEN


@pytest.mark.parametrize("use", Use)
def test_nothing_is_allowed_for_a_network_that_nobody_knows(use: Use) -> None:
    permission = permit("no_such_network", use)
    assert not permission.allowed
    assert permission.reason == policy.UNKNOWN


@pytest.mark.parametrize("network", sorted(connectors()))
def test_the_terms_of_every_network_name_a_source_that_was_read(network: str) -> None:
    for use in Use:
        permission = permit(network, use)
        assert permission.source.startswith("https://")
        assert permission.read_on is not None
        assert permission.allowed or permission.reason
