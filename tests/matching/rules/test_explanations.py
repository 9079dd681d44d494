import re

import pytest

from scrm.i18n import gettext, language
from scrm.matching import score
from scrm.matching.model import SHIPPED
from scrm.matching.rules import RULES, context, contradictions, explanation, identifiers, names

MESSAGES = [
    *names.MESSAGES.values(),
    *(
        value
        for module in (names, identifiers, context, contradictions, score)
        for key, value in vars(module).items()
        if key.isupper() and isinstance(value, str)
    ),
]


@pytest.fixture
def in_german():
    token = language.set("de")
    yield
    language.reset(token)


@pytest.mark.parametrize("rule", [rule.__name__ for rule in RULES])
def test_every_rule_explains_itself_in_both_languages(rule, in_german):
    assert len(explanation(rule)) > 30
    assert gettext(explanation(rule)) != explanation(rule)


@pytest.mark.parametrize("message", MESSAGES)
def test_every_reason_is_translated_with_its_values(message, in_german):
    german = gettext(message)
    assert german != message
    assert set(re.findall(r"%\(\w+\)s", german)) == set(re.findall(r"%\(\w+\)s", message))


def test_an_unknown_rule_has_no_explanation():
    assert explanation("no_such_rule") == ""


def test_every_weight_belongs_to_a_rule_and_every_rule_has_a_weight():
    assert {key.split(".")[0] for key in SHIPPED.levels} == {rule.__name__ for rule in RULES}
