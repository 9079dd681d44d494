"""What an app may ask of Entra: permissions of Viva Engage and of Graph, and those of the sign-in itself.

A token is for one resource. `.default` stands for everything the app is registered with, on every resource
(learn.microsoft.com/entra/identity-platform/scopes-oidc, from memory, 2026-11-24); a name without a resource is
Graph's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

YAMMER, GRAPH = "https://www.yammer.com", "https://graph.microsoft.com"
DEFAULT = ".default"
REGISTERED: Mapping[str, frozenset[str]] = {
    YAMMER: frozenset({"access_as_user"}),
    GRAPH: frozenset({"Community.Read.All", "GroupMember.Read.All", "User.Read", "User.Read.All"}),
}
SIGN_IN = frozenset({"openid", "profile", "email", "offline_access"})
TOO_MANY_RESOURCES, UNKNOWN_SCOPE, MIXED_DEFAULT = 28000, 650053, 70011


class ScopeError(Exception):
    """What is asked cannot be given; the number is that of Entra's error."""

    def __init__(self, number: int) -> None:
        super().__init__(str(number))
        self.number = number


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The scopes of one request: those of the sign-in, and permissions by resource."""

    sign_in: frozenset[str]
    permissions: Mapping[str, frozenset[str]]

    @property
    def is_default(self) -> bool:
        return any(DEFAULT in names for names in self.permissions.values())

    def granted(self) -> dict[str, frozenset[str]]:
        """Return what a consent to this gives."""
        if self.is_default:
            return dict(REGISTERED)
        return dict(self.permissions)

    def resource(self) -> str | None:
        """Return the one resource a token is asked for, if any."""
        if len(self.permissions) > 1:
            raise ScopeError(TOO_MANY_RESOURCES)
        return next(iter(self.permissions), None)


def asked(text: str) -> Asked:
    """Read a `scope` parameter, or raise."""
    sign_in, permissions = set(), dict[str, set[str]]()
    for scope in text.split():
        if scope in SIGN_IN:
            sign_in.add(scope)
            continue
        resource, _, name = scope.rpartition("/")
        resource = resource.rstrip("/") or GRAPH
        if name not in {DEFAULT, *REGISTERED.get(resource, ())}:
            raise ScopeError(UNKNOWN_SCOPE)
        permissions.setdefault(resource, set()).add(name)
    if not sign_in and not permissions:
        raise ScopeError(UNKNOWN_SCOPE)
    for names in permissions.values():
        if DEFAULT in names and len(names) > 1:
            raise ScopeError(MIXED_DEFAULT)
    return Asked(
        sign_in=frozenset(sign_in),
        permissions={resource: frozenset(names) for resource, names in permissions.items()},
    )
