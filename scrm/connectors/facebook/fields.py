"""Every field and edge that is asked of Facebook, as data, so that they can be held against Meta's description.

Names as in Meta's own library (facebook-business 26.0.3, Graph API v26.0, read 2026-11-23). That library describes
neither a message nor who takes part in a conversation: their fields stand in Meta's pages "Conversations API"
(2026-02-11) and "Conversation" (v25), read 2026-11-23.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

MESSAGES_WITH_DETAILS = 20  # of a conversation; older ones are told by their ids alone


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is asked of one type of object. `of` is its name in the description; None: it is not described there."""

    of: str | None
    names: tuple[str, ...]
    inner: Mapping[str, "Asked"] = field(default_factory=dict)  # fields that are objects
    edges: Mapping[str, "Asked"] = field(default_factory=dict)  # lists read along, with their `limit`
    limit: int | None = None

    @property
    def text(self) -> str:
        """The value of the parameter `fields`."""
        return ",".join(
            [
                *self.names,
                *(f"{name}{{{asked.text}}}" for name, asked in self.inner.items()),
                *(f"{name}.limit({asked.limit}){{{asked.text}}}" for name, asked in self.edges.items()),
            ]
        )

    def all(self) -> Iterator["Asked"]:
        """This and everything inside it."""
        yield self
        for asked in (*self.inner.values(), *self.edges.values()):
            yield from asked.all()


PERSON = Asked(of="profile", names=("id", "name"))
OWN_PAGE = Asked(of="page", names=("id", "name", "username", "link", "about", "website", "emails", "location"))
RUN_PAGE = Asked(of="page", names=("id", "name", "access_token"))
POST = Asked(
    of="pagepost",
    names=("id", "created_time", "message", "message_tags", "parent_id", "permalink_url", "privacy"),
    inner={"from": PERSON},
)
ABOVE = Asked(of="pagepost", names=("id", "created_time"), inner={"from": PERSON})
COMMENT = Asked(
    of="comment",
    names=("id", "created_time", "message", "message_tags", "permalink_url", "is_hidden", "is_private"),
    inner={"from": PERSON, "parent": Asked(of="comment", names=("id",), inner={"from": PERSON})},
)
REACTION = Asked(of="profile", names=("id", "name"))
NAMES = Asked(of="user", names=("first_name", "last_name"))  # told of people who wrote to the page alone
RATING = Asked(
    of="recommendation",
    names=("created_time", "review_text", "open_graph_story"),
    inner={"reviewer": Asked(of="user", names=("id", "name"))},
)
PARTICIPANT = Asked(of=None, names=("id", "name"))
MESSAGE = Asked(
    of=None,
    names=("id", "created_time", "message", "reply_to"),
    inner={"from": PARTICIPANT},
    limit=MESSAGES_WITH_DETAILS,
)
CONVERSATION = Asked(
    of="unifiedthread",
    names=("id", "updated_time", "message_count"),
    inner={"participants": PARTICIPANT},
    edges={"messages": MESSAGE},
)
EVERY = (OWN_PAGE, RUN_PAGE, POST, ABOVE, COMMENT, REACTION, NAMES, RATING, CONVERSATION)

# edges with the parameters that are sent, by type of object; `limit` and `fields` go with every edge, and feeds take
# the times of Meta's page "Paged results"
EDGES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "user": {"accounts": ()},
    "page": {
        "feed": (),
        "ratings": (),
        "conversations": ("platform", "user_id", "updated_after_ms"),
        "subscribed_apps": ("subscribed_fields",),
    },
    "pagepost": {"comments": ("filter", "order", "since"), "reactions": ()},
    "comment": {"reactions": ()},
}
SUBSCRIBED = ("feed", "mention", "ratings")
SUBSCRIBED_MESSAGES = ("messages", "message_echoes")  # with the permission for messages alone
