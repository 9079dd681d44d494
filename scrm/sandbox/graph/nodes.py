"""Nodes, fields and edges: what a Graph-style server answers to `fields`, and what it refuses.

A network describes its types once (names of fields and edges as in the spec), each field with a function that
reads it; the reader checks what is asked, expands nested fields and edges, and cuts pages. A field the spec
has and the fake has no value for is left out, as the real server leaves out what is empty. Unknown fields are
error 100 (sentence as reported in pdir/social-feed-bundle#153).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from scrm.sandbox.graph.errors import BadRequestError
from scrm.sandbox.graph.fields import Field, fields_text
from scrm.sandbox.graph.paging import DEFAULT_LIMIT, MOST, cut

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

EVERY_EDGE = frozenset({"limit", "after", "before", "fields"})


@dataclass(frozen=True, kw_only=True)
class Ask:
    """Who asks (whatever the network's functions need to know of it), and with which arguments."""

    viewer: Any
    base: str  # with the version, as in "http://127.0.0.1:8101/v26.0"
    query: Mapping[str, str]  # the request's own access_token and the like, repeated in `next`
    arguments: Mapping[str, str] = field(default_factory=dict)

    def of(self, arguments: Mapping[str, str]) -> Ask:
        return Ask(viewer=self.viewer, base=self.base, query=self.query, arguments=arguments)


@dataclass(frozen=True, kw_only=True)
class Ref:
    """A field's value that is a node of its own."""

    type: str
    node: Any


@dataclass(frozen=True, kw_only=True)
class Refs:
    """A field's value that is a list of nodes: `{"data": […]}` without paging."""

    type: str
    nodes: Sequence[Any]


@dataclass(frozen=True, kw_only=True)
class Listing:
    """The rows of one edge, sorted by `key`, and the summary if one was asked for."""

    rows: Sequence[Any]
    key: Callable[[Any], Sequence[int | str]]
    is_falling: bool = True
    summary: dict[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class Edge:
    """One edge: the type of its rows, the parameters it takes, and the function that lists them."""

    type: str
    list: Callable[[Any, Ask], Listing]
    parameters: frozenset[str] = frozenset()
    default: int = DEFAULT_LIMIT
    most: int = MOST


@dataclass(frozen=True, kw_only=True)
class NodeType:
    """One type of node: every field the spec has, those answered unasked, and how those that we have are read."""

    name: str
    fields: frozenset[str]
    default: tuple[str, ...]
    read: Mapping[str, Callable[[Any, Ask], object]]
    edges: Mapping[str, Edge] = field(default_factory=dict)
    arguments: Mapping[str, frozenset[str]] = field(default_factory=dict)  # of fields that take some


class Graph:
    """The types of one network, and the reader of their nodes."""

    def __init__(self, types: Sequence[NodeType]) -> None:
        self._types = {one.name: one for one in types}

    def type(self, name: str) -> NodeType:
        return self._types[name]

    def node(self, type_name: str, node: Any, fields: Sequence[Field], ask: Ask) -> dict[str, Any]:
        """Return a node with the fields asked for; `id` is always there if the type has one."""
        type_ = self._types[type_name]
        wanted = list(fields) or [Field(name=name) for name in type_.default]
        answered: dict[str, Any] = {}
        for one in wanted:
            value = self._field(type_, node, one, ask)
            if value is not None:
                answered[one.name] = value
        if "id" in type_.read and "id" not in answered:
            answered["id"] = type_.read["id"](node, ask)
        return answered

    def edge(self, type_name: str, node: Any, name: str, fields: Sequence[Field], ask: Ask) -> dict[str, Any]:
        """Return a page of an edge; limit, cursors and its own parameters stand in `ask.arguments`."""
        type_ = self._types[type_name]
        edge = type_.edges[name]
        listing = edge.list(node, ask)
        page = cut(
            listing.rows,
            ask.arguments,
            listing.key,
            is_falling=listing.is_falling,
            default=edge.default,
            most=edge.most,
        )
        # the fields are checked even where no row is there to show them
        self.check(edge.type, fields)
        bare = ask.of({})
        envelope: dict[str, Any] = {"data": [self.node(edge.type, row, fields, bare) for row in page.rows]}
        query = {**ask.query, **ask.arguments}
        if fields:
            query["fields"] = fields_text(tuple(fields))
        address = f"{ask.base}/{type_.read['id'](node, bare)}/{name}"
        if paging := page.paging(address, query):
            envelope["paging"] = paging
        if listing.summary is not None:
            envelope["summary"] = listing.summary
        return envelope

    def check(self, type_name: str, fields: Sequence[Field]) -> None:
        """Refuse fields, edges and arguments that the type does not have, at every level that has a type."""
        type_ = self._types[type_name]
        for one in fields:
            edge = type_.edges.get(one.name)
            if edge:
                self._check_arguments(type_, one, EVERY_EDGE | edge.parameters)
                self.check(edge.type, one.fields)
            elif one.name in type_.fields:
                self._check_arguments(type_, one, type_.arguments.get(one.name, frozenset()))
            else:
                message = f"(#100) Tried accessing nonexisting field ({one.name}) on node type ({type_name})"
                raise BadRequestError(100, message=message)

    def _check_arguments(self, type_: NodeType, one: Field, known: frozenset[str]) -> None:
        if unknown := sorted(set(one.arguments) - known):
            message = f"(#100) Unknown argument {unknown[0]} of field {one.name} on node type ({type_.name})"
            raise BadRequestError(100, message=message)

    def _field(self, type_: NodeType, node: Any, one: Field, ask: Ask) -> object:
        self.check(type_.name, [one])
        if one.name in type_.edges:
            return self.edge(type_.name, node, one.name, one.fields, ask.of(one.arguments))
        reader = type_.read.get(one.name)
        value = reader(node, ask.of(one.arguments)) if reader else None
        return self._expanded(value, one.fields, ask)

    def _expanded(self, value: object, fields: Sequence[Field], ask: Ask) -> object:
        if isinstance(value, Ref):
            return self.node(value.type, value.node, fields, ask.of({}))
        if isinstance(value, Refs):
            self.check(value.type, fields)
            return {"data": [self.node(value.type, one, fields, ask.of({})) for one in value.nodes]}
        if isinstance(value, dict) and fields:
            return {one.name: value[one.name] for one in fields if one.name in value}
        return value


def rows(body: object) -> int:
    """Return how many rows an answer brings, edges inside edges included."""
    if isinstance(body, list):
        return sum(rows(one) for one in body)
    if isinstance(body, dict):
        own = len(body["data"]) if isinstance(body.get("data"), list) else 0
        return own + sum(rows(value) for value in body.values())
    return 0
