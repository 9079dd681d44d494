"""What makes each failpoint be reached: most by somebody talking, some by a person at a page or a command."""

import base64
import contextlib
import hashlib
import hmac
import json
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import requests
from sqlalchemy import func, select, update

from scrm.db import Database
from scrm.matching.judgments import standing
from scrm.matching.trials import SWITCHES
from scrm.models import (
    Chore,
    Connection,
    ConnectionState,
    Contact,
    Judge,
    Judgment,
    Link,
    ModelTrial,
    PlanState,
    Profile,
    WebSession,
    WritePlan,
)
from scrm.sandbox import cast
from tests.kills.days import set_days
from tests.kills.doubts import doubt
from tests.kills.fleet import Fleet, token
from tests.kills.world import US, Browser, World, now


class Stimuli:
    """The hands that move the world until a point is reached."""

    def __init__(self, fleet: Fleet, world: World, db: Database, links: dict[str, str], secret: str) -> None:
        self.fleet, self.world, self.db, self.secret = fleet, world, db, secret
        base = f"http://127.0.0.1:{fleet.port}"
        self.admin, self.steward = Browser(base), Browser(base)
        self.links = links
        self.turn = 0
        self.failures: Counter[str] = Counter()  # of each network, how many refusals were ordered so far
        self.special: dict[str, Callable[[], None]] = {
            "access": self._read,
            "account": self._password,
            "account.alerts": lambda: self.admin.post("/me/alerts", {"kind": "connection"}, page="/me"),
            "account.digest": lambda: self.steward.post("/me/digest", {"hour": ""}, page="/me"),
            "account.end_sessions": lambda: self.steward.post("/me/sessions", {}, page="/me"),
            "archive": lambda: self._command("import-archive", self._archive()),
            "audience": self._open_and_close,
            "auth": self._sign_in_and_out,
            "chores": self._chore,
            "chores.plan": self._plan,
            "cli.add_user": lambda: self._command("user", "add", "Mia", f"{token()}@nordwerk.example", "rep"),
            "cli.user_link": lambda: self._command("user", "link", STEWARD),
            "cli.webhook_add": lambda: self._command("webhook", "add", token()),
            "cli.webhook_rotate": self._rotate,
            "connection": self._connection,
            "contacts.unlink": self._unlink,
            "contacts": self._hook,
            "import": lambda: self._command("import-contacts", self._contacts()),
            "inbox": self._hook,
            "inbox.refuse": lambda: self._hook(secret="whsec_" + base64.b64encode(bytes(24)).decode()),
            "ingest.postpone": lambda: self._fail(503),
            "ingest.confirm_access": self._revoke,
            "ingest.suspend": self._revoke,
            **dict.fromkeys(("ingest.read_objects", "ingest.store_objects"), self._change),
            **dict.fromkeys(("local_crm.withdraw", "crm.withdraw"), self._change),
            "local_crm.contacts": self._hook,
            "matching.mark_contacts": lambda: self._command("match", "--all", "--processes", "1"),
            "matching.mark_profiles": lambda: self._command("match", "--all", "--processes", "1"),
            "matching.learn": lambda: self._command("model", "learn", "--at-least", "0"),
            "matching.use_version": lambda: self._command("model", "use", "1"),
            "matching.rekey": self._hook,
            "matching.store": self._newcomer,
            "own": self._own,
            "people": self._wrong_password,
            "plan": self._plan_writing,
            "crm.plan": self._plan_writing,
            "writing": self._plan_writing,
            "writing.discard": lambda: self._plan_writing("discard"),
            "cli.plan_make": lambda: self._command("plan", "make"),
            "cli.plan_approve": lambda: self._plan_by_command("approve"),
            "cli.plan_discard": lambda: self._plan_by_command("discard"),
            "cli.plan_only_approved": lambda: self._command("plan", "only-approved", "off"),
            **dict.fromkeys(("privacy", "trail", "alerts"), self._chore),
            **dict.fromkeys(("forget", "cli.forget"), self._forget),
            "reading": lambda: doubt(self.db, self.steward) or self.world.interrupt(),
            "replay": lambda: self._command("replay", "1"),
            "review": self._review,
            "review.claim": self._claim,
            "decisions": self._undo_later,
            "promise": self._promise,
            "trial": self._trial,
            "model": self._use_model,
            "quality": self._look_for_flaws,
            "retention": lambda: set_days(self.admin, 3000 + self.turn),
        }

    # what happens on any day, by the failpoints it leads to
    talk_of_the_day = (
        "ingest.store_page", "ingest.store_page", "ingest.store_objects", "inbox.store", "review", "crm.withdraw",
        "ingest.postpone", "matching.store", "import",
    )  # fmt: skip

    def move(self, name: str) -> None:
        """Do once what leads to the point; requests to a process that is being killed may end anyhow."""
        self.turn += 1
        do = self.special.get(name) or self.special.get(name.partition(".")[0]) or self._talk
        with contextlib.suppress(requests.RequestException):
            do()

    def _talk(self) -> None:
        self.world.talk()

    def _read(self) -> None:
        self.world.talk()
        self._change()

    def _change(self) -> None:
        self.world.talk()
        if len(self.world.posts["mastodon"]) > 3:
            self.world.edit()
            self.world.delete()

    def _open_and_close(self) -> None:
        """The admin lets private messages go to the CRM, or no longer."""
        path = f"/connections/{self._connections()[0].public_id}"
        form = {"writes_private": "on"} if self.turn % 2 else {}
        self.admin.post(f"{path}/audience", form, page=path)

    def _newcomer(self) -> None:
        self.world.interrupt()
        self._hook()

    def sign_in(self) -> None:
        for browser, role in ((self.admin, "admin"), (self.steward, "steward")):
            browser.sign_in(self.links[role])

    def _fail(self, status: int) -> None:
        """Both networks are out of order for two answers, unless they still are: nobody reads in a long outage."""
        for network in self.world.networks:
            answered = sum(row["status"] == status for row in network.requests())
            if answered >= self.failures[network.key]:
                self.failures[network.key] = answered + 2
                network.fail(status=status, times=2)
        self.world.talk()

    def _revoke(self) -> None:
        """The access dies; the admin signs in again."""
        self.world.mastodon.revoke(US)
        self.world.talk()
        time.sleep(1.5)
        self.recover()

    def recover(self) -> None:
        """Sign in again wherever the access is gone, and go on where it was paused."""
        for row in self._connections():
            if row.native_id in self._staff_ids():
                continue
            path = f"/connections/{row.public_id}"
            if row.state == ConnectionState.SUSPENDED:
                network = next(n for n in self.world.networks if n.key == row.network)
                form = {"base_url": network.base_url, **network.credentials(US)}
                self.admin.post(f"{path}/reconnect", form, page=f"{path}/reconnect")
            elif row.state == ConnectionState.PAUSED:
                self.admin.post(path, {"act": "resume"}, page=path)

        self.admin.post("/writing/mode", {"mode": "everything"}, page="/writing")

    def _plan_writing(self, act: str = "approve") -> None:
        """While only plans are written, people talk; the admin has a plan made and settles it."""
        try:
            self.admin.post("/writing/mode", {"mode": "plans"}, page="/writing")
            self._change()
            time.sleep(2)
            self.admin.post("/writing/plans", {}, page="/writing")
            plan = self._ready_plan()
            if plan is not None:
                self.admin.post(f"/writing/plans/{plan}", {"act": act}, page=f"/writing/plans/{plan}")
                time.sleep(2)
        finally:
            self.admin.post("/writing/mode", {"mode": "everything"}, page="/writing")

    def _plan_by_command(self, act: str) -> None:
        self._command("plan", "make")
        plan = self._ready_plan()
        if plan is not None:
            self._command("plan", act, str(plan))

    def _ready_plan(self) -> UUID | None:
        """The newest plan, as soon as it is made."""
        query = select(WritePlan).order_by(WritePlan.id.desc()).limit(1)
        for _ in range(20):
            with self.db.read() as session:
                plan = session.scalars(query).one_or_none()
            if plan is None or plan.state == PlanState.READY:
                break
            time.sleep(0.5)
        return plan.public_id if plan is not None and plan.state == PlanState.READY else None

    def _connections(self) -> list[Connection]:
        with self.db.read() as session:
            return list(session.scalars(select(Connection).where(Connection.state != ConnectionState.REMOVED.value)))

    def _staff_ids(self) -> set[str]:
        return {row.native_id for row in self._connections() if self.world.staff.handle in row.label}

    def _connection(self) -> None:
        """Pause, resume, read now, sign in again; connect another account of ours and remove it."""
        rows = self._connections()
        ours = next(row for row in rows if row.network == "mastodon" and row.native_id not in self._staff_ids())
        path = f"/connections/{ours.public_id}"
        for act in ("pause", "resume", "read"):
            self.admin.post(path, {"act": act}, page=path)
        mastodon = self.world.mastodon
        form = {"base_url": mastodon.base_url, **mastodon.credentials(US)}
        self.admin.post(f"{path}/reconnect", form, page=f"{path}/reconnect")
        theirs = next((row for row in rows if row.native_id in self._staff_ids()), None)
        if theirs is not None:
            gone = f"/connections/{theirs.public_id}/remove"
            self.admin.post(gone, {}, page=gone)
        form = {"base_url": mastodon.base_url, **mastodon.credentials(self.world.staff.key)}
        self.admin.post("/connections/new/mastodon", form, page="/connections/new/mastodon")

    def _review(self) -> None:
        """Say that the stranger is nobody, and take it back."""
        self.world.interrupt()
        profile = self._stranger()
        if profile is None:
            return
        path = f"/review/{profile}"
        self.steward.post(path, {"decision": "nobody", "seen": "1000000000"}, page=path)
        with self.db.read() as session:
            last = session.execute(select(Profile.id).where(Profile.public_id == profile)).scalar_one()
        self.steward.post("/review/undo", {"judgment": str(self._last_judgment(last))}, page=path)

    def _claim(self) -> None:
        self.steward.post(f"/review/{self._stranger()}/claim", {}, page="/review")

    def _undo_later(self) -> None:
        """Say that the stranger is nobody, and take it back from the list of decisions."""
        self.world.interrupt()
        path = f"/review/{self._stranger()}"
        self.steward.post(path, {"decision": "nobody", "seen": "1000000000"}, page=path)
        with self.db.read() as session:
            made = session.scalar(select(func.max(Judgment.id)).where(Judgment.judge == Judge.STEWARD.value))
        self.steward.post(f"/review/decisions/{made}", {}, page=f"/review/decisions/{made}")

    def _promise(self) -> None:
        form = {"one_wrong_in": str(200 + self.turn % 2), "audited_share": "0.02"}
        self.admin.post("/matching/promise", form, page="/matching")

    def _trial(self) -> None:
        """Try a change of the promise, which works through everything, and put it in force."""
        form = {"one_wrong_in": str(100 + self.turn), "review": "5"}
        with self.db.read() as session:
            done = session.scalars(select(ModelTrial.public_id).where(ModelTrial.is_done.is_(True))).all()
        if done:
            self.admin.post(f"/matching/model/trials/{done[-1]}/keep", {}, page="/matching/model")
        self.admin.http.post(
            self.admin.base + "/matching/model/trials",
            data={**form, "on": [*SWITCHES], "csrf_token": self.admin.token("/matching/model")},
            timeout=10,
        )

    def _use_model(self) -> None:
        self.admin.post("/matching/model/1/use", {}, page="/matching/model")

    def _look_for_flaws(self) -> None:
        self.steward.post("/review/quality/look", {}, page="/review/quality")

    def _last_judgment(self, profile_id: int) -> int:
        with self.db.read() as session:
            stands = standing(session, profile_id)
            return stands[0].id if stands else 0

    def _stranger(self) -> UUID | None:
        with self.db.read() as session:
            return session.scalars(
                select(Profile.public_id).where(Profile.handle.contains(self.world.stranger.handle)).limit(1)
            ).first()

    def _unlink(self) -> None:
        """A steward links the stranger to a contact, and a look at the contact's page takes it back."""
        profile = self._stranger()
        if profile is None:
            self.world.interrupt()
            return
        with self.db.read() as session:
            contact = session.scalars(select(Contact).order_by(Contact.id).limit(1)).one()
        path = f"/review/{profile}"
        form = {"decision": "link", "contact": str(contact.public_id), "seen": "1000000000"}
        self.steward.post(path, form, page=path)
        with self.db.read() as session:
            number = session.execute(select(Profile.id).where(Profile.public_id == profile)).scalar_one()
            link = session.get(Link, number)
        if link is not None:
            path = f"/contacts/{contact.public_id}/unlink/{profile}"
            self.steward.post(path, {"judgment": str(link.judgment_id), "way": "undo"}, page=path)

    def _hook(self, secret: str = "") -> None:
        """The CRM says that a contact has changed."""
        person = self.world.people[self.turn % len(self.world.people)]
        data = {
            "id": person.key,
            "full_name": person.full_name,
            "first_name": person.first_name,
            "last_name": person.last_name,
            "emails": [person.email],
            "title": f"Einkauf {token()}",
            "handles": [
                {"network": "mastodon", "handle": cast.mastodon_address(person)},
                {"network": "bluesky", "handle": cast.bluesky_address(person)},
            ],
        }
        event = {"type": "contact.updated", "timestamp": now().isoformat(), "data": data}
        body = json.dumps(event).encode()
        headers = signed(secret or self.secret, f"msg_{token()}{token()}", body)
        answer = requests.post(f"{self.admin.base}/webhooks/crm/crm", data=body, headers=headers, timeout=10)
        assert answer.status_code in {200, 202, 401, 503}, answer.text
        self.world.talk()

    def _rotate(self) -> None:
        self._command("webhook", "add", "other")
        self._command("webhook", "rotate", "other")

    def _forget(self) -> None:
        """Somebody is forgotten whom nobody here knows, so that no ledger misses what they said."""
        self._command("forget", "person", "--email", f"{token()}@nordwerk.example")

    def _chore(self) -> None:
        with self.db.write("test.chore") as session:
            session.execute(update(Chore).values(due_at=now(), lease_until=None))

    def _plan(self) -> None:
        """The scheduler plans its chores when it starts; give it the time to."""
        if self.turn % 5 == 1:
            self.fleet.kill("scheduler")

    def _own(self) -> None:
        self.admin.post("/own/domains", {"domains": f"{token()}.example"}, page="/own")
        form = {"network": "mastodon", "handle": cast.mastodon_address(self.world.company)}
        self.admin.post("/own/profiles", form, page="/own")

    def _password(self) -> None:
        self.steward.post("/me/password", {"old": PASSWORD, "password": PASSWORD, "again": PASSWORD}, page="/me")
        self.steward.post("/me/about", {"old": PASSWORD, "name": "Steward", "email": STEWARD}, page="/me")

    def _wrong_password(self) -> None:
        Browser(self.admin.base).post("/sign-in", {"email": STEWARD, "password": token()}, page="/sign-in")

    def _sign_in_and_out(self) -> None:
        with self.db.write("test.seen") as session:
            session.execute(update(WebSession).values(seen_at=now() - timedelta(minutes=5)))
        self.steward.get("/")
        browser = Browser(self.admin.base)
        browser.post("/sign-in", {"email": STEWARD, "password": PASSWORD}, page="/sign-in")
        browser.post("/language", {"language": "de"})
        browser.sign_in(self.fleet.sign_in_link(self.db, "rep@nordwerk.example"))
        browser.post("/sign-out", {})

    def _command(self, *arguments: str) -> None:
        self.fleet.run(*arguments)

    def _contacts(self) -> str:
        file = self.fleet.folder / "contacts.csv"
        file.write_text(self.world.contacts_csv(), encoding="utf-8")
        return str(file)

    def _archive(self) -> str:
        file = self.fleet.folder / f"archive-{token()}.zip"
        Path(file).write_bytes(self.world.mastodon.export_archive(US))
        return str(file)


PASSWORD = "ein-langes-kennwort-fuer-proben"
STEWARD = "steward@nordwerk.example"


def signed(secret: str, delivery: str, body: bytes) -> dict[str, str]:
    """Headers as Standard Webhooks wants them."""
    seconds = int(time.time())
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.digest(key, f"{delivery}.{seconds}.".encode() + body, hashlib.sha256)
    return {
        "Content-Type": "application/json",
        "Webhook-Id": delivery,
        "Webhook-Timestamp": str(seconds),
        "Webhook-Signature": "v1," + base64.b64encode(digest).decode(),
    }
