"""Serves an org over TLS on loopback, the way the other fakes are served without."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrm.sandbox.server import HOST, Server

if TYPE_CHECKING:
    import ssl

    from flask import Flask


class SecureServer(Server):
    """One Flask app over https; 0 is a free port."""

    def __init__(self, app: Flask, *, port: int = 0, context: ssl.SSLContext) -> None:
        super().__init__(app, port=port)
        self._server.ssl_context = context
        # the handshake belongs to the connection's own thread: a client that never begins one holds up nobody
        self._server.socket = context.wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False
        )

    @property
    def base_url(self) -> str:
        return f"https://{HOST}:{self._server.port}"
