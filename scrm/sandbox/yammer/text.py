"""How Viva Engage writes what people say: plain, as HTML, and with references in the place of names and topics.

`body.parsed` holds `[[tag:14658]]` (apache/camel, camel-yammer, read 2026-11-23) and `[[user:1496]]` (from memory).
"""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

from scrm.sandbox.yammer.ids import topic_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from scrm.sandbox.yammer.state import Message, User

HASHTAG = re.compile(r"(?<![\w&/])#(\w*[^\W\d]\w*)")
ADDRESS = re.compile(r"https?://[^\s<>]+")
LONGEST_EXCERPT = 160


def topics(text: str) -> dict[int, str]:
    """Return the topics a text names, by id."""
    return {topic_id(name): name for name in reversed(HASHTAG.findall(text))}


def plain(message: Message) -> str:
    """Return the text as people read it: who is mentioned stands in front, unless the text says the name."""
    named = [one.full_name for one in message.mentions if one.full_name not in message.text]
    return " ".join([*named, message.text])


def excerpt(message: Message) -> str:
    text = plain(message)
    return text if len(text) <= LONGEST_EXCERPT else f"{text[: LONGEST_EXCERPT - 1]}…"


def parsed(message: Message) -> str:
    return _written(message, str, lambda one: f"[[user:{one.id}]]", lambda name: f"[[tag:{topic_id(name)}]]")


def rich(message: Message) -> str:
    def user_link(one: User) -> str:
        return f'<a href="https://www.yammer.com/users/{one.id}">{escape(one.full_name)}</a>'

    def topic_link(name: str) -> str:
        return f'<a href="https://www.yammer.com/topics/{topic_id(name)}">#{escape(name)}</a>'

    return _written(message, _html, user_link, topic_link)


def addresses(message: Message) -> list[str]:
    return ADDRESS.findall(message.text)


def _html(text: str) -> str:
    return escape(text).replace("\n", "<br>")


def _written(
    message: Message,
    write: Callable[[str], str],
    write_user: Callable[[User], str],
    write_topic: Callable[[str], str],
) -> str:
    whole = plain(message)
    people = {one.full_name: one for one in message.mentions}
    tokens = "|".join([*(re.escape(name) for name in people), HASHTAG.pattern])
    parts, end = [], 0
    for match in re.finditer(tokens, whole):
        parts.append(write(whole[end : match.start()]))
        known = people.get(match[0])
        parts.append(write_user(known) if known else write_topic(match[1]))
        end = match.end()
    return "".join([*parts, write(whole[end:])])
