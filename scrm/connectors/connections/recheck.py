"""Edits, deletions and likes taken back; and likes that nothing told of. Connections announces none of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from scrm.connectors.base import RECHECK, Account, Api, ObjectPage, ObjectRef, ObjectStream
from scrm.connectors.connections.atom import Item
from scrm.connectors.connections.client import bare
from scrm.connectors.connections.posts import Ref, like_items, likes_of, single, with_people
from scrm.connectors.connections.translation import LIKE, like_id, records
from scrm.connectors.payload import Payload
from scrm.errors import GoneError, PayloadError
from scrm.i18n import N_
from scrm.records import Record


class Recheck(ObjectStream):
    """One call a post, one for all likes of a post."""

    name = RECHECK
    label = N_("Edits, deletions and what was taken back")
    batch = 10

    def read(self, api: Api, refs: Sequence[ObjectRef]) -> ObjectPage:
        look = _Look(api=api)
        for ref in refs:
            words = (ref.fetch_ref or "").split(" ")
            if words[0] == LIKE:
                look.at_like(ref.native_id, Ref.parse(words[1:]))
            else:
                look.at_post(ref.native_id, Ref.parse(words))
        return ObjectPage(items=with_people(api, look.items), gone=tuple(look.gone))

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        yield from records(item, account)


@dataclass(kw_only=True)
class _Look:
    """One look at some posts and likes."""

    api: Api
    items: list[Item] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    likes: dict[str, tuple[list[Item], bool]] = field(default_factory=dict)

    def at_post(self, native_id: str, ref: Ref) -> None:
        try:
            post = single(self.api, ref)
        except GoneError:
            self.gone.append(native_id)
            return
        self.items += [post, *like_items(self.api, post)]

    def at_like(self, native_id: str, on: Ref) -> None:
        name = on.text()
        if name not in self.likes:
            try:
                self.likes[name] = likes_of(self.api, on)
            except GoneError:
                self.likes[name] = [], True
        likes, is_complete = self.likes[name]
        found = next((like for like in likes if _id(like, on) == native_id), None)
        if found:
            self.items.append(found | {"on": name})
        elif is_complete:
            self.gone.append(native_id)


def _id(item: Item, on: Ref) -> str:
    shown = Payload(item)
    try:
        if shown.has("person_like"):
            return like_id(on, bare(shown.child("person_like").text("id")))
        return shown.child("like").text("id")
    except PayloadError:
        return ""
