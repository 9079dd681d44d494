"""How Graph and SharePoint's own REST behave: an access for each, errors by their code, lists in pages.

learn.microsoft.com/graph/errors and learn.microsoft.com/graph/throttling (read 2026-11-23): SharePoint throttles with
429 or 503 and `Retry-After`. Comments and likes exist in SharePoint's own REST alone, which takes no token of Graph's
(@pnp/sp 4.21.0, read 2026-11-23). That Microsoft asks who calls to name itself in the User-Agent is from memory.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from scrm.connectors.base import Api, Client, origin
from scrm.connectors.entra import check_graph, graph_codes
from scrm.connectors.payload import Payload
from scrm.errors import AccessExpiredError, AccessRevokedError, PayloadError, RetryLaterError
from scrm.http import Answer

GRAPH = "/v1.0"
NAME = "NONISV|scrm|scrm/0.1"
TOKEN, REST_TOKEN = "access_token", "sharepoint_access_token"
SITE, SITE_PATH, PAGES_LIST = "site", "site_path", "pages_list"  # among the credentials since the sign-in
RESET = frozenset({"resyncrequired", "syncstatenotfound"})
MOST_SITES_PAGES = 10

Item = dict[str, Any]


class LostPlaceError(RetryLaterError):
    """The network no longer knows what changed since then: everything is read again, from `begins` if it is named."""

    def __init__(self, message: str, *, network: str, begins: str | None) -> None:
        super().__init__(message, network=network)
        self.begins = begins


class GraphClient(Client):
    """What Graph shows the connected account."""

    def headers(self, api: Api) -> dict[str, str]:
        return {"Authorization": f"Bearer {api.credentials[TOKEN]}", "User-Agent": NAME}

    def check(self, api: Api, answer: Answer) -> None:
        codes = {code.lower() for code in graph_codes(answer)} if answer.status >= 400 else set()
        if answer.status == 410 or codes & RESET:
            begins = answer.headers.get("Location")
            raise LostPlaceError("the network begins its list of changes anew", network=api.network, begins=begins)
        try:
            check_graph(api, answer)
        except AccessExpiredError:
            if api.renew is None:
                raise AccessRevokedError("the network does not accept the access", network=api.network) from None
            raise


class RestClient(GraphClient):
    """What SharePoint's own REST shows; its errors have codes of their own, so the status alone counts there."""

    def headers(self, api: Api) -> dict[str, str]:
        access = {"Authorization": f"Bearer {api.credentials[REST_TOKEN]}"}
        return super().headers(api) | access | {"Accept": "application/json;odata=nometadata"}


CLIENT = GraphClient()
REST = RestClient()


def in_site(api: Api, path: str = "") -> str:
    """An address of the connected site at Graph."""
    return f"{GRAPH}/sites/{quote(api.credentials[SITE], safe=',')}{path}"


def got(api: Api, path: str, params: Mapping[str, str] | None = None) -> Payload:
    """One object of Graph's."""
    return Payload(CLIENT.json(api, path, params), "answer")


def linked(api: Api, found: Payload, name: str) -> str | None:
    """A link to more; one that leads to another host than Graph's is refused."""
    address = found.optional_text(f"@odata.{name}")
    if address is not None and origin(address) != origin(api.base_url):
        raise PayloadError("a link leads to another host", network=api.network)
    return address


def values(found: Payload, network: str) -> list[Item]:
    """The entries of a list."""
    if not found.has("value"):
        raise PayloadError(f"{found.path}.value: expected a list", network=network)
    return [one.raw() for one in found.children("value")]


def sites(api: Api) -> list[Payload]:
    """The sites that whoever signed in may read, as far as a search lists them."""
    found: list[Payload] = []
    address: str | None = f"{GRAPH}/sites"
    params: Mapping[str, str] | None = {"search": "*", "$select": "id,displayName,name,webUrl,isPersonalSite"}
    for _ in range(MOST_SITES_PAGES):
        if address is None:
            break
        answer = got(api, address, params)
        found += answer.children("value")
        address, params = linked(api, answer, "nextLink"), None
    return [one for one in found if not one.flag("isPersonalSite")]


def list_names(api: Api) -> tuple[str, ...]:
    """The lists that the admin names; nobody asks for one, so by default none is read."""
    names = (name.strip() for name in api.app.get("lists", "").split(";"))
    return tuple(dict.fromkeys(name for name in names if name))
