"""The Connections fake: the company's own network, its two communities, and everybody who is a guest in it.

People write topics in the forum, notes on the boards and comments; the company announces in turn in the community's
blog and on its board. What is deleted is gone from the API; `truth()` remembers it.
"""

from __future__ import annotations

import itertools
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar

from flask import Flask, Response, g, request

from scrm.sandbox.connections import blogs, board, communities, errors, forums, microblog, profiles, stream
from scrm.sandbox.connections.access import ACCESS_LIFE, GRANT_LIFE, SESSION_LIFE, Access
from scrm.sandbox.connections.asking import Asking
from scrm.sandbox.connections.errors import RefusedError
from scrm.sandbox.connections.gate import Gate, refusal
from scrm.sandbox.connections.ids import Ids
from scrm.sandbox.connections.life import CLOSED, OPEN, Life
from scrm.sandbox.connections.oauth import App, AuthorizationServer
from scrm.sandbox.connections.routes import OAUTH, ROUTES
from scrm.sandbox.connections.state import State
from scrm.sandbox.connections.truth import Truth
from scrm.sandbox.ledger import Ledger
from scrm.sandbox.network import COMMON_VERBS
from scrm.sandbox.served import Served

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import timedelta

    from scrm.sandbox.network import Person

VIEWS: Mapping[str, Callable[[Asking], tuple[str, str]]] = {
    "communities/my": communities.my_communities,
    "communities/all": communities.all_communities,
    "community": communities.one_community,
    "members": communities.members,
    "community/topics": communities.topics,
    "invites": communities.invites,
    "followed": communities.followed,
    "forums": forums.forums,
    "forums/my": forums.my_forums,
    "forum": forums.forum,
    "topics": forums.topics,
    "topics/my": forums.my_topics,
    "topic": forums.topic,
    "replies": forums.replies,
    "reply": forums.reply,
    "recommendations": forums.recommendations,
    "blogs": blogs.blogs,
    "entries": blogs.entries,
    "comments": blogs.comments,
    "entry/comments": blogs.entry_comments,
    "entry": blogs.entry,
    "comment": blogs.comment,
    "entry/likes": blogs.entry_likes,
    "comment/likes": blogs.comment_likes,
    "profile": profiles.profile,
    "people": profiles.people,
    "profiles/service": profiles.service,
    "configuration": profiles.configuration,
    "board": board.board,
    "boards": board.boards,
    "board/comments": board.comments,
    "me": microblog.me,
    "stream": stream.stories,
    "story": stream.one_story,
    "notes": microblog.notes,
    "note": microblog.one_note,
    "note/comments": microblog.comments,
    "note/likes": microblog.likes,
    "note/like": microblog.one_like,
}
FORMS = {"topic", "note", "entry", "status"}
COMMUNITIES = {"public": OPEN, "community": CLOSED}


class Connections(Served):
    """One company's Connections on loopback, with one registered consumer.

    `link_origin` is the origin the server believes to be its own when it links a feed to its next page.
    `has_form` answers whoever is not signed in with a form and status 200; without it the answer is 401.
    """

    key = "connections"
    verbs: ClassVar[frozenset[str]] = (COMMON_VERBS - {"share", "follow"}) | {
        "join",
        "leave",
        "write_on_board",
        "hide_email",
        "deactivate",
    }
    error_body = staticmethod(errors.error_body)

    def __init__(  # noqa: PLR0913 - what a test may set
        self,
        *,
        port: int = 0,
        clock: Callable[[], datetime] | None = None,
        seed: int = 1,
        link_origin: str | None = None,
        has_form: bool = True,
        hides_emails: bool = False,
        access_life: timedelta = ACCESS_LIFE,
        grant_life: timedelta = GRANT_LIFE,
        session_life: timedelta = SESSION_LIFE,
        redirect_uris: Collection[str] | None = None,
    ) -> None:
        self._clock = clock or (lambda: datetime.now(UTC))
        self._lock = threading.RLock()
        self._link_origin = link_origin
        self._hides_emails = hides_emails
        self._app = App(
            name="Nordwerk Social CRM",
            client_id="scrm-sandbox-consumer",
            client_secret="sandbox-connections-consumer-secret",  # noqa: S106 - opens nothing but the sandbox
            redirect_uris=redirect_uris,
        )
        self._state = State()
        self._truth = Truth()
        self._access = Access(
            self._state,
            access_life=access_life,
            grant_life=grant_life,
            session_life=session_life,
            clock=self._clock,
        )
        self._life = Life(state=self._state, truth=self._truth, ids=Ids(seed))
        self._announces_in = itertools.cycle(("entry", "note"))
        self._ledger = Ledger(ROUTES, error_body=errors.body_of_status, clock=self._clock)
        self.web = Flask("scrm.sandbox.connections", static_folder=None)
        self._add_views(has_form=has_form)
        self._port = port

    def _add_views(self, *, has_form: bool) -> None:
        gate = Gate(self._ledger, self._access, self._lock, has_form=has_form, hides_emails=self._hides_emails)
        gate.attach_before_ledger(self.web)
        self._ledger.attach(self.web, self)
        gate.attach_after_ledger(self.web)
        AuthorizationServer(self._app, self._state, self._access, self._lock).attach(self.web)
        for root in ("profiles", "communities", "forums", "blogs", "connections"):
            self.web.add_url_rule(f"/{root}/<path:rest>", root, self._serve)

    def _serve(self, rest: str) -> Response:
        del rest  # the gate has found the call
        asking = Asking(
            state=self._state,
            viewer=g.viewer,
            application=g.call.application,
            path=request.path,
            query=request.args.to_dict(),
            places=g.places,
            now=self._clock(),
            origin=self.base_url,
            feed_origin=self._link_origin or self.base_url,
            hides_emails=self._hides_emails,
        )
        try:
            with self._lock:
                body, kind = VIEWS[g.call.name](asking)
        except RefusedError as error:
            return refusal(error, g.call.application)
        return Response(body, content_type=kind)

    def app(self) -> dict[str, str]:
        """Return the registered consumer's values, and the addresses of this server."""
        return {
            "client_id": self._app.client_id,
            "client_secret": self._app.client_secret,
            "api_url": self.base_url,
            "authorize_url": f"{self.base_url}{OAUTH}/authorize",
            "token_url": f"{self.base_url}{OAUTH}/token",
            "login_url": f"{self.base_url}/profiles/j_security_check",
        }

    def add_account(self, person: Person, *, at: datetime) -> str:
        """Open an account, in the open community and perhaps in the closed one; return its userid."""
        with self._lock:
            return self._life.add_account(person, at).userid

    def credentials(self, person_key: str) -> dict[str, str]:
        """Return what signs the person in: name and password, and tokens as a consent would give."""
        with self._lock:
            account = self._state.by_key[person_key]
            grant = self._access.grant(account)
            return {
                "username": account.login,
                "password": self._access.password_of(account),
                "access_token": self._access.issue(grant),
                "refresh_token": grant.refresh_token,
            }

    def communities(self) -> dict[str, str]:
        """Return the uuids of the communities by their titles."""
        with self._lock:
            return {one.title: one.uuid for one in self._state.communities.values()}

    def post(  # noqa: PLR0913 - a post is made of these
        self,
        person_key: str,
        text: str,
        *,
        at: datetime,
        reply_to: str | None = None,
        mentions: Sequence[str] = (),
        visibility: str = "public",
        quote: str | None = None,
        form: str | None = None,
    ) -> str:
        """Write an answer, or something new: a topic, a note, an entry of the blog, or a status on the own board."""
        if quote:
            raise ValueError("Connections has no quotes")
        if visibility not in COMMUNITIES or (form is not None and form not in FORMS):
            raise ValueError(f"Connections has no {form or 'post'} that is {visibility}")
        with self._lock:
            author = self._state.by_key[person_key]
            named = [self._state.by_key[key] for key in mentions]
            if reply_to:
                return self._life.answer(author, text, self._life.find(reply_to), at=at, mentions=named).native_id
            kind = form or self._usual_form(person_key, is_naming=bool(named))
            is_own = kind == "status"
            community = None if is_own else self._life.community(COMMUNITIES[visibility])
            return self._life.post(
                author,
                text,
                at=at,
                kind=kind,
                mentions=named,
                community=community,
                board=author if is_own else None,
            ).native_id

    def _usual_form(self, person_key: str, *, is_naming: bool) -> str:
        if self._state.by_key[person_key].is_company:
            return next(self._announces_in)
        return "note" if is_naming else "topic"

    def write_on_board(self, person_key: str, text: str, *, at: datetime, target_key: str) -> str:
        """Write on somebody else's board, for all to read."""
        with self._lock:
            author, owner = self._state.by_key[person_key], self._state.by_key[target_key]
            return self._life.post(author, text, at=at, kind="status", board=owner).native_id

    def like(self, person_key: str, post_id: str, *, at: datetime) -> str:
        with self._lock:
            post = self._life.find(post_id)
            return self._life.like(self._state.by_key[person_key], post, at=at).native_id

    def unlike(self, person_key: str, post_id: str, *, at: datetime) -> None:
        with self._lock:
            self._life.unlike(self._state.by_key[person_key], self._life.find(post_id), at=at)

    def share(self, person_key: str, post_id: str, *, at: datetime) -> str:  # noqa: ARG002 - the protocol's
        """Refuse: nothing is shared in what this fake knows of Connections."""
        raise ValueError("Connections shares nothing here")

    def follow(self, person_key: str, target_key: str, *, at: datetime) -> str:  # noqa: ARG002 - the protocol's
        """Refuse: one sees whom one follows, never by whom one is followed."""
        raise ValueError("Connections tells nobody who follows them")

    def edit(self, post_id: str, text: str, *, at: datetime) -> None:
        with self._lock:
            self._life.edit(self._life.find(post_id), text, at=at)

    def delete(self, post_id: str, *, at: datetime) -> None:
        with self._lock:
            self._life.delete(self._life.find(post_id), at=at)

    def edit_profile(
        self,
        person_key: str,
        *,
        at: datetime,
        display_name: str | None = None,
        bio: str | None = None,
        handle: str | None = None,
    ) -> None:
        with self._lock:
            account = self._state.by_key[person_key]
            account.name = account.name if display_name is None else display_name
            account.about = account.about if bio is None else bio
            account.login = account.login if handle is None else handle.lower()
            self._life.profile_changed(account, at=at)

    def hide_email(self, person_key: str, *, at: datetime, is_hidden: bool = True) -> None:
        """Let nobody see this person's e-mail address, or everybody again."""
        with self._lock:
            account = self._state.by_key[person_key]
            account.hides_email, account.changed = is_hidden, at

    def deactivate(self, person_key: str, *, at: datetime) -> None:
        """Take somebody out of the company's directory: what was written stays, signing in ends."""
        with self._lock:
            account = self._state.by_key[person_key]
            account.is_active, account.changed = False, at

    def join(self, person_key: str, community: str, *, at: datetime) -> None:
        """Make somebody a member of a community, named by title or uuid."""
        with self._lock:
            self._life.join(self._state.by_key[person_key], self._life.community(community), at=at)

    def leave(self, person_key: str, community: str, *, at: datetime) -> None:
        with self._lock:
            self._life.leave(self._state.by_key[person_key], self._life.community(community), at=at)

    def revoke(self, person_key: str) -> None:
        """Let the password, the sessions and every token of the account die."""
        with self._lock:
            self._access.revoke(self._state.by_key[person_key])

    def truth(self) -> list[dict[str, object]]:
        with self._lock:
            return self._truth.entries()
