"""Kill at every failpoint, or at random moments, while the world talks; then wait and compare the ledgers."""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import select

import scrm
from scrm.cli.processes import started_at
from scrm.db import Database
from scrm.failpoints import enumerate_failpoints
from scrm.models import Announcement, InboxItem, LocalLedger, Role, StreamState, TimelineEntry
from scrm.runtime import Core
from scrm.sync.hooks import SUBSCRIBABLE, Wish, make_hook
from scrm.sync.webhook import make_endpoint
from scrm.vault import Vault
from scrm.web.people import ensure_user, hash_password, set_password
from tests.kills.elsewhere import ELSEWHERE
from tests.kills.fleet import Fleet
from tests.kills.stimuli import PASSWORD, Stimuli
from tests.kills.world import World, held

PATIENCE = 120.0  # a wake-up that died with its worker is replaced after 30 seconds; busy machines come round late
QUIET = 120.0
SETTLING = 20.0
GLANCE = 1.0  # seconds between two comparisons of whole ledgers: they take the time the workers need
SHOT_AT = ("worker", "worker", "worker", "web", "scheduler", "valkey")
LONGEST_PAUSE = 1.0  # seconds between two shots: some hit a process that begins, most one at work


@dataclass
class Verdict:
    """What a sweep found."""

    visited: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    kills: int = 0
    lost: set[tuple[str, ...]] = field(default_factory=set)
    extra: set[tuple[str, ...]] = field(default_factory=set)
    doubled: list[tuple[str, ...]] = field(default_factory=list)
    records: int = 0
    told: int = 0
    untold: set[str] = field(default_factory=set)  # announced, and the receiver never heard of it
    seconds: float = 0.0

    @property
    def is_clean(self) -> bool:
        return not (self.lost or self.extra or self.doubled or self.untold)

    def __str__(self) -> str:
        found = f"lost {len(self.lost)}, too many {len(self.extra)}, doubled {len(self.doubled)}"
        found += f", told {self.told}, untold {len(self.untold)}"
        visits = f"{len(self.visited)} points visited, {len(self.missed)} missed, {self.kills} kills"
        return f"{visits}, {self.records} records, {found}, {self.seconds:.0f} s"


def every_point() -> list[str]:
    """All failpoints of the source, those reached only elsewhere left out, in an order that starts with the first."""
    names = enumerate_failpoints(Path(scrm.__file__).parent)
    return [point for point in names if point.partition(":")[0] not in ELSEWHERE]


def sweep(
    folder: Path, database_url: str, points: Iterable[str], *, victims: tuple[str, ...] = ("self",),
    code: Path | None = None, quiet: float = QUIET, say: Callable[[str], None] = lambda _line: None,
    is_over: Callable[[], bool] = lambda: False,
) -> Verdict:  # fmt: skip
    """Run the whole product, kill each victim at each point, and judge by the CRM's ledger and the networks' own.

    `is_over` ends the visits early; what was done until then is judged all the same.
    """
    verdict = Verdict()
    with _installation(folder, database_url, verdict, code, quiet) as (fleet, stimuli, db):
        for point in points:
            for victim in victims:
                if is_over():
                    return verdict
                _visit(fleet, stimuli, point, victim, verdict)
                if point.startswith(("crm.", "local_crm.", "outbox.", "inbox.", "plan.")):
                    # work that stops a worker twice in a row is set aside, so each kill gets its own
                    fleet.is_soon(lambda: not _has_crashed(db), SETTLING)
                say(f"{point} ({victim}): {verdict}")
    return verdict


def shoot(
    folder: Path, database_url: str, kills: int, *, seed: int = 1, quiet: float = QUIET,
    say: Callable[[str], None] = lambda _line: None, is_over: Callable[[], bool] = lambda: False,
) -> Verdict:  # fmt: skip
    """Run the whole product, kill -9 random processes at random moments while everything happens, and judge alike."""
    verdict, rng = Verdict(), random.Random(seed)
    with _installation(folder, database_url, verdict, None, quiet) as (fleet, stimuli, db):
        while verdict.kills < kills and not is_over():
            stimuli.move(rng.choice(stimuli.talk_of_the_day))
            fleet.is_soon(lambda: False, rng.uniform(0, LONGEST_PAUSE))
            victim = rng.choice(SHOT_AT)
            fleet.kill(victim)
            verdict.kills += 1
            fleet.look()
            if victim == "web":
                fleet.is_soon(lambda: _answers(stimuli), 20)
            if verdict.kills % 10 == 0:
                fleet.is_soon(lambda: not _has_crashed(db), SETTLING)
                say(f"{verdict.kills} kills: {verdict}")
    return verdict


@contextmanager
def _installation(
    folder: Path, database_url: str, verdict: Verdict, code: Path | None, quiet: float
) -> Iterator[tuple[Fleet, Stimuli, Database]]:
    """The whole product at work; at the end, when all is quiet, it is judged."""
    began = time.monotonic()
    with World() as world, Fleet(folder, database_url, code=code, SCRM_ALLOWED_HOSTS=world.hosts) as fleet:
        fleet.arm("matching.model:before")
        db = Database(fleet.settings.database)
        stimuli = _prepare(fleet, world, db)
        fleet.wait(lambda: bool(held(db)), 60, "the first entry in the CRM")
        verdict.kills += fleet.has_fired()
        fleet.disarm()
        yield fleet, stimuli, db
        fleet.wait(lambda: _has_recovered(stimuli), 60, "the web process answers again")
        _settle(fleet, world, db, quiet)
        _judge(world, db, verdict)
        db.close()
    verdict.seconds = time.monotonic() - began


def _prepare(fleet: Fleet, world: World, db: Database) -> Stimuli:
    """People, a webhook, contacts and both connections."""
    now = db.clock.now()
    vault = Vault.load("", fleet.folder)
    core = Core(settings=fleet.settings, db=db, vault=vault)  # also gives the sessions what the audit trail needs
    with db.write("test.people") as session:
        for role in Role:
            user = ensure_user(session, role.value, f"{role.value}@nordwerk.example", role, now)
            set_password(session, user.id, hash_password(PASSWORD))
        secret = make_endpoint(session, vault, "crm", "local", now)
        wish = Wish(name="crm", address=world.receiver.address, events=SUBSCRIBABLE)
        world.receiver.secrets.append(make_hook(session, core, wish)[1])
    links = {role: fleet.sign_in_link(db, f"{role}@nordwerk.example") for role in ("admin", "steward")}
    file = fleet.folder / "contacts.csv"
    file.write_text(world.contacts_csv(), encoding="utf-8")
    assert fleet.run("import-contacts", str(file)) == 0
    stimuli = Stimuli(fleet, world, db, links, secret)
    fleet.wait(lambda: _answers(stimuli), 60, "the web process answers")
    stimuli.sign_in()
    for network in world.networks:
        form = {"base_url": network.base_url, **network.credentials("nordwerk")}
        path = f"/connections/new/{network.key}"
        answer = stimuli.admin.post(path, form, page=path)
        assert answer.status_code == 200, answer.text[:2000]
    for _ in range(4):
        world.talk()
    world.interrupt()
    return stimuli


def _answers(stimuli: Stimuli) -> bool:
    try:
        return stimuli.admin.get("/health/live").ok
    except OSError:
        return False


def _visit(fleet: Fleet, stimuli: Stimuli, point: str, victim: str, verdict: Verdict) -> None:
    """Arm one point, move the world until it is reached, and see the victim dead."""
    fleet.look()
    name = point.partition(":")[0]
    doomed = fleet.pid(victim) if victim != "self" else None
    fleet.arm(point, victim)
    ends = time.monotonic() + PATIENCE
    while not fleet.has_fired() and time.monotonic() < ends:
        stimuli.move(name)
        fleet.is_soon(fleet.has_fired, 1.5)
    if not fleet.has_fired():
        fleet.disarm()
        verdict.missed.append(f"{point} ({victim})")
        return
    verdict.visited.append(f"{point} ({victim})")
    verdict.kills += 1
    if doomed is not None:
        fleet.is_soon(lambda: started_at(doomed) is None, 5)
    fleet.look()
    if fleet.deaths.get("web"):
        fleet.is_soon(lambda: _answers(stimuli), 20)


def _has_crashed(db: Database) -> bool:
    """Whether work is left that a killed process held."""
    with db.read() as session:
        now = db.clock.now()
        for model in (TimelineEntry, InboxItem):
            held_by_dead = (model.crash_count > 0) | (model.lease_until < now)
            if session.execute(select(model.id).where(held_by_dead).limit(1)).first():
                return True
    return False


def _has_recovered(stimuli: Stimuli) -> bool:
    """Sign in again where needed; what a web process killed a moment ago left behind may still hang up on us."""
    try:
        stimuli.recover()
    except OSError:
        return False
    return True


def _settle(fleet: Fleet, world: World, db: Database, quiet: float) -> None:
    """Wait until the ledgers agree; give up when nothing has changed for `quiet` seconds and nothing is put off."""
    before: tuple[Counter[tuple[str, ...]], int] | None = None
    while before != (before := (Counter(held(db)), _untold(world, db)[0])) or _is_put_off(db):
        if fleet.is_soon(lambda: _agrees(world, db) and not _untold(world, db)[1], quiet, every=GLANCE):
            return


def _is_put_off(db: Database) -> bool:
    """Whether a list is read later because its network was out of order; waits grow to minutes."""
    with db.read() as session:
        waits = StreamState.problem.is_not(None) & (StreamState.due_at > db.clock.now())
        return session.scalar(select(StreamState.id).where(waits).limit(1)) is not None


def _agrees(world: World, db: Database) -> bool:
    (must, may), found = world.expected(), set(held(db))
    return must <= found <= must | may


def _untold(world: World, db: Database) -> tuple[int, set[str]]:
    """How many things the receiver took, and what it never heard of; it knows nothing that was not announced."""
    with db.read() as session:
        rows = session.execute(select(Announcement.public_id, Announcement.state)).all()
    announced = {f"msg_{public_id.hex}": state for public_id, state in rows}
    taken = set(world.receiver.effects)
    assert taken <= set(announced)
    return len(taken), {key for key, state in announced.items() if state != "dropped"} - taken


def _judge(world: World, db: Database, verdict: Verdict) -> None:
    """The networks say what there should be, the CRM's ledger what there is."""
    (must, may), found = world.expected(), held(db)
    verdict.records = len(found)
    verdict.lost = must - set(found)
    verdict.extra = set(found) - must - may
    verdict.doubled = [address for address, count in Counter(found).items() if count > 1]
    verdict.told, verdict.untold = _untold(world, db)
    with db.read() as session:
        ledger = session.scalars(select(LocalLedger).order_by(LocalLedger.id)).all()
    alive: Counter[str] = Counter()
    for row in ledger:
        alive[row.external_key] += row.operation == "created"
        alive[row.external_key] -= row.operation == "withdrawn" and alive[row.external_key] > 0
    verdict.doubled += [(key,) for key, count in alive.items() if count > 1]
