"""Short stories on a company's page: people comment on what the company posts, write to it alone, rate it.

For networks where a company has a page, a channel or a professional account rather than an account among others.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from scrm.sandbox import texts
from scrm.sandbox.cast import COMPANY_KEY

if TYPE_CHECKING:
    from scrm.sandbox.episodes import Teller


def announcement(teller: Teller) -> None:
    """The company posts, people like it and ask, the company answers below."""
    post = _news(teller)
    for one in teller.some(1, 4):
        teller.does("like", person_key=one.key, post_id=post)
    for one in teller.some(1, 3):
        asked = teller.writes(one, texts.QUESTION, reply_to=post)
        if teller.die.random() < 0.7:
            _answer(teller, asked, one.language)
            teller.writes(one, texts.THANKS, reply_to=asked)


def grumble(teller: Teller) -> None:
    who = teller.contact()
    written = teller.writes(who, texts.COMPLAINT, reply_to=_news(teller))
    _answer(teller, written, who.language)
    teller.writes(teller.anybody(but=who), texts.REMARK, reply_to=written)


def regretted_comment(teller: Teller) -> None:
    who = teller.contact()
    written = teller.writes(who, texts.COMPLAINT, reply_to=_news(teller))
    _answer(teller, written, who.language)
    teller.does("delete", post_id=written)


def corrected_comment(teller: Teller) -> None:
    who = teller.contact()
    written = teller.writes(who, texts.QUESTION, reply_to=_news(teller))
    text = f"{teller.line(texts.QUESTION, who.language)} (edit)"
    teller.does("edit", timedelta(minutes=4), post_id=written, text=text)


def named(teller: Teller) -> None:
    teller.writes(teller.anybody(), texts.PRAISE, mentions=(COMPANY_KEY,))


def private_question(teller: Teller) -> None:
    who = teller.contact()
    teller.does("message", person_key=who.key, text=teller.line(texts.DIRECT, who.language))
    answer = teller.line(texts.ANSWER, "de" if who.language == "de" else "en")
    teller.does("message", person_key=COMPANY_KEY, to=who.key, text=answer)


def rating(teller: Teller) -> None:
    who = teller.anybody()
    teller.does("review", person_key=who.key, text=teller.line(texts.PRAISE, who.language))


def inquiry(teller: Teller) -> None:
    """Somebody fills in the company's form."""
    teller.does("lead", person_key=teller.contact().key)


def new_subscriber(teller: Teller) -> None:
    teller.does("follow", person_key=teller.anybody().key, target_key=COMPANY_KEY)


def _news(teller: Teller) -> str:
    return teller.does("post", person_key=COMPANY_KEY, text=teller.line(texts.NEWS, "de"))


def _answer(teller: Teller, asked: str, language: str) -> None:
    text = teller.line(texts.ANSWER, language if language in {"de", "tr"} else "en")
    teller.does("post", person_key=COMPANY_KEY, text=text, reply_to=asked)


def shop_talk(teller: Teller) -> None:
    """Colleagues and partners talk in the company's community, and one of the staff joins in."""
    who = teller.anybody()
    asked = teller.writes(who, texts.QUESTION)
    for one in teller.some(1, 2):
        teller.writes(one, texts.REMARK, reply_to=asked)
    teller.does("like", person_key=COMPANY_KEY, post_id=asked)
    _answer(teller, asked, who.language)


WITHIN = ("connections", "jive", "sharepoint", "yammer")  # networks of the company's own, with partners as guests
EVERYWHERE = {announcement: 6, grumble: 4, regretted_comment: 2, named: 3}
# how often each episode is told in a history
ON_PAGES = {
    "facebook": {**EVERYWHERE, corrected_comment: 2, private_question: 4, rating: 3},
    "instagram": {**EVERYWHERE, private_question: 4},
    "linkedin": {**EVERYWHERE, corrected_comment: 2, inquiry: 4},
    "youtube": {**EVERYWHERE, corrected_comment: 2, new_subscriber: 4},
    **{network: {**EVERYWHERE, corrected_comment: 2, shop_talk: 6} for network in WITHIN},
}
