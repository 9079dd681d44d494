"""Rows by many values of one column, by a statement that is built once and stays the same however many they are.

Matching asks six times for each profile; building each question anew would cost more than the answers.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, any_, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from scrm.db import to_json

_VALUES = "values"


class Lookup:
    """The given columns of the rows whose column holds one of some values, and to which the conditions apply."""

    def __init__(
        self, column: ColumnElement[Any], columns: Sequence[ColumnElement[Any]], *conditions: ColumnElement[bool]
    ) -> None:
        listed = select(func.json_each(bindparam(_VALUES)).table_valued("value").c.value)
        array = any_(bindparam(_VALUES, type_=ARRAY(column.type)))
        self._on_sqlite: Select[Any] = select(*columns).where(*conditions, column.in_(listed))
        self._on_postgresql: Select[Any] = select(*columns).where(*conditions, column == array)

    def rows(self, session: Session, values: Sequence[Any]) -> Sequence[Any]:
        """The rows, in no order; none for no values."""
        if not values:
            return ()
        connection = session.connection()
        if connection.dialect.name == "sqlite":
            return connection.execute(self._on_sqlite, {_VALUES: to_json(values)}).all()
        return connection.execute(self._on_postgresql, {_VALUES: list(values)}).all()


def each(session: Session, numbers: Sequence[int]) -> ColumnElement[int]:
    """Numbers as the rows of one column."""
    if session.get_bind().dialect.name == "sqlite":
        column: ColumnElement[int] = func.json_each(to_json(numbers)).table_valued("value").c.value
        return column
    return func.unnest(bindparam(None, numbers, type_=ARRAY(BigInteger()))).column_valued("number")
