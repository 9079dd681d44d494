"""Find posts by words and filters, and people by the beginnings of their names.

The real servers leave the query syntax unspecified (app.bsky.feed.searchPosts, read 2026-11-23): here words
are matched whole and all of them, without regard to case; scripts without spaces match by the whole run.
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from scrm.sandbox.bluesky.timeline import Key, Timeline

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scrm.sandbox.bluesky.state import Account, Post

WORD = re.compile(r"\w+")
SHORTEST_PREFIX = 2


def words(text: str) -> set[str]:
    return {match.casefold() for match in WORD.findall(text)}


def post_terms(post: Post) -> frozenset[str]:
    """Return every term under which a post is found."""
    terms = {f"word:{word}" for word in words(post.value["text"])}
    terms.add(f"author:{post.author.did}")
    terms |= {f"lang:{lang}" for lang in post.value.get("langs", ())}
    terms |= {f"mention:{did}" for did in post.features("mention", "did")}
    terms |= {f"tag:{tag.casefold()}" for tag in post.features("tag", "tag")}
    for link in post.features("link", "uri"):
        terms |= {f"url:{link}", f"domain:{urlsplit(link).hostname}"}
    # every post has its terms: shared, they cost a tenth
    return frozenset(map(sys.intern, terms))


class Search:
    """Posts by term and people by prefix."""

    def __init__(self) -> None:
        self._posts: Timeline[Post] = Timeline()
        self._by_term: dict[str, Timeline[Post]] = {}
        self._people: dict[str, dict[str, Account]] = {}
        self._prefixes: dict[str, set[str]] = {}

    def add(self, post: Post) -> None:
        post.terms = post_terms(post)
        self._posts.add(post.key, post)
        for term in post.terms:
            self._by_term.setdefault(term, Timeline()).add(post.key, post)

    def remove(self, post: Post) -> None:
        self._posts.remove(post.key)
        for term in post.terms:
            self._by_term[term].remove(post.key)

    def rarest(self, terms: Iterable[str]) -> Timeline[Post]:
        """Return the shortest list that holds every match."""
        lists = [self._by_term.get(term, Timeline()) for term in terms]
        return min(lists, key=len, default=self._posts)

    def add_person(self, account: Account) -> None:
        """List an account under its present names, and no longer under former ones."""
        for prefix in self._prefixes.get(account.did, ()):
            del self._people[prefix][account.did]
        names = words(f"{account.display_name} {account.handle}")
        prefixes = {word[:end] for word in names for end in range(SHORTEST_PREFIX, len(word) + 1)}
        self._prefixes[account.did] = prefixes
        for prefix in prefixes:
            self._people.setdefault(prefix, {})[account.did] = account

    def people(self, query: str) -> list[Account]:
        """Return the accounts with a name beginning like each word, those here longest first."""
        lists = [self._people.get(word, {}) for word in words(query)]
        if not lists:
            return []
        smallest = min(lists, key=len)
        found = [account for did, account in smallest.items() if all(did in other for other in lists)]
        return sorted(found, key=lambda account: (account.created_at, account.did))


def is_within(key: Key, since: int | None, until: int | None) -> bool:
    """Whether a sort time lies in [since, until), both in microseconds."""
    return (since is None or key[0] >= since) and (until is None or key[0] < until)
