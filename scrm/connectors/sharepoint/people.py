"""Who wrote: people as the directory knows them, looked up by id or by the name they sign in with.

Properties: microsoft-graph metadata v1.0 of 2026-08-20 (read 2026-11-23); unasked only a few are shown. A login name
is a claim, `i:0#.f|membership|ada@contoso.com`; that of a guest holds `#ext#`, so it is no address (from memory).
"""

from collections.abc import Iterable, Iterator
from urllib.parse import quote

from scrm.connectors.base import Api
from scrm.connectors.payload import Payload
from scrm.connectors.sharepoint.client import GRAPH, Item, got
from scrm.errors import GoneError
from scrm.records import Key, ProfileRecord

NETWORK = "sharepoint"
SHOWN = "id,displayName,mail,userPrincipalName,jobTitle,companyName,city,country,preferredLanguage,userType"
GUEST = "#ext#"


def directory(api: Api, names: Iterable[str | None]) -> list[Item]:
    """Those of these people (ids, or names to sign in with) whom the directory still knows."""
    found: dict[str, Item] = {}
    for name in dict.fromkeys(filter(None, names)):
        try:
            user = got(api, f"{GRAPH}/users/{quote(name, safe='@')}", {"$select": SHOWN})
        except GoneError:
            continue
        found[user.text("id")] = {field: value for field, value in user.raw().items() if not field.startswith("@")}
    return list(found.values())


def upn(login_name: str) -> str:
    """The name to sign in with, out of a claim."""
    return login_name.rpartition("|")[2].lower()


class People:
    """The people that an item came with."""

    def __init__(self, item: Payload) -> None:
        users = [(user.text("id"), user) for user in item.children("people")]
        self._by_id = dict(users)
        self._by_upn = {user.text("userPrincipalName").lower(): user for _, user in users}

    def by_identity(self, identity: Payload) -> ProfileRecord:
        """Whom Graph names, as in `createdBy.user`."""
        number = identity.text("id")
        if number in self._by_id:
            return profile(self._by_id[number])
        return ProfileRecord(
            key=key(number),
            display_name=identity.optional_text("displayName"),
            email=identity.optional_text("email"),
            full=False,
        )

    def by_login(self, person: Payload) -> ProfileRecord:
        """Whom SharePoint names; somebody who left the directory keeps the login name as an identity."""
        login_name = person.text("loginName").lower()
        name = upn(login_name)
        if name in self._by_upn:
            return profile(self._by_upn[name])
        return ProfileRecord(
            key=key(login_name),
            handle=None if GUEST in name or "@" not in name else name,
            display_name=person.optional_text("name"),
            title=person.optional_text("jobTitle"),
            email=person.optional_text("email"),
            full=False,
        )

    def by_id(self, number: str) -> ProfileRecord:
        """Somebody of whom nothing but the id may be at hand."""
        return profile(self._by_id[number]) if number in self._by_id else ProfileRecord(key=key(number), full=False)


def key(native_id: str) -> Key:
    return Key(network=NETWORK, native_id=native_id)


def profile(user: Payload) -> ProfileRecord:
    """A person of the directory. Its e-mail is the directory's word; a guest's sign-in name says nothing of one."""
    mail = user.optional_text("mail")
    name = user.text("userPrincipalName").lower()
    places = (user.optional_text("city"), user.optional_text("country"))
    return ProfileRecord(
        key=key(user.text("id")),
        handle=mail if GUEST in name else name,
        display_name=user.optional_text("displayName"),
        title=user.optional_text("jobTitle"),
        company=user.optional_text("companyName"),
        location=", ".join(filter(None, places)) or None,
        email=mail,
        email_verified=mail is not None,
        language=user.optional_text("preferredLanguage"),
    )


def logins(persons: Iterable[Item]) -> Iterator[str | None]:
    """The sign-in names of people as SharePoint names them; nothing for one that makes no sense."""
    for person in persons:
        name = person.get("loginName")
        yield upn(name) if isinstance(name, str) and "@" in name else None
