"""Composite graphs: several composites in one call, each done whole or not at all.

https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_composite_graph_limits.htm, read
2026-11-24; the words of the faults are from memory.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from scrm.sandbox.salesforce.calls import Answer, Call, Route, Table
from scrm.sandbox.salesforce.refusals import RefusedError

if TYPE_CHECKING:
    from scrm.sandbox.salesforce.composite import Composite

MOST_GRAPHS, MOST_NODES, MOST_KINDS, MOST_FAILURES, DEEPEST = 75, 500, 15, 14, 15


class Graphs:
    """The resource `composite/graph`."""

    def __init__(self, composite: Composite) -> None:
        self._composite = composite

    def add_to(self, table: Table) -> None:
        table.add(Route(method="POST", path="composite/graph", handler=self.run))

    def run(self, call: Call) -> Answer:
        graphs = call.json().get("graphs")
        if not isinstance(graphs, list) or not graphs:
            raise RefusedError("JSON_PARSER_ERROR", "graphs must be a list")
        _check(graphs)
        failures, answers = 0, []
        for graph in graphs:
            if failures >= MOST_FAILURES:
                answers.append(self._halted(graph))
                continue
            done = self._composite.together(call, graph["compositeRequest"])
            is_done = all(one["httpStatusCode"] < 400 for one in done)
            failures += not is_done
            response = {"compositeResponse": done}
            answers.append({"graphId": graph["graphId"], "graphResponse": response, "isSuccessful": is_done})
        return Answer(body={"graphs": answers})

    @staticmethod
    def _halted(graph: dict[str, Any]) -> dict[str, Any]:
        error = RefusedError("PROCESSING_HALTED", "Too many graphs failed before this one").rest()
        done = [
            {"body": error, "httpHeaders": {}, "httpStatusCode": 400, "referenceId": one.get("referenceId")}
            for one in graph["compositeRequest"]
        ]
        return {"graphId": graph["graphId"], "graphResponse": {"compositeResponse": done}, "isSuccessful": False}


def _check(graphs: list[dict[str, Any]]) -> None:
    nodes = [one for graph in graphs for one in graph.get("compositeRequest", [])]
    kinds = {_kind(one) for one in nodes}
    named = [graph.get("graphId") for graph in graphs]
    if len(graphs) > MOST_GRAPHS or len(nodes) > MOST_NODES or len(kinds) > MOST_KINDS:
        sentence = f"at most {MOST_GRAPHS} graphs, {MOST_NODES} nodes and {MOST_KINDS} kinds of nodes"
        raise RefusedError("LIMIT_EXCEEDED", sentence)
    if not all(named) or len(set(named)) < len(named):
        raise RefusedError("INVALID_FIELD", "every graph needs a graphId of its own")
    for graph in graphs:
        if _depth(graph.get("compositeRequest", [])) > DEEPEST:
            raise RefusedError("LIMIT_EXCEEDED", f"a graph is at most {DEEPEST} deep")


def _kind(one: dict[str, Any]) -> tuple[str, str]:
    found = re.search(r"/sobjects/(\w+)", str(one.get("url")))
    return str(one.get("method")), found[1] if found else ""


def _depth(nodes: list[dict[str, Any]]) -> int:
    depths: dict[str, int] = {}
    for one in nodes:
        used = re.findall(r"@\{(\w+)\.", str(one))
        depths[str(one.get("referenceId"))] = 1 + max((depths.get(name, 0) for name in used), default=0)
    return max(depths.values(), default=0)
