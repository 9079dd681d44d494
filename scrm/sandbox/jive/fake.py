"""The Jive fake: a company's own community with partners in it, played through the verbs of `FakeNetwork`.

`nordwerk` is the account that is connected; staff are colleagues, contacts and strangers external contributors. What
is deleted is gone from the API, contents leave a marker; `truth()` remembers everything the company may read. Ids
that verbs return are partial addresses as Jive's filters take them: /contents/1, /messages/2, /comments/3, /dms/4.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from flask import Flask, Response, g, json

from scrm.sandbox.cast import COMPANY_KEY
from scrm.sandbox.jive import problems
from scrm.sandbox.jive.access import ACCESS_LIFE, REFRESH_LIFE, Access, Gate, Throttle
from scrm.sandbox.jive.activities import Teller
from scrm.sandbox.jive.api import Reader, WebhookCalls
from scrm.sandbox.jive.content_api import ContentReader
from scrm.sandbox.jive.entities import Entities
from scrm.sandbox.jive.life import CLOSED_COMMUNITY, OPEN_COMMUNITY, Life
from scrm.sandbox.jive.oauth import AddOn, AuthorizationServer
from scrm.sandbox.jive.routes import CALLS, PREFIX, ROUTES
from scrm.sandbox.jive.state import Content, State
from scrm.sandbox.jive.truth import Truth
from scrm.sandbox.jive.webhooks import Webhooks
from scrm.sandbox.ledger import Ledger
from scrm.sandbox.served import Sending

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import timedelta

    from scrm.sandbox.jive.routes import Call
    from scrm.sandbox.network import Person

PLACES = {"public": OPEN_COMMUNITY, "community": CLOSED_COMMUNITY}
VERSION = {
    "jiveVersion": "9.0.0",
    "jiveCoreVersions": [{"version": 3, "revision": 15, "uri": PREFIX, "documentation": None}],
}


class Jive(Sending):
    """One community on loopback, with one add-on installed.

    `throttle` are the bounds (lower, upper) of the add-on's rate; `deliver_every` (seconds) sends webhooks in a
    thread of its own, without it only `deliver()` sends.
    """

    key = "jive"
    verbs: ClassVar[frozenset[str]] = frozenset(
        {
            "add_account",
            "post",
            "message",
            "like",
            "unlike",
            "follow",
            "join",
            "leave",
            "edit",
            "delete",
            "edit_profile",
            "revoke",
            "open_place",
        }
    )

    def __init__(  # noqa: PLR0913 - what a test may set
        self,
        *,
        port: int = 0,
        clock: Callable[[], datetime] | None = None,
        access_life: timedelta = ACCESS_LIFE,
        refresh_life: timedelta = REFRESH_LIFE,
        redirect_uris: Sequence[str] = (),
        throttle: tuple[int, int] | None = None,
        is_prefixed: bool = True,
        is_listed: bool = True,
        has_messages: bool = True,
        deliver_every: float | None = None,
    ) -> None:
        now = clock or (lambda: datetime.now(UTC))
        self._lock = threading.RLock()
        self._state = State()
        self._truth = Truth()
        self._has_messages = has_messages
        self._add_on = AddOn(
            name="Nordwerk Social CRM",
            client_id="682a638ba74a4ff5fa6afa344b163e03.i",
            client_secret="8bd2952b851747e8f2c937b340fed6e1.s",  # noqa: S106 - of a public test vector
            redirect_uris=tuple(redirect_uris),
            tenant_id="b22e3911-28ef-480c-ae3b-ca791ba86952",
        )
        self._access = Access(self._state, access_life=access_life, refresh_life=refresh_life, clock=now)
        self._webhooks = Webhooks(self._state, self._add_on, now, self._lock, is_listed=is_listed)
        self._life = Life(self._state, self._truth, self._webhooks.hear)
        self._ledger = Ledger(ROUTES, error_body=problems.body_of_status, clock=now)
        self.web = Flask("scrm.sandbox.jive", static_folder=None)
        self._ledger.attach(self.web, self)
        Gate(self._access, Throttle(throttle, now), self._lock, is_prefixed=is_prefixed).attach(self.web)
        AuthorizationServer(self._add_on, self._state, self._access, self._lock).attach(self.web)
        self._add_views()
        self._port = port
        self._deliver_every = deliver_every

    def _add_views(self) -> None:
        entities = Entities(self._state)
        teller = Teller(self._state, entities)
        self._webhooks.describe = lambda one: teller.activity(one, one.at)
        people = Reader(self._state, entities, teller)
        contents = ContentReader(self._state, entities, people, has_messages=self._has_messages)
        views = {**people.views(), **contents.views(), **WebhookCalls(self._state, self._webhooks).views()}
        for call in CALLS:
            self.web.add_url_rule(
                (PREFIX + call.path).replace("{", "<").replace("}", ">"),
                call.name,
                partial(self._serve, call, views[call.name]),
                methods=[call.method],
            )
        version = json.dumps(VERSION)
        self.web.add_url_rule("/api/version", "version", lambda: Response(version, content_type=problems.JSON))

    def _serve(self, call: Call, view: Callable[..., Response], **keys: str) -> Response:
        g.call = call
        with self._lock:
            return view(**keys)

    def _on_start(self) -> None:
        self._state.base_url = self.base_url
        super()._on_start()

    def app(self) -> dict[str, str]:
        """Return what Jive gave when the add-on was installed, and the addresses in place of the community's."""
        return {
            "client_id": self._add_on.client_id,
            "client_secret": self._add_on.client_secret,
            "tenant_id": self._add_on.tenant_id,
            "instance_url": self.base_url,
            "api_url": self.base_url + PREFIX,
            "authorize_url": f"{self.base_url}/oauth2/authorize",
            "token_url": f"{self.base_url}/oauth2/token",
        }

    def credentials(self, person_key: str) -> dict[str, str]:
        """Return both ways in: user name and password, and tokens of the add-on."""
        with self._lock:
            account = self._state.by_key[person_key]
            grant = self._access.grant(account)
            return {
                "instance_url": self.base_url,
                "username": account.username,
                "password": account.password,
                "access_token": self._access.issue(grant),
                "refresh_token": grant.refresh_token,
            }

    def add_account(self, person: Person, *, at: datetime) -> str:
        with self._lock:
            return self._life.add_account(person, at).uri

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
        content_type: str | None = None,
        place: str | None = None,
    ) -> str:
        """Write in a community (or another place), or answer; `content_type` instead of the next in turn."""
        with self._lock:
            author = self._state.by_key[person_key]
            named = [self._state.by_key[key] for key in mentions]
            if reply_to:
                return self._life.answer(author, text, on=self._state.said(reply_to), at=at, mentions=named).uri
            if place is None and visibility not in PLACES:
                raise ValueError("one writes to all or to the closed community; to one person by message")
            quoted = self._state.said(quote) if quote else None
            if quoted is not None and not isinstance(quoted, Content):
                raise ValueError("Jive reposts updates, no answers")
            where = self._life.place(place or PLACES[visibility])
            return self._life.write(
                author, text, at=at, mentions=named, place=where, kind=content_type, quote=quoted
            ).uri

    def message(
        self, person_key: str, text: str, *, at: datetime, to: str = COMPANY_KEY, reply_to: str | None = None
    ) -> str:
        """Write privately to the company, or as the company to somebody; an answer is a comment on the message."""
        if not self._has_messages:
            raise ValueError("private messages are switched off in this community")
        with self._lock:
            author = self._state.by_key[person_key]
            if reply_to:
                return self._life.answer(author, text, on=self._state.said(reply_to), at=at, mentions=()).uri
            if to == person_key:
                raise ValueError("one writes to somebody else")
            return self._life.message(author, text, to=self._state.by_key[to], at=at).uri

    def like(self, person_key: str, post_id: str, *, at: datetime) -> str:
        with self._lock:
            return self._life.like(self._state.by_key[person_key], self._state.said(post_id), at=at)

    def unlike(self, person_key: str, post_id: str, *, at: datetime) -> None:
        with self._lock:
            self._life.unlike(self._state.by_key[person_key], self._state.said(post_id), at=at)

    def share(self, *_args: object, **_named: object) -> str:
        """Refuse: Jive's shares are private notes, which are not played."""
        raise ValueError("nobody shares in this community")

    def follow(self, person_key: str, target_key: str, *, at: datetime) -> str:
        with self._lock:
            return self._life.follow(self._state.by_key[person_key], self._state.by_key[target_key], at=at)

    def open_place(
        self, name: str, *, at: datetime, person_key: str = COMPANY_KEY, kind: str = "group", group_type: str = "OPEN"
    ) -> str:
        """Open a group or a space; of a group the person is the owner."""
        with self._lock:
            creator = self._state.by_key[person_key]
            return self._life.open_place(
                name, kind=kind, group_type=group_type, creator=creator, parent=None, at=at
            ).uri

    def join(self, person_key: str, community: str, *, at: datetime, state: str = "member") -> None:
        """Let a person into a group, named or by its address; `state` as Jive knows them."""
        with self._lock:
            self._life.join(self._state.by_key[person_key], self._life.place(community), at=at, state=state)

    def leave(self, person_key: str, community: str, *, at: datetime) -> None:  # noqa: ARG002 - nothing shows when
        with self._lock:
            account = self._state.by_key[person_key]
            del self._life.place(community).members[account.id]

    def edit(self, post_id: str, text: str, *, at: datetime) -> None:
        with self._lock:
            self._life.edit(self._state.said(post_id), text, at=at)

    def delete(self, post_id: str, *, at: datetime) -> None:
        with self._lock:
            self._life.delete(self._state.said(post_id), at=at)

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
            if handle is not None:
                if self._state.by_login(handle) not in {None, account}:
                    raise ValueError("this user name is taken")
                account.username = handle
            account.display_name = account.display_name if display_name is None else display_name
            account.bio = account.bio if bio is None else bio
            account.updated_at = at

    def hide_email(self, person_key: str, *, is_hidden: bool = True) -> None:
        """Let the community show a person's e-mail to nobody else, or show it again."""
        with self._lock:
            self._state.by_key[person_key].is_email_shown = not is_hidden

    def disable(self, person_key: str) -> None:
        """Let a person's account be switched off by the community's administrators."""
        with self._lock:
            self._state.by_key[person_key].is_enabled = False

    def revoke(self, person_key: str) -> None:
        with self._lock:
            self._access.revoke(self._state.by_key[person_key])

    def deliver(self) -> int:
        """Send what is due to the webhooks; return how many requests were made."""
        return self._webhooks.send()

    def redeliver(self, numbers: Sequence[int] | None = None) -> int:
        """Send deliveries once more, all or those of these numbers."""
        return self._webhooks.redeliver(numbers)

    def deliveries(self) -> list[dict[str, object]]:
        with self._lock:
            return self._webhooks.deliveries()

    def usage(self) -> dict[str, int]:
        """Return how often each path was asked; Jive itself counts nothing."""
        counted: dict[str, int] = {}
        for one in self._ledger.requests():
            path = str(one["path"])
            counted[path] = counted.get(path, 0) + 1
        return counted

    error_body = staticmethod(problems.error_body)

    def truth(self) -> list[dict[str, object]]:
        with self._lock:
            return self._truth.entries(self._state.api)
