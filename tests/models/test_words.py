"""Search by words follows the rows on both engines, and what is gone is gone from the file, too."""

from pathlib import Path

import pytest
from sqlalchemy import delete, func, select, text, update

from scrm import migrations
from scrm.db import Database
from scrm.models import Contact, Interaction, Profile, words
from scrm.models.words import Words
from tests.factories import make_contact, make_interaction, make_profile

SAID = {
    "german": "Größe der Wartungsverträge für WP-40 – bis wann?",
    "turkish": "İzmir'de yeni ÜRÜN",
    "russian": "ПРИВЕТ из Пловдива",
    "arabic": "هل ينطبق ذلك على الطراز WP-40 أيضًا؟",
    "japanese": "新しい部品はいつ届きますか",
    "emoji": "Danke 🎉 an alle",
    "mail": "write to a.b@c.example or https://x.example/path_1?q=2",
    "quote": "it's 'fine' \\ \" back",
}


@pytest.fixture
def person(database: Database) -> Profile:
    with database.write("test.said") as session:
        profile, other = make_profile(session), make_profile(session)
        for native_id, said in SAID.items():
            make_interaction(session, profile, native_id=native_id, text=said)
            make_interaction(session, other, native_id=f"other-{native_id}", text=said)
    return profile


def found(database: Database, profile: Profile, asked: str) -> set[str]:
    with database.read() as session:
        condition = words.said_by(session, profile.id, Words.parse(asked))
        rows = session.scalars(
            select(Interaction.native_id).where(Interaction.party_id == profile.id, condition)
        ).all()
    assert len(rows) == len(set(rows))
    return set(rows)


@pytest.mark.parametrize(
    ("asked", "hits"),
    [
        ("größe", {"german"}),
        ("GROSSE", set()),
        ("große", {"german"}),
        ("wartung", {"german"}),
        ("wartung wp-40", {"german"}),
        ("wp-4", set()),
        ("WP-40", {"german", "arabic"}),
        ('"für WP-40"', {"german"}),
        ('"WP-40 für"', set()),
        ('"der wart"', set()),
        ("ürün", {"turkish"}),
        ("urun", {"turkish"}),
        ("izmir", {"turkish"}),
        ("привет", {"russian"}),
        ("пловд", {"russian"}),
        ("الطراز", {"arabic"}),
        ("部品", {"japanese"}),
        ("部品 新", {"japanese"}),
        ("部長", set()),
        ("🎉", {"emoji"}),
        ("🎉 alle", {"emoji"}),
        ("c.example", {"mail"}),
        ("path", {"mail"}),
        ("it's", {"quote"}),
        ("'fine'", {"quote"}),
        ("al", set()),
        ("NOT", set()),
        ("party_id", set()),
        ("text : größe", set()),
        (") OR (", set()),
        ("*", set()),
        ("%", set()),
        ("_", {"mail"}),
    ],
)
def test_words_are_found_in_every_script(database: Database, person: Profile, asked: str, hits: set[str]) -> None:
    assert found(database, person, asked) == hits


@pytest.mark.parametrize("asked", ["", "  ", '"', '""', '" "', "\x00"])
def test_a_search_without_words_is_none(asked: str) -> None:
    assert not Words.parse(asked)


def test_another_person_s_words_are_not_found(database: Database, person: Profile) -> None:
    with database.write("test.more") as session:
        make_interaction(session, session.get_one(Profile, person.id), native_id="own", text="Kegelrad")
        make_interaction(
            session, make_profile(session), native_id="foreign", text=f"Kegelrad {person.id} #{person.id}"
        )
    assert found(database, person, "kegelrad") == {"own"}


def test_the_index_follows_changes_deletions_and_a_new_party(database: Database, person: Profile) -> None:
    def change(**values: object) -> None:
        with database.write("test.change") as session:
            session.execute(update(Interaction).where(Interaction.native_id == "german").values(**values))

    change(text="Kegelrad")
    assert found(database, person, "größe") == set()
    assert found(database, person, "kegelrad") == {"german"}
    change(url="https://x.example/")
    assert found(database, person, "kegelrad") == {"german"}
    change(text=None)
    assert found(database, person, "kegelrad") == set()
    change(text="Kegelrad")
    change(party_id=None)
    assert found(database, person, "kegelrad") == set()
    change(party_id=person.id)
    assert found(database, person, "kegelrad") == {"german"}
    with database.write("test.delete") as session:
        session.execute(delete(Interaction).where(Interaction.native_id == "german"))
    assert found(database, person, "kegelrad") == set()
    if database.is_sqlite:
        with database.engine.connect() as connection:  # raises when index and table disagree
            connection.execute(
                text("INSERT INTO interaction_words(interaction_words, rank) VALUES ('integrity-check', 1)")
            )


def test_a_very_long_text_is_stored_and_found(database: Database, person: Profile) -> None:
    long = "Anfang " + " ".join(f"wort{number}" for number in range(200_000)) + " ä" * 500_000
    with database.write("test.long") as session:
        make_interaction(session, session.get_one(Profile, person.id), native_id="long", text=long)
        make_interaction(session, session.get_one(Profile, person.id), native_id="solid", text="y" * 3_000_000)
    assert found(database, person, "anfang wort77") == {"long"}


def test_erased_words_are_not_in_the_file(tmp_path: Path, sqlite_url: str) -> None:
    secret, name = "zaubernusskern", "xylophonistin"
    database = Database(sqlite_url)
    with database.write("test.secret") as session:
        profile = make_profile(session)
        for number in range(300):
            make_interaction(session, profile, text=f"Satz {number} mit Wort und {'ohne' if number % 2 else secret}")
        make_contact(session, full_name=f"Frau {name}", emails=[f"{secret}@x.example"])
    assert secret.encode() in b"".join(file.read_bytes() for file in tmp_path.glob("scrm.db*"))
    with database.write("test.erase") as session:
        session.execute(update(Interaction).values(text=None))
        session.execute(update(Contact).values(full_name="", emails=[]))
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
        assert (
            connection.execute(
                text("SELECT count(*) FROM interaction_words WHERE interaction_words MATCH 'satz'")
            ).scalar()
            == 0
        )
    database.close()
    left = b"".join(file.read_bytes() for file in tmp_path.glob("scrm.db*"))
    for word in (secret, name):
        assert word.encode() not in left, word


@pytest.mark.parametrize(
    ("asked", "hits"),
    [
        ("oztur", {"Çağla Öztürk-Yıldırım"}),
        ("cagla", {"Çağla Öztürk-Yıldırım"}),
        ("lojistik", {"Çağla Öztürk-Yıldırım"}),
        ("c.oz@", {"Çağla Öztürk-Yıldırım"}),
        ("c.oz@yil.example", {"Çağla Öztürk-Yıldırım"}),
        ("tanaka me", {"Mei Tanaka"}),
        ("田", {"田中 芽衣"}),
        ("tan lojistik", set()),
        ("mei tan", {"Mei Tanaka"}),
        ("mei t", set()),
        ("'; DROP", set()),
    ],
)
def test_contacts_are_found_by_any_word_of_name_company_and_address(
    database: Database, asked: str, hits: set[str]
) -> None:
    with database.write("test.contacts") as session:
        make_contact(
            session, full_name="Çağla Öztürk-Yıldırım", company="Yıldırım Lojistik", emails=["c.oz@yil.example"]
        )
        make_contact(session, full_name="Mei Tanaka", emails=[])
        make_contact(session, full_name="田中 芽衣")
    with database.read() as session:
        found = words.named(session, words.opening(asked), 10)
        rows = session.scalars(select(Contact.full_name).where(Contact.id.in_(found.subquery().select())))
        assert set(rows) == hits
        assert len(session.execute(words.named(session, words.opening("a"), 1)).all()) <= 1


def test_installing_again_changes_nothing_and_a_lost_trigger_comes_back(database: Database, person: Profile) -> None:
    if database.is_sqlite:
        with database.engine.begin() as connection:
            connection.execute(text("DROP TRIGGER interaction_words_enter"))
    with database.engine.execution_options(scrm_write=True).begin() as connection:
        words.install(connection)
    assert found(database, person, "größe") == {"german"}
    with database.write("test.more") as session:
        make_interaction(session, session.get_one(Profile, person.id), native_id="new", text="Größe")
    assert found(database, person, "größe") == {"german", "new"}


def test_a_database_that_has_texts_already_is_indexed_by_the_upgrade(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'old.db'}"
    migrations.upgrade(url)
    database = Database(url)
    with database.engine.begin() as connection:
        for name in ("enter", "leave", "change"):
            connection.execute(text(f"DROP TRIGGER interaction_words_{name}"))
        connection.execute(text("DROP TABLE interaction_words"))
    with database.write("test.old") as session:
        profile = make_profile(session)
        make_interaction(session, profile, native_id="old", text="Kegelrad")
    migrations.upgrade(url)
    assert found(database, profile, "kegelrad") == {"old"}
    assert migrations.differences(url) == []
    with database.read() as session:
        assert session.scalar(select(func.count(Interaction.id))) == 1
    database.close()
