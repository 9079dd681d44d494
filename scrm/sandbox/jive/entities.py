"""How Jive shows people, places, contents, replies and memberships.

Fields and resources as in the entity pages of developers.jivesoftware.com/api/v3/cloud/rest and the recorded answers
of jivesoftware/jive-ios-sdk, read 2026-11-24; those that nothing here fills are left out, as Jive leaves out what is
empty or hidden.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scrm.sandbox.jive.state import Content
from scrm.sandbox.jive.text import ABRIDGED, plain, rendered
from scrm.sandbox.jive.times import stamp

if TYPE_CHECKING:
    from scrm.sandbox.jive.state import Account, Deleted, Membership, Place, Reply, State

SUMMARY_FIELDS = ("displayName", "id", "jive.username", "jive.level", "name", "resources", "type")
PATHS = {
    "discussion": "thread",
    "document": "docs/DOC",
    "post": "blog",
    "update": "status",
    "idea": "ideas",
    "dm": "inbox/dm",
}
GROUP_CONTENTS = ["blog", "documents", "files", "discussions", "polls", "projects", "updates", "ideas"]
LEVEL = {"name": "Novice", "points": 20}


class Entities:
    """Makes JSON objects of what the community knows."""

    def __init__(self, state: State) -> None:
        self._state = state

    def ref(self, path: str, *allowed: str) -> dict[str, Any]:
        return {"ref": self._state.api + path, "allowed": list(allowed or ("GET",))}

    def page(self, path: str) -> dict[str, Any]:
        return {"ref": f"{self._state.base_url}/{path}", "allowed": ["GET"]}

    def person(self, account: Account, *, is_own: bool = False) -> dict[str, Any]:
        person = account.person
        entity = self.person_summary(account)
        entity["jive"] |= {
            "enabled": account.is_enabled,
            "external": False,
            "externalContributor": account.is_partner,
            "federated": not account.is_partner,
            "visible": True,
            "locale": person.language,
            "lastProfileUpdate": stamp(account.updated_at),
            "profile": _profile(account),
        }
        entity |= {
            "published": stamp(account.joined_at),
            "updated": stamp(account.updated_at),
            "thumbnailUrl": f"{self._state.api}{account.uri}/avatar",
            "thumbnailId": str(account.id),
            "followerCount": len(account.followers),
            "followingCount": sum(account.id in one.followers for one in self._state.accounts.values()),
            "tags": [],
        }
        if person.city:
            entity["location"] = person.city
            value = {"locality": person.city, "country": person.country}
            entity["addresses"] = [{"jive_label": "Address", "type": "work", "value": value}]
        if account.is_email_shown or is_own:
            email = {"jive_label": "Email", "type": "work", "value": person.email, "primary": True}
            entity["emails"] = [email]
        return entity

    def person_summary(self, account: Account) -> dict[str, Any]:
        """The few fields with which people stand in other objects, and in lists unless more is asked for."""
        uri = account.uri
        name = {"formatted": account.display_name}
        if account.person.role != "company" and account.display_name == account.person.full_name:
            name |= {"givenName": account.person.first_name, "familyName": account.person.last_name}
        return {
            "id": str(account.id),
            "type": "person",
            "displayName": account.display_name,
            "name": name,
            "jive": {"username": account.username, "level": LEVEL},
            "resources": {
                "self": self.ref(uri),
                "html": self.page(f"people/{account.username}"),
                "activity": self.ref(f"{uri}/activities"),
                "avatar": self.ref(f"{uri}/avatar"),
                "followers": self.ref(f"{uri}/@followers"),
                "following": self.ref(f"{uri}/@following"),
                "members": self.ref(f"/members{uri}"),
            },
        }

    def place(self, place: Place) -> dict[str, Any]:
        uri = place.uri
        entity: dict[str, Any] = {
            "id": str(place.id),
            "placeID": str(place.place_id),
            "type": place.kind,
            "name": place.name,
            "displayName": place.name.lower().replace(" ", "-"),
            "status": "Active",
            "published": stamp(place.created_at),
            "updated": stamp(place.updated_at),
            "visibleToExternalContributors": True,
            "viewCount": 0,
            "followerCount": 0,
            "tags": [],
            "resources": {
                "self": self.ref(uri),
                "html": self.page(f"{place.kind}s/{place.place_id}"),
                "contents": self.ref(f"/contents?filter=place({self._state.api}{uri})"),
                "places": self.ref(f"{uri}/places"),
                "activity": self.ref(f"{uri}/activities"),
            },
        }
        if place.parent:
            entity |= {"parent": self._state.api + place.parent.uri, "parentPlace": self.place_summary(place.parent)}
        if place.creator:
            entity["creator"] = self.person_summary(place.creator)
        if place.kind == "group":
            members = [one for one in place.members.values() if one.state in {"member", "owner"}]
            entity |= {
                "groupType": place.group_type,
                "memberCount": len(members),
                "contentTypes": GROUP_CONTENTS,
            }
            entity["resources"]["members"] = self.ref(f"/members{uri}")
        return entity

    def place_summary(self, place: Place) -> dict[str, Any]:
        return {
            "id": str(place.id),
            "html": f"{self._state.base_url}/{place.kind}s/{place.place_id}",
            "name": place.name,
            "placeID": str(place.place_id),
            "type": place.kind,
            "uri": self._state.api + place.uri,
        }

    def content(self, content: Content, *, is_abridged: bool = False) -> dict[str, Any]:
        uri = content.uri
        replies = self.ref(f"/messages{uri}") if content.reply_kind == "message" else self.ref(f"{uri}/comments")
        entity = self._said(content, is_abridged=is_abridged) | {
            "contentID": str(content.content_id),
            "type": content.kind,
            "subject": content.subject,
            "lastActivityDate": stamp(content.active_at),
            "lastActivity": int(content.active_at.timestamp() * 1000),
            "viewCount": 0,
            "followerCount": 1,
            "replyCount": len(self._state.all_replies(content)),
            "parent": self._state.api + (content.place.uri if content.place else content.author.uri),
            "resources": {
                "self": self.ref(uri),
                "html": {"ref": self.html(content), "allowed": ["GET"]},
                f"{content.reply_kind}s": replies,
            },
        }
        if content.kind != "dm":
            entity["resources"]["likes"] = self.ref(f"{uri}/likes")
        if content.place:
            entity |= {"parentPlace": self.place_summary(content.place), "visibility": "place"}
        elif content.kind == "dm":
            entity |= {
                "visibility": "people",
                "participants": [self.person_summary(one) for one in content.participants],
            }
        else:
            entity["visibility"] = "all"
        if content.kind == "discussion":
            entity["question"] = content.text.rstrip().endswith("?")
        if content.repost_of:
            entity["repost"] = self._state.api + content.repost_of.uri
        return entity

    def reply(self, reply: Reply) -> dict[str, Any]:
        uri = reply.uri
        root = self._state.api + reply.root.uri
        entity = self._said(reply) | {
            "type": reply.kind,
            "subject": f"Re: {reply.root.subject}",
            "parent": self._state.api + reply.parent.uri,
            "parentContent": {
                "id": str(reply.root.id),
                "type": reply.root.kind,
                "name": reply.root.subject,
                "uri": root,
            },
            "replyCount": len(self._state.all_replies(reply)),
            "resources": {
                "self": self.ref(uri),
                "html": {"ref": self.html(reply), "allowed": ["GET"]},
                "likes": self.ref(f"{uri}/likes"),
                f"{reply.kind}s": self.ref(f"{uri}/{reply.kind}s"),
            },
        }
        if reply.kind == "message":
            return entity | {"discussion": root, "answer": False, "helpful": False, "question": False}
        return entity | {"rootURI": root, "rootType": reply.root.kind}

    def _said(self, said: Content | Reply, *, is_abridged: bool = False) -> dict[str, Any]:
        html = rendered(said, self._state.base_url)
        content = {"type": "text/html", "text": plain(html, ABRIDGED) if is_abridged else html, "editable": False}
        return {
            "id": str(said.id),
            "content": content,
            "author": self.person_summary(said.author),
            "published": stamp(said.created_at),
            "updated": stamp(said.updated_at),
            "status": "published",
            "likeCount": len(said.likes),
            "tags": [],
        }

    def html(self, said: Content | Reply) -> str:
        """The address of the page that shows it to people."""
        base, root = self._state.base_url, said.root
        page = f"{base}/{PATHS.get(root.kind, root.kind)}{'-' if root.kind == 'document' else '/'}{root.id}"
        if isinstance(said, Content):
            return page
        return f"{base}/message/{said.id}#{said.id}" if said.kind == "message" else f"{page}#comment-{said.id}"

    def member(self, place: Place, membership: Membership) -> dict[str, Any]:
        return {
            "id": str(membership.id),
            "type": "member",
            "state": membership.state,
            "published": stamp(membership.since),
            "person": self.person_summary(membership.account),
            "group": self.place(place),
            "resources": {"self": self.ref(f"/members/{membership.id}")},
        }

    def deleted(self, deleted: Deleted) -> dict[str, Any]:
        return {
            "id": deleted.id,
            "type": "deletedObject",
            "objectType": deleted.kind,
            "objectId": str(deleted.content_id),
            "eventDate": stamp(deleted.at),
            "url": f"{self._state.api}/contents/{deleted.content_id}",
            "resources": {"self": self.ref(f"/deletedObjects/{deleted.id}")},
        }


def _profile(account: Account) -> list[dict[str, str]]:
    person = account.person
    rows = {
        "Title": person.title,
        "Department": person.title if person.role == "staff" else "",
        "Company": person.company,
        "Biography": account.bio,
    }
    return [{"jive_label": label, "value": value} for label, value in rows.items() if value]
