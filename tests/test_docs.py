"""The documents say what the code does: nothing is left out, no link is dead, what is generated is up to date."""

import base64
import dataclasses
import hmac
import importlib.util
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import click
import pytest

import scrm
from scrm import errors
from scrm.cli import COMMANDS, main
from scrm.cli.settings import as_env_file
from scrm.cli.webhook import webhook
from scrm.cli.webhook_out import out
from scrm.config import Settings, setting_name
from scrm.connectors.registry import connectors
from scrm.jobs import JOBS
from scrm.matching.rules import RULES
from scrm.models import ContactKind, Relation, Role
from scrm.sync import events
from scrm.sync.imports.columns import FIELDS
from scrm.sync.signature import new_secret, verify
from tests.connectors.test_contract_folder import HEADINGS

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(
    page
    for folder in (ROOT, DOCS, ROOT / "scrm" / "connectors")
    for page in (folder.glob("*.md") if folder == ROOT else folder.rglob("*.md"))
)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
FENCED = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`([^`\n]+)`")
LARGEST_PICTURE = 150_000
OF_ONE_MACHINE = re.compile(r"/(?:root|tmp|home|mnt)/")


def text(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def names_in(path: str) -> set[str]:
    """Everything that a page writes as code."""
    return set(CODE.findall(text(path)))


def words_in(path: str) -> set[str]:
    return {word for code in names_in(path) for word in re.findall(r"[\w.-]+", code)}


def missing(wanted: Iterator[str] | set[str], path: str) -> set[str]:
    return set(wanted) - names_in(path) - words_in(path)


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    found = importlib.util.spec_from_file_location("reference", DOCS / "reference.py")
    assert found
    assert found.loader
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def public_commands() -> set[str]:
    context = click.Context(main)
    found = {name: main.get_command(context, name) for name in COMMANDS}
    return {name for name, command in found.items() if command and not command.hidden}


def test_every_setting_is_explained() -> None:
    assert not missing({setting_name(f.name) for f in dataclasses.fields(Settings)}, "docs/how-to/settings.md")


def test_every_command_is_explained() -> None:
    assert not {f"scrm {name}" for name in public_commands()} - names_in("docs/reference.md")


def test_every_kind_of_job_is_explained_to_operators() -> None:
    assert not missing(set(JOBS), "docs/operations.md")


def test_every_class_of_errors_is_explained() -> None:
    ours = {name for name, found in vars(errors).items() if isinstance(found, type) and issubclass(found, Exception)}
    assert ours > {"ScrmError", "GoneError"}
    assert not missing(ours, "docs/reference.md")


def test_every_matching_rule_is_explained() -> None:
    assert not missing({rule.__name__ for rule in RULES}, "docs/reference.md")


def test_every_role_is_explained() -> None:
    for path in ("README.md", "docs/reference.md"):
        assert not missing({role.value for role in Role}, path)


def test_every_metric_and_every_event_of_the_log_is_explained_to_operators() -> None:
    books = text("scrm/web/books.py")
    metrics = re.findall(r'(?:_counter|_gauge)s?\(\s*"(\w+)"', books)
    counters = set(re.findall(r'_counters?\("(\w+)"', books))
    assert "webhooks_refused" in counters
    wanted = {f"scrm_{name}_total" if name in counters else f"scrm_{name}" for name in metrics}
    logged = {
        event
        for file in (ROOT / "scrm").rglob("*.py")
        for event in re.findall(r'log\.(?:warning|error)\(\s*"(\w+)"', file.read_text(encoding="utf-8"))
    }
    assert "connection_suspended" in logged
    assert not missing(wanted | logged - {"request_failed"}, "docs/operations.md")


@pytest.mark.parametrize("network", sorted(connectors()))
def test_every_connector_is_named_and_has_a_guide_in_both_languages(network: str) -> None:
    folder = f"scrm/connectors/{network}"
    for path in ("README.md", "docs/reference.md"):
        assert f"{folder}/README.md" in text(path)
    for page, headings in HEADINGS.items():
        assert re.findall(r"^## (.+)$", text(f"{folder}/{page}"), re.MULTILINE) == headings


def test_every_field_of_an_import_is_explained() -> None:
    assert not missing(set(FIELDS), "docs/how-to/import-contacts.md")


def test_every_event_of_a_webhook_and_every_field_of_it_is_explained() -> None:
    known = set(events.ABOUT)
    known |= {name for schema in (*events.ABOUT.values(), events.ENVELOPE) for name in schema.fields}
    known |= {*ContactKind, *Relation}
    assert not missing(known, "docs/how-to/crm-webhook.md")


def test_what_a_webhook_requires_is_said_to_be_required() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", text("docs/how-to/crm-webhook.md"), re.MULTILINE))
    required = {name for schema in events.ABOUT.values() for name, field in schema.fields.items() if field.required}
    assert required == {name for name, form in rows.items() if form.startswith("required")}


def test_the_example_of_a_signature_is_accepted() -> None:
    made: dict[str, Any] = {"base64": base64, "hmac": hmac}
    exec(block("docs/how-to/crm-webhook.md", "def signed_headers"), made)  # noqa: S102 - our own page
    now, secret, body = datetime.now(UTC), new_secret(), b'{"type": "contact.updated"}'
    headers = made["signed_headers"](secret, "msg-1", int(now.timestamp()), body)
    assert verify(headers, body, [secret], now) == "msg-1"
    assert headers["content-type"] == "application/json"


def test_the_example_of_an_event_is_taken() -> None:
    body = block("docs/how-to/crm-webhook.md", '"contact.updated"')
    statement = events.read_event(body.encode(), datetime(2100, 1, 1, tzinfo=UTC))
    assert statement.source_id == json.loads(body)["data"]["id"]


def test_the_page_on_webhooks_names_the_commands_there_are() -> None:
    named = set(re.findall(r"scrm webhook ([a-z-]+)", text("docs/how-to/crm-webhook.md")))
    assert named == set(webhook.commands) - {"out"}
    named = set(re.findall(r"scrm webhook out ([a-z-]+)", text("docs/how-to/webhooks-out.md")))
    assert named == set(out.commands)


def test_the_reference_is_what_the_code_says(generator: ModuleType) -> None:
    assert text("docs/reference.md") == generator.reference(), "run: .venv/bin/python docs/reference.py"


def test_the_table_of_settings_is_what_the_code_says(generator: ModuleType) -> None:
    page = text("docs/how-to/settings.md")
    assert generator.settings_table() in page, "run: .venv/bin/python docs/reference.py"
    assert page == generator.settings_page(page)


def test_the_example_of_an_env_file_is_what_the_code_says() -> None:
    assert text(".env.example") == as_env_file(), "run: .venv/bin/scrm settings > .env.example"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in LINK.findall(page.read_text(encoding="utf-8")):
        if "://" in link or link.startswith("mailto:"):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.is_relative_to(ROOT.resolve()), link
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target), link


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_page_names_a_place_of_one_machine(page: Path) -> None:
    assert not OF_ONE_MACHINE.findall(page.read_text(encoding="utf-8"))


def test_the_commands_of_the_readme_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", text("Makefile"), re.MULTILINE))
    lines = list(command_lines())
    assert any("make demo" in line for line in lines)
    for line in lines:
        for target in re.findall(r"^make ([\w-]+)", line):
            assert target in targets, line
        for command in re.findall(r"(?:^|/)scrm ([\w-]+)", line):
            assert command in public_commands(), line


def test_the_makefile_targets_of_the_contributors_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", text("Makefile"), re.MULTILINE))
    named = {target for code in names_in("CONTRIBUTING.md") for target in re.findall(r"^make ([\w-]+)", code)}
    assert "new-connector" in named
    assert named <= targets


def test_the_processes_of_the_procfile_are_those_of_the_readme() -> None:
    processes = re.findall(r"^(\w+): (scrm \w+)", text("Procfile"), re.MULTILINE)
    assert len(processes) == 4
    for name, command in processes:
        assert f"| {name} | `{command}` |" in text("README.md")


def test_the_files_that_the_architecture_names_exist() -> None:
    named = {code.partition(":")[0] for code in names_in("ARCHITECTURE.md")}
    files = {name for name in named if re.fullmatch(r"[\w/.]+\.py", name)}
    assert "scrm/jobs.py" in files
    known = {str(file.relative_to(ROOT)) for file in (ROOT / "scrm").rglob("*.py")} | {"docs/reference.py"}
    assert not {name for name in files if not any(f"/{file}".endswith(f"/{name}") for file in known)}


def test_the_names_that_the_architecture_points_at_exist() -> None:
    pointed = [
        re.fullmatch(r"([\w/.]+\.py): ([\w.]+)", code)
        for code in sorted(names_in("ARCHITECTURE.md"))
        if ".py: " in code
    ]
    assert len(pointed) > 5
    for match in pointed:
        assert match
        file = next(file for file in (ROOT / "scrm").rglob("*.py") if f"/{file}".endswith(f"/{match[1]}"))
        source = file.read_text(encoding="utf-8")
        for name in match[2].split("."):
            assert re.search(rf"(?:def|class) {name}\b", source), match[0]


def test_the_architecture_stays_short_enough_to_be_read() -> None:
    assert len(text("ARCHITECTURE.md").splitlines()) <= 110


def test_the_picture_of_the_architecture_is_that_of_the_code() -> None:
    picture = [line.strip() for line in (scrm.__doc__ or "").splitlines() if "►" in line]
    assert picture
    shown = [line.strip() for line in text("ARCHITECTURE.md").splitlines()]
    assert not set(picture) - set(shown)


def test_the_pictures_are_small_and_all_are_shown() -> None:
    pictures = sorted((DOCS / "images").iterdir())
    assert pictures
    for picture in pictures:
        assert picture.stat().st_size < LARGEST_PICTURE, picture.name
        assert f"docs/images/{picture.name}" in text("README.md")


def block(path: str, holding: str) -> str:
    """The fenced block of a page that holds this text."""
    return next(body for _kind, body in FENCED.findall(text(path)) if holding in body)


def command_lines() -> Iterator[str]:
    for kind, body in FENCED.findall(text("README.md")):
        if kind in {"sh", "console"}:
            yield from (line.removeprefix("$ ").strip() for line in body.splitlines() if line.strip())


def anchors(page: Path) -> set[str]:
    """The anchors that a page's headings make, as GitHub and others derive them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in headings}
