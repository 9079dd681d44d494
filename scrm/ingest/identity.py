"""Stored rows by the identity of what they stand for: network, scope and native id."""

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import ColumnElement, Table
from sqlalchemy.orm import Session

from scrm.db import among
from scrm.records import Key


def holding(session: Session, table: Table, keys: Iterable[Key]) -> Iterator[ColumnElement[bool]]:
    """Conditions, one for each network and scope, under which rows of the table have one of these keys."""
    by_home: dict[tuple[str, str], list[str]] = {}
    for key in keys:
        by_home.setdefault((key.network, key.scope), []).append(key.native_id)
    for (network, scope), ids in by_home.items():
        yield (table.c.network == network) & (table.c.scope == scope) & among(session, table.c.native_id, ids)


def key_of(row: Any) -> Key:
    """The identity of a row."""
    return Key(network=row.network, scope=row.scope, native_id=row.native_id)
