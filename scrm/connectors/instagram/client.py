"""How Instagram's HTTP behaves, and the fields that are asked for.

Meta's pages "Instagram API with Instagram Login" and "User Profile API" (2026, read 2026-11-23), names of fields as
in its Python SDK 26.0.3. That 230 is the missing consent of a person, and 9010 a person that is not there, is as
chatwoot/chatwoot meets them (read 2026-11-24); 100 with 2108006 is told below media from before the account became a
professional one (airbyte-source-instagram 4.1.0).
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from scrm.connectors.base import Account, Api
from scrm.connectors.graph import GraphClient, Params, next_of, read_edge
from scrm.connectors.paging import NewestFirst
from scrm.connectors.payload import Payload
from scrm.errors import GoneError, PayloadError

Item = dict[str, Any]

PAGE = 25
ME = "user_id,username,name,account_type,biography,website"
MEDIA = "id,caption,media_type,media_product_type,permalink,timestamp,username"
WRITTEN = "id,text,timestamp,username,from,parent_id"
COMMENT = f"{WRITTEN},media{{id,permalink}}"
PERSON = "id,name,username"
MESSAGE = "id,created_time,from,to,message,reply_to"


class InstagramClient(GraphClient):
    """Errors that only Instagram has all say that one object or person is not for us to see."""

    own_errors = {
        (230, 0): GoneError,
        (9010, 0): GoneError,
        (100, 2108006): GoneError,
        (100, 2018218): GoneError,
        (100, 2534014): GoneError,
    }


CLIENT = InstagramClient()


def own_account(api: Api) -> Account:
    """Who we are on this connection; known since the sign-in."""
    if api.account is None:
        raise PayloadError("sign in before reading", network=api.network)
    return api.account


def node(api: Api, native_id: str, fields: str) -> Payload:
    """One object as it is now. Raises GoneError."""
    return Payload(CLIENT.json(api, f"/{native_id}", [("fields", fields)]), "node")


def rest_of(api: Api, edge: Payload | None) -> Iterator[Payload]:
    """The rows of an edge that came inside of its object, with the pages that follow."""
    if edge is None:
        return
    yield from edge.children("data")
    following = next_of(api, edge)
    while following is not None:
        page = read_edge(CLIENT, api, following)
        yield from page.rows
        following = page.next


def newest_page(
    api: Api, cursor: str | None, time: str, path: str, params: Params
) -> tuple[list[Payload], NewestFirst, bool]:
    """The new rows of a page of a list that comes newest first, how far it is read then, and whether more waits.

    Ids say nothing about the order, so a mark is a time with the id of the row that has it; what happened in the same
    second may come twice.
    """
    state = NewestFirst.parse(cursor)
    page = read_edge(CLIENT, api, state.next or path, () if state.next else params)
    rows = list(page.rows)
    newest = place_of(rows[0], time) if rows else None
    new = [row for row in rows if is_above(row, time, state.mark)]
    after = state.after_page(newest=newest, next_=page.next, has_reached_mark=len(new) < len(rows))
    return new, after, after.next is not None


def place_of(row: Payload, time: str) -> str:
    return f"{row.time(time).isoformat()} {row.text('id')}"


def is_above(row: Payload, time: str, mark: str | None) -> bool:
    """Whether a row was not yet there when the list was last read to its end."""
    if mark is None:
        return True
    at, _, native_id = mark.partition(" ")
    return row.text("id") != native_id and row.time(time) >= moment(at)


def moment(text: str) -> datetime:
    """A time out of a cursor or a reference of our own."""
    return Payload({"at": text}, "cursor").time("at")
