"""Which account on which network a link or a written handle means.

Address forms were taken from the networks' public profile pages (read 2026-11). A page that is not a profile (a
post, a search, a help text) names no account.
"""

import re
from functools import lru_cache

from scrm.matching.normalize.text import clean
from scrm.matching.normalize.urls import bare_host, split_url
from scrm.matching.normalize.words import NOT_ACCOUNTS

_ALIASES = {"twitter": "x", "x.com": "x", "fb": "facebook", "ig": "instagram", "insta": "instagram", "yt": "youtube"}
_NAME = r"([A-Za-z0-9_.\-]{1,100})"
_PAGES: dict[str, tuple[str, str]] = {
    "twitter.com": ("x", rf"^/@?{_NAME}$"),
    "x.com": ("x", rf"^/@?{_NAME}$"),
    "facebook.com": ("facebook", rf"^/(?:pg/|people/[^/]+/)?{_NAME}$"),
    "fb.com": ("facebook", rf"^/{_NAME}$"),
    "instagram.com": ("instagram", rf"^/{_NAME}$"),
    "linkedin.com": ("linkedin", r"^/in/([^/]{1,100})$"),
    "xing.com": ("xing", rf"^/profile/{_NAME}$"),
    "youtube.com": ("youtube", rf"^/(?:@|c/|user/|channel/){_NAME}$"),
    "tiktok.com": ("tiktok", rf"^/@{_NAME}$"),
    "github.com": ("github", rf"^/{_NAME}$"),
    "gitlab.com": ("gitlab", rf"^/{_NAME}$"),
    "bsky.app": ("bluesky", rf"^/profile/{_NAME}$"),
    "threads.net": ("threads", rf"^/@{_NAME}$"),
    "threads.com": ("threads", rf"^/@{_NAME}$"),
    "reddit.com": ("reddit", rf"^/(?:u|user)/{_NAME}$"),
}
_FEDIVERSE = re.compile(r"^/(?:@|users/)([A-Za-z0-9_]{1,60})$")


def canonical_network(network: str) -> str:
    """Give the one word for a network: twitter is x."""
    word = clean(network).lower()
    return _ALIASES.get(word, word)


def canonical_account(network: str, handle: str, host: str | None = None) -> tuple[str, str] | None:
    """Give (network, handle) as compared; a handle on a federated network carries its host."""
    network = canonical_network(network)
    name = clean(handle).lower().strip().lstrip("@")
    if not name:
        return None
    if network == "mastodon" and host and "@" not in name:
        name = f"{name}@{clean(host).lower()}"
    if network == "bluesky" and host and "." not in name:
        name = f"{name}.{clean(host).lower()}"
    return (network, name) if network and len(name) > 1 and " " not in name else None


@lru_cache(maxsize=16384)
def account_of_url(text: str | None) -> tuple[str, str] | None:
    """Give the account a profile's address means, None for any other page."""
    split = split_url(text)
    if split is None:
        return None
    host, path = bare_host(split[0]), split[1].rstrip("/")
    if host in _PAGES:
        network, shape = _PAGES[host]
        found = re.match(shape, path)
        if found is None or found[1].lower() in NOT_ACCOUNTS:
            return None
        return canonical_account(network, found[1])
    found = _FEDIVERSE.match(path)
    return canonical_account("mastodon", found[1], host) if found else None
