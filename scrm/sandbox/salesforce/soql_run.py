"""Which records a query names, in which order, and what each looks like in the answer.

Only fields the user may see exist. Text is compared without regard to capitals unless the field tells them apart.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scrm.sandbox.salesforce.ids import normal_id
from scrm.sandbox.salesforce.refusals import RefusedError
from scrm.sandbox.salesforce.schema import NUMBERS
from scrm.sandbox.salesforce.soql import refusal
from scrm.sandbox.salesforce.soql_parts import Compare, Joined, Literal, Negated, Path, Select
from scrm.sandbox.salesforce.values import stamp_text, stamp_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from scrm.sandbox.salesforce.rows import Row, Rows
    from scrm.sandbox.salesforce.schema import Field, Schema, SObject
    from scrm.sandbox.salesforce.soql_parts import Condition
    from scrm.sandbox.salesforce.users import User

    Test = Callable[[Row], bool]

UNKNOWN_TYPE = (
    "sObject type '{}' is not supported. If you are attempting to use a custom object, be sure to append the '__c' "
    "after the entity name. Please reference your WSDL or the describe call for the appropriate names."
)
UNKNOWN_FIELD = (
    "No such column '{}' on entity '{}'. If you are attempting to use a custom field, be sure to append the '__c' "
    "after the custom field name. Please reference your WSDL or the describe call for the appropriate names."
)
DEEPEST = 5
ADDRESS_PARTS = ("City", "Country", "GeocodeAccuracy", "Latitude", "Longitude", "PostalCode", "State", "Street")


@dataclass(frozen=True, kw_only=True)
class Reached:
    """A field and the lookups that lead to it."""

    through: tuple[Field, ...]
    field: Field

    def value(self, row: Row | None, rows: Rows) -> Any:
        for by in self.through:
            row = rows.get(str(row.values.get(by.name) or "")) if row else None
        if row is None:
            return None
        if self.field.name == "IsDeleted":
            return row.is_deleted
        if self.field.type == "address":
            return address(row, self.field)
        return row.values.get(self.field.name)


@dataclass(kw_only=True)
class Reader:
    """Answers queries of one user."""

    schema: Schema
    rows: Rows
    user: User
    base: str

    def source(self, select: Select) -> SObject:
        one = self.schema.find(select.source)
        if one is None or not self.user.may_read_object(one) or not one.facts["queryable"]:
            raise refusal(select.text, select.source_at, "INVALID_TYPE", UNKNOWN_TYPE.format(select.source))
        return one

    def reach(self, select: Select, one: SObject, path: Path) -> Reached:
        """Find a field by its path."""
        if len(path.names) > DEEPEST + 1:
            raise refusal(select.text, path.at, "MALFORMED_QUERY", "a relationship goes at most five levels up")
        names, kind, through = path.names, one, []
        if names[0].lower() == one.name.lower() and len(names) > 1:
            names = names[1:]
        for name in names[:-1]:
            by = kind.by_relationship(name)
            parent = self.schema.find(by.refers_to[0]) if by else None
            if by is None or parent is None or not self.user.may_read(kind, by):
                sentence = f"Didn't understand relationship '{name}' in field path."
                raise refusal(select.text, path.at, "INVALID_FIELD", sentence)
            through.append(by)
            kind = parent
        field = kind.find(names[-1])
        if field is None or not self.user.may_read(kind, field):
            raise refusal(select.text, path.at, "INVALID_FIELD", UNKNOWN_FIELD.format(names[-1], kind.name))
        return Reached(through=tuple(through), field=field)

    def found(self, select: Select, one: SObject, *, with_deleted: bool) -> list[Row]:
        """Return the records a query names, sorted and cut."""
        matches = self._test(select, one, select.where) if select.where else lambda _: True
        known = self._likely(select, one, with_deleted=with_deleted)
        unshared = self.user.unshared
        rows = [
            row for row in known if (with_deleted or not row.is_deleted) and row.id not in unshared and matches(row)
        ]
        for order in reversed(select.order):
            reached = self.reach(select, one, order.path)
            if not reached.field.facts["sortable"]:
                sentence = f"field '{reached.field.name}' can not be sorted in a query call"
                raise refusal(select.text, order.path.at, "MALFORMED_QUERY", sentence)
            values = {row.id: reached.value(row, self.rows) for row in rows}
            nulls = [row for row in rows if values[row.id] is None]
            others = [row for row in rows if values[row.id] is not None]
            others.sort(key=lambda row: _sorting(values[row.id]), reverse=order.is_descending)
            rows = nulls + others if order.is_nulls_first else others + nulls
        end = None if select.limit is None else select.offset + select.limit
        return rows[select.offset : end]

    def _likely(self, select: Select, one: SObject, *, with_deleted: bool) -> Iterable[Row]:
        """Return all records, or those of the ids or unique keys asked for: the usual question of a client."""
        where = select.where
        parts = where.parts if isinstance(where, Joined) and where.word == "and" else (where,)
        for part in parts:
            if not isinstance(part, Compare) or part.operator not in {"=", "in"} or len(part.path.names) > 1:
                continue
            field = one.find(part.path.names[0])
            if field and field.type == "id":
                ids = dict.fromkeys(normal_id(value.value) or "" for value in part.values)
                return [row for one_id in ids if (row := self.rows.of(one).get(one_id))]
            if field and field.facts["unique"] and not with_deleted and all(v.kind == "text" for v in part.values):
                known = {row.id: row for value in part.values for row in self.rows.matching(one, field, value.value)}
                return list(known.values())
        return self.rows.of(one).values()

    def _test(self, select: Select, one: SObject, condition: Condition) -> Test:
        if isinstance(condition, Negated):
            inner = self._test(select, one, condition.part)
            return lambda row: not inner(row)
        if isinstance(condition, Joined):
            tests = [self._test(select, one, part) for part in condition.parts]
            if condition.word == "and":
                return lambda row: all(test(row) for test in tests)
            return lambda row: any(test(row) for test in tests)
        return self._compare(select, one, condition)

    def _compare(self, select: Select, one: SObject, condition: Compare) -> Test:
        reached = self.reach(select, one, condition.path)
        field = reached.field
        if not field.facts["filterable"]:
            sentence = f"field '{field.name}' can not be filtered in a query call"
            raise refusal(select.text, condition.path.at, "INVALID_FIELD", sentence)
        values = [_comparable(field, value, select) for value in condition.values]
        fold = _folding(field)

        def value_of(row: Row) -> Any:
            value = reached.value(row, self.rows)
            return value.lower() if fold and isinstance(value, str) else value

        wanted = [value.lower() if fold and isinstance(value, str) else value for value in values]
        if condition.operator == "like":
            pattern = _like(str(values[0]))
            return lambda row: (value := reached.value(row, self.rows)) is not None and bool(pattern.fullmatch(value))
        return _by_operator(condition.operator, wanted, value_of)

    def shown(self, select: Select, one: SObject, row: Row) -> dict[str, Any]:
        """Return one record as the answer has it."""
        answer: dict[str, Any] = {"attributes": self.attributes(one, row)}
        for item in select.fields:
            if isinstance(item, Select):
                name, inner = self._children(one, item, row)
                answer[name] = inner
            else:
                reached = self.reach(select, one, item)
                self._place(answer, row, reached)
        return answer

    def _place(self, answer: dict[str, Any], row: Row, reached: Reached) -> None:
        here, current = answer, row
        for by in reached.through:
            parent = self.rows.get(str(current.values.get(by.name) or ""))
            name = str(by.relationship)
            if parent is None:
                here.setdefault(name, None)
                return
            kind = self.schema[parent.object]
            inner = here.get(name) or {"attributes": self.attributes(kind, parent)}
            here[name] = inner
            here, current = inner, parent
        here[reached.field.name] = Reached(through=(), field=reached.field).value(current, self.rows)

    def _children(self, one: SObject, inner: Select, row: Row) -> tuple[str, dict[str, Any] | None]:
        wanted = inner.source.lower()
        child = next((each for each in one.children if (each[2] or "").lower() == wanted), None)
        kind = self.schema.find(child[0]) if child else None
        if child is None or kind is None or not self.user.may_read_object(kind):
            sentence = f"Didn't understand relationship '{inner.source}' in FROM part of query call."
            raise refusal(inner.text, inner.source_at, "INVALID_TYPE", sentence)
        rows = [each for each in self.found(inner, kind, with_deleted=False) if each.values.get(child[1]) == row.id]
        records = [self.shown(inner, kind, each) for each in rows]
        name = str(child[2])
        return name, {"totalSize": len(records), "done": True, "records": records} if records else None

    def attributes(self, one: SObject, row: Row) -> dict[str, str]:
        return {"type": one.name, "url": f"{self.base}/sobjects/{one.name}/{row.id}"}


def address(row: Row, field: Field) -> dict[str, Any] | None:
    """Return a compound address of its parts, or None where all are empty."""
    prefix = field.name.removesuffix("Address")
    parts = {part: row.values.get(f"{prefix}{part}") for part in ADDRESS_PARTS}
    if not any(parts.values()):
        return None
    return {part[0].lower() + part[1:]: value for part, value in parts.items()}


def _folding(field: Field) -> bool:
    return field.is_text and field.type != "id" and not field.facts["caseSensitive"]


def _sorting(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _comparable(field: Field, literal: Literal, select: Select) -> Any:
    kind, value = literal.kind, literal.value
    if kind == "null":
        return None
    wanted = {"boolean": {"boolean"}, "datetime": {"time", "date"}, "date": {"date", "time"}}.get(
        field.type, {"number"} if field.type in NUMBERS else {"text"}
    )
    if kind not in wanted:
        quotes = "should be enclosed in quotes" if wanted == {"text"} else "should not be enclosed in quotes"
        sentence = f"value of filter criterion for field '{field.name}' must be of type {field.type} and {quotes}"
        raise refusal(select.text, literal.at, "INVALID_FIELD", sentence)
    if field.type in {"id", "reference"}:
        full = normal_id(value) if value else ""
        if full is None:
            raise RefusedError("INVALID_QUERY_FILTER_OPERATOR", f"invalid ID field: {value}")
        return full
    if kind in {"boolean", "number"}:
        return value == "true" if kind == "boolean" else float(value)
    if field.type == "datetime":
        # finer than what is stored, so that half a second past is later than the second
        at = stamp_time(value if kind == "time" else f"{value}T00:00:00+00:00")
        return stamp_text(at).replace(".000", f".{at.microsecond // 1000:03d}")
    return value[:10] if field.type == "date" else value


def _like(pattern: str) -> re.Pattern[str]:
    text = ""
    for match in re.finditer(r"\\([%_])|(.)", pattern, re.DOTALL):
        sign = match[2]
        text += re.escape(match[1]) if match[1] else {"%": ".*", "_": "."}.get(sign, re.escape(sign))
    return re.compile(text, re.IGNORECASE | re.DOTALL)


def _by_operator(operator: str, wanted: list[Any], value_of: Callable[[Row], Any]) -> Test:
    if operator in {"=", "in"}:
        chosen = set(wanted)
        return lambda row: value_of(row) in chosen
    if operator in {"!=", "not in"}:
        chosen = set(wanted)
        return lambda row: value_of(row) not in chosen
    limit = wanted[0]
    tests: dict[str, Callable[[Any], bool]] = {
        "<": lambda value: value < limit,
        ">": lambda value: value > limit,
        "<=": lambda value: value <= limit,
        ">=": lambda value: value >= limit,
    }
    test = tests[operator]
    return lambda row: (value := value_of(row)) is not None and limit is not None and test(value)
