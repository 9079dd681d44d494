"""Google+ in a Takeout archive: posts with their comments, +1s and reshares, communities, and the activity log.

One file per post, as JSON or as a page. Folders are named in the person's language, so a file is told by what is in
it; only Google+ stands in the path everywhere ("Google+ Stream/Posts", in German "Stream in Google+/Beiträge"). The
activity log is read as JSON; its pages are not known for certain. Layout: blog.kugelfish.com, "Google+ Migration",
part II, and FiXato/Plexodus-Tools (read 2026-11-24).
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from scrm.connectors.archive import OpenArchive, open_archive
from scrm.connectors.archive_reader import Reader
from scrm.connectors.base import Account, Archive
from scrm.connectors.googleplus.page import post_of
from scrm.connectors.googleplus.places import NETWORK, SITE
from scrm.connectors.googleplus.translation import ADDRESS, person, records
from scrm.connectors.payload import Payload, parse_json
from scrm.errors import InputError, PayloadError
from scrm.i18n import N_
from scrm.records import ProfileRecord

NAME = "google+"
ENDINGS = (".json", ".html")
LARGEST_POST = 16 * 1024**2  # some have hundreds of comments and thousands of +1s
LOG = re.compile(rb'(?:\xef\xbb\xbf)?\s*\{\s*"items"\s*:\s*\[')
LISTS = {"comments": "comment", "plusOnes": "plus_one", "reshares": "reshare"}
SHORT = ("url", "resourceName", "creationTime", "author", "visibility", "postAcl")  # of the post, beside a comment
ASKED = 200  # files that are looked at for a post
ENOUGH = 20  # posts that are looked at for the owner
Item = Mapping[str, Any]


def recognizes(path: Path) -> bool:
    """Whether there is a post of Google+ in it."""
    try:
        return next(_samples(open_archive(path)), None) is not None
    except InputError:
        return False


def owner(path: Path) -> Account:
    """Whose archive it is: the one author of the posts outside of communities."""
    record, _ = _owner(open_archive(path))
    return Account(key=record.key, handle=record.handle or "", base_url=SITE)


def items(path: Path, cursor: str | None) -> Iterator[tuple[Item, str]]:
    """Post by post with what hangs on it; the cursor names a file and how many items of it were given."""
    archive = open_archive(path)
    entries = _candidates(archive)
    at, done = _position(cursor)
    record, address = _owner(archive)
    us = {"displayName": record.display_name, "profilePageUrl": address}
    for place, (entry, reader) in enumerate(archive.each(set(entries[at:])), start=at):
        given = 0
        for given, item in enumerate(_items_of(entry, reader, us), start=1):
            if place > at or given > done:
                yield item, f"{place}:{given}"


def _position(cursor: str | None) -> tuple[int, int]:
    found = re.fullmatch(r"(\d{1,9}):(\d{1,9})", cursor or "", re.ASCII)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def _candidates(archive: OpenArchive) -> list[str]:
    """Files that may hold something of Google+; all there are when somebody took the folder out of its archive."""
    files = [name for name in archive.names if name.casefold().endswith(ENDINGS)]
    return [name for name in files if NAME in name.casefold()] or files


def _items_of(entry: str, reader: Reader, us: Item) -> Iterator[Item]:
    if LOG.match(reader.peek()):
        for activity in reader.array("items"):
            yield {"activity": activity, "owner": us}
        return
    try:
        post = _post(entry, reader)
    except PayloadError:
        yield {}  # counts as one that could not be read
        return
    if post is not None:
        yield from _parts(post)


def _parts(post: dict[str, Any]) -> Iterator[Item]:
    """The post, then each of what hangs on it: one post may have more of that than a transaction should take."""
    yield {"post": {name: value for name, value in post.items() if name not in LISTS}}
    short = {name: post[name] for name in SHORT if name in post}
    for name, part in LISTS.items():
        found = post.get(name)
        for one in found if isinstance(found, list) else ():
            yield {part: one, "post": short}


def _post(entry: str, reader: Reader) -> dict[str, Any] | None:
    """The post in a file; None when it holds something else. Raises PayloadError for what cannot be read."""
    body = reader.whole(LARGEST_POST)
    if entry.casefold().endswith(".html"):
        try:
            return post_of(body.decode("utf-8-sig"))
        except UnicodeDecodeError:
            raise PayloadError("expected UTF-8") from None
    found = parse_json(body)
    return found if _is_post(found) else None


def _is_post(found: Any) -> bool:
    if not isinstance(found, dict) or not isinstance(found.get("author"), dict) or "creationTime" not in found:
        return False
    name = found["author"].get("resourceName")
    return bool(ADDRESS.match(str(found.get("url")))) or (isinstance(name, str) and name.startswith("users/"))


def _owner(archive: OpenArchive) -> tuple[ProfileRecord, str]:
    """The owner, and the address that their posts stand below: it has their name where the JSON has their number."""
    authors: dict[str, tuple[ProfileRecord, str]] = {}
    for number, (author, address) in enumerate(_samples(archive), start=1):
        authors[author.key.native_id] = author, address
        if number == ENOUGH:
            break
    if len(authors) != 1:
        raise InputError(N_("the archive does not tell whose it is: it has no posts of one person alone"))
    return authors.popitem()[1]


def _samples(archive: OpenArchive) -> Iterator[tuple[ProfileRecord, str]]:
    """Authors and addresses of posts that stand least deep: communities have folders of their own below theirs."""
    entries = _candidates(archive)
    folders = Counter(name.rpartition("/")[0] for name in entries)
    for depth in sorted({folder.count("/") for folder in folders}):
        asked = [name for name in entries if name.rpartition("/")[0].count("/") == depth]
        found = False
        for entry, reader in archive.each(set(_spread(asked))):
            sample = _sample(entry, reader)
            if sample is not None:
                found = True
                yield sample
        if found:
            return


def _spread(entries: list[str]) -> Iterator[str]:
    """Some files of every folder, so that one full of other things does not hide the posts."""
    seen: Counter[str] = Counter()
    for name in entries:
        folder = name.rpartition("/")[0]
        seen[folder] += 1
        if seen[folder] <= ASKED:
            yield name


def _sample(entry: str, reader: Reader) -> tuple[ProfileRecord, str] | None:
    if LOG.match(reader.peek()):
        return None
    try:
        post = _post(entry, reader)
        author = person(Payload(post).optional_child("author")) if post else None
    except PayloadError:
        return None
    return (author, str(post.get("url"))) if post and author else None


ARCHIVE = Archive(
    kind=f"{NETWORK}-takeout",
    label=N_("Google+ in a Takeout archive"),
    recognizes=recognizes,
    owner=owner,
    items=items,
    translate=records,
)
