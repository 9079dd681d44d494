"""The `fields` parameter, and what nodes answer to it."""

from typing import Any

import pytest

from scrm.sandbox.graph.errors import BadRequestError
from scrm.sandbox.graph.fields import Field, fields_text, parse_fields
from scrm.sandbox.graph.nodes import Ask, Edge, Graph, Listing, NodeType, Ref, Refs
from scrm.sandbox.graph.paging import cut

ASK = Ask(viewer=None, base="http://127.0.0.1:1/v26.0", query={"access_token": "abc"})
BOOKS = [{"id": str(number), "name": f"book {number}"} for number in range(7)]


def _books(_shelf: Any, ask: Ask) -> Listing:
    summary = {"total_count": len(BOOKS)} if ask.arguments.get("summary") == "true" else None
    return Listing(rows=BOOKS, key=lambda book: [int(book["id"])], is_falling=False, summary=summary)


SHELF = NodeType(
    name="Shelf",
    fields=frozenset({"id", "name", "best", "all", "place", "empty", "found"}),
    default=("id", "name"),
    read={
        "id": lambda _one, _ask: "shelf",
        "name": lambda _one, _ask: "Shelf",
        "best": lambda _one, _ask: Ref(type="Book", node=BOOKS[0]),
        "all": lambda _one, _ask: Refs(type="Book", nodes=BOOKS[:2]),
        "place": lambda _one, _ask: {"city": "Bremen", "country": "DE"},
        "found": lambda _one, ask: ask.arguments["word"],
    },
    edges={"books": Edge(type="Book", list=_books, parameters=frozenset({"summary"}))},
    arguments={"found": frozenset({"word"})},
)
BOOK = NodeType(
    name="Book",
    fields=frozenset({"id", "name"}),
    default=("id",),
    read={"id": lambda one, _ask: one["id"], "name": lambda one, _ask: one["name"]},
)
GRAPH = Graph([SHELF, BOOK])


def ask_for(text: str) -> dict[str, Any]:
    return GRAPH.node("Shelf", None, parse_fields(text), ASK)


def test_fields_nest_and_take_arguments() -> None:
    text = "id,posts.limit(5).after(ab=){message,comments.summary(true){from{id}}}"
    assert parse_fields(text) == (
        Field(name="id"),
        Field(
            name="posts",
            arguments={"limit": "5", "after": "ab="},
            fields=(
                Field(name="message"),
                Field(
                    name="comments",
                    arguments={"summary": "true"},
                    fields=(Field(name="from", fields=(Field(name="id"),)),),
                ),
            ),
        ),
    )
    assert fields_text(parse_fields(text)) == text
    assert parse_fields("") == ()


@pytest.mark.parametrize("text", ["a,,b", "a{", "a{}", "a.limit", "a.limit(2", "a}b", ",", "a" + "{a" * 8])
def test_a_syntax_error_is_2500(text: str) -> None:
    with pytest.raises(BadRequestError) as refused:
        parse_fields(text)
    assert refused.value.code == 2500


def test_a_node_answers_what_is_asked_and_leaves_out_what_is_empty() -> None:
    assert ask_for("") == {"id": "shelf", "name": "Shelf"}
    assert ask_for("name,empty") == {"id": "shelf", "name": "Shelf"}
    assert ask_for("best{name},place{city},found.word(x)") == {
        "id": "shelf",
        "best": {"id": "0", "name": "book 0"},
        "place": {"city": "Bremen"},
        "found": "x",
    }
    assert ask_for("all")["all"] == {"data": [{"id": "0"}, {"id": "1"}]}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nothing", "(#100) Tried accessing nonexisting field (nothing) on node type (Shelf)"),
        ("best{nothing}", "(#100) Tried accessing nonexisting field (nothing) on node type (Book)"),
        ("books{nothing}", "(#100) Tried accessing nonexisting field (nothing) on node type (Book)"),
        ("books.color(red)", "(#100) Unknown argument color of field books on node type (Shelf)"),
        ("name.limit(2)", "(#100) Unknown argument limit of field name on node type (Shelf)"),
    ],
)
def test_what_the_description_lacks_is_error_100(text: str, said: str) -> None:
    with pytest.raises(BadRequestError) as refused:
        ask_for(text)
    assert refused.value.body["error"]["message"] == said


def test_an_edge_inside_a_field_has_its_own_paging() -> None:
    books = ask_for("books.limit(3).summary(true){name}")["books"]
    assert [one["id"] for one in books["data"]] == ["0", "1", "2"]
    assert books["summary"] == {"total_count": 7}
    after = books["paging"]["cursors"]["after"]
    address, _, query = books["paging"]["next"].partition("?")
    assert address == "http://127.0.0.1:1/v26.0/shelf/books"
    assert query.startswith("access_token=abc&limit=3&summary=true&fields=name&after=")
    more = ask_for(f"books.limit(9).after({after})")["books"]
    assert [one["id"] for one in more["data"]] == ["3", "4", "5", "6"]
    assert "next" not in more["paging"]


@pytest.mark.parametrize("is_falling", [True, False])
def test_cursors_walk_both_ways_and_bear_deletions(is_falling: bool) -> None:
    rows = sorted(range(10), reverse=is_falling)

    def page(**asked: str) -> Any:
        return cut(rows, asked, lambda row: [row], is_falling=is_falling)

    first = page(limit="4")
    assert first.rows == rows[:4]
    assert (first.has_next, first.has_previous) == (True, False)
    second = page(limit="4", after=first.after)
    assert second.rows == rows[4:8]
    assert page(limit="3", before=second.before).rows == rows[1:4]
    expected = rows[4:8]
    rows.remove(first.rows[-1])
    assert page(limit="4", after=first.after).rows == expected
    del rows[:-1]
    assert page(limit="4", before=first.after).rows == []


@pytest.mark.parametrize("asked", [{"limit": "0"}, {"limit": "101"}, {"limit": "-1"}, {"after": "?"}])
def test_limits_and_cursors_have_bounds(asked: dict[str, str]) -> None:
    with pytest.raises(BadRequestError):
        cut(BOOKS, asked, lambda book: [book["id"]])
