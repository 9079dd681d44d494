"""Answers that the fake does not give, served over real HTTP."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from scrm.connectors.base import Account, Api
from scrm.connectors.facebook.translation import page_key
from scrm.http import GuardedSession
from tests.connectors.facebook.scenario import NOW
from tests.connectors.replay import Asked, Replay, Reply, serving

PAGE_ID = "1"


def body(told: Any, status: int = 200) -> Reply:
    return Reply(status=status, body=json.dumps(told).encode())


def error(code: int, subcode: int = 0) -> Reply:
    return body({"error": {"code": code, "error_subcode": subcode, "message": "x"}}, 400)


@contextmanager
def answering(replies: Mapping[str, Reply]) -> Iterator[tuple[Api, Replay]]:
    """A page's access to a server that answers by the last part of the path."""

    def script(asked: Asked) -> Reply:
        return replies.get(asked[1].rpartition("/")[2], Reply(status=418))

    with serving(script) as server, GuardedSession(allowed=[server.host]) as session:
        account = Account(key=page_key(PAGE_ID), handle="page", base_url=server.base_url)
        yield (
            Api(
                network="facebook",
                base_url=server.base_url,
                session=session,
                account=account,
                credentials={"access_token": "token"},
                now=lambda: NOW,
            ),
            server,
        )
