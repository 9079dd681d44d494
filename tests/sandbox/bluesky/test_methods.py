"""The route table against the lexicons it was written from, when they are at hand."""

from typing import Any

import pytest

from scrm.sandbox.bluesky.checks import FORMATS
from scrm.sandbox.bluesky.methods import METHODS, Method
from tests.sandbox.bluesky.lexicons import lexicon


def definition(method: Method) -> dict[str, Any]:
    return lexicon(method.nsid)["main"]


def stated(method: Method) -> dict[str, Any]:
    """Return the parameters (or the input's fields) as the lexicon states them."""
    main = definition(method)
    if main["type"] == "procedure":
        return main.get("input", {}).get("schema", {})
    return main.get("parameters", {})


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.nsid)
def test_a_method_takes_exactly_what_its_lexicon_states(method: Method) -> None:
    main = definition(method)
    assert method.is_procedure == (main["type"] == "procedure")
    schema = stated(method)
    properties = schema.get("properties", {})
    assert {parameter.name for parameter in method.parameters} == set(properties)
    required = {parameter.name for parameter in method.parameters if parameter.is_required}
    assert required == set(schema.get("required", ()))
    for parameter in method.parameters:
        said = properties[parameter.name]
        assert parameter.type == said["type"]
        assert parameter.minimum == said.get("minimum")
        assert parameter.maximum == said.get("maximum")
        assert parameter.default == said.get("default")
        assert parameter.max_length == said.get("maxLength")
        assert parameter.format == said.get("items", said).get("format")


def test_no_method_stands_in_the_table_twice() -> None:
    assert len({method.nsid for method in METHODS}) == len(METHODS)
    assert all(method.path == f"/xrpc/{method.nsid}" for method in METHODS)


def test_every_row_names_its_lexicon_and_when_it_was_read() -> None:
    for method in METHODS:
        assert method.lexicon in method.route().source
        assert "read 2026" in method.route().source


@pytest.mark.parametrize(
    ("form", "good", "bad"),
    [
        ("did", "did:plc:ewvi7nxzyoun6zhxrhs64oiz", "did:PLC:x"),
        ("did", "did:web:anna.example", "anna.example"),
        ("handle", "anna-maria.bsky.example", "anna_maria.bsky.example"),
        ("handle", "a.co", "anna"),
        ("at-identifier", "anna.bsky.example", "@anna.bsky.example"),
        ("nsid", "app.bsky.feed.post", "post"),
        ("record-key", "self", ".."),
        ("at-uri", "at://did:plc:abc/app.bsky.feed.post/3jzfcijpj2z2a", "https://bsky.app/profile/x"),
        ("at-uri", "at://anna.bsky.example/app.bsky.feed.post/self", "at://anna"),
        ("cid", "bafyreie5737gdxlw5i64vzichcalba3z2v5n6icifvx5xytvske7mr3hpm", "Qmabc"),
        ("tid", "3jzfcijpj2z2a", "zzzzzzzzzzzzz"),
        ("uri", "https://nordwerk.example/x", "nordwerk.example"),
        ("language", "pt-BR", "p"),
    ],
)
def test_formats_are_those_of_the_protocol(form: str, good: str, bad: str) -> None:
    pattern, _ = FORMATS[form]
    assert pattern.fullmatch(good)
    assert not pattern.fullmatch(bad)
