"""HTTP to Salesforce: deadlines on every request, checked hosts, and nothing but Salesforce's own ones.

simple-salesforce sets no timeout anywhere, knows https alone and follows whatever host a record names. It is given
this session, which sets timeouts in `send`, refuses other hosts, and leads to a sandbox org where one is configured.
"""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

import requests

from scrm.errors import HostRefusedError
from scrm.http import CONNECT_SECONDS, GuardedSession

READ_SECONDS = 120.0  # Salesforce itself ends a call after ten minutes; a batch of 200 takes seconds
OWN_HOSTS = ".salesforce.com"


class SalesforceSession(GuardedSession):
    """A session for one org. `sandbox_url`: http address of a sandbox org that stands in for every host."""

    def __init__(self, *, allowed: Iterable[str] = (), user_agent: str = "scrm", sandbox_url: str = "") -> None:
        hosts = set(allowed)
        if sandbox_url:
            hosts.add(urlsplit(sandbox_url).netloc)
        super().__init__(allowed=hosts, user_agent=user_agent)
        self._sandbox_url = sandbox_url.rstrip("/")

    @property
    def is_sandbox(self) -> bool:
        """Whether a sandbox org of ours stands in for Salesforce."""
        return bool(self._sandbox_url)

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Send with a timeout, to Salesforce alone; raises HostRefusedError."""
        parts = urlsplit(request.url or "")
        if self._sandbox_url:
            request.url = self._sandbox_url + (request.url or "").removeprefix(f"{parts.scheme}://{parts.netloc}")
            request.headers["X-Forwarded-Host"] = parts.netloc  # sandboxes answer at any name
        elif parts.scheme != "https" or not (parts.hostname or "").endswith(OWN_HOSTS):
            raise HostRefusedError("expected an address of Salesforce")
        kwargs["timeout"] = (CONNECT_SECONDS, READ_SECONDS)
        kwargs["allow_redirects"] = False
        return super().send(request, **kwargs)
