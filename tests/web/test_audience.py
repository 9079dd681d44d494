"""Who sees what was said in closed communities and in private: the same pages as a rep and as a steward."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from scrm.matching.judgments import Decision, decide
from scrm.models import AuditEntry, Community, Connection, Interaction, Judge, Membership, Profile, Verdict
from scrm.runtime import Core
from tests.factories import make_connection, make_interaction, make_profile
from tests.web.conftest import Browser
from tests.web.seed import Seeded

Browse = Callable[[str], Browser]
SECRETS = ("SECRET words", "secret.example", "Geheime Runde", "Herr Verborgen")


@dataclass(frozen=True, kw_only=True)
class Place:
    """One contact who says something in public, in a closed and in an open community, and in private."""

    path: str
    connection: Connection
    closed: Community
    rows: dict[str, Interaction]


@pytest.fixture
def place(seeded: Seeded, core: Core) -> Place:
    now = core.db.clock.now()
    with core.db.write("test.place") as session:
        profile = session.get_one(Profile, seeded.linked[0].id)
        connection = make_connection(session, network=profile.network)
        closed, opened = (
            Community(
                network=profile.network,
                native_id=name,
                connection_id=connection.id,
                name=name,
                url=f"https://secret.example/{visibility}" if visibility == "closed" else "https://open.example/1",
                visibility=visibility,
                first_seen_at=now,
                updated_at=now,
            )
            for name, visibility in (("Geheime Runde", "closed"), ("Offene Runde", "organization"))
        )
        session.add_all([closed, opened])
        session.flush()
        for community, role in ((closed, "manager"), (opened, "member")):
            session.add(
                Membership(
                    community_id=community.id, profile_id=profile.id, role=role, first_seen_at=now, listed_at=now
                )
            )
        hidden = Profile(
            network=profile.network,
            native_id="hidden",
            display_name="Herr Verborgen",
            first_seen_at=now,
            updated_at=now,
        )
        session.add(hidden)
        session.flush()
        rows = {}
        for minute, (name, values) in enumerate(
            {
                "private": {"audience": "private", "text": "SECRET words in private"},
                "open": {"audience": "community", "community_id": opened.id, "text": "OPEN words"},
                "answer": {"text": "PUBLIC answer", "in_reply_to": "root", "thread_key": "root"},
                "closed": {"audience": "community", "community_id": closed.id, "text": "SECRET words"},
                "root": {
                    "audience": "community",
                    "community_id": closed.id,
                    "text": "SECRET words at the root",
                    "native_id": "root",
                    "thread_key": "root",
                    "profile_id": hidden.id,
                },
                "unknown": {"audience": "community", "text": "SECRET words somewhere"},
            }.items()
        ):
            defaults = {"connection_id": connection.id, "url": f"https://{name}.example/1"}
            defaults |= {"occurred_at": now - timedelta(minutes=minute)}
            if "SECRET" in values["text"]:
                defaults["url"] = "https://secret.example/1"
            rows[name] = make_interaction(session, profile, **{**defaults, **values})
        session.flush()
        return Place(
            path=f"/contacts/{seeded.contacts[3].public_id}", connection=connection, closed=closed, rows=rows
        )


def pages(place: Place) -> Iterator[str]:
    yield place.path
    yield "/"
    yield f"{place.path}?network={place.connection.network}"
    yield f"{place.path}?kind=mention"
    yield f"/interactions/{place.rows['answer'].public_id}"


def test_a_rep_sees_that_something_is_there_and_nothing_of_it(browse: Browse, place: Place) -> None:
    rep, steward = browse("rep"), browse("steward")
    for address in pages(place):
        page = rep.get(address)
        assert not [secret for secret in SECRETS if secret in page], address
    page = rep.get(place.path)
    assert "One private message, not shown to your role" in page
    assert "3 items from closed communities, not shown to your role" in page
    assert "PUBLIC answer" in page
    assert "OPEN words" in page
    assert "Offene Runde" in page
    assert "In the whole organization" in page
    assert all(secret in steward.get(place.path) for secret in SECRETS)


def test_a_steward_sees_it_all_with_the_community_s_name(browse: Browse, place: Place) -> None:
    page = browse("steward").get(place.path)
    assert 'href="https://secret.example/closed"' in page
    assert "Closed community" in page
    assert "manages it" in page
    assert "not shown to your role" not in page
    thread = browse("steward").get(f"/interactions/{place.rows['answer'].public_id}")
    assert "SECRET words at the root" in thread
    assert "Herr Verborgen" in thread


def test_the_address_of_what_is_hidden_is_as_if_it_were_not_there(browse: Browse, place: Place) -> None:
    for name in ("private", "closed", "root", "unknown"):
        browse("rep").get(f"/interactions/{place.rows[name].public_id}", 404)
        browse("steward").get(f"/interactions/{place.rows[name].public_id}")


def test_asking_for_a_kind_does_not_tell_what_kind_is_hidden(browse: Browse, place: Place) -> None:
    page = browse("rep").get(f"{place.path}?kind=mention")
    assert "private message" not in page
    assert page.count("not shown to your role") == 1  # the post that the public answer answers


def test_a_timeline_of_one_community_is_for_those_who_may_know_of_it(browse: Browse, place: Place) -> None:
    address = f"{place.path}?community={place.closed.id}"
    page = browse("steward").get(address)
    assert "SECRET words" in page
    assert "OPEN words" not in page
    refused = browse("rep").get(address)
    assert "Geheime Runde" not in refused
    assert "OPEN words" in refused
    for nonsense in ("x", "-1", "9" * 30, "²"):
        assert "OPEN words" in browse("rep").get(f"{place.path}?community={nonsense}")


def test_a_community_that_is_opened_or_closed_is_followed_at_once(browse: Browse, place: Place, core: Core) -> None:
    rep = browse("rep")
    turn(core, place, "organization")
    page = rep.get(place.path)
    assert "SECRET words at the root" in page
    assert "SECRET words somewhere" not in page
    turn(core, place, "private")
    assert "SECRET words" not in rep.get(place.path)


def turn(core: Core, place: Place, visibility: str) -> None:
    with core.db.write("test.turn") as session:
        session.execute(update(Community).where(Community.id == place.closed.id).values(visibility=visibility))


def test_the_admin_opens_it_on_the_connection_s_page_and_that_is_noted(
    browse: Browse, place: Place, core: Core
) -> None:
    admin, rep = browse("admin"), browse("rep")
    address = f"/connections/{place.connection.public_id}"
    assert "Closed communities and private messages" in admin.get(address)
    admin.post(address, f"{address}/audience", reps_read_closed="on")
    page = rep.get(place.path)
    assert "SECRET words at the root" in page
    assert "Geheime Runde" in page
    assert "SECRET words in private" not in page
    assert "checked" in admin.get(address)
    admin.post(address, f"{address}/audience", reps_read_private="on")
    page = rep.get(place.path)
    assert "SECRET words in private" in page
    assert "SECRET words at the root" not in page
    with core.db.read() as session:
        noted = session.scalars(
            select(AuditEntry).where(AuditEntry.action == "connection.audience_changed").order_by(AuditEntry.id)
        ).all()
    assert [(one.before["reps_read_closed"], one.after["reps_read_closed"]) for one in noted] == [
        (False, True),
        (True, False),
    ]


@pytest.mark.parametrize("role", ["rep", "steward"])
def test_only_an_admin_opens_it(browse: Browse, place: Place, role: str) -> None:
    answer = browse(role).client.post(f"/connections/{place.connection.public_id}/audience", data={})
    assert answer.status_code in {400, 403}


def test_what_a_steward_reads_in_a_case_says_where_it_was_said(browse: Browse, seeded: Seeded, core: Core) -> None:
    with core.db.write("test.case") as session:
        profile = session.get_one(Profile, seeded.waiting[0].id)
        soon = core.db.clock.now() + timedelta(minutes=1)
        make_interaction(session, profile, text="SECRET words", audience="community", occurred_at=soon)
        address = f"/review/{profile.public_id}"
    page = browse("steward").get(address)
    assert "SECRET words" in page
    assert "Closed community" in page
    browse("rep").get(address, 403)


def test_public_and_enterprise_networks_stand_on_one_timeline(browse: Browse, seeded: Seeded, core: Core) -> None:
    now = core.db.clock.now()
    with core.db.write("test.side_by_side") as session:
        closed = Community(
            network="jive",
            native_id="/places/1",
            name="Geheime Runde",
            visibility="closed",
            first_seen_at=now,
            updated_at=now,
        )
        session.add(closed)
        session.flush()
        for network, values in (
            ("mastodon", {"text": "PUBLIC words"}),
            ("jive", {"text": "SECRET words", "audience": "community", "community_id": closed.id}),
        ):
            profile = make_profile(session, network=network, native_id=f"{network}/1")
            judged = Decision(
                profile_id=profile.id,
                contact_id=seeded.contacts[3].id,
                verdict=Verdict.POSITIVE,
                judge=Judge.STEWARD,
                user_id=seeded.steward.id,
                seen_judgment_id=-1,
            )
            decide(session, now, judged)
            make_interaction(session, profile, occurred_at=now, network=network, **values)
    path = f"/contacts/{seeded.contacts[3].public_id}"
    rep, steward = browse("rep").get(path), browse("steward").get(path)
    assert "PUBLIC words" in rep
    assert "PUBLIC words" in steward
    assert "SECRET words" in steward
    assert not [secret for secret in ("SECRET words", "Geheime Runde") if secret in rep]
    assert "not shown to your role" in rep
