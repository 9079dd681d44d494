"""From a truly empty installation to the first judged match: the product as it is started, in a real browser."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scrm.cli.processes import wait_until
from scrm.sandbox.cast import COMPANY_KEY, contacts_csv
from scrm.sandbox.network import FakeNetwork
from scrm.sandbox.scenario import Player, history
from scrm.sandbox.server import fake_of
from tests.cli.running import Running, free_port, running
from tests.web.test_browser import CHROMIUM

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
NETWORKS = ("mastodon", "bluesky")
PASSWORD = "seven-quiet-harbors"
PATIENCE = 60_000  # milliseconds for what workers do
pytestmark = [
    pytest.mark.browser,
    pytest.mark.processes,
    pytest.mark.timeout(300),
    pytest.mark.skipif(not CHROMIUM.exists(), reason="no Chromium at /usr/bin/chromium"),
]


@pytest.fixture
def networks() -> Iterator[dict[str, FakeNetwork]]:
    """Two networks with their whole past."""
    fakes = {key: fake_of(key)() for key in NETWORKS}
    Player(list(fakes.values())).play(history(1, NETWORKS))
    for fake in fakes.values():
        fake.start()
    yield fakes
    for fake in fakes.values():
        fake.stop()


@pytest.fixture
def product(tmp_path: Path, networks: dict[str, FakeNetwork], monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    """`scrm up` on an empty folder, as `make run` starts it."""
    hosts = ",".join(fake.base_url.removeprefix("http://") for fake in networks.values())
    monkeypatch.setenv("SCRM_ALLOWED_HOSTS", hosts)
    monkeypatch.setenv("SCRM_FAST_INTERVALS", "1")
    state = tmp_path / "s"
    with running(["up"], state, state, free_port()) as started:
        started.wait_until_ready()
        assert wait_until(lambda: started.has_said("/sign-in/"), 10), started.said()
        yield started
        assert started.stop() == 0


@pytest.fixture(params=[True, False], ids=["with script", "without script"])
def page(request: pytest.FixtureRequest, product: Running) -> Iterator[Any]:
    faults: list[str] = []
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM))
        context = browser.new_context(java_script_enabled=request.param, locale="en-GB")
        opened = context.new_page()
        opened.set_default_timeout(PATIENCE)
        opened.on("pageerror", lambda error: faults.append(str(error)))
        opened.on("console", lambda line: faults.append(line.text) if line.type == "error" else None)
        yield opened
        browser.close()
    assert faults == []


def done(page: Any) -> list[str]:
    return page.locator(".steps li.done h3").all_inner_texts()


def follow(page: Any, label: str) -> None:
    """The one button of the next step."""
    button = page.locator(".steps .button.primary")
    assert button.all_inner_texts() == [label]
    button.click()


def seen_again(page: Any, address: str, title: str) -> None:
    """Look at the steps until one is ticked."""
    for _ in range(60):
        page.goto(address)
        if title in done(page):
            return
        page.wait_for_timeout(1000)
    raise AssertionError(f"{title} is not done")


def test_five_steps_lead_from_nothing_to_the_first_judged_match(
    page: Any, product: Running, networks: dict[str, FakeNetwork], tmp_path: Path
) -> None:
    base = f"http://127.0.0.1:{product.port}"
    link = re.search(r"http://127\.0\.0\.1:\d+/sign-in/\S+", product.output.read_text())
    page.goto(link[0])
    page.locator("main form button").click()

    page.goto(f"{base}/")
    assert done(page) == []
    follow(page, "To my account")
    page.get_by_label("Name", exact=True).fill("Ada Nilsson")
    page.get_by_label("E-mail").fill("ada@nordwerk.example")
    page.get_by_label("New password, 12 characters or more").fill(PASSWORD)
    page.get_by_label("New password again").fill(PASSWORD)
    page.get_by_role("button", name="Set password").click()

    page.wait_for_url(f"{base}/")
    follow(page, "Import contacts")
    file = tmp_path / "contacts.csv"
    file.write_text(contacts_csv(), encoding="utf-8")
    page.set_input_files("input[type=file]", file)
    page.locator("main form button").first.click()
    seen_again(page, f"{base}/start", "Choose where your contacts are")

    for key, fake in networks.items():
        page.goto(f"{base}/start")
        follow(page, "Connect a network") if key == NETWORKS[0] else page.goto(f"{base}/connections/new")
        page.locator(f"main a[href$='/new/{key}']").click()
        pasted = page.locator("details", has_text="Paste an access instead")
        if pasted.count():
            pasted.locator("summary").click()
        for name, value in {"base_url": fake.base_url, **fake.credentials(COMPANY_KEY)}.items():
            page.locator(f"main [name={name}]").last.fill(value)
        page.locator("form:has([name=base_url]) button").last.click()
        page.wait_for_url(re.compile(r"/connections/[0-9a-f-]{36}"))
    seen_again(page, f"{base}/start", "Watch what was said come in")
    assert re.search(r"Mastodon .+: [\d,]+ items?", page.inner_text(".steps"))

    page.goto(f"{base}/review")
    for _ in range(60):
        if page.locator("[data-case]:not([data-case=''])").count():
            break
        page.wait_for_timeout(1000)
        page.goto(f"{base}/review")
    page.locator("#decide button[name=decision][value=nobody]").first.click()
    page.locator(".toast", has_text="Undo").wait_for()
    page.goto(f"{base}/start")
    page.get_by_text("All five steps are done").wait_for()
    page.goto(f"{base}/")
    assert page.locator(".steps").count() == 0
