"""Headers, hosts, languages and time zones of every answer."""

import dataclasses
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from scrm.config import Settings
from scrm.web import frame
from tests.web.conftest import Browser
from tests.web.seed import Seeded

Browse = Callable[[str], Browser]
WEB = Path(frame.__file__).parent


def test_every_answer_carries_the_policy_and_the_headers(client: FlaskClient) -> None:
    for path in ("/sign-in", "/nothing", "/health/live", "/static/scrm.css", "/counts.json"):
        with client.get(path) as answer:
            sent = dict(answer.headers)
        assert frame.HEADERS.items() <= sent.items(), path
    policy = client.get("/sign-in").headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_pages_are_kept_by_nobody_and_static_files_for_good(client: FlaskClient) -> None:
    page = client.get("/sign-in")
    assert page.headers["Cache-Control"] == "no-store"
    address = re.search(r'href="(/static/scrm\.css\?v=\w+)"', page.get_data(as_text=True))[1]
    with client.get(address) as kept:
        assert "immutable" in kept.headers["Cache-Control"]
    assert "immutable" not in client.get("/static/none.css").headers.get("Cache-Control", "")


def test_no_template_holds_a_style_a_script_or_an_event() -> None:
    for file in (WEB / "templates").glob("*.html"):
        text = file.read_text(encoding="utf-8")
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:|\|\s*safe\b", text), file.name
        assert not [script for script in re.findall(r"<script[^>]*>", text) if "src=" not in script], file.name


@pytest.mark.parametrize(
    ("settings", "hosts"),
    [
        (Settings(), {"127.0.0.1", "localhost", "[::1]"}),
        (
            Settings(host="::", public_url="https://scrm.example/"),
            {"scrm.example", "127.0.0.1", "localhost", "[::1]"},
        ),
        (Settings(host="10.0.0.5"), {"10.0.0.5", "127.0.0.1", "localhost", "[::1]"}),
    ],
)
def test_we_answer_only_under_our_own_names(settings: Settings, hosts: set[str]) -> None:
    assert set(frame.trusted_hosts(settings)) == hosts


def test_another_host_name_gets_400_and_is_not_repeated(client: FlaskClient) -> None:
    answer = client.get("/sign-in", headers={"Host": "evil.example"})
    assert answer.status_code == 400
    assert "evil" not in answer.get_data(as_text=True)


def test_the_browser_s_language_counts_until_somebody_chooses(client: FlaskClient) -> None:
    german = {"Accept-Language": "de-AT,de;q=0.9,en;q=0.1"}
    assert '<html lang="de">' in client.get("/sign-in", headers=german).get_data(as_text=True)
    page = client.get("/sign-in", headers={"Accept-Language": "fr"}).get_data(as_text=True)
    assert '<html lang="en">' in page
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
    client.post("/language", data={"csrf_token": token, "language": "de", "next": "/sign-in"})
    assert "Anmelden" in client.get("/sign-in").get_data(as_text=True)


def test_a_chosen_language_stays_with_the_user(app: Flask, browse: Browse, seeded: Seeded) -> None:
    browse("rep").post("/", "/language", language="de")
    assert '<html lang="de">' in browse("rep").get("/contacts")
    assert browse("rep").post("/", "/language", language="xx").status_code == 302
    assert '<html lang="de">' in browse("rep").get("/contacts")


def test_the_installation_s_language_is_the_last_resort(core) -> None:
    from scrm.web import create_app

    german = dataclasses.replace(core, settings=dataclasses.replace(core.settings, locale="de"))
    page = create_app(german).test_client().get("/sign-in").get_data(as_text=True)
    assert '<html lang="de">' in page


def test_times_follow_the_browser_s_zone_and_ignore_an_invented_one(browse: Browse) -> None:
    browser = browse("rep")
    browser.client.set_cookie(frame.ZONE_COOKIE, "Pacific/Auckland")
    assert "Pacific/Auckland" in browser.get("/")
    browser.client.set_cookie(frame.ZONE_COOKIE, "../../etc/passwd")
    assert "passwd" not in browser.get("/")


def test_a_form_larger_than_we_take_is_refused(client: FlaskClient) -> None:
    assert client.post("/sign-in", data={"email": "x" * 2_000_000}).status_code == 413


def test_behind_a_proxy_its_headers_count_and_otherwise_not(core) -> None:
    from scrm.web import create_app

    for hops, scheme in ((0, "http"), (1, "https")):
        changed = dataclasses.replace(core, settings=dataclasses.replace(core.settings, behind_proxy=hops))
        app = create_app(changed)
        seen = []
        app.before_request_funcs[None].insert(0, lambda seen=seen: seen.append(__import__("flask").request.scheme))
        app.test_client().get("/health/live", headers={"X-Forwarded-Proto": "https"})
        assert seen == [scheme]
