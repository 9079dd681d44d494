"""Lists by their changes, what stands below, people, and what is looked at again."""

from datetime import timedelta

import pytest

from scrm.connectors.base import ObjectRef
from scrm.connectors.sharepoint import comments, connector
from scrm.errors import AccessRevokedError, NetworkError, PayloadError, RetryLaterError, UnavailableError
from scrm.records import InteractionKind
from tests.connectors.sharepoint.reading import look, read_list
from tests.connectors.sharepoint.scenario import minute, play


def calls(network) -> list[str]:
    return [str(one["path"]) for one in network.requests()]


def user_id(network, key: str) -> str:
    return next(str(entry["author"]) for entry in network.truth() if entry["person"] == key)


def test_every_page_and_every_entry_of_a_named_list_is_read_once(network, api):
    play(network)
    wanted = {kind: set() for kind in ("pages", "items")}
    for entry in network.truth():
        if entry["shown"] in wanted:
            wanted[entry["shown"]].add(entry["native_id"])
    for name in ("pages", "items"):
        reading = read_list(api, name)
        assert set(reading.interactions) == wanted[name]
        assert read_list(api, name, reading.cursor).interactions == {}


def test_without_a_named_list_nothing_is_asked(network, api):
    api.app = {**api.app, "lists": " ; "}
    before = len(network.requests())
    assert read_list(api, "items").interactions == {}
    assert len(network.requests()) == before


def test_two_lists_are_read_one_after_the_other(network, api):
    ids = play(network)
    api.app = {**api.app, "lists": "Forum; Site Pages"}
    reading = read_list(api, "items")
    assert {ids["thread"], ids["tip0"]} <= set(reading.interactions)
    network.edit(ids["tip0"], "Another tip", at=minute(700))
    later = read_list(api, "items", reading.cursor)
    assert set(later.interactions) == {ids["tip0"]}


def test_what_changes_comes_again_with_its_new_words(network, api):
    ids = play(network)
    reading = read_list(api, "pages")
    assert reading.interactions[ids["news"]].text == "New: NW-40 (quiet), 5 < 6 & {more}. It runs."
    network.edit(ids["news"], "New: NW-41. It runs.", at=minute(700))
    later = read_list(api, "pages", reading.cursor)
    assert set(later.interactions) == {ids["news"]}
    found = later.interactions[ids["news"]]
    assert (found.text, found.edited_at) == ("New: NW-41. It runs.", minute(700))
    assert found.key == reading.interactions[ids["news"]].key


@pytest.mark.parametrize("code", ["resyncChangesApplyDifferences", "resyncChangesUploadDifferences"])
def test_a_mark_that_is_worth_nothing_any_more_has_everything_read_again(network, api, code):
    play(network)
    reading = read_list(api, "pages")
    network.reset_delta(code)
    again = read_list(api, "pages", reading.cursor)
    assert set(again.interactions) == set(reading.interactions)
    assert read_list(api, "pages", again.cursor).interactions == {}


def test_a_reset_that_leads_to_another_host_is_not_followed(network, api):
    play(network)
    cursor = read_list(api, "pages").cursor
    body = network.error_body("resyncChangesApplyDifferences")
    network.fail(status=410, times=1, body=body)
    again = read_list(api, "pages", cursor)  # without a Location it begins at the usual place
    assert len(again.interactions) == 24


def test_comments_answers_and_likes_of_a_page_come_with_their_people(network, api):
    ids = play(network)
    news = read_list(api, "pages").refs[ids["news"]]
    found = look(api, "comments", [news])
    below = ("question", "answer", "thanks", "aside", "own", "like", "comment_like", "answer_like")
    assert set(found.interactions) == {ids[name] for name in below}
    answer = found.interactions[ids["answer"]]
    assert answer.text == "@Katharina Groß The green one: <b>."
    assert answer.in_reply_to == ids["question"]
    assert [one.native_id for one in answer.mentions] == [user_id(network, "katharina")]
    assert answer.counterpart is not None
    assert answer.counterpart.native_id == user_id(network, "katharina")
    question = found.interactions[ids["question"]]
    assert (question.in_reply_to, question.thread_key) == (ids["news"], ids["news"])
    assert question.counterpart is not None
    assert question.counterpart.native_id == user_id(network, "nordwerk")
    assert found.interactions[ids["own"]].counterpart is None
    like = found.interactions[ids["comment_like"]]
    assert (like.kind, like.target) == (InteractionKind.REACTION, ids["question"])


def test_a_guest_is_known_by_the_real_address_and_never_by_the_sign_in_name(network, api):
    ids = play(network)
    found = look(api, "comments", [read_list(api, "pages").refs[ids["news"]]])
    guest = found.profiles[user_id(network, "katharina")]
    assert guest.email is not None
    assert guest.email_verified
    assert "#ext#" not in f"{guest.email}{guest.handle}".lower()
    hidden = found.profiles[user_id(network, "jane_doe")]
    assert (hidden.email, hidden.email_verified, hidden.handle) == (None, False, None)
    assert found.profiles[user_id(network, "lars")].handle is not None


def test_whoever_left_the_directory_keeps_the_login_name(network, api):
    ids = play(network)
    news = read_list(api, "pages").refs[ids["news"]]
    login = next(str(one["login_name"]) for one in network.truth() if one["native_id"] == ids["thanks"])
    name = login.rpartition("|")[2]
    network.fail(status=404, times=1, path=f"/v1.0/users/{name}", body=network.error_body("userNotFound"))
    found = look(api, "comments", [news])
    assert found.interactions[ids["thanks"]].author.native_id == login
    assert not found.profiles[login].full
    assert not found.profiles[login].email_verified
    assert found.profiles[login].handle is None


def test_a_page_that_looks_as_before_is_not_given_again_and_asked_for_more_seldom(network, api, time):
    ids = play(network)
    news = read_list(api, "pages").refs[ids["news"]]
    first = look(api, "comments", [news]).again[ids["news"]]
    time.advance(10 * 86_400.0)
    connector.renew(api)
    known = ObjectRef(native_id=news.native_id, fetch_ref=news.fetch_ref, cursor=first.cursor)
    before = len(network.requests())
    second = look(api, "comments", [known])
    assert second.interactions == {}
    assert len(network.requests()) - before == 2
    assert second.again[ids["news"]].after_seconds > first.after_seconds
    newer = network.post("helene", "Me too", at=time.now() - timedelta(minutes=1), reply_to=ids["news"])
    third = look(api, "comments", [known])
    assert newer in third.interactions
    assert third.again[ids["news"]].after_seconds == 900


def test_many_comments_are_read_part_by_part(network, api, monkeypatch):
    ids = play(network)
    monkeypatch.setattr(comments, "PART", 2)
    ref = read_list(api, "pages").refs[ids["news"]]
    found, parts = {}, 0
    for _ in range(10):
        looked = look(api, "comments", [ref])
        parts += 1
        found |= looked.interactions
        wish = looked.again[ids["news"]]
        ref = ObjectRef(native_id=ref.native_id, fetch_ref=ref.fetch_ref, cursor=wish.cursor)
        if wish.after_seconds:
            break
    assert parts == 2
    assert {ids[name] for name in ("question", "answer", "thanks", "aside", "own", "like")} <= set(found)
    assert look(api, "comments", [ref]).interactions == {}


def test_a_page_that_is_gone_is_found_gone_with_all_that_stood_on_it(network, api):
    ids = play(network)
    news = read_list(api, "pages").refs[ids["news"]]
    below = look(api, "comments", [news]).interactions
    refs = [ObjectRef(native_id=one.key.native_id, fetch_ref=one.fetch_ref) for one in below.values()]
    network.delete(ids["news"], at=minute(700))
    assert look(api, "comments", [news]).gone == {ids["news"]}
    assert look(api, "recheck", refs).gone == set(below)


def test_a_look_at_many_things_of_one_page_costs_as_much_as_at_one(network, api):
    ids = play(network)
    below = look(api, "comments", [read_list(api, "pages").refs[ids["news"]]]).interactions
    network.unlike("helene", ids["news"], at=minute(700))
    network.edit(ids["question"], "Which oil, please?", at=minute(701))
    network.delete(ids["aside"], at=minute(702))
    before = len(calls(network))
    refs = [ObjectRef(native_id=one.key.native_id, fetch_ref=one.fetch_ref) for one in below.values()]
    found = look(api, "recheck", refs)
    assert found.gone == {ids["like"], ids["aside"]}
    assert found.interactions[ids["question"]].text == "Which oil, please?"
    assert len([one for one in calls(network)[before:] if "_api" in one]) == 2


def test_the_recheck_follows_pages_and_entries(network, api):
    ids = play(network)
    pages, items = read_list(api, "pages"), read_list(api, "items")
    wanted = [pages.interactions[ids["news"]], pages.interactions[ids["tip4"]], items.interactions[ids["thread"]]]
    refs = [ObjectRef(native_id=one.key.native_id, fetch_ref=one.fetch_ref) for one in wanted]
    network.edit(ids["thread"], "Who has run it on ice?", at=minute(700))
    network.delete(ids["tip4"], at=minute(701))
    found = look(api, "recheck", refs)
    assert found.gone == {ids["tip4"]}
    assert found.interactions[ids["news"]] == pages.interactions[ids["news"]]
    assert found.interactions[ids["thread"]].text == "Who has run it on ice?"


def test_a_reference_that_is_none_of_ours_is_refused(api):
    for text in (None, "", "page", "other a b c d 2026-10-20T08:00:00+00:00", "page a b c d yesterday"):
        with pytest.raises(PayloadError):
            look(api, "recheck", [ObjectRef(native_id="1", fetch_ref=text)])


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        ("invalidToken", 401, AccessRevokedError),
        ("accessDenied", 403, UnavailableError),
        ("denied", 403, UnavailableError),
        ("tooManyRequests", 429, RetryLaterError),
        ("serviceNotAvailable", 503, RetryLaterError),
        ("bandwidthLimitExceeded", 509, RetryLaterError),
        ("syncStateNotFound", 400, RetryLaterError),
        ("badRequest", 400, UnavailableError),
    ],
)
def test_an_error_is_told_by_its_code(network, api, code, status, expected):
    network.fail(status=status, times=1, body=network.error_body(code), retry_after="17")
    api.renew = None
    with pytest.raises(expected) as why:
        read_list(api, "pages")
    assert isinstance(why.value, NetworkError)
    assert getattr(why.value, "throttled", False) == (code in {"tooManyRequests", "bandwidthLimitExceeded"})


@pytest.mark.parametrize("status", [429, 503])
def test_sharepoint_says_itself_how_long_to_wait(network, api, status):
    ids = play(network)
    news = read_list(api, "pages").refs[ids["news"]]
    place = next(entry for entry in network.truth() if entry["native_id"] == ids["news"])
    path = f"/sites/partner/_api/web/lists(guid'{place['list_id']}')/items({place['item_id']})/comments"
    network.fail(status=status, times=1, path=path, retry_after="17")
    with pytest.raises(RetryLaterError) as why:
        look(api, "comments", [news])
    assert why.value.retry_after == 17


def test_each_access_goes_only_where_it_is_for(network, api):
    ids = play(network)
    look(api, "comments", [read_list(api, "pages").refs[ids["news"]]])
    assert not [one for one in network.requests() if one["status"] in {401, 403, 406}]
