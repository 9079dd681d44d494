"""The guard around everything that leaves the machine: spellings of private addresses, names, redirects, sizes."""

import contextlib
import gzip
import socket
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scrm.errors import HostRefusedError, RetryLaterError
from scrm.http import GuardedSession, check_url, is_public
from tests.connectors.replay import Replay, Reply, serving

PUBLIC = "93.184.216.34"
PRIVATE = [
    "127.0.0.1",
    "127.255.255.254",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "192.0.0.8",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "0.0.0.0",  # noqa: S104 - one of the addresses to refuse
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "2002:7f00:1::",
    "2001::1",
    "fc00::1",
    "fe80::1",
    "fec0::1",
    "ff02::1",
    "5f00::1",
    "2001:db8::1",
]
# rows 49 and 50: every way to write loopback that a resolver or a URL parser may understand
SPELLINGS = [
    "https://127.1",
    "https://127.0.1",
    "https://2130706433",
    "https://0x7f000001",
    "https://0x7f.1",
    "https://0177.0.0.1",
    "https://0",
    "https://0.0.0.0",
    "https://127.0.0.1",
    "https://127.0.0.1.",
    "https://localhost",
    "https://LOCALHOST",
    "https://localhost.",
    "https://[::1]",
    "https://[::]",
    "https://[::ffff:127.0.0.1]",
    "https://[::ffff:7f00:1]",
    "https://[64:ff9b::7f00:1]",
    "https://[2002:7f00:1::]",
    "https://[fe80::1]",
    "https://100.64.0.1",
    "https://169.254.169.254",
    "https://①②⑦.0.0.1",
    "https://１２７.0.0.1",
    "https://127。0。0。1",
]
REFUSED = [
    "",
    "social.example",
    "//social.example",
    "http://social.example",
    "file:///etc/passwd",
    "gopher://social.example",
    "unix:///run/docker.sock",
    "ftp://social.example",
    "javascript:alert(1)",
    "https://",
    "https:///path",
    "https://a@127.0.0.1",
    "https://user:secret@social.example",
    "https://social.example@127.0.0.1",
    "https://social.example:22",
    "https://social.example:6379",
    "https://social.example:25",
    "https://social.example:99999",
    "https://social.example:port",
    "https://social.example:-1",
]


@pytest.fixture
def session() -> Iterator[GuardedSession]:
    with GuardedSession() as guarded:
        yield guarded


@pytest.fixture
def dialed(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Every address a socket is opened to; none is."""
    found: list[object] = []

    def note(address: object, *_args: object, **_kwargs: object) -> socket.socket:
        found.append(address)
        raise OSError("not in a test")

    monkeypatch.setattr(socket, "create_connection", note)
    return found


def resolve_to(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Let the resolver give these addresses, one list per question; returns the names it is asked for."""
    asked: list[str] = []
    left = list(answers)

    def answer(host: str, port: int, **_kwargs: object) -> list[tuple[object, ...]]:
        asked.append(host)
        addresses = left.pop(0) if len(left) > 1 else left[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    return asked


@pytest.mark.parametrize("address", PRIVATE)
def test_addresses_that_are_nobodys_business_are_not_public(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", [PUBLIC, "1.1.1.1", "2606:4700:4700::1111", "::ffff:1.1.1.1"])
def test_public_addresses_are_public(address):
    assert is_public(address)


@pytest.mark.parametrize("url", SPELLINGS)
def test_no_spelling_of_a_private_address_is_called(url, session, dialed):
    with pytest.raises((HostRefusedError, RetryLaterError)):
        session.call("GET", url)
    assert dialed == []


@pytest.mark.parametrize("url", REFUSED)
def test_addresses_no_connector_may_have_are_refused_when_connecting(url):
    with pytest.raises(HostRefusedError) as why:
        check_url(url)
    assert "secret" not in str(why.value)


@pytest.mark.parametrize("scheme", ["file:///etc/passwd", "gopher://127.0.0.1", "ftp://127.0.0.1", "unix:///x"])
def test_other_schemes_have_no_way_out(scheme, session, dialed):
    with pytest.raises(RetryLaterError):
        session.call("GET", scheme)
    assert dialed == []


def test_a_public_address_passes_and_loses_its_path():
    assert check_url("https://social.example/about?x=1#y") == "https://social.example"
    assert check_url("https://social.example:443") == "https://social.example:443"
    assert check_url("https://127.0.0.1#@social.example") == "https://127.0.0.1"  # the guard refuses it at the call


def test_only_the_exact_host_and_port_is_allowed_by_the_list():
    allowed = ["127.0.0.1:8101"]
    assert check_url("http://127.0.0.1:8101/x", allowed) == "http://127.0.0.1:8101"
    for other in ("http://127.0.0.1:8102", "http://127.0.0.1", "http://localhost:8101", "http://127.1:8101"):
        with pytest.raises(HostRefusedError):
            check_url(other, allowed)


def test_the_address_that_was_checked_is_the_one_that_is_called(session, dialed, monkeypatch):
    asked = resolve_to(monkeypatch, [PUBLIC], ["127.0.0.1"])
    with pytest.raises(RetryLaterError):
        session.call("GET", "https://rebinding.example")
    assert dialed == [(PUBLIC, 443)]
    assert asked == ["rebinding.example"]


def test_a_name_that_moves_to_a_private_address_is_refused_at_the_next_call(session, dialed, monkeypatch):
    resolve_to(monkeypatch, [PUBLIC], ["10.0.0.1"])
    with pytest.raises(RetryLaterError):
        session.call("GET", "https://rebinding.example")
    with pytest.raises(HostRefusedError):
        session.call("GET", "https://rebinding.example")
    assert dialed == [(PUBLIC, 443)]


@pytest.mark.parametrize("addresses", [[PUBLIC, "127.0.0.1"], ["127.0.0.1", PUBLIC], [PUBLIC, PUBLIC, "10.0.0.1"]])
def test_one_private_address_among_public_ones_refuses_the_name(addresses, session, dialed, monkeypatch):
    resolve_to(monkeypatch, addresses)
    with pytest.raises(HostRefusedError) as why:
        session.call("GET", "https://mixed.example")
    assert dialed == []
    assert "mixed.example" not in str(why.value)


def test_a_name_without_an_address_means_come_back_later(session, monkeypatch):
    def unknown(*_args: object, **_kwargs: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(RetryLaterError):
        session.call("GET", "https://gone.example")


def test_environment_proxies_are_ignored(monkeypatch):
    with serving(lambda _: Reply(body=b"proxied")) as proxy, serving(lambda _: Reply(body=b"direct")) as server:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.base_url)
        with GuardedSession(allowed=[server.host]) as session:
            assert session.call("GET", server.base_url).body == b"direct"
        assert proxy.asked == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status):
    with serving(lambda _: Reply(body=b"other")) as other:
        reply = Reply(status=status, headers={"Location": other.base_url + "/inner"})
        with serving(lambda _: reply) as server, GuardedSession(allowed=[server.host, other.host]) as session:
            with pytest.raises(RetryLaterError):
                session.call("GET", server.base_url)
            assert len(server.asked) == 1
        assert other.asked == []


def test_the_body_of_a_redirect_is_not_read():
    """It may have no end."""
    sent = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        host = f"127.0.0.1:{listener.getsockname()[1]}"

        def answer() -> None:
            peer, _ = listener.accept()
            with peer, contextlib.suppress(OSError):
                peer.recv(65536)
                peer.sendall(b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 999999999\r\n\r\n")
                for _ in range(500):
                    peer.sendall(b"x" * 100_000)
                    sent.append(100_000)

        thread = threading.Thread(target=answer)
        thread.start()
        with GuardedSession(allowed=[host]) as session, pytest.raises(RetryLaterError):
            session.call("GET", f"http://{host}/x")
        thread.join()
    assert sum(sent) < 40_000_000  # what fits the buffers on the way


def ask(server: Replay) -> bytes:
    with GuardedSession(allowed=[server.host]) as session:
        return session.call("GET", server.base_url + "/x", headers={"Authorization": "Bearer hush-hush"}).body


def test_an_answer_comes_back_whole_with_headers_in_any_case():
    with (
        serving(lambda _: Reply(status=404, headers={"X-Left": "7"}, body=b"no")) as server,
        GuardedSession(allowed=[server.host], user_agent="scrm/test (+mailto:ops@nordwerk.example)") as session,
    ):
        answer = session.call("GET", server.base_url + "/x", params=[("id[]", "1"), ("id[]", "2")])
        assert (answer.status, answer.headers["x-left"], answer.body) == (404, "7", b"no")
        assert server.asked == [("GET", "/x", (("id[]", "1"), ("id[]", "2")))]


def test_a_large_answer_is_stopped_at_the_cap():
    with (
        serving(lambda _: Reply(body=b"x" * (11 * 1024**2))) as server,
        pytest.raises(RetryLaterError, match="10 MB"),
    ):
        ask(server)


def test_a_compressed_bomb_is_stopped_at_the_cap():
    bomb = gzip.compress(b"\0" * (64 * 1024**2))
    with (
        serving(lambda _: Reply(headers={"Content-Encoding": "gzip"}, body=bomb)) as server,
        pytest.raises(RetryLaterError, match="10 MB"),
    ):
        ask(server)


def test_an_answer_that_trickles_beyond_the_deadline_is_given_up(monkeypatch):
    monkeypatch.setattr("scrm.http.TOTAL_SECONDS", -1.0)
    with serving(lambda _: Reply(body=b"slow")) as server, pytest.raises(RetryLaterError, match="90 seconds"):
        ask(server)


@pytest.mark.parametrize(
    "wire",
    [
        b"",
        b"garbage\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
    ],
)
def test_a_broken_answer_means_come_back_later_and_tells_no_secret(wire):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        host = f"127.0.0.1:{listener.getsockname()[1]}"

        def answer() -> None:
            peer, _ = listener.accept()
            with peer:
                peer.recv(65536)
                peer.sendall(wire)

        thread = threading.Thread(target=answer)
        thread.start()
        with GuardedSession(allowed=[host]) as session, pytest.raises(RetryLaterError) as why:
            session.call("GET", f"http://{host}/x?token=hush", headers={"Authorization": "Bearer hush-hush"})
        thread.join()
    assert "hush" not in f"{why.value}{why.value!r}{why.value.__cause__!r}"


ADDRESSES = st.one_of(
    st.text(max_size=60),
    st.builds(
        "{}{}{}{}{}".format,
        st.sampled_from(["https://", "http://", "HTTPS:", "//", "file://", "https:/\\", ""]),
        st.sampled_from(["", "a:b@", "@", "%00@", "user@"]),
        st.one_of(
            st.text("[]:.%0123456789abcdefx@\\/?#\t\n 。／", max_size=24),
            st.ip_addresses().map(str),
            st.sampled_from(["social.example", "[::1]", "[::ffff:127.0.0.1]", "127.1", "0x7f000001", "2130706433"]),
        ),
        st.sampled_from(["", ":443", ":0", ":99999", ":-1", ":٤", ":80:80", ":"]),
        st.text(max_size=20),
    ),
)


@example(url="https://@social.example", allowed=[])
@given(url=ADDRESSES, allowed=st.lists(st.sampled_from(["127.0.0.1:8101", "[::1]:80", "10.0.0.1:443"])))
def test_whatever_an_address_says_it_is_refused_or_safe_to_resolve(url: str, allowed: list[str]) -> None:
    """Nothing else is raised; what passes is https at a usual port, or allowed to the letter."""
    try:
        base = check_url(url, allowed)
    except HostRefusedError:
        return
    parts = urlsplit(base)
    assert parts.hostname
    assert parts.username is None
    place = f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}"
    assert place in allowed or (parts.scheme == "https" and parts.port in {None, 0, 80, 443})


@given(st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)))
def test_a_mapped_address_is_as_private_as_what_it_maps(ip) -> None:
    if ip.version == 4:
        assert is_public(f"::ffff:{ip}") == is_public(str(ip))
    if ip.is_private or ip.is_loopback or ip.is_link_local or ip.is_multicast:
        assert not is_public(str(ip)) or ip.is_global
