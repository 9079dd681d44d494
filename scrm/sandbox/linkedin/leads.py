"""Lead forms and what people answered in them.

The answers of a lead are told apart by the number of the question alone; which one asks for the e-mail stands in
the form, as `predefinedField`. Shapes as in the "Lead Sync" Postman collection (api-evangelist/linkedin,
openapi/linkedin-marketing-leads.yml) and lead-sync/lead-sync-schema (learn.microsoft.com/linkedin), read 2026-11-24.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scrm.sandbox.linkedin.urns import milliseconds, small_number

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from scrm.sandbox.linkedin.state import Member, Organization

QUESTIONS = {
    "FIRST_NAME": ("First name", "Vorname"),
    "LAST_NAME": ("Last name", "Nachname"),
    "EMAIL": ("Email address", "E-Mail-Adresse"),
    "COMPANY_NAME": ("Company name", "Firmenname"),
    "JOB_TITLE": ("Job title", "Berufsbezeichnung"),
}
CONSENT = "Ich bin einverstanden, dass mich das Unternehmen per E-Mail anspricht."


@dataclass(frozen=True, kw_only=True)
class LeadForm:
    """One form of a page. Ads belong to an ad account, everything else to the page itself."""

    id: int
    organization: Organization
    lead_type: str
    created_at: datetime

    @property
    def urn(self) -> str:
        return f"urn:li:versionedLeadGenForm:(urn:li:leadGenForm:{self.id},1)"

    @property
    def owner(self) -> dict[str, str]:
        if self.lead_type == "SPONSORED":
            return {"sponsoredAccount": account_urn(self.organization)}
        return {"organization": self.organization.urn}

    def question(self, name: str) -> int:
        place = [*QUESTIONS].index(name) + 1
        return int(f"{place}0{self.id}")

    @property
    def consent_id(self) -> int:
        return int(f"900{self.id}")


@dataclass(frozen=True, kw_only=True)
class Lead:
    """One form filled in."""

    id: str
    form: LeadForm
    member: Member
    answers: Mapping[str, str]  # by predefined field
    is_consenting: bool
    is_test: bool
    at: datetime


def account_urn(organization: Organization) -> str:
    return f"urn:li:sponsoredAccount:{small_number(f'account of {organization.id}')}"


def associated_entity(form: LeadForm) -> dict[str, str]:
    """Return what the form hung on: an ad, an event, or the page."""
    if form.lead_type == "SPONSORED":
        return {"associatedCreative": f"urn:li:sponsoredCreative:{small_number(f'creative {form.id}')}"}
    if form.lead_type == "EVENT":
        return {"event": f"urn:li:event:{small_number(f'event {form.id}')}"}
    return {"associatedOrganization": form.organization.urn}


def form_entity(form: LeadForm) -> dict[str, Any]:
    at = milliseconds(form.created_at)
    name = f"{form.organization.name} · {form.lead_type.title()}"
    return {
        "id": form.id,
        "versionId": 1,
        "name": name,
        "owner": form.owner,
        "state": "PUBLISHED",
        "created": at,
        "lastModified": at,
        "creationLocale": {"country": "DE", "language": "de"},
        "hiddenFields": [],
        "reviewInfo": {"rejectionReasons": [], "lastUpdated": at, "reviewStatus": "APPROVED"},
        "content": {
            "headline": _localized(name),
            "description": _localized(name),
            "questions": [
                {
                    "questionId": form.question(field),
                    "name": english,
                    "question": _localized(german),
                    "predefinedField": field,
                    "responseEditable": True,
                    "responseRequired": field == "EMAIL",
                    "questionDetails": {"textQuestionDetails": {"maxResponseLength": 300}},
                }
                for field, (english, german) in QUESTIONS.items()
            ],
            "legalInfo": {
                "legalInfoId": int(f"100{form.id}"),
                "privacyPolicyUrl": f"{form.organization.website}/datenschutz",
                "consents": [
                    {"consentId": form.consent_id, "checkRequired": False, "consent": _localized(CONSENT)},
                ],
            },
        },
    }


def lead_entity(lead: Lead) -> dict[str, Any]:
    form = lead.form
    metadata = {}
    if form.lead_type == "SPONSORED":
        campaign = f"urn:li:sponsoredCampaign:{small_number(f'campaign {form.id}')}"
        metadata = {"leadMetadata": {"sponsoredLeadMetadata": {"campaign": campaign}}}
    return {
        "id": lead.id,
        "owner": form.owner,
        "submitter": lead.member.urn,
        "leadType": form.lead_type,
        "versionedLeadGenFormUrn": form.urn,
        "submittedAt": milliseconds(lead.at),
        "testLead": lead.is_test,
        "associatedEntity": associated_entity(form),
        **metadata,
        "formResponse": {
            "consentResponses": [{"accepted": lead.is_consenting, "consentId": form.consent_id}],
            "answers": [
                {
                    "questionId": form.question(field),
                    "answerDetails": {"textQuestionAnswer": {"answer": answer}},
                }
                for field, answer in lead.answers.items()
                if answer
            ],
        },
    }


def lead_event(lead: Lead, action: str, at: datetime) -> dict[str, Any]:
    """Return what is sent to a webhook: that there is a lead, not what it says."""
    return {
        "type": "LEAD_ACTION",
        "leadGenFormResponse": f"urn:li:leadGenFormResponse:{lead.id}",
        "leadGenForm": lead.form.urn,
        "owner": lead.form.owner,
        "associatedEntity": associated_entity(lead.form),
        "leadType": lead.form.lead_type,
        "leadAction": action,
        "occurredAt": milliseconds(at),
    }


def _localized(text: str) -> dict[str, dict[str, str]]:
    return {"localized": {"de_DE": text}}
