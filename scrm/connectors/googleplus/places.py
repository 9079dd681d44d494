"""Where a Google+ post stood and who could read it; pure. Sources as in translation.py."""

from scrm.connectors.payload import Payload
from scrm.records import Audience, CommunityRecord, Key, Visibility

NETWORK = "googleplus"
SITE = "https://plus.google.com"
PUBLIC_CIRCLE = "CIRCLE_TYPE_PUBLIC"
PUBLIC_WORDS = frozenset({"public"})  # of a page's line "Shared with:"; other languages' are not known for certain


def key(native_id: str) -> Key:
    return Key(network=NETWORK, native_id=native_id)


def community(post: Payload) -> CommunityRecord | None:
    """The community a post stands in. Whether all of it was public is not saved, so it counts as closed."""
    access = post.optional_child("postAcl")
    within = access.optional_child("communityAcl") if access else None
    shown = within.optional_child("community") if within else None
    native = (shown.optional_text("resourceName") or "").removeprefix("communities/") if shown else ""
    if not shown or not native:
        return None
    return CommunityRecord(
        key=key(f"community:{native}"),
        name=shown.optional_text("displayName"),
        url=f"{SITE}/communities/{native}",
        visibility=Visibility.CLOSED,
    )


def place(post: Payload) -> Key | None:
    """The key of the community a post stands in."""
    within = community(post)
    return within.key if within else None


def audience(post: Payload) -> Audience:
    """Who could read a post; what is not told, or told in words that are not known, counts as the narrowest."""
    if post.has("visibility"):
        words = {word.strip().casefold() for word in (post.optional_text("visibility") or "").split(",")}
        return Audience.PUBLIC if words & PUBLIC_WORDS else Audience.PRIVATE
    access = post.optional_child("postAcl") or Payload({})
    standard = access.optional_child("visibleToStandardAcl") or Payload({})
    circles = [circle.optional_text("type") for circle in standard.children("circles")]
    if access.flag("isPublic") or PUBLIC_CIRCLE in circles:
        return Audience.PUBLIC
    if access.has("communityAcl") or access.flag("isDomainRestricted"):
        return Audience.COMMUNITY
    return Audience.FOLLOWERS if circles or access.has("collectionAcl") else Audience.PRIVATE
