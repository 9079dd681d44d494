"""Topics, replies, blog entries, comments and notes: each one by itself, what stands below it, and who likes it.

A reference names one of them: what it is, its id, and for a note the board it stands on. Addresses as in IBM
Connections API 5.0/5.5 and OpenNTF/SocialSDK (read 2026-11-24); how a like of the microblog looks is documented
nowhere: a person with the time of the like, from memory.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from scrm.connectors.base import Api
from scrm.connectors.connections.atom import Item
from scrm.connectors.connections.client import (
    ONE,
    Params,
    bare,
    blogs,
    feed,
    forums,
    listed,
    next_query,
    one,
    params_of,
    people,
    rest,
)
from scrm.connectors.payload import Payload
from scrm.errors import GoneError, PayloadError

TOPIC, REPLY, ENTRY, COMMENT, NOTE = "topic", "reply", "entry", "comment", "note"
FORUM_POST = "urn:lsid:ibm.com:forum:"
BLOG_ENTRY, BLOG_COMMENT = "urn:lsid:ibm.com:blogs:entry-", "urn:lsid:ibm.com:blogs:comment-"
COMMUNITY = "urn:lsid:lconn.ibm.com:communities.community:"
EVERY_BOARD = "@all"
PAGE = 50
LIKE_PAGE, MOST_LIKE_PAGES = 100, 10
MOST_PAGES = 20  # of what stands below one post, where it is read in one go


@dataclass(frozen=True, kw_only=True)
class Ref:
    """One post as it is asked for."""

    kind: str
    id: str
    board: str = ""

    def text(self) -> str:
        return " ".join(filter(None, (self.kind, self.id, self.board)))

    @classmethod
    def parse(cls, words: Sequence[str]) -> "Ref":
        """Read a stored reference. Raises PayloadError."""
        if len(words) not in {2, 3}:
            raise PayloadError("expected a reference")
        return cls(kind=words[0], id=words[1], board=words[2] if len(words) == 3 else "")

    @property
    def native_id(self) -> str:
        """Its id as its own application writes it."""
        start = {TOPIC: FORUM_POST, REPLY: FORUM_POST, ENTRY: BLOG_ENTRY, COMMENT: BLOG_COMMENT}
        return start.get(self.kind, "") + self.id


def ref_of(item: Payload) -> Ref:
    """The reference of an item that was read. Raises PayloadError."""
    if item.has("note"):
        board = item.optional_text("board") or EVERY_BOARD
        return Ref(kind=NOTE, id=item.child("note").text("id"), board=board)
    post = item.child("post")
    native_id = post.text("id")
    for start, kind in ((BLOG_ENTRY, ENTRY), (BLOG_COMMENT, COMMENT)):
        if native_id.startswith(start):
            return Ref(kind=kind, id=native_id.removeprefix(start))
    kinds = {"forum-topic": TOPIC, "forum-reply": REPLY}
    if not native_id.startswith(FORUM_POST) or post.optional_text("type") not in kinds:
        raise PayloadError(f"{post.path}.id: expected a post of Forums or Blogs")
    return Ref(kind=kinds[post.text("type")], id=native_id.removeprefix(FORUM_POST))


def author_of(item: Payload) -> dict[str, str]:
    """Who wrote it, in the words of Atom. Raises PayloadError."""
    if item.has("note"):
        author = item.child("note").child("author")
        return {"userid": bare(author.text("id")), "name": author.optional_text("displayName") or ""}
    post = item.child("post")
    author = post.child("author" if post.has("author") else "contributor")
    return {name: author.optional_text(name) or "" for name in ("name", "email")} | {"userid": author.text("userid")}


def count(item: Payload, name: str) -> int:
    """How many likes or replies there are; numbers come as numbers and as texts."""
    if not item.has("note"):
        return _number(item.child("post").optional_text(name))
    counted = item.child("note").optional_child(name)
    return _number(counted.optional_text("totalItems")) if counted else 0


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() else 0


def single(api: Api, ref: Ref) -> Item:
    """One post as it is now. Raises GoneError."""
    if ref.kind == NOTE:
        return {"note": one(api, _note(api, ref)), "board": ref.board}
    calls = {
        TOPIC: (forums(api, "topic"), "topicUuid"),
        REPLY: (forums(api, "reply"), "replyUuid"),
        ENTRY: (blogs(api, "feed/entry/atom"), "entryid"),
        COMMENT: (blogs(api, "feed/comment/atom"), "commentid"),
    }
    if ref.kind not in calls:
        raise PayloadError("expected a reference", network=api.network)
    path, name = calls[ref.kind]
    found = feed(api, path, [(name, ref.id)], client=ONE)
    if not found.entries:
        raise GoneError("the network has no such object", network=api.network)
    return {"post": found.entries[0]}


def _note(api: Api, ref: Ref) -> str:
    return rest(api, f"ublog/{ref.board or EVERY_BOARD}/@all/{ref.id}")


def below(api: Api, ref: Ref, root: Item, at: str | None) -> tuple[list[Item], str | None]:
    """One page of what stands below a post, the oldest first where that can be asked for, and where it goes on."""
    if ref.kind == NOTE:
        start = at or "0"
        asked = [("startIndex", start), ("count", str(PAGE)), ("sortBy", "published"), ("sortOrder", "ascending")]
        notes = listed(api, f"{_note(api, ref)}/comments", asked, client=ONE)
        following = str(int(start) + len(notes)) if len(notes) >= PAGE else None
        return [{"note": note, "board": ref.board} for note in notes], following
    if ref.kind == TOPIC:
        path = forums(api, "replies")
        first: Params = [
            ("topicUuid", ref.id),
            ("ps", str(PAGE)),
            ("sortBy", "created"),
            ("sortOrder", "asc"),
        ]
    else:
        path, first = _comments(api, root), [("ps", str(PAGE))]
    found = feed(api, path, params_of(at) if at else first, client=ONE)
    return [{"post": entry} for entry in found.entries], next_query(api, path, found)


def _comments(api: Api, root: Item) -> str:
    """Where the comments on a blog entry are: the entry's link names the blog, whatever host it names."""
    steps = urlsplit(Payload(root).child("post").text("replies_at")).path.replace("/oauth/", "/").split("/")
    if len(steps) != 7 or (steps[1], steps[3], steps[6]) != ("blogs", "feed", "atom") or ".." in steps:
        raise PayloadError("expected a link to the comments on a blog entry", network=api.network)
    return blogs(api, "/".join(steps[3:]), handle=steps[2])


def likes_of(api: Api, ref: Ref) -> tuple[list[Item], bool]:
    """Who likes a post, and whether that is all of them. Raises GoneError."""
    if ref.kind == NOTE:
        path = f"{_note(api, ref)}/likes"
        asked = [("startIndex", "0"), ("count", str(LIKE_PAGE))]
        found = listed(api, path, asked, client=ONE)
        return [{"person_like": like} for like in found], len(found) < LIKE_PAGE
    calls = {
        ENTRY: blogs(api, f"feed/entryrecommendations/{ref.id}/atom"),
        COMMENT: blogs(api, f"feed/commentrecommendations/{ref.id}/atom"),
    }
    path = calls.get(ref.kind) or forums(api, "recommendation/entries")
    params: Params = [] if ref.kind in calls else [("postUuid", ref.id)]
    params = [*params, ("ps", str(LIKE_PAGE))]
    likes: list[Item] = []
    for _ in range(MOST_LIKE_PAGES):
        page = feed(api, path, params, client=ONE)
        likes += [{"like": entry} for entry in page.entries]
        following = next_query(api, path, page)
        if following is None:
            return likes, True
        params = params_of(following)
    return likes, False


def like_items(api: Api, item: Item) -> list[Item]:
    """Likes of one post as items, with what a like does not say itself; empty where the post says there are none."""
    shown = Payload(item)
    try:
        ref, is_liked, author = ref_of(shown), count(shown, "likes") > 0, author_of(shown)
    except PayloadError:
        return []  # the post itself is quarantined
    if not is_liked:
        return []
    known = {"on": ref.text(), "root": item.get("root") or ref.native_id, "answered": author}
    known |= {"place": place} if (place := _place(item)) else {}
    try:
        return [like | known for like in likes_of(api, ref)[0]]
    except GoneError:
        return []


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part of a thread."""

    items: list[Item]
    next: str | None


def part_of(api: Api, ref: Ref, root: Item, at: str | None) -> Part:
    """One page of a thread with its likes; the first one begins with what stands on top."""
    posts = [] if at else [root]
    following = None
    if at or count(Payload(root), "replies") > 0:
        answers, following = below(api, ref, root, at)
        posts += _placed(api, ref, root, answers)
    return Part(items=[*posts, *(like for post in posts for like in like_items(api, post))], next=following)


def whole(api: Api, ref: Ref, root: Item) -> list[Item]:
    """A thread in one go."""
    part = part_of(api, ref, root, None)
    items = part.items
    for _ in range(MOST_PAGES):
        if part.next is None:
            break
        part = part_of(api, ref, root, part.next)
        items += part.items
    return items


def _placed(api: Api, ref: Ref, root: Item, answers: list[Item]) -> list[Item]:
    """What stands below a post, each with its thread and whom it answers."""
    authors: dict[str, dict[str, str] | None] = {ref.native_id: _author(root)}
    for answer in answers:
        entry = answer.get("post") or answer["note"]
        authors[str(entry.get("id"))] = _author(answer)
    placed = []
    where = {"place": place} if (place := _place(root)) else {}
    for answer in answers:
        above = str(answer.get("post", {}).get("in_reply_to") or ref.native_id)
        if above not in authors:
            authors[above] = _author_by_id(api, above)
        answered = {"answered": author} if (author := authors[above]) else {}
        placed.append({**answer, "root": ref.native_id, **where, **answered})
    return placed


def _place(item: Item) -> str | None:
    """The community of a post; an answer does not always name it, but stands where its thread does."""
    return item.get("post", {}).get("community") or item.get("place")


def _author(item: Item) -> dict[str, str] | None:
    try:
        return author_of(Payload(item))
    except PayloadError:
        return None


def _author_by_id(api: Api, native_id: str) -> dict[str, str] | None:
    """Who wrote the reply of an earlier page that is answered; nobody when it is gone."""
    if not native_id.startswith(FORUM_POST):
        return None
    try:
        return _author(single(api, Ref(kind=REPLY, id=native_id.removeprefix(FORUM_POST))))
    except GoneError:
        return None


def with_people(api: Api, items: Sequence[Item]) -> tuple[Item, ...]:
    """Items with what Profiles shows of those who did it."""
    who = [_doer(item) for item in items]
    found = people(api, [userid for userid in who if userid])
    return tuple(
        {**item, "person": found[userid]} if userid in found else item
        for item, userid in zip(items, who, strict=True)
    )


def _doer(item: Item) -> str:
    shown = Payload(item)
    try:
        if shown.has("person_like"):
            return bare(shown.child("person_like").text("id"))
        if shown.has("like"):
            return shown.child("like").child("author").text("userid")
        return author_of(shown)["userid"]
    except PayloadError:
        return ""
