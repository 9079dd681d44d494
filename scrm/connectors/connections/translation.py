"""Posts, likes and people of Connections as records.

A person is known by the directory's id, which is the same in all applications; it is unique within one company's
server alone, so the server's name is its scope. E-mail addresses come from the company's directory, which vouches for
them; where an administrator hides them there are none. Whatever stands in the network is closed to the world. What a
public community says, or a board that is nobody's but a person's, the whole company reads; of any other type of
community, and of blogs, which do not tell who may read them, we assume that members alone do.
"""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from scrm.connectors.base import Account
from scrm.connectors.connections.client import bare
from scrm.connectors.connections.posts import (
    COMMUNITY,
    ENTRY,
    EVERY_BOARD,
    NOTE,
    TOPIC,
    Ref,
    author_of,
    count,
    ref_of,
)
from scrm.connectors.payload import Payload
from scrm.connectors.text import html_to_text
from scrm.records import (
    Audience,
    CommunityRecord,
    InteractionKind,
    InteractionRecord,
    Key,
    ProfileRecord,
    Record,
    Visibility,
)

NETWORK = "connections"
LIKE = "like"
NAMED = re.compile(r'<span\b[^>]*\bclass="[^"]*\bx-lconn-userid\b[^"]*"[^>]*>([^<]*)</span>')  # hidden beside a name
TOPIC_PAGE = re.compile(r"/forums/html/topic\?id=([\w-]+)")


def key(native_id: str, account: Account) -> Key:
    return Key(network=NETWORK, native_id=native_id, scope=account.key.scope)


def scope_of(base_url: str) -> str:
    """The server's name, in which ids of its directory are unique."""
    return urlsplit(base_url).hostname or ""


def profile(entry: Payload, scope: str) -> ProfileRecord:
    """Everything that Profiles shows of a person."""
    person = entry.child("contributor" if entry.has("contributor") else "author")
    card = entry.optional_child("card") or Payload({}, "card")
    userid = person.text("userid")
    places = [card.optional_text(name) for name in ("locality", "region", "country-name")]
    email = _email(person) or _email(card)
    return ProfileRecord(
        key=Key(network=NETWORK, native_id=userid, scope=scope),
        handle=card.optional_text("x-profile-uid"),
        display_name=card.optional_text("fn") or person.optional_text("name"),
        url=entry.optional_text("related"),
        bio=html_to_text(card.optional_text("x-description") or "") or None,
        location=", ".join(filter(None, places)) or None,
        company=card.optional_text("organization-name") or card.optional_text("organization-unit"),
        title=card.optional_text("title"),
        email=email,
        email_verified=email is not None,
        fetch_ref=userid,
    )


def short_profile(person: Payload, account: Account) -> ProfileRecord:
    """What a post shows of its author."""
    userid, email = person.text("userid"), _email(person)
    return ProfileRecord(
        key=key(userid, account),
        display_name=person.optional_text("name"),
        email=email,
        email_verified=email is not None,
        fetch_ref=userid,
        full=False,
    )


def _email(person: Payload) -> str | None:
    """An address of the directory; some people of the server's own have a name in its place."""
    text = person.optional_text("email")
    return text if text and "@" in text else None


def records(item: Payload, account: Account) -> Iterator[Record]:
    """Records of whatever was read."""
    if item.has("like") or item.has("person_like"):
        yield from _like_records(item, account)
    else:
        yield from _post_records(item, account)


def community(entry: Payload, account: Account) -> CommunityRecord:
    """A community as it is listed."""
    kinds = {"public": Visibility.ORGANIZATION, "private": Visibility.PRIVATE}
    return CommunityRecord(
        key=key(entry.text("community"), account),
        visibility=kinds.get(entry.optional_text("community_type") or "", Visibility.CLOSED),
        name=entry.optional_text("title"),
        url=entry.optional_text("url"),
        description=html_to_text(entry.optional_text("content") or "") or None,
    )


def _place(ref: Ref, uuid: str | None, account: Account) -> tuple[Audience, Key | None]:
    """Who may read what stands there, and in which community that is."""
    if ref.kind == NOTE and ref.board in {"", EVERY_BOARD}:
        return Audience.ORGANIZATION, None
    if ref.board.startswith(COMMUNITY):
        uuid = ref.board.removeprefix(COMMUNITY)
    return Audience.COMMUNITY, key(uuid, account) if uuid else None


def _post_records(item: Payload, account: Account) -> Iterator[Record]:
    ref = ref_of(item)
    author = _doer(item, Payload(author_of(item), "author"), account)
    answered = _answered(item, author, account)
    post = item.child("note" if ref.kind == NOTE else "post")
    text, named = _said(post, ref)
    is_root = ref.kind in {TOPIC, ENTRY} or (ref.kind == NOTE and post.optional_text("objectType") != "comment")
    is_naming = account.key.native_id in named and author.key != account.key
    root = item.optional_text("root") or (ref.native_id if is_root else _root_of(post))
    published, updated = post.time("published"), post.optional_time("updated")
    # a new answer renews what stands on top, so only what nothing stands below says that it was edited
    is_edited = not is_root and updated and updated > published and not count(item, "replies")
    audience, place = _place(ref, post.optional_text("community") or item.optional_text("place"), account)
    yield author
    if answered:
        yield answered
    kind = InteractionKind.REPLY if not is_root else InteractionKind.MENTION if is_naming else InteractionKind.POST
    yield InteractionRecord(
        key=key(ref.native_id, account),
        kind=kind,
        author=author.key,
        occurred_at=published,
        text=text,
        url=post.optional_text("url"),
        audience=audience,
        thread_key=root,
        in_reply_to=None if is_root else post.optional_text("in_reply_to") or root,
        counterpart=answered.key if answered else None,
        edited_at=updated if is_edited else None,
        fetch_ref=ref.text(),
        mentions=(account.key,) if is_naming else (),
        community=place,
    )


def _like_records(item: Payload, account: Account) -> Iterator[Record]:
    on = Ref.parse(item.text("on").split(" "))
    if item.has("person_like"):
        like = item.child("person_like")
        told = {"userid": bare(like.text("id")), "name": like.optional_text("displayName") or ""}
        person, native_id = Payload(told, "like"), like_id(on, told["userid"])
    else:
        like = item.child("like")
        person, native_id = like.child("author"), like.text("id")
    author = _doer(item, person, account)
    answered = _answered(item, author, account)
    audience, place = _place(on, item.optional_text("place"), account)
    yield author
    if answered:
        yield answered
    yield InteractionRecord(
        key=key(native_id, account),
        kind=InteractionKind.REACTION,
        author=author.key,
        occurred_at=like.time("published"),
        audience=audience,
        thread_key=item.optional_text("root"),
        target=on.native_id,
        counterpart=answered.key if answered else None,
        fetch_ref=f"{LIKE} {on.text()}",
        community=place,
    )


def like_id(on: Ref, userid: str) -> str:
    """A like of the microblog has no id of its own; it is named as it is asked for."""
    return f"{on.native_id}/likes/{userid}"


def _doer(item: Payload, person: Payload, account: Account) -> ProfileRecord:
    shown = item.optional_child("person")
    full = profile(shown, account.key.scope) if shown else None
    return full if full and full.key.native_id == person.text("userid") else short_profile(person, account)


def _answered(item: Payload, author: ProfileRecord, account: Account) -> ProfileRecord | None:
    """Whom it answers, if that is somebody else."""
    person = item.optional_child("answered")
    found = short_profile(person, account) if person else None
    return found if found and found.key != author.key else None


def _root_of(post: Payload) -> str | None:
    """The thread of a reply that was read by itself, from the page it stands on."""
    page = TOPIC_PAGE.search(post.optional_text("url") or "")
    return Ref(kind=TOPIC, id=page[1]).native_id if page else post.optional_text("in_reply_to")


def _said(post: Payload, ref: Ref) -> tuple[str | None, frozenset[str]]:
    """What it says, and whom it names: names stand in the markup, each with an id hidden beside it."""
    content = post.optional_text("content") or ""
    named = frozenset(userid.strip() for userid in NAMED.findall(content))
    if ref.kind == NOTE and not named:
        return post.optional_text("summary") or content or None, named
    is_plain = post.optional_text("content_type") == "text"
    text = content if is_plain else html_to_text(NAMED.sub("", content))
    if ref.kind not in {TOPIC, ENTRY}:
        return text or None, named
    title = post.optional_text("title") or ""
    is_repeated = text.startswith(title.removesuffix("…"))
    return "\n\n".join(filter(None, ("" if is_repeated else title, text))) or None, named
