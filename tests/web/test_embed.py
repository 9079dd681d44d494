"""The timeline within a CRM: a signed link, a token for one contact, no cookie, framed by whom we allow."""

import re
from datetime import timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from scrm.config import Settings
from scrm.models import Contact, Link, Objection
from scrm.runtime import Core, sleepers
from scrm.vault import Vault
from scrm.web import create_app, embed
from tests.factories import make_interaction
from tests.web.conftest import Browser
from tests.web.seed import Seeded, talk_much

ORIGINS = ("crm=https://crm.example", "crm=https://*.crm.example", "other=https://other.example:8443")


@pytest.fixture
def framed(core: Core) -> Core:
    settings = Settings(
        state_dir=core.settings.state_dir, database_url=core.settings.database_url, embed_origins=ORIGINS
    )
    return Core(settings=settings, db=core.db, vault=core.vault, wake=sleepers)


@pytest.fixture
def app(framed: Core) -> Flask:
    return create_app(framed)


@pytest.fixture
def frame(app: Flask) -> FlaskClient:
    return app.test_client()


def enter(frame: FlaskClient, core: Core, contact: Contact, name: str = "crm", **more: str) -> str:
    """The address that a signed link leads to."""
    path = embed.signed_path(core, name, contact.native_id, core.db.clock.now())
    answer = frame.get(path + ("&" + urlencode(more) if more else ""))
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return str(answer.location)


def test_a_signed_link_opens_the_timeline_without_a_cookie(frame: FlaskClient, framed: Core, seeded: Seeded) -> None:
    place = enter(frame, framed, seeded.contacts[3])
    answer = frame.get(place)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 200
    for words in ("Maximiliane", "Gilt das auch für Geräte", "2 profiles", "Search and filter"):
        assert words in page, words
    assert not answer.headers.getlist("Set-Cookie")
    assert not frame.get_cookie("scrm-form")
    policy = dict(part.split(" ", 1) for part in answer.headers["Content-Security-Policy"].split("; "))
    assert policy["frame-ancestors"] == "https://crm.example https://*.crm.example"
    assert "X-Frame-Options" not in answer.headers
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "<script" not in page
    assert "csrf" not in page


def test_every_link_of_the_page_stays_in_the_frame_or_opens_the_original_elsewhere(
    frame: FlaskClient, framed: Core, seeded: Seeded
) -> None:
    talk_much(framed.db, seeded.linked[0], 200)
    place, pages = enter(frame, framed, seeded.contacts[3]), 0
    while place and pages < 3:
        page = frame.get(place).get_data(as_text=True)
        for attributes in re.findall(r"<a ([^>]+)>", page):
            href = re.search(r'href="([^"]+)"', attributes)[1].replace("&amp;", "&")
            if href.startswith("/"):
                assert urlsplit(href).path == urlsplit(place).path, href
                assert frame.get(href).status_code == 200
            else:
                assert 'target="_blank"' in attributes, attributes
                assert "noreferrer" in attributes, attributes
        found = re.search(r'rel="next" href="([^"]+)"', page)
        place, pages = (found[1].replace("&amp;", "&") if found else ""), pages + 1
    assert pages == 3
    form = re.search(
        r'<form class="filters" method="get" action="([^"]+)".*?name="t" value="([^"]+)"', page, re.DOTALL
    )
    found = frame.get(f"{form[1]}?{urlencode({'t': form[2], 'words': 'text 150'})}").get_data(as_text=True)
    assert len(re.findall(r'id="i-', found)) == 1
    assert set(re.findall(r'method="(\w+)"', found)) == {"get"}


def test_a_frame_shows_what_a_rep_sees_whoever_is_signed_in(app: Flask, framed: Core, seeded: Seeded) -> None:
    with framed.db.write("test.closed") as session:
        for audience in ("community", "private"):
            make_interaction(session, seeded.linked[0], text=f"SECRET {audience}", audience=audience,
                             occurred_at=framed.db.clock.now())  # fmt: skip
        judgment = session.get_one(Link, seeded.linked[1].id).judgment_id
        session.add(
            Objection(judgment_id=judgment, profile_id=seeded.linked[1].id, contact_id=seeded.contacts[3].id,
                      user_id=seeded.rep.id, created_at=framed.db.clock.now())
        )  # fmt: skip
    admin = Browser(app, seeded.admin.id).client
    place = enter(admin, framed, seeded.contacts[3])
    for more in ("", "&words=SECRET", "&kind=mention", "&open=1"):
        page = admin.get(place + more).get_data(as_text=True)
        assert "SECRET " not in page, more
        assert "Quay" not in page
    assert "Þórunn" not in page


@pytest.mark.parametrize("change", ["record", "at", "sig", "name", "late", "early", "none", "twice"])
def test_a_link_that_is_not_signed_as_agreed_is_refused(
    frame: FlaskClient, framed: Core, seeded: Seeded, change: str
) -> None:
    now = framed.db.clock.now()
    shift = {"late": timedelta(minutes=-6), "early": timedelta(minutes=3)}.get(change, timedelta())
    path = embed.signed_path(framed, "crm", seeded.contacts[3].native_id, now + shift)
    place, asked = urlsplit(path).path, {key: value[0] for key, value in parse_qs(urlsplit(path).query).items()}
    if change == "record":
        asked["record"] = seeded.contacts[4].native_id
    elif change == "at":
        asked["at"] = str(int(asked["at"]) + 1)
    elif change == "sig":
        asked["sig"] = asked["sig"][:-1] + ("0" if asked["sig"][-1] != "0" else "1")
    elif change == "name":
        place = place.replace("/crm/", "/other/")
    elif change == "none":
        asked = {}
    elif change == "twice":
        asked["sig"] = f"{asked['sig']}é"
    answer = frame.get(f"{place}?{urlencode(asked)}")
    assert answer.status_code == (410 if change in {"late", "early"} else 403)
    assert "Maximiliane" not in answer.get_data(as_text=True)
    assert "frame-ancestors https://" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("at", ["", "x", "٢٢٢٢٢٢٢٢٢٢", "1" * 11, "-100000000", "1e9"])
def test_a_time_that_is_none_is_refused(frame: FlaskClient, seeded: Seeded, at: str) -> None:
    assert frame.get(f"/embed/crm/open?{urlencode({'record': 'seed-3', 'at': at, 'sig': 'x'})}").status_code == 403


def test_an_unknown_embed_has_no_frame(frame: FlaskClient, framed: Core, seeded: Seeded) -> None:
    path = embed.signed_path(framed, "nobody", seeded.contacts[3].native_id, framed.db.clock.now())
    answer = frame.get(path)
    assert answer.status_code == 404
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Frame-Options"] == "DENY"


def test_a_token_opens_one_contact_in_one_embed_for_a_while(
    frame: FlaskClient, framed: Core, seeded: Seeded, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = enter(frame, framed, seeded.contacts[3])
    assert frame.get(place).status_code == 200
    other = place.replace(str(seeded.contacts[3].public_id), str(seeded.contacts[4].public_id))
    assert frame.get(other).status_code == 403
    assert frame.get(place.replace("/embed/crm/", "/embed/other/")).status_code == 403
    assert frame.get(place[:-1] + ("0" if place[-1] != "0" else "1")).status_code == 403
    for token in ("", "x", ".", "e30.x", "a" * 5000):
        assert frame.get(f"{place.split('?')[0]}?t={token}").status_code == 403
    begun = framed.db.clock.now()
    clock = framed.db.clock
    for minutes, status in ((29, 200), (31, 410)):
        monkeypatch.setattr(framed.db, "clock", Shifted(clock, timedelta(minutes=minutes)))
        assert frame.get(place).status_code == status, minutes
    for minutes in range(0, 12 * 60 + 40, 20):  # each page carries a fresh token, for half a day in all
        monkeypatch.setattr(framed.db, "clock", Shifted(clock, timedelta(minutes=minutes)))
        answer = frame.get(place)
        if answer.status_code != 200:
            break
        token = re.search(r'name="t" value="([^"]+)"', answer.get_data(as_text=True))[1]
        place = f"{place.split('?')[0]}?t={token}"
    assert answer.status_code == 410
    assert framed.db.clock.now() - begun > timedelta(hours=12)


class Shifted:
    """A clock that is ahead."""

    def __init__(self, clock, by: timedelta) -> None:
        self.clock, self.by = clock, by

    def now(self):
        return self.clock.now() + self.by


def test_keys_change_without_a_break(framed: Core, seeded: Seeded) -> None:
    old, new = "k1:" + "A" * 43 + "=", "k2:" + "B" * 42 + "A="

    def built(ring: str) -> Core:
        return Core(
            settings=framed.settings, db=framed.db, vault=Vault.load(ring, framed.settings.state_dir), wake=sleepers
        )

    before, between, after = built(old), built(f"{new},{old}"), built(new)
    place = enter(create_app(before).test_client(), before, seeded.contacts[3])
    assert create_app(between).test_client().get(place).status_code == 200
    assert create_app(after).test_client().get(place).status_code == 403
    enter(create_app(between).test_client(), before, seeded.contacts[3])
    assert embed.secrets_of(between, "crm") == embed.secrets_of(after, "crm") + embed.secrets_of(before, "crm")
    assert embed.secrets_of(before, "crm") != embed.secrets_of(before, "other")


def test_a_merged_contact_leads_to_the_one_that_lives_and_a_deleted_one_to_words(
    frame: FlaskClient, framed: Core, seeded: Seeded
) -> None:
    place = enter(frame, framed, seeded.contacts[5])
    with framed.db.write("test.merge") as session:
        session.get_one(Contact, seeded.contacts[5].id).merged_into_id = seeded.contacts[3].id
        session.get_one(Contact, seeded.contacts[6].id).deleted_at = framed.db.clock.now()
    assert str(seeded.contacts[3].public_id) in enter(frame, framed, seeded.contacts[5])
    assert frame.get(place).status_code == 404
    for record in (seeded.contacts[6].native_id, "unknown", "seed-%"):
        answer = frame.get(embed.signed_path(framed, "crm", record, framed.db.clock.now()))
        assert answer.status_code == 404
        assert "Not known here yet" in answer.get_data(as_text=True)


def test_language_and_zone_are_the_crm_s(frame: FlaskClient, framed: Core, seeded: Seeded) -> None:
    page = frame.get(enter(frame, framed, seeded.contacts[3], lang="de", zone="Asia/Tokyo")).get_data(as_text=True)
    assert '<html lang="de">' in page
    assert "Asia/Tokyo" in page
    for nonsense in ({"lang": "xx"}, {"zone": "../../etc/passwd"}, {"zone": "x" * 500}):
        assert frame.get(enter(frame, framed, seeded.contacts[3], **nonsense)).status_code == 200


def test_an_empty_timeline_has_words(frame: FlaskClient, framed: Core, seeded: Seeded) -> None:
    page = frame.get(enter(frame, framed, seeded.contacts[0])).get_data(as_text=True)
    assert "Once a profile is linked" in page
