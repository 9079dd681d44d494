"""The JSON entities of the Mastodon REST API, as one viewer sees them.

Fields as in abraham/mastodon-openapi 4.7.0, read 2026-11-24.
"""

from __future__ import annotations

import zlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from scrm.sandbox.cast import MASTODON_DOMAIN
from scrm.sandbox.mastodon.content import bio_html, link_html, status_html

if TYPE_CHECKING:
    from scrm.sandbox.mastodon.state import Account, Notification, Status

Entity = dict[str, Any]


def stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def may_see(status: Status, viewer: Account | None) -> bool:
    """Whether the viewer may see a status: 404 otherwise, as if it were not there."""
    shown = status.reblog_of or status
    if shown.visibility in {"public", "unlisted"}:
        return True
    if viewer is None:
        return False
    if viewer is shown.account or viewer in shown.mentions:
        return True
    return shown.visibility == "private" and shown.account.id in viewer.following


def profile_fields(account: Account) -> list[Entity]:
    """Return the profile's table: the website, verified for most by its link back, and the company."""
    person, table = account.person, []
    if person.website:
        is_verified = zlib.crc32(person.key.encode()) % 4 != 0
        verified_at = account.created_at + timedelta(days=1) if is_verified else None
        table.append(
            {
                "name": "Web",
                "value": link_html(person.website, rel="nofollow noopener me"),
                "verified_at": verified_at and verified_at.isoformat(timespec="milliseconds"),
            }
        )
        if person.company:
            table.append({"name": "🏢", "value": person.company, "verified_at": None})
    return table


def account_entity(account: Account) -> Entity:
    picture = f"https://{MASTODON_DOMAIN}/avatars/original/missing.png"
    header = f"https://{MASTODON_DOMAIN}/headers/original/missing.png"
    last = account.statuses[-1] >> 16 if account.statuses else None
    return {
        "id": str(account.id),
        "username": account.username,
        "acct": account.acct,
        "display_name": account.display_name,
        "locked": False,
        "bot": account.is_bot,
        "discoverable": True,
        "indexable": account.is_local,
        "group": False,
        "created_at": stamp(account.created_at.replace(hour=0, minute=0, second=0, microsecond=0)),
        "note": bio_html(account),
        "url": account.url,
        "uri": account.uri,
        "avatar": picture,
        "avatar_static": picture,
        "avatar_description": "",
        "header": header,
        "header_static": header,
        "header_description": "",
        "followers_count": len(account.followers),
        "following_count": len(account.following),
        "statuses_count": len(account.statuses),
        "last_status_at": last and datetime.fromtimestamp(last / 1000, UTC).date().isoformat(),
        "hide_collections": None,
        "emojis": [],
        "fields": profile_fields(account),
    }


def own_account_entity(account: Account) -> Entity:
    """Return the account as its owner sees it."""
    return {
        **account_entity(account),
        "source": {
            "privacy": "public",
            "sensitive": False,
            "language": account.person.language,
            "note": account.bio,
            "fields": [
                {"name": "Web", "value": account.person.website, "verified_at": None}
                for _ in range(bool(account.person.website))
            ],
            "follow_requests_count": 0,
            "hide_collections": None,
            "discoverable": True,
            "indexable": account.is_local,
            "attribution_domains": [],
            "quote_policy": "public",
        },
        "role": {"id": "-99", "name": "", "color": "", "permissions": "65536", "highlighted": False},
    }


def status_entity(status: Status, viewer: Account | None) -> Entity:
    shown = status.reblog_of or status
    entity: Entity = {
        "id": str(status.id),
        "created_at": stamp(status.created_at),
        "in_reply_to_id": str(status.in_reply_to.id) if status.in_reply_to else None,
        "in_reply_to_account_id": str(status.in_reply_to_account.id) if status.in_reply_to_account else None,
        "sensitive": False,
        "spoiler_text": "",
        "visibility": status.visibility,
        "language": shown.account.person.language,
        "uri": status.uri,
        "url": status.url,
        "replies_count": len(shown.replies),
        "reblogs_count": len(shown.reblogs),
        "favourites_count": len(shown.favourites),
        "quotes_count": len(shown.quotes),
        "edited_at": shown.edited_at and stamp(shown.edited_at),
        "content": status_html(shown),
        "reblog": status_entity(status.reblog_of, viewer) if status.reblog_of else None,
        "quote": _quote(status, viewer),
        "account": account_entity(status.account),
        "media_attachments": _pictures(shown),
        "mentions": [_mention(account) for account in shown.mentions],
        "tags": [{"name": tag.lower(), "url": f"https://{MASTODON_DOMAIN}/tags/{tag.lower()}"} for tag in shown.tags],
        "emojis": [],
        "card": None,
        "poll": None,
    }
    if status.account.is_local and status.reblog_of is None:
        entity["application"] = {"name": "Web", "website": None}
    if viewer:
        entity |= {
            "favourited": shown.id in viewer.favourites,
            "reblogged": viewer.id in shown.reblogs,
            "muted": False,
            "bookmarked": False,
            "filtered": [],
        }
    return entity


def _mention(account: Account) -> Entity:
    return {
        "id": str(account.id),
        "username": account.username,
        "url": account.url,
        "acct": account.acct,
    }


def _quote(status: Status, viewer: Account | None) -> Entity | None:
    if not status.is_quoting:
        return None
    if status.quote_of is None:
        return {"state": "deleted", "quoted_status": None}
    if not may_see(status.quote_of, viewer):
        return {"state": "unauthorized", "quoted_status": None}
    # a quote inside a quote comes as ids only; none of the cast goes so far
    quoted = status_entity(status.quote_of, viewer)
    return {"state": "accepted", "quoted_status": {**quoted, "quote": None}}


def _pictures(status: Status) -> list[Entity]:
    if not status.has_picture:
        return []
    path = picture_path(status)
    return [
        {
            "id": str(status.id + 1),
            "type": "image",
            "url": f"https://files.{MASTODON_DOMAIN}/{path}",
            "preview_url": f"https://files.{MASTODON_DOMAIN}/{path.replace('/original/', '/small/')}",
            "remote_url": None if status.account.is_local else f"https://{status.account.domain}/{path}",
            "meta": {"original": {"width": 1, "height": 1, "size": "1x1", "aspect": 1.0}},
            "description": "",
            "blurhash": "L00000fQfQfQfQfQfQfQfQfQfQfQ",
        }
    ]


def picture_path(status: Status) -> str:
    number = str(status.id + 1)
    groups = "/".join(number[place : place + 3] for place in range(0, len(number), 3))
    return f"media_attachments/files/{groups}/original/{status.id:016x}.png"


def notification_entity(notification: Notification, viewer: Account) -> Entity:
    number = str(notification.id)
    entity: Entity = {
        "id": number,
        "type": notification.kind,
        "created_at": stamp(notification.created_at),
        "group_key": _group_key(notification),
        "account": account_entity(notification.account),
    }
    if notification.status:
        entity["status"] = status_entity(notification.status, viewer)
    return entity


def _group_key(notification: Notification) -> str:
    hour = int(notification.created_at.timestamp()) // 3600
    if notification.kind in {"favourite", "reblog"} and notification.status:
        return f"{notification.kind}-{notification.status.id}-{hour}"
    if notification.kind == "follow":
        return f"follow-{hour}"
    return f"ungrouped-{notification.id}"
