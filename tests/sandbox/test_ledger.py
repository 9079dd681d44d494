"""The route table's types, wherever a value comes from."""

import pytest

from scrm.sandbox.ledger import Route, is_typed


@pytest.mark.parametrize(
    ("value", "words", "is_right"),
    [
        ("12", "integer", True),
        (12, "integer", True),
        ("1.5", "integer", False),
        ("", "integer", False),
        (True, "integer", False),
        ("true", "boolean", True),
        ("0", "boolean", True),
        (False, "boolean", True),
        ("yes", "boolean", False),
        (1.5, "number", True),
        ("1.5", "number", False),
        ("text", "string", True),
        (5, "string", False),
        (["a"], "array", True),
        ("a", "array", False),
        ("a", "array|string", True),
        ({}, "object", True),
        (None, "string", False),
    ],
)
def test_a_value_is_of_one_of_the_described_types(value, words, is_right):
    assert is_typed(value, words) is is_right


def test_a_template_stands_for_one_segment_of_the_path():
    pattern = Route(method="GET", path="/a.b/{id}/c", source="").pattern()
    assert pattern.fullmatch("/a.b/1/c")
    assert not pattern.fullmatch("/a.b/1/2/c")
    assert not pattern.fullmatch("/aXb/1/c")
