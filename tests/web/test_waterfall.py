"""Evidence drawn as a waterfall that adds up."""

import math
import random

import pytest

from scrm.i18n import language
from scrm.matching.model import SHIPPED
from scrm.web import comparison, waterfall
from scrm.web.waterfall import MARGIN, SHOWN, WIDTH, build


def row(bits: float, rule: str = "surname", **more: object) -> dict[str, object]:
    return {"rule": rule, "level": "exact", "bits": bits, "message": "", "params": {}, **more}


def test_rounded_rows_add_up_to_the_rounded_sum_whatever_they_are() -> None:
    dice = random.Random(7)
    for _case in range(300):
        values = [dice.uniform(-24, 24) for _row in range(dice.randrange(1, SHOWN))]
        drawn = build([row(value) for value in values])
        assert sum(step.tenths for step in drawn.steps) == drawn.tenths
        assert drawn.tenths == round(math.fsum(values) * 10)
        assert all(abs(step.tenths / 10) <= 24.1 for step in drawn.steps)


def test_each_bar_begins_where_the_last_one_ended_and_stays_inside() -> None:
    drawn = build([row(-15.5, "prior"), row(9.1), row(5.2), row(-2.3)])
    ends = []
    for step in drawn.steps:
        assert step.x >= MARGIN - 0.1
        assert step.x + step.width <= WIDTH
        ends.append((step.x, step.x + step.width))
    first, second, third, last = drawn.steps
    assert [step.way for step in drawn.steps] == ["start", "up", "up", "down"]
    assert second.x == pytest.approx(first.x, abs=0.2)
    assert third.x == pytest.approx(second.x + second.width, abs=0.2)
    assert last.x + last.width == pytest.approx(third.x + third.width, abs=0.2)


def test_odds_are_written_in_the_way_they_point() -> None:
    assert build([row(4.2)]).odds == (18, True)
    assert build([row(-3.0)]).odds == (8, False)
    assert build([row(900.0)]).odds[0] == 2**40


def test_more_rows_than_fit_are_folded_and_still_counted() -> None:
    drawn = build([row(1.0) for _number in range(SHOWN + 3)])
    assert (len(drawn.steps), len(drawn.folded)) == (SHOWN, 3)
    assert drawn.tenths == (SHOWN + 3) * 10


@pytest.mark.parametrize("bits", [math.nan, math.inf, None, "9"])
def test_a_weight_that_is_no_number_counts_nothing(bits: object) -> None:
    assert build([row(2.0), {"rule": "email", "bits": bits}]).tenths == 20


def test_reasons_are_said_in_the_reader_s_language_with_their_values() -> None:
    message = "The same place; %(count)s of %(total)s contacts are there."
    told = row(4.6, "city", message=message, params={"count": 61, "total": 23568})
    assert build([told]).steps[0].why == "The same place; 61 of 23,568 contacts are there."
    language.set("de")
    step = build([told]).steps[0]
    assert step.title == "Stadt"
    assert "61 von 23.568" in step.why or "23.568" in step.why


def test_a_reason_that_lost_its_values_is_shown_bare() -> None:
    assert build([row(1.0, message="The same place; %(count)s.")]).steps[0].why == "The same place; %(count)s."
    assert build([row(1.0, message="100 %", params={"a": 1})]).steps[0].why == "100 %"


def test_every_rule_of_the_model_has_a_title_and_a_field() -> None:
    names = {key.split(".")[0] for key in SHIPPED.levels}
    assert names <= waterfall.RULES.keys()
    assert names <= comparison.FIELD_OF_RULE.keys()


def test_no_evidence_draws_nothing() -> None:
    assert build([]).tenths == 0
