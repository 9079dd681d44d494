"""The activity stream: which stories somebody gets to see, chosen by whose, which group and which application.

Patterns as on IBM's pages "General IBM Connections feed retrieval" and "IBM Connections Extensions Overview" (API
reference 5.0, read 2026-11-24). That times filter by a story's own time, and that stories are kept for 30 days, is
from memory; both decide what a reader misses, so `truth()` does not depend on them.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

from scrm.sandbox.connections.errors import JSON, RefusedError
from scrm.sandbox.connections.ids import COMMUNITY, bare
from scrm.sandbox.connections.microblog import find_person
from scrm.sandbox.connections.parameters import when
from scrm.sandbox.connections.stories import rollup_of, written
from scrm.sandbox.connections.xml import stamp

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from scrm.sandbox.connections.asking import Asking
    from scrm.sandbox.connections.state import Account, Story

USUAL, MOST = 20, 200
KEPT = timedelta(days=30)
APPLICATIONS = frozenset({"forums", "blogs", "communities", "profiles"})
BOARDS = frozenset({"note", "status"})
NOBODY = frozenset({"@friends", "@saved", "@actions"})  # nobody here has colleagues, or marks stories


def stories(asking: Asking) -> tuple[str, str]:
    """Give one page of a stream, the latest first."""
    user, group = asking.places["user"], asking.places["group"]
    is_shown, is_of_app = _whose(asking, user, group), _application(asking.places.get("app", "@all"))
    found = [
        story
        for story in asking.state.stories
        if asking.now - story.at < KEPT
        and story.shows(asking.viewer)
        and is_shown(story)
        and is_of_app(story)
        and _passes(asking, story)
    ]
    found.sort(key=lambda story: (story.at, story.uuid), reverse=True)
    if asking.query.get("rollup") == "true":
        found = list({rollup_of(story): story for story in reversed(found)}.values())[::-1]
    return _answer(asking, user, found)


def one_story(asking: Asking) -> tuple[str, str]:
    word = asking.places["story"]
    found = next((one for one in asking.state.stories if one.native_id == word), None)
    if found is None or asking.now - found.at >= KEPT:
        raise RefusedError(404)
    if not found.shows(asking.viewer):
        raise RefusedError(403)
    return json.dumps({"entry": written(asking, found)}), JSON


def _answer(asking: Asking, user: str, found: Sequence[Story]) -> tuple[str, str]:
    start = int(asking.query.get("startIndex", 0))
    count = min(int(asking.query.get("count", USUAL)), MOST)
    shown = found[start : start + count]
    title = "Public stories" if user == "@public" else f"News feed for {asking.viewer.name}"
    answer: dict[str, object] = {
        "startIndex": start,
        "totalResults": -1,
        "connections": {"snapshot": stamp(asking.now), "isAdmin": "false", "unreadNotifications": 0},
        "filtered": True,
        "title": f"IBM Connections - {title}",
        "itemsPerPage": len(shown),
        "sorted": True,
        "list": [written(asking, story) for story in shown],
    }
    if "updatedSince" in asking.query:
        answer["updatedSince"] = True
    return json.dumps(answer), JSON


def _whose(asking: Asking, user: str, group: str) -> Callable[[Story], bool]:
    """Return the test for one stream; another person's is open in one pattern only."""
    if user.startswith(COMMUNITY):
        community = asking.community(bare(user))
        _only(group, "@all")
        return lambda story: story.community is community and story.told is None
    if user == "@public":
        _only(group, "@all")
        return lambda story: story.told is None and (story.community is None or story.community.is_open)
    account = find_person(asking, user)
    if account is not asking.viewer and group != "@involved":
        raise RefusedError(403)
    if group in NOBODY:
        return lambda _story: False
    tests = _groups(account)
    if group not in tests:
        raise RefusedError(400, fault=f"the activity stream has no group {group}")
    return tests[group]


def _only(group: str, known: str) -> None:
    if group != known:
        raise RefusedError(400, fault=f"this stream has no group {group}")


def _groups(me: Account) -> Mapping[str, Callable[[Story], bool]]:
    return {
        "@all": lambda story: (story.community is not None and story.community.has(me)) or _is_involved(story, me),
        "@following": lambda story: story.told is None and story.community is not None and story.community.has(me),
        "@self": lambda story: story.actor is me and story.told is None,
        "@involved": lambda story: _is_involved(story, me),
        "@responses": lambda story: story.actor is not me and _is_response(story, me),
        "@notesforme": lambda story: story.told is me,
        "@notesfromme": lambda story: story.told is not None and story.actor is me,
    }


def _is_involved(story: Story, me: Account) -> bool:
    post = story.post
    is_mine = post is not None and (me in {post.author, post.root.author} or post.root.board is me)
    return is_mine or me in {story.actor, story.told}


def _is_response(story: Story, me: Account) -> bool:
    post = story.post
    if post is None or story.verb not in {"comment", "like"}:
        return False
    if story.verb == "like":
        return post.author is me
    return me in {post.root.author, post.parent.author if post.parent else None}


def _application(app: str) -> Callable[[Story], bool]:
    tests: dict[str, Callable[[Story], bool]] = {
        "@all": lambda _story: True,
        "@status": lambda story: story.post is not None and story.post.root.kind in BOARDS,
        "@communities": lambda story: story.community is not None,
        "@people": lambda story: story.community is None,
        "@tags": lambda _story: False,  # nobody follows a tag
    }
    if app in APPLICATIONS:
        return lambda story: story.application == app
    if app not in tests:
        raise RefusedError(400, fault=f"the activity stream has no application {app}")
    return tests[app]


def _passes(asking: Asking, story: Story) -> bool:
    asked = asking.query
    since, before = when(asked.get("updatedSince", "")), when(asked.get("updatedBefore", ""))
    if (since and story.at < since) or (before and story.at >= before):
        return False
    if "filterBy" in asked and not _fits(story, asked["filterBy"], [asked.get("filterValue", "")]):
        return False
    if not all(_fits(story, one["type"], one["values"]) for one in json.loads(asked.get("filters", "[]"))):
        return False
    words = asked.get("query", "").lower()
    return not words or (story.post is not None and words in story.post.text.lower())


def _fits(story: Story, kind: str, values: Sequence[str]) -> bool:
    told = {
        "object": story.post.uuid if story.post else story.community.uuid if story.community else "",
        "actor": story.actor.userid,
        "verb": story.verb,
        "source": story.application,
    }
    if kind not in told:
        raise RefusedError(400, fault=f"the activity stream has no filter {kind}")
    return told[kind] in {bare(value) if kind in {"object", "actor"} else value for value in values}
