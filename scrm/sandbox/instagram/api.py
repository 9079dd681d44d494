"""The calls of graph.instagram.com that read, and those that subscribe an account's webhooks.

Ids, consent and subscriptions as in Meta's pages "User Profile API", "Conversations API" and "Webhooks"
(read 2026-11-23). For a message that is not among the twenty newest the page promises an error which says that
it was deleted; that it is 100 with subcode 33, as for all that is gone, is a guess.
"""

from __future__ import annotations

from threading import RLock
from typing import Any

from flask import Flask, Response, json, request

from scrm.sandbox.graph.errors import BadRequestError, GraphError
from scrm.sandbox.graph.fields import parse_fields
from scrm.sandbox.graph.nodes import Ask, Graph
from scrm.sandbox.graph.paging import limit
from scrm.sandbox.instagram import ids
from scrm.sandbox.instagram.access import COMMENTS, MESSAGES, Access, Viewer
from scrm.sandbox.instagram.errors import InstagramError
from scrm.sandbox.instagram.lists import is_story_shown
from scrm.sandbox.instagram.nodes import has_details
from scrm.sandbox.instagram.state import Media, State
from scrm.sandbox.instagram.webhooks import InstagramWebhooks

# `SubscribedFields` of IGUser, facebook-business 26.0.3
SUBSCRIBABLE = frozenset(
    {
        "comment_poll_response",
        "comments",
        "follow",
        "live_comments",
        "mentions",
        "message_edit",
        "message_reactions",
        "messages",
        "messaging_optins",
        "messaging_postbacks",
        "messaging_referral",
        "messaging_seen",
        "onboarding_welcome_message_series",
        "share_to_story",
        "standby",
        "story_insights",
        "story_poll_response",
    }
)
TALKING = frozenset({"UnifiedThread", "UnifiedMessage", "Profile"})


class Api:
    """Answers reading calls from the state, as the token's account may see it."""

    def __init__(
        self, *, state: State, access: Access, graph: Graph, webhooks: InstagramWebhooks, lock: RLock
    ) -> None:
        self._state = state
        self._access = access
        self._graph = graph
        self._webhooks = webhooks
        self._lock = lock

    def attach(self, app: Flask) -> None:
        app.add_url_rule("/<version>/<number>", "node", self.node)
        app.add_url_rule("/<version>/<number>/<name>", "edge", self.edge)
        path = "/<version>/<number>/subscribed_apps"
        app.add_url_rule(path, "subscriptions", self.subscriptions, methods=["GET", "POST", "DELETE"])

    def node(self, version: str, number: str) -> Response:
        with self._lock:
            viewer = self._access.viewer()
            type_, node = self._found(viewer, number)
            fields = parse_fields(request.args.get("fields"))
            return _json(self._graph.node(type_, node, fields, _ask(viewer, version)))

    def edge(self, version: str, number: str, name: str) -> Response:
        with self._lock:
            viewer = self._access.viewer()
            type_, node = self._found(viewer, number)
            edge = self._graph.type(type_).edges.get(name)
            if edge is None:
                message = f"(#100) Tried accessing nonexisting field ({name}) on node type ({type_})"
                raise BadRequestError(100, message=message)
            if name == "conversations":
                self._access.count_conversation_call(viewer)
            limit(request.args, default=edge.default, most=edge.most)
            known = {"limit", "after", "before", *edge.parameters}
            arguments = {word: value for word, value in request.args.items() if word in known}
            fields = parse_fields(request.args.get("fields"))
            return _json(self._graph.edge(type_, node, name, fields, _ask(viewer, version).of(arguments)))

    def _found(self, viewer: Viewer, number: str) -> tuple[str, Any]:
        type_, node = self._looked_up(viewer, number)
        if type_ in TALKING:
            viewer.needs(MESSAGES)
        if type_ in {"UnifiedThread", "UnifiedMessage"}:
            self._access.count_conversation_call(viewer)
        if type_ == "UnifiedMessage" and not has_details(node):
            raise GraphError(100, 33, message="(#100) The message has been deleted")
        if type_ == "Profile":
            self._check_consent(viewer, node)
        return type_, node

    def _looked_up(self, viewer: Viewer, number: str) -> tuple[str, Any]:
        own, state = viewer.account, self._state
        if number in {"me", own.user_id, ids.app_scoped_id(own.key, viewer.client_id)}:
            return "User", own
        if (media := state.media.get(number)) and media.owner is own and _is_there(media, viewer):
            return "Media", media
        if (comment := state.comments.get(number)) and comment.media.owner is own:
            return "Comment", comment
        if (conversation := state.conversations.get(number)) and conversation.owner is own and conversation.messages:
            return "UnifiedThread", conversation
        if (message := state.messages.get(number)) and message.conversation.owner is own:
            return "UnifiedMessage", message
        if person := state.person_of(own, number):
            return "Profile", person
        raise GraphError(100, 2534014 if any(one.user_id == number for one in state.by_key.values()) else 33)

    def _check_consent(self, viewer: Viewer, person: Any) -> None:
        if viewer.account.key in person.blocked:
            raise GraphError(100, 33)
        if viewer.account.key not in person.wrote_to:
            raise InstagramError(230, status=403)

    def subscriptions(self, version: str, number: str) -> Response:  # noqa: ARG002 - every version answers alike
        with self._lock:
            viewer = self._access.viewer()
            type_, _ = self._found(viewer, number)
            if type_ != "User":
                raise GraphError(100, 33)
            account_id = viewer.account.user_id
            if request.method == "POST":
                self._webhooks.subscribe(account_id, _subscribed_fields(viewer))
            if request.method == "DELETE":
                self._webhooks.unsubscribe(account_id)
            if request.method != "GET":
                return _json({"success": True})
            fields = self._webhooks.subscribed(account_id)
            entry = {"app_id": viewer.client_id, "subscribed_fields": sorted(fields or ())}
            return _json({"data": [] if fields is None else [entry]})


def _subscribed_fields(viewer: Viewer) -> list[str]:
    fields = request.values["subscribed_fields"].split(",")
    if unknown := [one for one in fields if one not in SUBSCRIBABLE]:
        known = ", ".join(sorted(SUBSCRIBABLE))
        message = f'(#100) Param subscribed_fields must be one of {{{known}}} - got "{unknown[0]}".'
        raise BadRequestError(100, message=message)
    if {"comments", "live_comments", "mentions"} & set(fields):
        viewer.needs(COMMENTS)
    if any(one.startswith(("message", "messaging")) for one in fields):
        viewer.needs(MESSAGES)
    return fields


def _is_there(media: Media, viewer: Viewer) -> bool:
    return media.product != "STORY" or is_story_shown(media, viewer.now)


def _ask(viewer: Viewer, version: str) -> Ask:
    kept = {name: request.args[name] for name in ("access_token", "appsecret_proof") if name in request.args}
    return Ask(viewer=viewer, base=f"{request.host_url.rstrip('/')}/{version}", query=kept)


def _json(body: object) -> Response:
    return Response(json.dumps(body), content_type="application/json; charset=utf-8")
