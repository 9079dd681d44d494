"""Signing in as a member who administers pages, and choosing one of them.

authorization-code-flow and organization-access-control-by-role (learn.microsoft.com/linkedin, read 2026-11-23). All
pages of a member share one access: taking it back for one would take it from the others.
"""

from dataclasses import dataclass

from scrm.connectors.base import Api
from scrm.connectors.oauth import Choice
from scrm.connectors.payload import Payload
from scrm.connectors.restli import CLIENT, RestliOAuth, tail, walk
from scrm.errors import GoneError

MOST_PAGES = 5  # of 100 pages that a member administers
SHARED = "is_shared"


@dataclass(frozen=True, kw_only=True)
class Role:
    """A page that the member administers."""

    organization: str
    member: str


class LinkedInOAuth(RestliOAuth):
    """The pages of whoever signed in."""

    def choices(self, api: Api) -> tuple[Choice, ...]:
        roles = administered(api)
        shared = {SHARED: "yes"} if len(roles) > 1 else {}
        return tuple(
            Choice(
                native_id=role.organization,
                label=_name(api, role.organization),
                credentials=api.credentials
                | {"organization": tail(role.organization), "member": role.member}
                | shared,
            )
            for role in roles
        )

    def revoke(self, api: Api) -> None:
        if SHARED not in api.credentials:
            super().revoke(api)


def administered(api: Api) -> list[Role]:
    """The pages on which the member is an administrator, each once."""
    query = "q=roleAssignee&role=ADMINISTRATOR&state=APPROVED"
    rows, _ = walk(api, "/rest/organizationAcls", query, most=MOST_PAGES)
    found = {}
    for row in map(Payload, rows):
        organization = row.text("organization")
        found[organization] = Role(organization=organization, member=row.text("roleAssignee"))
    return list(found.values())


def _name(api: Api, urn: str) -> str:
    try:
        shown = Payload(CLIENT.json(api, f"/rest/organizations/{tail(urn)}"), "organization")
    except GoneError:
        return tail(urn)
    return shown.optional_text("localizedName") or tail(urn)
