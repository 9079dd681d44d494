from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from scrm.errors import CrmBudgetSpentError, CrmRetryLaterError
from scrm.sync.crm.base import EntryWrite, Fault, Result
from scrm.sync.crm.salesforce.connect import store_rules
from scrm.sync.crm.salesforce.faults import row_error
from scrm.sync.crm.salesforce.held import KEY, VERSION
from scrm.sync.crm.salesforce.mapping import DEFAULT, Policy
from scrm.sync.crm.salesforce.sending import upsert
from tests.sync.crm.salesforce.orgs import INTEGRATION
from tests.sync.crm.salesforce.world import SalesforceWorld
from tests.sync.crm.worlds import START

INTERACTION = "Social_Interaction__c"


def entry(contact: str, key: str = "1-aa", version: int = 1, **more: Any) -> EntryWrite:
    fields = {"subject": "Post", "text": f"text {version}", "author": "Ada", "url": "https://social.example/1"}
    return EntryWrite(
        external_key=key,
        contact_native_id=contact,
        version=version,
        occurred_at=START,
        fields=fields | more.pop("fields", {}),
        **more,
    )


def standing(world: SalesforceWorld, key: str = "1-aa") -> dict[str, Any]:
    rows = [row for row in world.org.snapshot()[INTERACTION] if row["Key__c"] == key and not row["IsDeleted"]]
    assert len(rows) == 1
    return rows[0]


def calls(world: SalesforceWorld, since: int) -> list[str]:
    return [f"{one['method']} {one['path'].rpartition('/v68.0/')[2]}" for one in world.org.requests()[since:]]


def test_two_hundred_new_entries_take_one_call(world: SalesforceWorld) -> None:
    ada = world.add("Ada")
    since = len(world.org.requests())
    outcomes = world.crm.write([entry(ada, f"1-{number}") for number in range(200)])
    assert {outcome.result for outcome in outcomes} == {Result.CREATED}
    assert calls(world, since) == ["POST composite/sobjects"]


def test_two_hundred_changes_take_a_look_and_a_write(world: SalesforceWorld) -> None:
    ada = world.add("Ada")
    made = world.crm.write([entry(ada, f"1-{number}") for number in range(200)])
    since = len(world.org.requests())
    batch = [replace(entry(ada, outcome.external_key, version=2), record_id=outcome.record_id) for outcome in made]
    assert {outcome.result for outcome in world.crm.write(batch)} == {Result.UPDATED}
    assert calls(world, since) == ["POST composite", f"PATCH composite/sobjects/{INTERACTION}/Key__c"]


@pytest.mark.parametrize("kind", ["Contact", "Lead", "Account"])
def test_an_entry_hangs_on_a_contact_a_lead_or_an_account(world: SalesforceWorld, kind: str) -> None:
    more = {"Company": "Nordwerk"} if kind == "Lead" else {}
    native_id = world.add("Ada", kind, **more)
    world.crm.write([entry(native_id)])
    found = standing(world)
    assert {name: found[f"{name}__c"] for name in ("Contact", "Lead", "Account")} == {
        name: native_id if name == kind else None for name in ("Contact", "Lead", "Account")
    }


def test_an_entry_whose_look_up_is_closed_to_us_is_set_aside_and_never_an_orphan(world: SalesforceWorld) -> None:
    account = world.add("Nordwerk GmbH", "Account")
    world.org.people.hide_field(INTEGRATION, INTERACTION, "Account__c")
    crm = world.opened()
    crm.look_again()
    (outcome,) = crm.write([entry(account)])
    assert (outcome.result, outcome.fault) == (Result.REJECTED, Fault.FIELD)
    assert "Account__c" in str(outcome.error)
    assert world.records() == {}


def test_what_somebody_edited_is_left_and_the_rest_follows(world: SalesforceWorld) -> None:
    ada = world.add("Ada")
    world.crm.write([entry(ada)])
    world.org.people.edit(standing(world)["Id"], {"Subject__c": "Angry!"})
    (outcome,) = world.crm.write([entry(ada, version=2)])
    assert (outcome.result, outcome.changed_by_others) == (Result.UPDATED, True)
    found = standing(world)
    assert (found["Subject__c"], found["Text__c"], found["Version__c"]) == ("Angry!", "text 2", 2)


@pytest.mark.parametrize(
    ("policy", "subject", "author"),
    [
        (Policy.SCRM_WINS, "New", "Ada"),
        (Policy.CRM_WINS, "Angry!", None),
        (Policy.FILL_BLANK, "Angry!", "Ada"),
        (Policy.OFF, "Angry!", None),
    ],
)
def test_the_rule_of_a_field_says_who_wins(
    world: SalesforceWorld, policy: Policy, subject: str, author: str | None
) -> None:
    ada = world.add("Ada")
    world.crm.write([entry(ada)])
    world.org.people.edit(standing(world)["Id"], {"Subject__c": "Angry!", "Author__c": None})
    rules = [replace(rule, policy=policy) if rule.source in {"subject", "author"} else rule for rule in DEFAULT]
    assert store_rules(world.core, rules) == 1
    world.opened().write([entry(ada, version=2, fields={"subject": "New"})])
    found = standing(world)
    assert (found["Subject__c"], found["Author__c"], found["Text__c"]) == (subject, author, "text 2")


def test_blanks_around_a_text_are_nobodys_edit(world: SalesforceWorld) -> None:
    ada = world.add("Ada")
    written = entry(ada, fields={"text": "  hello\r\nthere \n"})
    world.crm.write([written])
    world.org.people.edit(standing(world)["Id"], {"Text__c": "hello\nthere"})
    (outcome,) = world.crm.write([written])
    assert (outcome.result, outcome.changed_by_others) == (Result.UNCHANGED, False)


def test_a_long_address_is_left_out_and_a_long_name_cut(world: SalesforceWorld) -> None:
    ada = world.add("Ada")
    long = {"url": "https://social.example/" + "x" * 300, "author": "👩‍👩‍👧" * 100}
    (outcome,) = world.crm.write([entry(ada, fields=long)])
    assert outcome.result is Result.CREATED
    found = standing(world)
    assert found["Permalink__c"] is None
    assert found["Author__c"].endswith("…")
    assert world.crm.write([entry(ada, fields=long)])[0].result is Result.UNCHANGED


def test_locked_rows_are_tried_again_in_smaller_batches(world: SalesforceWorld) -> None:
    ada, ben = world.add("Ada"), world.add("Ben")
    world.org.people.lock(ada, times=3)
    outcomes = world.crm.write([entry(ada if number % 2 else ben, f"1-{number}") for number in range(60)])
    assert {outcome.result for outcome in outcomes} == {Result.CREATED}
    assert len(world.records()) == 60


def test_rows_that_stay_locked_come_back_for_later(world: SalesforceWorld) -> None:
    ada, ben = world.add("Ada"), world.add("Ben")
    world.org.people.lock(ada, times=1000)
    outcomes = world.crm.write([entry(ada, "1-a"), entry(ben, "1-b")])
    assert [outcome.result for outcome in outcomes] == [Result.RETRY, Result.CREATED]
    assert outcomes[0].fault is Fault.LOCKED


def test_the_rule_in_the_org_stops_a_writer_that_was_delayed(world: SalesforceWorld) -> None:
    ada = world.add("Ada")
    world.crm.write([entry(ada)])
    message = "scrm: older version"
    world.org.people.refuse(INTERACTION, "FIELD_CUSTOM_VALIDATION_EXCEPTION", message, times=1)
    (outcome,) = world.crm.write([replace(entry(ada, version=2), record_id="known")])
    assert outcome.result is Result.STALE


def test_one_refused_row_leaves_its_neighbors_and_its_reason_holds_no_value(world: SalesforceWorld) -> None:
    ada = world.add("Ada")
    world.org.people.refuse(INTERACTION, "FIELD_CUSTOM_VALIDATION_EXCEPTION", "no text 1 please", times=1)
    outcomes = world.crm.write([entry(ada, "1-a"), entry(ada, "1-b")])
    assert sorted(outcome.result for outcome in outcomes) == [Result.CREATED, Result.REJECTED]
    (refused,) = [outcome for outcome in outcomes if outcome.result is Result.REJECTED]
    assert refused.fault is Fault.RULE
    assert "text 1" not in str(refused.error)


def test_a_write_whose_answer_was_lost_is_made_again_without_a_double(world: SalesforceWorld) -> None:
    ada = world.add("Ada")
    world.org.cut(times=1, path="composite/sobjects", after=True)
    with pytest.raises(CrmRetryLaterError):
        world.crm.write([entry(ada)])
    assert len(world.records()) == 1
    (outcome,) = world.crm.write([entry(ada)])
    assert outcome.result is Result.UNCHANGED
    assert outcome.record_id == standing(world)["Id"]


def test_maintenance_and_an_empty_budget_hold_the_batch_back(world: SalesforceWorld) -> None:
    ada = world.add("Ada")
    world.org.fail(status=503, times=1, path="composite")
    with pytest.raises(CrmRetryLaterError):
        world.crm.write([entry(ada)])
    world.org.fail(status=403, times=1, path="composite")
    with pytest.raises(CrmBudgetSpentError):
        world.crm.write([entry(ada)])
    assert world.records() == {}


def test_an_edited_record_is_not_withdrawn_but_loses_what_must_go(world: SalesforceWorld) -> None:
    ada = world.add("Ada")
    world.crm.write([entry(ada)])
    world.org.people.edit(standing(world)["Id"], {"Subject__c": "Angry!"})
    assert world.crm.withdraw([entry(ada, version=2)])[0].result is Result.EDITED
    assert standing(world)["Text__c"] == "text 1"
    assert world.crm.withdraw([entry(ada, version=3, must_go=True)])[0].result is Result.EDITED
    found = standing(world)
    assert (found["Subject__c"], found["Text__c"], found["Author__c"]) == ("Angry!", None, None)
    assert world.crm.withdraw([entry(ada, version=4, is_forced=True)])[0].result is Result.WITHDRAWN
    assert world.records() == {}


def test_what_must_go_is_not_left_in_the_recycle_bin(world: SalesforceWorld) -> None:
    ada = world.add("Ada")
    world.crm.write([entry(ada)])
    assert world.crm.withdraw([entry(ada, version=2, must_go=True)])[0].result is Result.WITHDRAWN
    (row,) = world.org.snapshot()[INTERACTION]
    assert row["IsDeleted"]
    assert [row[name] for name in ("Subject__c", "Text__c", "Author__c", "Permalink__c")] == [None] * 4


def test_an_id_that_is_none_never_becomes_part_of_an_address(world: SalesforceWorld) -> None:
    since = len(world.org.requests())
    for wrong in ("https://evil.example/", "../../Lead/x", "003", "' OR Id != '"):
        assert world.crm.write([entry(wrong)])[0].result is Result.CONTACT_GONE
        assert world.crm.read([wrong]) == []
        assert world.crm.resolve_merge(wrong) is None
    assert calls(world, since) == []


def test_ids_of_fifteen_characters_are_taken(world: SalesforceWorld) -> None:
    ada = world.add("Ada")
    assert world.crm.write([entry(ada[:15])])[0].result is Result.CREATED
    assert world.crm.write([entry(ada)])[0].result is Result.UNCHANGED
    assert [contact.native_id for contact in world.crm.read([ada[:15]])] == [ada]


def test_an_older_time_in_another_zone_is_the_same_time(world: SalesforceWorld) -> None:
    ada = world.add("Ada")
    at = (START + timedelta(hours=1)).isoformat()
    world.crm.write([entry(ada, fields={"occurred_at": at, "edited_at": None})])
    (outcome,) = world.crm.write([entry(ada, fields={"occurred_at": at.replace("+00:00", "Z"), "edited_at": None})])
    assert outcome.result is Result.UNCHANGED


def test_the_orgs_own_rule_refuses_an_older_version_in_words_we_know(world: SalesforceWorld) -> None:
    ada = world.add("Ada")
    world.crm.write([entry(ada, version=5)])
    (answer,) = upsert(world.opened().org, INTERACTION, KEY, [{KEY: "1-aa", VERSION: 4}])
    assert row_error(answer["errors"])[0] is Result.STALE
    assert standing(world)["Version__c"] == 5
