"""Weights that come with an update: followed where nobody chose, compared before, refused where judgments say so."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from scrm.matching.follow import NAME, follow_shipped
from scrm.matching.load import active_row
from scrm.matching.model import SHIPPED, Level, MatchModel
from scrm.matching.versions import use_version
from scrm.models import AuditEntry, MatchModelRow, Verdict
from tests.matching.workshop import Workshop

FORMER = replace(SHIPPED, version=SHIPPED.version - 1)
# ruff: noqa: SIM905 - a list of names is read as text
NAMES = "Abendroth Bellwether Culverin Dragomir Eskildsen Fragala Gutenberg Hollander".split()


def store(shop: Workshop, model: MatchModel, name: str) -> int:
    now = shop.db.clock.now()
    with shop.db.write("test.model") as session:
        row = MatchModelRow(name=name, body=json.loads(model.to_json()), created_at=now, activated_at=now)
        session.add(row)
        session.flush()
        return row.id


def names(shop: Workshop) -> tuple[str | None, list[str]]:
    """The version in force, and all there are."""
    with shop.db.read() as session:
        row = active_row(session)
        return row and row.name, list(session.scalars(select(MatchModelRow.name).order_by(MatchModelRow.id)))


def noted(shop: Workshop) -> list[AuditEntry]:
    with shop.db.read() as session:
        return list(session.scalars(select(AuditEntry).where(AuditEntry.object.startswith("match_model/"))))


def judged(shop: Workshop) -> None:
    """Twenty-four people whom stewards recognized by initial and surname in the handle."""
    for number, (given, surname) in enumerate((g, s) for g in ("Ada", "Berta", "Cleo") for s in NAMES):
        contact = shop.contact(full_name=f"{given} {surname}", first_name=given, last_name=surname)
        profile = shop.profile(network="github", native_id=str(number), handle=f"{given[0]}{surname}".lower())
        shop.settle()
        shop.judge(profile, contact, Verdict.POSITIVE)


def test_where_nobody_chose_the_shipped_weights_follow_the_former_ones(shop: Workshop) -> None:
    store(shop, FORMER, "shipped-1")
    assert follow_shipped(shop.core)
    assert names(shop) == (NAME, ["shipped-1", NAME])
    (entry,) = noted(shop)
    assert (entry.action, entry.before["name"], entry.after["judged"]) == ("model.followed", "shipped-1", 0)
    assert not follow_shipped(shop.core)


def test_the_first_matching_is_with_the_shipped_weights_and_nothing_follows(shop: Workshop) -> None:
    assert not follow_shipped(shop.core)
    shop.profile()
    shop.settle()
    assert not follow_shipped(shop.core)
    assert names(shop) == (NAME, [NAME])


@pytest.mark.parametrize("name", ["learned-200", "shipped-1"])
def test_what_was_learned_or_put_in_force_by_hand_is_not_replaced(shop: Workshop, name: str) -> None:
    number = store(shop, FORMER, name)
    with shop.db.write("test.use") as session:
        use_version(session, shop.db.clock.now() + timedelta(minutes=1), number)
    assert not follow_shipped(shop.core)
    assert names(shop) == (name, [name])


def test_a_later_release_s_weights_are_not_replaced_by_older_ones(shop: Workshop) -> None:
    store(shop, replace(SHIPPED, version=SHIPPED.version + 1), "shipped-99")
    assert not follow_shipped(shop.core)


def test_weights_that_the_judgments_speak_for_are_put_in_force(shop: Workshop) -> None:
    blind = {"surname_in_handle.whole": Level(bits=-9.0), "given_in_handle.first_letter": Level(bits=-9.0)}
    store(shop, replace(FORMER, levels={**SHIPPED.levels, **blind}), "shipped-1")
    judged(shop)
    assert follow_shipped(shop.core)
    assert names(shop)[0] == NAME
    assert noted(shop)[0].after["judged"] == 24
    assert noted(shop)[0].after["f1"] > noted(shop)[0].before["f1"]


def test_weights_that_the_judgments_speak_against_are_kept_and_not_used(shop: Workshop, monkeypatch) -> None:
    store(shop, FORMER, "shipped-1")
    judged(shop)
    blind = {"surname_in_handle.whole": Level(bits=-9.0), "given_in_handle.first_letter": Level(bits=-9.0)}
    monkeypatch.setattr("scrm.matching.follow.SHIPPED", replace(SHIPPED, levels={**SHIPPED.levels, **blind}))
    assert follow_shipped(shop.core)
    assert names(shop) == ("shipped-1", ["shipped-1", NAME])
    assert noted(shop)[0].action == "model.not_followed"
    assert not follow_shipped(shop.core)
