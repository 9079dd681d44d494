"""The calls that read Facebook's nodes and edges, each for one token, each counted.

What a token may not see is answered as the real server answers: error 10, 200 or 210 for what it lacks, error
100 with subcode 33 for what is not there or not for it (Meta's page "Handling errors", read 2026-11-23).
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, json, request

from scrm.sandbox.facebook import ids
from scrm.sandbox.facebook.access import Viewer
from scrm.sandbox.facebook.nodes import GRAPH
from scrm.sandbox.graph.calls import ANYWHERE
from scrm.sandbox.graph.errors import TOO_MUCH, BadRequestError, GraphError
from scrm.sandbox.graph.fields import Field, parse_fields
from scrm.sandbox.graph.nodes import Ask, rows
from scrm.sandbox.graph.tokens import sent_proof, sent_token
from scrm.sandbox.graph.versions import SERVED

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from threading import RLock

    from scrm.sandbox.facebook.login import Login
    from scrm.sandbox.facebook.state import Human, State
    from scrm.sandbox.graph.tokens import Tokens
    from scrm.sandbox.graph.usage import Usage
    from scrm.sandbox.graph.webhooks import Webhooks

MOST_ROWS = 5000
EDGES = (
    "accounts",
    "feed",
    "posts",
    "published_posts",
    "visitor_posts",
    "tagged",
    "comments",
    "reactions",
    "likes",
    "attachments",
    "ratings",
    "conversations",
    "messages",
)
PROFILE_FIELDS = tuple(Field(name=name) for name in ("first_name", "last_name", "profile_pic"))
# the message says that the message was deleted ("Conversations API", 2026-02-11); its code is documented nowhere
NO_DETAILS = "(#100) The message has been deleted."


def answer(body: object) -> Response:
    return Response(json.dumps(body), content_type="application/json; charset=UTF-8")


def add_api(app: Flask, reader: Reader) -> None:
    app.add_url_rule("/<version>/<node_id>", "node", reader.locked(reader.node))
    for name in EDGES:
        view = functools.partial(reader.edge, name=name)
        app.add_url_rule(f"/<version>/<node_id>/{name}", name, reader.locked(view))


class Reader:
    """Answers reading calls from the state, as far as the request's token sees."""

    def __init__(  # noqa: PLR0913 - the parts of a server
        self,
        *,
        state: State,
        tokens: Tokens,
        usage: Usage,
        login: Login,
        webhooks: Webhooks,
        clock: Callable[[], datetime],
        lock: RLock,
        most_rows: int = MOST_ROWS,
    ) -> None:
        self.state = state
        self.tokens = tokens
        self._usage = usage
        self._login = login
        self._webhooks = webhooks
        self._clock = clock
        self._lock = lock
        self._most_rows = most_rows

    def locked(self, view: Callable[..., Response]) -> Callable[..., Response]:
        def under_lock(version: str, **names: str) -> Response:  # noqa: ARG001 - checked by the ledger
            with self._lock:
                return view(**names)

        return under_lock

    def viewer(self, *, type: str = "pages") -> Viewer:  # noqa: A002 - the usage header's word
        """Return who asks, and count the call."""
        token = self.tokens.check(sent_token(), sent_proof())
        page = self.state.page_by_id(token.profile_id)
        if page:
            self._usage.count_business(page.id, type)
        else:
            self._usage.count_app()
        return Viewer(
            token=token,
            state=self.state,
            page=page,
            human=self.state.human_by_asid(token.user_id),
            now=self._clock(),
            page_token=lambda one: self._login.page_token(token, one).text,
            is_subscribed=lambda one: self._webhooks.subscribed(one.id) is not None,
        )

    def node(self, node_id: str) -> Response:
        viewer = self.viewer(type=_usage_type(node_id))
        fields = parse_fields(request.args.get("fields"))
        type_name, node = self.find(node_id, viewer)
        if type_name == "User" and viewer.page:
            fields = fields or PROFILE_FIELDS
        if type_name == "Message" and not node.has_details:
            raise GraphError(100, message=NO_DETAILS)
        return self._told(GRAPH.node(type_name, node, fields, self._ask(viewer)))

    def edge(self, node_id: str, name: str) -> Response:
        viewer = self.viewer(type=_usage_type(node_id, name))
        fields = parse_fields(request.args.get("fields"))
        type_name, node = self.find(node_id, viewer)
        if name not in GRAPH.type(type_name).edges:
            message = f"(#100) Tried accessing nonexisting field ({name}) on node type ({type_name})"
            raise BadRequestError(100, message=message)
        arguments = {key: value for key, value in request.args.items() if key not in ANYWHERE}
        return self._told(GRAPH.edge(type_name, node, name, fields, self._ask(viewer).of(arguments)))

    def find(self, node_id: str, viewer: Viewer) -> tuple[str, Any]:
        """Return the node of an id that this token may see, and its type."""
        if node_id == "me":
            return self._own(viewer)
        if page := self.state.page_by_id(node_id):
            return "Page", page
        if node_id.startswith("m_"):
            return "Message", self._message(node_id, viewer)
        if thread := self.state.conversations.get(node_id):
            viewer.need_messaging(thread.page)
            return "UnifiedThread", thread
        found = self._item(node_id, viewer) or self._human(node_id, viewer)
        if found is None:
            raise GraphError(100, 33)
        return found

    def _item(self, node_id: str, viewer: Viewer) -> tuple[str, Any] | None:
        if post := self.state.posts.get(node_id):
            viewer.need_reading(post.page)
            is_seen = post.is_readable and (post.author is post.page or viewer.sees_people())
            return ("PagePost", post) if is_seen else None
        if comment := self.state.comments.get(node_id):
            viewer.need_people(comment.page)
            return ("Comment", comment) if comment.post.is_readable else None
        return None

    def _own(self, viewer: Viewer) -> tuple[str, Any]:
        if viewer.page:
            return "Page", viewer.page
        if viewer.human:
            return "User", viewer.human
        message = "An active access token must be used to query information about the current user."
        raise GraphError(2500, message=message)

    def _message(self, node_id: str, viewer: Viewer) -> Any:
        message = self.state.messages.get(node_id)
        if message is None:
            raise GraphError(100, message=NO_DETAILS)
        viewer.need_messaging(message.conversation.page)
        return message

    def _human(self, node_id: str, viewer: Viewer) -> tuple[str, Human] | None:
        """Return a person: oneself, or for a page somebody who wrote it a message."""
        if viewer.page is None:
            own = viewer.human
            return ("User", own) if own and ids.asid(own.key) == node_id else None
        human = self.state.human_by_psid(viewer.page, node_id)
        if human is None:
            return None
        viewer.need_messaging(viewer.page)
        thread = self.state.conversations.get(ids.conversation_id(viewer.page.key, human.key))
        if thread is None or not any(message.author is human for message in thread.messages):
            raise GraphError(100, 2018218)
        return "User", human

    def _ask(self, viewer: Viewer) -> Ask:
        base = f"{request.host_url}{request.environ[SERVED]}"
        return Ask(viewer=viewer, base=base, query={"access_token": viewer.token.text})

    def _told(self, body: dict[str, Any]) -> Response:
        """Refuse what is too much; where the real server's bound lies is told nowhere."""
        if rows(body) > self._most_rows:
            raise GraphError(1, message=TOO_MUCH)
        return answer(body)


def _usage_type(node_id: str, edge: str = "") -> str:
    is_messaging = node_id.startswith(("t_", "m_")) or edge in {"conversations", "messages"}
    return "messenger" if is_messaging else "pages"
