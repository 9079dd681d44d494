"""Channels, videos, comments and subscriptions as records; pure.

Shapes as in youtube.v3 revision 20261104 (read 2026-11-23). A person is a channel, known by its id; a thread is known
by the id of its first comment, and there is one level of replies. From memory: a comment names its author by handle,
a channel's `customUrl` is its handle. Nobody's e-mail, company or links are shown, and likes have no author.
"""

import re
from collections.abc import Iterator
from datetime import datetime

from scrm.connectors.base import Account
from scrm.connectors.payload import Payload
from scrm.records import Audience, InteractionKind, InteractionRecord, Key, ProfileRecord, Record

NETWORK = "youtube"
AUDIENCES = {"public": Audience.PUBLIC, "unlisted": Audience.UNLISTED}
PUBLISHED = "published"
SITE = "https://www.youtube.com"
CHANNEL_ADDRESS = re.compile(r"https?://www\.youtube\.com/channel/(UC[\w-]{22})/?")
VIDEO_REF, THREAD_REF, ANSWER_REF = "video", "thread", "answer"  # how the recheck asks; the latter name their video


def key(native_id: str) -> Key:
    return Key(network=NETWORK, native_id=native_id)


def handle_in(text: str | None) -> str | None:
    """A handle without its @; None for names, and for addresses from before there were handles."""
    return text[1:] if text and len(text) > 1 and text.startswith("@") else None


def profile(person: Payload) -> ProfileRecord:
    """A channel as it shows itself."""
    number, snippet = person.text("id"), person.child("snippet")
    return ProfileRecord(
        key=key(number),
        handle=handle_in(snippet.optional_text("customUrl")),
        display_name=snippet.optional_text("title"),
        url=f"{SITE}/channel/{number}",
        bio=snippet.optional_text("description"),
        location=snippet.optional_text("country"),
        language=snippet.optional_text("defaultLanguage"),
        fetch_ref=number,
    )


def author_id(snippet: Payload) -> str | None:
    """Whose comment it is; None when the network does not say."""
    named = snippet.optional_child("authorChannelId")
    if named and (number := named.optional_text("value")):
        return number
    address = CHANNEL_ADDRESS.fullmatch(snippet.optional_text("authorChannelUrl") or "")
    return address[1] if address else None


def author(snippet: Payload, person: Payload | None) -> ProfileRecord | None:
    """Who wrote a comment: as the channel shows itself, else as the comment names them."""
    if person:
        return profile(person)
    number, name = author_id(snippet), snippet.optional_text("authorDisplayName")
    if number is None:
        return None
    return ProfileRecord(
        key=key(number),
        handle=handle_in(name),
        display_name=None if handle_in(name) else name,
        url=f"{SITE}/channel/{number}",
        fetch_ref=number,
        full=False,
    )


def comment_records(item: Payload, account: Account) -> Iterator[Record]:
    """Who wrote, whom we answered, and what was said.

    What nobody is named for cannot be anybody's; what is below no video stands below a post, which we do not read.
    """
    comment = item.child("comment")
    number, snippet = comment.text("id"), comment.child("snippet")
    writer, video = author(snippet, item.optional_child("author")), item.optional_text("video")
    if writer is None or video is None:
        return
    addressee = item.optional_child("answered")
    answered = author(addressee, item.optional_child("answered_author")) if addressee else None
    yield writer
    if answered and answered.key != writer.key:
        yield answered
    parent = snippet.optional_text("parentId")
    published, updated = snippet.time("publishedAt"), snippet.optional_time("updatedAt")
    text = snippet.optional_text("textDisplay")
    yield InteractionRecord(
        key=key(number),
        kind=InteractionKind.REPLY,
        author=writer.key,
        occurred_at=published,
        text=text,
        url=f"{SITE}/watch?v={video}&lc={number}",
        audience=Audience.PRIVATE if _is_held(item, snippet) else _audience(item.optional_text("privacy")),
        thread_key=parent or number,
        in_reply_to=parent or video,
        counterpart=answered.key if answered and answered.key != writer.key else None,
        edited_at=updated if updated and updated > published else None,
        fetch_ref=f"{ANSWER_REF if parent else THREAD_REF} {video}",
        mentions=(account.key,) if names_us(text, account) else (),
    )


def video_records(item: Payload, account: Account) -> Iterator[Record]:
    """Whose video it is and what it says; the same from a list of uploads, by its id and from a search."""
    video = item.child("video")
    snippet = video.child("snippet")
    number = _video_id(video, snippet)
    person = item.optional_child("author")
    owner = profile(person) if person else _owner(snippet)
    yield owner
    title, description = snippet.optional_text("title"), snippet.optional_text("description")
    text = _whole(title, description)
    status = video.optional_child("status")
    mentions = names_us(text, account) and owner.key != account.key
    yield InteractionRecord(
        key=key(number),
        kind=InteractionKind.MENTION if mentions else InteractionKind.POST,
        author=owner.key,
        occurred_at=published_at(video) or snippet.time("publishedAt"),
        text=text,
        url=f"{SITE}/watch?v={number}",
        audience=_audience(status.optional_text("privacyStatus") if status else None),
        thread_key=number,
        fetch_ref=VIDEO_REF,
        mentions=(account.key,) if mentions else (),
    )


def published_at(video: Payload) -> datetime | None:
    """When a video came out; the list of uploads names that apart, because what it lists are its own entries."""
    details = video.optional_child("contentDetails")
    return details.optional_time("videoPublishedAt") if details else None


def _video_id(video: Payload, snippet: Payload) -> str:
    listed = snippet.optional_child("resourceId")
    return listed.text("videoId") if listed else video.text("id")


def _owner(snippet: Payload) -> ProfileRecord:
    """The channel as the video names it."""
    number = snippet.text("channelId")
    return ProfileRecord(
        key=key(number),
        display_name=snippet.optional_text("channelTitle"),
        url=f"{SITE}/channel/{number}",
        fetch_ref=number,
        full=False,
    )


def _whole(title: str | None, description: str | None) -> str | None:
    """Title and description; many descriptions begin with the title."""
    if title and description and description.startswith(title):
        return description
    return "\n\n".join(part for part in (title, description) if part) or None


def subscription_records(item: Payload, account: Account) -> Iterator[Record]:
    """Who subscribed to us."""
    subscription = item.child("subscription")
    shown, person = subscription.child("subscriberSnippet"), item.optional_child("author")
    number = shown.text("channelId")
    subscriber = (
        profile(person)
        if person
        else ProfileRecord(
            key=key(number),
            display_name=shown.optional_text("title"),
            url=f"{SITE}/channel/{number}",
            bio=shown.optional_text("description"),
            fetch_ref=number,
            full=False,
        )
    )
    yield subscriber
    yield InteractionRecord(
        key=key(subscription.text("id")),
        kind=InteractionKind.FOLLOW,
        author=subscriber.key,
        occurred_at=subscription.child("snippet").time("publishedAt"),
        url=subscriber.url,
        target=account.key.native_id,
    )


def names_us(text: str | None, account: Account) -> bool:
    """Whether our handle stands in it as a word of its own."""
    handle = re.escape(account.handle)
    return bool(text and re.search(rf"(?<![\w.@-])@{handle}(?![\w-]|\.\w)", text, re.IGNORECASE))


def _is_held(item: Payload, snippet: Payload) -> bool:
    """Whether the owner holds it back: in lists it says so itself, asked for by its id its thread does."""
    return item.flag("held") or snippet.optional_text("moderationStatus") not in {None, PUBLISHED}


def _audience(privacy: str | None) -> Audience:
    """Who may see a video and what is below it; what we are not told counts as the narrowest."""
    return AUDIENCES.get(privacy or "", Audience.PRIVATE)
