import io
import re
import zipfile
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from scrm.errors import ConfigError
from scrm.models import RecordKind
from scrm.sync.crm.salesforce.faults import VERSION_RULE
from scrm.sync.crm.salesforce.held import ABOVE, KEY, LOOKUPS, VERSION, WRITTEN
from scrm.sync.crm.salesforce.mapping import OBJECT_OF, SUBJECT_LIMIT, TEXT_LIMIT, FieldMap
from scrm.sync.crm.salesforce.package import FOLDER, SPACE, build, new_fields
from scrm.sync.crm.salesforce.shape import INTERACTION, PROFILE, Shape

EMPTY = Shape(objects={})
TAG = f"{{{SPACE}}}"


def files(shape: Shape = EMPTY) -> dict[str, ET.Element]:
    with zipfile.ZipFile(io.BytesIO(build(shape, "68.0").archive)) as archive:
        return {
            name: ET.fromstring(archive.read(name))  # noqa: S314 - a file of ours
            for name in archive.namelist()
            if not name.startswith("lwc/")
        }


def texts(root: ET.Element, path: str) -> list[str]:
    return [element.text or "" for element in root.findall("/".join(TAG + part for part in path.split("/")))]


def field(name: str, root: ET.Element) -> dict[str, str]:
    (found,) = [one for one in root.findall(f"{TAG}fields") if one.findtext(f"{TAG}fullName") == name]
    return {child.tag.removeprefix(TAG): child.text or "" for child in found}


def test_the_list_names_what_is_in_the_archive() -> None:
    package = build(EMPTY, "68.0")
    root = files()["package.xml"]
    listed = {one.findtext(f"{TAG}name"): texts(one, "members") for one in root.findall(f"{TAG}types")}
    assert {kind: sorted(names) for kind, names in package.members.items()} == listed
    assert texts(root, "version") == ["68.0"]
    for kind, folder, ending in (("CustomObject", "objects", "object"), ("Layout", "layouts", "layout")):
        assert {f"{folder}/{name}.{ending}" for name in listed[kind]} <= set(files())


@pytest.mark.parametrize("kind", list(RecordKind))
def test_every_field_we_write_is_deployed_and_open_to_our_user(kind: RecordKind) -> None:
    found, name = files(), OBJECT_OF[kind]
    names = set(texts(found[f"objects/{name}.object"], "fields/fullName"))
    ours = {KEY, VERSION, WRITTEN, *LOOKUPS.values(), *(rule.target for rule in FieldMap().active(kind))}
    assert ours | ({ABOVE} if kind is RecordKind.INTERACTION else set()) <= names
    given = set(texts(found["permissionsets/scrm_Integration.permissionset"], "fieldPermissions/field"))
    assert {f"{name}.{one}" for one in names} <= given
    seen = set(texts(found["permissionsets/scrm_Reader.permissionset"], "fieldPermissions/field"))
    assert {f"{name}.{rule.target}" for rule in FieldMap().active(kind)} <= seen
    assert new_fields(build(EMPTY, "68.0"), EMPTY)


@pytest.mark.parametrize("name", [INTERACTION, PROFILE])
def test_the_key_is_unique_and_tells_upper_from_lower_case(name: str) -> None:
    key = field(KEY, files()[f"objects/{name}.object"])
    assert (key["externalId"], key["unique"], key["caseSensitive"]) == ("true", "true", "true")


def test_the_texts_fit_their_fields() -> None:
    root = files()[f"objects/{INTERACTION}.object"]
    assert int(field("Text__c", root)["length"]) >= 2 * TEXT_LIMIT
    assert int(field("Subject__c", root)["length"]) >= SUBJECT_LIMIT


def test_the_rule_against_older_versions_speaks_the_words_we_know() -> None:
    for name in (INTERACTION, PROFILE):
        root = files()[f"objects/{name}.object"]
        assert texts(root, "validationRules/errorMessage") == [VERSION_RULE]
        assert "PRIORVALUE(Version__c)" in texts(root, "validationRules/errorConditionFormula")[0]


def test_no_required_field_is_in_a_permission_set() -> None:
    assert not any("true" in texts(root, "fields/required") for root in files().values())


def test_looks_that_an_organization_may_have_changed_are_deployed_only_once() -> None:
    later = build(Shape(objects={INTERACTION: {"fields": {}}, PROFILE: {"fields": {}}}), "68.0").members
    assert "Layout" not in later
    assert "ListView" not in later
    assert INTERACTION in later["CustomObject"]


def test_the_component_comes_without_its_tests() -> None:
    with zipfile.ZipFile(io.BytesIO(build(EMPTY, "68.0").archive)) as archive:
        names = [name for name in archive.namelist() if name.startswith("lwc/")]
    assert sorted(name.rpartition("/")[2] for name in names) == [
        "scrmTimeline.css",
        "scrmTimeline.html",
        "scrmTimeline.js",
        "scrmTimeline.js-meta.xml",
    ]


def test_every_text_of_the_component_is_deployed_in_both_languages() -> None:
    with zipfile.ZipFile(io.BytesIO(build(EMPTY, "68.0").archive)) as archive:
        code = archive.read("lwc/scrmTimeline/scrmTimeline.js").decode()
        page = archive.read("lwc/scrmTimeline/scrmTimeline.html").decode()
    wanted = set(re.findall(r"@salesforce/label/c\.(\w+)", code))
    found = files()
    assert wanted == set(texts(found["labels/CustomLabels.labels"], "labels/fullName"))
    german = found["translations/de.translation"]
    assert wanted == set(texts(german, "customLabels/name"))
    assert all(texts(german, "customLabels/label"))
    assert not re.findall(r">\s*[A-Za-z][^<{]*<", page)  # no text stands in the page itself


def test_translations_are_left_out_where_german_is_not_switched_on() -> None:
    package = build(EMPTY, "68.0", is_translated=False)
    assert "Translations" not in package.members
    with zipfile.ZipFile(io.BytesIO(package.archive)) as archive:
        assert not [name for name in archive.namelist() if name.startswith("translations/")]


def test_the_same_sources_give_the_same_archive() -> None:
    assert build(EMPTY, "68.0").archive == build(EMPTY, "68.0").archive


def test_without_the_sources_it_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="salesforce/"):
        build(EMPTY, "68.0", folder=tmp_path / "absent")
    assert FOLDER.is_dir()


def fields_of(name: str, root: ET.Element) -> set[str]:
    """The fields of one of our objects, and those that Salesforce gives every one."""
    return {*texts(root, "fields/fullName"), "Name", "NAME", "OwnerId", "CreatedById", "LastModifiedById"}


@pytest.mark.parametrize("name", [INTERACTION, PROFILE])
def test_layouts_and_list_views_name_only_fields_that_are_deployed(name: str) -> None:
    found = files()
    root = found[f"objects/{name}.object"]
    (layout,) = [one for place, one in found.items() if place.startswith(f"layouts/{name}-")]
    shown = texts(layout, "layoutSections/layoutColumns/layoutItems/field")
    assert len(shown) == len(set(shown)) > 5
    listed = texts(root, "listViews/columns") + texts(root, "listViews/filters/field")
    assert listed
    assert {*shown, *listed} <= fields_of(name, root)
    ours = {rule.target for rule in FieldMap().active({v: k for k, v in OBJECT_OF.items()}[name])}
    assert ours <= set(shown)  # whatever is written can be seen


def test_the_report_type_joins_and_names_what_is_deployed() -> None:
    found = files()
    report = found["reportTypes/Contacts_with_Social_Interactions.reportType"]
    root = found[f"objects/{INTERACTION}.object"]
    assert texts(report, "baseObject") == ["Contact"]
    assert texts(report, "join/relationship") == [f"{field('Contact__c', root)['relationshipName']}__r"]
    tables = {
        (one.findtext(f"{TAG}table"), one.findtext(f"{TAG}field"))
        for section in report.findall(f"{TAG}sections")
        for one in section.findall(f"{TAG}columns")
    }
    ours = {name for table, name in tables if table != "Contact"}
    assert {table for table, _name in tables} == {"Contact", f"Contact.{texts(report, 'join/relationship')[0]}"}
    assert ours
    assert ours <= fields_of(INTERACTION, root)


def test_every_tab_is_of_an_object_of_ours() -> None:
    tabs = {place for place in files() if place.startswith("tabs/")}
    assert tabs == {f"tabs/{name}.tab" for name in OBJECT_OF.values()}
