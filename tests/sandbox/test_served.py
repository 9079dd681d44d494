"""What all fakes have in common: the server, failures on order, the list of requests, and senders."""

import threading
import urllib.error
import urllib.request

import pytest
from flask import Flask

from scrm.sandbox.ledger import Ledger, Route
from scrm.sandbox.served import Sending, Served


class Pier(Sending):
    """The least that can be served."""

    def __init__(self, deliver_every: float | None = None) -> None:
        self.web = Flask("pier")
        self.web.add_url_rule("/ships", view_func=lambda: "two")
        self._ledger = Ledger([Route(method="GET", path="/ships", source="invented")])
        self._ledger.attach(self.web, self)  # type: ignore[arg-type]  # it has no life to be played
        self._deliver_every = deliver_every
        self.sent = threading.Event()

    def deliver(self) -> int:
        self.sent.set()
        return 1


def status(network: Served) -> int:
    try:
        with urllib.request.urlopen(f"{network.base_url}/ships", timeout=10) as answer:  # noqa: S310 - our own server
            return int(answer.status)
    except urllib.error.HTTPError as answer:
        return answer.code


def test_a_fake_serves_fails_on_order_and_tells_what_it_was_asked() -> None:
    with Pier() as pier:
        assert status(pier) == 200
        pier.fail(status=503, times=1)
        assert [status(pier), status(pier)] == [503, 200]
        assert [one["status"] for one in pier.requests()] == [200, 503, 200]
        address = pier.base_url
    with pytest.raises(OSError, match=r"refused|reset"):
        urllib.request.urlopen(f"{address}/ships", timeout=10)  # noqa: S310 - our own server


def test_a_stop_before_a_start_does_nothing() -> None:
    Pier(deliver_every=0.01).stop()


def test_whoever_sends_by_itself_does_so_again_after_a_stop() -> None:
    pier = Pier(deliver_every=0.01)
    for _ in range(2):
        with pier:
            assert pier.sent.wait(10)
        pier.sent.clear()


def test_whoever_is_told_when_to_send_never_does_so_by_itself() -> None:
    with Pier() as pier:
        assert status(pier) == 200
        assert pier._sender is None
        assert pier.deliver() == 1
