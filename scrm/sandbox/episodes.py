"""Short stories between the cast and the company: one episode is a few events in order, told by a seeded die.

An episode knows no clock: each step says how long after the one before it comes. Results of earlier steps are
named by labels, which the player replaces by the ids the network gave.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from scrm.sandbox import texts
from scrm.sandbox.cast import COMPANY_KEY, on_network

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Mapping, Sequence

    from scrm.sandbox.network import Person

NO_TIME = timedelta(0)


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing somebody does, so long after the step before it."""

    after: timedelta
    verb: str
    args: Mapping[str, Any]
    label: str = ""


@dataclass(kw_only=True)
class Teller:
    """Tells episodes on one network; the same die tells the same ones."""

    network: str
    die: random.Random
    prefix: str
    _told: int = 0
    _steps: list[Step] = field(default_factory=list)

    def __post_init__(self) -> None:
        people = on_network(self.network)
        self._others = [one for one in people if one.role in {"contact", "stranger"}]
        self._contacts = [one for one in people if one.role == "contact"]
        self._strangers = [one for one in people if one.role == "stranger"]
        self._staff = [one for one in people if one.role == "staff"]

    def tell(self, episode: Callable[[Teller], None]) -> list[Step]:
        self._steps = []
        episode(self)
        return self._steps

    def anybody(self, *, but: Person | None = None) -> Person:
        return self.die.choice([one for one in self._others if one is not but])

    def contact(self) -> Person:
        return self.die.choice(self._contacts)

    def stranger(self) -> Person:
        return self.die.choice(self._strangers)

    def colleague(self) -> str:
        """Return who answers for the company: mostly its account, now and then one of the staff."""
        return self.die.choice([COMPANY_KEY] * 3 + [one.key for one in self._staff])

    def some(self, least: int, most: int) -> list[Person]:
        return self.die.sample(self._others, self.die.randint(least, most))

    def line(self, occasion: Mapping[str, Sequence[str]], language: str) -> str:
        template = self.die.choice(occasion.get(language) or occasion["en"])
        return template.format(product=self.die.choice(texts.PRODUCTS), number=self.die.randint(2, 40))

    def does(self, verb: str, after: timedelta | None = None, **args: object) -> str:
        """Add a step, some minutes to hours after the last unless told, and return its label."""
        self._told += 1
        label = f"{self.prefix}{self._told}"
        pause = timedelta(minutes=self.die.randint(2, 300)) if after is None else after
        self._steps.append(Step(after=pause, verb=verb, args=args, label=label))
        return label

    def writes(self, who: Person, occasion: Mapping[str, Sequence[str]], **args: Any) -> str:
        return self.does("post", person_key=who.key, text=self.line(occasion, who.language), **args)

    def answers(self, who: Person, post: str) -> str:
        # the export speaks Turkish; everybody else is answered in German or English
        language = who.language if who.language in {"de", "tr"} else "en"
        text = self.line(texts.ANSWER, language)
        return self.does("post", person_key=self.colleague(), text=text, reply_to=post, mentions=(who.key,))


def question(teller: Teller) -> None:
    who = teller.anybody()
    asked = teller.writes(who, texts.QUESTION, mentions=(COMPANY_KEY,))
    answer = teller.answers(who, asked)
    teller.does("like", person_key=who.key, post_id=answer)
    if teller.die.random() < 0.7:
        teller.writes(who, texts.THANKS, reply_to=answer)


def complaint(teller: Teller) -> None:
    who = teller.contact()
    written = teller.writes(who, texts.COMPLAINT, mentions=(COMPANY_KEY,))
    other = teller.anybody(but=who)
    teller.writes(other, texts.REMARK, reply_to=written)
    answer = teller.answers(who, written)
    thanks = teller.writes(who, texts.THANKS, reply_to=answer)
    if teller.die.random() < 0.5:
        teller.does("like", person_key=COMPANY_KEY, post_id=thanks)


def praise(teller: Teller) -> None:
    who = teller.contact()
    written = teller.writes(who, texts.PRAISE, mentions=(COMPANY_KEY,))
    teller.does("like", person_key=COMPANY_KEY, post_id=written)
    teller.does("share", person_key=COMPANY_KEY, post_id=written)


def news(teller: Teller) -> None:
    text = teller.line(texts.NEWS, "de")
    post = teller.does("post", person_key=COMPANY_KEY, text=text)
    for one in teller.some(3, 6):
        teller.does("like", person_key=one.key, post_id=post)
    for one in teller.some(1, 2):
        teller.does("share", person_key=one.key, post_id=post)
    teller.writes(teller.anybody(), texts.QUOTE, quote=post)
    remark = teller.writes(teller.anybody(), texts.QUESTION, reply_to=post)
    teller.does("like", person_key=COMPANY_KEY, post_id=remark)


def hearsay(teller: Teller) -> None:
    """Somebody names the company by hashtag alone, and somebody else knows it."""
    who = teller.stranger()
    written = teller.writes(who, texts.HEARSAY)
    teller.writes(teller.contact(), texts.PRAISE, reply_to=written, mentions=(COMPANY_KEY,))


def stranger_calls(teller: Teller) -> None:
    teller.writes(teller.stranger(), texts.QUESTION, mentions=(COMPANY_KEY,))


def small_talk(teller: Teller) -> None:
    who = teller.anybody()
    written = teller.writes(who, texts.SMALL_TALK)
    teller.does("like", person_key=teller.anybody(but=who).key, post_id=written)


def long_thread(teller: Teller) -> None:
    """Two customers and the company answer each other many levels deep."""
    one = teller.contact()
    other = teller.anybody(but=one)
    post = teller.writes(one, texts.COMPLAINT, mentions=(COMPANY_KEY,))
    for turn in range(8):
        if turn % 3 == 1:
            post = teller.answers(one, post)
        else:
            post = teller.writes(other if turn % 3 == 0 else one, texts.REMARK, reply_to=post)


def correction(teller: Teller) -> None:
    who = teller.contact()
    written = teller.writes(who, texts.COMPLAINT, mentions=(COMPANY_KEY,))
    text = f"{teller.line(texts.COMPLAINT, who.language)} (edit)"
    teller.does("edit", timedelta(minutes=4), post_id=written, text=text)


def regret(teller: Teller) -> None:
    """Somebody complains, the company answers, and the complaint is deleted."""
    who = teller.contact()
    written = teller.writes(who, texts.COMPLAINT, mentions=(COMPANY_KEY,))
    teller.answers(who, written)
    teller.does("delete", post_id=written)


def slip(teller: Teller) -> None:
    who = teller.anybody()
    post = teller.does("post", person_key=COMPANY_KEY, text=teller.line(texts.NEWS, "de"))
    teller.does("like", person_key=who.key, post_id=post)
    teller.does("unlike", timedelta(seconds=20), person_key=who.key, post_id=post)


def whisper(teller: Teller) -> None:
    """Somebody writes to the company alone; only Mastodon has such posts."""
    who = teller.contact()
    visibility = "direct" if teller.network == "mastodon" else "public"
    teller.writes(who, texts.DIRECT, mentions=(COMPANY_KEY,), visibility=visibility)


def new_look(teller: Teller) -> None:
    who = teller.contact()
    teller.does("edit_profile", person_key=who.key, bio=f"{who.bio} · {who.city}".strip(" ·"))


def newcomer(teller: Teller) -> None:
    who = teller.anybody()
    teller.does("follow", person_key=who.key, target_key=COMPANY_KEY)


# how often each episode is told in a history, on each network
HISTORY = {
    question: 9,
    complaint: 6,
    praise: 6,
    news: 5,
    hearsay: 4,
    stranger_calls: 3,
    small_talk: 5,
    long_thread: 2,
    correction: 3,
    regret: 2,
    slip: 2,
    whisper: 2,
    new_look: 2,
}
LIVE = (
    question,
    question,
    complaint,
    praise,
    news,
    hearsay,
    stranger_calls,
    small_talk,
    newcomer,
    correction,
    regret,
)
