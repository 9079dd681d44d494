"""Questions, and whether we answered them: a mark beside each, and what the filter asks for."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import Session, aliased

from scrm.models import Interaction
from scrm.records import Direction

SAYS: Final = ("post", "reply", "mention", "quote", "message")
MARKS: Final = ("?", "？", "؟", "՞", "\u037e")
ADDRESS: Final = re.compile(r"\S+://\S+")
MOST_ANSWERS: Final = 1_000


def asks(row: Interaction) -> bool:
    """Whether somebody outside asked something; a question mark within an address is none."""
    if row.direction != Direction.IN or row.kind not in SAYS or not row.text:
        return False
    text = ADDRESS.sub("", row.text)
    return any(mark in text for mark in MARKS)


def unanswered(db: Session, rows: Iterable[Interaction]) -> set[int]:
    """Which of these are questions that nobody of us answered since: to them, or later in their thread."""
    questions = [row for row in rows if row.party_id is not None and asks(row)]
    if not questions:
        return set()
    answers = db.execute(
        select(
            Interaction.network,
            Interaction.in_reply_to,
            Interaction.thread_key,
            Interaction.party_id,
            Interaction.occurred_at,
        )
        .where(
            Interaction.direction == Direction.OUT.value,
            Interaction.party_id.in_({row.party_id for row in questions}),
            Interaction.occurred_at > min(row.occurred_at for row in questions),
        )
        .order_by(Interaction.occurred_at)
        .limit(MOST_ANSWERS)
    ).all()
    return {row.id for row in questions if not any(_answers(answer, row) for answer in answers)}


def _answers(answer: Sequence[object], row: Interaction) -> bool:
    network, in_reply_to, thread_key, party_id, occurred_at = answer
    if (network, party_id) != (row.network, row.party_id):
        return False
    is_later = bool(occurred_at > row.occurred_at)  # type: ignore[operator]
    return is_later and (in_reply_to == row.native_id or (thread_key is not None and thread_key == row.thread_key))


def is_open() -> ColumnElement[bool]:
    """Nearly the same as SQL: whoever asks looks at each row with `asks` as well."""
    answer = aliased(Interaction)
    answered = exists(
        select(answer.id).where(
            answer.party_id == Interaction.party_id,
            answer.direction == Direction.OUT.value,
            answer.occurred_at > Interaction.occurred_at,
            answer.network == Interaction.network,
            or_(answer.in_reply_to == Interaction.native_id, answer.thread_key == Interaction.thread_key),
        )
    )
    has_mark = or_(*(Interaction.text.contains(mark, autoescape=True) for mark in MARKS))
    return and_(Interaction.direction == Direction.IN.value, Interaction.kind.in_(SAYS), has_mark, ~answered)
