"""The shape of the source: who may import whom, how long a file may be, and words that have no place here."""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from scrm.connectors.registry import connectors
from scrm.models import Row

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "scrm"
LINT = Path(sys.executable).with_name("lint-imports")
LONGEST = 400
LONG_TESTS = {  # longer than they should be; a file that is split is taken off this list
    "tests/sync/test_outbox.py",
    "tests/sync/test_timeline.py",
}
ENVIRONMENT = {"os.environ", "os.environb", "os.getenv", "os.getenvb"}
BIN = re.compile(r"(utils?|helpers?|common|misc|managers?|services?|handlers?)", re.IGNORECASE)
KEEPS = {  # what only these may import
    "flask": ("web/", "sandbox/"),
    "rq": ("jobs.py", "schedule.py", "cli/"),
    "redis": ("jobs.py", "schedule.py", "cli/", "web/health.py", "web/api/rate.py", "web/throttle.py"),
    "simple_salesforce": ("sync/crm/salesforce/",),
    "requests": ("http.py", "connectors/paging.py", "sync/crm/salesforce/"),
    "grpc": ("sync/crm/salesforce/pubsub.py", "sandbox/"),
    "fastavro": ("sync/crm/salesforce/pubsub.py", "sandbox/"),
    "dotenv": ("cli/__init__.py",),
    "cryptography": ("vault.py", "sandbox/"),
}
OTHER_WORDS = re.compile(  # the glossary has another word for each of these
    "Platform|Channel|Silo|Provider|Plugin|Bookmark|Checkpoint|Watermark|Engagement|Suggestion|Moderation|Triage|Tenant"
    "|Manager|Helper|Util(s|ities)?$|Service$"
)
FORBIDDEN = {  # split, so that this file does not hold them
    "the tools it was written with": ["chat" + "gpt", "open" + "ai", "co" + "pilot", "anthro" + "pic", "clau" + "de"],
    "paths of one machine": ["/wo" + "rk/", "/ro" + "ot/", "/ho" + "me/"],
    "addresses of package registries": ["py" + "pi.org", "python" + "hosted.org"],
}


VIOLATIONS = {
    "a connector imports its sibling": (
        "connectors/mastodon/translation.py",
        "from scrm.connectors.bluesky import translation",
        {"Connectors do not know each other"},
    ),
    "a connector imports SQLAlchemy": (
        "connectors/mastodon/translation.py",
        "import sqlalchemy",
        {"Connectors know neither database nor web nor queue nor CRM"},
    ),
    "a connector imports the tables": (
        "connectors/mastodon/translation.py",
        "import scrm.models",
        {"Data flows one way", "Connectors know neither database nor web nor queue nor CRM"},
    ),
    "matching imports sync": ("matching/load.py", "import scrm.sync.timeline", {"Data flows one way"}),
    "ingest imports matching": ("ingest/store.py", "import scrm.matching.judgments", {"Data flows one way"}),
    "a lower layer imports a higher one": ("clock.py", "import scrm.logs", {"Data flows one way"}),
    "the tables import requests": (
        "models/due.py",
        "import requests",
        {"Matching and models never leave the house"},
    ),
    "matching imports the guarded session": (
        "matching/load.py",
        "import scrm.http",
        {"Matching and models never leave the house"},
    ),
    "a rule imports SQLAlchemy": ("matching/rules/names.py", "import sqlalchemy", {"Rules are pure"}),
    "a rule imports the tables": ("matching/rules/names.py", "import scrm.models", {"Rules are pure"}),
    "the sandbox imports the product": (
        "sandbox/ledger.py",
        "from scrm.records import Key",
        {"The sandbox knows nothing of the product"},
    ),
    "a module stands in no layer": ("novelty.py", "", {"Data flows one way"}),
}


def lint(checkout: Path) -> tuple[int, str]:
    done = subprocess.run(
        [LINT, "--no-cache", "--config", checkout / "pyproject.toml"],
        cwd=checkout,
        env={"PYTHONPATH": str(checkout), "PATH": "/usr/bin:/bin", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def contracts() -> set[str]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return {contract["name"] for contract in settings["tool"]["importlinter"]["contracts"]}


def test_every_import_rule_holds() -> None:
    code, said = lint(ROOT)
    assert code == 0, said
    assert set(re.findall(r"^(.+?) KEPT", said, re.MULTILINE)) == contracts()


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the source, to be violated and repaired again."""
    checkout = tmp_path_factory.mktemp("layout")
    shutil.copytree(PACKAGE, checkout / "scrm", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", checkout)
    return checkout


@pytest.mark.parametrize("violation", VIOLATIONS)
def test_a_violation_breaks_its_rule_and_is_found_where_it_stands(copied: Path, violation: str) -> None:
    name, line, broken = VIOLATIONS[violation]
    file = copied / "scrm" / name
    before = file.read_text(encoding="utf-8") if file.exists() else None
    file.write_text(f"{before or ''}\n{line}\n", encoding="utf-8")
    try:
        code, said = lint(copied)
    finally:
        file.unlink() if before is None else file.write_text(before, encoding="utf-8")
    assert code == 1, said
    assert set(re.findall(r"^(.+?) BROKEN", said, re.MULTILINE)) == broken
    assert "scrm." + name.removesuffix(".py").replace("/", ".") in said


def test_every_import_rule_was_seen_to_break() -> None:
    assert set().union(*(broken for _, _, broken in VIOLATIONS.values())) == contracts()


def sources() -> Iterator[Path]:
    yield from sorted(PACKAGE.rglob("*.py"))


def test_no_file_is_longer_than_one_can_read() -> None:
    files = [*sources(), *ROOT.glob("tests/**/*.py"), *ROOT.glob("bench/**/*.py"), *ROOT.glob("docs/**/*.py")]
    lengths = {str(file.relative_to(ROOT)): len(file.read_text(encoding="utf-8").splitlines()) for file in files}
    assert {name: n for name, n in lengths.items() if n > LONGEST and name not in LONG_TESTS} == {}


def test_no_module_is_a_bin_for_whatever_has_no_place() -> None:
    assert [str(file) for file in sources() if BIN.fullmatch(file.stem) or BIN.fullmatch(file.parent.name)] == []


def test_a_connectors_folder_is_its_key() -> None:
    folders = {file.parent.name for file in (PACKAGE / "connectors").glob("*/connector.py")} - {"_example"}
    assert folders == set(connectors())


def imports(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


@pytest.mark.parametrize("library", KEEPS)
def test_a_library_is_used_only_where_it_belongs(library: str) -> None:
    users = {
        str(file.relative_to(PACKAGE))
        for file in sources()
        if any(name.partition(".")[0] == library for name in imports(file))
    }
    assert {user for user in users if not user.startswith(KEEPS[library])} == set()


def test_only_the_settings_read_the_environment() -> None:
    readers = {
        str(file.relative_to(PACKAGE))
        for file in sources()
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if (isinstance(node, ast.Attribute) and ast.unparse(node) in ENVIRONMENT)
        or (isinstance(node, ast.ImportFrom) and node.module == "os" and {"environ", "getenv"} & _names(node))
    }
    assert readers == {"config.py"}


def _names(node: ast.ImportFrom) -> set[str]:
    return {alias.name for alias in node.names}


def test_classes_and_tables_use_the_words_of_the_glossary() -> None:
    found = [
        f"{file.relative_to(ROOT)}:{node.lineno} {node.name}"
        for file in sources()
        if "sandbox" not in file.parts  # which speaks the networks' own words
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef) and OTHER_WORDS.search(node.name)
    ]
    found += [name for name in Row.metadata.tables if OTHER_WORDS.search(name.title().replace("_", ""))]
    assert found == []


def test_the_repository_speaks_of_the_product_alone() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout: nobody knows which files belong to it")
    found = []
    for name in filter(None, listed.stdout.split("\0")):
        file = ROOT / name
        if not file.is_file() or b"\0" in (data := file.read_bytes()):
            continue
        text = data.decode("utf-8", "replace").lower()
        found += [f"{name}: {why}" for why, words in FORBIDDEN.items() if any(word in text for word in words)]
    assert found == []
