"""What is read of lead forms, and what of it is taken."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from scrm.connectors.base import Api, ObjectRef
from scrm.connectors.linkedin_leads import connector
from scrm.connectors.payload import Payload
from scrm.errors import PayloadError, UnavailableError
from scrm.policy import Use, permit
from scrm.records import DeletionRecord, InteractionRecord, ProfileRecord
from scrm.sandbox.cast import person
from tests.connectors.linkedin_leads.scenario import ad_account, minute, page, play
from tests.connectors.replay import read_all

LEADS = connector.stream("leads")


def read(api: Api, cursor: str | None = None) -> tuple[list[Any], str | None]:
    """The items of a whole run, and where it ended."""
    pages = read_all(LEADS, api, cursor)
    return [item for one in pages for item in one.items], pages[-1].cursor


def records(api: Api, items: list[Any]) -> Iterator[tuple[ProfileRecord, InteractionRecord]]:
    assert api.account is not None
    for item in items:
        found = list(LEADS.translate(Payload(item), api.account))
        if found:
            profile, lead = found
            assert isinstance(profile, ProfileRecord)
            assert isinstance(lead, InteractionRecord)
            yield profile, lead


def test_a_page_has_leads_of_three_sorts_and_an_ad_account_its_own(of_page, of_ads, network):
    leads = play(network)
    truth = {str(one["native_id"]) for one in network.truth() if one["shown"] == "leads"}
    found = {lead.key.native_id for _, lead in records(of_page, read(of_page)[0])}
    assert found == {leads[name] for name in ("event", "product", "page")}
    ads = {lead.key.native_id for _, lead in records(of_ads, read(of_ads)[0])}
    assert found | ads == truth - {leads["test"]}
    assert not found & ads


def test_nothing_is_given_twice_and_what_is_new_is_found(of_page, of_ads, network):
    play(network)
    for api, kind, calls in ((of_page, "EVENT", 3), (of_ads, "SPONSORED", 1)):
        _, cursor = read(api)
        asked = len(network.requests())
        assert read(api, cursor) == ([], cursor)
        assert len(network.requests()) - asked == calls
        lead = network.lead("helene", at=minute(1999), lead_type=kind)
        items, cursor = read(api, cursor)
        assert [one["lead"]["id"] for one in items] == [lead]
        assert read(api, cursor)[0] == []


def test_a_lead_says_who_it_is_and_goes_into_the_crm(of_ads, network):
    leads = play(network)
    found = {lead.key.native_id: (profile, lead) for profile, lead in records(of_ads, read(of_ads)[0])}
    profile, lead = found[leads["katharina"]]
    whole = person("katharina")
    assert (profile.display_name, profile.email) == (whole.full_name, whole.email)
    assert (profile.company, profile.title) == (whole.company, whole.title)
    assert not profile.email_verified
    assert (lead.kind, lead.author, lead.occurred_at) == ("message", profile.key, minute(1))
    assert permit("linkedin_leads", Use.WRITE, audience=lead.audience).allowed
    assert all(permit("linkedin_leads", use).allowed for use in Use)
    assert found[leads["again"]][0].email == "office@leine.example"
    assert leads["test"] not in found


def test_without_every_consent_the_address_is_left_out(of_ads, network):
    leads = play(network)
    profiles = {profile.key.native_id: profile for profile, _ in records(of_ads, read(of_ads)[0])}
    refusing = profiles[f"{leads['refusing']}/submitter"]
    assert (refusing.display_name, refusing.email) == (person("helene").full_name, None)


@pytest.fixture
def item(of_ads: Api, network: Any) -> dict[str, Any]:
    network.lead("katharina", at=minute(1), lead_type="SPONSORED")
    found: dict[str, Any] = copy.deepcopy(read(of_ads)[0][0])
    return found


def test_other_questions_are_told_with_what_was_asked(of_ads, item):
    questions, answers = item["form"]["content"]["questions"], item["lead"]["formResponse"]["answers"]
    options = [{"id": number, "text": {"localized": {"de_DE": word}}} for number, word in ((1, "Öl"), (2, "Fett"))]
    questions += [
        {"questionId": 1, "name": "What for?"},
        {
            "questionId": 2,
            "name": "Which?",
            "questionDetails": {"multipleChoiceQuestionDetails": {"options": options}},
        },
        {"questionId": 3, "name": "Phone", "predefinedField": "PHONE_NUMBER"},
        {"questionId": 4, "predefinedField": "CITY"},
        {"questionId": 5, "predefinedField": "COUNTRY"},
        {"questionId": 6, "predefinedField": "WORK_EMAIL"},
        {"questionId": 7, "predefinedField": "LINKEDIN_PROFILE_LINK"},
    ]
    said = {1: "A mill", 3: "+49 000", 4: "Bremen", 5: "Germany", 6: "k@leine.example", 7: "javascript:x", 8: "Lost"}
    answers += [{"questionId": n, "answerDetails": {"textQuestionAnswer": {"answer": t}}} for n, t in said.items()]
    answers.append({"questionId": 2, "answerDetails": {"multipleChoiceAnswer": {"options": [2]}}})
    profile, lead = next(records(of_ads, [item]))
    name = item["form"]["name"]
    assert lead.text == f"{name}\nWhat for?: A mill\nPhone: +49 000\nLost\nWhich?: Fett"
    assert (profile.location, profile.email, profile.url) == ("Bremen, Germany", "k@leine.example", None)


def test_without_its_form_a_lead_stays_but_names_nobody(of_ads, item):
    del item["form"]
    profile, lead = next(records(of_ads, [item]))
    assert (profile.display_name, profile.email) == (None, None)
    assert lead.text is not None
    item["lead"]["formResponse"]["answers"] = []
    assert next(records(of_ads, [item]))[1].text is None


def test_a_form_that_is_gone_is_no_reason_to_stop(of_ads, network):
    network.lead("katharina", at=minute(1), lead_type="SPONSORED")
    network.fail(status=404, times=1, path="/rest/leadForms/{id}")
    items, _ = read(of_ads)
    assert [sorted(one) for one in items] == [["lead"]]


def test_a_lead_of_somebody_else_is_refused(of_ads, item):
    item["lead"]["owner"] = {"organization": "urn:li:organization:1"}
    with pytest.raises(PayloadError):
        list(records(of_ads, [item]))


def test_a_deleted_lead_goes_with_all_that_it_told(of_ads, network):
    leads = play(network)
    read(of_ads)
    network.delete(leads["katharina"], at=minute(600))
    recheck = connector.object_stream("recheck")
    refs = [ObjectRef(native_id=leads[name], fetch_ref=leads[name]) for name in ("katharina", "again")]
    found = recheck.read(of_ads, refs)
    assert found.gone == (leads["katharina"],)
    assert of_ads.account is not None
    gone = [
        record
        for item in found.items
        for record in recheck.translate(Payload(item), of_ads.account)
        if isinstance(record, DeletionRecord)
    ]
    assert {(one.kind, one.key.native_id) for one in gone} == {
        ("interaction", leads["katharina"]),
        ("profile", f"{leads['katharina']}/submitter"),
    }


def test_what_can_be_connected_are_pages_with_the_right_and_the_ad_accounts_named(of_page, network):
    number = ad_account(network).rpartition(":")[2]
    of_page.app = {**of_page.app, "ad_accounts": f"{number}, 99"}
    choices = {one.native_id: (one.label, one.credentials["owner"]) for one in connector.oauth.choices(of_page)}
    assert choices == {
        page(network): ("Nordwerk Antriebstechnik", page(network)),
        ad_account(network): (number, ad_account(network)),
        "urn:li:sponsoredAccount:99": ("99", "urn:li:sponsoredAccount:99"),
    }
    network.set_role("nordwerk", "ANALYST", at=minute(2000))
    assert page(network) not in {one.native_id for one in connector.oauth.choices(of_page)}


@pytest.mark.parametrize("owner", ["12345", "urn:li:person:abc", "urn:li:organization:1&x=1", ""])
def test_an_owner_is_written_as_linkedin_does(of_page, owner):
    of_page.credentials["owner"] = owner
    with pytest.raises(UnavailableError):
        connector.sign_in(of_page)


def test_leads_of_others_cannot_be_connected(of_page):
    of_page.credentials["owner"] = "urn:li:organization:1"
    with pytest.raises(UnavailableError):
        connector.sign_in(of_page)
