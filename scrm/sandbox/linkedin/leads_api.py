"""The calls of Lead Sync that read forms and what was answered in them; LinkedIn keeps answers for 365 days.

An ad account's leads are SPONSORED, a page's own are not (lead-sync/leadsync, learn.microsoft.com/linkedin, and the
"Lead Sync" Postman collection, read 2026-11-24).
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from scrm.sandbox.linkedin import gate
from scrm.sandbox.linkedin.errors import OutOfSpecError, RefusedError
from scrm.sandbox.linkedin.leads import account_urn, form_entity, lead_entity
from scrm.sandbox.linkedin.paging import answer, page
from scrm.sandbox.linkedin.restli import project
from scrm.sandbox.linkedin.routes import LEAD_READERS, OWNER
from scrm.sandbox.linkedin.urns import milliseconds

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from flask import Response

    from scrm.sandbox.linkedin.leads import Lead, LeadForm
    from scrm.sandbox.linkedin.state import Organization, State

LEADS_KEPT = timedelta(days=365)
FORM_FIELDS = ("hiddenFields", "creationLocale", "name", "id", "content")


def owner_of(state: State, owner: Any, roles: frozenset[str]) -> Organization:
    """Return the page that an owner stands for, if the member behind the request may read its leads."""
    if not OWNER.fits(owner):
        raise OutOfSpecError("INVALID_REQUEST", "Parameter 'owner' is invalid")
    for organization in state.organizations.values():
        urns = {organization.urn, account_urn(organization)}
        if urns & set(owner.values()) and organization.role_of(gate.member()) in roles:
            return organization
    raise gate.refuse()


def check_owner(owner: Mapping[str, object], lead_type: object) -> None:
    if ("sponsoredAccount" in owner) != (lead_type == "SPONSORED"):
        raise OutOfSpecError("INVALID_REQUEST", f"Lead type {lead_type} is not supported for this owner")


class LeadReader:
    """Answers the calls about forms and leads."""

    def __init__(self, state: State, clock: Callable[[], datetime]) -> None:
        self._state = state
        self._clock = clock

    def views(self) -> Mapping[str, Callable[[], Response]]:
        return {"lead_forms": self.forms, "lead_form": self.form, "leads": self.leads, "lead": self.lead}

    def forms(self) -> Response:
        owner = gate.asked("owner")
        owner_of(self._state, owner, LEAD_READERS)
        return page([one for one in self._state.forms.values() if one.owner == owner], form_entity, has_total=False)

    def form(self) -> Response:
        return answer(form_entity(self._readable(self._state.forms.get(int(gate.key("id"))))))

    def leads(self) -> Response:
        owner, kind = gate.asked("owner"), gate.asked("leadType")
        owner_of(self._state, owner, LEAD_READERS)
        lead_type = kind["leadType"] if isinstance(kind, dict) else None
        check_owner(owner if isinstance(owner, dict) else {}, lead_type)
        times = gate.asked("submittedAtTimeRange")
        times = times if isinstance(times, dict) else {}
        start, end = int(str(times.get("start", 0))), int(str(times.get("end", 2**62)))
        form, only_tests = gate.asked_text("versionedLeadGenFormUrn"), gate.asked_text("limitedToTestLeads") == "true"

        def is_asked_for(lead: Lead) -> bool:
            is_of_owner = (lead.form.owner, lead.form.lead_type) == (owner, lead_type)
            is_chosen = form in {"", lead.form.urn} and (lead.is_test or not only_tests)
            return is_of_owner and is_chosen and self._is_kept(lead) and start <= milliseconds(lead.at) <= end

        found = [lead for lead in reversed(self._state.leads.values()) if is_asked_for(lead)]
        return page(found, _projected)

    def lead(self) -> Response:
        found = self._state.leads.get(gate.key("id"))
        if found is None or not self._is_kept(found):
            raise RefusedError("NOT_FOUND")
        self._readable(found.form)
        return answer(_projected(found))

    def _readable(self, form: LeadForm | None) -> LeadForm:
        if form is None:
            raise RefusedError("NOT_FOUND")
        owner_of(self._state, form.owner, LEAD_READERS)
        return form

    def _is_kept(self, lead: Lead) -> bool:
        return lead.at > self._clock() - LEADS_KEPT


def _projected(lead: Lead) -> dict[str, Any]:
    entity = lead_entity(lead)
    wanted = gate.asked_text("fields")
    if not wanted:
        return entity
    form = form_entity(lead.form)
    return project({**entity, "form": {name: form[name] for name in FORM_FIELDS}}, wanted)
