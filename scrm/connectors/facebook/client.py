"""How Facebook's HTTP behaves: as all of Meta's Graph APIs, with a proof of the app's secret on every call.

Error 100 without a subcode is about this one request: a cursor that ran out, an object of a kind that has no such
edge (Meta's page "Handling errors", read 2026-11-23). 100 with 2018218 is
answered for a person of whom nothing is shown (chatwoot/chatwoot, message_builder.rb, read 2026-11-23).
"""

from collections.abc import Mapping
from typing import ClassVar

from scrm.connectors.base import Account, Api
from scrm.connectors.graph import GraphClient
from scrm.errors import GoneError, NetworkError, PayloadError, UnavailableError


class RefusedError(UnavailableError):
    """The network does not take this one request; others go on."""


class FacebookClient(GraphClient):
    """The Graph API with a page's access."""

    has_proof = True
    own_errors: ClassVar[Mapping[tuple[int, int], type[NetworkError]]] = {
        (100, 0): RefusedError,
        (100, 2018218): GoneError,
    }


CLIENT = FacebookClient()


def own_account(api: Api) -> Account:
    """The page that is connected; known since the sign-in."""
    if api.account is None:
        raise PayloadError("sign in before reading", network=api.network)
    return api.account


def own_id(api: Api) -> str:
    return own_account(api).key.native_id
