"""Every error class is named where somebody decides what happens next."""

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest

import scrm
from scrm import errors
from scrm.errors import CrmRetryLaterError, NetworkError, RetryLaterError, ScrmError

PACKAGE = Path(scrm.__file__).parent
DECIDES = {
    "ConfigError": ["cli/__init__.py"],
    "InputError": ["web/errors.py", "web/connections.py", "web/review.py"],
    "ConflictError": ["web/errors.py", "web/review.py"],
    "WebhookRefusedError": ["web/webhooks.py"],
    "EndpointUnknownError": ["web/webhooks.py"],
    "LostLeaseError": ["ingest/run.py"],
    "SealError": ["ingest/run.py", "web/webhooks.py"],
    "BudgetSpentError": ["ingest/run.py"],
    "AccessExpiredError": ["connectors/base.py", "ingest/run.py"],
    "AccessRevokedError": ["ingest/run.py", "ingest/connections.py"],
    "VersionDeadError": ["ingest/run.py"],
    "GoneError": ["ingest/run.py"],
    "PayloadError": ["ingest/run.py", "ingest/translate.py"],
    "HostRefusedError": ["ingest/run.py"],
    "DirectoryError": ["web/single_sign_on.py"],
    "CrmBudgetSpentError": ["sync/outbox.py"],
    "CrmAuthError": ["jobs.py", "sync/outbox.py"],
}
BASES = {  # what is not known more exactly is dealt with there
    "ScrmError": ["cli/__init__.py"],
    "NetworkError": ["ingest/run.py", "web/connections.py"],
    "RetryLaterError": ["ingest/run.py"],
    "UnavailableError": ["ingest/run.py"],
    "CrmRetryLaterError": ["jobs.py", "sync/outbox.py"],
    "CrmError": [],  # deliberately: one that is neither of its kinds is a fault of ours and ends the job, logged
}
CLASSES = {name: kind for name, kind in vars(errors).items() if inspect.isclass(kind) and issubclass(kind, ScrmError)}


def names_in(node: ast.AST | None, constants: dict[str, set[str]]) -> set[str]:
    """Names in an expression; a module's own tuple of classes counts as its classes."""
    found: set[str] = set()
    for part in ast.walk(node) if node is not None else ():
        if isinstance(part, ast.Name):
            found |= constants.get(part.id, {part.id})
    return found


def decided(tree: ast.Module) -> Iterator[str]:
    """Names of classes that this module catches, asks for, or registers a handler for."""
    constants = {
        node.targets[0].id: {part.id for part in node.value.elts if isinstance(part, ast.Name)}
        for node in tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Tuple)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler):
            yield from names_in(node.type, constants)
        elif isinstance(node, ast.Compare):  # with the name that was noted as what stands in the way
            for part in ast.walk(node):
                if isinstance(part, ast.Attribute) and part.attr == "__name__":
                    yield from names_in(part.value, constants)
        elif isinstance(node, ast.Call):
            called = ast.unparse(node.func).rpartition(".")[2]
            if called == "isinstance":
                yield from names_in(node.args[1], constants)
            elif called in {"suppress", "register_error_handler"}:
                for argument in node.args:
                    yield from names_in(argument, constants)


@pytest.mark.parametrize(("name", "file"), [(n, f) for n, files in (DECIDES | BASES).items() for f in files])
def test_an_error_is_decided_upon_by_name(name: str, file: str) -> None:
    assert name in set(decided(ast.parse((PACKAGE / file).read_text(encoding="utf-8"))))


def test_the_table_knows_every_class() -> None:
    # a connector may know a finer kind of its own; who decides meets it as one of these
    leaves = {name for name, kind in CLASSES.items() if not set(kind.__subclasses__()) & set(CLASSES.values())}
    assert set(DECIDES) == leaves
    assert set(BASES) == set(CLASSES) - leaves


def test_a_name_that_is_only_raised_or_imported_is_not_decided_upon() -> None:
    source = (
        "from scrm.errors import A, B, C, D, E\nMINE = (C,)\ntry:\n    raise A\nexcept MINE:\n    isinstance(x, D)\n"
        "    state.problem not in {None, E.__name__}\n    state.problem = B.__name__\n"
    )
    assert set(decided(ast.parse(source))) == {"C", "D", "E"}


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_every_class_says_what_its_catcher_does(name: str) -> None:
    assert name.endswith("Error")
    assert len(vars(CLASSES[name]).get("__doc__") or "") > 20


def test_every_class_is_made_somewhere() -> None:
    made = set()
    for file in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                made.add(ast.unparse(node.func).rpartition(".")[2])
    of_other_crms = {"CrmAuthError", "CrmRetryLaterError"}  # promised by the protocol; the built-in one is never away
    assert set(DECIDES) - made - of_other_crms == set()


def test_a_network_error_knows_where_and_how_long() -> None:
    why = RetryLaterError("too many calls", network="mastodon", stream="mentions", retry_after=5.0, throttled=True)
    assert isinstance(why, NetworkError)
    assert (str(why), why.network, why.stream, why.retry_after, why.throttled) == (
        "too many calls",
        "mastodon",
        "mentions",
        5.0,
        True,
    )
    assert CrmRetryLaterError("wait").retry_after is None


def test_a_config_error_lists_its_faults() -> None:
    why = errors.ConfigError(["SCRM_PORT: expected a whole number", "SCRM_LOCALE: expected en or de"])
    assert why.faults == str(why).split("; ")
