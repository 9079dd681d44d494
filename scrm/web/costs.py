"""What reading costs, as people write it: money, calls or a network's own units; and a cap as they fill it in."""

from decimal import Decimal, InvalidOperation
from typing import Final

from babel.numbers import format_currency, format_decimal

from scrm.connectors.budget import Budget, Period, Unit
from scrm.errors import InputError
from scrm.i18n import N_, gettext, ngettext
from scrm.web import wording
from scrm.web.frame import locale

MICRO: Final = 1_000_000
LARGEST_CAP: Final = 2**31 - 1  # what the column holds
CAPS: Final = {
    (Unit.MICRO_USD, Period.DAY): N_("At most per day, in US dollars"),
    (Unit.MICRO_USD, Period.MONTH): N_("At most per month, in US dollars"),
    (Unit.CALLS, Period.DAY): N_("At most per day, in calls"),
    (Unit.CALLS, Period.MONTH): N_("At most per month, in calls"),
    (Unit.UNITS, Period.DAY): N_("At most per day, in units of the network"),
    (Unit.UNITS, Period.MONTH): N_("At most per month, in units of the network"),
}
NEXT: Final = {
    Period.DAY: N_("When it is used up, reading waits until the next day begins."),
    Period.MONTH: N_("When it is used up, reading waits until the next month begins."),
}


def cost(unit: Unit, amount: int) -> str:
    """$6.00, 1,200 calls, or 1,200 units."""
    if unit is Unit.MICRO_USD:
        return format_currency(Decimal(amount) / MICRO, "USD", locale=locale())
    if unit is Unit.CALLS:
        return ngettext("one call", "%(num)s calls", amount, num=wording.num(amount))
    return ngettext("one unit", "%(num)s units", amount, num=wording.num(amount))


def cap_label(budget: Budget) -> str:
    return gettext(CAPS[budget.unit, budget.period])


def what_then(budget: Budget) -> str:
    """What happens when the cap is reached."""
    return gettext(NEXT[budget.period])


def cap_text(budget: Budget, cap: int) -> str:
    """A cap as it stands in a field."""
    if budget.unit is Unit.MICRO_USD:
        return format_decimal(Decimal(cap) / MICRO, "0.00", locale=locale())
    return str(cap)


def cap_from(budget: Budget, text: str) -> int:
    """The cap that was filled in, in the budget's unit; raises InputError."""
    try:
        amount = Decimal(text.strip().replace(",", "."))
    except InvalidOperation as why:
        raise InputError(N_("The cap must be a number, without separators.")) from why
    factor = MICRO if budget.unit is Unit.MICRO_USD else 1
    if not amount.is_finite() or not 0 <= amount * factor <= LARGEST_CAP:
        raise InputError(N_("The cap is too large, or below zero."))
    return int(amount * factor)
