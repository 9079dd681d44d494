"""What our connectors ask a network, stream by stream: its first page, those that follow, and the next reading.

The requests are those of the contract suite: the connector reads from its recordings, over real HTTP, and the server
that answers writes down what it was asked.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from scrm.connectors.base import Stream
from tests.connectors.replay import Asked, asked_in, connector_in, read_all, read_refs, recording, scripted, signed_in


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request and on which occasion it is made."""

    stream: str
    occasion: str
    method: str
    path: str
    query: tuple[tuple[str, str], ...]


def calls_of(network: str) -> Iterator[Call]:
    """Every different request of a network's connector."""
    connector = connector_in(network)
    streams = [stream.name for stream in (*connector.streams, *connector.object_streams)]
    yield from _named("sign_in", "sign-in", [asked_in(one) for one in recording(network, "sign_in")["exchanges"]])
    for name in streams:
        exchanges = recording(network, name)["exchanges"]
        with signed_in(network, scripted(exchanges)) as (api, server):
            stream = next(one for one in (*connector.streams, *connector.object_streams) if one.name == name)
            if isinstance(stream, Stream):
                done = read_all(stream, api)[-1]
                first = list(dict.fromkeys(server.asked))
                server.asked.clear()
                read_all(stream, api, done.cursor)
                again = list(dict.fromkeys(server.asked))
            else:
                read_refs(stream, api, recording(network, name)["refs"])
                first, again = list(dict.fromkeys(server.asked)), []
        yield from _named(name, "first page", first[:1])
        yield from _named(name, "next page", first[1:])
        yield from _named(name, "next reading", again)


def _named(stream: str, occasion: str, asked: list[Asked]) -> Iterator[Call]:
    for method, path, query in asked:
        yield Call(stream=stream, occasion=occasion, method=method, path=path, query=query)
