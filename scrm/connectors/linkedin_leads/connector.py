"""LinkedIn Leads (Lead Sync): what people send to a company in its forms, with their consent.

API: learn.microsoft.com/linkedin/marketing/lead-sync (read 2026-11-24). Of all that LinkedIn offers this is meant for
the CRM: "getting access" names syncing leads to one as a supported use case.
"""

import re
from datetime import date

from scrm.connectors.base import Account, Api, Connector
from scrm.connectors.budget import Budget, Period, Unit
from scrm.connectors.linkedin_leads.leads import Leads, Recheck, owned, owner_field
from scrm.connectors.linkedin_leads.oauth import LeadsOAuth
from scrm.connectors.linkedin_leads.push import LeadsPush
from scrm.connectors.linkedin_leads.translation import NETWORK, key
from scrm.connectors.manifest import CredentialField, Manifest, RateLimit, Rule, Scope, Status, Terms
from scrm.connectors.restli import APP_FIELDS, CLIENT, VERSIONS, page_of, part_of, renew, tail
from scrm.errors import UnavailableError
from scrm.i18n import N_
from scrm.records import ProfileRecord

OWNER = re.compile(r"urn:li:(organization|sponsoredAccount):\d+")
TERMS = "https://learn.microsoft.com/en-us/linkedin/marketing/lead-sync/getting-access-leadsync"
BUDGET_SOURCE = "https://learn.microsoft.com/en-us/linkedin/shared/api-guide/concepts/rate-limits"


class LinkedInLeads(Connector):
    """What scrm knows of this network."""

    manifest = Manifest(
        key=NETWORK,
        label="LinkedIn Leads",
        mark="LL",
        status=Status.LIVE,
        terms=Terms(
            match=Rule.ALLOWED,
            store=Rule.ALLOWED,
            show=Rule.ALLOWED,
            write_to_crm=Rule.ALLOWED,
            keep_hours=None,
            source=TERMS,
            read_on=date(2026, 11, 24),
            note=N_(
                "People fill in your form so that you contact them, and LinkedIn offers this way for CRMs. Keep to"
                " what the form says and to your privacy policy. Where somebody did not accept what the form asks"
                " consent for, scrm leaves the e-mail address out."
            ),
        ),
        scopes=(
            Scope(name="r_marketing_leadgen_automation", reason=N_("To read your lead forms and what people answer")),
            Scope(name="r_organization_admin", reason=N_("To see for which pages you may do that")),
            Scope(name="r_ads", reason=N_("To read leads from the ads of your ad account")),
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
                name="owner",
                label=N_("Whose leads"),
                help=N_("A page or an ad account, as LinkedIn writes it."),
                example="urn:li:organization:12345678",
            ),
        ),
        app_fields=(
            *APP_FIELDS[:2],
            CredentialField(
                name="ad_accounts",
                label=N_("Numbers of your ad accounts"),
                help=N_("If you have lead forms in ads; several with spaces between them."),
                example="512345678",
                is_advanced=True,
            ),
            *APP_FIELDS[2:],
        ),
        versions=VERSIONS,
        budget=Budget(unit=Unit.CALLS, period=Period.DAY, cap=500, source=BUDGET_SOURCE),
        default_base_url="https://api.linkedin.com",
        reads=(
            N_("What people answer in your lead forms: name, e-mail address, company, position and the rest"),
            N_("The forms, to know what was asked"),
        ),
    )
    streams = (Leads(),)
    object_streams = (Recheck(),)
    client = CLIENT
    oauth = LeadsOAuth()
    push = LeadsPush()

    def sign_in(self, api: Api) -> tuple[Account, ProfileRecord]:
        """The page or ad account, if whoever gave the access may read its forms."""
        owner = api.credentials["owner"]
        if not OWNER.fullmatch(owner):
            raise UnavailableError("expected the URN of a page or an ad account", network=api.network)
        part_of(api, "/rest/leadForms", owned(owner), count=1)
        is_page = owner_field(owner) == "organization"
        name = page_of(api, owner).optional_text("localizedName") if is_page else None
        record = ProfileRecord(key=key(owner), display_name=name, is_organization=True)
        return Account(key=record.key, handle=name or tail(owner), base_url=api.base_url), record

    def renew(self, api: Api) -> None:
        renew(api)


connector = LinkedInLeads()
