"""Partial answers: the `fields` parameter of Google's APIs.

`items(id,snippet/title),nextPageToken` and `*` (developers.google.com/youtube/v3/getting-started#fields, from
memory, 2026-11-24). A name that no resource has selects nothing here; the real API refuses it.
"""

from __future__ import annotations

import re
from typing import Any

Tree = dict[str, "Tree"]


def parse(text: str) -> Tree | None:
    """Read a selector, or return None if it is none."""
    tokens = re.findall(r"[A-Za-z0-9_*]+|[(),/]|\S", text)
    tree, rest = _list(tokens)
    return tree if tree and not rest else None


def _list(tokens: list[str]) -> tuple[Tree, list[str]]:
    tree: Tree = {}
    while tokens:
        tokens = _path(tree, tokens)
        if not tokens or tokens[0] != ",":
            break
        tokens = tokens[1:]
    return tree, tokens


def _path(tree: Tree, tokens: list[str]) -> list[str]:
    name = tokens[0]
    if not re.fullmatch(r"[A-Za-z0-9_*]+", name):
        return tokens
    branch = tree.setdefault(name, {})
    rest = tokens[1:]
    if rest and rest[0] == "/":
        return _path(branch, rest[1:]) if len(rest) > 1 else rest
    if rest and rest[0] == "(":
        inner, after = _list(rest[1:])
        branch |= inner
        return after[1:] if after and after[0] == ")" else [*after, "unclosed"]
    return rest


def select(body: Any, tree: Tree) -> Any:
    """Return what the selector leaves of a body; lists are looked through."""
    if not tree:
        return body
    if isinstance(body, list):
        return [select(item, tree) for item in body]
    if not isinstance(body, dict):
        return body
    wanted = {name: tree.get(name, tree.get("*")) for name in body}
    return {name: select(body[name], branch) for name, branch in wanted.items() if branch is not None}
