"""The archive Mastodon lets people download of their own account: a zip of ActivityPub JSON and media.

Names and shapes as in app/services/backup_service.rb and activitypub/note_serializer.rb, read 2026-11-24;
since 4.2 it is a zip and `likes.json` and `bookmarks.json` have no `totalItems` (mastodon/mastodon#23360).
"""

from __future__ import annotations

import io
import zipfile
from base64 import b64decode
from typing import TYPE_CHECKING, Any

from flask import json

from scrm.sandbox.mastodon.content import bio_html, status_html
from scrm.sandbox.mastodon.entities import picture_path, profile_fields

if TYPE_CHECKING:
    from datetime import datetime

    from scrm.sandbox.mastodon.state import Account, State, Status

CONTEXT = ["https://www.w3.org/ns/activitystreams", "https://w3id.org/security/v1"]
PUBLIC = "https://www.w3.org/ns/activitystreams#Public"
PIXEL = b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII=")


def account_archive(account: Account, state: State) -> bytes:
    """Return the archive's bytes, statuses in the order they were written."""
    own = [state.statuses[number] for number in account.statuses]
    liked = [state.statuses[number].uri for number in account.favourites]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for status in own:
            if status.has_picture:
                archive.writestr(picture_path(status), PIXEL)
        _write(archive, "outbox.json", {**_collection("outbox.json"), "totalItems": len(own)}, own)
        archive.writestr("likes.json", json.dumps({**_collection("likes.json"), "orderedItems": liked}))
        archive.writestr("bookmarks.json", json.dumps({**_collection("bookmarks.json"), "orderedItems": []}))
        archive.writestr("avatar.png", PIXEL)
        archive.writestr("actor.json", json.dumps(_actor(account)))
    return out.getvalue()


def _write(archive: zipfile.ZipFile, name: str, collection: dict[str, Any], own: list[Status]) -> None:
    items = [_announce(one) if one.reblog_of else _create(one) for one in own]
    archive.writestr(name, json.dumps({**collection, "orderedItems": items}))


def _collection(name: str) -> dict[str, Any]:
    return {"@context": CONTEXT[0], "id": name, "type": "OrderedCollection"}


def _stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _audience(status: Status) -> tuple[list[str], list[str]]:
    followers = f"{status.account.uri}/followers"
    named = [account.uri for account in status.mentions]
    match status.visibility:
        case "public":
            return [PUBLIC], [followers, *named]
        case "unlisted":
            return [followers], [PUBLIC, *named]
        case "private":
            return [followers], named
        case _:
            return named, []


def _announce(status: Status) -> dict[str, Any]:
    boosted = status.reblog_of
    to, cc = _audience(status)
    return {
        "id": status.uri,
        "type": "Announce",
        "actor": status.account.uri,
        "published": _stamp(status.created_at),
        "to": to,
        "cc": [boosted.account.uri, *cc] if boosted else cc,
        "object": boosted.uri if boosted else None,
    }


def _create(status: Status) -> dict[str, Any]:
    to, cc = _audience(status)
    return {
        "id": f"{status.uri}/activity",
        "type": "Create",
        "actor": status.account.uri,
        "published": _stamp(status.created_at),
        "to": to,
        "cc": cc,
        "object": _note(status, to, cc),
    }


def _note(status: Status, to: list[str], cc: list[str]) -> dict[str, Any]:
    content = status_html(status)
    parent = status.in_reply_to.uri if status.in_reply_to else None
    note: dict[str, Any] = {
        "id": status.uri,
        "type": "Note",
        "summary": None,
        "inReplyTo": parent,
        "published": _stamp(status.created_at),
        "url": status.url,
        "attributedTo": status.account.uri,
        "to": to,
        "cc": cc,
        "sensitive": False,
        "atomUri": status.uri,
        "inReplyToAtomUri": parent,
        "conversation": f"tag:{status.account.domain},{status.created_at:%Y-%m-%d}:objectId={status.id}",
        "content": content,
        "contentMap": {status.account.person.language: content},
        "attachment": _attachments(status),
        "tag": _tags(status),
        "replies": {"id": f"{status.uri}/replies", "type": "Collection"},
        "likes": {"id": f"{status.uri}/likes", "type": "Collection", "totalItems": len(status.favourites)},
        "shares": {"id": f"{status.uri}/shares", "type": "Collection", "totalItems": len(status.reblogs)},
    }
    if status.edited_at:
        note["updated"] = _stamp(status.edited_at)
    if status.quote_of:
        note |= {"quote": status.quote_of.uri, "quoteUri": status.quote_of.uri}
    return note


def _attachments(status: Status) -> list[dict[str, Any]]:
    if not status.has_picture:
        return []
    path = f"/{picture_path(status)}"
    return [{"type": "Document", "mediaType": "image/png", "url": path, "name": "", "width": 1, "height": 1}]


def _tags(status: Status) -> list[dict[str, str]]:
    people = [{"type": "Mention", "href": one.uri, "name": f"@{one.acct}"} for one in status.mentions]
    base = f"https://{status.account.domain}/tags"
    tags = [{"type": "Hashtag", "href": f"{base}/{tag.lower()}", "name": f"#{tag}"} for tag in status.tags]
    return people + tags


def _actor(account: Account) -> dict[str, Any]:
    return {
        "@context": CONTEXT,
        "id": account.uri,
        "type": "Service" if account.is_bot else "Person",
        "following": f"{account.uri}/following",
        "followers": f"{account.uri}/followers",
        "inbox": f"{account.uri}/inbox",
        "outbox": "outbox.json",
        "featured": f"{account.uri}/collections/featured",
        "preferredUsername": account.username,
        "name": account.display_name,
        "summary": bio_html(account),
        "url": account.url,
        "manuallyApprovesFollowers": False,
        "discoverable": True,
        "indexable": True,
        "published": account.created_at.strftime("%Y-%m-%dT00:00:00Z"),
        "tag": [],
        "attachment": [
            {"type": "PropertyValue", "name": field["name"], "value": field["value"]}
            for field in profile_fields(account)
        ],
        "icon": {"type": "Image", "mediaType": "image/png", "url": "avatar.png"},
        "likes": "likes.json",
        "bookmarks": "bookmarks.json",
    }
