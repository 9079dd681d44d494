"""What happens on the fake and how the API shows it to whom."""

import pytest

from scrm.sandbox.cast import on_network, person
from scrm.sandbox.mastodon import Mastodon
from tests.sandbox.mastodon.conftest import Reader, api_id, minute

NOTIFICATIONS = "/api/v1/notifications"


def kinds(reader, **query):
    return [item["type"] for item in reader.json(NOTIFICATIONS, **query)]


@pytest.fixture
def news(network):
    return network.post("nordwerk", "Neu: NW-40 #Antriebstechnik https://nordwerk.example/neu", at=minute(0))


def test_every_deed_towards_the_company_is_notified(network, reader, news):
    network.like("katharina", news, at=minute(1))
    network.share("helene", news, at=minute(2))
    network.follow("jane_doe", "nordwerk", at=minute(3))
    network.post("katharina", "Frage", at=minute(4), mentions=("nordwerk",))
    network.post("helene", "Enfin", at=minute(5), quote=news)
    assert kinds(reader) == ["quote", "mention", "follow", "reblog", "favourite"]
    assert kinds(reader, types=["follow", "quote"]) == ["quote", "follow"]
    assert kinds(reader, exclude_types=["mention", "quote"]) == ["follow", "reblog", "favourite"]
    reblog = reader.json(NOTIFICATIONS, types=["reblog"])[0]
    assert reblog["status"]["uri"] == news, "a boost's notification carries the boosted status"
    assert "status" not in reader.json(NOTIFICATIONS, types=["follow"])[0]


def test_notifications_of_one_account_can_be_asked_for(network, reader, news):
    network.like("katharina", news, at=minute(1))
    network.like("helene", news, at=minute(2))
    helene = reader.json("/api/v1/accounts/lookup", acct="hlefevre@piailleurs.example")["id"]
    found = reader.json(NOTIFICATIONS, account_id=helene)
    assert [item["account"]["id"] for item in found] == [helene]


def test_a_deed_done_twice_counts_once(network, reader, news):
    assert network.like("katharina", news, at=minute(1)) == network.like("katharina", news, at=minute(2))
    assert network.share("katharina", news, at=minute(3)) == network.share("katharina", news, at=minute(4))
    first = network.follow("katharina", "nordwerk", at=minute(5))
    assert first == network.follow("katharina", "nordwerk", at=minute(6))
    assert kinds(reader) == ["follow", "reblog", "favourite"]


def test_ones_own_deeds_notify_nobody(network, reader, news):
    network.like("nordwerk", news, at=minute(1))
    network.post("nordwerk", "Nachtrag", at=minute(2), reply_to=news)
    assert kinds(reader) == []


def test_a_type_unknown_to_any_client_is_delivered(network, reader):
    network.notify("server_anniversary", "nordwerk", at=minute(1))
    assert kinds(reader) == ["server_anniversary"]


def test_an_answer_mentions_whom_it_answers_in_html(network, reader, news):
    network.post("katharina", "Geht <das> & jenes?\nJa\n\nEnde", at=minute(1), reply_to=news)
    status = reader.json(NOTIFICATIONS)[0]["status"]
    assert status["content"] == (
        '<p><span class="h-card" translate="no"><a href="https://social.example/@nordwerk" '
        'class="u-url mention">@<span>nordwerk</span></a></span> '
        "Geht &lt;das&gt; &amp; jenes?<br />Ja</p><p>Ende</p>"
    )
    assert status["in_reply_to_id"] == api_id(network, news)
    assert [one["acct"] for one in status["mentions"]] == ["nordwerk"]


def test_links_and_hashtags_become_anchors(network, reader, news):
    content = reader.json(f"/api/v1/statuses/{api_id(network, news)}")["content"]
    assert 'class="mention hashtag" rel="tag">#<span>Antriebstechnik</span></a>' in content
    assert '<span class="invisible">https://</span><span class="">nordwerk.example/neu</span>' in content


def test_a_deleted_post_takes_its_notification_and_boosts_along(network, reader, news):
    written = network.post("katharina", "Weg damit", at=minute(1), mentions=("nordwerk",))
    answer = network.post("femke", "Gern", at=minute(2), reply_to=written)
    network.share("nordwerk", written, at=minute(3))
    number = api_id(network, written)
    network.delete(written, at=minute(4))
    assert kinds(reader) == []
    gone = reader.answer(f"/api/v1/statuses/{number}")
    assert (gone.status_code, gone.json()) == (404, {"error": "Record not found"})
    entries = {entry["native_id"]: entry for entry in network.truth()}
    assert entries[written]["deleted"] is True
    assert [entry["deleted"] for entry in entries.values() if entry["kind"] == "share"] == [True]
    orphan = next(one for one in own_statuses(reader, "femke_harms") if one["uri"] == answer)
    assert orphan["in_reply_to_id"] is None
    assert orphan["in_reply_to_account_id"] is not None


def own_statuses(reader, acct, **query):
    number = reader.json("/api/v1/accounts/lookup", acct=acct)["id"]
    return reader.json(f"/api/v1/accounts/{number}/statuses", **query)


def test_an_unliked_post_loses_the_notification(network, reader, news):
    network.like("katharina", news, at=minute(1))
    network.like("helene", news, at=minute(2))
    network.unlike("katharina", news, at=minute(3))
    assert [item["account"]["username"] for item in reader.json(NOTIFICATIONS)] == ["hlefevre"]
    assert reader.json(f"/api/v1/statuses/{api_id(network, news)}")["favourites_count"] == 1
    deleted = [entry["person"] for entry in network.truth() if entry["deleted"]]
    assert deleted == ["katharina"]


def test_an_edit_changes_text_tags_and_edited_at_but_no_id(network, reader):
    written = network.post("katharina", "Falsch #alt", at=minute(1), mentions=("nordwerk",))
    number = api_id(network, written)
    assert reader.json(f"/api/v1/statuses/{number}")["edited_at"] is None
    network.edit(written, "Richtig #neu", at=minute(2))
    status = reader.json(f"/api/v1/statuses/{number}")
    assert status["edited_at"] == "2026-11-01T08:02:00.000Z"
    assert "Richtig" in status["content"]
    assert reader.json("/api/v1/timelines/tag/alt") == []
    assert reader.ids("/api/v1/timelines/tag/neu") == [number]
    assert kinds(reader) == ["mention"], "the mentioned are not told of an edit"


def test_who_boosted_or_quoted_is_told_of_an_edit(network, reader):
    written = network.post("katharina", "Erst so", at=minute(1))
    network.share("nordwerk", written, at=minute(2))
    network.post("nordwerk", "Hört hört", at=minute(3), quote=written)
    network.edit(written, "Dann so", at=minute(4))
    assert kinds(reader) == ["quoted_update", "update"]


def test_a_direct_post_is_seen_by_the_two_alone(network, reader):
    written = network.post("katharina", "Angebot?", at=minute(1), mentions=("nordwerk",), visibility="direct")
    number = api_id(network, written)
    assert reader.json(f"/api/v1/statuses/{number}")["visibility"] == "direct"
    assert reader.json(NOTIFICATIONS)[0]["status"]["visibility"] == "direct"
    for other in (Reader(network, "femke"), Reader(network, None)):
        assert other.answer(f"/api/v1/statuses/{number}").status_code == 404
        assert other.json("/api/v1/statuses", id=[number]) == []
        assert own_statuses(other, "kgross") == []


def test_a_private_post_is_seen_by_followers(network, reader):
    network.post("katharina", "Nur für euch", at=minute(1), visibility="private")
    assert own_statuses(reader, "kgross") == []
    network.follow("nordwerk", "katharina", at=minute(2))
    assert [one["visibility"] for one in own_statuses(reader, "kgross")] == ["private"]
    with pytest.raises(ValueError, match="boosted"):
        network.share("nordwerk", network.post("katharina", "x", at=minute(3), visibility="private"), at=minute(4))


def test_unlisted_posts_stay_off_the_hashtag(network, reader):
    network.post("katharina", "#Nordwerk leise", at=minute(1), visibility="unlisted")
    network.post("helene", "#Nordwerk fort", at=minute(2))
    assert len(reader.json("/api/v1/timelines/tag/nordwerk")) == 1
    assert reader.json("/api/v1/timelines/tag/NORDWERK", local="true") == []
    assert len(reader.json("/api/v1/timelines/tag/nordwerk", remote="true")) == 1


def test_the_filters_of_an_accounts_statuses(network, reader, news):
    network.post("nordwerk", "Nachtrag 📷", at=minute(1), reply_to=news)
    other = network.post("katharina", "Hm", at=minute(2))
    network.post("nordwerk", "Antwort", at=minute(3), reply_to=other)
    network.share("nordwerk", other, at=minute(4))
    everything = own_statuses(reader, "nordwerk")
    assert len(everything) == 4
    assert everything[0]["reblog"]["uri"] == other
    assert len(own_statuses(reader, "nordwerk", exclude_replies="true")) == 3, "answers to oneself stay"
    assert len(own_statuses(reader, "nordwerk", exclude_reblogs="true")) == 3
    assert [bool(one["media_attachments"]) for one in own_statuses(reader, "nordwerk", only_media="true")] == [True]
    assert [one["uri"] for one in own_statuses(reader, "nordwerk", tagged="antriebstechnik")] == [news]
    assert own_statuses(reader, "nordwerk", pinned="true") == []


def test_a_thread_is_shown_above_and_below(network, reader, news):
    first = network.post("katharina", "1", at=minute(1), reply_to=news)
    second = network.post("helene", "2", at=minute(2), reply_to=first)
    third = network.post("katharina", "3", at=minute(3), reply_to=second)
    aside = network.post("jane_doe", "1b", at=minute(4), reply_to=news)
    above_below = reader.json(f"/api/v1/statuses/{api_id(network, first)}/context")
    assert [one["uri"] for one in above_below["ancestors"]] == [news]
    assert [one["uri"] for one in above_below["descendants"]] == [second, third]
    whole = reader.json(f"/api/v1/statuses/{api_id(network, news)}/context")
    assert [one["uri"] for one in whole["descendants"]] == [first, second, third, aside]


def test_the_anonymous_see_a_thread_to_a_depth_of_twenty(network, reader, news):
    post = news
    for number in range(25):
        post = network.post("nordwerk", str(number), at=minute(number + 1), reply_to=post)
    path = f"/api/v1/statuses/{api_id(network, news)}/context"
    assert len(reader.json(path)["descendants"]) == 25
    assert len(Reader(network, None).json(path)["descendants"]) == 20


def test_local_and_remote_accounts_are_told_apart_by_acct_and_uri(network, reader):
    local = reader.json("/api/v1/accounts/lookup", acct="kgross@social.example")
    remote = reader.json("/api/v1/accounts/lookup", acct="@hlefevre@piailleurs.example")
    assert (local["acct"], local["uri"]) == ("kgross", "https://social.example/users/kgross")
    assert remote["acct"] == "hlefevre@piailleurs.example"
    both = reader.json("/api/v1/accounts", id=[local["id"], remote["id"], "12345", "x"])
    assert {one["id"] for one in both} == {local["id"], remote["id"]}
    assert reader.answer("/api/v1/accounts/lookup", acct="nobody").status_code == 404
    assert reader.answer("/api/v1/accounts/12345").status_code == 404


def test_a_profile_changes_but_never_its_handle(network, reader):
    network.edit_profile("katharina", at=minute(1), display_name="Katharina G.", bio="Neu hier")
    account = reader.json("/api/v1/accounts/lookup", acct="kgross")
    assert (account["display_name"], account["note"]) == ("Katharina G.", "<p>Neu hier</p>")
    with pytest.raises(ValueError, match="handle"):
        network.edit_profile("katharina", at=minute(2), handle="kg")


def test_a_website_is_verified_for_most_but_not_for_all():
    with Mastodon() as whole:
        for one in on_network("mastodon"):
            whole.add_account(one, at=minute(0))
        found = Reader(whole).json("/api/v2/search", q="er", type="accounts", limit=40)["accounts"]
    fields = [field for account in found for field in account["fields"] if field["name"] == "Web"]
    verified = [field for field in fields if field["verified_at"]]
    assert 0 < len(verified) < len(fields)
    assert all('rel="nofollow noopener me"' in field["value"] for field in fields)
    assert [account["username"] for account in found if account["bot"]] == ["motorenmarkt"]


def test_search_finds_names_handles_own_posts_and_hashtags(network, reader, news):
    found = reader.json("/api/v2/search", q="kat")
    assert [one["username"] for one in found["accounts"]] == ["kgross"]
    assert [one["uri"] for one in reader.json("/api/v2/search", q="nw-40")["statuses"]] == [news]
    assert [one["name"] for one in reader.json("/api/v2/search", q="#antrieb")["hashtags"]] == ["antriebstechnik"]
    exact = reader.json("/api/v2/search", q="@hlefevre@piailleurs.example", type="accounts", resolve="true")
    assert [one["username"] for one in exact["accounts"]] == ["hlefevre"]
    assert Reader(network, None).json("/api/v2/search", q="nw-40")["statuses"] == []
    assert Reader(network, None).answer("/api/v2/search", q="x", resolve="true").status_code == 401


def test_a_quote_of_a_deleted_post_says_so(network, reader, news):
    network.post("katharina", "Merken", at=minute(1), quote=news)
    quote = reader.json(NOTIFICATIONS)[0]["status"]["quote"]
    assert (quote["state"], quote["quoted_status"]["uri"]) == ("accepted", news)
    network.delete(news, at=minute(2))
    quote = own_statuses(reader, "kgross")[0]["quote"]
    assert quote == {"state": "deleted", "quoted_status": None}


def test_two_accounts_cannot_share_a_handle(network):
    with pytest.raises(ValueError, match="already"):
        network.add_account(person("katharina"), at=minute(0))


def test_the_truth_tells_replies_in_our_threads_from_what_is_not_ours(network, news):
    asked = network.post("katharina", "Frage", at=minute(1), reply_to=news)
    remark = network.post("helene", "Pareil", at=minute(2), reply_to=asked)
    network.post("jane_doe", "Match day", at=minute(3))
    network.post("jane_doe", "Taugt #Nordwerk was?", at=minute(4))
    assert [entry["kind"] for entry in network.truth()] == ["post", "mention", "reply", "hashtag"]
    assert network.truth()[2]["native_id"] == remark
    assert network.truth()[2]["object"] == asked


def test_the_instance_names_its_domain_and_version(reader):
    instance = reader.json("/api/v2/instance")
    assert (instance["domain"], instance["version"]) == ("social.example", "4.7.0")


def test_a_deleted_answer_boost_or_quote_is_no_longer_counted(network, reader, news):
    answer = network.post("katharina", "Frage @niemand", at=minute(1), reply_to=news)
    quote = network.post("katharina", "Merken", at=minute(2), quote=news)
    boost = network.share("katharina", news, at=minute(3))
    path = f"/api/v1/statuses/{api_id(network, news)}"
    counted = ("replies_count", "quotes_count", "reblogs_count")
    assert [reader.json(path)[name] for name in counted] == [1, 1, 1]
    assert [one["username"] for one in reader.json(f"{path}/reblogged_by")] == ["kgross"]
    for gone in (answer, quote, boost):
        network.delete(gone, at=minute(4))
    assert [reader.json(path)[name] for name in counted] == [0, 0, 0]
    assert reader.json(f"{path}/reblogged_by") == []
    assert reader.json(f"{path}/context")["descendants"] == []


def test_a_hashtag_timeline_can_join_and_exclude_other_hashtags(network, reader):
    one = network.post("katharina", "#nordwerk", at=minute(1))
    two = network.post("katharina", "#nordwerk #getriebe", at=minute(2))
    three = network.post("katharina", "#getriebe", at=minute(3))

    def found(**query):
        return [status["uri"] for status in reader.json("/api/v1/timelines/tag/nordwerk", **query)]

    assert found() == [two, one]
    assert found(any=["getriebe"]) == [three, two, one]
    assert found(all=["getriebe"]) == [two]
    assert found(none=["getriebe"]) == [one]


def test_the_notice_of_a_boost_goes_with_the_boost(network, reader, news):
    boost = network.share("katharina", news, at=minute(1))
    network.like("katharina", news, at=minute(2))
    network.delete(boost, at=minute(3))
    assert kinds(reader) == ["favourite"]
