"""What each network's own ledger says should be in our database, and what is there.

A ledger also holds what the network shows nobody, or only to others; which rows those are is known from its API's
description, and said here per network. Reactions and follows have no id of their own on most networks: they are told
by who did it to what.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from scrm.models import Interaction, Profile
from scrm.sandbox.cast import COMPANY_KEY

Entry = dict[str, Any]
Name = tuple[str, ...]
NOW_ONLY, X_WEEK = timedelta(0), timedelta(days=7)
DEEDS = {"like": "reaction", "reaction": "reaction", "share": "share"}


def _open_network(row: Entry, rows: dict[str, Entry]) -> bool:
    """Not what names us by a hashtag alone, nor answers among others where we have said nothing above."""
    if row["kind"] == "hashtag":
        return False
    if row["kind"] != "reply":
        return True
    above = rows.get(str(row["object"]))
    while above is not None:
        if above["person"] == COMPANY_KEY:
            return True
        above = rows.get(str(above["object"]))
    return False


def _is_shown(row: Entry, _rows: dict[str, Entry]) -> bool:
    return row.get("shown", True) is not False


SHOWN: dict[str, Callable[[Entry, dict[str, Entry]], bool]] = {
    "mastodon": _open_network,
    "bluesky": _open_network,
    "x": _open_network,
    "connections": _is_shown,
    "facebook": lambda row, _: row.get("readable", True) and row["kind"] not in {"share", "follow"},
    "instagram": _is_shown,
    "jive": _is_shown,
    "linkedin": lambda row, _: row.get("shown") in {"posts", "comments", "reactions", "notifications"},
    "yammer": _is_shown,
    "sharepoint": _is_shown,
    "linkedin_leads": lambda row, _: row.get("shown") == "leads",
    "youtube": lambda row, _: (
        row.get("visibility", "public") == "public" and row["kind"] not in {"hashtag", "mention"}
    ),
}


# what a network tells only when it happens, or for so many days back; each README says so
REACH: dict[str, dict[str, timedelta]] = {
    "x": {"follow": NOW_ONLY, "like": X_WEEK, "share": X_WEEK, "quote": X_WEEK, "reply": X_WEEK},
    "instagram": {"mention": NOW_ONLY},
}


def _is_in_reach(network: str, row: Entry, connected_at: datetime) -> bool:
    reach = REACH.get(network, {}).get(str(row["kind"]))
    return reach is None or datetime.fromisoformat(str(row["at"])) >= connected_at - reach


def name_of(row: Entry) -> Name:
    """By what a thing is known in the ledger."""
    if row["kind"] == "follow":
        return "follow", str(row["author"])
    if row["kind"] in DEEDS:
        return DEEDS[row["kind"]], str(row["author"]), str(row["object"])
    return ("id", str(row["native_id"]))


def expected(network: str, rows: Iterable[Entry], connected_at: datetime) -> tuple[set[Name], set[Name]]:
    """What must be there, and what must not, or no longer, on a connection of that age."""
    by_id = {str(row["native_id"]): row for row in rows}
    shown = [row for row in by_id.values() if SHOWN[network](row, by_id)]
    there = {name_of(row) for row in shown if not row["deleted"] and _is_in_reach(network, row, connected_at)}
    return there, {name_of(row) for row in shown if row["deleted"]} - there


def found(session: Session, network: str) -> list[Name]:
    """By what the live rows of our database are known; a list, so that a double would show."""
    author = aliased(Profile)
    rows = session.execute(
        select(Interaction.kind, Interaction.native_id, Interaction.target, author.native_id.label("author"))
        .join(author, author.id == Interaction.profile_id)
        .where(Interaction.network == network, Interaction.deleted_at.is_(None))
    )
    return [_ours(row.kind, row.native_id, row.author, row.target) for row in rows]


def _ours(kind: str, native_id: str, author: str, target: str | None) -> Name:
    if kind == "follow":
        return "follow", author
    return (kind, author, str(target)) if kind in DEEDS.values() else ("id", native_id)
