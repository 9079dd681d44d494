# ruff: noqa: INP001 - a script beside the documents, no package
"""Makes the pictures of README.md from a running `scrm demo`: signs in as each role and photographs a page.

    scrm demo                       prints a sign-in link per role; wait until the counts stand still
    .venv/bin/python docs/readme_pictures.py ADMIN_LINK STEWARD_LINK REP_LINK

Needs Chromium and pngquant of the system (Debian: chromium pngquant). A link signs in once; `scrm user link` prints
new ones.
"""

import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote_plus, urljoin

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

IMAGES = Path(__file__).parent / "images"
SIZE: ViewportSize = {"width": 1280, "height": 800}
CASE = "Minh Nguyen"  # two candidates with evidence for and against
CONTACT = "Katharina Groß"  # found on both networks
LONGEST_QUEUE = 30
CALM = 700  # milliseconds; the pages ask for counts again and again, so the network is never idle


def sign_in(browser: Browser, link: str) -> Page:
    page = browser.new_context(viewport=SIZE, locale="en-GB", color_scheme="light").new_page()
    page.goto(link)
    page.locator("main form button").click()
    page.wait_for_timeout(CALM)
    return page


def photograph(page: Page, name: str) -> None:
    page.wait_for_timeout(CALM)
    file = IMAGES / f"{name}.png"
    page.screenshot(path=file)
    subprocess.run(["pngquant", "--force", "--strip", "--ext", ".png", "64", file], check=True)  # noqa: S603, S607


def skip_to(page: Page, name: str) -> None:
    """Skip cases of the review until the one of this name is shown."""
    for _ in range(LONGEST_QUEUE):
        if page.locator("main h2").first.inner_text().strip() == name:
            page.goto(page.url.partition("#")[0])  # without the focus that a key moves
            return
        page.keyboard.press("s")
        page.wait_for_timeout(CALM)
    raise SystemExit(f"no case of {name} is waiting")


def main(admin_link: str, steward_link: str, rep_link: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        admin = sign_in(browser, admin_link)
        admin.goto(urljoin(admin_link, "/"))
        photograph(admin, "home")
        admin.goto(urljoin(admin_link, "/connections"))
        admin.set_viewport_size({"width": SIZE["width"], "height": 360})
        photograph(admin, "connections")
        steward = sign_in(browser, steward_link)
        steward.goto(urljoin(steward_link, "/review"))
        skip_to(steward, CASE)
        photograph(steward, "review")
        rep = sign_in(browser, rep_link)
        rep.goto(urljoin(rep_link, f"/contacts?q={quote_plus(CONTACT)}"))
        rep.get_by_role("link", name=CONTACT).first.click()
        photograph(rep, "timeline")
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:4])
