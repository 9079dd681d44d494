"""The company Nordwerk: its directory, over real HTTP, and its people on their way in through a browser."""

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from flask.testing import FlaskClient
from sqlalchemy import select

from scrm.config import Settings
from scrm.models import User
from scrm.runtime import Core
from scrm.sandbox.identity import Employee, Grant, IdentityServer
from tests.web.conftest import TOKEN

PASSWORD = "seven-quiet-harbors"
BACK = "/sign-in/company/back"
ADA = Employee(subject="248289761001", name="Ada Nilsson", email="Ada@Nordwerk.example", groups=("crm-admins", "all"))
BEN = Employee(subject="248289761002", name="Ben Yıldız", email="ben@nordwerk.example", groups=("crm-stewards",))
CAI = Employee(subject="248289761003", name="Cai Owen", email="cai@nordwerk.example", groups=("canteen",))
DAN = Employee(subject="248289761004", name="Dan Elsewhere", email="dan@elsewhere.example", groups=("crm-stewards",))
EVE = Employee(
    subject="248289761005", name="Eve", email="eve@nordwerk.example", groups=("crm-admins",), email_verified=False
)
ROLES = ("crm-admins=admin", "crm-stewards=steward")


class TwistedServer(IdentityServer):
    """A directory whose tokens are not in order, in the way a test wants."""

    change: Callable[[dict[str, Any]], object] = staticmethod(lambda _claims: None)
    sealed: Callable[[dict[str, Any]], str] | None = None

    def claims(self, grant: Grant) -> dict[str, Any]:
        found = super().claims(grant)
        self.change(found)
        return found

    def sign(self, claims: dict[str, Any]) -> str:
        return self.sealed(claims) if self.sealed else super().sign(claims)


@pytest.fixture
def company() -> Iterator[TwistedServer]:
    with TwistedServer(people=[ADA, BEN, CAI, DAN, EVE]) as running:
        yield running


@pytest.fixture
def settings(settings: Settings, company: IdentityServer) -> Settings:
    chosen = dataclasses.replace(
        settings,
        oidc_issuer=company.issuer,
        oidc_client_id=company.client_id,
        oidc_client_secret=company.client_secret,
        oidc_roles=ROLES,
        oidc_domains=("nordwerk.example",),
        allowed_hosts=(company.host,),
    )
    company.redirect_uri = chosen.base_url + BACK
    company.left_uri = chosen.base_url + "/sign-in"
    return chosen


def return_path(address: str, who: Employee, decision: str = "yes") -> str:
    """What a browser does at the directory; the path it comes back on."""
    assert requests.get(address, timeout=10).status_code == 200
    asked = dict(parse_qsl(urlsplit(address).query))
    url = address.partition("?")[0]
    answer = requests.post(
        url, data=asked | {"account": who.subject, "decision": decision}, allow_redirects=False, timeout=10
    )
    assert answer.status_code == 302, answer.text
    back = urlsplit(answer.headers["Location"])
    return f"{back.path}?{back.query}"


def set_out(client: FlaskClient, onward: str = "") -> str:
    answer = client.get(f"/sign-in/company{onward}")
    assert answer.status_code == 302, answer.get_data(as_text=True)
    return str(answer.location)


def come(client: FlaskClient, who: Employee) -> Any:
    return client.get(return_path(set_out(client), who))


def connect_address(client: FlaskClient) -> str:
    """Where somebody signed in is sent to connect their company account."""
    form = TOKEN.search(client.get("/me").get_data(as_text=True))[1]
    page = client.post("/sign-in/company/connect", data={"csrf_token": form}).get_data(as_text=True)
    return page.partition('content="0; url=')[2].partition('"')[0].replace("&amp;", "&")


def is_in(client: FlaskClient) -> bool:
    return client.get("/me").status_code == 200


def person(core: Core, who: Employee) -> User | None:
    with core.db.read() as session:
        return session.scalars(select(User).where(User.email == who.email.lower())).one_or_none()
