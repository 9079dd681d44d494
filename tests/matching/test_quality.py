"""What looks wrong in the data is found, and what is right is not."""

from datetime import timedelta

from sqlalchemy import select

from scrm.matching.quality import Flaw, look
from scrm.models import Contact, HandleHistory, Link, QualityCount, QualityFinding, Verdict
from tests.factories import NOW
from tests.matching.workshop import Workshop


def found(shop: Workshop, flaw: Flaw) -> list[tuple[list[int], list[int]]]:
    look(shop.core)
    with shop.db.read() as session:
        rows = session.scalars(
            select(QualityFinding).where(QualityFinding.kind == flaw.value).order_by(QualityFinding.id)
        )
        told = [(row.contacts, row.profiles) for row in rows]
        assert session.get_one(QualityCount, flaw.value).number == len(told)
    return told


def handle(shop: Workshop, profile: int, name: str, days: int) -> None:
    with shop.db.write("test.handle") as session:
        at = NOW + timedelta(days=days)
        session.add(HandleHistory(profile_id=profile, handle=name, first_seen_at=at, last_seen_at=at))


def test_nothing_is_wrong_with_nothing(shop: Workshop) -> None:
    look(shop.core)
    with shop.db.read() as session:
        assert {row.kind: row.number for row in session.scalars(select(QualityCount))} == dict.fromkeys(
            [flaw.value for flaw in Flaw], 0
        )


def test_two_living_contacts_of_one_profile(shop: Workshop) -> None:
    one, two, three = (shop.contact() for _ in range(3))
    both, once, undone = (shop.profile() for _ in range(3))
    shop.judge(both, one, Verdict.POSITIVE)
    shop.judge(both, two, Verdict.POSITIVE)
    shop.judge(once, three, Verdict.POSITIVE)
    shop.judge(undone, three, Verdict.POSITIVE)
    shop.judge(undone, None, Verdict.NOBODY)
    assert found(shop, Flaw.TWO_CONTACTS) == [([two, one], [both])]
    with shop.db.write("test.merge") as session:
        session.get_one(Contact, one).merged_into_id = two
    assert found(shop, Flaw.TWO_CONTACTS) == []


def test_two_profiles_of_one_network(shop: Workshop) -> None:
    ada, bo = shop.contact(), shop.contact()
    first, second = shop.profile(), shop.profile()
    elsewhere = shop.profile(network="mastodon")
    other = shop.profile()
    for profile, contact in ((first, ada), (second, ada), (elsewhere, ada), (other, bo)):
        shop.judge(profile, contact, Verdict.POSITIVE)
    assert found(shop, Flaw.TWO_PROFILES) == [([ada], [first, second])]


def test_a_handle_that_somebody_else_had(shop: Workshop) -> None:
    old, new, elsewhere = shop.profile(), shop.profile(), shop.profile(network="mastodon")
    handle(shop, old, "ada", 0)
    handle(shop, new, "ada", 9)
    handle(shop, elsewhere, "ada", 0)
    handle(shop, new, "bo", 0)
    assert found(shop, Flaw.RECYCLED) == [([], [new, old])]


def test_a_linked_profile_that_took_another_handle(shop: Workshop) -> None:
    ada = shop.contact()
    renamed, settled, never = (shop.profile() for _ in range(3))
    for profile in (renamed, settled):
        shop.judge(profile, ada, Verdict.POSITIVE)
        with shop.db.write("test.when") as session:
            session.get_one(Link, profile).linked_at = NOW + timedelta(days=5)
        handle(shop, profile, f"h{profile}", 0)
    handle(shop, renamed, "later", 9)
    handle(shop, settled, "before", 2)
    handle(shop, never, "a", 0)
    handle(shop, never, "b", 9)
    assert found(shop, Flaw.RENAMED) == [([ada], [renamed])]


def test_contacts_that_share_an_address_however_it_is_written(shop: Workshop) -> None:
    one = shop.contact(emails=["Info@Nordwerk.example", "x@nordwerk.example"])
    two = shop.contact(emails=["info@nordwerk.example"])
    shop.contact(emails=["y@nordwerk.example", "y@nordwerk.example"])
    shop.contact(emails=["info@nordwerk.example"], deleted_at=NOW)
    assert found(shop, Flaw.SHARED_EMAIL) == [([one, two], [])]


def test_what_is_mended_is_no_longer_told(shop: Workshop) -> None:
    one, two = (shop.contact(emails=["a@b.example"]) for _ in range(2))
    assert found(shop, Flaw.SHARED_EMAIL) == [([one, two], [])]
    shop.change(two, emails=["c@b.example"])
    assert found(shop, Flaw.SHARED_EMAIL) == []
