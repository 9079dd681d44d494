"""A fake org, an hour that tests turn by hand, and the real simple-salesforce client that talks to it."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from simple_salesforce.api import Salesforce as Client
from simple_salesforce.exceptions import SalesforceError

from scrm.sandbox.salesforce import Salesforce
from scrm.sandbox.salesforce.org import INTEGRATION_USER
from scrm.sandbox.salesforce.package import read_zip
from tests.sandbox.salesforce.doorway import session_to
from tests.sandbox.salesforce.metadata import package

VERSION = "68.0"
FIXTURES = Path(os.environ.get("SCRM_SHARED") or Path(__file__).parents[4] / "shared") / "fixtures" / "salesforce"
START = datetime(2026, 11, 24, 8, tzinfo=UTC)


class Clock:
    """Stands still until a test turns it."""

    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> datetime:
        return self.at

    def turn(self, **by: float) -> None:
        self.at += timedelta(**by)


class Rest:
    """The API without a client between: any method, path and body."""

    def __init__(self, org: Salesforce, username: str | None = None) -> None:
        self.org = org
        self.session = session_to(org)
        self.token = org.open_session(username) if username else org.open_session()

    def __call__(
        self, method: str, path: str, body: Any = None, *, version: str = VERSION, **headers: str
    ) -> requests.Response:
        url = f"https://nordwerk.my.salesforce.com/services/data/v{version}/{path}"
        sent = {"Authorization": f"Bearer {self.token}", **{k.replace("_", "-"): v for k, v in headers.items()}}
        return self.session.request(method, url, json=body, headers=sent)

    def ok(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        answer = self(method, path, body, **headers)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    def query(self, text: str, *, name: str = "query") -> list[dict[str, Any]]:
        answer = self.session.get(
            f"https://nordwerk.my.salesforce.com/services/data/v{VERSION}/{name}/",
            params={"q": text},
            headers={"Authorization": f"Bearer {self.token}"},
        )
        assert answer.status_code == 200, answer.text
        records: list[dict[str, Any]] = answer.json()["records"]
        return records


def error_of(caught: pytest.ExceptionInfo[SalesforceError]) -> Any:
    """The body of the refusal, which the client's annotations call a number."""
    return caught.value.content


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def org(clock: Clock) -> Iterator[Salesforce]:
    with Salesforce(clock=clock) as fake:
        yield fake


@pytest.fixture
def rest(org: Salesforce) -> Iterator[Rest]:
    rest = Rest(org)
    yield rest
    rest.session.close()


@pytest.fixture
def client(org: Salesforce) -> Iterator[Any]:
    """simple-salesforce with a token it did not have to ask for."""
    session = session_to(org)
    yield Client(session_id=org.open_session(), instance_url=org.base_url, version=VERSION, session=session)
    session.close()


@pytest.fixture
def notes(rest: Rest, org: Salesforce) -> Rest:
    """A client that may write the notes of `metadata.py`."""
    assert org.people.deploy(read_zip(package().getvalue())) == []
    org.people.assign("Writer", INTEGRATION_USER)
    return rest


@pytest.fixture
def fixtures() -> Path:
    """The folder of recorded answers, when it lies beside the checkout."""
    if not FIXTURES.is_dir():
        pytest.skip("the recorded answers of Salesforce are not beside this checkout")
    return FIXTURES
