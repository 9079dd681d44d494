"""Signing in as a member who administers pages, and choosing one of them.

authorization-code-flow and organization-access-control-by-role (learn.microsoft.com/linkedin, read 2026-11-23). All
pages of a member share one access: taking it back for one would take it from the others.
"""

from scrm.connectors.base import Api
from scrm.connectors.oauth import Choice
from scrm.connectors.restli import RestliOAuth, page_of, pages, tail

ADMINISTRATOR = frozenset({"ADMINISTRATOR"})  # the only role that is told what happens on a page
SHARED = "is_shared"


class LinkedInOAuth(RestliOAuth):
    """The pages of whoever signed in."""

    def choices(self, api: Api) -> tuple[Choice, ...]:
        found = pages(api, ADMINISTRATOR)
        shared = {SHARED: "yes"} if len(found) > 1 else {}
        return tuple(
            Choice(
                native_id=urn,
                label=page_of(api, urn).optional_text("localizedName") or tail(urn),
                credentials=api.credentials | {"organization": tail(urn), "member": member} | shared,
            )
            for urn, member in found.items()
        )

    def revoke(self, api: Api) -> None:
        if SHARED not in api.credentials:
            super().revoke(api)
