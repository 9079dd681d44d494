"""Who did it: names are asked for by themselves, and LinkedIn gives only those of people who want to be seen.

A member who does not want that is `private` or answered with 403, which is all the same to us: nobody's name is
guessed. What is read here may be kept for a day (data storage requirements, learn.microsoft.com/linkedin, read
2026-11-23).
"""

from collections.abc import Iterable

from scrm.connectors.base import Account, Api
from scrm.connectors.linkedin.translation import HIDDEN, ORGANIZATION, PERSON
from scrm.connectors.payload import Payload
from scrm.connectors.restli import CLIENT, Item, record, tail
from scrm.errors import GoneError, PayloadError, UnavailableError, VersionDeadError


def own_account(api: Api) -> Account:
    """Which page is connected; known since the sign-in."""
    if api.account is None:
        raise PayloadError("sign in before reading", network=api.network)
    return api.account


def people(api: Api, urns: Iterable[str]) -> dict[str, Item]:
    """Each of these members and pages as it is shown to us, one call each; our own page is left out."""
    found = {}
    for urn in dict.fromkeys(urns):
        if urn != own_account(api).key.native_id and urn.startswith((PERSON, ORGANIZATION)):
            found[urn] = _one(api, urn)
    return found


def _one(api: Api, urn: str) -> Item:
    number = tail(urn)
    path = f"/rest/people/{record({'id': number})}" if urn.startswith(PERSON) else f"/rest/organizations/{number}"
    try:
        return Payload(CLIENT.json(api, path), "person").raw()
    except VersionDeadError:
        raise
    except (GoneError, UnavailableError):
        return {"id": HIDDEN} if urn.startswith(PERSON) else {"id": number}
