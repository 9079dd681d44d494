"""What is deployed to an org: the folder `salesforce/` in source format, put together as the Metadata API takes it.

In source format every field is a file; the Metadata API wants an object with all its fields in one, and a list of
everything (`package.xml`).
"""

import io
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

from scrm.errors import ConfigError
from scrm.i18n import N_, gettext
from scrm.sync.crm.salesforce.shape import Shape

FOLDER = Path(__file__).parents[4] / "salesforce" / "force-app" / "main" / "default"
SPACE = "http://soap.sforce.com/2006/04/metadata"
PARTS = {"fields": "CustomField", "listViews": "ListView", "validationRules": "ValidationRule"}  # of an object
FILES = {  # folder: type, and the ending that files have in a deployment
    "labels": ("CustomLabels", "labels"),
    "layouts": ("Layout", "layout"),
    "permissionsets": ("PermissionSet", "permissionset"),
    "reportTypes": ("ReportType", "reportType"),
    "tabs": ("CustomTab", "tab"),
    "translations": ("Translations", "translation"),
}
TRANSLATIONS = "translations/"  # where Salesforce says that a fault is
LOOKS = frozenset({"layouts", "listViews"})  # an organization changes them to its taste: never deployed twice
META = "-meta.xml"


@dataclass(frozen=True, kw_only=True)
class Package:
    """What will be deployed: names by type, and the archive."""

    members: Mapping[str, tuple[str, ...]]
    archive: bytes


def build(shape: Shape, version: str, folder: Path = FOLDER, *, is_translated: bool = True) -> Package:
    """Put the deployment together; looks of objects that exist already are left as they are. Raises ConfigError.

    An org takes translations only of languages that are switched on there; else the whole deployment fails.
    """
    if not folder.is_dir():
        raise ConfigError([gettext(N_("the folder salesforce/ is missing; it comes with the sources of scrm"))])
    files: dict[str, bytes] = {}
    members: dict[str, list[str]] = {}
    for place in sorted((folder / "objects").iterdir()):
        is_new = place.name not in shape.objects
        files[f"objects/{place.name}.object"] = _object(place, is_new=is_new, members=members)
        members.setdefault("CustomObject", []).append(place.name)
    for name, (kind, ending) in FILES.items():
        for file in _sources(folder / name, f".{ending}{META}"):
            full = file.name.removesuffix(f".{ending}{META}")
            if name == "translations" and not is_translated:
                continue
            if name in LOOKS and full.partition("-")[0] in shape.objects:
                continue
            files[f"{name}/{full}.{ending}"] = file.read_bytes()
            members.setdefault(kind, []).append(full)
    for component in sorted(one for one in (folder / "lwc").iterdir() if one.is_dir()):
        members.setdefault("LightningComponentBundle", []).append(component.name)
        files |= {
            f"lwc/{component.name}/{file.name}": file.read_bytes() for file in component.iterdir() if file.is_file()
        }
    files["package.xml"] = _manifest(members, version)
    return Package(members={kind: tuple(names) for kind, names in members.items()}, archive=_zip(files))


def new_fields(package: Package, shape: Shape) -> list[str]:
    """Which of the package's fields the org does not have, or does not show us."""
    names = (name.partition(".") for name in package.members["CustomField"])
    return [f"{name}.{field}" for name, _dot, field in names if field not in shape.fields(name)]


def _object(place: Path, *, is_new: bool, members: dict[str, list[str]]) -> bytes:
    root = ET.parse(place / f"{place.name}.object{META}").getroot()  # noqa: S314 - a file of ours
    for part, kind in PARTS.items():
        if part in LOOKS and not is_new:
            continue
        for file in _sources(place / part, META):
            child = ET.parse(file).getroot()  # noqa: S314 - a file of ours
            child.tag = f"{{{SPACE}}}{part}"
            root.append(child)
            full = file.name.partition(".")[0]
            members.setdefault(kind, []).append(f"{place.name}.{full}")
    return _xml(root)


def _manifest(members: Mapping[str, Iterable[str]], version: str) -> bytes:
    root = ET.Element(f"{{{SPACE}}}Package")
    for kind, names in sorted(members.items()):
        types = ET.SubElement(root, f"{{{SPACE}}}types")
        for name in sorted(names):
            ET.SubElement(types, f"{{{SPACE}}}members").text = name
        ET.SubElement(types, f"{{{SPACE}}}name").text = kind
    ET.SubElement(root, f"{{{SPACE}}}version").text = version
    return _xml(root)


def _sources(folder: Path, ending: str) -> list[Path]:
    return sorted(file for file in folder.iterdir() if file.name.endswith(ending)) if folder.is_dir() else []


def _xml(root: ET.Element) -> bytes:
    ET.register_namespace("", SPACE)
    data: bytes = ET.tostring(root, encoding="UTF-8", xml_declaration=True)
    return data


def _zip(files: Mapping[str, bytes]) -> bytes:
    """The same files always give the same archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), data)
    return out.getvalue()
