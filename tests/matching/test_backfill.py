from sqlalchemy import delete, update

from scrm.matching.backfill import key_all, left, mark_all, match_all
from scrm.matching.candidates import Share
from scrm.models import Contact, MatchKey, Profile, Side
from tests.matching.workshop import ADAS_MAIL, CERTAIN, Workshop


def run(shop: Workshop) -> None:
    for _ in (*mark_all(shop.core), *key_all(shop.core), *match_all(shop.core)):
        pass


def test_everything_is_matched_again_and_comes_to_the_same_end(shop: Workshop) -> None:
    ada = shop.contact(emails=[ADAS_MAIL])
    first, other = shop.profile(**CERTAIN), shop.profile(display_name="Zebulon Quux")
    shop.settle()
    before = {number: row.bits for number, row in shop.candidates(first).items()}
    run(shop)
    assert (shop.linked(first), shop.linked(other)) == (ada, None)
    assert {number: row.bits for number, row in shop.candidates(first).items()} == before
    assert left(shop.core).profiles == 0


def test_a_mark_is_counted_and_leaves_out_our_own_people(shop: Workshop) -> None:
    shop.profile(**CERTAIN)
    own = shop.profile(display_name="Zebulon Quux", is_internal=True)
    shop.settle()
    shop.contact()
    shop.settle()
    assert list(mark_all(shop.core)) == [1, 2]
    assert left(shop.core).contacts == 1
    assert not shop.is_due(own)
    assert left(shop.core).profiles == 1


def test_keys_and_forms_of_an_older_version_are_made_anew(shop: Workshop) -> None:
    ada = shop.contact(emails=[ADAS_MAIL])
    shop.settle()
    keys = shop.keys(Side.CONTACT, ada)
    with shop.db.write("test.older") as session:
        session.execute(delete(MatchKey))
        session.execute(update(Contact).values(forms={"name": None}))
    run(shop)
    assert shop.keys(Side.CONTACT, ada) == keys
    with shop.db.read() as session:
        assert session.get_one(Contact, ada).forms["name"] is not None


def test_it_goes_on_where_it_was_stopped(shop: Workshop) -> None:
    profiles = [shop.profile(display_name=f"Ada Quickenborough{n}") for n in range(25)]
    steps = match_all(shop.core)
    next(steps)
    steps.close()
    assert 0 < left(shop.core).profiles < 25
    for _ in match_all(shop.core):
        pass
    assert not any(map(shop.is_due, profiles))


def test_each_process_takes_its_own_share(shop: Workshop) -> None:
    profiles = [shop.profile(display_name=f"Ada Quickenborough{n}") for n in range(6)]
    for _ in match_all(shop.core, Share(part=1, parts=2)):
        pass
    assert {shop.is_due(profile) for profile in profiles if profile % 2 == 1} == {False}
    assert {shop.is_due(profile) for profile in profiles if profile % 2 == 0} == {True}


STRANGE = [
    *["Facebook User"] * 12,
    "",
    "A" * 10_000,
    "word " * 2_000,
    "Z̷̡̛a̴͠l̸͝g̵o̶ " * 300,
    "🚀🔥💯" * 50,
    "\u202e\u200b",
    "١٢٣",
]


def test_names_that_say_nothing_make_few_keys_and_no_candidates(shop: Workshop) -> None:
    for number in range(6):
        shop.contact(full_name=f"Facebook User{number % 2}", first_name="Facebook", last_name="User")
    profiles = [shop.profile(display_name=name, handle=None) for name in STRANGE]
    run(shop)
    assert all(shop.linked(profile) is None for profile in profiles)
    assert max(len(shop.keys(Side.PROFILE, profile)) for profile in profiles) < 150
    with shop.db.read() as session:
        assert session.query(Profile).count() == len(STRANGE)
