import pickle
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from scrm.errors import ConfigError, CrmAuthError, CrmRetryLaterError
from scrm.models import CrmConnection
from scrm.sandbox.salesforce.org import SITE
from scrm.sync.crm.salesforce.access import TOKEN, Credentials, current_token, session_for, sign_in
from scrm.sync.crm.salesforce.connect import connect
from scrm.sync.crm.salesforce.options import Options
from tests.sync.crm.salesforce.orgs import jwt_of
from tests.sync.crm.salesforce.world import SalesforceWorld

OWN_DOMAIN = SITE.removeprefix("https://").removesuffix(".salesforce.com")


def sign_ins(world: SalesforceWorld) -> int:
    return sum(1 for one in world.org.requests() if one["path"] == "/services/oauth2/token")


def row(world: SalesforceWorld) -> CrmConnection:
    with world.core.db.read() as session:
        return session.get_one(CrmConnection, "salesforce")


def secret_of(world: SalesforceWorld, **changes: str) -> Credentials:
    app = world.org.app()
    values = {"consumer_key": app["consumer_key"], "consumer_secret": app["consumer_secret"], "domain": OWN_DOMAIN}
    return Credentials(**(values | changes))


def test_client_credentials_sign_in_at_the_organizations_own_domain(world: SalesforceWorld) -> None:
    value, _host = sign_in(secret_of(world), session_for(world.core))
    assert value


def test_a_token_that_ended_is_renewed_once_and_the_call_made_again(world: SalesforceWorld) -> None:
    before = sign_ins(world)
    world.org.expire_sessions()
    assert world.opened().resolve_merge("003000000000001AAA") is None
    assert sign_ins(world) == before + 1


def test_eight_at_once_sign_in_once(world: SalesforceWorld) -> None:
    crms = [world.opened() for _ in range(8)]
    before = sign_ins(world)
    world.org.expire_sessions()
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda crm: crm.resolve_merge("003000000000001AAA"), crms))
    assert answers == [None] * 8
    assert sign_ins(world) == before + 1


@pytest.mark.parametrize(
    "body",
    [
        None,
        b"{}",
        b"<response><faultcode>LOGIN_OAUTH_INVALID_TOKEN</faultcode></response>",
        b'{"errorCode":"INVALID_SESSION_ID","message":"Session expired or invalid"}',
    ],
)
def test_a_refusal_that_no_sign_in_cures_ends_after_one(world: SalesforceWorld, body: bytes | None) -> None:
    crm = world.opened()
    before, calls = sign_ins(world), len(world.org.requests())
    world.org.fail(status=401, times=50, path="/queryAll", body=body)
    with pytest.raises(CrmAuthError):
        crm.resolve_merge("003000000000001AAA")
    assert sign_ins(world) == before + 1
    assert len(world.org.requests()) - calls == 3


def test_a_session_that_rest_does_not_take_is_not_signed_in_again(world: SalesforceWorld) -> None:
    before = sign_ins(world)
    body = b'{"errorCode":"INVALID_SESSION_ID","message":"This session is not valid for use with the REST API"}'
    world.org.fail(status=401, times=50, path="/queryAll", body=body)
    with pytest.raises(CrmAuthError):
        world.opened().resolve_merge("003000000000001AAA")
    assert sign_ins(world) == before


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"consumer_key": "unknown"}, "consumer key"),
        ({"username": "nobody@nordwerk.example"}, "pre-authorized"),
        ({"domain": "test"}, "Sandboxes sign in at `test`"),
    ],
)
def test_a_refused_sign_in_is_told_in_plain_words(world: SalesforceWorld, changes: dict[str, str], said: str) -> None:
    with pytest.raises(CrmAuthError, match=said):
        sign_in(jwt_of(world.org, **changes), session_for(world.core))


@pytest.mark.parametrize("key", ["garbage", "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n"])
def test_a_key_that_is_none_is_told_in_plain_words(world: SalesforceWorld, key: str) -> None:
    with pytest.raises(CrmAuthError, match="private key cannot be used"):
        sign_in(jwt_of(world.org, private_key=key), session_for(world.core))


def test_a_wrong_secret_is_told_in_plain_words(world: SalesforceWorld) -> None:
    with pytest.raises(CrmAuthError, match="secret is wrong"):
        sign_in(secret_of(world, consumer_secret="wrong"), session_for(world.core))


def test_a_sign_in_page_under_maintenance_is_no_refusal(world: SalesforceWorld) -> None:
    world.org.fail(status=503, times=1, path="/oauth2/token")
    with pytest.raises(CrmRetryLaterError):
        sign_in(jwt_of(world.org), session_for(world.core))


def test_a_failed_renewal_gives_its_lease_back(world: SalesforceWorld) -> None:
    world.org.expire_sessions()
    world.org.fail(status=503, times=1, path="/oauth2/token")
    with pytest.raises(CrmRetryLaterError):
        world.opened().resolve_merge("003000000000001AAA")
    assert row(world).refresh_lease_until is None
    assert world.opened().resolve_merge("003000000000001AAA") is None


def test_a_renewal_whose_process_died_is_taken_over_when_its_lease_ends(world: SalesforceWorld) -> None:
    world.org.expire_sessions()
    with world.core.db.write("test.lease") as session:
        session.get_one(CrmConnection, "salesforce").refresh_lease_until = world.core.db.clock.now() + timedelta(
            seconds=0.3
        )
    assert world.opened().resolve_merge("003000000000001AAA") is None


def test_the_database_holds_no_secret_in_the_clear(world: SalesforceWorld) -> None:
    held, app = row(world), world.org.app()
    token = world.core.vault.open(held.token or "", TOKEN)["value"]
    text = f"{held.credentials} {held.token} {held.options} {held.shape}"
    for secret in (app["private_key"], app["consumer_key"], app["username"], token):
        assert secret not in text


def test_neither_an_org_nor_a_token_goes_anywhere(world: SalesforceWorld) -> None:
    org = world.opened().org
    with pytest.raises(TypeError):
        pickle.dumps(org)
    token = current_token(world.core, session_for(world.core))
    assert token.value not in f"{token!r} {org!r}"


def test_another_organization_does_not_take_the_place_of_the_connected_one(world: SalesforceWorld) -> None:
    with world.core.db.write("test.other") as session:
        held = session.get_one(CrmConnection, "salesforce")
        held.options = dict(held.options) | {"organization_id": "00D000000000009AAA"}
    with pytest.raises(ConfigError, match="another organization"):
        connect(world.core, jwt_of(world.org), Options())


def test_connecting_again_keeps_what_was_chosen(world: SalesforceWorld) -> None:
    version = row(world).token_version
    connect(world.core, jwt_of(world.org), replace(world.opened().options, share_percent=7))
    assert world.opened().options.share_percent == 7
    assert row(world).token_version == version + 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"domain": "https://evil.example/"}, "domain"),
        ({"consumer_key": ""}, "consumer key"),
        ({"private_key": "", "username": ""}, "either"),
        ({"username": ""}, "user name"),
        ({"private_key": "", "consumer_secret": "x"}, "own"),
    ],
)
def test_credentials_that_cannot_work_are_refused_before_anything_is_sent(changes: dict[str, str], said: str) -> None:
    given = {"domain": "login", "consumer_key": "k", "username": "u", "private_key": "p"} | changes
    with pytest.raises(ConfigError, match=said):
        Credentials(**given).check()
