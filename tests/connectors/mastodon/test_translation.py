"""What only a hand-made entity shows."""

from typing import Any

import pytest

from scrm.connectors.mastodon.translation import notification_records, profile
from scrm.connectors.payload import Payload
from tests.connectors.mastodon.reading import account_of
from tests.connectors.mastodon.scenario import minute
from tests.connectors.replay import recording, scripted, signed_in


@pytest.mark.parametrize("kind", ["poll", "status", "admin.sign_up", "severed_relationships", "of_tomorrow"])
def test_notifications_of_other_types_are_skipped(kind):
    item = recording("mastodon", "notifications")["exchanges"][0]["body"][0]
    with signed_in("mastodon", scripted([])) as (api, _):
        assert list(notification_records(Payload({**item, "type": kind}), account_of(api))) == []
        without = {name: value for name, value in item.items() if name != "status"}
        assert list(notification_records(Payload({**without, "type": "favourite"}), account_of(api))) == []


def test_lines_of_the_profile_that_say_what_they_are_become_fields():
    entity: dict[str, Any] = {
        "id": "1",
        "uri": "https://a.example/users/ada",
        "acct": "ada",
        "note": "<p>Pumps</p>",
        "fields": [
            {"name": "Firma", "value": "Pumpen &amp; Co", "verified_at": None},
            {"name": "📍", "value": "Bremen"},
            {"name": "Role", "value": "Engineer"},
            {"name": "E-Mail", "value": "ada at pumps"},
            {"name": "mail", "value": '<a href="mailto:ada@pumps.example">ada@pumps.example</a>'},
            {"name": "Company", "value": "Second"},
            {
                "name": "Web",
                "value": '<a href="https://a.example/?x=1&amp;y=2">a</a>',
                "verified_at": minute(1).isoformat(),
            },
        ],
    }
    record = profile(Payload(entity), "a.example")
    assert (record.company, record.location, record.title) == ("Pumpen & Co", "Bremen", "Engineer")
    assert record.email == "ada@pumps.example"
    assert not record.email_verified
    assert [(link.url, link.verified) for link in record.links] == [("https://a.example/?x=1&y=2", True)]
