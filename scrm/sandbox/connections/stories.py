"""One story of the activity stream in JSON, with its object, what that stands below, and its embedded form.

Members, and which of their booleans are strings, as in the recorded streams of OpenNTF/SocialSDK c9c02d44 (read
2026-11-23): a count of replies is a number when there are none and a string otherwise, persons have no e-mail.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from scrm.sandbox.connections.ids import COMMUNITY
from scrm.sandbox.connections.microblog import page_of, person
from scrm.sandbox.connections.xml import stamp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scrm.sandbox.connections.asking import Asking
    from scrm.sandbox.connections.state import Account, Community, Post, Story

TYPES = {
    "topic": "forum-topic",
    "reply": "forum-reply",
    "entry": "article",
    "comment": "comment",
    "note": "note",
    "note_comment": "comment",
    "status": "note",
    "status_comment": "comment",
}
SAID = {
    "post": "wrote {object}.",
    "comment": "commented on {object}.",
    "like": "liked {object}.",
    "mention": "mentioned you in {object}.",
    "join": "joined {object}.",
    "create": "created {object}.",
    "update": "updated their profile.",
}
NAMES = {"forums": "Forums", "blogs": "Blogs", "communities": "Communities", "profiles": "Profiles"}
SHOWN_REPLIES = 2


def rollup_of(story: Story) -> str:
    """Return the id under which stories are folded into one."""
    if story.post:
        return story.post.root.stream_id
    return f"{COMMUNITY}{story.community.uuid}" if story.community else story.actor.urn


def written(asking: Asking, story: Story) -> dict[str, object]:
    base = f"{asking.origin}/connections/opensocial/basic/rest/activitystreams/@public/@all/@all"
    title = _title(asking, story)
    entry: dict[str, object] = {
        "provider": {
            "id": "http://www.ibm.com/xmlns/prod/sn",
            "displayName": "IBM Connections - News Service",
            "url": f"{asking.origin}/news",
        },
        "generator": _generator(asking, story),
        "actor": person(story.actor),
        "connections": _connections(asking, story, base),
        "openSocial": {
            "embed": {
                "gadget": f"{asking.origin}/connections/resources/web/com.ibm.social.ee/ConnectionsEE.xml",
                "context": _context(asking, story, title),
            }
        },
        "title": title,
        "updated": stamp(story.at),
        "id": story.native_id,
        "published": stamp(story.at),
        "object": _object(asking, story),
        "url": f"{base}/{story.native_id}",
        "verb": story.verb,
    }
    if target := _target(asking, story):
        entry["target"] = target
    return entry


def _generator(asking: Asking, story: Story) -> dict[str, object]:
    name = story.application
    icons = f"{asking.origin}/connections/resources/web/com.ibm.oneui3.styles/imageLibrary/Icons/ComponentsGray"
    return {
        "image": {"url": f"{icons}/{NAMES[name]}Gray16.png"},
        "id": name,
        "displayName": f"IBM Connections - {NAMES[name]}",
        "url": f"{asking.origin}/{name}",
    }


def _connections(asking: Asking, story: Story, base: str) -> dict[str, object]:
    container_id, container = _container(story)
    rollup = rollup_of(story)
    found: dict[str, object] = {
        "broadcast": "false",
        "isPublic": str(story.told is None and (story.community is None or story.community.is_open)).lower(),
        "rollupid": rollup,
        "rollupUrl": f"{base}?&filterBy=object&filterOp=equals&filterValue={rollup[-36:]}",
        "saved": "false",
        "containerName": container,
        "containerId": container_id,
        "shortTitle": _title(asking, story),
        "followedResource": "true",
        "plainTitle": f"{story.actor.name} {_said(story)}",
    }
    if story.post and story.post.application == "forums":
        kind = "reply?replyUuid" if story.post.parent else "topic?topicUuid"
        found["atomUrl"] = f"/atom/{kind}={story.post.uuid}"
    if story.community:
        found["communityid"] = f"{COMMUNITY}{story.community.uuid}"
    return found


def _container(story: Story) -> tuple[str, str]:
    if story.community:
        return story.community.uuid, story.community.title
    board = story.post.root.board if story.post else None
    owner = board or story.actor
    return owner.key, owner.name


def _said(story: Story) -> str:
    post = story.post
    named = post.root.title if post else story.community.title if story.community else ""
    return SAID[story.verb].format(object=named)


def _title(asking: Asking, story: Story) -> str:
    return f"{card(asking.origin, story.actor)} {escape(_said(story), quote=False)}"


def card(origin: str, account: Account) -> str:
    """Write somebody's name as the small card that titles carry."""
    page = f"{origin}/profiles/html/profileView.do?userid={account.userid}"
    return (
        f'<span class="vcard"><a class="fn url" title="Open the profile of {escape(account.name)}." href="{page}">'
        f"{escape(account.name, quote=False)}</a>"
        f'<span class="x-lconn-userid" style="display : none">{account.userid}</span></span>'
    )


def _context(asking: Asking, story: Story, title: str) -> dict[str, object]:
    post = story.post
    return {
        "isPublic": str(story.told is None and (story.community is None or story.community.is_open)).lower(),
        "eventType": story.event,
        "eventId": story.native_id,
        "actor": person(story.actor),
        "numLikes": str(len(post.likes) if post else 0),
        "numComments": str(len(post.thread()) if post else 0),
        "summary": post.text if post else "",
        "title": post.title if post else story.actor.name,
        "updated": str(story.verb == "update").lower(),
        "id": _object_id(story),
        "containerid": _container(story)[0],
        "itemUrl": page_of(asking, post) if post else _page(asking, story),
        "eventTitle": title,
        "published": stamp(story.at),
    }


def _object_id(story: Story) -> str:
    return story.post.stream_id if story.post else rollup_of(story)


def _page(asking: Asking, story: Story) -> str:
    if story.community:
        return f"{asking.origin}/communities/service/html/communitystart?communityUuid={story.community.uuid}"
    return f"{asking.origin}/profiles/html/profileView.do?userid={story.actor.userid}"


def _object(asking: Asking, story: Story) -> dict[str, object]:
    if story.post:
        return _post(asking, story.post)
    if story.community:
        return _community(asking, story.community)
    return {
        **person(story.actor),
        "summary": story.actor.about,
        "url": _page(asking, story),
        "replies": {"totalItems": 0},
        "likes": {"totalItems": 0},
    }


def _post(asking: Asking, post: Post) -> dict[str, object]:
    return {
        "summary": post.text,
        "objectType": TYPES[post.kind],
        "author": person(post.author),
        "id": post.stream_id,
        "displayName": post.title,
        "published": stamp(post.created),
        "updated": stamp(post.edited),
        "url": page_of(asking, post),
        "replies": _replies(post.thread()),
        "likes": {"totalItems": len(post.likes)},
    }


def _replies(below: Sequence[Post]) -> dict[str, object]:
    if not below:
        return {"totalItems": 0}
    items = [
        {
            "id": one.stream_id,
            "content": one.text,
            "updated": stamp(one.edited),
            "author": person(one.author),
            "objectType": "comment",
        }
        for one in below[-SHOWN_REPLIES:]
    ]
    return {"totalItems": str(len(below)), "items": items}


def _community(asking: Asking, community: Community) -> dict[str, object]:
    page = f"{asking.origin}/communities/service/html/communitystart?communityUuid={community.uuid}"
    return {
        "objectType": "community",
        "id": f"{COMMUNITY}{community.uuid}",
        "displayName": community.title,
        "summary": community.text,
        "published": stamp(community.created),
        "url": page,
        "replies": {"totalItems": 0},
        "likes": {"totalItems": 0},
    }


def _target(asking: Asking, story: Story) -> dict[str, object] | None:
    """Return what the object stands in: the post on top, the community or somebody's board."""
    post = story.post
    if post is None:
        return None
    if post.parent:
        return _post(asking, post.root)
    if post.community:
        return _community(asking, post.community)
    return {**person(post.board), "url": page_of(asking, post)} if post.board else None
