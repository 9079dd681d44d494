"""What happens on the fake and how its API shows it to the people of the page."""

import pytest

from scrm.sandbox.cast import person
from tests.sandbox.linkedin.conftest import Reader, encoded, minute, row

NOTICES = "/rest/organizationalEntityNotifications"
EVERY = "COMMENT,SHARE_MENTION,LIKE,SHARE,ADMIN_COMMENT,COMMENT_EDIT,COMMENT_DELETE"


@pytest.fixture
def news(network):
    return network.post("nordwerk", "Neu: NW-40 (leise) #Antriebstechnik", at=minute(0))


def comments_on(reader, urn):
    return reader.elements(f"/rest/socialActions/{encoded(urn)}/comments")


def notices(reader, page, actions=EVERY, more=""):
    query = f"q=criteria&actions=List({actions})&organizationalEntity={encoded(page)}{more}"
    return reader.elements(NOTICES, query)


def posts(reader, page):
    return reader.elements("/rest/posts", f"q=author&author={encoded(page)}&sortBy=LAST_MODIFIED")


def test_the_page_and_its_people_are_found_by_role(network, reader, page):
    assert page == f"urn:li:organization:{page.rsplit(':', maxsplit=1)[1]}"
    acls = reader.elements("/rest/organizationAcls", f"q=organization&organization={encoded(page)}")
    assert [acl["role"] for acl in acls] == ["ADMINISTRATOR"] * 3
    assert reader.elements("/rest/organizationAcls", "q=roleAssignee&role=ANALYST") == []
    number = page.rsplit(":", maxsplit=1)[1]
    full = reader.json(f"/rest/organizations/{number}")
    assert (full["localizedName"], full["organizationStatus"]) == ("Nordwerk Antriebstechnik", "OPERATING")
    stranger = Reader(network, network.credentials("katharina")["access_token"])
    assert "organizationStatus" not in stranger.json(f"/rest/organizations/{number}")
    assert reader.elements("/rest/organizations", "q=vanityName&vanityName=nordwerk")[0]["id"] == int(number)
    found = reader.json("/rest/organizationsLookup", f"ids=List({number},1)")
    assert (found["statuses"], list(found["results"])) == ({number: 200, "1": 404}, [number])


def test_a_post_has_two_urns_and_its_text_is_escaped(network, reader, page, news):
    post = posts(reader, page)[0]
    assert post["id"] == news
    assert post["commentary"] == r"Neu: NW-40 \(leise\) {hashtag|\#|Antriebstechnik}"
    assert reader.json(f"/rest/posts/{encoded(news)}") == post
    network.post("katharina", "Frage", at=minute(1), reply_to=news)
    activity = comments_on(reader, news)[0]["object"]
    assert activity.startswith("urn:li:activity:")
    assert comments_on(reader, activity) == comments_on(reader, news)
    second = network.post("nordwerk", "Zwei", at=minute(2))
    assert [urn.split(":")[2] for urn in (news, second)] == ["share", "ugcPost"]


def test_comments_have_two_levels_and_no_name(network, reader, page, news):
    asked = network.post("katharina", "Geht das?", at=minute(1), reply_to=news)
    answer = network.post("nordwerk", "Ja", at=minute(2), reply_to=asked, mentions=("katharina",))
    thanks = network.post("katharina", "Danke", at=minute(3), reply_to=answer)
    top = comments_on(reader, news)
    assert [one["commentUrn"] for one in top] == [asked]
    assert top[0]["commentsSummary"]["totalFirstLevelComments"] == 2
    assert "Katharina" not in str(top)
    replies = comments_on(reader, asked)
    assert [one["commentUrn"] for one in replies] == [answer, thanks]
    assert {one["parentComment"] for one in replies} == {asked}
    assert (replies[0]["actor"], replies[0]["agent"][:14]) == (page, "urn:li:person:")
    assert replies[0]["message"]["text"] == "Katharina Groß Ja"
    assert replies[0]["message"]["attributes"][0]["length"] == len("Katharina Groß")
    single = reader.json(f"/rest/socialActions/{encoded(news)}/comments/{replies[1]['id']}")
    assert single == replies[1]


def test_reactions_are_listed_by_kind_and_time_and_can_be_taken_back(network, reader, news):
    first = network.like("katharina", news, at=minute(1))
    second = network.like("helene", news, at=minute(2), reaction="PRAISE")
    assert network.like("katharina", news, at=minute(3)) == first
    path = f"/rest/reactions/(entity:{encoded(news)})"
    newest = reader.elements(path, "q=entity&sort=(value:REVERSE_CHRONOLOGICAL)")
    assert [(one["id"], one["reactionType"]) for one in newest] == [(second, "PRAISE"), (first, "LIKE")]
    assert [one["id"] for one in reader.elements(path, "q=entity&sort=(value:CHRONOLOGICAL)")] == [first, second]
    metadata = reader.json(f"/rest/socialMetadata/{encoded(news)}")
    assert metadata["reactionSummaries"]["PRAISE"]["count"] == 1
    network.unlike("helene", news, at=minute(4))
    assert [one["id"] for one in reader.elements(path, "q=entity")] == [first]
    assert row(network, second)["deleted"] is True


def test_the_page_is_told_what_touches_it_and_what_names_it(network, reader, page, news):
    network.like("katharina", news, at=minute(1))
    comment = network.post("katharina", "Frage", at=minute(2), reply_to=news)
    network.post("nordwerk", "Antwort", at=minute(3), reply_to=comment)
    network.edit(comment, "Frage!", at=minute(4))
    share = network.share("helene", news, at=minute(5))
    mention = network.post("jane_doe", "Gut", at=minute(6), mentions=("nordwerk",))
    network.delete(comment, at=minute(7))
    found = notices(reader, page)
    assert [one["action"] for one in found] == [
        *("COMMENT_DELETE", "SHARE_MENTION", "SHARE", "COMMENT_EDIT", "ADMIN_COMMENT", "COMMENT", "LIKE")
    ]
    named = {one["action"]: one for one in found}
    assert named["SHARE_MENTION"]["generatedActivity"] == mention
    assert named["SHARE_MENTION"]["decoratedGeneratedActivity"]["share"]["text"] == "Nordwerk Antriebstechnik Gut"
    assert named["SHARE"]["decoratedGeneratedActivity"]["share"]["entity"] == share
    assert named["SHARE"]["sourcePost"].startswith("urn:li:activity:")
    assert named["SHARE"]["decoratedSourcePost"]["entity"] == news
    assert named["COMMENT_DELETE"]["generatedActivity"] == comment
    assert "decoratedGeneratedActivity" not in named["COMMENT"], "a deleted comment is not shown any more"
    assert [one["action"] for one in notices(reader, page, "LIKE,SHARE")] == ["SHARE", "LIKE"]
    assert len(notices(reader, page, EVERY, f"&sourcePost={encoded(news)}")) == 6


def test_notices_are_cut_by_time_and_kept_for_sixty_days(network, reader, page, news, clock):
    for number in range(3):
        network.post("katharina", str(number), at=minute(number), reply_to=news)
    start, end = (int(minute(number).timestamp() * 1000) for number in (1, 2))
    assert len(notices(reader, page, "COMMENT", f"&timeRange=(start:{start},end:{end})")) == 2
    assert len(notices(reader, page, "COMMENT", f"&timeRange=(start:{end})")) == 1
    clock.forward(days=59)
    assert len(notices(reader, page, "COMMENT")) == 3
    clock.now = minute(1)
    clock.forward(days=60)
    fresh = Reader(network, network.credentials("nordwerk")["access_token"], {"Linkedin-Version": "202612"})
    assert len(notices(fresh, page, "COMMENT")) == 2, "what is exactly sixty days old is still there"


def test_what_is_not_public_is_not_told(network, reader, page):
    quiet = network.post("nordwerk", "Nur für Angemeldete", at=minute(0), visibility="community")
    network.post("katharina", "Frage", at=minute(1), reply_to=quiet)
    network.post("katharina", "Unter uns", at=minute(2), mentions=("nordwerk",), visibility="private")
    assert notices(reader, page) == []
    assert len(comments_on(reader, quiet)) == 1
    with pytest.raises(ValueError, match="no posts that are direct"):
        network.post("katharina", "x", at=minute(3), visibility="direct")


def test_what_members_post_is_closed_to_the_page(network, reader):
    mention = network.post("katharina", "Hallo", at=minute(1), mentions=("nordwerk",))
    network.post("nordwerk", "Danke", at=minute(2), reply_to=mention)
    me = row(network, mention)["author"]
    answer = reader.ask("/rest/posts", f"q=author&author={encoded(me)}")
    assert answer.status_code == 400
    assert answer.json()["message"] == "Member permissions must be used when using member as author"
    for path in (f"/rest/posts/{encoded(mention)}", f"/rest/socialActions/{encoded(mention)}/comments"):
        assert reader.ask(path).status_code == 403
    assert [entry["shown"] for entry in network.truth()] == ["notifications", None]


def test_a_deleted_post_is_gone_with_all_under_it(network, reader, page, news):
    comment = network.post("katharina", "Frage", at=minute(1), reply_to=news)
    like = network.like("katharina", comment, at=minute(2))
    network.share("helene", news, at=minute(3))
    network.delete(news, at=minute(4))
    assert posts(reader, page) == []
    for path in ("posts/{}", "socialActions/{}/comments", "socialMetadata/{}"):
        answer = reader.ask("/rest/" + path.format(encoded(news)))
        assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")
    gone = {entry["native_id"] for entry in network.truth() if entry["deleted"]}
    assert gone == {news, comment, like}
    with pytest.raises(KeyError):
        network.like("katharina", comment, at=minute(5))


def test_a_deleted_comment_takes_its_answers_along(network, reader, news):
    asked = network.post("katharina", "Frage", at=minute(1), reply_to=news)
    answer = network.post("helene", "Auch", at=minute(2), reply_to=asked)
    network.delete(asked, at=minute(3))
    assert comments_on(reader, news) == []
    assert row(network, answer)["deleted_at"] == row(network, asked)["deleted_at"]
    assert reader.json(f"/rest/socialMetadata/{encoded(news)}")["commentSummary"] == {"count": 0, "topLevelCount": 0}


def test_an_edit_shows_in_the_times(network, reader, page, news):
    network.post("nordwerk", "Später", at=minute(1))
    network.edit(news, "Neu", at=minute(9))
    first = posts(reader, page)[0]
    assert (first["id"], first["commentary"]) == (news, "Neu")
    assert first["lastModifiedAt"] - first["createdAt"] == 9 * 60_000
    assert first["lifecycleStateInfo"] == {"isEditedByAuthor": True}
    assert row(network, news)["edited_at"] == "2026-11-01T08:09:00.000Z"


def test_the_page_shares_what_others_say(network, reader, page):
    mention = network.post("katharina", "Hallo", at=minute(1), mentions=("nordwerk",))
    shared = network.share("nordwerk", mention, at=minute(2))
    quoted = network.post("katharina", "Stimmt", at=minute(3), quote=shared)
    assert posts(reader, page)[0]["reshareContext"] == {"parent": mention, "root": mention}
    assert [entry["kind"] for entry in network.truth()] == ["mention", "share", "quote"]
    assert notices(reader, page, "SHARE")[0]["generatedActivity"] == quoted


def test_people_are_seen_as_they_wish(network, reader, news):
    urn = network.like("katharina", news, at=minute(1)).split("(")[1].split(",")[0]
    path = f"/rest/people/(id:{urn.rsplit(':', maxsplit=1)[1]})"
    seen = reader.json(path)
    assert (seen["localizedFirstName"], seen["localizedLastName"]) == ("Katharina", "Groß")
    assert seen["localizedHeadline"] == "Leiterin Einkauf · Fördertechnik Leine GmbH"
    assert "email" not in str(seen)
    assert reader.json(path, "fields=id,vanityName") == {"id": seen["id"], "vanityName": "kgross"}
    network.edit_profile("katharina", at=minute(2), bio="Einkauf", display_name="Katharina Groß-Lind", handle="k.g")
    changed = reader.json(path)
    assert (changed["localizedHeadline"], changed["vanityName"]) == ("Einkauf", "k-g")
    network.set_privacy("katharina", "private")
    assert reader.json(path)["id"] == "private"
    network.set_privacy("katharina", "closed")
    assert reader.ask(path).status_code == 403
    assert reader.ask("/rest/people/(id:nobody0000)").status_code == 404
    assert reader.json("/rest/me")["localizedLastName"] == "Page Admin"
    assert reader.json("/v2/userinfo")["email"] == "social@nordwerk.example"


def test_followers_are_found_by_name_only(network, reader, page):
    network.follow("katharina", "nordwerk", at=minute(1))
    found = reader.elements(
        "/rest/peopleTypeahead", f"q=organizationFollowers&keywords=gro&organization={encoded(page)}"
    )
    assert [one["lastName"] for one in found] == ["Groß"]
    assert [(entry["kind"], entry["shown"]) for entry in network.truth()] == [("follow", None)]


def test_a_life_equals_the_truth(network, reader, page):
    """Everything the truth says is shown can be read, with the same ids, and nothing else can."""
    for number in range(12):
        post = network.post("nordwerk", f"Meldung {number}", at=minute(number))
        comment = network.post("katharina", f"Frage {number}", at=minute(number + 0.1), reply_to=post)
        network.post("femke", "Antwort", at=minute(number + 0.2), reply_to=comment)
        network.like("helene", comment, at=minute(number + 0.3))
        network.share("jane_doe", post, at=minute(number + 0.4))
        if number % 4 == 0:
            network.delete(post if number % 8 else comment, at=minute(number + 0.5))
    network.post("helene", "Taugt was", at=minute(20), mentions=("nordwerk",))
    read = set()
    for post in reader.walk("/rest/posts", f"q=author&author={encoded(page)}&count=3"):
        read.add(post["id"])
        waiting = [post["id"]]
        while waiting:
            urn = waiting.pop()
            reactions = reader.walk(f"/rest/reactions/(entity:{encoded(urn)})", "q=entity&count=1")
            below = [one["commentUrn"] for one in comments_on(reader, urn)]
            read |= {*(one["id"] for one in reactions), *below}
            waiting += below
    query = f"q=criteria&actions=List(SHARE,SHARE_MENTION)&organizationalEntity={encoded(page)}&count=5"
    read |= {one["generatedActivity"] for one in reader.walk(NOTICES, query)}
    assert read == {entry["native_id"] for entry in network.truth() if not entry["deleted"] and entry["shown"]}
    assert all(entry["outcome"] == "served" for entry in network.requests())


def test_what_linkedin_does_not_have_is_refused(network, news):
    comment = network.post("katharina", "x", at=minute(1), reply_to=news)
    with pytest.raises(ValueError, match="not comments"):
        network.share("helene", comment, at=minute(2))
    with pytest.raises(ValueError, match="no messages"):
        network.message("katharina", "x", at=minute(2))
    with pytest.raises(ValueError, match="no reaction"):
        network.like("katharina", news, at=minute(2), reaction="ANGRY")
    with pytest.raises(ValueError, match="already"):
        network.add_account(person("katharina"), at=minute(2))
    with pytest.raises(ValueError, match="members follow pages"):
        network.follow("katharina", "helene", at=minute(2))
    assert not {"message", "notify"} & network.verbs
    assert all(callable(getattr(network, verb)) for verb in network.verbs)


def test_ids_carry_their_time(network, news):
    comment = network.post("katharina", "x", at=minute(1), reply_to=news)
    for urn, at in ((news, minute(0)), (comment, minute(1))):
        number = int(urn.rstrip(")").replace(",", ":").rsplit(":", maxsplit=1)[1])
        assert len(str(number)) == 19
        assert number >> 22 == int(at.timestamp() * 1000)
    assert comment.startswith("urn:li:comment:(urn:li:activity:")
