"""SOQL as programs use it: parsed into a `Select`, or refused as MALFORMED_QUERY with the place of the fault.

Known: fields with parents, sub-queries, COUNT, MIN and MAX without groups; WHERE with = != < > <= >= IN, NOT IN,
LIKE, AND, OR, NOT; ORDER BY, LIMIT, OFFSET. Named dates, groups and TYPEOF are refused: nobody needs them here.
https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/, read 2026-11-24.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from scrm.sandbox.salesforce.refusals import RefusedError
from scrm.sandbox.salesforce.soql_parts import Compare, Condition, Joined, Literal, Negated, Order, Path, Select

TOKEN = re.compile(
    r"""\s*(?:
    (?P<text>'(?:[^'\\]|\\.)*')
    |(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d))
    |(?P<date>\d{4}-\d\d-\d\d)
    |(?P<number>[+-]?\d+(?:\.\d+)?)
    |(?P<word>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)
    |(?P<sign><=|>=|!=|<>|[=<>(),:])
    )""",
    re.VERBOSE,
)
ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
COMPARING = {"=", "!=", "<>", "<", ">", "<=", ">="}
LONGEST = 100_000
LARGEST_OFFSET = 2000
AGGREGATES = frozenset({"count", "min", "max"})


@dataclass(frozen=True, kw_only=True)
class Token:
    """A word, sign or value of a query, and where it begins."""

    kind: str
    text: str
    at: int


def refusal(text: str, at: int, code: str, sentence: str) -> RefusedError:
    """Return the refusal that points at a place of the query, as the recorded ones do."""
    line = text.replace("\n", " ")
    return RefusedError(code, f"\n{line}\n{' ' * at}^\nERROR at Row:1:Column:{at + 1}\n{sentence}")


def parse(text: str) -> Select:
    """Raises RefusedError."""
    if len(text) > LONGEST:
        raise RefusedError("QUERY_TOO_COMPLICATED", "SOQL statements cannot be longer than 100,000 characters.")
    parser = _Parser(text)
    select = parser.select()
    parser.end()
    return select


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(self._split())
        self._next = 0

    def _split(self) -> list[Token]:
        tokens, at, end = [], 0, len(self._text.rstrip())
        while at < end:
            match = TOKEN.match(self._text, at)
            if not match or not match.lastgroup:
                raise self._malformed(f"unexpected token: '{self._text[at : at + 20].strip()}'", at)
            tokens.append(Token(kind=match.lastgroup, text=match[match.lastgroup], at=match.start(match.lastgroup)))
            at = match.end()
        return tokens

    def _malformed(self, sentence: str, at: int) -> RefusedError:
        return refusal(self._text, at, "MALFORMED_QUERY", sentence)

    def _peek(self, *words: str) -> bool:
        if self._next >= len(self._tokens):
            return False
        token = self._tokens[self._next]
        return token.kind in {"word", "sign"} and token.text.lower() in words

    def _took(self, *words: str) -> bool:
        if self._peek(*words):
            self._next += 1
            return True
        return False

    def _need(self, *words: str) -> Token:
        if not self._peek(*words):
            raise self._unexpected(f"expecting {' or '.join(words)}")
        return self._take()

    def _take(self) -> Token:
        if self._next >= len(self._tokens):
            raise self._malformed("unexpected end of query", len(self._text))
        self._next += 1
        return self._tokens[self._next - 1]

    def _unexpected(self, hint: str = "") -> RefusedError:
        if self._next >= len(self._tokens):
            return self._malformed(f"unexpected end of query {hint}".strip(), len(self._text))
        token = self._tokens[self._next]
        return self._malformed(f"unexpected token: '{token.text}' {hint}".strip(), token.at)

    def _word(self) -> Token:
        if self._next < len(self._tokens) and self._tokens[self._next].kind == "word":
            return self._take()
        raise self._unexpected("expecting a name")

    def end(self) -> None:
        if self._next < len(self._tokens):
            raise self._unexpected()

    def select(self) -> Select:
        start = self._need("select").at
        fields = [self._field()]
        while self._took(","):
            fields.append(self._field())
        self._need("from")
        source = self._word()
        where = self._conditions() if self._took("where") else None
        order = self._orders() if self._took("order") else ()
        limit = self._whole() if self._took("limit") else None
        offset = self._whole() if self._took("offset") else 0
        if offset > LARGEST_OFFSET:
            raise RefusedError("NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset allowed is 2000")
        shown = tuple(one for one in fields if one is not None)
        if len(shown) < len(fields) and len(fields) > 1:
            raise self._malformed("count() must be the only element in the select list", start)
        return Select(
            text=self._text,
            fields=shown,
            source=source.text,
            source_at=source.at,
            where=where,
            order=order,
            limit=limit,
            offset=offset,
        )

    def _field(self) -> Path | Select | None:
        if self._took("("):
            inner = self.select()
            self._need(")")
            return inner
        token = self._word()
        if token.text.lower() in AGGREGATES and self._took("("):
            if token.text.lower() == "count" and self._took(")"):
                return None
            inside = self._path()
            self._need(")")
            return Path(names=inside.names, at=inside.at, aggregate=token.text.lower())
        return Path(names=tuple(token.text.split(".")), at=token.at)

    def _path(self) -> Path:
        token = self._word()
        return Path(names=tuple(token.text.split(".")), at=token.at)

    def _whole(self) -> int:
        token = self._take()
        if token.kind != "number" or not token.text.isdigit():
            raise self._malformed(f"unexpected token: '{token.text}' expecting a whole number", token.at)
        return int(token.text)

    def _orders(self) -> tuple[Order, ...]:
        self._need("by")
        orders = [self._order()]
        while self._took(","):
            orders.append(self._order())
        return tuple(orders)

    def _order(self) -> Order:
        path = self._path()
        is_descending = self._took("desc")
        if not is_descending:
            self._took("asc")
        is_first = not is_descending
        if self._took("nulls"):
            is_first = self._need("first", "last").text.lower() == "first"
        return Order(path=path, is_descending=is_descending, is_nulls_first=is_first)

    def _conditions(self) -> Condition:
        parts, word = [self._condition()], ""
        while self._peek("and", "or"):
            # without parentheses, SOQL does not mix the two
            if word and not self._peek(word):
                raise self._unexpected()
            word = self._take().text.lower()
            parts.append(self._condition())
        return Joined(word=word, parts=tuple(parts)) if word else parts[0]

    def _condition(self) -> Condition:
        if self._took("not"):
            return Negated(part=self._condition())
        if self._took("("):
            inside = self._conditions()
            self._need(")")
            return inside
        return self._comparison()

    def _comparison(self) -> Compare:
        path = self._path()
        if self._took("not"):
            self._need("in")
            return Compare(path=path, operator="not in", values=self._list())
        if self._took("in"):
            return Compare(path=path, operator="in", values=self._list())
        if self._took("like"):
            return Compare(path=path, operator="like", values=(self._literal(),))
        operator = self._need(*sorted(COMPARING)).text
        return Compare(path=path, operator="!=" if operator == "<>" else operator, values=(self._literal(),))

    def _list(self) -> tuple[Literal, ...]:
        self._need("(")
        values = [self._literal()]
        while self._took(","):
            values.append(self._literal())
        self._need(")")
        return tuple(values)

    def _literal(self) -> Literal:
        token = self._take()
        if token.kind == "text":
            body = re.sub(r"\\(.)", lambda match: ESCAPES.get(match[1], _kept(match[1])), token.text[1:-1])
            return Literal(kind="text", value=body, at=token.at)
        if token.kind in {"time", "date", "number"}:
            return Literal(kind=token.kind, value=token.text, at=token.at)
        word = token.text.lower()
        if word in {"true", "false", "null"}:
            return Literal(kind="null" if word == "null" else "boolean", value=word, at=token.at)
        raise self._malformed(f"unexpected token: '{token.text}'", token.at)


def _kept(sign: str) -> str:
    """In LIKE an escaped sign stands for itself; elsewhere nothing tells the two apart."""
    return f"\\{sign}" if sign in "%_" else sign
