"""Instagram's webhooks: comments, mentions and messages, in every form they are met in.

Meta's page "Instagram webhooks" with its examples (2026, read 2026-11-23) puts a comment straight into the entry,
apps meet it in `changes`, too; messages are in `messaging`, or in `standby` while another app talks. What
the dashboard's test button sends is for account 0, which nobody has. Reactions to messages and who has seen them are
not asked for.
"""

from collections.abc import Iterator

from scrm.connectors.base import Account, Api, WatchOrder
from scrm.connectors.graph import GraphPush
from scrm.connectors.instagram.client import CLIENT
from scrm.connectors.instagram.messages import person_order
from scrm.connectors.instagram.told import comment_order, mention_order, message_order
from scrm.connectors.instagram.translation import pushed_comment, pushed_message
from scrm.connectors.payload import Payload
from scrm.records import Record

COMMENTS, MESSAGES = "instagram_business_manage_comments", "instagram_business_manage_messages"
FIELDS = {COMMENTS: ("comments", "live_comments", "mentions"), MESSAGES: ("messages", "message_edit", "standby")}
WRITTEN = frozenset({"comments", "live_comments"})


class InstagramPush(GraphPush):
    """A comment is read before it counts, for its time is not told; a message brings everything along."""

    object = "instagram"
    client = CLIENT

    def fields(self, api: Api) -> tuple[str, ...]:
        allowed = api.credentials.get("permissions", ",".join(FIELDS)).split(",")
        return tuple(name for scope, names in FIELDS.items() if scope in allowed for name in names)

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        if item.has("messaging"):
            yield from pushed_message(item.child("messaging"), account)
        elif item.text("field") in WRITTEN:
            yield from pushed_comment(item, account)

    def watch(self, item: Payload, account: Account) -> Iterator[WatchOrder]:
        if item.has("messaging"):
            yield from _message_orders(item.child("messaging"), account)
        elif item.text("field") in WRITTEN:
            yield from comment_order(item.child("value"))
        elif item.text("field") == "mentions":
            yield from mention_order(item.child("value"))


def _message_orders(event: Payload, account: Account) -> Iterator[WatchOrder]:
    sender, recipient = event.child("sender").text("id"), event.child("recipient").text("id")
    other = recipient if sender == account.key.native_id else sender
    if edit := event.optional_child("message_edit"):
        yield from message_order(edit.text("mid"), other)
    elif (message := event.optional_child("message")) and not message.flag("is_deleted"):
        yield from person_order(sender, account)
