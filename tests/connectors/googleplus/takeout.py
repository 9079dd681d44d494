"""Takeout archives of Google+ in all their sorts: JSON, two kinds of pages; zip, tgz, folder. Invented people."""

import io
import json
import tarfile
import zipfile
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

from scrm.connectors.googleplus.archive import ARCHIVE
from scrm.connectors.payload import Payload
from scrm.records import InteractionRecord, ProfileRecord, Record

SITE = "https://plus.google.com"
US, BEA, CEM = "100000000000000000001", "100000000000000000002", "100000000000000000003"
NAMES = {US: "Nordwerk GmbH", BEA: "Bea Öz", CEM: "Cem <Test> & Co"}
CODE = "AbCdEfGhIjK"
STREAM = "Takeout/Google+ Stream/Posts"
AUTHOR = ' class="author"'
LOG = "Takeout/Google+ Stream/ActivityLog"


def who(number: str, **changed: Any) -> dict[str, Any]:
    return {
        "displayName": NAMES[number],
        "profilePageUrl": f"{SITE}/{number}",
        "avatarImageUrl": "https://photos.example/p.jpg",
        "resourceName": f"users/{number}",
        **changed,
    }


def post(code: str = CODE, author: str = US, **changed: Any) -> dict[str, Any]:
    return {
        "url": f"{SITE}/{author}/posts/{code}",
        "creationTime": "2014-06-30 14:04:00+0000",
        "updateTime": "2014-07-01 08:06:58+0000",
        "author": who(author),
        "content": "First line<br>and a second",
        "comments": [comment(BEA, "Nice &amp; clear!"), comment(US, "Thanks", second=40)],
        "resourceName": f"users/{author}/posts/Ugj{code}",
        "plusOnes": [{"plusOner": who(CEM)}],
        "reshares": [{"resharer": who(BEA)}],
        "postAcl": {"visibleToStandardAcl": {"circles": [{"type": "CIRCLE_TYPE_PUBLIC"}]}},
        **changed,
    }


def comment(author: str, text: str, *, second: int = 39) -> dict[str, Any]:
    return {
        "creationTime": f"2014-07-01 01:51:{second}+0000",
        "author": who(author),
        "content": text,
        "postUrl": f"{SITE}/{US}/posts/{CODE}",
        "resourceName": f"users/{US}/posts/Ugj{CODE}/comments/c{second}",
    }


def _link(person: Mapping[str, Any], attributes: str = "") -> str:
    return f'<a href="{person["profilePageUrl"]}"{attributes}>{escape(person["displayName"])}</a>'


def page(found: Mapping[str, Any]) -> str:
    """The same post as a page marked by classes."""
    comments = "".join(
        f'<div class="comment">{_link(one["author"], AUTHOR)}'
        f'<span class="time"> - {one["creationTime"]}</span><div class="comment-content">{one["content"]}</div></div>'
        for one in found["comments"]
    )
    liked = ", ".join(_link(one["plusOner"]) for one in found["plusOnes"])
    shared = ", ".join(_link(one["resharer"]) for one in found["reshares"])
    return (
        '<html><head><meta charset="utf-8"><title>First</title><style>.author {color: red}</style></head><body>'
        f'<div><div><img class="author-photo" src="x.jpg">{_link(found["author"], AUTHOR)} - '
        f'<a target="_blank" href="{found["url"]}">{found["creationTime"]}</a>'
        f'<span> - Updated: {found["updateTime"]}</span></div><div class="main-content">{found["content"]}</div>'
        f'<div class="visibility">Shared with: Public</div><div class="post-activity"><div class="plus-oners">'
        f'+1\'d by: {liked}</div><div class="resharers">Reshared by: {shared}</div></div>'
        f'<div class="comments">{comments}</div></div></body></html>'
    )


def marked_page(found: Mapping[str, Any]) -> str:
    """The same post as a page marked by itemprop, with its times in ISO format."""

    def author(one: Mapping[str, Any]) -> str:
        return (
            f'<div itemprop="author" itemscope itemtype="http://schema.org/Person"><a itemprop="url" '
            f'href="{one["profilePageUrl"]}"><span itemprop="name">{escape(one["displayName"])}</span></a></div>'
        )

    comments = "".join(
        f'<div itemscope itemtype="http://schema.org/Comment">{author(one["author"])}'
        f'<span itemprop="dateCreated">{one["creationTime"].replace(" ", "T")}</span>'
        f'<div itemprop="text">{one["content"]}</div></div>'
        for one in found["comments"]
    )
    return (
        f'<html><body itemscope itemid="{found["url"]}"><div>{author(found["author"])}'
        f'<span itemprop="dateCreated">{found["creationTime"].replace(" ", "T")}</span></div>'
        f'<div class="main-content"><div itemprop="text">{found["content"]}</div></div>'
        f'<div class="visibility">Shared with: Public</div><div class="comments">{comments}</div></body></html>'
    )


def saved(folder: Path, files: Mapping[str, Any], kind: str = "zip") -> Path:
    """An archive of that kind; what is not text already is written as JSON."""
    bodies = {
        name: body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
        for name, body in files.items()
    }
    target = folder / f"takeout-{kind}"
    if kind == "folder":
        for name, body in bodies.items():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            (target / name).write_bytes(body)
    elif kind == "zip":
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
            for name, body in bodies.items():
                made.writestr(name, body)
    else:
        with tarfile.open(target, "w:gz") as made:
            for name, body in bodies.items():
                entry = tarfile.TarInfo(name)
                entry.size = len(body)
                made.addfile(entry, io.BytesIO(body))
    return target


def records(file: Path) -> list[Record]:
    owner = ARCHIVE.owner(file)
    return [record for item, _ in ARCHIVE.items(file, None) for record in ARCHIVE.translate(Payload(item), owner)]


def interactions(file: Path) -> dict[str, InteractionRecord]:
    return {one.key.native_id: one for one in records(file) if isinstance(one, InteractionRecord)}


def profiles(file: Path) -> dict[str, ProfileRecord]:
    return {one.key.native_id: one for one in records(file) if isinstance(one, ProfileRecord)}
