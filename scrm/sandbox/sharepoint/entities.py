"""What Graph shows of sites, lists, pages, items and people.

Properties: microsoft-graph metadata v1.0 of 2026-08-20 (read 2026-11-23). `createdBy.user.email` is sent although the
type does not declare it; a user's properties shown unasked, and what cannot be selected on a collection, are from
memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import escape

from scrm.sandbox.sharepoint.ids import DIRECTORY_ID, HOST, guid, stamp
from scrm.sandbox.sharepoint.odata import Entity, Resource

if TYPE_CHECKING:
    from scrm.sandbox.sharepoint.state import Item, Site, SiteList, User

_BASE = [
    "id",
    "createdBy",
    "createdDateTime",
    "description",
    "eTag",
    "lastModifiedBy",
    "lastModifiedDateTime",
    "name",
    "parentReference",
    "webUrl",
]
SITE = Resource(
    name="site",
    properties=frozenset([*_BASE, "displayName", "isPersonalSite", "root", "sharepointIds", "siteCollection"]),
)
LIST = Resource(name="list", properties=frozenset([*_BASE, "displayName", "list", "sharepointIds", "system"]))
PAGE = Resource(
    name="sitePage",
    properties=frozenset(
        [
            *_BASE,
            "pageLayout",
            "publishingState",
            "title",
            "promotionKind",
            "reactions",
            "showComments",
            "showRecommendedPages",
            "thumbnailWebUrl",
            "titleArea",
        ]
    ),
    expandable=frozenset({"canvasLayout", "webParts"}),
)
ITEM = Resource(
    name="listItem",
    properties=frozenset([*_BASE, "contentType", "deleted", "sharepointIds"]),
    shown=frozenset([*_BASE, "contentType", "deleted"]),
    expandable=frozenset({"fields"}),
    indexed=frozenset({"fields/id"}),
)
SHOWN_OF_USER = [
    "businessPhones",
    "displayName",
    "givenName",
    "id",
    "jobTitle",
    "mail",
    "mobilePhone",
    "officeLocation",
    "preferredLanguage",
    "surname",
    "userPrincipalName",
]
_ON_ONE_ONLY = frozenset(
    [
        "aboutMe",
        "birthday",
        "hireDate",
        "interests",
        "mySite",
        "pastProjects",
        "responsibilities",
        "schools",
    ]
)
_OF_USER = [
    "accountEnabled",
    "city",
    "companyName",
    "country",
    "createdDateTime",
    "creationType",
    "department",
    "employeeId",
    "employeeType",
    "externalUserState",
    "identities",
    "imAddresses",
    "mailNickname",
    "otherMails",
    "postalCode",
    "proxyAddresses",
    "state",
    "streetAddress",
    "usageLocation",
    "userType",
]
USERS = Resource(name="user", properties=frozenset([*SHOWN_OF_USER, *_OF_USER]), shown=frozenset(SHOWN_OF_USER))
USER = Resource(name="user", properties=USERS.properties | _ON_ONE_ONLY | {"skills"}, shown=USERS.shown)


def _identity(user: User) -> Entity:
    told = {"id": user.id, "displayName": user.display_name}
    return {"user": {**told, "email": user.mail} if user.mail else told}


def site_url(site: Site, base: str) -> str:
    return f"{base}/sites/{site.name}" if site.name else base


def list_url(of: SiteList, base: str) -> str:
    folder = of.name if of.is_pages else f"Lists/{of.name}"
    return f"{site_url(of.site, base)}/{folder}"


def item_url(item: Item, base: str) -> str:
    if item.list.is_pages:
        return f"{list_url(item.list, base)}/{item.file_name}"
    return f"{list_url(item.list, base)}/DispForm.aspx?ID={item.number}"


def site(of: Site, base: str) -> Entity:
    return {
        "id": of.id,
        "createdDateTime": stamp(of.created_at),
        "lastModifiedDateTime": stamp(max([of.created_at, *(one.modified_at for one in of.lists.values())])),
        "name": of.name,
        "displayName": of.display_name,
        "description": of.description,
        "webUrl": site_url(of, base),
        "isPersonalSite": False,
        "siteCollection": {"hostname": HOST},
        "sharepointIds": {"siteId": of.id.split(",")[1], "webId": of.web_id, "siteUrl": site_url(of, base)},
        **({} if of.name else {"root": {}}),
    }


def site_list(of: SiteList, base: str) -> Entity:
    return {
        "@odata.etag": f'"{of.id},{of.sequence}"',
        "id": of.id,
        "eTag": f'"{of.id},{of.sequence}"',
        "createdDateTime": stamp(of.created_at),
        "lastModifiedDateTime": stamp(of.modified_at),
        "name": of.name,
        "displayName": of.display_name,
        "description": "",
        "webUrl": list_url(of, base),
        "parentReference": {"siteId": of.site.id},
        "list": {"contentTypesEnabled": of.is_pages, "hidden": False, "template": of.template},
        "sharepointIds": {"listId": of.id, "siteId": of.site.id.split(",")[1], "webId": of.site.web_id},
    }


def reactions(of: Item) -> Entity:
    """Return the counts; nothing at all when there are none."""
    counts = {"commentCount": len(of.comments), "likeCount": len(of.likes)}
    return {**counts, "shareCount": 0} if any(counts.values()) else {}


def page(of: Item, base: str) -> Entity:
    return {
        "@odata.type": "#microsoft.graph.sitePage",
        "@odata.etag": f'"{{{of.unique_id.upper()}}},{of.version}"',
        "id": of.unique_id,
        "eTag": f'"{{{of.unique_id.upper()}}},{of.version}"',
        "createdDateTime": stamp(of.created_at),
        "lastModifiedDateTime": stamp(of.modified_at),
        "name": of.file_name,
        "webUrl": item_url(of, base),
        "title": of.title,
        "description": of.text[:255],
        "pageLayout": "article",
        "promotionKind": "newsPost",
        "showComments": True,
        "showRecommendedPages": False,
        "thumbnailWebUrl": f"{base}/_layouts/15/images/sitepagethumbnail.png",
        "createdBy": _identity(of.author),
        "lastModifiedBy": _identity(of.modified_by),
        "parentReference": {"siteId": of.list.site.id},
        "publishingState": {"level": "published", "versionId": f"{of.version}.0"},
        "reactions": reactions(of),
        "titleArea": {
            "enableGradientEffect": True,
            "layout": "plain",
            "showAuthor": True,
            "showPublishedDate": True,
            "showTextBlockAboveTitle": False,
            "textAlignment": "left",
        },
    }


def _web_part(of: Item) -> Entity:
    return {
        "@odata.type": "#microsoft.graph.textWebPart",
        "id": guid("part", of.unique_id),
        "innerHtml": f"<p>{escape(of.text)}</p>",
    }


def canvas_layout(of: Item) -> Entity:
    column = {"id": "1", "width": 12, "webparts": [_web_part(of)]}
    return {"horizontalSections": [{"id": "1", "layout": "oneColumn", "emphasis": "none", "columns": [column]}]}


def web_parts(of: Item) -> list[Entity]:
    return [_web_part(of)]


def item(of: Item, base: str) -> Entity:
    content = ("0x0101009D1CB255DA76424F860D91F20E6C4118", "Site Page") if of.list.is_pages else ("0x0100", "Item")
    return {
        "@odata.etag": f'"{of.unique_id},{of.version}"',
        "id": str(of.number),
        "eTag": f'"{of.unique_id},{of.version}"',
        "createdDateTime": stamp(of.created_at),
        "lastModifiedDateTime": stamp(of.modified_at),
        "webUrl": item_url(of, base),
        "createdBy": _identity(of.author),
        "lastModifiedBy": _identity(of.modified_by),
        "parentReference": {"id": of.list.id, "siteId": of.list.site.id},
        "contentType": {"id": content[0], "name": content[1]},
        "sharepointIds": {
            "listId": of.list.id,
            "listItemId": str(of.number),
            "listItemUniqueId": of.unique_id,
            "siteId": of.list.site.id.split(",")[1],
            "siteUrl": site_url(of.list.site, base),
            "tenantId": DIRECTORY_ID,
            "webId": of.list.site.web_id,
        },
    }


def fields(of: Item) -> Entity:
    """Return an item's columns; people stand there as their numbers in the site."""
    site = of.list.site
    columns: Entity = {
        "@odata.etag": f'"{of.unique_id},{of.version}"',
        "id": str(of.number),
        "Title": of.title,
        "ContentType": "Site Page" if of.list.is_pages else "Item",
        "Created": stamp(of.created_at),
        "Modified": stamp(of.modified_at),
        "AuthorLookupId": str(site.number_of(of.author)),
        "EditorLookupId": str(site.number_of(of.modified_by)),
        "_UIVersionString": f"{of.version}.0",
    }
    if of.list.is_pages:
        return {**columns, "FileLeafRef": of.file_name, "Description": of.text[:255], "PromotedState": 2}
    return {**columns, "Body": f"<div>{escape(of.text)}</div>", "Attachments": False}


def user(of: User, base: str) -> Entity:
    person = of.person
    return {
        "id": of.id,
        "displayName": of.display_name,
        "givenName": person.first_name,
        "surname": person.last_name,
        "mail": of.mail,
        "userPrincipalName": of.upn,
        "jobTitle": person.title or None,
        "businessPhones": [],
        "mobilePhone": None,
        "officeLocation": None,
        "preferredLanguage": None if of.is_guest else person.language,
        "accountEnabled": True,
        "city": person.city or None,
        "companyName": person.company or None,
        "country": person.country or None,
        "createdDateTime": stamp(of.created_at),
        "creationType": "Invitation" if of.is_guest else None,
        "department": None,
        "employeeId": None,
        "employeeType": None,
        "externalUserState": "Accepted" if of.is_guest else None,
        "identities": [],
        "imAddresses": [] if of.is_guest or not of.mail else [of.mail],
        "mailNickname": of.upn.partition("@")[0],
        "otherMails": [of.mail] if of.is_guest and of.mail else [],
        "postalCode": None,
        "proxyAddresses": [f"SMTP:{of.mail}"] if of.mail else [],
        "state": None,
        "streetAddress": None,
        "usageLocation": person.country or None,
        "userType": "Guest" if of.is_guest else "Member",
        "aboutMe": of.about or None,
        "birthday": "0001-01-01T08:00:00Z",
        "hireDate": "0001-01-01T08:00:00Z",
        "interests": [],
        "mySite": None if of.is_guest else f"{base}/personal/{person.key}",
        "pastProjects": [],
        "responsibilities": [],
        "schools": [],
        "skills": [],
    }
