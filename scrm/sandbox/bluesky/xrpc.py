"""What every XRPC call has in common: its errors, its parameters as read, and the caller.

Error names and texts as bluesky-social/atproto packages/xrpc-server and packages/pds send them (read 2026-11-23).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, cast

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scrm.sandbox.bluesky.state import Account
    from scrm.sandbox.bluesky.views import Views

ERROR_NAMES = {
    400: "InvalidRequest",
    401: "AuthenticationRequired",
    403: "Forbidden",
    404: "XRPCNotSupported",
    413: "PayloadTooLarge",
    429: "RateLimitExceeded",
    500: "InternalServerError",
    501: "MethodNotImplemented",
    502: "UpstreamFailure",
    503: "NotEnoughResources",
    504: "UpstreamTimeout",
}


class XrpcError(Exception):
    """An answer other than success."""

    def __init__(self, status: int, error: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.error = error
        self.message = message


def invalid(message: str, error: str = "InvalidRequest") -> XrpcError:
    return XrpcError(400, error, message)


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call: checked parameters with defaults filled in, and who calls."""

    values: Mapping[str, object]
    viewer: Account | None
    views: Views
    token: str

    def text(self, name: str) -> str:
        return cast("str", self.values[name])

    def maybe(self, name: str) -> str | None:
        return cast("str | None", self.values.get(name))

    def number(self, name: str) -> int:
        return cast("int", self.values[name])

    def flag(self, name: str) -> bool:
        return bool(self.values.get(name))

    def texts(self, name: str) -> list[str]:
        return cast("list[str]", self.values.get(name, []))

    @property
    def caller(self) -> Account:
        """The account that calls; the route demands a token."""
        assert self.viewer is not None  # noqa: S101 - only methods that demand a token ask
        return self.viewer


class Handler(Protocol):
    """What answers one call: a JSON object, a file, or nothing."""

    def __call__(self, call: Call, /) -> dict[str, Any] | bytes | None: ...
