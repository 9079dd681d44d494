"""The query language of the search: operators, phrases, negation, OR and brackets.

docs.x.com, search operators, read 2026-11-23: AND binds before OR; since 2026-05-04 a keyword finds no reposts. An
operator that only narrows (`is:`, `has:`, `lang:`) does not stand alone. Sentences of errors from memory, 2026-11-24.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from scrm.sandbox.x import content
from scrm.sandbox.x.errors import XError, invalid

if TYPE_CHECKING:
    from collections.abc import Callable

    from scrm.sandbox.x.state import User, Version

    Test = Callable[[Version], bool]

TOKEN = re.compile(r'\s*(-?)(\(|\)|"[^"]*"|[^\s()"]+)')
NARROWING = frozenset({"is", "has", "lang", "min_likes"})


def matcher(query: str, longest: int) -> Test:
    """Return the test a query makes of a post; an XError says what is wrong with it."""
    if len(query) > longest:
        raise invalid("query", query, f"The length of the query must not exceed {longest} characters")
    parser = _Parser(query)
    test = parser.either()
    if parser.tokens:
        raise _wrong(query, "mismatched brackets")
    if not parser.is_positive:
        raise _wrong(query, "Rules must contain at least one positive, non-stopword clause")
    return test


def _wrong(query: str, why: str) -> XError:
    return invalid("query", query, f"There were errors processing your request: {why}")


class _Parser:
    def __init__(self, query: str) -> None:
        self.query = query
        self.tokens = [(match[1], match[2]) for match in TOKEN.finditer(query)]
        self.is_positive = False

    def either(self) -> Test:
        tests = [self.both()]
        while self.tokens and self.tokens[0] == ("", "OR"):
            self.tokens.pop(0)
            tests.append(self.both())
        return lambda version: any(test(version) for test in tests)

    def both(self) -> Test:
        tests = []
        while self.tokens and self.tokens[0][1] not in {"OR", ")"}:
            tests.append(self.term())
        if not tests:
            raise _wrong(self.query, "an expression is missing")
        return lambda version: all(test(version) for test in tests)

    def term(self) -> Test:
        sign, text = self.tokens.pop(0)
        if text == "(":
            test = self.either()
            if not self.tokens or self.tokens.pop(0)[1] != ")":
                raise _wrong(self.query, "mismatched brackets")
        else:
            test = self.operator(text)
            if not sign and text.split(":")[0] not in NARROWING:
                self.is_positive = True
        return (lambda version: not test(version)) if sign else test

    def operator(self, text: str) -> Test:
        if text.startswith('"'):
            return _phrase(text.strip('"'))
        if text.startswith("@"):
            return _names(text[1:].lower())
        if text.startswith("#"):
            tag = text[1:].lower()
            return lambda version: _is_own(version) and tag in content.hashtags(version.text)
        name, colon, value = text.partition(":")
        if not colon:
            return _phrase(text)
        make = OPERATORS.get(name)
        test = make(value) if make and value else None
        if test is None:
            raise _wrong(self.query, f"unknown operator {name}:")
        return test


def _is_own(version: Version) -> bool:
    return version.post.repost_of is None


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def _phrase(phrase: str) -> Test:
    wanted = _words(phrase)

    def test(version: Version) -> bool:
        words = _words(version.text)
        places = range(len(words) - len(wanted) + 1)
        return _is_own(version) and any(words[place : place + len(wanted)] == wanted for place in places)

    return test


def _names(name: str) -> Test:
    return lambda version: _is_own(version) and name in content.mentioned_handles(version.text)


def _is_user(user: User, value: str) -> bool:
    return value.lower() in {user.username.lower(), str(user.id)}


def _has_id(version: Version | None, value: str) -> bool:
    return version is not None and value in {str(one.id) for one in version.post.versions}


def _to(value: str) -> Test:
    def test(version: Version) -> bool:
        parent = version.post.in_reply_to
        return parent is not None and _is_user(parent.post.author, value)

    return test


def _is(value: str) -> Test | None:
    kinds: dict[str, Test] = {
        "retweet": lambda version: version.post.repost_of is not None,
        "reply": lambda version: version.post.in_reply_to is not None,
        "quote": lambda version: version.post.quote_of is not None,
    }
    return kinds.get(value)


def _has(value: str) -> Test | None:
    kinds: dict[str, Test] = {
        "links": lambda version: "https://" in version.text,
        "mentions": lambda version: bool(content.mentioned_handles(version.text)),
        "hashtags": lambda version: bool(content.hashtags(version.text)),
    }
    return kinds.get(value)


def _min_likes(value: str) -> Test | None:
    return (lambda version: len(version.post.likes) >= int(value)) if value.isdigit() else None


OPERATORS: dict[str, Callable[[str], Test | None]] = {
    "from": lambda value: lambda version: _is_user(version.post.author, value),
    "to": _to,
    "conversation_id": lambda value: lambda version: str(version.post.conversation_id) == value,
    "in_reply_to_tweet_id": lambda value: lambda version: _has_id(version.post.in_reply_to, value),
    "quotes_of_tweet_id": lambda value: lambda version: _has_id(version.post.quote_of, value),
    "retweets_of_tweet_id": lambda value: lambda version: _has_id(version.post.repost_of, value),
    "url": lambda value: lambda version: _is_own(version) and value.strip('"') in version.text,
    "lang": lambda value: lambda version: version.post.author.person.language == value,
    "is": _is,
    "has": _has,
    "min_likes": _min_likes,
}
