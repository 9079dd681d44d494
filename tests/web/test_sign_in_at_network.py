"""The pages on which an app is saved, somebody signs in at a network, and chooses what is connected."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from html import unescape
from urllib.parse import urlsplit

import pytest
from flask import Flask
from sqlalchemy import select

from scrm import logs
from scrm.ingest.apps import save, values_of
from scrm.models import Connection, ConnectionState
from scrm.runtime import Core
from scrm.sandbox.server import Server
from scrm.web import create_app
from tests import lagoon
from tests.lagoon import CLIENT_SECRET, KEY, PLAIN, Water, say_yes
from tests.web.conftest import Browser

Browse = Callable[[str], Browser]
NEW = f"/connections/new/{KEY}"
GOING = re.compile(r'http-equiv="refresh" content="0; url=([^"]+)"')


@pytest.fixture
def water() -> Water:
    return Water()


@pytest.fixture
def server(water: Water) -> Iterator[Server]:
    lagoon.register()
    with lagoon.serve(water) as running:
        yield running
    lagoon.unregister()


@pytest.fixture
def core(core: Core, server: Server) -> Core:
    return replace(core, settings=replace(core.settings, allowed_hosts=(lagoon.host(server),)))


@pytest.fixture
def app(core: Core) -> Flask:
    return create_app(core)


@pytest.fixture
def registered(core: Core, server: Server) -> None:
    for network in (KEY, PLAIN):
        save(core, network, lagoon.app_form(server), None)


def go(browser: Browser, page: str, path: str) -> str:
    """Press the button; where the browser is sent."""
    answer = browser.post(page, path)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    found = GOING.search(answer.get_data(as_text=True))
    assert found
    return unescape(found[1])


def come_back(browser: Browser, address: str, network: str = KEY) -> str:
    """To the network and back to us; where we send the browser on."""
    told = say_yes(address)
    answer = browser.client.get(f"/connections/sign-in/{network}", query_string=told)
    assert answer.status_code == 302
    assert answer.location
    return str(answer.location)


def connected(core: Core) -> list[Connection]:
    with core.db.read() as session:
        return list(session.scalars(select(Connection).where(Connection.network.in_((KEY, PLAIN)))))


def test_a_network_with_an_app_shows_three_steps_and_the_first_comes_first(browse: Browse, core: Core) -> None:
    page = browse("admin").get(NEW)
    assert page.index("Your app") < page.index("Sign in with Lagoon") < page.index("Choose what is connected")
    assert f'value="{core.settings.base_url}/connections/sign-in/lagoon"' in page
    assert "To read what people say to you." in page
    assert "notes.read" in page
    assert "disabled" in page
    assert "We make it when you save." in page
    assert "Paste an access instead" in page
    assert "/webhooks/lagoon" not in page  # this network does not call us
    assert "Your app" not in browse("admin").get("/connections/new/harbor")


def test_only_an_admin_gets_there_and_only_with_a_form_of_ours(browse: Browse, client: object) -> None:
    for role in ("steward", "rep"):
        browse(role).get(NEW, 403)
        browse(role).get(f"/connections/sign-in/{KEY}?state=x&code=y", 403)
    assert browse("admin").client.post(f"{NEW}/app", data={"client_id": "x"}).status_code == 400
    assert browse("admin").client.post(f"{NEW}/sign-in").status_code == 400
    assert browse("admin").post(NEW, "/connections/new/harbor/sign-in").status_code == 404


def test_saving_the_app_keeps_secrets_out_of_pages(browse: Browse, core: Core, server: Server) -> None:
    admin, form = browse("admin"), lagoon.app_form(server)
    wrong = admin.post(NEW, f"{NEW}/app", **{**form, "api_url": "http://nowhere.example"})
    assert wrong.status_code == 400
    text = wrong.get_data(as_text=True)
    assert "must begin with https://" in text
    assert 'value="http://nowhere.example"' in text
    assert CLIENT_SECRET not in text
    right = admin.post(NEW, f"{NEW}/app", **form)
    page = admin.get(right.location)
    assert "Saved." in page
    assert values_of(core, KEY)["verify_token"] in page
    assert CLIENT_SECRET not in page
    assert "Stored. Leave it empty to keep it." in page
    assert admin.post(NEW, f"{NEW}/app", **{**form, "client_secret": ""}).status_code == 302
    assert values_of(core, KEY)["client_secret"] == CLIENT_SECRET


@pytest.mark.usefixtures("registered")
def test_from_the_button_to_the_page_that_was_chosen(
    browse: Browse, core: Core, water: Water, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure()  # within the test: it takes the standard error of that moment
    admin, pages = browse("admin"), []
    address = go(admin, NEW, f"{NEW}/sign-in")
    choose = come_back(admin, address)
    pages.append(admin.get(choose))
    assert "nordwerk-service" in pages[-1]
    assert "Next you see what reading it will cost." in pages[-1]
    pages.append(admin.get(f"{choose}?account=page-2"))
    assert "$6.00" in unescape(pages[-1]).replace("US$", "$")
    assert 'value="25.00"' in pages[-1]
    for cap in ("many", "-1", "1e99", "nan"):
        wrong = admin.post(choose, choose, account="page-2", cap=cap)
        assert wrong.status_code == 400, cap
        pages.append(wrong.get_data(as_text=True))
        assert "The cap" in pages[-1]
    right = admin.post(choose, choose, account="page-2", cap="12,50")
    pages.append(admin.get(right.location))
    assert "Reading begins now" in pages[-1]
    (row,) = connected(core)
    assert (row.native_id, row.budget_cap) == ("page-2", 12_500_000)
    assert row.owner_id is not None
    written = "".join(capsys.readouterr())
    for canary in (*water.tokens, *water.refresh, CLIENT_SECRET, "canary"):
        assert canary not in "".join(pages)
        assert canary not in written
    assert admin.client.get(choose).status_code == 400  # used up


@pytest.mark.usefixtures("registered")
def test_with_one_choice_its_price_is_shown_at_once_and_an_account_connected_is_marked(
    browse: Browse, water: Water
) -> None:
    admin = browse("admin")
    del water.pages["page-2"]
    choose = come_back(admin, go(admin, NEW, f"{NEW}/sign-in"))
    assert "What reading back will cost at most" in admin.get(choose)
    assert admin.post(choose, choose, account="page-1", cap="0").status_code == 302
    again = come_back(admin, go(admin, NEW, f"{NEW}/sign-in"))
    assert "connected already" in admin.get(again)
    refused = admin.post(again, again, account="page-1", cap="1")
    assert refused.status_code == 400
    assert "This account is connected already." in refused.get_data(as_text=True)


@pytest.mark.usefixtures("registered")
def test_a_price_that_cannot_be_asked_stops_nobody(browse: Browse, water: Water) -> None:
    admin = browse("admin")
    choose = come_back(admin, go(admin, NEW, f"{NEW}/sign-in"))
    water.answers["/count"] = 503
    page = admin.get(f"{choose}?account=page-1")
    assert "This cannot be said now." in page
    assert admin.post(choose, choose, account="page-1", cap="5").status_code == 302


@pytest.mark.usefixtures("registered")
def test_without_choice_and_budget_it_is_connected_on_the_way_back(browse: Browse, core: Core) -> None:
    admin, new = browse("admin"), f"/connections/new/{PLAIN}"
    onward = come_back(admin, go(admin, new, f"{new}/sign-in"), PLAIN)
    (row,) = connected(core)
    assert urlsplit(onward).path == f"/connections/{row.public_id}"
    assert "Reading begins now" in admin.get(onward)


@pytest.mark.usefixtures("registered")
def test_a_no_is_taken_kindly_and_leaves_nothing(browse: Browse, core: Core, water: Water) -> None:
    admin = browse("admin")
    water.says_no = True
    onward = come_back(admin, go(admin, NEW, f"{NEW}/sign-in"))
    page = admin.get(onward)
    assert "You said no at Lagoon, so nothing was changed." in page
    assert "<b>no</b>" not in page
    assert "You said no" not in admin.get(onward)
    assert connected(core) == []


@pytest.mark.usefixtures("registered")
@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"error": "invalid_scope"}, "(its word for it: invalid_scope)"),
        ({"error": "<script>alert(1)</script>"}, "(its word for it: –)"),
        ({"code": "canary-forged"}, "did not complete the sign-in"),
        ({"code": "canary-forged", "state": "x"}, "has run out or was used already"),
        ({"error": "access_denied", "state": "x"}, "has run out or was used already"),
        ({"state": "x"}, "has run out or was used already"),
    ],
)
def test_what_goes_wrong_on_the_way_back_is_said_without_what_was_brought(
    browse: Browse, core: Core, told: dict[str, str], words: str
) -> None:
    admin = browse("admin")
    state = say_yes(go(admin, NEW, f"{NEW}/sign-in"))["state"]
    answer = admin.client.get(f"/connections/sign-in/{KEY}", query_string={"state": state, **told})
    assert answer.status_code == 302
    assert "canary" not in answer.location
    page = admin.get(answer.location)
    assert words in page
    assert "canary" not in page
    assert "<script>alert" not in page
    assert connected(core) == []


@pytest.mark.usefixtures("registered")
def test_a_way_back_is_good_once_and_for_one_person(browse: Browse, core: Core, app: Flask, water: Water) -> None:
    admin, told = browse("admin"), say_yes(go(browse("admin"), NEW, f"{NEW}/sign-in"))
    path = f"/connections/sign-in/{KEY}"
    first = admin.client.get(path, query_string=told)
    assert admin.get(first.location)
    again = admin.client.get(path, query_string=told)
    assert "used already" in admin.get(again.location)
    assert water.calls["/oauth/token"] == 1
    with core.db.write("test.promote") as session:
        from scrm.models import User

        other = session.scalars(select(User).where(User.role == "rep")).one()
        other.role = "admin"
        session.flush()
    another = Browser(app, other.id)
    stolen = another.client.get(first.location)
    assert stolen.status_code == 400
    assert "nordwerk-service" not in stolen.get_data(as_text=True)


@pytest.mark.usefixtures("registered")
def test_a_suspended_connection_is_one_click_from_the_network_and_back(
    browse: Browse, core: Core, water: Water
) -> None:
    admin = browse("admin")
    choose = come_back(admin, go(admin, NEW, f"{NEW}/sign-in"))
    admin.post(choose, choose, account="page-1", cap="5")
    (row,) = connected(core)
    path = f"/connections/{row.public_id}"
    with core.db.write("test.suspend") as session:
        stored = session.get_one(Connection, row.id)
        stored.state, stored.problem = ConnectionState.SUSPENDED.value, "AccessRevokedError"
    for page in ("/", "/connections", path, f"{path}/reconnect"):
        assert f'action="{path}/sign-in"' in admin.get(page), page
    onward = come_back(admin, go(admin, path, f"{path}/sign-in"))
    assert onward == path
    (after,) = connected(core)
    assert (after.state, after.credentials_version) == ("active", row.credentials_version + 1)
    del water.pages["page-1"]
    wrong = come_back(admin, go(admin, path, f"{path}/sign-in"))
    assert wrong == f"{path}/reconnect"
    assert "This access belongs to another account." in admin.get(wrong)
    assert connected(core)[0].credentials_version == after.credentials_version
    admin.post(f"{path}/remove", f"{path}/remove")
    assert admin.post(NEW, f"{path}/sign-in").status_code == 404


def test_an_app_that_is_not_saved_leads_nowhere(browse: Browse) -> None:
    admin = browse("admin")
    answer = admin.post(NEW, f"{NEW}/sign-in")
    assert answer.status_code == 400
    assert "First fill in your app" in unescape(answer.get_data(as_text=True))


@pytest.mark.usefixtures("registered")
def test_an_access_may_be_pasted_instead(browse: Browse, core: Core, water: Water) -> None:
    admin = browse("admin")
    wrong = admin.post(NEW, NEW, access_token="canary-wrong")
    assert wrong.status_code == 400
    assert '<details class="panel" open>' in wrong.get_data(as_text=True)
    token = water.token("page-1")["access_token"]
    assert admin.post(NEW, NEW, access_token=token).status_code == 302
    (row,) = connected(core)
    assert (row.native_id, row.base_url) == ("page-1", values_of(core, KEY)["api_url"])
