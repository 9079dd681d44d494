"""The API for the CRM and other systems: JSON under /api/v1, with a token, described by an OpenAPI document."""

from typing import Any, Final

from flask import Flask
from flask_smorest import Api  # type: ignore[import-untyped]

from scrm.runtime import Core
from scrm.web.api import contacts, deliveries, forgetting, profiles
from scrm.web.api.rate import Rate
from scrm.web.api.schemas import Problem
from scrm.web.api.tokens import RATE

PREFIX: Final = "/api/v1"
PARTS: Final = (contacts, profiles, deliveries, forgetting)


class _Api(Api):  # type: ignore[misc]
    ERROR_SCHEMA = Problem
    DEFAULT_ERROR_RESPONSE_NAME = None  # each route says what it may answer

    def _register_error_handlers(self) -> None:
        """Errors are answered by `errors`, for pages and API alike."""

    def _register_responses(self) -> None:
        """Describe errors as what they are: problem details."""
        self.DEFAULT_RESPONSE_CONTENT_TYPE = "application/problem+json"
        super()._register_responses()
        self.DEFAULT_RESPONSE_CONTENT_TYPE = Api.DEFAULT_RESPONSE_CONTENT_TYPE


def install(app: Flask) -> list[Any]:
    """Add the API; returns its blueprints, which need no form token because no cookie is looked at."""
    app.config.update(
        API_TITLE="scrm",
        API_VERSION="v1",
        OPENAPI_VERSION="3.0.3",
        OPENAPI_URL_PREFIX=PREFIX,
        OPENAPI_JSON_PATH="openapi.json",
    )
    core: Core = app.extensions["scrm"]
    scheme = {"components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}}}
    app.extensions[RATE] = Rate(core.settings.redis)
    api = _Api(app, spec_kwargs={**scheme, "security": [{"token": []}]})
    for part in PARTS:
        api.register_blueprint(part.blueprint)
    return [part.blueprint for part in PARTS]
