"""A fake's app over real HTTP on loopback."""

import pytest
import requests
from flask import Flask

from scrm.sandbox.server import Server


def test_a_server_takes_a_free_port_and_gives_it_back():
    app = Flask("probe")
    app.add_url_rule("/", "root", lambda: "hello")
    with Server(app) as server:
        assert requests.get(server.base_url, timeout=5).text == "hello"
        port = int(server.base_url.rsplit(":", 1)[1])
    server.stop()
    with pytest.raises(requests.ConnectionError):
        requests.get(server.base_url, timeout=5)
    with Server(app, port=port) as again:
        assert requests.get(again.base_url, timeout=5).text == "hello"


def test_a_server_never_started_stops_without_a_word():
    server = Server(Flask("probe"))
    server.stop()
    with pytest.raises(requests.ConnectionError):
        requests.get(server.base_url, timeout=1)
