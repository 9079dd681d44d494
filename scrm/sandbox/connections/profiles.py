"""Profiles: people as hCards (or vCards) in Atom, the search for them, and the two documents that say who asks.

An administrator may hide e-mail addresses: then they are nowhere, and `email=` is an invalid request (IBM
Connections 3.0 documentation, "Common parameters", read 2026-11-24).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from scrm.sandbox.connections.errors import RefusedError
from scrm.sandbox.connections.feeds import VERSION
from scrm.sandbox.connections.paging import counts, cut, links
from scrm.sandbox.connections.xml import (
    ATOM,
    DECLARATION,
    NAMESPACES,
    SN,
    category,
    link,
    millis,
    stamp,
    tag,
    text,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from scrm.sandbox.connections.asking import Asking
    from scrm.sandbox.connections.state import Account

ORDER = ("name", "userid", "email", "state", "external")
SPACES = {**NAMESPACES, "xmlns:fh": "http://purl.org/syndication/history/1.0"}
SERVICE = "application/atomsvc+xml;charset=UTF-8"
MOST = 250
HIDDEN = {"style": "display:none"}
COUNTRIES = {"DE": "Germany", "AT": "Austria", "CH": "Switzerland", "TR": "Türkiye", "US": "United States"}


def profile(asking: Asking) -> tuple[str, str]:
    """Give one profile, or several by e-mail addresses with commas between."""
    name = next(name for name in ("email", "userid", "key") if name in asking.query)
    found = asking.people(name, asking.query[name])
    if not found:
        raise RefusedError(404)
    title = f"profile with {name} {asking.query[name]}"
    return _feed(asking, found, title, tag("fh:complete") + _around(asking, found[0])), ATOM


def _around(asking: Asking, account: Account) -> str:
    """Link from somebody's profile to the board and the stream of what they take part in."""
    board = f"{asking.origin}/profiles/atom/mv/theboard/entries.do?key={account.key}"
    stream = f"{asking.origin}/connections/opensocial/rest/activitystreams/{account.userid}/@involved/@all"
    return (
        link(f"{SN}/mv/theboard", board)
        + link("http://activitystrea.ms/spec/1.0/", stream)
        + link("self", asking.address())
    )


def people(asking: Asking) -> tuple[str, str]:
    """Search people; every parameter narrows, % stands for one character and * for any."""
    if not set(asking.query) - {"page", "ps", "activeUsersOnly", "format", "output"}:
        raise RefusedError(400, fault="a search for people needs a parameter to search by")
    found = sorted(
        (one for one in asking.state.accounts.values() if _matches(asking, one)), key=lambda one: one.name.lower()
    )
    page = cut(found, asking.query, usual=10, most=MOST)
    head = counts(page) + links(page, asking)
    title = "profiles where " + " ".join(f"{name}={value}" for name, value in asking.query.items())
    return _feed(asking, page.items, title, head), ATOM


def _matches(asking: Asking, account: Account) -> bool:
    person = account.person
    told = {
        "name": account.name,
        "email": asking.email_of(account) or "",
        "phone": "",
        "city": person.city,
        "country": person.country,
        "jobTitle": person.title,
        "organization": person.company,
        "profileTags": "",
        "userid": account.userid,
        "search": f"{account.name} {person.title} {person.company} {account.about}",
    }
    if asking.query.get("activeUsersOnly") == "true" and not account.is_active:
        return False
    return all(
        _wanted(value, is_anywhere=name == "search")(told[name])
        for name, value in asking.query.items()
        if name in told
    )


def _wanted(words: str, *, is_anywhere: bool) -> Callable[[str], bool]:
    signs = {"%": ".", "*": ".*"}
    pattern = re.compile("".join(signs.get(sign, re.escape(sign)) for sign in words.strip()), re.IGNORECASE)
    # a search finds words, another parameter the beginning of a value
    return lambda value: bool(pattern.search(value) if is_anywhere else pattern.match(value))


def service(asking: Asking) -> tuple[str, str]:
    """Give the service document of a person, the one who asks if none is named."""
    account = asking.whose() or asking.viewer
    collection = tag(
        "collection",
        text("atom:title", account.name) + text("snx:userid", account.userid),
        {"href": f"{asking.origin}/profiles/atom/profile.do?userid={account.userid}"},
    )
    spaces = {"xmlns": NAMESPACES["xmlns:app"], "xmlns:atom": NAMESPACES["xmlns"], "xmlns:snx": SN}
    workspace = tag("workspace", text("atom:title", account.name) + collection)
    return DECLARATION + tag("service", workspace, spaces), SERVICE


def configuration(asking: Asking) -> tuple[str, str]:
    """Tell where each application is, and by one category whether e-mail addresses are shown."""
    exposed = "" if asking.hides_emails else category("email-exposed", "configuration")
    parts = "".join(
        tag(
            "entry",
            text("title", name, {"type": "text"})
            + text("id", name)
            + link("http://www.ibm.com/xmlns/prod/sn/alternate-ssl", f"{asking.origin}/{name}", "")
            + link("alternate", f"{asking.origin}/{name}", ""),
        )
        for name in ("profiles", "communities", "forums", "blogs", "opensocial", "microblogging")
    )
    content = (
        text("title", "IBM Connections Service Configurations", {"type": "text"})
        + tag("generator", "IBM Connections - Configuration", {"uri": SN, "version": VERSION})
        + text("updated", stamp(asking.now))
        + exposed
        + parts
    )
    return DECLARATION + tag("feed", content, NAMESPACES), ATOM


def _feed(asking: Asking, accounts: Sequence[Account], title: str, head: str) -> str:
    content = (
        text("id", "tag:profiles.ibm.com,2006:feed")
        + tag("generator", "IBM Connections - Profiles", {"version": VERSION, "uri": SN})
        + text("title", title, {"type": "text"})
        + tag("author", text("name", "IBM Connections - Profiles"))
        + text("updated", stamp(asking.now))
        + head
        + "".join(_entry(asking, one) for one in accounts)
    )
    return DECLARATION + tag("feed", content, SPACES)


def _entry(asking: Asking, account: Account) -> str:
    base = f"{asking.origin}/profiles"
    photo = f"{base}/photo.do?key={account.key}&lastMod={millis(account.changed)}"
    return tag(
        "entry",
        text("id", f"tag:profiles.ibm.com,2006:entry{account.key}")
        + text("title", account.name, {"type": "text"})
        + text("updated", stamp(account.changed))
        + category("profile")
        + asking.person("contributor", account, ORDER)
        + link("self", f"{base}/atom/profile.do?key={account.key}")
        + link("related", f"{base}/html/profileView.do?key={account.key}", "text/html")
        + link(f"{SN}/image", photo, "image")
        + link("alternate", f"{base}/vcard/profile.do?key={account.key}", "text/directory")
        + text("summary", f"Profile information for {account.name}", {"type": "text"})
        + _card(asking, account, photo),
    )


def _card(asking: Asking, account: Account, photo: str) -> str:
    if asking.query.get("output") == "vcard":
        return text("content", _vcard(asking, account), {"type": "text"})
    person, email = account.person, asking.email_of(account)
    page = f"{asking.origin}/profiles/atom/profile.do?key={account.key}"
    parts = [
        tag("div", tag("img", "", {"src": photo, "class": "photo"})),
        tag("div", text("a", account.name, {"class": "fn url", "href": page})),
        tag("div", text("a", email, {"class": "email", "href": f"mailto:{email}"})) if email else "",
        tag("div", "", {"class": "x-groupwareMail", **HIDDEN}),
        tag("div", text("span", person.company, {"class": "organization-unit"}), {"class": "org"}),
        text("div", "", {"class": "role"}),
        text("div", person.title, {"class": "title"}),
        _address(account),
        _office(),
        _phone(),
        tag("div", "", {"class": "x-manager-uid", **HIDDEN}),
        tag("div", "", {"class": "x-is-manager", **HIDDEN}),
        text("div", account.key, {"class": "x-profile-key"}),
        text("div", account.userid, {"class": "uid"}),
        text("div", account.login, {"class": "x-profile-uid"}),
        text("div", account.userid, {"class": "x-lconn-userid"}),
        text("div", stamp(account.changed), {"class": "rev", **HIDDEN}),
        text("div", "default", {"class": "x-profile-type", **HIDDEN}),
    ]
    if asking.query.get("format") == "full":
        parts.append(text("div", account.about, {"class": "x-description"}))
    card = tag("span", "".join(parts), {"class": "vcard"})
    xhtml = "http://www.w3.org/1999/xhtml"
    return tag("content", tag("sp_0:div", card, {"xmlns": xhtml, "xmlns:sp_0": xhtml}), {"type": "xhtml"})


def _address(account: Account) -> str:
    person = account.person
    return tag(
        "div",
        text("div", "", {"class": "street-address"})
        + text("div", "", {"class": "extended-address x-streetAddress2"})
        + text("span", person.city, {"class": "locality"})
        + text("span", "", {"class": "region"})
        + text("span", "", {"class": "postal-code"})
        + text("div", COUNTRIES.get(person.country, person.country), {"class": "country-name"})
        + text("div", person.country.lower(), {"class": "x-country-code", **HIDDEN}),
        {"class": "adr work postal"},
    )


def _office() -> str:
    parts = ("x-building", "x-floor", "x-office-number")
    return tag("div", "".join(tag("span", "", {"class": name}) for name in parts), {"class": "x-office"})


def _phone() -> str:
    kind = text("abbr", "Work:", {"class": "type", "title": "work"})
    return tag("div", kind + tag("span", "", {"class": "value"}), {"class": "tel"})


def _vcard(asking: Asking, account: Account) -> str:
    person, email = account.person, asking.email_of(account)
    lines = [
        "BEGIN:VCARD",
        "VERSION:2.1",
        f"N:{person.last_name};{person.first_name}",
        f"FN:{account.name}",
        f"EMAIL;INTERNET:{email}" if email else None,
        f"TITLE:{person.title}",
        f"ORG:{person.company}",
        f"X_PROFILE_KEY:{account.key}",
        f"UID:{account.userid}",
        f"X_LCONN_USERID:{account.userid}",
        f"REV:{stamp(account.changed)}",
        "END:VCARD",
    ]
    return "\r\n".join(line for line in lines if line is not None)
