"""The calls of Graph beside Viva Engage: communities, their owners and members, people of the directory.

Properties from schemas/v1.0-Prod.csdl of microsoftgraph/msgraph-metadata (read 2026-11-23); which come without
`$select` and the names of permissions from memory, 2026-11-24. Guests have `#EXT#` in their principal name. People
from another network are no guests of the directory.
"""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from flask import Response, jsonify, request

from scrm.sandbox.yammer.errors import bad_request, not_found
from scrm.sandbox.yammer.gate import asked_number, current_user, need

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from scrm.sandbox.yammer.state import Group, State, User
    from scrm.sandbox.yammer.views import Json

CONTEXT = "https://graph.microsoft.com/v1.0/$metadata#"
COMMUNITIES_A_PAGE, PEOPLE_A_PAGE = 20, 100
READ_PEOPLE = ("User.Read.All", "User.ReadBasic.All", "Directory.Read.All")
FIRST = (
    *("businessPhones", "displayName", "givenName", "jobTitle", "mail", "mobilePhone", "officeLocation"),
    *("preferredLanguage", "surname", "userPrincipalName", "id"),
)
EQUAL = re.compile(r"(mail|userPrincipalName|displayName) eq '((?:[^']|'')*)'")
EXPANDABLE = frozenset({"owners", "group"})


def principal_name(user: User, domain: str) -> str:
    if not user.is_guest:
        return user.email
    local = user.name if user.has_fake_email else user.email.replace("@", "_")
    return f"{local}#EXT#@{domain}"


class GraphReader:
    """Answers what the gate let through; the caller holds the lock."""

    def __init__(self, state: State, address: Callable[[], str]) -> None:
        self._state = state
        self._address = address

    def views(self) -> dict[str, Callable[..., Response]]:
        """Return the answering functions by rule, without `/v1.0/`."""
        return {
            "me": self._me,
            "users": self._users,
            "users/<name>": self._user,
            "groups/<name>/members": self._members,
            "employeeExperience/communities": self._communities,
            "employeeExperience/communities/<name>": self._community,
            "employeeExperience/communities/<name>/owners": self._owners,
        }

    def _me(self) -> Response:
        need("User.Read", *READ_PEOPLE)
        return self._one("users", self._person(current_user()), FIRST)

    def _users(self) -> Response:
        need(*READ_PEOPLE)
        people = [self._person(one) for one in self._directory()]
        if wanted := request.args.get("$filter"):
            match = EQUAL.fullmatch(wanted)
            if match is None:
                raise bad_request(f"Unsupported filter: {wanted}")
            name, value = match[1], match[2].replace("''", "'").casefold()
            people = [one for one in people if str(one[name]).casefold() == value]
        return self._many("users", people, PEOPLE_A_PAGE, FIRST)

    def _user(self, name: str) -> Response:
        need(*READ_PEOPLE)
        for one in self._directory():
            person = self._person(one)
            if name.casefold() in {one.guid, str(person["userPrincipalName"]).casefold()}:
                return self._one("users", person, FIRST)
        raise not_found()

    def _members(self, name: str) -> Response:
        need("GroupMember.Read.All", "Group.Read.All", "Directory.Read.All")
        group = next((one for one in self._state.groups.values() if one.guid == name), None)
        if group is None:
            raise not_found()
        inside = [one for one in self._directory() if one.id in group.members]
        people = [{"@odata.type": "#microsoft.graph.user", **self._person(one)} for one in inside]
        return self._many("directoryObjects", people, PEOPLE_A_PAGE, ("@odata.type", *FIRST))

    def _communities(self) -> Response:
        need("Community.Read.All")
        communities = [self._shown(one) for one in self._state.groups.values()]
        if order := request.args.get("$orderby"):
            communities.sort(key=lambda one: str(one["displayName"]), reverse=order.endswith(" desc"))
        return self._many("employeeExperience/communities", communities, COMMUNITIES_A_PAGE)

    def _community(self, name: str) -> Response:
        need("Community.Read.All")
        return self._one("employeeExperience/communities", self._shown(self._named(name)))

    def _owners(self, name: str) -> Response:
        need("Community.Read.All")
        owner = self._person(self._named(name).creator)
        return self._many("users", [owner], PEOPLE_A_PAGE, FIRST)

    def _named(self, name: str) -> Group:
        group = next((one for one in self._state.groups.values() if one.community_id == name), None)
        if group is None:
            raise not_found()
        return group

    def _directory(self) -> list[User]:
        return [one for one in self._state.users.values() if one.home is self._state.network]

    def _shown(self, group: Group) -> Json:
        shown: Json = {
            "id": group.community_id,
            "displayName": group.full_name,
            "description": group.description,
            "privacy": group.privacy,
            "groupId": group.guid,
        }
        expanded = set(filter(None, request.args.get("$expand", "").split(",")))
        if expanded - EXPANDABLE:
            raise bad_request(f"Could not find a property named '{min(expanded - EXPANDABLE)}'")
        if "owners" in expanded:
            shown["owners"] = [_selected(self._person(group.creator), FIRST)]
        if "group" in expanded:
            shown["group"] = {"id": group.guid, "displayName": group.full_name}
        return shown

    def _person(self, user: User) -> Json:
        person = user.person
        mail = None if user.has_fake_email else user.email
        return {
            "id": user.guid,
            "displayName": user.full_name,
            "givenName": user.first_name,
            "surname": user.last_name,
            "mail": mail,
            "userPrincipalName": principal_name(user, self._state.network.domain),
            "otherMails": [mail] if mail and user.is_guest else [],
            "proxyAddresses": [f"SMTP:{mail}"] if mail else [],
            "jobTitle": person.title or None,
            "companyName": person.company or None,
            "department": None,
            "officeLocation": None,
            "city": person.city or None,
            "state": None,
            "country": person.country or None,
            "mobilePhone": None,
            "businessPhones": [],
            "preferredLanguage": person.language,
            "userType": "Guest" if user.is_guest else "Member",
            "accountEnabled": True,
            "createdDateTime": user.created_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }

    def _one(self, kind: str, entity: Json, first: Sequence[str] = ()) -> Response:
        return jsonify({"@odata.context": f"{CONTEXT}{kind}/$entity", **_selected(entity, first)})

    def _many(self, kind: str, entities: Sequence[Json], size: int, first: Sequence[str] = ()) -> Response:
        start, size = _place(), asked_number("$top") or size
        body: dict[str, Any] = {"@odata.context": f"{CONTEXT}{kind}"}
        if request.args.get("$count") == "true":
            body["@odata.count"] = len(entities)
        if len(entities) > start + size:
            token = base64.urlsafe_b64encode(f"place:{start + size}".encode()).decode()
            query = urlencode({**request.args.to_dict(), "$skiptoken": token})
            body["@odata.nextLink"] = f"{self._address()}{request.path}?{query}"
        body["value"] = [_selected(one, first) for one in entities[start : start + size]]
        return jsonify(body)


def _place() -> int:
    token = request.args.get("$skiptoken")
    if token is None:
        return 0
    try:
        return int(base64.urlsafe_b64decode(token).decode().removeprefix("place:"))
    except ValueError as exc:
        raise bad_request("The $skiptoken is invalid.") from exc


def _selected(entity: Json, first: Sequence[str]) -> Json:
    wanted = list(filter(None, request.args.get("$select", "").split(",")))
    unknown = [name for name in wanted if name not in entity]
    if unknown:
        raise bad_request(f"Could not find a property named '{unknown[0]}'")
    if not wanted:
        return {name: value for name, value in entity.items() if not first or name in first}
    kept = {"id", "@odata.type", "owners", "group", *wanted}
    return {name: value for name, value in entity.items() if name in kept}
