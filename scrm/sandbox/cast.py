"""The invented people of the sandbox: who they are, where they live on the networks, what the CRM knows.

The rows stand in `cast.csv`; its column `crm` says what the CRM knows beyond name, e-mail and company.
Nobody here exists; every domain is under `.example`.
"""

from __future__ import annotations

import csv
import io
import re
from functools import cache
from importlib.resources import files

from scrm.sandbox.network import Person

COMPANY_KEY = "nordwerk"
MASTODON_DOMAIN = "social.example"
BLUESKY_DOMAIN = "bsky.example"
# where people of a language keep their Mastodon account; others live on our own server
HOMES = {
    "ar": "masar.example",
    "cs": "strojari.example",
    "el": "agora.example",
    "en": "fosswork.example",
    "es": "taller.example",
    "fr": "piailleurs.example",
    "he": "tooot.example",
    "ja": "mstdn-jp.example",
    "pl": "pol.example",
    "tr": "mastodon-tr.example",
    "uk": "sotsial.example",
}
CSV_COLUMNS = (
    "Id",
    "FirstName",
    "LastName",
    "Email",
    "Title",
    "Account Name",
    "MailingCity",
    "MailingCountry",
    "Phone",
    "Website",
    "Mastodon",
    "Bluesky",
    "X",
)
DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


def _rows() -> list[dict[str, str]]:
    text = files(__package__).joinpath("cast.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(io.StringIO(text)))


@cache
def cast() -> tuple[Person, ...]:
    """Everybody, the company account first."""
    people = []
    for row in _rows():
        fields = {name: value for name, value in row.items() if name not in {"networks", "crm"}}
        people.append(Person(**fields, networks=tuple(row["networks"].split())))
    return tuple(people)


@cache
def _by_key() -> dict[str, Person]:
    return {person.key: person for person in cast()}


def person(key: str) -> Person:
    return _by_key()[key]


def on_network(network: str) -> tuple[Person, ...]:
    return tuple(person for person in cast() if network in person.networks)


def mastodon_domain(person: Person) -> str:
    """Return the server of the person's account; ours takes only letters, digits and _ in a handle."""
    if person.role in {"company", "staff"}:
        return MASTODON_DOMAIN
    if "." in person.handle or "-" in person.handle:
        return HOMES.get(person.language, "pixelwerk.example")
    return HOMES.get(person.language, MASTODON_DOMAIN)


def mastodon_address(person: Person) -> str:
    return f"{person.handle}@{mastodon_domain(person)}"


def bluesky_address(person: Person) -> str:
    """Return the full handle; a label of a host name has neither dot nor underscore."""
    return f"{person.handle.replace('.', '-').replace('_', '-')}.{BLUESKY_DOMAIN}"


def x_handle(person: Person) -> str:
    """Return the handle on X: letters, digits and _, at most 15."""
    return re.sub(r"[^A-Za-z0-9_]", "_", person.handle)[:15]


def contacts_csv() -> str:
    """Return the contacts as a Salesforce report export would have them."""
    out = io.StringIO()
    writer = csv.DictWriter(out, CSV_COLUMNS, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writeheader()
    for number, row in enumerate(_rows(), start=1):
        if row["role"] == "contact":
            writer.writerow(_contact(number, person(row["key"]), set(row["crm"].split())))
    return out.getvalue()


def contact_id(key: str) -> str:
    """Return the Salesforce id under which the export lists this person."""
    return _salesforce_id([person.key for person in cast()].index(key) + 1)


def _contact(number: int, known: Person, knows: set[str]) -> dict[str, str]:
    # people paste a handle or a link as it comes
    server = mastodon_domain(known)
    mastodon = f"@{mastodon_address(known)}" if number % 2 else f"https://{server}/@{known.handle}"
    return {
        "Id": _salesforce_id(number),
        "FirstName": known.first_name,
        "LastName": known.last_name,
        "Email": known.email,
        "Title": known.title,
        "Account Name": known.company,
        "MailingCity": known.city,
        "MailingCountry": known.country,
        # +49 30 23125 and three digits are set aside for invented people
        "Phone": f"+49 30 23125 {number:03d}" if "phone" in knows else "",
        "Website": known.website if "website" in knows else "",
        "Mastodon": mastodon if "mastodon" in knows else "",
        "Bluesky": f"@{bluesky_address(known)}" if "bluesky" in knows else "",
        "X": f"@{x_handle(known)}" if "x" in knows else "",
    }


def _salesforce_id(number: int) -> str:
    """Return an 18-character id: the 15 of the record, then 3 that tell its capitals.

    https://help.salesforce.com/s/articleView?id=000385585, from memory, 2026-11-24.
    """
    short = f"003Nw{number:010d}"
    check = ""
    for start in (0, 5, 10):
        bits = sum(1 << place for place, sign in enumerate(short[start : start + 5]) if sign.isupper())
        check += DIGITS[bits]
    return short + check
