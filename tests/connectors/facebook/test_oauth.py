"""Signing in with Facebook: dialog, code, long access, the pages to choose from, and when it ends."""

from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from scrm.connectors.base import Api
from scrm.connectors.facebook import connector
from scrm.connectors.oauth import OAuth
from scrm.errors import AccessRevokedError, RetryLaterError, UnavailableError
from scrm.records import Key
from scrm.sandbox.cast import person
from scrm.sandbox.facebook import Facebook
from tests.connectors.facebook.reading import Clock, asked, unsigned
from tests.connectors.facebook.scenario import minute
from tests.connectors.facebook.scripted import answering, body, error

REDIRECT = "https://scrm.example/connections/sign-in/facebook"
assert connector.oauth is not None
LOGIN: OAuth = connector.oauth


@pytest.fixture
def opened(network: Facebook, clock: Clock) -> Iterator[Api]:
    with unsigned(network, clock, {}) as api:
        yield api


def dialog(api: Api) -> str:
    return LOGIN.authorize_url(api.app, connector.manifest.scopes, redirect_uri=REDIRECT, state="s", verifier="")


def code_for(api: Api, *, account: str = "femke") -> str:
    """What comes back in the browser."""
    assert requests.get(dialog(api), timeout=10).status_code == 200
    said = {"account": account, "decision": "allow"}
    back = requests.post(dialog(api), data=said, allow_redirects=False, timeout=10).headers["Location"]
    return parse_qs(urlsplit(back).query)["code"][0]


def redeem(api: Api, code: str) -> dict[str, str]:
    return LOGIN.redeem(api, code=code, redirect_uri=REDIRECT, verifier="")


def test_the_dialog_speaks_the_chosen_version_and_names_a_configuration_if_there_is_one() -> None:
    app = {"client_id": "1", "authorize_url": "https://www.facebook.com/dialog/oauth", "version": "v25.0"}
    url = LOGIN.authorize_url(app, connector.manifest.scopes, redirect_uri=REDIRECT, state="s", verifier="")
    parts = urlsplit(url)
    assert (parts.netloc, parts.path) == ("www.facebook.com", "/v25.0/dialog/oauth")
    query = parse_qs(parts.query)
    assert query["scope"][0].split(",") == [one.name for one in connector.manifest.scopes]
    assert "config_id" not in query
    url = LOGIN.authorize_url({**app, "config_id": "9"}, (), redirect_uri=REDIRECT, state="s", verifier="")
    assert parse_qs(urlsplit(url).query)["config_id"] == ["9"]


def test_from_the_dialog_to_the_access_of_a_page(network: Facebook, opened: Api, clock: Clock) -> None:
    opened.credentials = redeem(opened, code_for(opened))
    assert opened.credentials["expires_at"] == (clock.now + timedelta(days=60)).isoformat()
    (choice,) = LOGIN.choices(opened)
    assert choice.label == person("nordwerk").full_name
    with unsigned(network, clock, choice.credentials) as api:
        account, profile = connector.sign_in(api)
        assert account.key == Key(network="facebook", native_id=choice.native_id, scope=choice.native_id)
        assert (account.handle, profile.is_organization) == ("nordwerk", True)
        assert api.credentials["ends_at"] == (clock.now + timedelta(days=90)).isoformat()
        assert {one.name for one in connector.manifest.scopes} <= set(api.credentials["scopes"].split())
        clock.pass_(days=61)
        assert connector.sign_in(api)[0] == account


def test_the_access_of_a_page_made_from_a_short_one_ends_with_it(
    network: Facebook, opened: Api, clock: Clock
) -> None:
    app = network.app()
    sent = {name: app[name] for name in ("client_id", "client_secret")}
    sent |= {"redirect_uri": REDIRECT, "code": code_for(opened)}
    opened.credentials = {
        "access_token": requests.get(app["token_url"], params=sent, timeout=10).json()["access_token"]
    }
    (choice,) = LOGIN.choices(opened)
    with unsigned(network, clock, choice.credentials) as api:
        connector.sign_in(api)
        assert api.credentials["ends_at"] == (clock.now + timedelta(hours=2)).isoformat()


def test_a_code_is_good_once_and_a_wrong_app_is_not_the_persons_fault(opened: Api, clock: Clock) -> None:
    code = code_for(opened)
    redeem(opened, code)
    with pytest.raises(AccessRevokedError):
        redeem(opened, code)
    late = code_for(opened)
    clock.pass_(minutes=11)
    with pytest.raises(AccessRevokedError):
        redeem(opened, late)
    code = code_for(opened)
    opened.app = {**opened.app, "client_id": "1"}
    with pytest.raises(UnavailableError):
        redeem(opened, code)


def test_whoever_runs_no_page_has_nothing_to_choose(network: Facebook, opened: Api) -> None:
    opened.credentials = redeem(opened, code_for(opened))
    network.set_tasks("femke", ["ANALYZE"])
    assert LOGIN.choices(opened)
    network.set_tasks("femke", [])
    with pytest.raises(AccessRevokedError):
        LOGIN.choices(opened)


def test_every_page_of_pages_is_offered_and_those_without_an_access_are_not() -> None:
    first = {
        "data": [{"id": "1", "name": "One", "access_token": "a"}, {"id": "2", "name": "Two"}],
        "paging": {"next": "{base}/v26.0/me/more?after=x&access_token=secret"},
    }
    with answering(
        {"accounts": body(first), "more": body({"data": [{"id": "3", "name": "C", "access_token": "c"}]})}
    ) as (
        api,
        server,
    ):
        assert [one.native_id for one in LOGIN.choices(api)] == ["1", "3"]
        assert all("secret" not in str(one) for one in server.asked)


def test_every_call_proves_the_apps_secret(network: Facebook, api: Api) -> None:
    network.post("nordwerk", "News", at=minute(1))
    connector.stream("feed").read(api, None)
    assert asked(network, "/feed")[0]["outcome"] == "served"
    api.app = {**api.app, "client_secret": ""}
    with pytest.raises(UnavailableError):
        connector.stream("feed").read(api, None)


def test_the_access_of_a_person_is_told_from_that_of_a_page(network: Facebook, clock: Clock) -> None:
    token = network.credentials("femke")["access_token"]
    with unsigned(network, clock, {"access_token": token}) as api, pytest.raises(UnavailableError) as why:
        connector.sign_in(api)
    assert "of a page" in str(why.value)


def test_a_dead_access_is_known_by_a_second_call(network: Facebook, api: Api) -> None:
    network.revoke("nordwerk")
    with pytest.raises(AccessRevokedError):
        connector.sign_in(api)
    with pytest.raises(AccessRevokedError):
        connector.renew(api)


PAGE = body({"id": "1", "name": "Page"})
SECRET = {"client_id": "1", "client_secret": "s"}


def test_an_access_that_debug_token_calls_invalid_is_dead() -> None:
    with answering({"me": PAGE, "debug_token": body({"data": {"is_valid": False}})}) as (api, _):
        connector.sign_in(api)
        api.app = SECRET
        with pytest.raises(AccessRevokedError):
            connector.sign_in(api)


@pytest.mark.parametrize(("code", "subcode"), [(100, 0), (190, 0), (200, 0)])
def test_a_question_about_the_access_that_is_not_taken_says_nothing_against_it(code: int, subcode: int) -> None:
    with answering({"me": PAGE, "debug_token": error(code, subcode)}) as (api, _):
        api.app = SECRET
        connector.sign_in(api)
        assert "ends_at" not in api.credentials


def test_an_access_without_end_has_none_and_a_broken_answer_is_asked_for_again() -> None:
    never = {"data": {"is_valid": True, "expires_at": 0, "data_access_expires_at": 0, "scopes": ["pages_messaging"]}}
    with answering({"me": PAGE, "debug_token": body(never)}) as (api, _):
        api.app = SECRET
        api.credentials["ends_at"] = "2026-01-01T00:00:00+00:00"
        connector.sign_in(api)
        assert ("ends_at" in api.credentials, api.credentials["scopes"]) == (False, "pages_messaging")
    with answering({"me": PAGE, "debug_token": error(2)}) as (api, _), pytest.raises(RetryLaterError):
        api.app = SECRET
        connector.sign_in(api)
