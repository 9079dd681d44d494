"""Communities: feeds of them, one of them, and its members."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrm.sandbox.connections.feeds import VERSION, single
from scrm.sandbox.connections.forums import topics_of
from scrm.sandbox.connections.ids import COMMUNITY
from scrm.sandbox.connections.paging import counts, cut, links
from scrm.sandbox.connections.xml import (
    ATOM,
    DECLARATION,
    NAMESPACES,
    SN,
    category,
    link,
    millis,
    stamp,
    tag,
    text,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from scrm.sandbox.connections.asking import Asking
    from scrm.sandbox.connections.state import Account, Community

ORDER = ("name", "userid", "state", "external", "email")
MOST = 500
INSTANCE = "http://communities.ibm.com:2006/service/atom/community/instance?communityUuid="
LINKED = {
    "service": ("community/service", "application/atomsvc+xml"),
    "member-list": ("community/members", "application/atom+xml"),
    "bookmarks": ("community/bookmarks", "application/atom+xml"),
    "feeds": ("community/feeds", "application/atom+xml"),
    "remote-applications": ("community/remoteApplications", "application/atom+xml"),
    "forum-topics": ("community/forum/topics", "application/atom+xml"),
}
SORTED = {
    "lastmod": lambda one: one.changed,
    "name": lambda one: one.title,
    "count": lambda one: len(one.members),
}


def my_communities(asking: Asking) -> tuple[str, str]:
    mine = [one for one in asking.state.communities.values() if one.has(asking.viewer)]
    return _feed(asking, mine, "My Communities"), ATOM


def all_communities(asking: Asking) -> tuple[str, str]:
    """Give the public ones, whoever asks."""
    public = [one for one in asking.state.communities.values() if one.is_open]
    return _feed(asking, public, "Public Communities"), ATOM


def one_community(asking: Asking) -> tuple[str, str]:
    return single(_entry(asking, asking.community(asking.query["communityUuid"]))), ATOM


def invites(asking: Asking) -> tuple[str, str]:
    """Give the open invitations, of which nobody here has any: people are added."""
    return _frame(asking, [], "", f"Invitations for {asking.viewer.name}"), ATOM


def topics(asking: Asking) -> tuple[str, str]:
    return topics_of(asking, asking.community(asking.query["communityUuid"])), ATOM


def members(asking: Asking) -> tuple[str, str]:
    community = asking.community(asking.query["communityUuid"])
    since, only = asking.since(), asking.whose()
    found = [
        (asking.state.accounts[userid], at)
        for userid, at in community.members.items()
        if (since is None or at >= since) and (only is None or only.userid == userid)
    ]
    if role := asking.query.get("role"):
        found = [(one, at) for one, at in found if role == _role(community, one)]
    found.sort(key=lambda member: member[0].name)
    page = cut(found, asking.query, usual=10, most=MOST)
    entries = "".join(_member(asking, community, one, at) for one, at in page.items)
    return _frame(asking, found, entries, f"Members of {community.title}"), ATOM


def _role(community: Community, account: Account) -> str:
    return "owner" if account is community.owner else "member"


def _member(asking: Asking, community: Community, account: Account, at: datetime) -> str:
    role, email = _role(community, account), asking.email_of(account)
    who = f"email={email}" if email else f"userid={account.userid}"
    query = f"?communityUuid={community.uuid}&{who}"
    own = f"{asking.origin}/communities/service/atom/community/members{query}"
    profile = f"{asking.origin}/profiles/atom/profile.do?{who}"
    card = (
        text("a", account.name, {"href": profile, "class": "url fn"})
        + (tag("div", text("a", email, {"href": f"mailto:{email}", "class": "email"})) if email else "")
        + text("div", account.userid, {"class": "x-guid"})
        + text("div", role, {"class": "x-community-role"})
    )
    xhtml = tag("div", tag("span", card), {"xmlns": "http://www.w3.org/1999/xhtml"})
    return tag(
        "entry",
        text("id", f"http://communities.ibm.com:2006/service/atom/community/members{query}")
        + text("title", account.name, {"type": "text"})
        + text("summary", account.name, {"type": "text"})
        + text("published", stamp(at))
        + text("updated", stamp(at))
        + asking.person("contributor", account, ("email", "userid", "state", "external", "name"))
        + link("self", own, "")
        + link("edit", own, "")
        + text("snx:role", role, {"component": f"{SN}/communities"})
        + category("person")
        + tag("content", xhtml, {"type": "xhtml"}),
    )


def followed(asking: Asking) -> tuple[str, str]:
    """Give the communities the viewer follows, which here are those the viewer is in."""
    mine = [one for one in asking.state.communities.values() if one.has(asking.viewer)]
    page = cut(mine, asking.query, usual=20, most=MOST)
    content = (
        tag("generator", "IBM Connections - Follow service", {"uri": SN, "version": VERSION})
        + text("title", f"Followed resources for {asking.viewer.name}", {"type": "text"})
        + text("updated", stamp(asking.now))
        + text("id", f"urn:lsid:ibm.com:follow:feed-com.ibm.lc.{asking.viewer.userid}")
        + counts(page)
        + links(page, asking)
        + "".join(_followed(asking, one) for one in page.items)
    )
    return DECLARATION + tag("feed", content, NAMESPACES), ATOM


def _followed(asking: Asking, community: Community) -> str:
    base, query = f"{asking.origin}/communities/service", f"?communityUuid={community.uuid}"
    return tag(
        "entry",
        text("id", f"urn:lsid:ibm.com:follow:resource-{community.uuid}")
        + category("resource-follow")
        + category("communities", "source")
        + category("community", "resource-type")
        + category(community.uuid, "resource-id")
        + text("title", community.title, {"type": "text"})
        + link("related", f"{base}/atom/community/instance{query}")
        + link("alternate", f"{base}/html/communityview{query}", "text/html"),
    )


def _feed(asking: Asking, communities: Sequence[Community], title: str) -> str:
    asked = asking.query
    since, owner, words = asking.since(), asking.whose(), asked.get("search", "").lower()
    found = [
        one
        for one in communities
        if (since is None or one.changed >= since)
        and (owner is None or one.has(owner))
        and words in f"{one.title}\n{one.text}".lower()
        and "tag" not in asked
    ]
    found.sort(key=SORTED[asked.get("sortField", "lastmod")], reverse=asked.get("asc") != "true")
    page = cut(found, asked, usual=10, most=MOST)
    return _frame(asking, found, "".join(_entry(asking, one) for one in page.items), title)


def _frame(asking: Asking, items: Sequence[object], entries: str, title: str) -> str:
    page = cut(items, asking.query, usual=10, most=MOST)
    service = f"{asking.origin}/communities/service/atom/service"
    content = (
        text("id", asking.address(with_query=False))
        + text("title", title, {"type": "text"})
        + text("updated", stamp(asking.now))
        + tag("generator", "IBM Connections - Communities", {"version": VERSION, "uri": SN})
        + link("service", service, "")
        + counts(page)
        + links(page, asking, kind="")
        + entries
    )
    return f"{DECLARATION}\n" + tag("feed", content, NAMESPACES)


def _entry(asking: Asking, community: Community) -> str:
    uuid, base = community.uuid, f"{asking.origin}/communities/service"
    query = f"?communityUuid={uuid}"
    rest, board = f"{asking.origin}/connections/opensocial/rest", f"{COMMUNITY}{uuid}/@all"
    return tag(
        "entry",
        text("snx:communityUuid", uuid)
        + text("id", f"{INSTANCE}{uuid}")
        + text("title", community.title, {"type": "text"})
        + category("community")
        + link("self", f"{base}/atom/community/instance{query}", "")
        + link("edit", f"{base}/atom/community/instance{query}", "")
        + link("alternate", f"{base}/html/communitystart{query}", "text/html")
        + link(f"{SN}/logo", f"{base}/html/image{query}&lastMod={millis(community.changed)}", "")
        + "".join(link(f"{SN}/{rel}", f"{base}/atom/{path}{query}", kind) for rel, (path, kind) in LINKED.items())
        + text("snx:membercount", len(community.members))
        + text("snx:communityType", community.type)
        + text("snx:handle", "")
        + text("published", stamp(community.created))
        + text("updated", stamp(community.changed))
        + text("content", f"<p>{community.text}</p>", {"type": "html"})
        + text("summary", community.text, {"type": "text"})
        + asking.person("author", community.owner, ORDER)
        + asking.person("contributor", community.owner, ORDER)
        + link(f"{SN}/activitystream", f"{rest}/activitystreams/{board}/@all?format=atom")
        + link(f"{SN}/microblog", f"{rest}/ublog/{board}?format=atom")
        + text("snx:isExternal", "true"),
    )
