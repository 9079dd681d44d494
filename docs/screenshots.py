# ruff: noqa: INP001 - a script beside the documents, no package
"""Photographs every page, filled, in four ways: wide and on a phone, light and dark, in English and German.

    make screenshots                        into var/screenshots, with contact sheets (sheet-*.png)
    .venv/bin/python docs/screenshots.py /admin      only addresses that begin so

The pages are the GET routes of the url map, filled with the invented people of the tests. Needs Chromium (Debian:
chromium). `docs/readme_pictures.py` makes the pictures of README.md.
"""

import logging
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright
from werkzeug.serving import make_server

from scrm.config import Settings
from scrm.db import METADATA, Database
from scrm.runtime import Core, sleepers
from scrm.vault import Vault
from scrm.web import create_app
from scrm.web.people import open_session
from tests.web import fill, networks, pages, seed

TO = Path("var/screenshots")
TALL = 2400  # what is longer is cut
SHEET = 24  # pictures on one sheet


@dataclass(frozen=True)
class Look:
    """One way to look at every page."""

    name: str
    width: int
    theme: str
    language: str


LOOKS = (
    Look("wide-en", 1440, "light", "en-GB"),
    Look("wide-de-dark", 1440, "dark", "de-DE"),
    Look("phone-en", 390, "light", "en-GB"),
    Look("phone-de-dark", 390, "dark", "de-DE"),
)


@contextmanager
def filled(folder: Path) -> Iterator[tuple[str, str, list[str]]]:
    """A running installation with one of everything: its address, a session of an admin, all paths."""
    db = Database(f"sqlite:///{folder / 'scrm.db'}")
    METADATA.create_all(db.engine)
    settings = Settings(state_dir=folder, database_url=f"sqlite:///{folder / 'scrm.db'}")
    core = Core(settings=settings, db=db, vault=Vault.load("", folder), wake=sleepers)
    networks.register()
    app = create_app(core)
    seeded = seed.seed(db)
    fill.fill(core, seeded)
    fill.planned(core)
    with db.write("screenshots.session") as session:
        token = open_session(session, seeded.admin.id, db.clock.now())
    paths = [*pages.addresses(app, core, seeded).values(), *pages.MORE]
    logging.getLogger("werkzeug").disabled = True
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", token, paths
    server.shutdown()
    db.close()


def photograph(browser: Browser, site: str, token: str, paths: list[str], look: Look) -> list[Path]:
    """One picture per page."""
    scheme = "dark" if look.theme == "dark" else "light"
    context = browser.new_context(
        viewport={"width": look.width, "height": 900}, locale=look.language, color_scheme=scheme
    )
    taken = []
    for path in paths:
        context.clear_cookies()
        if path != "/sign-in":
            context.add_cookies([{"name": "scrm", "value": token, "url": site}])
        page = context.new_page()
        page.goto(site + path, wait_until="load")
        high = min(TALL, page.evaluate("document.documentElement.scrollHeight"))
        page.set_viewport_size({"width": look.width, "height": max(high, 400)})
        file = TO / look.name / f"{path.strip('/').replace('/', '.').replace('?', '_') or 'home'}.png"
        page.screenshot(path=file)
        page.close()
        taken.append(file)
    context.close()
    return taken


def sheets(browser: Browser, taken: list[Path], look: Look) -> None:
    """Many small pictures on one, each with its address below."""
    width = 330 if look.width > 1000 else 190
    for number in range(0, len(taken), SHEET):
        figures = "".join(
            f'<figure style="margin:6px;width:{width}px;display:inline-block;vertical-align:top"><img '
            f'src="{file.resolve().as_uri()}" style="width:100%;border:1px solid gray"><figcaption '
            f'style="font:11px sans-serif;overflow-wrap:anywhere">{file.stem}</figcaption></figure>'
            for file in taken[number : number + SHEET]
        )
        html = TO / "sheet.html"
        html.write_text(f"<body style='margin:8px'>{figures}</body>", encoding="utf-8")
        page = browser.new_page(viewport={"width": 1400, "height": 900})
        page.goto(html.resolve().as_uri(), wait_until="load")
        page.screenshot(path=TO / f"sheet-{look.name}-{number // SHEET + 1}.png", full_page=True)
        page.close()
        html.unlink()


def main(begins: str) -> None:
    shutil.rmtree(TO, ignore_errors=True)
    with tempfile.TemporaryDirectory() as folder, filled(Path(folder)) as (site, token, paths):
        wanted = [path for path in paths if path.startswith(begins)]
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
            for look in LOOKS:
                sheets(browser, photograph(browser, site, token, wanted, look), look)
            browser.close()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "/")
