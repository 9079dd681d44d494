"""What every fake network has in common: an app behind a server, a ledger, and what may run beside them."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Self

from scrm.sandbox.ledger import Failure, Ledger
from scrm.sandbox.server import Server

if TYPE_CHECKING:
    from flask import Flask


class Served:
    """The part of `FakeNetwork` that is the same everywhere; a fake makes `web` and `_ledger` and notes its port."""

    web: Flask
    base_url = ""
    _ledger: Ledger
    _port = 0
    _server: Server | None = None

    def start(self) -> Self:
        self._server = Server(self.web, port=self._port).start()
        self.base_url = self._server.base_url
        self._on_start()
        return self

    def stop(self) -> None:
        self._on_stop()
        if self._server:
            self._server.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *exc_info: object) -> None:
        self.stop()

    def _on_start(self) -> None:
        """Begin what runs beside the server, which has its address now."""

    def _on_stop(self) -> None:
        """End what runs beside the server; also called when nothing was started."""

    def fail(
        self,
        *,
        status: int,
        times: int,
        path: str | None = None,
        retry_after: str | None = None,
        body: bytes | None = None,
    ) -> None:
        """Give the next `times` requests (of that path) this answer."""
        self._ledger.order_failure(Failure(status=status, times=times, path=path, retry_after=retry_after, body=body))

    def requests(self) -> list[dict[str, object]]:
        """Return every request served."""
        return self._ledger.requests()


class Sending(Served):
    """One that calls whoever subscribed: by itself every so many seconds, or only when it is told to."""

    _deliver_every: float | None = None
    _sender: threading.Thread | None = None

    def deliver(self) -> int:
        """Send what is due; return how many requests were made."""
        raise NotImplementedError

    def _on_start(self) -> None:
        if self._deliver_every is not None:
            self._stopped = threading.Event()
            self._sender = threading.Thread(target=self._keep_sending, name="sandbox-sender", daemon=True)
            self._sender.start()

    def _keep_sending(self) -> None:
        while not self._stopped.wait(self._deliver_every):
            self.deliver()

    def _on_stop(self) -> None:
        if self._sender:
            self._stopped.set()
            self._sender.join()
            self._sender = None
