"""Keys and counts in the database: who is matched again after which change, and that the counts stay right."""

import shutil
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from scrm.config import Settings
from scrm.db import Database
from scrm.matching import blocking, keys
from scrm.matching.blocking import CAP, CHUNK, holders_of, rekey_due
from scrm.matching.frequencies import TokenKind
from scrm.matching.keys import MOST_CONTACTS_PER_KEY, Key, contact_keys
from scrm.matching.load import StoredFrequencies, contact_view, counted, load_contacts
from scrm.models import Contact, KeyCount, MatchKey, Side, ValueCount, Verdict
from scrm.runtime import Core
from scrm.vault import Vault
from tests.factories import NOW
from tests.matching.workshop import ADAS_MAIL, CERTAIN, Workshop


def counts(database: Database) -> dict[str, int]:
    with database.read() as session:
        return {row.value: row.count for row in session.scalars(select(ValueCount)) if row.count}


def expected_counts(database: Database) -> Counter[str]:
    """Counted anew over all that live."""
    with database.read() as session:
        rows = session.scalars(
            select(Contact).where(Contact.deleted_at.is_(None), Contact.merged_into_id.is_(None))
        ).all()
    return Counter(value for row in rows for value in counted(contact_view(row)))


def expected_keys(database: Database) -> set[tuple[int, int]]:
    with database.read() as session:
        rows = session.scalars(
            select(Contact).where(Contact.deleted_at.is_(None), Contact.merged_into_id.is_(None))
        ).all()
    return {(row.id, key) for row in rows for key in contact_keys(contact_view(row))}


def stored_keys(database: Database) -> set[tuple[int, int]]:
    with database.read() as session:
        rows = session.execute(
            select(MatchKey.owner_id, MatchKey.key).where(MatchKey.side == Side.CONTACT.value)
        ).all()
    return {(owner_id, key) for owner_id, key in rows}


# who is matched again


def test_a_contact_that_comes_later_finds_the_profile_that_waits(shop: Workshop) -> None:
    profile = shop.profile(**CERTAIN)
    shop.settle()
    assert shop.state(profile) == "none"
    ada = shop.contact(emails=[ADAS_MAIL])
    shop.settle()
    assert shop.linked(profile) == ada


def test_a_changed_contact_finds_the_profile_that_now_fits(shop: Workshop) -> None:
    ada = shop.contact(full_name="Unknown", first_name=None, last_name=None)
    profile = shop.profile(**CERTAIN)
    shop.settle()
    shop.change(ada, full_name="Ada Quickenborough", emails=[ADAS_MAIL])
    shop.settle()
    assert shop.linked(profile) == ada


def test_a_changed_contact_is_keyed_alone(shop: Workshop) -> None:
    changed, other = shop.contact(), shop.contact(full_name="Bo Sample", first_name="Bo", last_name="Sample")
    shop.settle()
    before = shop.keys(Side.CONTACT, other)
    with shop.db.write("test.mark") as session:  # a key that keying would not make
        session.add(MatchKey(side=Side.CONTACT.value, key=1, owner_id=other))
    shop.change(changed, emails=["ada@elsewhere.example"])
    shop.settle()
    assert shop.keys(Side.CONTACT, other) == before | {1}
    assert stored_keys(shop.db) == expected_keys(shop.db) | {(other, 1)}


def test_only_profiles_that_share_a_key_are_matched_again(shop: Workshop) -> None:
    shop.settle()
    near, far = shop.profile(display_name="Ada Q. Borough"), shop.profile(display_name="Zebulon Quux")
    shop.settle()
    shop.contact()
    rekey_due(shop.core)
    assert (shop.is_due(near), shop.is_due(far)) == (True, False)


def test_profiles_that_a_person_settled_are_left_in_peace(shop: Workshop) -> None:
    profile = shop.profile(**CERTAIN)
    shop.settle()
    shop.judge(profile, None, Verdict.NOBODY)
    shop.contact(emails=[ADAS_MAIL])
    rekey_due(shop.core)
    assert not shop.is_due(profile)


def test_a_deleted_contact_loses_keys_counts_and_links(shop: Workshop) -> None:
    ada = shop.contact(emails=[ADAS_MAIL])
    profile = shop.profile(**CERTAIN)
    shop.settle()
    shop.change(ada, deleted_at=NOW)
    shop.settle()
    assert shop.keys(Side.CONTACT, ada) == set()
    assert counts(shop.db) == {}
    with shop.db.read() as session:
        assert session.get_one(Contact, ada).forms is None
    assert (shop.linked(profile), shop.state(profile)) == (None, "none")


def test_a_merge_moves_the_link_to_the_survivor(shop: Workshop) -> None:
    old = shop.contact(emails=[ADAS_MAIL])
    profile = shop.profile(**CERTAIN)
    shop.settle()
    new = shop.contact(full_name="Bo Sample", first_name="Bo", last_name="Sample")
    shop.settle()
    shop.change(old, merged_into_id=new)
    shop.settle()
    assert shop.linked(profile) == new


@pytest.mark.parametrize("is_merged_before", [False, True])
def test_a_link_comes_back_with_its_contact_even_without_a_common_key(shop: Workshop, is_merged_before: bool) -> None:
    ada = shop.contact(full_name="Nothing Alike", first_name="Nothing", last_name="Alike")
    profile = shop.profile(display_name="Zebulon Quux")
    shop.judge(profile, ada, Verdict.POSITIVE)
    if is_merged_before:
        survivor = shop.contact(full_name="Also Different", first_name="Also", last_name="Different")
        shop.change(ada, merged_into_id=survivor)
        ada = survivor
    shop.settle()
    assert shop.linked(profile) == ada
    shop.change(ada, deleted_at=NOW)
    shop.settle()
    assert shop.linked(profile) is None
    shop.change(ada, deleted_at=None)
    shop.settle()
    assert shop.linked(profile) == ada


def test_a_merge_that_is_taken_back_takes_the_link_back(shop: Workshop) -> None:
    ada, other = shop.contact(), shop.contact(full_name="Bo Sample", first_name="Bo", last_name="Sample")
    profile = shop.profile(display_name="Zebulon Quux")
    shop.judge(profile, ada, Verdict.POSITIVE)
    shop.change(ada, merged_into_id=other)
    shop.settle()
    assert shop.linked(profile) == other
    shop.change(ada, merged_into_id=None)
    shop.settle()
    assert shop.linked(profile) == ada


def test_a_keyed_contact_is_compared_by_forms_that_are_kept_and_a_changed_one_by_what_it_says_now(
    shop: Workshop,
) -> None:
    ada = shop.contact(emails=[ADAS_MAIL])
    shop.settle()
    with shop.db.read() as session:
        (kept,) = load_contacts(session, [ada], 0)
    assert "name" in kept.view.__dict__
    shop.change(ada, full_name="Bo Sample", first_name="Bo", last_name="Sample")
    with shop.db.read() as session:
        (changed,) = load_contacts(session, [ada], 0)
    assert (kept.view.name.surname, changed.view.name.surname) == (("quickenborough",), ("sample",))
    assert (changed.version, changed.counted) == (kept.version + 1, counted(changed.view))


# common keys


@pytest.fixture
def small_cap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three contacts are many, four too many."""
    monkeypatch.setattr(keys, "MOST_CONTACTS_PER_KEY", 3)
    for module in (keys, blocking):
        monkeypatch.setattr(module, "COUNTED_FROM", 2)


def key_counts(database: Database) -> dict[int, int]:
    with database.read() as session:
        return {row.key: row.count for row in session.scalars(select(KeyCount))}


def expected_key_counts(database: Database) -> dict[int, int]:
    many = Counter(key for _, key in stored_keys(database))
    return {key: count for key, count in many.items() if count >= blocking.COUNTED_FROM}


@pytest.mark.usefixtures("small_cap")
def test_a_key_of_many_contacts_makes_no_pairs(shop: Workshop) -> None:
    some = [shop.contact(full_name="Ada", first_name=None, last_name=None) for _ in range(3)]
    shop.settle()
    with shop.db.read() as session:
        key = Key(session.scalars(select(MatchKey.key).limit(1)).one())
        assert holders_of(session, [key]) == {key: some}
    other = shop.contact(full_name="Ada", first_name=None, last_name=None)
    shop.settle()
    with shop.db.read() as session:
        assert holders_of(session, [key]) == {}
    assert key_counts(shop.db) == {key: 4}
    for gone in (other, *some[1:]):
        shop.change(gone, deleted_at=NOW)
    shop.settle()
    with shop.db.read() as session:
        assert holders_of(session, [key]) == {key: some[:1]}
    assert key_counts(shop.db) == {}


def test_a_key_of_many_profiles_wakes_none_of_them(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocking, "CAP", 2)
    profiles = [shop.profile(display_name="Ada Quickenborough") for _ in range(3)]
    shop.settle()
    shop.contact()
    rekey_due(shop.core)
    assert not any(map(shop.is_due, profiles))


def test_the_cap_is_the_one_the_keys_were_measured_with() -> None:
    assert CAP == MOST_CONTACTS_PER_KEY


# portions, and changes that come while keys are made


def test_many_changed_contacts_are_keyed_in_portions(shop: Workshop) -> None:
    for number in range(CHUNK + 1):
        shop.contact(full_name=f"Ada Sample{number}")
    assert rekey_due(shop.core) is True
    assert rekey_due(shop.core) is False
    assert stored_keys(shop.db) == expected_keys(shop.db)
    assert counts(shop.db) == expected_counts(shop.db)


def test_a_contact_that_changes_while_it_is_keyed_stays_due(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    ada = shop.contact()
    make = blocking.contact_keys

    def change_meanwhile(view: object) -> set[int]:
        monkeypatch.setattr(blocking, "contact_keys", make)
        shop.change(ada, full_name="Bo Sample", first_name="Bo", last_name="Sample")
        return set(make(view))  # type: ignore[arg-type]

    monkeypatch.setattr(blocking, "contact_keys", change_meanwhile)
    rekey_due(shop.core)
    assert (stored_keys(shop.db), counts(shop.db)) == (set(), {})
    rekey_due(shop.core)
    assert stored_keys(shop.db) == expected_keys(shop.db)
    assert counts(shop.db) == expected_counts(shop.db)


def test_counts_are_read_as_they_are_stored(shop: Workshop) -> None:
    shop.contact()
    shop.contact(full_name="Ada Sample", first_name="Ada", last_name="Sample")
    shop.settle()
    with shop.db.read() as session:
        views = [contact_view(row) for row in session.scalars(select(Contact))]
        frequencies = StoredFrequencies(session, counted(views[0]))
        assert frequencies.total == 2
        assert frequencies.count(TokenKind.NAME, "ada") == 2
        assert frequencies.count(TokenKind.NAME, "sample") == 1
        assert frequencies.count(TokenKind.NAME, "nobody") == 0


# The counts stay right through whatever happens.

NAMES = st.sampled_from(["Ada Quickenborough", "Bo Sample", "Ada Sample", "Jörg Müller-Lüdenscheidt", ""])
FIELDS = st.fixed_dictionaries(
    {
        "full_name": NAMES,
        "emails": st.lists(st.sampled_from([ADAS_MAIL, "bo@sample.example"]), max_size=2, unique=True),
        "company": st.sampled_from([None, "Acme GmbH", "Acme Inc."]),
        "city": st.sampled_from([None, "Kiel"]),
    }
)
WHICH = st.integers(0, 5)
STEPS = st.one_of(
    st.tuples(st.just("add"), FIELDS),
    st.tuples(st.just("change"), WHICH, FIELDS),
    st.tuples(st.just("delete"), WHICH),
    st.tuples(st.just("restore"), WHICH),
    st.tuples(st.just("merge"), WHICH, WHICH),
    st.tuples(st.just("key")),
)


def play(shop: Workshop, contacts: list[int], step: tuple[object, ...]) -> None:
    match step:
        case ("add", dict(fields)):
            contacts.append(shop.contact(first_name=None, last_name=None, **fields))
        case ("key",):
            rekey_due(shop.core)
        case (_, int(which), *_) if which >= len(contacts):
            pass
        case ("change", int(which), dict(fields)):
            shop.change(contacts[which], **fields)
        case ("delete", int(which)):
            shop.change(contacts[which], deleted_at=NOW)
        case ("restore", int(which)):
            shop.change(contacts[which], deleted_at=None, merged_into_id=None)
        case ("merge", int(which), int(into)) if into < len(contacts) and into != which:
            shop.change(contacts[which], merged_into_id=contacts[into])


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=st.lists(STEPS, max_size=25))
def test_keys_and_counts_stay_right_whatever_happens(steps: list[tuple[object, ...]], sqlite_template: Path) -> None:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocking, "COUNTED_FROM", 2)
        shutil.copy(sqlite_template, Path(folder) / "scrm.db")
        database = Database(f"sqlite:///{folder}/scrm.db")
        made = Settings(state_dir=Path(folder))
        shop = Workshop(Core(settings=made, db=database, vault=Vault.load("", Path(folder))))
        try:
            contacts: list[int] = []
            for step in steps:
                play(shop, contacts, step)
            while rekey_due(shop.core):
                pass
            rekey_due(shop.core)
            assert counts(database) == expected_counts(database)
            assert key_counts(database) == expected_key_counts(database)
            assert stored_keys(database) == expected_keys(database)
        finally:
            database.close()
