"""The promise as it is kept: what the admin set, which links are audited, what came out, and what may be linked.

Everything is derived from judgments: an audit is answered by the newest word of a person on the same pair, and open
again when that is undone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from scrm.errors import InputError
from scrm.i18n import N_
from scrm.matching.promise import AUDITED_SHARE, ONE_WRONG_IN, Audit, Kind, Standing, is_drawn, stand
from scrm.matching.queue import key_of_profile
from scrm.models import (
    AuditEntry,
    Contact,
    Judge,
    Judgment,
    Link,
    LinkAudit,
    Preference,
    Profile,
    Verdict,
    survivor,
)

PREFERENCE = "promise"
LOOSEST, STRICTEST = 10, 10_000
SHARES = (0.01, 0.02, 0.05, 0.1, 0.2)
COUNTED = 3_000  # audits that the bound is made of, the newest


@dataclass(frozen=True, kw_only=True)
class Promise:
    """What the admin promises: at most one wrong link in so many, and the share that is looked at."""

    one_wrong_in: int = ONE_WRONG_IN
    audited_share: float = AUDITED_SHARE


@dataclass(frozen=True, kw_only=True)
class Kept:
    """How the promise stands for one kind of link."""

    kind: Kind
    standing: Standing
    links: int  # made by the engine and in force
    waiting: int  # audits not answered yet
    needed: int  # more right ones until the audits alone prove it; 0 when they do
    less_sure: int  # links in force that would not be made now, being less sure than is asked


def promise_of(session: Session) -> Promise:
    """What is promised now."""
    row = session.get(Preference, PREFERENCE)
    return Promise(**row.value) if row is not None else Promise()


def set_promise(session: Session, now: datetime, promise: Promise, user_id: int | None) -> None:
    """Promise something else from now on; raises InputError for what cannot be kept."""
    if not LOOSEST <= promise.one_wrong_in <= STRICTEST:
        raise InputError(N_("Promise at most one wrong link in a number between 10 and 10,000."))
    if promise.audited_share not in SHARES:
        raise InputError(N_("Choose one of the shares to be audited."))
    before = promise_of(session)
    value = {"one_wrong_in": promise.one_wrong_in, "audited_share": promise.audited_share}
    session.merge(Preference(name=PREFERENCE, value=value, updated_at=now))
    session.add(
        AuditEntry(
            at=now,
            user_id=user_id,
            action="promise.set",
            object=f"preference/{PREFERENCE}",
            before={"one_wrong_in": before.one_wrong_in, "audited_share": before.audited_share},
            after=value,
        )
    )


def standings(session: Session, promise: Promise) -> Mapping[Kind, Standing]:
    """How the promise stands for each kind of link, and from which probability one may be made."""
    return {kind: stand(_answered(session, kind), promise.one_wrong_in) for kind in Kind}


def _answered(session: Session, kind: Kind) -> Sequence[Audit]:
    rows = session.execute(
        select(LinkAudit.probability, LinkAudit.is_right)
        .where(LinkAudit.basis == kind.value, LinkAudit.is_right.is_not(None))
        .order_by(LinkAudit.judgment_id.desc())
        .limit(COUNTED)
    )
    return [Audit(probability=row.probability, is_right=bool(row.is_right)) for row in rows]


def kept(session: Session, promise: Promise) -> list[Kept]:
    """What the page about the promise says, by kind of link."""
    links = {
        row.basis: row.number
        for row in session.execute(
            select(Link.basis, func.count().label("number")).where(Link.basis.is_not(None)).group_by(Link.basis)
        )
    }
    waiting = {
        row.basis: row.number
        for row in session.execute(
            select(LinkAudit.basis, func.count().label("number"))
            .where(LinkAudit.answer_id.is_(None))
            .group_by(LinkAudit.basis)
        )
    }
    return [
        Kept(
            kind=kind,
            standing=standing,
            links=links.get(kind.value, 0),
            waiting=waiting.get(kind.value, 0),
            needed=standing.still_needed(promise.one_wrong_in),
            less_sure=_less_sure(session, kind, standing.threshold),
        )
        for kind, standing in standings(session, promise).items()
    ]


def _less_sure(session: Session, kind: Kind, threshold: float) -> int:
    return (
        session.scalar(
            select(func.count())
            .select_from(Link)
            .join(Judgment, Judgment.id == Link.judgment_id)
            .where(Link.basis == kind.value, Judgment.probability < threshold)
        )
        or 0
    )


def draw(session: Session, now: datetime, profile: Profile, judgment: Judgment, promise: Promise) -> bool:
    """Put a link that the engine just made before a steward, if chance says so: the same whoever draws."""
    contact = session.get_one(Contact, judgment.contact_id)
    pair = f"{contact.crm_id}\n{contact.native_id}\n{judgment.model_id}"
    if not is_drawn(key_of_profile(profile), pair, promise.audited_share):
        return False
    session.add(
        LinkAudit(
            judgment_id=judgment.id,
            profile_id=profile.id,
            contact_id=contact.id,
            basis=judgment.basis or Kind.NAME.value,
            probability=judgment.probability or 0.0,
            drawn_at=now,
        )
    )
    session.flush()
    return True


def answer(session: Session, profile_id: int, stands: Sequence[Judgment]) -> LinkAudit | None:
    """Bring a profile's audits in line with its judgments; gives the one that waits for a steward."""
    waiting = None
    link = session.get(Link, profile_id)
    for audit in session.scalars(select(LinkAudit).where(LinkAudit.profile_id == profile_id)):
        audit.answer_id, audit.is_right = _word_on(session, audit, stands)
        if audit.answer_id is None and link is not None and link.judgment_id == audit.judgment_id:
            waiting = audit
    return waiting


def _word_on(session: Session, audit: LinkAudit, stands: Sequence[Judgment]) -> tuple[int | None, bool | None]:
    """The newest word of a person on an audited link, and whether it agrees."""
    for row in stands:
        if row.judge == Judge.ENGINE or row.id < audit.judgment_id:
            continue
        if row.verdict == Verdict.UNSURE:
            return row.id, None
        if row.verdict == Verdict.NOBODY:
            return row.id, False
        is_same = row.contact_id == audit.contact_id or (
            survivor(session, row.contact_id) == survivor(session, audit.contact_id) is not None
        )
        if row.verdict == Verdict.POSITIVE:
            return row.id, is_same
        if is_same:
            return row.id, False
    taken_back = session.scalars(select(Judgment).where(Judgment.undoes_id == audit.judgment_id)).one_or_none()
    return (taken_back.id, False) if taken_back is not None else (None, None)
