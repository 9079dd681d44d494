"""Mails are chosen on one's own page; a digest is ended from the mail itself, without signing in."""

import dataclasses
import re
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from scrm.mail import stopping
from scrm.models import AlertKind, User
from scrm.runtime import Core
from scrm.web import create_app
from tests.web.conftest import Browser
from tests.web.seed import Seeded


@pytest.fixture
def app(core: Core) -> Flask:
    settings = dataclasses.replace(core.settings, smtp_host="127.0.0.1", mail_from="scrm@nordwerk.example")
    return create_app(dataclasses.replace(core, settings=settings))


def rep(core: Core) -> User:
    with core.db.read() as session:
        return session.scalars(select(User).where(User.role == "rep")).one()


def test_an_hour_is_chosen_where_one_is_and_taken_back(browse: Callable[[str], Browser], core: Core) -> None:
    browser = browse("rep")
    browser.client.set_cookie("scrm-zone", "Asia/Tokyo")
    assert "Asia/Tokyo" in browser.get("/me")
    assert browser.post("/me", "/me/digest", hour="7", zone="Asia/Tokyo").status_code == 302
    assert (rep(core).digest_hour, rep(core).zone) == (7, "Asia/Tokyo")
    assert rep(core).digest_due_at.hour == 22  # type: ignore[union-attr]
    assert re.search(r'value="7" selected', browser.get("/me"))
    assert browser.post("/me", "/me/digest", hour="3", zone="No/Where").status_code == 400
    browser.post("/me", "/me/digest", hour="", zone="No/Where")
    assert (rep(core).digest_hour, rep(core).digest_due_at, rep(core).zone) == (None, None, "Asia/Tokyo")


def test_where_mail_is_not_set_up_no_digest_can_be_had(core: Core, seeded: Seeded) -> None:
    browser = Browser(create_app(core), seeded.rep.id)
    assert "Mail is not set up here." in browser.get("/me")
    assert browser.post("/me", "/me/digest", hour="7").status_code == 400


def test_the_address_in_the_mail_ends_it_without_signing_in(
    browse: Callable[[str], Browser], app: Flask, core: Core
) -> None:
    browse("rep").post("/me", "/me/digest", hour="7", zone="UTC")
    token = stopping.token(core, rep(core))
    stranger = app.test_client()
    asked = stranger.get(f"/mail/stop/{token}")
    assert asked.status_code == 200
    assert "No more of these mails?" in asked.get_data(as_text=True)
    assert rep(core).name not in asked.get_data(as_text=True)
    assert rep(core).digest_hour == 7  # looking changes nothing
    forged = f"{rep(core).public_id.hex}.{'0' * 64}"
    for wrong in (forged, "x", f"{token}0", "ü.ü"):
        assert stranger.post(f"/mail/stop/{wrong}").status_code == 404
    assert rep(core).digest_hour == 7
    done = stranger.post(f"/mail/stop/{token}", data={"List-Unsubscribe": "One-Click"})
    assert done.status_code == 200
    assert "It is ended" in done.get_data(as_text=True)
    assert (rep(core).digest_hour, rep(core).digest_due_at) == (None, None)
    assert "It is ended" in stranger.get(f"/mail/stop/{token}").get_data(as_text=True)


def test_an_admin_chooses_alerts_and_begins_with_all(browse: Callable[[str], Browser], core: Core) -> None:
    admin = browse("admin")
    assert admin.get("/me").count('name="kind"') == admin.get("/me").count(" checked") == len(AlertKind)
    assert admin.post("/me", "/me/alerts", kind="writes").status_code == 302
    with core.db.read() as session:
        off = session.scalars(select(User.alerts_off).where(User.role == "admin")).one()
    assert set(off) == {kind.value for kind in AlertKind} - {"writes"}
    assert re.findall(r'value="(\w+)" checked', admin.get("/me")) == ["writes"]
    rep = browse("rep")
    assert 'id="alerts"' not in rep.get("/me")
    assert rep.post("/me", "/me/alerts", kind="writes").status_code == 403
