"""Signing in with the company's account: who comes in, who does not, and what follows here."""

import dataclasses
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from flask import Flask
from sqlalchemy import func, select, update

from scrm.clock import FakeClock
from scrm.config import Settings
from scrm.errors import ConfigError
from scrm.models import AuditEntry, DirectoryIdentity, Role, User, WebSession
from scrm.runtime import Core
from scrm.sandbox.identity import Employee, IdentityServer
from scrm.web import create_app
from scrm.web.auth import ensure_user, first_admin_link, make_sign_in_link
from scrm.web.directory import role_of
from scrm.web.people import hash_password, set_password
from tests.web import company as nordwerk
from tests.web.company import (
    ADA,
    BACK,
    BEN,
    CAI,
    DAN,
    EVE,
    PASSWORD,
    come,
    connect_address,
    is_in,
    person,
    return_path,
    set_out,
)
from tests.web.conftest import TOKEN, Browser

company, settings = nordwerk.company, nordwerk.settings


def test_somebody_new_arrives_with_the_role_of_their_group_where_they_wanted_to_go(
    app: Flask, core: Core, company: IdentityServer
) -> None:
    client = app.test_client()
    assert "Sign in with the company account" in client.get("/sign-in").get_data(as_text=True)
    address = set_out(client, "?next=/contacts")
    asked = parse_qs(urlsplit(address).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["scope"] == ["openid profile email"]
    answer = client.get(return_path(address, ADA))
    assert (answer.status_code, answer.location) == (302, "/contacts")
    assert "Ada Nilsson" in client.get("/").get_data(as_text=True)
    row = person(core, ADA)
    assert (row.name, row.role, row.password_hash) == ("Ada Nilsson", Role.ADMIN, None)
    with core.db.read() as session:
        noted = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert noted == ["user.joined", "session.begun"]
    assert company.asked.count("/.well-known/openid-configuration") == 1
    assert first_admin_link(core) is None, "an admin can come in"


def test_the_second_time_it_is_the_same_person_with_what_the_directory_says_now(
    app: Flask, core: Core, company: IdentityServer
) -> None:
    come(app.test_client(), BEN)
    row = person(core, BEN)
    company.people = [dataclasses.replace(BEN, email="ben.yildiz@nordwerk.example", groups=("crm-admins",))]
    client = app.test_client()
    come(client, company.people[0])
    with core.db.read() as session:
        again = session.scalars(select(User)).one()
        assert session.scalar(select(func.count()).select_from(DirectoryIdentity)) == 1
        change = session.scalars(select(AuditEntry).where(AuditEntry.action == "user.role_changed")).one()
    assert (again.id, again.email, again.role) == (row.id, "ben.yildiz@nordwerk.example", Role.ADMIN)
    assert change.before == {"role": "steward"}


def test_who_loses_their_group_is_out_at_once_everywhere(app: Flask, core: Core, company: IdentityServer) -> None:
    first, second = app.test_client(), app.test_client()
    come(first, BEN)
    assert is_in(first)
    company.people = [dataclasses.replace(BEN, groups=())]
    answer = come(second, company.people[0])
    assert answer.status_code == 403
    assert "none of the groups" in answer.get_data(as_text=True)
    assert not is_in(first)
    assert not is_in(second)


def test_who_is_in_no_group_gets_no_account(app: Flask, core: Core) -> None:
    client = app.test_client()
    answer = come(client, CAI)
    assert answer.status_code == 403
    assert person(core, CAI) is None
    assert not is_in(client)


@pytest.mark.parametrize("who", [DAN, EVE], ids=["another domain", "an address not verified"])
def test_an_address_that_proves_nothing_does_not_come_in(app: Flask, core: Core, who: Employee) -> None:
    client = app.test_client()
    assert come(client, who).status_code == 400
    assert person(core, who) is None


def test_a_return_is_good_once_and_in_the_browser_that_went_alone(app: Flask, core: Core) -> None:
    mine, other = app.test_client(), app.test_client()
    path = return_path(set_out(mine), ADA)
    set_out(other)
    assert other.get(path).status_code == 400, "the state of another browser"
    assert app.test_client().get(path).status_code == 400, "a browser that never went"
    assert mine.get(path).status_code == 302
    mine.post("/sign-out", data={"csrf_token": TOKEN.search(mine.get("/").get_data(as_text=True))[1]})
    again = mine.get(path)
    assert again.status_code == 400
    assert "has run out or was used already" in again.get_data(as_text=True)


def test_a_code_used_twice_is_refused_by_the_directory_even_with_the_old_cookie(app: Flask) -> None:
    mine, thief = app.test_client(), app.test_client()
    path = return_path(set_out(mine), ADA)
    cookie = mine.get_cookie("scrm-form")
    assert mine.get(path).status_code == 302
    thief.set_cookie("scrm-form", cookie.value)
    assert thief.get(path).status_code == 400
    assert not is_in(thief)


def test_a_return_that_took_too_long_is_refused(app: Flask, core: Core) -> None:
    core.db.clock = FakeClock(core.db.clock.now())
    client = app.test_client()
    path = return_path(set_out(client), ADA)
    core.db.clock.advance(601)
    assert client.get(path).status_code == 400


def test_a_no_at_the_directory_is_told_in_plain_words(app: Flask) -> None:
    client = app.test_client()
    answer = client.get(return_path(set_out(client), ADA, decision="no"))
    assert answer.status_code == 400
    assert "did not let you in" in answer.get_data(as_text=True)


def test_it_leads_to_no_page_elsewhere(app: Flask) -> None:
    client = app.test_client()
    answer = client.get(return_path(set_out(client, "?next=https://evil.example/"), ADA))
    assert answer.location == "/"


def test_an_account_with_the_same_address_is_not_taken_over_but_connected_by_its_owner(
    app: Flask, core: Core
) -> None:
    with core.db.write("test.local") as session:
        local = ensure_user(session, "Ada", ADA.email, Role.STEWARD, core.db.clock.now())
        set_password(session, local.id, hash_password(PASSWORD))
    stranger = app.test_client()
    answer = come(stranger, ADA)
    assert answer.status_code == 403
    assert "connect it under My account" in answer.get_data(as_text=True)
    owner = Browser(app, local.id)
    path = return_path(connect_address(owner.client), ADA)
    assert stranger.get(path).status_code == 400
    assert owner.client.get(path).location == "/me?saved=1"
    client = app.test_client()
    assert come(client, ADA).status_code == 302
    with core.db.read() as session:
        row = session.scalars(select(User)).one()
        assert session.scalars(select(AuditEntry).where(AuditEntry.action == "user.company_account")).one()
    assert (row.id, row.role) == (local.id, Role.ADMIN)


def test_somebody_elses_company_account_cannot_be_connected(app: Flask, core: Core) -> None:
    come(app.test_client(), ADA)
    with core.db.write("test.other") as session:
        other = ensure_user(session, "Zoe", "zoe@nordwerk.example", Role.REP, core.db.clock.now())
    owner = Browser(app, other.id)
    owner.client.get(return_path(connect_address(owner.client), ADA))
    assert "belongs to somebody else here" in owner.get("/me")
    with core.db.read() as session:
        assert session.scalars(select(DirectoryIdentity)).one().user_id != other.id


def test_a_disabled_account_stays_out(app: Flask, core: Core) -> None:
    come(app.test_client(), BEN)
    with core.db.write("test.disable") as session:
        session.execute(update(User).values(disabled_at=core.db.clock.now()))
    client = app.test_client()
    assert come(client, BEN).status_code == 403
    assert not is_in(client)


def test_signing_out_ends_the_session_here_and_offers_the_same_at_the_directory(
    app: Flask, core: Core, company: IdentityServer
) -> None:
    client = app.test_client()
    come(client, ADA)
    form = TOKEN.search(client.get("/").get_data(as_text=True))[1]
    answer = client.post("/sign-out", data={"csrf_token": form})
    page = client.get(answer.location).get_data(as_text=True)
    with core.db.read() as session:
        assert session.scalars(select(WebSession)).all() == []
    there = page.partition(f'href="{company.issuer}/logout')[2].partition('"')[0].replace("&amp;", "&")
    left = requests.get(f"{company.issuer}/logout{there}", allow_redirects=False, timeout=10)
    assert (left.status_code, left.headers["Location"]) == (302, company.left_uri)


def test_groups_and_address_may_come_as_user_info(app: Flask, core: Core, company: IdentityServer) -> None:
    company.thin = True
    company.methods = ("client_secret_post",)
    client = app.test_client()
    assert come(client, BEN).status_code == 302
    assert person(core, BEN).role == Role.STEWARD
    assert "/userinfo" in company.asked


def test_a_directory_out_of_reach_is_told_and_passwords_still_work(
    app: Flask, core: Core, company: IdentityServer
) -> None:
    company.__exit__()
    client = app.test_client()
    answer = client.get("/sign-in/company")
    assert answer.status_code == 502
    assert "cannot be reached now" in answer.get_data(as_text=True)


def test_passwords_can_be_switched_off_and_a_link_from_the_command_still_opens(core: Core) -> None:
    core = dataclasses.replace(core, settings=dataclasses.replace(core.settings, local_passwords=False))
    app = create_app(core)
    with core.db.write("test.local") as session:
        local = ensure_user(session, "Ada", "root@nordwerk.example", Role.ADMIN, core.db.clock.now())
        set_password(session, local.id, hash_password(PASSWORD))
        token = make_sign_in_link(session, local.id, core.db.clock.now())
    client = app.test_client()
    page = client.get("/sign-in").get_data(as_text=True)
    assert 'type="password"' not in page
    form = TOKEN.search(page)[1]
    answer = client.post("/sign-in", data={"csrf_token": form, "email": local.email, "password": PASSWORD})
    assert answer.status_code == 403
    path = f"/sign-in/{token}"
    form = TOKEN.search(client.get(path).get_data(as_text=True))[1]
    assert client.post(path, data={"csrf_token": form}).status_code == 302
    assert is_in(client)
    mine = Browser(app, local.id)
    assert 'type="password"' not in mine.get("/me")
    fields = {"old": PASSWORD, "password": "another-quiet-harbor", "again": "another-quiet-harbor"}
    assert mine.post("/me", "/me/password", **fields).status_code == 403


def test_nothing_is_offered_where_no_directory_is_named(core: Core) -> None:
    plain = dataclasses.replace(core, settings=dataclasses.replace(core.settings, oidc_issuer="", oidc_roles=()))
    client = create_app(plain).test_client()
    assert "company account" not in client.get("/sign-in").get_data(as_text=True)
    assert client.get("/sign-in/company").status_code == 404
    assert client.get(BACK).status_code == 404


def test_the_highest_role_counts_and_a_star_lets_everybody_in(settings: Settings) -> None:
    assert role_of(settings, ["crm-stewards", "crm-admins"]) == Role.ADMIN
    assert role_of(settings, "crm-stewards") == Role.STEWARD
    assert role_of(settings, {"crm-admins": True}) is None
    assert role_of(settings, None) is None
    everybody = dataclasses.replace(settings, oidc_roles=("*=rep", "a=b=admin"))
    assert role_of(everybody, None) == Role.REP
    assert role_of(everybody, ["a=b"]) == Role.ADMIN


@pytest.mark.parametrize(
    ("named", "fault"),
    [
        ({"SCRM_OIDC_ISSUER": "login.example"}, "SCRM_OIDC_ISSUER"),
        ({"SCRM_OIDC_ISSUER": "https://login.example"}, "SCRM_OIDC_CLIENT_ID"),
        ({"SCRM_OIDC_ROLES": "staff=boss"}, "SCRM_OIDC_ROLES"),
        ({"SCRM_LOCAL_PASSWORDS": "0"}, "SCRM_LOCAL_PASSWORDS"),
    ],
)
def test_settings_that_would_let_nobody_in_are_refused_at_the_start(named: dict[str, str], fault: str) -> None:
    with pytest.raises(ConfigError, match=fault):
        Settings.from_env(named)
