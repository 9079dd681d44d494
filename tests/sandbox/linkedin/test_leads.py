"""Leads: forms, what was answered in them, and who may read it."""

import pytest

from tests.sandbox.linkedin.conftest import Reader, encoded, minute, row


def owned(page, lead_type="COMPANY"):
    return f"q=owner&owner=(organization:{encoded(page)})&leadType=(leadType:{lead_type})"


def answers(reader, lead):
    """What a lead says, by the form's own names for the questions."""
    number = lead["versionedLeadGenFormUrn"].split(":")[-1].split(",")[0]
    questions = reader.json(f"/rest/leadForms/{number}")["content"]["questions"]
    names = {one["questionId"]: one["predefinedField"] for one in questions}
    found = lead["formResponse"]["answers"]
    return {names[one["questionId"]]: one["answerDetails"]["textQuestionAnswer"]["answer"] for one in found}


def test_a_lead_says_who_it_is_and_whether_it_may_be_written_to(network, reader, page):
    number = network.lead("katharina", at=minute(1))
    refusing = network.lead("helene", at=minute(2), is_consenting=False, email="h@example.com")
    found = reader.elements("/rest/leadFormResponses", owned(page))
    assert [one["id"] for one in found] == [refusing, number]
    assert answers(reader, found[1]) == {
        "FIRST_NAME": "Katharina",
        "LAST_NAME": "Groß",
        "EMAIL": "katharina.gross@foerdertechnik-leine.example",
        "COMPANY_NAME": "Fördertechnik Leine GmbH",
        "JOB_TITLE": "Leiterin Einkauf",
    }
    assert answers(reader, found[0])["EMAIL"] == "h@example.com"
    consents = [one["formResponse"]["consentResponses"][0] for one in found]
    assert [one["accepted"] for one in consents] == [False, True]
    form = reader.elements("/rest/leadForms", f"q=owner&owner=(organization:{encoded(page)})")
    wanted = {one["content"]["legalInfo"]["consents"][0]["consentId"] for one in form}
    assert {one["consentId"] for one in consents} <= wanted
    assert found[1]["submitter"] == row(network, number)["author"]
    assert (row(network, number)["kind"], row(network, number)["shown"]) == ("lead", "leads")


def test_leads_of_ads_belong_to_the_ad_account(network, reader, page):
    number = network.lead("katharina", at=minute(1), lead_type="SPONSORED")
    assert reader.elements("/rest/leadFormResponses", owned(page)) == []
    lead = reader.json(f"/rest/leadFormResponses/{number}")
    account = lead["owner"]["sponsoredAccount"]
    query = f"q=owner&owner=(sponsoredAccount:{encoded(account)})&leadType=(leadType:SPONSORED)"
    assert reader.elements("/rest/leadFormResponses", query) == [lead]
    assert lead["leadMetadata"]["sponsoredLeadMetadata"]["campaign"].startswith("urn:li:sponsoredCampaign:")
    for wrong in (owned(page, "SPONSORED"), query.replace(":SPONSORED", ":COMPANY")):
        assert reader.ask("/rest/leadFormResponses", wrong).status_code == 400


def test_leads_are_cut_by_time_form_and_kind(network, reader, page, clock):
    early, late = network.lead("katharina", at=minute(1)), network.lead("helene", at=minute(2))
    test = network.lead("femke", at=minute(3), is_test=True)

    def ids(more):
        return [one["id"] for one in reader.elements("/rest/leadFormResponses", owned(page) + more)]

    start = int(minute(2).timestamp() * 1000)
    assert ids(f"&submittedAtTimeRange=(start:{start})") == [test, late]
    assert ids(f"&submittedAtTimeRange=(start:1,end:{start})") == [late, early]
    assert ids("&limitedToTestLeads=true") == [test]
    assert ids("&limitedToTestLeads=false&count=2") == [test, late]
    form = reader.json(f"/rest/leadFormResponses/{early}")["versionedLeadGenFormUrn"]
    assert len(ids(f"&versionedLeadGenFormUrn={encoded(form)}")) == 3
    assert ids(f"&versionedLeadGenFormUrn={encoded(form.replace(',1)', ',2)'))}") == []
    clock.now = minute(2)
    clock.forward(days=365)
    later = Reader(network, network.credentials("nordwerk")["access_token"], {"Linkedin-Version": "202710"})
    assert [one["id"] for one in later.elements("/rest/leadFormResponses", owned(page))] == [test]
    assert later.ask(f"/rest/leadFormResponses/{early}").status_code == 404


def test_fields_can_be_chosen(network, reader):
    number = network.lead("katharina", at=minute(1))
    lead = reader.json(f"/rest/leadFormResponses/{number}", "fields=id,testLead,form:(id,name)")
    assert lead.keys() == {"id", "testLead", "form"}
    assert lead["form"].keys() == {"id", "name"}


def test_leads_need_a_role_and_are_gone_when_deleted(network, reader, page):
    number = network.lead("katharina", at=minute(1))
    stranger = Reader(network, network.credentials("helene")["access_token"])
    assert stranger.ask("/rest/leadFormResponses", owned(page)).status_code == 403
    assert stranger.ask(f"/rest/leadFormResponses/{number}").status_code == 403
    network.set_role("nordwerk", "LEAD_GEN_FORMS_MANAGER", at=minute(2))
    assert len(reader.elements("/rest/leadFormResponses", owned(page))) == 1
    network.delete(number, at=minute(3))
    assert reader.ask(f"/rest/leadFormResponses/{number}").status_code == 404
    assert row(network, number)["deleted"] is True
    with pytest.raises(ValueError, match="no form"):
        network.lead("katharina", at=minute(4), lead_type="NEWSLETTER")
