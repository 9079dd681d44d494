"""What every connector's folder must hold: facts, a guide in both languages, honest quality, clean recordings."""

import json
import re
import tomllib
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest

from scrm.connectors import registry
from scrm.connectors.base import RECHECK, Connector
from scrm.connectors.manifest import Status
from scrm.i18n import translations
from tests.connectors.replay import BASE, RECORDED, connector_in, every_folder, folders, importable, recording

HEADINGS = {
    "README.md": ["What you need", "Set up", "What is read", "Limits", "Remove", "Troubleshooting"],
    "README.de.md": [
        "Was Sie brauchen",
        "Einrichten",
        "Was gelesen wird",
        "Grenzen",
        "Entfernen",
        "Wenn etwas nicht geht",
    ],
}
RULES = {
    "bronze": {
        "manifest-complete",
        "recorded-and-scrubbed",
        "contract-passes",
        "setup-page",
        "credential-tested-before-saving",
        "one-connection-per-identity",
        "rate-limit-declared",
        "removal-page",
    },
    "silver": {
        "resumes-after-any-page",
        "reauthorisation",
        "revocation-confirmed",
        "down-logged-once",
        "quarantine",
        "owner-named",
        "data-read-listed",
    },
    "gold": {
        "deletions-and-edits-followed",
        "backfill",
        "push-where-offered",
        "diagnostics-redacted",
        "known-limits",
        "troubleshooting",
    },
}
HOSTS = re.compile(r"(?:https?|wss?|at)://([^/\s\"'<>\\?#]+)")
ADDRESSES = re.compile(r"[\w.+-]+@([\w-]+(?:\.[\w-]+)+)")
VOCABULARIES = {
    "activitystrea.ms",
    "a9.com",
    "purl.org",
    "w3id.org",
    "www.ibm.com",
    "www.w3.org",
}  # names of JSON-LD contexts and XML namespaces, never called
PAGES = {
    "bsky.app",
    "www.instagram.com",
    "www.linkedin.com",
    "www.youtube.com",
    "x.com",
}  # where people read what is linked to; never called
NOT_HOSTS = re.compile(r"did:[a-z]+:[a-z0-9]+")


@pytest.mark.parametrize("folder", every_folder())
def test_the_folder_can_be_imported(folder):
    assert isinstance(connector_in(folder), Connector)


@pytest.mark.parametrize("folder", importable())
def test_the_manifest_is_complete_and_its_key_is_the_folder(folder):
    connector = connector_in(folder)
    manifest = connector.manifest
    assert manifest.key == folder.removeprefix("_")
    assert manifest.label
    assert len(manifest.mark) == 2
    assert urlsplit(manifest.terms.source).scheme == "https"
    assert manifest.terms.read_on <= datetime.now(UTC).date()
    assert manifest.reads
    assert all(one.label for one in manifest.credential_fields)
    names = [one.name for one in (*connector.streams, *connector.object_streams)]
    assert len(set(names)) == len(names)
    if manifest.status is Status.LIVE:
        assert RECHECK in names
        assert connector.streams
    if manifest.status is Status.ARCHIVE:
        assert connector.archives
        assert (connector.streams, connector.object_streams, manifest.credential_fields) == ((), (), ())
    else:
        assert manifest.rate_limit
        assert manifest.rate_limit.calls > 0 < manifest.rate_limit.seconds


@pytest.mark.parametrize("folder", importable())
def test_what_an_admin_reads_of_it_is_there_in_german(folder):
    connector = connector_in(folder)
    manifest = connector.manifest
    texts = {*manifest.reads, manifest.terms.note}
    texts |= {text for one in manifest.credential_fields for text in (one.label, one.help)}
    texts |= {one.label for one in (*connector.streams, *connector.object_streams, *connector.archives)}
    known = translations("de")
    assert not [text for text in texts if text and known.gettext(text) == text]


@pytest.mark.parametrize("readme", HEADINGS)
@pytest.mark.parametrize("folder", importable())
def test_the_guide_has_the_required_headings(folder, readme):
    text = (registry.FOLDER / folder / readme).read_text(encoding="utf-8")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == HEADINGS[readme]


@pytest.mark.parametrize("folder", importable())
def test_quality_claims_only_known_rules_and_leaves_none_of_bronze_out(folder):
    with (registry.FOLDER / folder / "quality.toml").open("rb") as file:
        claims = tomllib.load(file)
    assert set(claims) <= set(RULES)
    assert set(claims["bronze"]) == RULES["bronze"]
    for tier, rules in claims.items():
        assert set(rules) <= RULES[tier]
        for claim in rules.values():
            assert claim == "done" or (set(claim) in ({"todo"}, {"exempt"}) and all(claim.values()))


@pytest.mark.parametrize("folder", folders())
def test_recorded_files_name_only_invented_hosts(folder):
    files = sorted((RECORDED / folder).glob("*/*.json"))
    assert files
    for file in files:
        text = json.dumps(json.loads(file.read_text(encoding="utf-8")), ensure_ascii=False)
        named = {*HOSTS.findall(text), *ADDRESSES.findall(text)} - VOCABULARIES - PAGES - {BASE}
        real = [host for host in named if not host.endswith((".example", ".test")) and not NOT_HOSTS.fullmatch(host)]
        assert not real, file.name


@pytest.mark.parametrize("folder", folders())
def test_every_stream_is_recorded_with_an_error_of_the_networks_own(folder):
    connector = connector_in(folder)
    for name in ["sign_in", *[one.name for one in (*connector.streams, *connector.object_streams)]]:
        assert recording(folder, name)["exchanges"]
        assert recording(folder, name)["errors"]
