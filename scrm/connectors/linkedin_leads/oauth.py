"""Signing in as somebody who may read a page's or an ad account's leads, and choosing which.

lead-sync-usecase (view li-lms-2026-06) and organization-access-control-by-role (learn.microsoft.com/linkedin, read
2026-11-24). Ad accounts are named by the admin: looking them up would need one more product of LinkedIn's.
"""

from scrm.connectors.base import Api
from scrm.connectors.oauth import Choice
from scrm.connectors.restli import RestliOAuth, page_of, pages, tail

READERS = frozenset({"ADMINISTRATOR", "LEAD_CAPTURE_ADMINISTRATOR", "LEAD_GEN_FORMS_MANAGER"})
SHARED = "is_shared"


class LeadsOAuth(RestliOAuth):
    """The pages of whoever signed in, and the ad accounts that the app's fields name."""

    def choices(self, api: Api) -> tuple[Choice, ...]:
        names = {urn: page_of(api, urn).optional_text("localizedName") or tail(urn) for urn in pages(api, READERS)}
        for number in api.app["ad_accounts"].replace(",", " ").split():
            names[f"urn:li:sponsoredAccount:{number}"] = number
        shared = {SHARED: "yes"} if len(names) > 1 else {}
        return tuple(
            Choice(native_id=urn, label=name, credentials=api.credentials | {"owner": urn} | shared)
            for urn, name in names.items()
        )

    def revoke(self, api: Api) -> None:
        if SHARED not in api.credentials:
            super().revoke(api)
