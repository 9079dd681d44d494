"""Uploading an archive: who may, what the pages say, and that the file never lies about."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from scrm.ingest import uploads
from scrm.ingest.archives import read_due
from scrm.jobs import work
from scrm.models import ArchiveFile, Interaction
from scrm.runtime import Core
from scrm.web import archives
from tests.connectors.downloads import ITEMS, KINDS, download
from tests.connectors.googleplus import takeout
from tests.web.conftest import TOKEN, Browser

Browse = Callable[[str], Browser]
PAGE = "/archives"


@pytest.fixture
def file(tmp_path: Path) -> bytes:
    return takeout.saved(tmp_path, {f"{takeout.STREAM}/one.json": takeout.post()}).read_bytes()


def send(browser: Browser, body: bytes, name: str = "My takeout.zip") -> str:
    answer = browser.post(PAGE, PAGE, file=(io.BytesIO(body), name))
    assert answer.status_code == 302, answer.get_data(as_text=True)
    return str(answer.location)


def left(core: Core) -> list[str]:
    return [one.name for one in uploads.folder(core).iterdir()]


def test_an_admin_uploads_an_archive_and_follows_it_to_its_end(browse: Browse, core: Core, file: bytes) -> None:
    admin = browse("admin")
    assert 'href="/archives"' in admin.get("/connections")
    assert "Google+ in a Takeout archive" in admin.get(PAGE)
    path = send(admin, file)
    page = admin.get(path)
    assert "My takeout.zip" in page
    assert "Waits to be looked at." in page
    assert f'data-poll="{path}/progress.json"' in page
    assert len(left(core)) == 1
    work(core, "archive", None)
    told = admin.client.get(f"{path}/progress.json").get_json()
    assert told == {
        "items": "5",
        "new": "5",
        "quarantined": "0",
        "kind": "Google+ in a Takeout archive",
        "state": "Read to its end.",
    }
    page = admin.get(path)
    for name, value in told.items():
        assert f'data-count="{name}">{value}<' in page
    assert "data-poll" not in page
    assert "Read to its end." in admin.get(PAGE)
    assert left(core) == []
    with core.db.read() as session:
        assert len(session.scalars(select(Interaction).where(Interaction.network == "googleplus")).all()) == 5


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_archive_goes_through_the_page(kind: str, browse: Browse, core: Core, tmp_path: Path) -> None:
    admin = browse("admin")
    path = send(admin, download(kind, tmp_path).read_bytes(), "download")
    assert read_due(core)
    told = admin.client.get(f"{path}/progress.json").get_json()
    assert (told["items"], told["quarantined"], told["state"]) == (str(ITEMS), "0", "Read to its end.")
    with core.db.read() as session:
        stored = session.scalars(select(Interaction).where(Interaction.network == kind)).all()
    assert len(stored) == ITEMS - (kind == "mastodon")  # the profile is an item, too
    again = send(admin, download(kind, tmp_path).read_bytes(), "the same under another name")
    assert read_due(core)
    assert admin.client.get(f"{again}/progress.json").get_json()["new"] == "0"
    assert left(core) == []


def test_what_is_set_aside_is_counted_and_explained(browse: Browse, core: Core, tmp_path: Path) -> None:
    bad = {f"{takeout.STREAM}/one.json": takeout.post(), f"{takeout.STREAM}/bad.json": b"{"}
    admin = browse("admin")
    path = send(admin, takeout.saved(tmp_path, bad).read_bytes())
    assert read_due(core)
    page = admin.get(path)
    assert 'data-count="quarantined">1<' in page
    assert "What was set aside" in page


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"hello", "This is not an archive of a network that scrm knows."),
        (None, "LinkedIn&#39;s terms do not allow"),
    ],
)
def test_a_file_that_is_refused_says_why_and_is_deleted(
    body: bytes | None, words: str, browse: Browse, core: Core, tmp_path: Path
) -> None:
    if body is None:
        body = takeout.saved(tmp_path, {"Connections.csv": "First Name,Last Name,URL\r\n"}).read_bytes()
    admin = browse("admin")
    path = send(admin, body)
    assert read_due(core)
    assert words in admin.get(path)
    assert words in admin.get(PAGE)
    assert left(core) == []


def test_the_pages_speak_german(browse: Browse, core: Core) -> None:
    admin = browse("admin")
    path = send(admin, b"hello")
    assert read_due(core)
    german = {"Accept-Language": "de"}
    assert "Archiv einlesen" in admin.client.get(PAGE, headers=german).get_data(as_text=True)
    page = admin.client.get(path, headers=german).get_data(as_text=True)
    assert "Das ist kein Archiv eines Netzwerks, das scrm kennt." in page
    assert "Bis zum Ende" not in page


def test_no_file_and_no_token_are_refused(browse: Browse, core: Core, file: bytes) -> None:
    admin = browse("admin")
    assert admin.post(PAGE, PAGE).status_code == 400
    assert admin.post(PAGE, PAGE, file=(io.BytesIO(b"x"), "")).status_code == 400
    assert admin.client.post(PAGE, data={"file": (io.BytesIO(file), "x.zip")}).status_code == 400
    assert left(core) == []
    with core.db.read() as session:
        assert session.scalars(select(ArchiveFile)).all() == []


@pytest.mark.parametrize("role", ["steward", "rep"])
def test_nobody_else_may_upload(role: str, browse: Browse, core: Core, file: bytes) -> None:
    other = browse(role)
    found = TOKEN.search(other.get("/"))
    assert found
    data = {"csrf_token": found[1], "file": (io.BytesIO(file), "x.zip")}
    assert other.client.post(PAGE, data=data).status_code == 403
    assert left(core) == []


def test_what_the_disk_has_no_room_for_is_refused_before_it_is_read(
    browse: Browse, core: Core, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = browse("admin")
    monkeypatch.setattr(archives, "LARGEST", 100_000)
    found = TOKEN.search(admin.get(PAGE))
    assert found
    data = {"csrf_token": found[1], "file": (io.BytesIO(bytes(200_000)), "x.zip")}
    assert admin.client.post(PAGE, data=data).status_code == 413
    assert left(core) == []


def test_only_archives_may_be_larger_than_a_form(app: Flask, browse: Browse, file: bytes) -> None:
    app.config["MAX_CONTENT_LENGTH"] = len(file)
    admin = browse("admin")
    assert send(admin, file)
    found = TOKEN.search(admin.get("/own"))
    assert found
    data = {"csrf_token": found[1], "domains": "x", "file": (io.BytesIO(file), "x.zip")}
    assert admin.client.post("/own/domains", data=data).status_code == 413


def test_a_name_that_leads_elsewhere_is_only_a_name(browse: Browse, core: Core, file: bytes) -> None:
    admin = browse("admin")
    path = send(admin, file, "../../<b>etc</b>/passwd")
    assert left(core) == [path.rpartition("/")[2]]
    assert "<h1><bdi>passwd</bdi></h1>" in admin.get(path)


def test_a_closed_network_leads_to_the_upload(browse: Browse) -> None:
    page = browse("admin").get("/connections/new")
    assert 'href="/archives"' in page
    assert "/connections/new/googleplus" not in page
    assert browse("admin").client.get("/connections/new/googleplus").status_code == 404
