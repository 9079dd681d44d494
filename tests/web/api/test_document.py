"""The API over HTTP is as its own document says: Schemathesis asks every route, rightly and wrongly.

A real web process on seeded rows. What is asked rightly is asked of things that exist. Every border of what is
described is tried on both sides; SCRM_TEST_EXAMPLES says how many examples of each route are made up besides.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import positive_data_acceptance
from schemathesis.generation import GenerationMode
from schemathesis.schemas import APIOperation, BaseSchema
from sqlalchemy import select, update

from scrm.cli.opening import open_prepared
from scrm.cli.processes import wait_until
from scrm.config import Settings
from scrm.migrations import upgrade
from scrm.models import (
    Consent,
    Forgetting,
    ForgettingState,
    Ground,
    InboxItem,
    InboxState,
    Interaction,
    Judgment,
    Profile,
    Role,
    uuid7,
)
from scrm.runtime import Core
from scrm.web.api.tokens import Scope, Wish, make_token
from tests.cli.running import ROOT, free_port
from tests.web.seed import seed

pytestmark = [pytest.mark.processes, pytest.mark.timeout(300)]
EXAMPLES = int(os.environ.get("SCRM_TEST_EXAMPLES", "5"))
ROUTES = 20


@dataclass(frozen=True, kw_only=True)
class Served:
    """A web process, a token for each route (one alone would call too often), and things that exist."""

    base: str
    tokens: list[str]
    ids: dict[str, object]

    def header(self, label: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens[sum(label.encode()) % len(self.tokens)]}"}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    settings = Settings(state_dir=folder)
    upgrade(settings.database)
    core = open_prepared(settings)
    tokens, ids = _seed(core)
    core.db.close()
    with _web(folder) as base:
        yield Served(base=base, tokens=tokens, ids=ids)


def _seed(core: Core) -> tuple[list[str], dict[str, object]]:
    seeded, now = seed(core.db), core.db.clock.now()
    with core.db.write("test.known") as session:
        for model in (Profile, Interaction):  # the process knows the real networks alone
            for invented, real in (("harbor", "mastodon"), ("quay", "bluesky")):
                session.execute(update(model).where(model.network == invented).values(network=real))
        theirs = {"profile_id": seeded.waiting[0].id, "given_at": now, "source": "by mail"}
        ground = Ground(public_id=uuid7(), purpose="support", basis="consent", recorded_by="api", **theirs)
        asked = {"origin": "api", "reference": "T-1", "asked_at": now, "state": ForgettingState.WAITING}
        request = Forgetting(public_id=uuid7(), profile_id=seeded.waiting[1].id, **asked)
        session.add_all([Consent(**theirs), ground, request])
        state = InboxState.QUARANTINED.value
        aside = InboxItem(endpoint="erp", delivery_key="1", received_at=now, body=b"{}", state=state)
        session.add(aside)
        session.flush()
        wish = Wish(name="test", role=Role.ADMIN, scopes=list(Scope), owner=seeded.admin)
        tokens = [make_token(session, wish, now) for _ in range(ROUTES * 4)]
        ids = {
            "contact_id": str(seeded.contacts[3].public_id),
            "profile_id": str(seeded.waiting[0].public_id),
            "delivery_id": aside.id,
            "ground_id": str(ground.public_id),
            "request_id": str(request.public_id),
            "judgment_id": session.scalars(select(Judgment.id).limit(1)).one(),
        }
    return tokens, ids


@contextmanager
def _web(folder: Path) -> Iterator[str]:
    base, port = None, free_port()
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "SCRM_STATE_DIR": str(folder),
        "SCRM_LOG_LEVEL": "error",
    }
    command = [sys.executable, "-m", "scrm.cli", "web", "--host", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen(command, env=environment, cwd=folder)
    base = f"http://127.0.0.1:{port}"
    try:
        assert wait_until(lambda: _answers(base), 60)
        yield base
    finally:
        process.terminate()
        process.wait(30)


def _answers(base: str) -> bool:
    try:
        return requests.get(f"{base}/health/live", timeout=2).ok
    except requests.RequestException:
        return False


@pytest.fixture(scope="module")
def document(served: Served) -> BaseSchema:
    return schemathesis.openapi.from_url(f"{served.base}/api/v1/openapi.json")


def test_the_document_names_every_route(document: BaseSchema) -> None:
    assert len(list(document.get_all_operations())) == ROUTES


@pytest.mark.parametrize("number", range(ROUTES))
def test_a_route_is_as_the_document_says(document: BaseSchema, served: Served, number: int) -> None:
    route = list(document.get_all_operations())[number].ok()
    for case in _borders(document, route):
        _ask(served, case)
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):

        @given(case=route.as_strategy(mode))
        @examples(
            max_examples=EXAMPLES,
            derandomize=True,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        def made_up(case: schemathesis.Case) -> None:
            _ask(served, case)

        with suppress(Unsatisfiable):  # nothing can be asked wrongly of a route that takes nothing
            made_up()


def _borders(document: BaseSchema, route: APIOperation) -> Iterator[schemathesis.Case]:
    """Rightly and wrongly, each side of every border of what is described; methods, headers and tokens too."""
    return document.iter_coverage_cases(
        route,
        generation_modes=[GenerationMode.POSITIVE, GenerationMode.NEGATIVE],
        generation_config=document.config.generation_for(operation=route),
    )


def _ask(served: Served, case: schemathesis.Case) -> None:
    if case.meta is not None and case.meta.generation.mode is GenerationMode.POSITIVE:
        case.path_parameters.update({name: served.ids[name] for name in case.path_parameters})
    label = case.operation.label
    # that all verdicts but one need a contact, and that an end follows its beginning, is said in words: the document
    # has no way to say it
    but = [positive_data_acceptance] if label.endswith(("/judgments", "/grounds")) else []
    case.call_and_validate(base_url=served.base, headers=served.header(label), excluded_checks=but, timeout=30)
