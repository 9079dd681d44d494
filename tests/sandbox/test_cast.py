"""The cast is what the demo, the matching tests and the benchmarks stand on."""

import csv
import io
import re
from collections import Counter

import pytest

from scrm.sandbox.cast import (
    COMPANY_KEY,
    bluesky_address,
    cast,
    contact_id,
    contacts_csv,
    mastodon_address,
    mastodon_domain,
    on_network,
    person,
    x_handle,
)
from scrm.sandbox.server import fakes
from scrm.sandbox.x.ids import handle_of

OPEN = ("mastodon", "bluesky")


def contacts() -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(contacts_csv())))


def test_at_least_sixty_people_each_with_a_key_and_a_handle_of_their_own():
    assert len(cast()) >= 60
    assert len({one.key for one in cast()}) == len(cast())
    assert len({one.handle.lower() for one in cast()}) == len(cast())


def test_every_role_is_filled_and_the_company_is_one():
    roles = Counter(one.role for one in cast())
    assert set(roles) == {"contact", "stranger", "staff", "company"}
    assert roles["company"] == 1
    assert set(person(COMPANY_KEY).networks) >= set(fakes())
    assert roles["staff"] >= 3
    assert roles["stranger"] >= 10


@pytest.mark.parametrize("name", ["Maria Schmidt", "Thomas Müller"])
def test_two_contacts_in_different_companies_share_a_name(name):
    first, last = name.split()
    same = [row for row in contacts() if (row["FirstName"], row["LastName"]) == (first, last)]
    assert len(same) == 2
    assert len({row["Account Name"] for row in same}) == 2


def test_a_stranger_bears_the_name_of_two_contacts():
    assert person("stranger_maria").full_name == "Maria Schmidt"
    assert "Wien" not in {row["MailingCity"] for row in contacts()}


def test_some_are_on_both_networks_some_on_one_and_some_contacts_on_none():
    spread = Counter(tuple(name for name in OPEN if name in one.networks) for one in cast())
    assert spread["mastodon", "bluesky"] >= 15
    assert spread["mastodon",] >= 15
    assert spread["bluesky",] >= 8
    assert all(15 <= len(on_network(network)) < len(cast()) / 2 for network in set(fakes()) - set(OPEN))
    nowhere = [one for one in cast() if not one.networks]
    assert len(nowhere) >= 4
    assert {one.role for one in nowhere} == {"contact"}


def test_names_come_in_many_scripts():
    names = " ".join(one.full_name for one in cast())
    for sample in (r"[äöüß]", r"[şıİ]", r"[łśż]", r"[Α-Ωα-ω]", r"[А-Яа-я]", r"[ء-ي]", r"[א-ת]", r"[一-龯]"):
        assert re.search(sample, names), sample


def test_every_domain_is_an_example_domain():
    for one in cast():
        assert one.email.endswith(".example")
        assert one.website == "" or re.match(r"https://[a-z0-9.-]+\.example(/|$)", one.website)
        assert mastodon_domain(one).endswith(".example")


def test_addresses_are_what_the_networks_accept():
    for one in on_network("mastodon"):
        assert re.fullmatch(r"[a-z0-9_]+([a-z0-9_.-]+[a-z0-9_]+)?@[a-z0-9.-]+", mastodon_address(one))
        if mastodon_domain(one) == "social.example":
            assert re.fullmatch(r"[a-z0-9_]+", one.handle)
    for one in on_network("bluesky"):
        assert re.fullmatch(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?\.bsky\.example", bluesky_address(one))
    assert len({bluesky_address(one) for one in on_network("bluesky")}) == len(on_network("bluesky"))


def test_the_export_lists_every_contact_and_nobody_else():
    rows = contacts()
    assert [row["Id"] for row in rows] == [contact_id(one.key) for one in cast() if one.role == "contact"]
    assert len({row["Id"] for row in rows}) == len(rows)
    assert all(re.fullmatch(r"003[A-Za-z0-9]{12}[A-Z0-5]{3}", row["Id"]) for row in rows)
    assert all(row["LastName"] and row["Email"] and row["Account Name"] for row in rows)


def test_the_crm_knows_a_handle_or_website_only_of_some():
    rows = contacts()
    for column in ("Mastodon", "Bluesky", "X", "Website", "Phone"):
        known = [row for row in rows if row[column]]
        assert 3 <= len(known) < len(rows) / 3, column
    written = [row["Mastodon"] for row in rows if row["Mastodon"]]
    assert any(text.startswith("@") for text in written)
    assert any(text.startswith("https://") for text in written)


def test_a_known_handle_is_the_one_the_network_shows():
    by_id = {row["Id"]: row for row in contacts()}
    row = by_id[contact_id("katharina")]
    katharina = person("katharina")
    assert katharina.handle in row["Mastodon"]
    assert mastodon_domain(katharina) in row["Mastodon"]
    assert by_id[contact_id("noa")]["Bluesky"] == f"@{bluesky_address(person('noa'))}"


def test_some_write_their_crm_address_into_their_bio():
    assert sum(one.email in one.bio for one in cast() if one.role == "contact") >= 3


def test_the_export_names_the_handles_that_x_gives():
    assert all(x_handle(one) == handle_of(one) for one in on_network("x"))
