"""Finding contacts, a contact's page, one interaction, unlinking."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import event, select

from scrm.connectors.manifest import Rule
from scrm.connectors.registry import connectors
from scrm.matching.keys import make_key
from scrm.models import Contact, HandleHistory, Interaction, Judge, Judgment, Link, MatchKey, Profile, Side, Verdict
from scrm.runtime import Core
from tests.factories import make_contact, make_interaction, make_profile
from tests.web.conftest import Browser
from tests.web.seed import Seeded

Browse = Callable[[str], Browser]


@pytest.fixture
def path(seeded: Seeded) -> str:
    return f"/contacts/{seeded.contacts[3].public_id}"


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("Lüdenscheid", {"Katharina Lüdenscheidt", "Kathrin Lüdenscheid"}),
        ("katharina lu", {"Katharina Lüdenscheidt"}),
        ("Krüßmann Masch", {"Jürgen Krüßmann"}),
        ("company5.exa", {"Mei Tanaka"}),
        ("anak", set()),
        ("Katharina Lüdenscheidt", {"Katharina Lüdenscheidt"}),
        ("lüdenscheidt katharina", {"Katharina Lüdenscheidt"}),
        ("TANAKA", {"Mei Tanaka"}),
        ("100%", set()),
        ("_", set()),
        ("\u0000", set()),
        ("x" * 5000, set()),
    ],
)
def test_contacts_are_found_by_words_of_which_the_last_may_go_on(browse: Browse, asked: str, found: set[str]) -> None:
    answer = browse("rep").client.get("/contacts", query_string={"q": asked})
    assert answer.status_code == 200
    names = re.findall(r'<th scope="row"><a class="name"[^>]*><bdi>([^<]+)', answer.get_data(as_text=True))
    assert set(names) == found


def test_contacts_are_found_by_e_mail_and_by_a_linked_profile_s_handle(
    browse: Browse, seeded: Seeded, core: Core
) -> None:
    now = core.db.clock.now()
    with core.db.write("test.keys") as session:
        session.add(
            MatchKey(
                side=Side.CONTACT.value, key=int(make_key("e", "mei@tanaka.example")), owner_id=seeded.contacts[5].id
            )
        )
        session.add(
            HandleHistory(profile_id=seeded.linked[0].id, handle="maxi-old", first_seen_at=now, last_seen_at=now)
        )
    rep = browse("rep")
    assert "Mei Tanaka" in rep.get("/contacts?q=Mei@Tanaka.example")
    for handle in ("@maxi-old", "MAXI-OLD", "@max"):
        assert "Maximiliane" in rep.get(f"/contacts?q={handle}")
    assert "Nobody found" in rep.get("/contacts?q=@maxi-older")


def test_a_handle_leads_nowhere_while_its_link_is_doubted_or_its_network_shows_nothing(
    browse: Browse, seeded: Seeded, core: Core, monkeypatch: pytest.MonkeyPatch
) -> None:
    rep, now, profile = browse("rep"), core.db.clock.now(), seeded.linked[0]
    with core.db.write("test.handle") as session:
        session.add(HandleHistory(profile_id=profile.id, handle="maxi-old", first_seen_at=now, last_seen_at=now))
    assert "Maximiliane" in rep.get("/contacts?q=@maxi-old")
    terms = connectors()["harbor"].manifest.terms
    with monkeypatch.context() as patched:
        patched.setitem(terms.__dict__, "show", Rule.FORBIDDEN)
        assert "Nobody found" in rep.get("/contacts?q=@maxi-old")
    path = f"/contacts/{seeded.contacts[3].public_id}"
    rep.post(path, f"{path}/object/{profile.public_id}")
    assert "Nobody found" in rep.get("/contacts?q=@maxi-old")


def test_what_is_typed_is_answered_with_few_contacts_in_the_order_of_the_list(browse: Browse, core: Core) -> None:
    with core.db.write("test.many") as session:
        for number in range(30):
            make_contact(session, full_name=f"Zz <b>{number:02d}</b>", sort_name=f"zz {number:02d}")
    answer = browse("rep").client.get("/contacts/suggest.json?q=zz").get_json()
    assert re.findall(r"&lt;b&gt;(\d\d)", answer["part"]) == [f"{number:02d}" for number in range(8)]
    assert answer["part"].count('role="option"') == 8
    assert answer["told"] == "8 contacts found."
    nobody = browse("rep").client.get("/contacts/suggest.json?q=nobody-at-all").get_json()
    assert 'aria-disabled="true"' in nobody["part"]
    assert nobody["told"] == "0 contacts found."


def test_the_list_goes_on_where_the_page_ended(browse: Browse, core: Core) -> None:
    with core.db.write("test.many") as session:
        for number in range(120):
            make_contact(session, full_name=f"Zz {number}", sort_name=f"zz {number // 2:03d}")
    rep, path, seen = browse("rep"), "/contacts", []
    for _page in range(10):
        page = rep.get(path)
        seen += re.findall(r'<a class="name" href="([^"]+)"', page)
        following = re.search(r'rel="next" href="([^"]+)"', page)
        if not following:
            break
        path = following[1].replace("&amp;", "&")
    assert len(seen) == len(set(seen)) == 130


def test_merged_and_deleted_contacts_are_not_found_and_a_merged_one_leads_on(
    browse: Browse, seeded: Seeded, core: Core
) -> None:
    with core.db.write("test.merge") as session:
        session.get_one(Contact, seeded.contacts[5].id).merged_into_id = seeded.contacts[6].id
        session.get_one(Contact, seeded.contacts[7].id).deleted_at = core.db.clock.now()
    rep = browse("rep")
    assert "Nobody found" in rep.get("/contacts?q=tanaka")
    assert "Nobody found" in rep.get("/contacts?q=stoyanov")
    answer = rep.client.get(f"/contacts/{seeded.contacts[5].public_id}")
    assert answer.location == f"/contacts/{seeded.contacts[6].public_id}"
    assert "was deleted in the CRM" in rep.get(f"/contacts/{seeded.contacts[7].public_id}")


def test_the_page_shows_facts_profiles_with_reasons_and_the_timeline(browse: Browse, path: str) -> None:
    page = browse("steward").get(path)
    for text in (
        "Maximiliane Freifrau von Schönburg-Wiesenthal",
        "Confirmed by <bdi>Aurélie Nguyễn-Dubois</bdi>",
        "99.7",
        "Name",
        "written by us",
        "Ja, das gilt für alle Geräte ab Baujahr 2022.",
        "Answers a post",
        "One earlier post of this thread",
        "Edited",
        "Deleted at the network on",
        "In the CRM",
        "Waits to be written",
        "The CRM refused it",
        "Held back: the network&#39;s terms do not allow this.",
        "Private",
        'rel="noreferrer noopener nofollow"',
    ):
        assert text in page, text
    assert page.index("Ja, das gilt") < page.index("Gilt das auch für Geräte")


def test_older_pages_continue_without_gap_or_double(browse: Browse, path: str) -> None:
    steward, seen, pages = browse("steward"), [], 0
    following = path
    while following:
        page = steward.get(following)
        seen += re.findall(r'id="i-([0-9a-f-]+)"', page)
        found = re.search(r'rel="next" href="([^"]+)"', page)
        following = found[1].replace("&amp;", "&") if found else ""
        pages += 1
    assert pages == 2
    assert len(seen) == len(set(seen)) == 60 + 4 + 2


def test_equal_times_at_the_edge_of_a_page_lose_nothing(
    browse: Browse, seeded: Seeded, core: Core, path: str
) -> None:
    at = core.db.clock.now() + timedelta(hours=1)
    with core.db.write("test.equal") as session:
        for profile in seeded.linked:
            for _number in range(40):
                make_interaction(session, profile, occurred_at=at)
    steward = browse("steward")
    first = steward.get(path)
    second = steward.get(re.search(r'rel="next" href="([^"]+)"', first)[1].replace("&amp;", "&"))
    ids = re.findall(r'id="i-([0-9a-f-]+)"', first + second)
    assert len(ids) == len(set(ids)) == 100
    with core.db.read() as session:
        equal = {str(i) for i in session.scalars(select(Interaction.public_id).where(Interaction.occurred_at == at))}
    assert equal <= set(ids)


def test_the_timeline_can_be_narrowed_by_network_and_kind(browse: Browse, path: str) -> None:
    steward = browse("steward")
    quay = steward.get(f"{path}?network=quay")
    assert len(re.findall(r'id="i-', quay)) == 4
    reactions = steward.get(f"{path}?kind=reaction")
    assert len(re.findall(r'id="i-', reactions)) == 16
    assert "Nothing like this." in steward.get(f"{path}?network=quay&kind=follow")


@pytest.mark.parametrize("before", ["x", "1", "1.", ".1", "9" * 40 + ".1", "1." + "9" * 40, "-1.2", "1.2.3", "٣.٣"])
def test_a_position_that_is_none_shows_the_first_page(browse: Browse, path: str, before: str) -> None:
    page = browse("steward").get(f"{path}?before={before}")
    assert len(re.findall(r'id="i-', page)) == 50


def test_an_interaction_has_an_address_and_shows_its_thread(browse: Browse, seeded: Seeded, core: Core) -> None:
    with core.db.read() as session:
        row = session.scalars(select(Interaction).where(Interaction.native_id == "t2")).one()
    page = browse("rep").get(f"/interactions/{row.public_id}")
    places = [page.index(text) for text in ("Service in winter", "Gilt das auch", "Ja, das gilt")]
    assert places == sorted(places)
    assert "Timeline of <bdi>Maximiliane" in page
    browse("rep").get("/interactions/0190aaaa-0000-7000-8000-000000000000", 404)


def test_texts_that_must_not_be_shown_are_nowhere_in_the_page(
    browse: Browse, seeded: Seeded, core: Core, path: str
) -> None:
    now = core.db.clock.now()
    with core.db.write("test.held") as session:
        profile = session.get_one(Profile, seeded.linked[0].id)
        soon = now + timedelta(minutes=1)
        rows = [
            make_interaction(session, profile, text="SECRET closed", audience="community", occurred_at=soon),
            make_interaction(session, profile, text="SECRET old", expires_at=now, occurred_at=soon),
            make_interaction(session, profile, text="SECRET unknown", network="nowhere", occurred_at=soon),
            make_interaction(session, profile, text="SECRET deleted", deleted_at=now, occurred_at=soon),
        ]
        session.flush()
        addresses = [f"/interactions/{row.public_id}" for row in rows]
    rep = browse("rep")
    rep.get(addresses.pop(0), 404)
    for address in (path, "/", *addresses):
        assert "SECRET" not in rep.get(address), address
    page = rep.get(path)
    assert "One item from a closed community, not shown to your role" in page
    assert "for a short time, which has passed" in page
    assert "no connector knows this network" in page


def test_an_answer_to_itself_and_a_circle_of_answers_end(
    browse: Browse, seeded: Seeded, core: Core, path: str
) -> None:
    with core.db.write("test.circle") as session:
        profile = session.get_one(Profile, seeded.linked[0].id)
        for native_id, parent in (("self", "self"), ("a", "b"), ("b", "a"), ("orphan", "gone")):
            make_interaction(session, profile, native_id=native_id, in_reply_to=parent, thread_key=native_id)
    browse("rep").get(path)


def test_unlinking_says_what_it_withdraws_and_undoes_a_person_s_judgment(
    browse: Browse, seeded: Seeded, core: Core, path: str
) -> None:
    profile, steward = seeded.linked[0], browse("steward")
    address = f"{path}/unlink/{profile.public_id}"
    page = steward.get(address)
    assert "timeline entries are withdrawn from the built-in CRM" in page
    judgment = re.search(r'name="judgment" value="(\d+)"', page)[1]
    assert steward.post(address, address, judgment=int(judgment) + 1, way="undo").status_code == 409
    assert steward.post(address, address, judgment=judgment, way="undo").status_code == 302
    with core.db.read() as session:
        assert session.get(Link, profile.id) is None
        assert session.scalars(select(Judgment).order_by(Judgment.id.desc())).first().undoes_id == int(judgment)
    steward.get(address, 404)


def test_unlinking_what_the_engine_linked_forbids_the_pair(
    browse: Browse, seeded: Seeded, core: Core, path: str
) -> None:
    profile, steward = seeded.linked[1], browse("steward")
    address = f"{path}/unlink/{profile.public_id}"
    page = steward.get(address)
    assert "decide again" not in page
    judgment = re.search(r'name="judgment" value="(\d+)"', page)[1]
    steward.post(address, address, judgment=judgment, way="not", why="met her at the fair")
    with core.db.read() as session:
        last = session.scalars(select(Judgment).order_by(Judgment.id.desc())).first()
        assert (last.verdict, last.judge, last.reason) == (Verdict.NEGATIVE, Judge.STEWARD, "met her at the fair")
        assert session.get(Link, profile.id) is None


def test_a_contact_that_nobody_knows_is_404(browse: Browse) -> None:
    browse("rep").get("/contacts/0190aaaa-0000-7000-8000-000000000000", 404)
    browse("rep").get("/contacts/none", 404)


def test_the_page_takes_few_queries_however_much_was_said(browse: Browse, core: Core, path: str) -> None:
    rep, statements = browse("rep"), []
    rep.get(path)
    event.listen(core.db.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    rep.get(path)
    assert len(statements) <= 18, statements
    assert not [text for text in statements if "count(" in text.lower() and "limit" not in text.lower()]


def test_a_contact_of_another_is_watched_and_no_longer(browse: Browse, path: str, seeded: Seeded, core: Core) -> None:
    rep = browse("rep")
    assert "No contact is yours yet." in rep.get("/")
    for _twice in (1, 2):
        rep.post(path, f"{path}/watch", watch="on")
    assert "Stop watching" in rep.get(path)
    own = rep.get("/").split('aria-labelledby="own"')[1].split("</section>")[0]
    assert "Maximiliane" in own
    assert "Unanswered question" in own
    assert "Çağla" not in own
    rep.post(path, f"{path}/watch", watch="off")
    assert "No contact is yours yet." in rep.get("/")
    with core.db.write("test.owner") as session:
        session.get_one(Contact, seeded.contacts[3].id).owner_email = "rep@nordwerk.example"
    assert "Your contact" in rep.get(path)
    assert "Maximiliane" in rep.get("/").split('aria-labelledby="own"')[1].split("</section>")[0]


def test_one_s_own_contacts_are_paged(browse: Browse, seeded: Seeded, core: Core) -> None:
    now = core.db.clock.now()
    with core.db.write("test.own") as session:
        for number in range(45):
            contact = make_contact(session, full_name=f"Own {number:02d}", owner_email="rep@nordwerk.example")
            profile = make_profile(session, network="harbor")
            judgment = Judgment(
                profile_id=profile.id, contact_id=contact.id, verdict="positive", judge="engine", created_at=now
            )
            session.add(judgment)
            session.flush()
            session.add(Link(profile_id=profile.id, contact_id=contact.id, judgment_id=judgment.id, linked_at=now))
            at = now - timedelta(minutes=number)
            make_interaction(session, profile, occurred_at=at, received_at=at)
    rep, seen, path = browse("rep"), [], "/"
    for _page in range(5):
        page = rep.get(path)
        seen += re.findall(r"Own (\d\d)", page.split('aria-labelledby="own"')[1].split("</section>")[0])
        following = re.search(r'rel="next" href="([^"]+)"', page)
        if not following:
            break
        path = following[1]
    assert seen == [f"{number:02d}" for number in range(45)]
    assert "Own 44" in rep.get("/?page=99")
