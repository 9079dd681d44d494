"""Leads as records; pure.

lead-sync-schema and leadsync (learn.microsoft.com/linkedin, read 2026-11-24); which words `predefinedField` can be,
and the form of answers by choice, from memory. An answer names its question by number only; what was asked stands in
the form, which is why a lead is always kept together with it.

Each lead is a profile of its own: what somebody says in one form says nothing about what they said in another, and
with a lead that is deleted everything goes that it told of the person.

A lead was given to this company, to be used in its CRM: LinkedIn offers the API for exactly that. It is no public
word, yet nothing holds it back, so it counts as unlisted: nobody finds it, and the policy lets it into the CRM.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from scrm.connectors.base import Account
from scrm.connectors.payload import Payload
from scrm.connectors.restli import moment
from scrm.errors import PayloadError
from scrm.records import (
    Audience,
    DeletedKind,
    DeletionRecord,
    InteractionKind,
    InteractionRecord,
    Key,
    ProfileRecord,
    Record,
)

NETWORK = "linkedin_leads"
NAMES = ("FIRST_NAME", "LAST_NAME")
EMAILS = ("WORK_EMAIL", "EMAIL")
PLACES = ("CITY", "STATE", "COUNTRY")
COMPANY, TITLE, ADDRESS = "COMPANY_NAME", "JOB_TITLE", "LINKEDIN_PROFILE_LINK"
OF_PERSON = frozenset({*NAMES, *EMAILS, *PLACES, COMPANY, TITLE, ADDRESS})
FORM = re.compile(r"urn:li:versionedLeadGenForm:\(urn:li:leadGenForm:(\d+),\d+\)")
LEAD = "urn:li:leadGenFormResponse:"


@dataclass(frozen=True, kw_only=True)
class Said:
    """One answer with what was asked."""

    question: str | None
    field: str | None  # LinkedIn's word for questions that it fills in itself
    answer: str


def key(native_id: str) -> Key:
    return Key(network=NETWORK, native_id=native_id)


def submitter(lead: str) -> Key:
    """Whoever filled in the form, as far as this lead tells."""
    return key(f"{lead}/submitter")


def form_number(lead: Payload) -> str:
    """The number of the form that was filled in."""
    found = FORM.fullmatch(lead.text("versionedLeadGenFormUrn"))
    if found is None:
        raise PayloadError(f"{lead.path}.versionedLeadGenFormUrn: expected the URN of a form")
    return found[1]


def owner_of(holder: Payload) -> str:
    """The page or ad account to which something belongs."""
    owner = holder.child("owner")
    return owner.optional_text("organization") or owner.text("sponsoredAccount")


def deleted(native_id: str) -> Iterator[Record]:
    """The lead, and whoever it told of."""
    yield DeletionRecord(key=key(native_id), kind=DeletedKind.INTERACTION)
    yield DeletionRecord(key=submitter(native_id), kind=DeletedKind.PROFILE)


def lead_records(item: Payload, account: Account) -> Iterator[Record]:
    """Whoever filled the form in, and what they wrote; nothing for a lead that was sent as a test."""
    lead = item.child("lead")
    if lead.flag("testLead"):
        return
    if owner_of(lead) != account.key.native_id:
        raise PayloadError(f"{lead.path}.owner: expected what is connected")
    native, form = lead.text("id"), item.optional_child("form")
    response = lead.child("formResponse")
    said = tuple(_said(response, form))
    author = _person(lead, said, is_consenting=_is_consenting(response))
    yield author
    yield InteractionRecord(
        key=key(native),
        kind=InteractionKind.MESSAGE,
        author=author.key,
        occurred_at=moment(lead, "submittedAt"),
        text=_text(form, said),
        audience=Audience.UNLISTED,
        thread_key=native,
        fetch_ref=native,
    )


def _is_consenting(response: Payload) -> bool:
    """Whether everything that the form asks consent for was accepted; a form need not ask."""
    return all(one.flag("accepted") for one in response.children("consentResponses"))


def _person(lead: Payload, said: tuple[Said, ...], *, is_consenting: bool) -> ProfileRecord:
    """What people say of themselves; LinkedIn fills it in, they may change it, so nothing of it is verified."""
    given = {one.field: one.answer for one in said if one.field}
    name = " ".join(given[field] for field in NAMES if field in given)
    email = next((given[field] for field in EMAILS if field in given), None)
    address = given.get(ADDRESS)
    return ProfileRecord(
        key=submitter(lead.text("id")),
        display_name=name or None,
        url=address if address and address.startswith("https://") else None,
        location=", ".join(given[field] for field in PLACES if field in given) or None,
        company=given.get(COMPANY),
        title=given.get(TITLE),
        email=email if is_consenting else None,
    )


def _said(response: Payload, form: Payload | None) -> Iterator[Said]:
    asked = {one.text("questionId"): one for one in _questions(form)}
    for one in response.children("answers"):
        question = asked.get(one.text("questionId"))
        answer = _answer(one.child("answerDetails"), question)
        if answer:
            yield Said(
                question=question.optional_text("name") if question else None,
                field=question.optional_text("predefinedField") if question else None,
                answer=answer,
            )


def _questions(form: Payload | None) -> Iterator[Payload]:
    content = form.optional_child("content") if form else None
    yield from content.children("questions") if content else ()


def _answer(details: Payload, question: Payload | None) -> str | None:
    """A text, or the words of what was chosen."""
    text = details.optional_child("textQuestionAnswer")
    if text:
        return text.optional_text("answer")
    chosen = details.optional_child("multipleChoiceAnswer")
    asked = question.optional_child("questionDetails") if question else None
    choice = asked.optional_child("multipleChoiceQuestionDetails") if asked else None
    if chosen is None or choice is None:
        return None
    numbers = chosen.raw().get("options")
    if not isinstance(numbers, list):
        raise PayloadError(f"{chosen.path}.options: expected a list")
    numbers = {str(number) for number in numbers}
    words = [
        _localized(one.optional_child("text")) for one in choice.children("options") if one.text("id") in numbers
    ]
    return ", ".join(word for word in words if word) or None


def _localized(text: Payload | None) -> str | None:
    localized = text.optional_child("localized") if text else None
    return next((localized.optional_text(name) for name in localized.raw()), None) if localized else None


def _text(form: Payload | None, said: tuple[Said, ...]) -> str | None:
    """The form's name, then every answer that is not about who it is."""
    lines = [form.optional_text("name") if form else None]
    others = [one for one in said if one.field not in OF_PERSON]
    lines += [f"{one.question}: {one.answer}" if one.question else one.answer for one in others]
    return "\n".join(line for line in lines if line) or None
