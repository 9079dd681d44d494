"""Search on a Mastodon server without full-text index: names of accounts, names of hashtags, one's own posts.

(docs.joinmastodon.org/methods/search, 2026-11-24.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scrm.sandbox.cast import MASTODON_DOMAIN
from scrm.sandbox.mastodon.entities import account_entity, may_see, status_entity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scrm.sandbox.mastodon.state import Account, State, Status


def search(
    state: State, viewer: Account | None, asked: Mapping[str, str], count: int
) -> dict[str, list[dict[str, Any]]]:
    words, kind = asked["q"].strip().lower(), asked.get("type")
    part = slice(int(asked.get("offset", 0)), int(asked.get("offset", 0)) + count)
    accounts = _accounts(state, words) if kind in {None, "accounts"} else []
    statuses = _statuses(state, viewer, words, asked) if viewer and kind in {None, "statuses"} else []
    hashtags = _hashtags(state, words) if kind in {None, "hashtags"} else []
    return {
        "accounts": [account_entity(one) for one in accounts[part]],
        "statuses": [status_entity(one, viewer) for one in statuses[part]],
        "hashtags": [
            {"name": tag, "url": f"https://{MASTODON_DOMAIN}/tags/{tag}", "history": []} for tag in hashtags[part]
        ],
    }


def _accounts(state: State, words: str) -> list[Account]:
    address = words.removeprefix("@").removesuffix(f"@{MASTODON_DOMAIN}")
    if "@" in address:
        known = state.by_acct.get(address)
        return [known] if known else []
    return [
        one
        for one in state.accounts.values()
        if one.username.lower().startswith(address) or words in one.display_name.lower()
    ]


def _statuses(state: State, viewer: Account, words: str, asked: Mapping[str, str]) -> list[Status]:
    by_account = asked.get("account_id")
    mine = (state.statuses[number] for number in reversed(viewer.statuses))
    return [
        one
        for one in mine
        if words in one.text.lower() and may_see(one, viewer) and by_account in {None, str(one.account.id)}
    ]


def _hashtags(state: State, words: str) -> list[str]:
    return sorted(tag for tag, ids in state.by_tag.items() if ids and tag.startswith(words.removeprefix("#")))
