"""How Connections' HTTP behaves: a password or an OAuth token, Atom from some applications, JSON from others.

IBM Connections API 5.0/5.5 and recorded answers of real servers (read 2026-11-23). Tokens have addresses of their
own with `oauth` in them; where Blogs puts it is from memory. The header `X-LConn-Auth` says false to people who are
signed in, so it is not looked at. Whoever is not signed in may get a form with status 200: the access is gone, and
the sign-in is asked for a second opinion. No limits are documented.
"""

import re
from base64 import b64encode
from collections.abc import Iterable, Sequence
from urllib.parse import parse_qsl, urlsplit

from scrm.connectors.base import Account, Api, Client, raise_for_status
from scrm.connectors.connections.atom import Feed, Item, feed_of
from scrm.connectors.payload import Payload
from scrm.connectors.xml import parse_xml
from scrm.errors import AccessExpiredError, AccessRevokedError, GoneError, PayloadError, RetryLaterError
from scrm.http import Answer

PERSON = "urn:lsid:lconn.ibm.com:profiles.person:"
FORM = re.compile(rb'j_security_check|type=["\']?password|name=["\']?SAMLRequest', re.IGNORECASE)
PAGE = re.compile(rb"\s*<(!doctype\s+)?html", re.IGNORECASE)

Params = Sequence[tuple[str, str]]


class ConnectionsClient(Client):
    """Calls with the access of one person."""

    def headers(self, api: Api) -> dict[str, str]:
        if is_oauth(api):
            return {"Authorization": f"Bearer {api.credentials['access_token']}"}
        pair = f"{api.credentials['username']}:{api.credentials['password']}"
        return {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}

    def check(self, api: Api, answer: Answer) -> None:
        if answer.status == 401 or _asks_to_sign_in(answer):
            if api.renew is not None and "refresh_token" in api.credentials:
                raise AccessExpiredError("the access ran out", network=api.network)
            raise AccessRevokedError("the network does not accept the access", network=api.network)
        if answer.status < 300 and PAGE.match(answer.body):
            raise RetryLaterError("expected a feed from the network, not a page", network=api.network)
        raise_for_status(api, answer)


class OneObjectClient(ConnectionsClient):
    """Calls for one object: one that is refused alone is no longer visible to us."""

    def check(self, api: Api, answer: Answer) -> None:
        if answer.status == 403:
            who_am_i(api)  # refused as well: the access lacks a right, and nothing is gone
            raise GoneError("the network no longer shows this object", network=api.network)
        super().check(api, answer)


CLIENT = ConnectionsClient()
ONE = OneObjectClient()


def _asks_to_sign_in(answer: Answer) -> bool:
    """A form with status 200 in place of what was asked for."""
    return answer.status < 300 and bool(PAGE.match(answer.body)) and bool(FORM.search(answer.body))


def is_oauth(api: Api) -> bool:
    """Whether a token signs in; a password otherwise."""
    return "access_token" in api.credentials


def _atom(root: str, api: Api, path: str) -> str:
    return f"/{root}{'/oauth' if is_oauth(api) else ''}/atom/{path}"


def forums(api: Api, path: str) -> str:
    return _atom("forums", api, path)


def profiles(api: Api, path: str) -> str:
    return _atom("profiles", api, path)


def communities(api: Api, path: str) -> str:
    return f"/communities/service/atom/{'oauth/' if is_oauth(api) else ''}{path}"


def blogs(api: Api, path: str, *, handle: str | None = None) -> str:
    """`handle` names one blog; without it the site's own, which stands for all of them."""
    site = handle or api.app.get("blogs_home") or "homepage"
    return f"/blogs/{'oauth/' if is_oauth(api) else ''}{site}/{path}"


def rest(api: Api, path: str) -> str:
    return f"/connections/opensocial/{'oauth' if is_oauth(api) else 'basic'}/rest/{path}"


def feed(api: Api, path: str, params: Params, *, client: Client = CLIENT) -> Feed:
    """A feed, or the one entry that is the whole document."""
    answer = client.get(api, path, list(params))
    try:
        return feed_of(parse_xml(answer.body))
    except PayloadError as why:
        raise RetryLaterError("expected Atom from the network", network=api.network) from why


def next_query(api: Api, path: str, found: Feed) -> str | None:
    """The query of the next page. Servers name themselves wrongly, so only a link's path and query count.

    Recorded answers link to the same path on another host, port or scheme; the link's host is never called.
    """
    if found.next is None:
        return None
    parts = urlsplit(found.next)
    if parts.path.replace("/oauth/", "/") != path.replace("/oauth/", "/"):
        raise PayloadError("the next page leads to another list", network=api.network)
    return parts.query


def params_of(query: str) -> Params:
    return parse_qsl(query, keep_blank_values=True)


def listed(api: Api, path: str, params: Params, *, client: Client = CLIENT) -> list[Item]:
    """The objects of a JSON list; its `totalResults` is -1 and says nothing."""
    answer = client.get(api, path, list(params))
    return [one.raw() for one in Payload(client.decoded(api, answer)).children("list")]


def one(api: Api, path: str, client: Client = ONE) -> Item:
    """One object in JSON."""
    return Payload(client.decoded(api, client.get(api, path))).child("entry").raw()


def who_am_i(api: Api) -> Item:
    """Whose access this is; the cheapest call there is."""
    return one(api, rest(api, "people/@me/"), CLIENT)


def person_by_id(api: Api, userid: str) -> Item | None:
    """Somebody's entry in Profiles. It is asked for by id: by e-mail it would fail where e-mails are hidden."""
    try:
        found = feed(api, profiles(api, "profile.do"), [("userid", userid), ("format", "full")], client=ONE)
    except GoneError:
        return None
    return found.entries[0] if found.entries else None


def people(api: Api, userids: Iterable[str]) -> dict[str, Item]:
    """What Profiles shows of these people; those it does not know are left out."""
    found = {userid: person_by_id(api, userid) for userid in dict.fromkeys(userids)}
    return {userid: entry for userid, entry in found.items() if entry is not None}


def own_account(api: Api) -> Account:
    """Who we are on this connection; known since the sign-in."""
    if api.account is None:
        raise PayloadError("sign in before reading", network=api.network)
    return api.account


def bare(urn: str) -> str:
    """The id at the end of a person's URN."""
    return urn.removeprefix(PERSON)
