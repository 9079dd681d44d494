"""Says yes on a fake network's consent page, as the browser of the company's admin would.

The first choice of every list is taken: on each fake that is the company's account or somebody who may act for it.
"""

from __future__ import annotations

import http.client
from html.parser import HTMLParser
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit


class _Form(HTMLParser):
    """The fields of the page's one form, as they are sent when nobody changes anything."""

    def __init__(self) -> None:
        super().__init__()
        self.action = ""
        self.fields: dict[str, str] = {}
        self._list = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.action = given.get("action", "")
        elif tag == "input" and given.get("type") in {"hidden", "radio"}:
            self.fields.setdefault(given["name"], given.get("value", ""))
        elif tag == "select":
            self._list = given["name"]
        elif tag == "option":
            self.fields.setdefault(self._list, given.get("value", ""))
        elif tag == "button" and given.get("name"):
            self.fields.setdefault(given["name"], given.get("value", ""))  # the first button says yes


def allow(address: str) -> tuple[str, str]:
    """Open a consent page, say yes, and return state and code with which the browser is sent back.

    Raises ValueError when the page has no form or does not send back.
    """
    status, body, _ = _ask("GET", address)
    form = _Form()
    form.feed(body)
    if status != 200 or not form.fields:
        raise ValueError(f"no consent page: {status}")
    target = urljoin(address, form.action) if form.action else address
    status, _, location = _ask("POST", target, urlencode(form.fields))
    back = parse_qs(urlsplit(location).query)
    if "code" not in back:
        raise ValueError(f"the network did not send back with a code: {status}")
    return back["state"][0], back["code"][0]


def _ask(method: str, address: str, body: str | None = None) -> tuple[int, str, str]:
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.netloc, timeout=30)
    headers = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
    try:
        connection.request(method, f"{parts.path}?{parts.query}" if parts.query else parts.path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode(), answer.getheader("Location") or ""
    finally:
        connection.close()
