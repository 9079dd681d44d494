"""A fake Salesforce org over real HTTPS, with its people, its administrators and its bad days.

Tests judge by `ledger()` (everything ever written, by whom and by which request), `snapshot()` (what is there now)
and `requests()` (what was asked). Nobody in it exists.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Self

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from flask import Flask

from scrm.sandbox.salesforce.bulk import Bulk
from scrm.sandbox.salesforce.bulk_query import BulkQuery
from scrm.sandbox.salesforce.calls import Table
from scrm.sandbox.salesforce.composite import Composite
from scrm.sandbox.salesforce.control import add_control
from scrm.sandbox.salesforce.deploying import Deploying
from scrm.sandbox.salesforce.faults import Fault, Faults
from scrm.sandbox.salesforce.graphs import Graphs
from scrm.sandbox.salesforce.ids import Ids
from scrm.sandbox.salesforce.journal import Journal
from scrm.sandbox.salesforce.limits import add_limits
from scrm.sandbox.salesforce.merging import Merging
from scrm.sandbox.salesforce.oauth import App, Sessions
from scrm.sandbox.salesforce.outbound import Outbound
from scrm.sandbox.salesforce.people import People
from scrm.sandbox.salesforce.queries import PAGE, Queries
from scrm.sandbox.salesforce.record_lists import RecordLists
from scrm.sandbox.salesforce.rows import Row, Rows
from scrm.sandbox.salesforce.rules import Rules
from scrm.sandbox.salesforce.saving import Saving
from scrm.sandbox.salesforce.schema import Schema
from scrm.sandbox.salesforce.serving import SecureServer
from scrm.sandbox.salesforce.soap import MetadataApi
from scrm.sandbox.salesforce.sobjects import SObjects
from scrm.sandbox.salesforce.tls import Certificates
from scrm.sandbox.salesforce.users import PermissionSet, User
from scrm.sandbox.salesforce.web import Web
from scrm.sandbox.server import Server

if TYPE_CHECKING:
    from collections.abc import Callable

SITE = "https://nordwerk.my.salesforce.com"
INTEGRATION_USER = "integration@nordwerk.example"
ADMINISTRATOR = "admin@nordwerk.example"
REPRESENTATIVE = "sales@nordwerk.example"
CONSUMER_KEY = "3MVG9sandboxConsumerKey"
CONSUMER_SECRET = "sandbox-consumer-secret"  # noqa: S105 - of an org that is not real
DAILY_REQUESTS = 100_000


@cache
def signing_key() -> rsa.RSAPrivateKey:
    """The key of the integration's assertions; made once, because it takes a while."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Salesforce:
    """One org; `page` is the most records of one page of a query."""

    key = "salesforce"

    def __init__(
        self,
        *,
        port: int = 0,
        clock: Callable[[], datetime] | None = None,
        tls: bool = True,
        daily_requests: int = DAILY_REQUESTS,
        page: int = PAGE,
    ) -> None:
        now = clock or (lambda: datetime.now(UTC))
        self._lock = threading.RLock()
        self._ids = Ids()
        self.schema = Schema()
        self.rows = Rows(schema=self.schema, clock=now)
        self.rules = Rules()
        self.users: dict[str, User] = {}
        self.organization_id = self._ids.new("00D")
        self.saving = Saving(schema=self.schema, rows=self.rows, rules=self.rules, ids=self._ids)
        self.merging = Merging(saving=self.saving)
        self.deploying = Deploying(schema=self.schema, rows=self.rows, rules=self.rules, ids=self._ids)
        self._plant_org()
        self.people = People(
            saving=self.saving,
            merging=self.merging,
            deploying=self.deploying,
            lock_all=self._lock,
            users=self.users,
            administrator=self.users[ADMINISTRATOR],
        )
        self.sessions = Sessions(
            organization_id=self.organization_id, users=self.users, clock=now, audiences=self._audiences
        )
        self.sessions.apps[CONSUMER_KEY] = App(
            consumer_key=CONSUMER_KEY,
            consumer_secret=CONSUMER_SECRET,
            public_key=_public_key(),
            run_as=INTEGRATION_USER,
            approved={INTEGRATION_USER},
        )
        self.outbound = Outbound(
            rows=self.rows, ids=self._ids, lock=self._lock, organization_id=self.organization_id, site=SITE
        )
        self._faults = Faults()
        self.journal = Journal(clock=now, daily_requests=daily_requests)
        self._certificates = Certificates() if tls else None
        self.ca_file = str(self._certificates.ca_file) if self._certificates else None
        self.web = Flask("scrm.sandbox.salesforce", static_folder=None)
        self._add_parts(page)
        self._port = port
        self._server: Server | None = None
        self.base_url = ""

    def _add_parts(self, page: int) -> None:
        table = Table()
        self.sobjects = sobjects = SObjects(self.saving, SITE)
        sobjects.add_to(table)
        RecordLists(self.saving, sobjects).add_to(table)
        self.queries = Queries(self.schema, self.rows, self._ids)
        self.queries.page = page
        self.queries.add_to(table)
        self.bulk = Bulk(saving=self.saving, sobjects=sobjects)
        self.bulk.add_to(table)
        self.bulk_query = BulkQuery(queries=self.queries, rows=self.rows, ids=self._ids)
        self.bulk_query.add_to(table)
        composite = Composite(table, self.rows)
        composite.add_to(table)
        Graphs(composite).add_to(table)
        add_limits(table, self.journal)
        Web(
            table=table,
            sessions=self.sessions,
            faults=self._faults,
            journal=self.journal,
            lock=self._lock,
            base_url=lambda: self.base_url,
        ).add_to(self.web)
        MetadataApi(
            deploying=self.deploying, sessions=self.sessions, journal=self.journal, ids=self._ids, lock=self._lock
        ).add_to(self.web)
        add_control(self.web, self)

    def _plant_org(self) -> None:
        """Found the org: its own record and its first users."""
        stamp = self.rows.stamp()
        for username, last_name, is_administrator in (
            (ADMINISTRATOR, "Administrator", True),
            (REPRESENTATIVE, "Sales", True),
            (INTEGRATION_USER, "Integration", False),
        ):
            user = User(
                id=self._ids.new("005"),
                username=username,
                is_administrator=is_administrator,
                granted=self._granted,
            )
            self.users[username] = user
            self._plant("User", user.id, stamp, Username=username, LastName=last_name, Name=last_name, Email=username)
            self.rows.by_object["User"][user.id].values["IsActive"] = True
        self._plant(
            "Organization",
            self.organization_id,
            stamp,
            Name="Nordwerk",
            OrganizationType="Enterprise Edition",
            InstanceName="DEU1",
            IsSandbox=False,
        )

    def _plant(self, name: str, record_id: str, stamp: str, **values: Any) -> None:
        one = self.schema[name]
        by = dict.fromkeys(("CreatedById", "LastModifiedById"), self.users[ADMINISTRATOR].id)
        times = dict.fromkeys(("CreatedDate", "LastModifiedDate", "SystemModstamp"), stamp)
        self.rows.put(one, Row(object=name, values={"Id": record_id, **times, **by, **values}))

    def _granted(self, user_id: str) -> list[PermissionSet]:
        assigned = self.rows.of(self.schema["PermissionSetAssignment"]).values()
        ids = {row.values["PermissionSetId"] for row in assigned if row.values["AssigneeId"] == user_id}
        return [given for given in self.deploying.permission_sets.values() if given.id in ids]

    def _audiences(self) -> list[str]:
        return ["https://login.salesforce.com", SITE, self.base_url]

    def start(self) -> Self:
        """Listen. After a stop it listens again at the same address, with everything it knew."""
        if self._certificates:
            self._server = SecureServer(self.web, port=self._port, context=self._certificates.context).start()
        else:
            self._server = Server(self.web, port=self._port).start()
        self.base_url = self._server.base_url
        self._port = int(self.base_url.rsplit(":", 1)[1])
        return self

    def stop(self) -> None:
        if self._server:
            self._server.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *exc_info: object) -> None:
        self.stop()
        if self._certificates:
            self._certificates.remove()

    def app(self) -> dict[str, str]:
        """Return what an administrator of the org would hand over: the app, its key, and who it acts as."""
        private = signing_key().private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return {
            "consumer_key": CONSUMER_KEY,
            "consumer_secret": CONSUMER_SECRET,
            "private_key": private.decode(),
            "username": INTEGRATION_USER,
            "organization_id": self.organization_id,
        }

    def open_session(self, username: str = INTEGRATION_USER) -> str:
        """Return a token without asking for one over HTTP."""
        with self._lock:
            return self.sessions.open(self.users[username])

    def expire_sessions(self) -> None:
        """Let every token die."""
        with self._lock:
            self.sessions.expire_all()

    def fail(
        self,
        *,
        status: int,
        times: int,
        path: str | None = None,
        method: str | None = None,
        body: bytes | None = None,
    ) -> None:
        """Give the next requests (whose path has the pattern) this answer; the body is as Salesforce's by default."""
        self._faults.order(Fault(times=times, path=path, method=method, status=status, body=body))

    def cut(self, *, times: int, path: str | None = None, method: str | None = None, after: bool) -> None:
        """Cut the connection before anything is done, or after it, so that only the answer is lost."""
        word = "after" if after else "before"
        self._faults.order(Fault(times=times, path=path, method=method, cut=word))

    def slow(self, *, seconds: float, times: int, path: str | None = None) -> None:
        self._faults.order(Fault(times=times, path=path, seconds=seconds))

    def requests(self) -> list[dict[str, Any]]:
        """Return every request served, by number."""
        return self.journal.requests()

    def ledger(self) -> list[dict[str, Any]]:
        """Return every write there ever was, in order: kind, object, id, fields, who, client, request, stamp."""
        with self._lock:
            return [dict(line) for line in self.rows.ledger]

    def snapshot(self) -> dict[str, list[dict[str, Any]]]:
        """Return all records by object, sorted by id, the deleted ones too."""
        with self._lock:
            return self.rows.snapshot()


def _public_key() -> str:
    public = signing_key().public_key()
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return public.public_bytes(serialization.Encoding.PEM, form).decode()
