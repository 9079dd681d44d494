"""An application over a real database, and browsers signed in as each role."""

import re
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from scrm.i18n import language
from scrm.runtime import Core
from scrm.web import create_app
from scrm.web.auth import cookie_name
from scrm.web.people import open_session
from tests.web import networks, seed

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    networks.register()
    language.set("en")
    yield
    networks.unregister()


@pytest.fixture
def app(core: Core) -> Flask:
    return create_app(core)


@pytest.fixture
def seeded(core: Core) -> seed.Seeded:
    return seed.seed(core.db)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


class Browser:
    """A test client that takes the form token from the page, as a browser does."""

    def __init__(self, app: Flask, user_id: int | None) -> None:
        self.client = app.test_client()
        if user_id is not None:
            core: Core = app.extensions["scrm"]
            with core.db.write("test.session") as session:
                token = open_session(session, user_id, core.db.clock.now())
            with app.test_request_context():
                self.client.set_cookie(cookie_name(), token)

    def get(self, path: str, status: int = 200) -> str:
        answer = self.client.get(path)
        assert answer.status_code == status, (path, answer.status_code, answer.location)
        return answer.get_data(as_text=True)

    def post(self, page: str, path: str, **fields: object) -> TestResponse:
        """Open a page, then send a form with its token."""
        found = TOKEN.search(self.client.get(page, follow_redirects=True).get_data(as_text=True))
        assert found, page
        return self.client.post(path, data={"csrf_token": found[1], **fields})


@pytest.fixture
def browse(app: Flask, seeded: seed.Seeded) -> Callable[[str], Browser]:
    """A browser signed in as admin, steward or rep."""

    def signed_in(role: str) -> Browser:
        return Browser(app, getattr(seeded, role).id)

    return signed_in
