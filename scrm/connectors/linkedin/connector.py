"""LinkedIn, the Community Management API, in restricted mode: what is said below a page's posts and who names it.

API: learn.microsoft.com/linkedin/marketing/community-management (read 2026-11-23). Its restricted uses
(view li-lms-2026-05) forbid to use what members do for sales, marketing or recruiting, to add it to a CRM or to match
it with other data, and to show it to anybody but the page's people; its data storage requirements give members'
profiles 24 hours and what they do 48. The terms below say so as data, and everything else follows from them.
"""

from datetime import date

from scrm.connectors.base import Account, Api, Connector
from scrm.connectors.budget import Budget, Forecast, Period, Unit
from scrm.connectors.linkedin.archive import ARCHIVE
from scrm.connectors.linkedin.comments import Comments
from scrm.connectors.linkedin.notices import Notices
from scrm.connectors.linkedin.oauth import ADMINISTRATOR, LinkedInOAuth
from scrm.connectors.linkedin.posts import COUNT, Posts
from scrm.connectors.linkedin.push import LinkedInPush
from scrm.connectors.linkedin.reactions import Reactions
from scrm.connectors.linkedin.recheck import Recheck
from scrm.connectors.linkedin.translation import NETWORK, organization
from scrm.connectors.linkedin.watching import COMMENTS, HISTORY, REACTIONS
from scrm.connectors.manifest import CredentialField, Manifest, RateLimit, Rule, Scope, Status, Terms
from scrm.connectors.restli import (
    APP_FIELDS,
    CLIENT,
    VERSIONS,
    encoded,
    milliseconds,
    page_of,
    pages,
    part_of,
    renew,
    stamp,
    tail,
)
from scrm.errors import UnavailableError
from scrm.i18n import N_
from scrm.records import ProfileRecord

BUDGET_SOURCE = "https://learn.microsoft.com/en-us/linkedin/shared/api-guide/concepts/rate-limits"
TERMS = "https://learn.microsoft.com/en-us/linkedin/marketing/restricted-use-cases?view=li-lms-2026-05"


class LinkedIn(Connector):
    """What scrm knows of this network."""

    manifest = Manifest(
        key=NETWORK,
        label="LinkedIn",
        mark="Li",
        status=Status.LIMITED,
        terms=Terms(
            match=Rule.FORBIDDEN,
            store=Rule.ALLOWED,
            show=Rule.ALLOWED,
            write_to_crm=Rule.FORBIDDEN,
            keep_hours=48,
            keep_profile_hours=24,
            source=TERMS,
            read_on=date(2026, 11, 23),
            note=N_(
                "LinkedIn forbids adding what its members do to a CRM and matching it with your contacts. scrm shows"
                " it only here, to people who work for your page, forgets names after 24 hours and the rest after 48,"
                " and reads nothing again to keep it longer. To get contacts from LinkedIn into the CRM, connect"
                " LinkedIn Leads."
            ),
        ),
        scopes=(
            Scope(name="r_organization_social", reason=N_("To read the posts of your page")),
            Scope(name="r_organization_social_feed", reason=N_("To read comments and reactions below them")),
            Scope(name="rw_organization_admin", reason=N_("To see which pages you manage and what happens on them")),
            Scope(name="r_basicprofile", reason=N_("To see the names of those who write")),
        ),
        rate_limit=RateLimit(calls=100, seconds=86_400),
        credential_fields=(
            CredentialField(
                name="access_token",
                label=N_("Access token"),
                help=N_("From the token generator of LinkedIn's developer portal."),
                is_secret=True,
            ),
            CredentialField(
                name="organization",
                label=N_("Number of the page"),
                help=N_("It stands in the address of the page when you manage it."),
                example="12345678",
            ),
        ),
        app_fields=(
            *APP_FIELDS[:2],
            CredentialField(
                name="application_id",
                label=N_("Number of the app"),
                help=N_("It stands in the address of your app in LinkedIn's developer portal."),
                example="123456789",
            ),
            *APP_FIELDS[2:],
        ),
        versions=VERSIONS,
        budget=Budget(unit=Unit.CALLS, period=Period.DAY, cap=500, source=BUDGET_SOURCE),
        default_base_url="https://api.linkedin.com",
        reads=(
            N_("The posts of your page"),
            N_("Comments and answers below them, and reactions"),
            N_("Public posts that name or share your page"),
            N_("The names of the people who did that, where they let them be seen"),
        ),
    )
    streams = (Posts(), Notices())
    object_streams = (Comments(), Reactions(), Recheck())
    archives = (ARCHIVE,)
    client = CLIENT
    oauth = LinkedInOAuth()
    push = LinkedInPush()

    def sign_in(self, api: Api) -> tuple[Account, ProfileRecord]:
        """The page, if whoever gave the access administers it."""
        urn = f"urn:li:organization:{api.credentials['organization']}"
        member = pages(api, ADMINISTRATOR).get(urn)
        if member is None:
            raise UnavailableError("whoever signed in does not administer this page", network=api.network)
        api.credentials["member"] = member
        record = organization(urn, page_of(api, urn))
        handle = record.handle or record.display_name or tail(urn)
        return Account(key=record.key, handle=handle, base_url=api.base_url), record

    def renew(self, api: Api) -> None:
        renew(api)

    def forecast(self, api: Api) -> tuple[Forecast, ...]:
        """Calls: a list of all posts, and two lists for each post of the last 60 days; more where much was said."""
        own = f"urn:li:organization:{api.credentials['organization']}"
        part = part_of(api, "/rest/posts", f"q=author&author={encoded(own)}&sortBy=CREATED", count=COUNT)
        total = part.total if part.total is not None else len(part.items)
        since = milliseconds(api.now() - HISTORY)
        recent = sum((stamp(one, "createdAt") or 0) > since for one in part.items)
        return (
            Forecast(stream=Posts.name, items=total, cost=-(-total // COUNT)),
            Forecast(stream=COMMENTS, items=None, cost=recent),
            Forecast(stream=REACTIONS, items=None, cost=recent),
        )


connector = LinkedIn()
