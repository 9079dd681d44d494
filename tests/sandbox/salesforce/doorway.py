"""Leads a `requests` session that asks for `https://*.salesforce.com` to a fake org on this machine.

simple-salesforce builds the address of the login from a fixed domain; an adapter on its session is the only way in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

import requests
from requests.adapters import HTTPAdapter

if TYPE_CHECKING:
    from requests import PreparedRequest, Response

    from scrm.sandbox.salesforce import Salesforce

SECONDS = 30.0


class Doorway(HTTPAdapter):
    """Sends every request to the org, whatever host it names; `X-Forwarded-Host` says which it was."""

    def __init__(self, base_url: str, ca_file: str | None) -> None:
        super().__init__()
        self._base = urlsplit(base_url)
        self._ca_file = ca_file

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        asked = urlsplit(str(request.url))
        request.headers["X-Forwarded-Host"] = asked.netloc
        request.url = urlunsplit((self._base.scheme, self._base.netloc, asked.path, asked.query, ""))
        kwargs["verify"] = self._ca_file or True
        kwargs["timeout"] = kwargs.get("timeout") or SECONDS
        return super().send(request, *args, **kwargs)


def session_to(org: Salesforce) -> requests.Session:
    """Return a session whose every https request goes to this org."""
    session = requests.Session()
    session.trust_env = False
    session.mount("https://", Doorway(org.base_url, org.ca_file))
    return session
