"""What is asked for is what Meta's own library describes."""

import json
import os
from pathlib import Path

import pytest

from scrm.connectors.facebook.fields import EDGES, EVERY, SUBSCRIBED, SUBSCRIBED_MESSAGES
from scrm.sandbox.facebook import names

SHARED = os.environ.get("SCRM_SHARED")  # a folder whose specs/ holds Meta's description
PAGING = {"since", "until"}  # of feeds; documented beside the library
DESCRIBED = {
    "page": names.PAGE,
    "pagepost": names.POST,
    "comment": names.COMMENT,
    "profile": names.PROFILE,
    "user": names.USER,
    "unifiedthread": names.THREAD,
    "recommendation": names.RECOMMENDATION,
    None: names.MESSAGE | names.PARTICIPANT,
}
ASKED = [asked for one in EVERY for asked in one.all()]


def test_every_field_is_described() -> None:
    for asked in ASKED:
        assert {*asked.names, *asked.inner} <= DESCRIBED[asked.of], asked.of
    assert {*SUBSCRIBED, *SUBSCRIBED_MESSAGES} <= names.SUBSCRIBED_FIELDS


def test_the_parameter_names_every_field_once() -> None:
    text = next(one for one in EVERY if one.of == "unifiedthread").text
    assert text == (
        "id,updated_time,message_count,participants{id,name},"
        "messages.limit(20){id,created_time,message,reply_to,from{id,name}}"
    )


@pytest.mark.skipif(SHARED is None, reason="Meta's description is not at hand; set SCRM_SHARED")
def test_fields_and_edges_stand_in_metas_description() -> None:
    file = Path(SHARED or "") / "specs/meta-graph-v26.objects.json"
    described = json.loads(file.read_text(encoding="utf-8"))
    for asked in ASKED:
        if asked.of is not None:
            assert {*asked.names, *asked.inner} <= set(described[asked.of]["fields"]), asked.of
    for of, edges in EDGES.items():
        known: dict[str, set[str]] = {}
        for edge in described[of]["edges"].values():
            known.setdefault(str(edge["endpoint"]).strip("/"), set()).update(edge["params"])
        for name, parameters in edges.items():
            assert set(parameters) - PAGING <= known[name], name
    assert {*SUBSCRIBED, *SUBSCRIBED_MESSAGES} <= set(described["page"]["enums"]["SubscribedFields"])
