"""A link as a key: host and path without what browsers and trackers add.

The registrable domain comes from tldextract's bundled list of public suffixes: no network, no cache folder.
"""

import re
from functools import lru_cache
from urllib.parse import unquote, urlsplit

from tldextract import TLDExtract

from scrm.matching.normalize.text import clean
from scrm.matching.normalize.words import SHARED_HOSTS

_EXTRACT = TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=False)
_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_HOST = re.compile(r"^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$")
_PREFIXES = ("www.", "m.", "mobile.", "de.", "en.")


def split_url(text: str | None) -> tuple[str, str] | None:
    """Give host and path of a web address, None for anything else; never raises."""
    raw = clean(text).strip("<>\"'().,; ")
    if not raw or " " in raw or "." not in raw:
        return None
    if not _SCHEME.match(raw) or re.match(r"^[^/:]+:\d", raw):
        raw = f"https://{raw.lstrip('/')}"
    try:
        parts = urlsplit(raw)
        host = (parts.hostname or "").encode("idna").decode("ascii").lower().rstrip(".")
    except (ValueError, UnicodeError):
        return None
    if parts.scheme.lower() not in {"http", "https"} or "." not in host or not _HOST.match(host):
        return None
    return host, unquote(parts.path)


@lru_cache(maxsize=16384)
def canonical_url(text: str | None) -> str | None:
    """Write a link so that two spellings of one page are equal; None for what is no web address."""
    split = split_url(text)
    if split is None:
        return None
    host, path = split
    return f"{bare_host(host)}{clean(path).rstrip('/').lower()}"


def bare_host(host: str) -> str:
    """Drop www., m. and language prefixes, unless nothing but a suffix would remain."""
    for prefix in _PREFIXES:
        if host.startswith(prefix) and host.count(".") > 1:
            return host[len(prefix) :]
    return host


@lru_cache(maxsize=16384)
def registrable_domain(host_or_url: str | None) -> str:
    """Give the domain somebody registered (company.example); empty where there is none."""
    split = split_url(host_or_url)
    if split is None:
        return ""
    found = _EXTRACT(split[0])
    # a reserved suffix such as .example is not on the public list: its last two labels are the domain
    return found.top_domain_under_public_suffix or ".".join(split[0].split(".")[-2:])


def employer_domain(host_or_url: str | None) -> str:
    """Give the domain if it can name an employer: not one of the hosts that everybody shares."""
    domain = registrable_domain(host_or_url)
    return "" if domain in SHARED_HOSTS else domain
