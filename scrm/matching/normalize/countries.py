"""One word for a country, however it is written: Deutschland is Germany, and a profile in Germany is also in DE.

Names in English, German and the country's own languages, folded (data/countries.csv, from Unicode CLDR 48, read
2026-11-24, with a few that people write). A code alone is never read as a country: DE is Delaware in one CRM and
Germany in another, and Georgia is a state as well as a country.
"""

import csv
from functools import cache
from importlib.resources import files


def country_word(place: str) -> str:
    """Give the English name of a country; any other folded place as it is."""
    found = _names().get(place)
    return found[1] if found else place


def country_code(place: str) -> str:
    """Give the ISO 3166 code of a country by its folded name, empty for any other place."""
    found = _names().get(place)
    return found[0] if found else ""


@cache
def _names() -> dict[str, tuple[str, str]]:
    text = files("scrm.matching").joinpath("data/countries.csv").read_text(encoding="utf-8")
    rows = [(row["code"], row["names"].split(";")) for row in csv.DictReader(text.splitlines())]
    return {name: (code, names[0]) for code, names in rows for name in names}
