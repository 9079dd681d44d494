"""Groups, spaces and blogs that the account may know of, and who belongs to the groups.

PlaceService and MemberService of developers.jivesoftware.com/api/v3/cloud/rest (read 2026-11-24). A group's type says
who reads it: OPEN and MEMBER_ONLY everybody, PRIVATE and SECRET its members. Who may read a space is a matter of
permissions that are not told, so it counts as closed; a blog goes by the group in which it stands, where that is
listed on the same page.
"""

from collections.abc import Iterator

from scrm.connectors.base import Account, Api, Page, Stream
from scrm.connectors.jive.client import OBJECTS, Item, listed
from scrm.connectors.jive.translation import community, key, place_of, summary
from scrm.connectors.payload import Payload
from scrm.connectors.roster import Communities, Members, membership, read_round, roster
from scrm.i18n import N_
from scrm.records import Key, Record

MANY = 100
SHOWN = ("placeID", "type", "name", "description", "groupType", "resources")
BELONGING = frozenset({"member", "owner"})  # others wait to be let in, or are banned


class Places(Stream):
    """All places; members of groups once a day."""

    name = "places"
    label = N_("Groups and spaces, and who belongs to the groups")
    every_seconds = 3600

    def read(self, api: Api, cursor: str | None) -> Page:
        return read_round(api, cursor, lambda at: _places(api, at), lambda place, at: _members(api, place, at))

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        def of(native_id: str) -> Key:
            return key(native_id, account)

        yield from roster(item, of)
        if item.has("community"):
            yield community(item.child("community"), account)
        elif item.has("member"):
            member = item.child("member")
            person = summary(member.child("person"), account.key.scope)
            yield person
            if member.optional_text("state") in BELONGING:
                yield membership(item, person.key, of, manages=member.optional_text("state") == "owner")


def _places(api: Api, at: str | None) -> Communities:
    found, following = listed(api, at or "/places", () if at else [("count", str(MANY))])
    types = {str(one.get("placeID")): one.get("groupType") for one in found}
    items = [{"community": _slim(one, types)} for one in found]
    groups = [place_of(Payload(one, "place")) for one in found if one.get("type") == "group"]
    return Communities(items=items, ids=groups, next=following)


def _slim(place: Item, types: dict[str, object]) -> Item:
    """A place without what changes all the time; a blog with the type of its group."""
    shown = {name: place[name] for name in SHOWN if place.get(name) is not None}
    resources = shown.pop("resources", None)
    if isinstance(resources, dict):
        shown["resources"] = {"html": resources.get("html")}
    parent = place.get("parentPlace")
    if place.get("type") == "blog" and isinstance(parent, dict) and types.get(str(parent.get("placeID"))):
        shown["groupType"] = types[str(parent["placeID"])]
    return shown


def _members(api: Api, place: str, at: str | None) -> Members:
    params = () if at else [("count", str(MANY))]
    found, following = listed(api, at or f"/members{place}", params, client=OBJECTS)
    items: list[Item] = [{name: one[name] for name in ("state", "person") if name in one} for one in found]
    return Members(items=items, next=following)
