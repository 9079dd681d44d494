"""The one guarded way to talk to the outside: timeouts, a total deadline, size caps, no redirects, checked addresses.

The address that is checked is the address that is connected to, so neither DNS rebinding nor a name with one public
and one private record reaches a private host. Loopback and private addresses are allowed only for an exact host:port
from settings. Environment proxies are ignored.
"""

import ipaddress
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import NewConnectionError

from scrm.errors import HostRefusedError, RetryLaterError

CONNECT_SECONDS = 10.0
READ_SECONDS = 30.0
TOTAL_SECONDS = 90.0
LARGEST_BODY = 10 * 1024 * 1024
PORTS = frozenset({80, 443})

# `ipaddress` calls these global or depends on the Python version; none of them is a public host.
NEVER = [
    ipaddress.ip_network(net)
    for net in (
        "100.64.0.0/10",
        "192.0.0.0/24",
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "2002::/16",
        "2001::/32",
        "fec0::/10",
        "5f00::/16",
    )
]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back, read completely and within the cap. `headers` are case-insensitive."""

    status: int
    headers: "requests.structures.CaseInsensitiveDict[str]"
    body: bytes
    url: str


def is_public(address: str) -> bool:
    """Whether an IP address is one that anybody on the internet may be reached at."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    if not ip.is_global or ip.is_multicast or ip.is_reserved or ip.is_unspecified:
        return False
    return not any(ip in net for net in NEVER if net.version == ip.version)


def check_url(url: str, allowed: Iterable[str] = ()) -> str:
    """Refuse what no connector may call; returns scheme://host[:port]. Raises HostRefusedError."""
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError as why:
        raise HostRefusedError("the host or the port is not written as one") from why
    if not parts.hostname or "@" in parts.netloc:  # nobody signs in by an address, not even as nobody
        raise HostRefusedError("expected an address like https://social.example")
    if f"{parts.hostname}:{port}" in set(allowed):
        return f"{parts.scheme}://{parts.netloc}"
    if parts.scheme != "https":
        raise HostRefusedError("expected an address that begins with https://")
    if port not in PORTS:
        raise HostRefusedError("expected port 443 or 80")
    return f"{parts.scheme}://{parts.netloc}"


def _checked_address(host: str, port: int, allowed: frozenset[str]) -> str:
    """Resolve, and refuse the host if any of its addresses is not public."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as why:
        raise RetryLaterError("the host name has no address") from why
    addresses = [str(entry[4][0]) for entry in found]
    if f"{host}:{port}" not in allowed and not all(is_public(address) for address in addresses):
        raise HostRefusedError("the host's address is private; an admin can allow it by exact host:port")
    return addresses[0]


class _Checked:
    """Mixin: connect to the address that was checked, keep the name for TLS and Host."""

    allowed: frozenset[str] = frozenset()
    host: str
    port: int
    timeout: Any
    _dns_host: str

    def _new_conn(self) -> socket.socket:
        address = _checked_address(self._dns_host, self.port, self.allowed)
        try:
            return socket.create_connection((address, self.port), timeout=CONNECT_SECONDS)
        except OSError as why:
            raise NewConnectionError(self, "no connection") from why  # type: ignore[arg-type]


class GuardedSession(requests.Session):
    """A requests session through which nothing private is reached and nothing large is read."""

    def __init__(self, *, allowed: Iterable[str] = (), user_agent: str = "scrm") -> None:
        super().__init__()
        self.trust_env = False
        self.headers["User-Agent"] = user_agent
        guard = frozenset(allowed)
        for scheme in ("https://", "http://"):
            self.mount(scheme, _adapter(guard))

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Redirects lead nowhere; the library would read the whole body of one before it looks at its limit."""

    def call(
        self,
        method: str,
        url: str,
        *,
        headers: dict[str, str] | None = None,
        params: Any = None,
        json: Any = None,
        data: Any = None,
    ) -> Answer:
        """One request, answered within the deadline and the size cap, redirects not followed.

        Raises RetryLaterError when there is no (complete) answer, HostRefusedError when the host may not be called.
        """
        ends = monotonic() + TOTAL_SECONDS
        try:
            with self.request(
                method,
                url,
                headers=headers,
                params=params,
                json=json,
                data=data,
                timeout=(CONNECT_SECONDS, READ_SECONDS),
                allow_redirects=False,
                stream=True,
            ) as response:
                if response.is_redirect:
                    raise RetryLaterError("the answer leads elsewhere, and redirects are not followed")
                body = bytearray()
                for chunk in response.iter_content(65536):
                    body += chunk
                    if len(body) > LARGEST_BODY:
                        raise RetryLaterError("the answer is larger than 10 MB")
                    if monotonic() > ends:
                        raise RetryLaterError("the answer took longer than 90 seconds")
                return Answer(
                    status=response.status_code, headers=response.headers, body=bytes(body), url=response.url
                )
        except requests.RequestException as why:
            # The text of the exception may hold the address with its query, so it is not passed on.
            raise RetryLaterError(f"no answer ({type(why).__name__})") from None

    def tell(self, url: str, body: bytes, headers: dict[str, str], *, seconds: float) -> Answer:
        """POST to somebody whose answer matters by its status alone: nothing of its body is read.

        `seconds` hold for each step: to connect, and until the answer begins. Raises as `call` does.
        """
        try:
            with self.post(
                url, data=body, headers=headers, timeout=(seconds, seconds), allow_redirects=False, stream=True
            ) as response:
                return Answer(status=response.status_code, headers=response.headers, body=b"", url=url)
        except requests.RequestException as why:
            raise RetryLaterError(f"no answer ({type(why).__name__})") from None


def _adapter(guard: frozenset[str]) -> HTTPAdapter:
    class PlainConnection(_Checked, HTTPConnection):
        allowed = guard

    class TlsConnection(_Checked, HTTPSConnection):
        allowed = guard

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = PlainConnection

    class TlsPool(HTTPSConnectionPool):
        ConnectionCls = TlsConnection

    adapter = HTTPAdapter(max_retries=0)
    adapter.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": TlsPool}
    return adapter
