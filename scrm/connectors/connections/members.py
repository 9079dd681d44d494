"""Who belongs to a community: asked once a day of each, when the list of communities is given as a whole.

`/communities/service/atom/community/members` with `snx:role` owner or member: OpenNTF/SocialSDK (read 2026-11-24).
"""

from collections.abc import Iterator, Sequence

from scrm.connectors.base import Account, Again, Api, ObjectPage, ObjectRef, ObjectStream
from scrm.connectors.connections.atom import Item
from scrm.connectors.connections.client import ONE, Params, communities, feed, next_query, params_of, who_am_i
from scrm.connectors.connections.lists import MEMBERS
from scrm.connectors.connections.translation import key, short_profile
from scrm.connectors.paging import pack, unpack
from scrm.connectors.payload import Payload
from scrm.connectors.roster import membership, roster
from scrm.errors import GoneError, UnavailableError
from scrm.i18n import N_
from scrm.records import Key, Record

PAGE = 50
OWNER = "owner"


class Members(ObjectStream):
    """A community's members, page by page; who was not found by a whole reading has left."""

    name = MEMBERS
    label = N_("Members of communities")

    def read(self, api: Api, refs: Sequence[ObjectRef]) -> ObjectPage:
        (ref,) = refs
        cursor = unpack(ref.cursor)
        began = cursor.optional_text("began") or api.now().replace(microsecond=0).isoformat()
        at = cursor.optional_text("next")
        path = communities(api, "community/members")
        params: Params = [("communityUuid", ref.native_id), ("ps", str(PAGE))]
        try:
            found = feed(api, path, params_of(at) if at else params, client=ONE)
        except GoneError:  # we are no longer in it
            return ObjectPage(items=(), ends=(ref.native_id,))
        except UnavailableError:
            who_am_i(api)  # refused as well: the access lacks a right
            return ObjectPage(items=(), ends=(ref.native_id,))
        items = [{"member": _shown(one), "of": ref.native_id} for one in found.entries]
        following = next_query(api, path, found)
        if following is None or following == at:
            items.append({"roster": ref.native_id, "listed_at": began})
            return ObjectPage(items=tuple(items), ends=(ref.native_id,))
        again = Again(after_seconds=0, cursor=pack({"next": following, "began": began}))
        return ObjectPage(items=tuple(items), again={ref.native_id: again})

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        def of(uuid: str) -> Key:
            return key(uuid, account)

        yield from roster(item, of)
        if item.has("member"):
            member = item.child("member")
            person = short_profile(member.child("contributor"), account)
            yield person
            yield membership(item, person.key, of, manages=member.optional_text("role") == OWNER)


def _shown(entry: Item) -> Item:
    return {name: entry[name] for name in ("contributor", "role") if name in entry}
