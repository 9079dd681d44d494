"""Serve a fake network's Flask app on 127.0.0.1, in a thread or as a process of its own.

A stop is clean and complete: kept-alive connections are cut too, so that a client notices the outage as it
would notice a real one. As a process: `python -m scrm.sandbox.server mastodon --port 8101 --seed 1`.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import socket
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Self, cast

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flask import Flask

    from scrm.sandbox.network import FakeNetwork

HOST = "127.0.0.1"
FOLDER = Path(__file__).parent


def fakes() -> list[str]:
    """Every network there is a fake of: a folder here with a `fake.py`."""
    return sorted(file.parent.name for file in FOLDER.glob("*/fake.py"))


def fake_of(network: str) -> type[FakeNetwork]:
    """The class that fakes this network."""
    fake: type[FakeNetwork] = importlib.import_module(f"scrm.sandbox.{network}").FAKE
    return fake


class _QuietHandler(WSGIRequestHandler):
    """Keeps connections alive, says nothing, and remembers its sockets so that a stop can cut them."""

    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        super().setup()
        _open_sockets(self.server).add(self.connection)

    def finish(self) -> None:
        _open_sockets(self.server).discard(self.connection)
        with contextlib.suppress(OSError):
            super().finish()

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 - werkzeug's signature
        pass


def _open_sockets(server: object) -> set[socket.socket]:
    return cast("set[socket.socket]", server.__dict__.setdefault("open_sockets", set()))


class Server:
    """One Flask app over real HTTP; the port is taken when the server is made, 0 means a free one."""

    def __init__(self, app: Flask, *, port: int = 0) -> None:
        self._server: BaseWSGIServer = make_server(HOST, port, app, threaded=True, request_handler=_QuietHandler)
        self._thread: threading.Thread | None = None

    @property
    def base_url(self) -> str:
        return f"http://{HOST}:{self._server.port}"

    def start(self) -> Self:
        self._thread = threading.Thread(target=self._run, name="sandbox", daemon=True)
        self._thread.start()
        return self

    def _run(self) -> None:
        # the default half second of polling would make every stop half a second long
        self._server.serve_forever(poll_interval=0.02)

    def stop(self) -> None:
        """Stop listening, cut open connections and wait for the thread; a second call does nothing."""
        if self._thread:
            self._server.shutdown()
            self._thread.join()
            self._thread = None
        self._server.server_close()
        for connection in list(_open_sockets(self._server)):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *exc_info: object) -> None:
        self.stop()


def main(argv: Sequence[str] | None = None) -> None:
    """Serve one fake with the whole cast and its history, then live on until interrupted."""
    # only the process plays a life; a test that serves an app needs neither cast nor scenario
    from scrm.sandbox.scenario import Player, history  # noqa: PLC0415

    parser = argparse.ArgumentParser(prog="python -m scrm.sandbox.server")
    parser.add_argument("network", choices=fakes())
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--speed", type=float, default=0.0, help="0: history only")
    options = parser.parse_args(argv)
    fake = fake_of(options.network)(port=options.port)
    fake.start()
    player = Player([fake])
    player.play(history(options.seed))
    sys.stdout.write(f"{fake.base_url}\n")
    sys.stdout.flush()
    with contextlib.suppress(KeyboardInterrupt):
        if options.speed > 0:
            player.play_live(threading.Event(), options.speed, seed=options.seed)
        threading.Event().wait()
    fake.stop()


if __name__ == "__main__":
    main()
