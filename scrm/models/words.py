"""Search by words: what people said, and names of contacts. An index beside the tables, kept in step by the database.

On SQLite FTS5 tables follow by triggers; on PostgreSQL an index over an expression follows by itself. Whichever code
changes or deletes a row, its old words leave the index in the same transaction (and on SQLite the file, too). Words
are compared without accents and capitals. The party of an interaction is a word of its own in the index, so a search
in one person's timeline costs what that person said, not what the word is used elsewhere.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    event,
    func,
    inspect,
    literal_column,
    select,
    text,
    true,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.orm import Session

from scrm.db import METADATA
from scrm.models.contact import Contact
from scrm.models.interaction import Interaction

SAID: Final = "interaction_words"
NAMED: Final = "contact_words"
COLUMNS: Final = {SAID: ("interaction", "text, party_id"), NAMED: ("contact", "full_name, company, emails")}
OURS: Final = re.compile(rf"(ix_)?({SAID}|{NAMED})(_\w+)?")
MOST_WORDS: Final = 12
LONGEST: Final = 200  # characters that are asked for
SHORTEST_BEGINNING: Final = 3  # letters; a shorter word is looked for as it is
SHORTEST_OPENING: Final = 2  # letters of a word that is being typed
INDEXED: Final = 100_000  # characters of a text; PostgreSQL takes no more than a megabyte of words
# Written without spaces between words: looked for as they are, within what one person said.
UNSPACED: Final = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
SIGNS: Final = (
    r"\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00bf\u00d7\u00f7\u2000-\u206f\u3000-\u303f\uff01-\uff0f"
)
BLANK: Final = re.compile(f"[{SIGNS}]+")
ACCENTS: Final = r"\u0300-\u036f"
PIECE: Final = re.compile(r'"([^"]*)"|(\S+)')


@dataclass(frozen=True, kw_only=True)
class Phrase:
    """Words that follow one another."""

    words: tuple[str, ...]
    is_beginning: bool  # the last one may go on


@dataclass(frozen=True, kw_only=True)
class Words:
    """What somebody looks for; all of it has to be there."""

    phrases: tuple[Phrase, ...] = ()
    pieces: tuple[str, ...] = ()  # signs, and words of scripts without spaces

    @classmethod
    def parse(cls, asked: str) -> "Words":
        """Read a search: words, of which the beginning is enough, and phrases in quotation marks."""
        phrases: list[Phrase] = []
        pieces: list[str] = []
        for quoted, bare in PIECE.findall(asked.replace("\x00", " ")[:LONGEST])[:MOST_WORDS]:
            words = tuple(split(quoted or bare))
            if UNSPACED.search(quoted or bare) or not words:
                pieces += [part for part in (quoted or bare).split() if part.strip('"')]
            else:
                is_beginning = not quoted and len(words[-1]) >= SHORTEST_BEGINNING
                phrases.append(Phrase(words=words, is_beginning=is_beginning))
        return cls(phrases=tuple(phrases), pieces=tuple(pieces))

    def __bool__(self) -> bool:
        return bool(self.phrases or self.pieces)


def split(said: str) -> list[str]:
    """The words of a text as the index has them."""
    plain = re.sub(f"[{ACCENTS}]", "", unicodedata.normalize("NFKD", said)).lower()
    return [word for word in BLANK.sub(" ", plain).split() if any(letter.isalnum() for letter in word)]


def said_by(session: Session, party_id: int, words: Words) -> ColumnElement[bool]:
    """Whether an interaction with this party holds all the words."""
    conditions: list[ColumnElement[bool]] = [
        Interaction.text.contains(piece, autoescape=True) for piece in words.pieces
    ]
    if words.phrases and _is_sqlite(session):
        asked = f'party_id : "{party_id}" AND text : ({_for_fts5(words)})'
        conditions.append(Interaction.id.in_(_matching(SAID, asked)))
    elif words.phrases:
        vector = func.scrm_words(Interaction.text, Interaction.party_id)
        conditions.append(_matches(vector, f"'#{party_id}' & {_for_postgres(words)}"))
    return and_(true(), *conditions)


def opening(asked: str) -> list[Phrase]:
    """Words that somebody is typing, each on its own; of the last one the beginning is enough."""
    pieces = [words for piece in asked[:LONGEST].split()[:MOST_WORDS] if (words := tuple(split(piece)))]
    return [
        Phrase(words=words, is_beginning=number == len(pieces) and _is_telling(words[-1]))
        for number, words in enumerate(pieces, start=1)
    ]


def _is_telling(word: str) -> bool:
    return len(word) >= SHORTEST_OPENING or UNSPACED.search(word) is not None


def named(session: Session, phrases: Sequence[Phrase], most: int) -> Select[int]:
    """Ids of at most so many contacts whose name, company and addresses hold all these phrases, in no order."""
    words = Words(phrases=tuple(phrases))
    if _is_sqlite(session):
        found: Select[int] = _matching(NAMED, _for_fts5(words)).limit(most)
        return found
    vector = func.scrm_contact_words(Contact.full_name, Contact.company, Contact.emails)
    return select(Contact.id).where(_matches(vector, _for_postgres(words))).limit(most)


def _is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"


def _matching(table: str, asked: str) -> Any:
    place: ColumnElement[Any] = literal_column(table)
    return select(literal_column("rowid").label("id")).select_from(text(table)).where(place.op("MATCH")(asked))


def _matches(vector: ColumnElement[Any], asked: str) -> ColumnElement[bool]:
    found: ColumnElement[bool] = vector.bool_op("@@")(sql_cast(asked, TSQUERY))
    return found


def _for_fts5(words: Words) -> str:
    return " AND ".join(f'"{" ".join(one.words)}"{"*" if one.is_beginning else ""}' for one in words.phrases)


def _for_postgres(words: Words) -> str:
    return " & ".join(f"({' <-> '.join(_lexemes(one))})" for one in words.phrases)


def _lexemes(phrase: Phrase) -> Iterator[str]:
    for place, word in enumerate(phrase.words, start=1):
        quoted = word.replace("'", "''").replace("\\", "\\\\")
        yield f"'{quoted}'" + (":*" if phrase.is_beginning and place == len(phrase.words) else "")


def is_ours(name: str | None) -> bool:
    """Whether a table or index of the database belongs to this search and not to the models."""
    return name is not None and OURS.fullmatch(name) is not None


def install(connection: Connection) -> None:
    """Make what is missing; harmless to repeat. On SQLite also after a migration that copied a table."""
    if not all(inspect(connection).has_table(table) for table, _columns in COLUMNS.values()):
        return
    (_on_sqlite if connection.dialect.name == "sqlite" else _on_postgresql)(connection)


def _on_sqlite(connection: Connection) -> None:
    for index, (table, columns) in COLUMNS.items():
        is_new = connection.exec_driver_sql("SELECT 1 FROM sqlite_master WHERE name = ?", (index,)).scalar() is None
        if is_new:
            connection.exec_driver_sql(
                f"CREATE VIRTUAL TABLE {index} USING fts5({columns}, content='{table}', content_rowid='id',"
                " columnsize=0, prefix='2 3', tokenize='unicode61 remove_diacritics 2')"
            )
            connection.exec_driver_sql(f"INSERT INTO {index}({index}, rank) VALUES ('secure-delete', 1)")  # noqa: S608 - names of ours
            connection.exec_driver_sql(f"INSERT INTO {index}({index}) VALUES ('rebuild')")  # noqa: S608 - as above
        for trigger in _triggers(index, table, columns):
            connection.exec_driver_sql(trigger)


def _triggers(index: str, table: str, columns: str) -> Iterator[str]:
    names = columns.split(", ")
    old, new = (", ".join(f"{which}.{name}" for name in names) for which in ("old", "new"))
    leave = f"INSERT INTO {index}({index}, rowid, {columns}) VALUES ('delete', old.id, {old});"  # noqa: S608 - names of ours
    enter = f"INSERT INTO {index}(rowid, {columns}) VALUES (new.id, {new});"  # noqa: S608 - as above
    changed = " OR ".join(f"old.{name} IS NOT new.{name}" for name in names)
    begin = "CREATE TRIGGER IF NOT EXISTS"
    yield f"{begin} {index}_enter AFTER INSERT ON {table} BEGIN {enter} END"
    yield f"{begin} {index}_leave AFTER DELETE ON {table} BEGIN {leave} END"
    yield f"{begin} {index}_change AFTER UPDATE OF {columns} ON {table} WHEN {changed} BEGIN {leave} {enter} END"


def _on_postgresql(connection: Connection) -> None:
    has_icu = connection.exec_driver_sql("SELECT 1 FROM pg_collation WHERE collname = 'und-x-icu'").scalar()
    said = f"normalize(left(coalesce(said, ''), {INDEXED}), NFKD)"
    plain = f"regexp_replace({said}, '[{ACCENTS}]+', '', 'g')"
    # in a database without a language of its own, only ICU knows the small letters of most scripts
    small = f'lower({plain} COLLATE "und-x-icu")' if has_icu else f"lower({plain})"
    words = f"to_tsvector('pg_catalog.simple'::regconfig, regexp_replace({small}, '[{SIGNS}]+', ' ', 'g'))"
    party = "CASE WHEN party IS NULL THEN ''::tsvector ELSE array_to_tsvector(ARRAY['#' || party::text]) END"
    schema = connection.exec_driver_sql("SELECT current_schema()").scalar()
    all_of_it = "name || ' ' || coalesce(company, '') || ' ' || coalesce(emails::text, '')"
    for signature, body in (
        ("scrm_words(said text, party bigint)", f"{words} || {party}"),
        (
            "scrm_contact_words(name text, company text, emails jsonb)",
            f'"{schema}".scrm_words({all_of_it}, NULL)',  # a restored index is made without a search path
        ),
    ):
        connection.exec_driver_sql(
            f"CREATE OR REPLACE FUNCTION {signature} RETURNS tsvector"
            f" LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT {body} $$"
        )
    for index, call in (
        (SAID, "interaction USING gin (scrm_words(text, party_id))"),
        (NAMED, "contact USING gin (scrm_contact_words(full_name, company, emails))"),
    ):
        connection.exec_driver_sql(f"CREATE INDEX IF NOT EXISTS ix_{index} ON {call}")


@event.listens_for(METADATA, "after_create")
def _with_the_tables(_metadata: Any, connection: Connection, **_others: Any) -> None:
    install(connection)
