"""Being told of leads: subscriptions for every sort, and what a delivery means."""

import json

import pytest

from scrm.connectors.linkedin_leads import connector
from scrm.connectors.payload import Payload
from scrm.errors import PayloadError
from scrm.records import DeletionRecord
from tests.connectors.linkedin.test_push import hearing
from tests.connectors.linkedin_leads.scenario import ad_account, minute, page


def test_a_page_subscribes_to_three_sorts_once_and_ends_them(of_page, network):
    with hearing(of_page, connector.push) as ear:
        for _ in range(2):
            connector.push.subscribe(of_page, ear.address)
        made = [one for one in network.requests() if one["method"] == "POST" and "leadNotif" in str(one["path"])]
        assert len(made) == 3
        network.lead("katharina", at=minute(1), lead_type="EVENT")
        network.deliver()
        assert len(ear.bodies) == 1
        connector.push.unsubscribe(of_page, ear.address)
        network.lead("katharina", at=minute(2), lead_type="EVENT")
        network.deliver()
        assert len(ear.bodies) == 1


def test_a_new_lead_wakes_the_list_and_a_deleted_one_goes_at_once(of_ads, network):
    assert of_ads.account is not None
    with hearing(of_ads, connector.push) as ear:
        connector.push.subscribe(of_ads, ear.address)
        lead = network.lead("katharina", at=minute(1), lead_type="SPONSORED")
        network.deliver()
        network.delete(lead, at=minute(2))
        network.deliver()
        network.redeliver()
    told = [one for body in ear.bodies for one in connector.push.events(body)]
    assert {one.account_id for one in told} == {ad_account(network)}
    made, deleted = (next(one for one in told if name in one.id) for name in ("CREATED", "DELETED"))
    assert len({one.id for one in told}) == 2
    assert connector.push.wakes(Payload(made.item)) == ("leads",)
    assert list(connector.push.translate(Payload(made.item), of_ads.account)) == []
    assert connector.push.wakes(Payload(deleted.item)) == ()
    gone = list(connector.push.translate(Payload(deleted.item), of_ads.account))
    assert {(one.kind, one.key.native_id) for one in gone if isinstance(one, DeletionRecord)} == {
        ("interaction", lead),
        ("profile", f"{lead}/submitter"),
    }


def test_other_deliveries_are_none_of_ours_and_nonsense_is_an_error(network):
    assert list(connector.push.events(b'{"type": "ORGANIZATION_SOCIAL_ACTION_NOTIFICATIONS"}')) == []
    broken = {"type": "LEAD_ACTION", "leadAction": "CREATED", "owner": {"organization": page(network)}}
    for body in (b"[]", json.dumps(broken).encode()):
        with pytest.raises(PayloadError):
            list(connector.push.events(body))
