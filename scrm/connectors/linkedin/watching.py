"""Posts of ours that are visited again: how they are named, and how often one comes by."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from scrm.connectors.base import ObjectRef, WatchOrder
from scrm.connectors.linkedin.translation import Place
from scrm.connectors.restli import EPOCH, Window
from scrm.errors import PayloadError

COMMENTS, REACTIONS = "comments", "reactions"  # names of object streams
HISTORY = timedelta(days=60)  # as long as LinkedIn keeps notices; what was said before is not read
DAILY, WEEKLY = timedelta(hours=20), timedelta(days=7)


def orders(streams: tuple[str, ...], post: str, visibility: str, *, after_seconds: float) -> Iterator[WatchOrder]:
    """Have what is said below a post of ours read."""
    for stream in streams:
        yield WatchOrder(stream=stream, native_id=post, fetch_ref=f"{post} {visibility}", after_seconds=after_seconds)


def place_in(ref: ObjectRef) -> Place:
    """The post that is to be visited."""
    post, _, visibility = (ref.fetch_ref or "").partition(" ")
    if not post or not visibility:
        raise PayloadError("expected a post and who may read it")
    return Place(post=post, visibility=visibility)


def pause_after(window: Window, begun: int, now: datetime) -> timedelta | None:
    """How long a post may wait, the longer the quieter it is; None: from now on notices must tell."""
    quiet = now - (EPOCH + timedelta(milliseconds=max(window.head or window.mark, begun)))
    if quiet > HISTORY:
        return None
    return DAILY if quiet < WEEKLY else WEEKLY
