"""Posts of ours that are visited again: how they are named, and how often one comes by."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial

from scrm.connectors.base import Again, ObjectPage, ObjectRef, WatchOrder
from scrm.connectors.linkedin.translation import Place
from scrm.connectors.restli import EPOCH, Item
from scrm.errors import GoneError, PayloadError, UnavailableError, VersionDeadError

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


def pause_after(newest: int, now: datetime) -> timedelta | None:
    """How long a post may wait, the longer the quieter it is; None: from now on notices must tell."""
    quiet = now - (EPOCH + timedelta(milliseconds=newest))
    if quiet > HISTORY:
        return None
    return DAILY if quiet < WEEKLY else WEEKLY


class Attempts:
    """Several readings of which one may be refused: 403 can mean one post as well as all that we may do.

    So a refusal counts only when nothing else was answered; else one post would stand in the way of all others.
    """

    def __init__(self) -> None:
        self._refused: UnavailableError | None = None
        self._is_answered = False

    def made(self, attempt: Callable[[], None]) -> bool:
        """Try one; False when it was refused. Raises GoneError like everything else."""
        try:
            attempt()
        except VersionDeadError:
            raise
        except UnavailableError as why:
            self._refused = why
            return False
        except GoneError:
            self._is_answered = True
            raise
        self._is_answered = True
        return True

    def check(self) -> None:
        """Raise the refusal, if it was all that was heard."""
        if self._refused is not None and not self._is_answered:
            raise self._refused


def visited(refs: Sequence[ObjectRef], visit: Callable[[ObjectRef], tuple[list[Item], Again | None]]) -> ObjectPage:
    """What was found at each of these posts; who gives no `Again` is not visited any more."""
    items: list[Item] = []
    gone, ends, again = [], [], {}
    attempts = Attempts()

    def one(ref: ObjectRef) -> None:
        found, wish = visit(ref)
        items.extend(found)
        if wish is None:
            ends.append(ref.native_id)
        else:
            again[ref.native_id] = wish

    for ref in refs:
        try:
            if not attempts.made(partial(one, ref)):
                again[ref.native_id] = Again(after_seconds=DAILY.total_seconds(), cursor=ref.cursor)
        except GoneError:
            gone.append(ref.native_id)
    attempts.check()
    return ObjectPage(items=tuple(items), gone=tuple(gone), ends=tuple(ends), again=again)
