"""How Jive's REST API v3 behaves: who asks, what an answer means, lists, people in bulk.

developers.jivesoftware.com/api/v3/cloud/rest and the clients JiveDotNetSDK and jive-sdk of jivesoftware on GitHub
(read 2026-11-23). Every answer to a GET may begin with a line that is no JSON. An add-on that
asks too often gets 503 until it asks less (DOC-68846). Pages are cut before it is known what the asker may see, so
the end is where `links.next` is missing. `ids` of the list of people and the body of errors are from memory.
"""

import base64
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from scrm.connectors.base import Account, Api, Client, asked_to_wait, raise_for_status
from scrm.connectors.payload import Payload
from scrm.errors import AccessExpiredError, GoneError, PayloadError, RetryLaterError
from scrm.http import Answer

API = "/api/core/v3"
SECURITY_PREFIX = re.compile(rb"\s*throw [^;]*;\s*")
MOST_IDS = 100
THROTTLED_SECONDS = 10.0  # the span over which an add-on's requests are counted
LABELS = {"title": "title_label", "company": "company_label", "bio": "bio_label"}

Item = dict[str, Any]
Params = Sequence[tuple[str, str]]


class HiddenError(GoneError):
    """This one object may not be seen, or nothing may."""


class JiveClient(Client):
    """User name and password, or the token of an add-on."""

    def headers(self, api: Api) -> dict[str, str]:
        token = api.credentials.get("access_token")
        if token:
            return {"Authorization": f"Bearer {token}"}
        return basic(api.credentials["username"], api.credentials["password"])

    def check(self, api: Api, answer: Answer) -> None:
        if answer.status == 401 and api.renew is not None and "refresh_token" in api.credentials:
            raise AccessExpiredError("the access ran out", network=api.network)
        if answer.status == 503:
            wait = max(asked_to_wait(answer) or 0.0, THROTTLED_SECONDS)
            raise RetryLaterError("too many calls", network=api.network, retry_after=wait, throttled=True)
        raise_for_status(api, answer)

    def decoded(self, api: Api, answer: Answer) -> Any:
        return super().decoded(api, replace(answer, body=without_prefix(answer.body)))


class ObjectClient(JiveClient):
    """Asks for one object, which may be closed to us while everything else is open."""

    def check(self, api: Api, answer: Answer) -> None:
        if answer.status in {403, 501}:  # 501: objects of its kind have no such list
            raise HiddenError("the network does not show this object", network=api.network)
        super().check(api, answer)


CLIENT = JiveClient()
OBJECTS = ObjectClient()


def basic(name: str, secret: str) -> dict[str, str]:
    """The header of HTTP's Basic scheme (RFC 7617)."""
    text = base64.b64encode(f"{name}:{secret}".encode()).decode()
    return {"Authorization": f"Basic {text}"}


def without_prefix(body: bytes) -> bytes:
    """What follows the one statement that keeps browsers from running an answer as a script."""
    found = SECURITY_PREFIX.match(body)
    return body[found.end() :] if found else body


def listed(api: Api, path: str, params: Params = (), *, client: Client = CLIENT) -> tuple[list[Item], str | None]:
    """One page of a list, and the address of the next one; `path` may be such an address."""
    address = path if urlsplit(path).scheme else API + path
    found = Payload(client.json(api, address, list(params) or None))
    links = found.optional_child("links")
    following = links.optional_text("next") if links else None
    if following is not None and following == path:
        raise RetryLaterError("the next page leads to itself", network=api.network)
    return [one.raw() for one in found.children("list")], following


def walked(api: Api, path: str, params: Params, *, most: int) -> tuple[list[Item], bool]:
    """A list of an object from its beginning, and whether its end was reached within so many pages."""
    found: list[Item] = []
    for _ in range(most):
        page, following = listed(api, path, params, client=OBJECTS)
        found += page
        if following is None:
            return found, True
        path, params = following, ()
    return found, False


def the_object(api: Api, native_id: str) -> Item | None:
    """One object as it is now; None when it is gone or closed to us. Raises UnavailableError when everything is."""
    try:
        return Payload(OBJECTS.json(api, API + native_id), "object").raw()
    except HiddenError:
        own_person(api)
    except GoneError:
        pass
    return None


def own_person(api: Api) -> Item:
    """The person who asks."""
    return Payload(CLIENT.json(api, f"{API}/people/@me"), "person").raw()


def people(api: Api, ids: Iterable[str]) -> dict[str, Item]:
    """These people as the directory shows them, many a call; who is switched off is left out without a word.

    Where the directory is closed to us, people remain as short as they stand in what they wrote.
    """
    wanted = sorted(set(ids))
    found = {}
    for start in range(0, len(wanted), MOST_IDS):
        some = ",".join(wanted[start : start + MOST_IDS])
        params = [("ids", some), ("fields", "@all"), ("count", str(MOST_IDS))]
        try:
            page, _ = listed(api, "/people", params, client=OBJECTS)
        except GoneError:
            break
        for one in page:
            found[Payload(one).text("id")] = labeled(api.app, one)
    return found


def labeled(app: Mapping[str, str], person: Item) -> Item:
    """A person together with what this community calls the rows of a profile that we look for."""
    return {"person": person, "labels": {name: app.get(field, "") for name, field in LABELS.items()}}


def with_authors(api: Api, items: Sequence[Item], *names: str) -> list[Item]:
    """Items with the full profiles of whoever wrote what stands under these names."""
    ids = [(item, name, author) for item in items for name in names for author in author_ids([item], name)]
    found = people(api, (author for _, _, author in ids)) if ids else {}
    for item, name, author in ids:
        if author in found:
            item[f"{name}_author"] = found[author]
    return list(items)


def author_ids(items: Iterable[Item], name: str) -> Iterator[str]:
    """Ids of those who wrote what stands under this name; what makes no sense is left to be quarantined."""
    for item in items:
        with suppress(PayloadError):
            number = Payload(item).child(name).child("author").optional_text("id") or ""
            if number.isascii() and number.isdigit():  # else one odd id would have the whole call refused
                yield number


def own_account(api: Api) -> Account:
    """Who we are on this connection; known since the sign-in."""
    if api.account is None:
        raise PayloadError("sign in before reading", network=api.network)
    return api.account
