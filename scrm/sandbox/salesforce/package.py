"""What a package of metadata holds: the components of a zip as the Metadata API takes it, or of a source folder.

The API takes `package.xml` with whole objects (`objects/X__c.object`); the source form, one file for each field, is
what the command line converts before it deploys, and the API refuses.
https://developer.salesforce.com/docs/atlas.en-us.api_meta.meta/api_meta/, read 2026-11-24.
"""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NESTED = {"fields": "CustomField", "validationRules": "ValidationRule"}
FOLDERS = {
    "objects": "CustomObject",
    "permissionsets": "PermissionSet",
    "applications": "CustomApplication",
    "classes": "ApexClass",
    "cspTrustedSites": "CspTrustedSite",
    "flexipages": "FlexiPage",
    "flows": "Flow",
    "labels": "CustomLabels",
    "layouts": "Layout",
    "lwc": "LightningComponentBundle",
    "namedCredentials": "NamedCredential",
    "remoteSiteSettings": "RemoteSiteSetting",
    "reportTypes": "ReportType",
    "tabs": "CustomTab",
    "translations": "Translations",
    "triggers": "ApexTrigger",
    "workflows": "Workflow",
}
IMPORTED = re.compile(r"""["']@salesforce/label/c\.(\w+)["']""")
READ = {"PermissionSet": ".permissionset", "CustomLabels": ".labels", "Translations": ".translation"}  # whole files
LARGEST_FILE = 10_000_000


class PackageError(ValueError):
    """The package as a whole cannot be read."""


@dataclass(frozen=True, kw_only=True)
class Component:
    """One thing to deploy: `name` is `Object`, `Object.Field` or of a file; `xml` is None where not read.

    `labels` are those that the code of a Lightning component names.
    """

    kind: str
    name: str
    file: str
    xml: ET.Element | None
    labels: tuple[str, ...] = ()


def read_zip(data: bytes) -> list[Component]:
    """Read a package for the Metadata API; raises PackageError."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except zipfile.BadZipFile:
        raise PackageError("Error: Not a zip file") from None
    with archive:
        files = {item.filename: item for item in archive.infolist() if not item.is_dir()}
        if any(item.file_size > LARGEST_FILE for item in files.values()):
            raise PackageError("Error: A file of the package is too large")
        if "package.xml" not in files:
            raise PackageError("No package.xml found")
        members = _members(parse_xml(archive.read("package.xml")))
        found = []
        for name in sorted(set(files) - {"package.xml"}):
            found += list(_in_zip(name, archive.read(name)))
    _check_members(members, found)
    return found


def _members(package: ET.Element) -> dict[str, set[str]]:
    return {
        text(types, "name"): {member.text or "" for member in types.findall("members")}
        for types in package.findall("types")
    }


def _check_members(members: dict[str, set[str]], found: list[Component]) -> None:
    for kind in ("CustomObject", "PermissionSet"):
        there = {one.name for one in found if one.kind == kind}
        named = members.get(kind, set())
        if missing := sorted(named - there - {"*"}):
            raise PackageError(f"Entity of type '{kind}' named '{missing[0]}' cannot be found")
        if "*" not in named and (extra := sorted(there - named)):
            raise PackageError(f"An object '{extra[0]}' of type {kind} was found in zip, but not in package.xml")


def _in_zip(name: str, data: bytes) -> Iterator[Component]:
    folder, _, file = name.partition("/")
    if folder not in FOLDERS:
        raise PackageError(f"Unknown folder in package: {folder}")
    kind = FOLDERS[folder]
    if kind == "CustomObject":
        if not re.fullmatch(r"\w+\.object", file):
            raise PackageError(f"Unexpected file in package: {name}")
        yield from _object(file.removesuffix(".object"), name, parse_xml(data))
    elif kind in READ:
        yield Component(kind=kind, name=file.removesuffix(READ[kind]), file=name, xml=parse_xml(data))
    else:
        labels = tuple(IMPORTED.findall(data.decode())) if name.endswith(".js") else ()
        yield Component(kind=kind, name=file, file=name, xml=None, labels=labels)


def _object(name: str, file: str, xml: ET.Element) -> Iterator[Component]:
    yield Component(kind="CustomObject", name=name, file=file, xml=xml)
    for tag, kind in NESTED.items():
        for inner in xml.findall(tag):
            yield Component(kind=kind, name=f"{name}.{text(inner, 'fullName')}", file=file, xml=inner)


def read_source(folder: Path) -> list[Component]:
    """Read a source folder, as the command line would before it converts it."""
    found = []
    for file in sorted(folder.rglob("objects/*/*.object-meta.xml")):
        found += list(_object(file.parent.name, file.name, parse_xml(file.read_bytes())))
    for pattern, kind in (("fields/*.field-meta.xml", "CustomField"), ("validationRules/*.xml", "ValidationRule")):
        for file in sorted(folder.rglob(f"objects/*/{pattern}")):
            xml = parse_xml(file.read_bytes())
            name = f"{file.parents[1].name}.{text(xml, 'fullName')}"
            found.append(Component(kind=kind, name=name, file=file.name, xml=xml))
    for file in sorted(folder.rglob("permissionsets/*.permissionset-meta.xml")):
        name = file.name.removesuffix(".permissionset-meta.xml")
        found.append(Component(kind="PermissionSet", name=name, file=file.name, xml=parse_xml(file.read_bytes())))
    return found


def parse_xml(data: bytes) -> ET.Element:
    """Parse XML without a document type, and drop its namespaces; raises PackageError."""
    if b"<!DOCTYPE" in data[:1000]:
        raise PackageError("Error: DOCTYPE is not allowed")
    try:
        root = ET.fromstring(data)  # noqa: S314 - entities need a document type
    except ET.ParseError as exc:
        raise PackageError(f"Error parsing file: {exc}") from None
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    return root


def text(xml: ET.Element, path: str, default: str = "") -> str:
    """Return the text of a child, stripped."""
    return (xml.findtext(path) or default).strip()


def is_true(xml: ET.Element, path: str) -> bool:
    return text(xml, path) == "true"
