"""Activities as streams, the inbox and webhooks tell them, and how streams are paged.

A stream comes newest first, in collections: all activities on one content stand together, newest first, and a page
holds whole collections even when that makes it longer than asked. `after` and `before` look at the last activity of
a collection (ActivityService, ActivityEntityUsage and JiveExtensionEntity on developers.jivesoftware.com, recorded
person_activities.json of jivesoftware/jive-ios-sdk, read 2026-11-24; `links.next` is older, `links.previous` newer:
from memory).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scrm.sandbox.jive.state import Content
from scrm.sandbox.jive.text import SUMMARY, plain, rendered
from scrm.sandbox.jive.times import shown, stamp

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from scrm.sandbox.jive.entities import Entities
    from scrm.sandbox.jive.state import Account, Activity, Place, Reply, State

TYPE_NUMBERS = {"discussion": 1, "document": 102, "post": 38, "update": 1464927464, "idea": 3227383, "dm": 109016030}
VERBS = {
    "jive:created": "created",
    "jive:modified": "modified",
    "jive:commented": "commented on",
    "jive:replied": "replied to",
    "jive:liked": "liked",
    "jive:mentioned": "mentioned you in",
}


def collection(content: Content) -> str:
    return f"{TYPE_NUMBERS.get(content.kind, 0)}-{content.id}"


def collected(activities: Iterable[Activity]) -> list[list[Activity]]:
    """Group by content, newest first in each and among them."""
    groups: dict[Content, list[Activity]] = {}
    for one in sorted(activities, key=lambda one: (one.at, one.number), reverse=True):
        groups.setdefault(one.on.root, []).append(one)
    return list(groups.values())


def last(group: list[Activity]) -> datetime:
    return shown(group[0].at)


def cut(
    groups: list[list[Activity]], count: int, after: datetime | None, before: datetime | None
) -> tuple[list[list[Activity]], bool]:
    """Return the page and whether older ones follow; collections of the same moment are never torn apart."""
    wanted = [one for one in groups if after is None or last(one) > after]
    wanted = [one for one in wanted if before is None or last(one) < before]
    page: list[list[Activity]] = []
    for group in wanted:
        if sum(map(len, page)) >= count and last(group) != last(page[-1]):
            break
        page.append(group)
    return page, len(page) < len(wanted)


class Teller:
    """Makes JSON objects of activities."""

    def __init__(self, state: State, entities: Entities) -> None:
        self._state = state
        self._entities = entities

    def activity(self, one: Activity, updated: datetime) -> dict[str, Any]:
        on = one.on
        root = on.root
        url = self._entities.html(on)
        where = f' in <a href="{self._place_page(root.place)}">{root.place.name}</a>' if root.place else ""
        who = f'<a href="{self._state.base_url}/people/{one.actor.username}">{one.actor.display_name}</a>'
        jive: dict[str, Any] = {
            "collection": collection(root),
            "collectionUpdated": stamp(updated),
            "objectID": on.id,
            "likeCount": len(on.likes),
            "replyCount": len(self._state.all_replies(on)),
        }
        if not isinstance(on, Content):
            jive["parent"] = self._content(on.parent)
            jive["parentActor"] = self._person(on.parent.author)
        if one.mentioned:
            jive["mentioned"] = self._person(one.mentioned)
        return {
            "id": f"{self._state.api}/activities/{one.number}",
            "verb": one.verb,
            "published": stamp(one.at),
            "updated": stamp(updated),
            "title": root.subject,
            "content": f'{who} {VERBS[one.verb]} <a href="{url}">{root.subject}</a>{where}',
            "url": url,
            "actor": self._person(one.actor),
            "object": self._content(on),
            "target": self._target(root),
            "provider": self._instance(),
            "generator": self._instance(),
            "jive": jive,
        }

    def _place_page(self, place: Place) -> str:
        return f"{self._state.base_url}/{place.kind}s/{place.place_id}"

    def _instance(self) -> dict[str, Any]:
        return {"displayName": "Jive", "objectType": "jive:instance", "url": self._state.base_url}

    def _person(self, account: Account) -> dict[str, Any]:
        uri = self._state.api + account.uri
        return {
            "id": uri,
            "displayName": account.display_name,
            "objectType": "jive:person",
            "url": f"{self._state.base_url}/people/{account.username}",
            "image": {"url": f"{uri}/avatar"},
            "published": stamp(account.joined_at),
            "updated": stamp(account.updated_at),
        }

    def _content(self, said: Content | Reply) -> dict[str, Any]:
        return {
            "id": self._state.api + said.uri,
            "displayName": said.root.subject,
            "objectType": f"jive:{said.kind}",
            "summary": plain(rendered(said, self._state.base_url), SUMMARY),
            "url": self._entities.html(said),
            "author": self._person(said.author),
            "published": stamp(said.created_at),
            "updated": stamp(said.updated_at),
        }

    def _target(self, content: Content) -> dict[str, Any]:
        place = content.place
        if place is None:
            return self._person(content.author)
        return {
            "id": self._state.api + place.uri,
            "displayName": place.name,
            "objectType": f"jive:{place.kind}",
            "url": self._place_page(place),
            "published": stamp(place.created_at),
            "updated": stamp(place.updated_at),
        }
