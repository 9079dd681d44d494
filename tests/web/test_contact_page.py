"""A contact's page: search in all of it, filters, threads, what is new, what waits for an answer, what is missing."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import urlencode

import pytest
from sqlalchemy import select

from scrm.models import (
    Connection,
    ContactVisit,
    CoverageGap,
    Interaction,
    Profile,
    StreamState,
)
from scrm.runtime import Core
from tests.factories import make_connection, make_interaction
from tests.web.conftest import Browser
from tests.web.seed import Seeded, talk_much

Browse = Callable[[str], Browser]
SECRET = "Zaubernuss"


@pytest.fixture
def path(seeded: Seeded) -> str:
    return f"/contacts/{seeded.contacts[3].public_id}"


def ids(page: str) -> list[str]:
    return re.findall(r'id="i-([0-9a-f-]+)"', page)


def link(page: str, rel: str) -> str:
    found = re.search(rf'rel="{rel}" href="([^"]+)"', page)
    return found[1].replace("&amp;", "&") if found else ""


def say(core: Core, profile: Profile, **values: object) -> Interaction:
    """Something said just now, newer than all that was seeded."""
    with core.db.write("test.say") as session:
        mine = session.get_one(Profile, profile.id)
        at = values.pop("occurred_at", core.db.clock.now())
        return make_interaction(session, mine, occurred_at=at, received_at=core.db.clock.now(), **values)


def test_words_are_found_in_all_of_it_and_marked(browse: Browse, seeded: Seeded, core: Core, path: str) -> None:
    for network in (0, 1):
        say(core, seeded.linked[network], text=f"Unser {SECRET}-Angebot & <b>mehr</b>", occurred_at=long_ago(core))
    other = seeded.waiting[0]
    say(core, other, text=f"{SECRET} of somebody else")
    page = browse("rep").get(f"{path}?words=zauber")
    assert len(ids(page)) == 2
    assert f"<mark>{SECRET}</mark>-Angebot &amp; &lt;b&gt;mehr&lt;/b&gt;" in page
    assert 'value="zauber"' in page
    assert "somebody else" not in page
    assert len(ids(browse("rep").get(f"{path}?words=zauber&network=quay"))) == 1
    assert "Nothing like this." in browse("rep").get(f"{path}?words=zauber+nirgends")


def long_ago(core: Core) -> datetime:
    return core.db.clock.now() - timedelta(days=400)


@pytest.mark.parametrize(
    "asked", ['"', "%00", "'", "*", "a" * 5000, "party_id:1", "\\", "NEAR(a b)", "(", "&", "|!:*", "ﷺ", "ا"]
)
def test_whatever_is_asked_the_page_answers(browse: Browse, path: str, asked: str) -> None:
    browse("rep").get(f"{path}?{urlencode({'words': asked})}")


def test_a_rep_s_search_tells_nothing_of_closed_words(browse: Browse, seeded: Seeded, core: Core, path: str) -> None:
    now = core.db.clock.now()
    hidden = [
        {"audience": "community"},
        {"audience": "private"},
        {"expires_at": now - timedelta(seconds=1)},
        {"network": "nowhere"},
    ]
    with core.db.write("test.hide") as session:
        mine = session.get_one(Profile, seeded.linked[0].id)
        for values in hidden * 52:  # more than a page of each: neither hits nor further pages may tell
            make_interaction(session, mine, text=f"{SECRET}?", occurred_at=now, **values)
    rep, steward = browse("rep"), browse("steward")
    for filters in (f"words={SECRET}", f"words={SECRET}&kind=mention", f"words={SECRET}&open=1"):
        page = rep.get(f"{path}?{filters}")
        assert ids(page) == [], filters
        assert "not shown to your role" not in page, filters
        assert link(page, "next") == "", filters
        empty = rep.get(f"{path}?{filters.replace(SECRET, 'Zaubernux')}")
        assert masked(page) == masked(empty.replace("Zaubernux", SECRET)), filters
    found = steward.get(f"{path}?words={SECRET}")
    assert len(ids(found)) == 50
    assert len(ids(steward.get(link(found, "next")))) == 50


def masked(page: str) -> str:
    page = re.sub(r'name="csrf_token" value="[^"]+"', "", page)
    return re.sub(r'name="until" value="[^"]+"|now|\d+ seconds? ago', "", page)


def test_what_the_admin_opened_to_reps_is_found_by_them(
    browse: Browse, seeded: Seeded, core: Core, path: str
) -> None:
    with core.db.read() as session:
        connection = session.scalars(select(Connection)).first()
    say(core, seeded.linked[0], text=SECRET, audience="community", connection_id=connection.id)
    assert ids(browse("rep").get(f"{path}?words={SECRET}")) == []
    with core.db.write("test.open") as session:
        session.get_one(Connection, connection.id).reps_read_closed = True
    assert len(ids(browse("rep").get(f"{path}?words={SECRET}"))) == 1


def test_pages_of_a_search_go_on_without_gap_or_double(browse: Browse, seeded: Seeded, core: Core, path: str) -> None:
    talk_much(core.db, seeded.linked[0], 180)
    steward, following, seen = browse("steward"), f"{path}?words=text", []
    while following:
        page = steward.get(following)
        seen += ids(page)
        following = link(page, "next")
        assert not following or "words=text" in following
    assert len(seen) == len(set(seen)) == 180


def test_the_timeline_can_be_narrowed_by_days_of_the_reader(
    browse: Browse, seeded: Seeded, core: Core, path: str
) -> None:
    rep = browse("rep")
    rep.client.set_cookie("scrm-zone", "Pacific/Auckland")
    for hour, text in ((10, "noch gestern"), (11, "schon heute"), (34, "noch heute"), (35, "schon morgen")):
        at = datetime.fromisoformat("2024-06-09T01:00:00+00:00") + timedelta(hours=hour)
        say(core, seeded.linked[0], text=text, occurred_at=at)  # midnight of the 10th there is noon UTC of the 9th
    page = rep.get(f"{path}?from=2024-06-10&to=2024-06-10")
    assert [text in page for text in ("noch gestern", "schon heute", "noch heute", "schon morgen")] == [
        False,
        True,
        True,
        False,
    ]
    for nonsense in ("from=x", "to=9999-99-99", "from=0001-01-01", "from=2024-06-10&to=2023-01-01"):
        rep.get(f"{path}?{nonsense}")


def test_pages_stay_where_they_are_when_something_arrives(
    browse: Browse, seeded: Seeded, core: Core, path: str
) -> None:
    talk_much(core.db, seeded.linked[0], 200)
    steward = browse("steward")
    first = steward.get(path)
    second_path = link(first, "next")
    second = ids(steward.get(second_path))
    say(core, seeded.linked[0], text="just in")
    again = steward.get(second_path)
    assert ids(again) == second
    third = steward.get(link(again, "next"))
    back = steward.get(link(third, "prev"))
    assert ids(back) == second
    top = steward.get(link(back, "prev"))
    assert "just in" in steward.get(link(top, "prev") or path)
    assert len(ids(steward.get(path))) == 50


def test_an_interaction_leads_to_its_place_in_the_timeline(
    browse: Browse, seeded: Seeded, core: Core, path: str
) -> None:
    talk_much(core.db, seeded.linked[0], 300)
    with core.db.read() as session:
        row = session.scalars(select(Interaction).where(Interaction.text == "Text 100")).one()
    steward = browse("steward")
    page = steward.get(f"/interactions/{row.public_id}")
    place = re.search(r'href="(/contacts/[^"]+)#i-', page)[1].replace("&amp;", "&")
    assert ids(steward.get(place))[0] == str(row.public_id)


def test_a_thread_stands_once_at_its_newest_post(browse: Browse, seeded: Seeded, core: Core, path: str) -> None:
    for number in range(4):
        at = core.db.clock.now() - timedelta(days=2 * (3 - number))
        parent = f"th{number - 1}" if number else None
        say(core, seeded.linked[0], native_id=f"th{number}", thread_key="th0", in_reply_to=parent, kind="reply",
            occurred_at=at, text=f"Thread {number}")  # fmt: skip
    page = browse("steward").get(path)
    assert "3 earlier posts of this thread" in page
    places = [page.index(f"Thread {number}") for number in (3, 2, 1, 0)]
    assert places == sorted(places)
    assert all(page.count(f"Thread {number}") == 1 for number in range(4))
    assert len(ids(page)) == len(set(ids(page))) == 50


def test_what_arrived_since_the_last_visit_is_marked_until_it_is_read(
    browse: Browse, seeded: Seeded, core: Core, path: str
) -> None:
    rep = browse("rep")
    with core.db.write("test.old") as session:
        session.query(Interaction).update({Interaction.received_at: core.db.clock.now() - timedelta(days=1)})
    assert "since your visit" not in rep.get(path)
    assert rep.post(path, f"{path}/read", until=core.db.clock.now().isoformat()).status_code == 302
    set_back(core, minutes=30)
    assert "Nothing new since your visit" in rep.get(path)
    say(core, seeded.linked[0], text="new one")
    say(core, seeded.linked[1], text="late one", occurred_at=core.db.clock.now() - timedelta(hours=5))
    page = rep.get(path)
    assert "2 new since your visit" in page
    assert page.count('<span class="chip for">New</span>') == 2
    assert "since your visit" not in browse("steward").get(path)  # everybody has their own
    until = re.search(r'name="until" value="([^"]+)"', page)[1]
    rep.post(path, f"{path}/read", until=until)
    set_back(core, minutes=-2)
    assert "Nothing new since your visit" in rep.get(path)


def set_back(core: Core, *, minutes: int) -> None:
    with core.db.write("test.back") as session:
        row = session.scalars(select(ContactVisit)).one()
        row.seen_at -= timedelta(minutes=minutes)


@pytest.mark.parametrize("until", ["", "x", "2999-01-01T00:00:00+00:00", "2020-01-01T00:00:00"])
def test_a_visit_is_never_in_the_future_and_never_goes_back(
    browse: Browse, core: Core, path: str, until: str
) -> None:
    rep = browse("rep")
    before = core.db.clock.now()
    rep.post(path, f"{path}/read", until=before.isoformat())
    rep.post(path, f"{path}/read", until=until)
    rep.post(path, f"{path}/read", until="2020-01-01T00:00:00+00:00")
    with core.db.read() as session:
        seen = session.scalars(select(ContactVisit.seen_at)).one()
    assert before <= seen <= core.db.clock.now()


def test_questions_that_nobody_answered_are_marked_and_can_be_asked_for(
    browse: Browse, seeded: Seeded, core: Core, path: str
) -> None:
    now, one = core.db.clock.now(), seeded.linked[0]
    with core.db.write("test.quiet") as session:  # the seeded people asked a lot
        session.query(Interaction).update({Interaction.text: "nothing"})
    for minutes, text, values in (
        (50, "answered directly?", {"native_id": "q1", "thread_key": "k1"}),
        (49, "answered in the thread؟", {"native_id": "q2", "thread_key": "k2"}),
        (48, "open question?", {"native_id": "q3", "thread_key": "k3"}),
        (47, "seht https://x.example/?q=1 an", {"native_id": "q4"}),
        (46, "a like?", {"native_id": "q5", "kind": "reaction"}),
        (45, "答えは？", {"native_id": "q6"}),
    ):
        say(core, one, text=text, occurred_at=now - timedelta(minutes=minutes), **values)
    for minutes, values in (
        (40, {"native_id": "a1", "in_reply_to": "q1"}),
        (39, {"native_id": "a2", "thread_key": "k2"}),
        (60, {"native_id": "a3", "thread_key": "k3"}),  # before it was asked
        (38, {"native_id": "a4", "thread_key": "other"}),
    ):
        say(core, one, text="our word", direction="out", occurred_at=now - timedelta(minutes=minutes), **values)
    page = browse("rep").get(path)
    assert page.count("Question, unanswered for") == 2
    assert "Question, unanswered for 48 minutes" in page
    found = browse("rep").get(f"{path}?open=1")
    assert len(ids(found)) == 2
    assert "open question?" in found
    assert "答えは？" in found


def test_times_that_were_not_read_are_shown_in_their_place(
    browse: Browse, seeded: Seeded, core: Core, path: str
) -> None:
    now = core.db.clock.now()
    with core.db.write("test.gap") as session:
        row = session.scalars(select(Connection)).first()
        connection = row if row.network == "harbor" else make_connection(session, network="harbor")
        stream = session.scalars(select(StreamState).where(StreamState.connection_id == connection.id)).first()
        since, until = now - timedelta(days=9), now - timedelta(days=3, hours=5)
        reason = "The network keeps this to itself."
        for _twice in (1, 2):
            session.add(
                CoverageGap(connection_id=connection.id, stream=stream.stream, since=since, until=until,
                            reason=reason, found_at=now)
            )  # fmt: skip
    page = browse("rep").get(path)
    assert page.count("nothing between") == 1
    assert reason in page
    gap = page.index("nothing between")
    times = [
        (datetime.fromisoformat(at), found.start())
        for found in re.finditer(r'<li class="entry[^>]*>\s*<a class="at"[^>]*><time datetime="([^"]+)"', page)
        for at in (found[1],)
    ]
    assert all(place < gap for at, place in times if at.date() > until.date())
    assert all(place > gap for at, place in times if at.date() < until.date())
    assert "nothing between" not in browse("rep").get(f"{path}?network=quay")
    assert "nothing between" not in browse("rep").get(f"{path}?words=Kegelrad")


def test_half_a_year_is_drawn_and_said_in_words(browse: Browse, core: Core, seeded: Seeded, path: str) -> None:
    page = browse("rep").get(path)
    figure = re.search(r"<figure.*?</figure>", page, re.DOTALL)[0]
    assert "interactions in 26 weeks." in figure
    assert "Most in the week of" in figure
    assert figure.count("<rect") >= 2
    assert "style=" not in figure
    empty = browse("rep").get(f"/contacts/{seeded.contacts[0].public_id}")
    assert "<figure" not in empty
    assert "Once a profile is linked" in empty


def test_a_name_and_a_text_in_two_directions_stay_apart(
    browse: Browse, seeded: Seeded, core: Core, path: str
) -> None:
    say(core, seeded.linked[0], text="مرحبا WP-40 (2024)!", language="ar")
    page = browse("rep").get(path)
    assert re.search(r'<blockquote lang="ar" dir="auto">مرحبا WP-40 \(2024\)!</blockquote>', page)
    assert re.search(r"<h1[^>]*><bdi>Maximiliane", page)


def test_ten_thousand_interactions_make_a_page_of_the_same_size(
    browse: Browse, seeded: Seeded, core: Core, path: str
) -> None:
    talk_much(core.db, seeded.linked[0], 10_000)
    for address in (path, f"{path}?words=text", f"{path}?open=1", f"{path}?kind=mention"):
        page = browse("rep").get(address)
        assert len(ids(page)) <= 50
        assert len(page.encode()) < 150_000, address
