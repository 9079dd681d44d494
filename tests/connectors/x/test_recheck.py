"""Batch compliance: jobs are waited for, taken over and begun again; files are called without any access."""

from datetime import timedelta
from typing import Any

import pytest

from scrm.connectors.base import Again, Api, ObjectPage, ObjectRef
from scrm.connectors.x import connector
from scrm.connectors.x.client import client_of_app
from scrm.connectors.x.compliance import begin, upload
from scrm.connectors.x.recheck import LOOK_AGAIN_SECONDS
from scrm.errors import AccessRevokedError, PayloadError, RetryLaterError
from scrm.http import Answer, GuardedSession
from scrm.sandbox.x import X
from scrm.sandbox.x.state import Standing
from tests.connectors.x.reading import Clock, Reading, access, paths, read_lists, read_objects
from tests.connectors.x.scenario import fake, minute, play

RECHECK = connector.object_stream("recheck")


def refs(reading: Reading) -> list[ObjectRef]:
    return [ref for (name, _), ref in reading.watched.items() if name == "recheck"]


def later(asked: list[ObjectRef], page: ObjectPage) -> list[ObjectRef]:
    again: dict[str, Again] = dict(page.again)
    return [
        ObjectRef(native_id=ref.native_id, fetch_ref=ref.fetch_ref, cursor=again[ref.native_id].cursor)
        for ref in asked
        if ref.native_id in again
    ]


def test_deleted_posts_and_closed_accounts_are_found(network: X, api: Api) -> None:
    ids = play(network)
    reading = read_lists(api, Reading())
    read_objects(api, reading, "reactions")
    helene = next(one.key.native_id for one in reading.profiles.values() if one.handle == "hlefevre")
    network.delete(ids["hello"], at=minute(46))
    network.set_standing("helene", Standing.DEACTIVATED, at=minute(47))
    network.set_standing("thomas_mueller_1", Standing.PROTECTED, at=minute(47))
    read_objects(api, reading, "recheck")
    assert {ids["hello"], ids["quote"], helene, f"like:{helene}:{ids['news']}"} <= reading.deleted
    thomas = reading.interactions[ids["quote"]].author.native_id
    assert thomas not in reading.deleted  # the account is there, only its posts are not for everybody
    assert ids["question"] not in reading.deleted


def test_an_edited_post_is_asked_after_by_the_id_we_have(network: X, api: Api) -> None:
    news = network.post("nordwerk", "Newss", at=minute(40))
    network.edit(news, "News", at=minute(41))
    reading = read_lists(api, Reading())
    network.delete(news, at=minute(42))
    read_objects(api, reading, "recheck")
    assert reading.deleted == {news}


def test_a_job_that_takes_its_time_is_looked_at_again(clock: Clock) -> None:
    with fake(clock=clock, compliance_delay=timedelta(minutes=5)) as network, access(network, clock) as api:
        ids = play(network)
        reading = read_lists(api, Reading())
        network.delete(ids["hello"], at=minute(46))
        asked = refs(reading)
        asked = later(asked, RECHECK.read(api, asked))
        waiting = RECHECK.read(api, asked)
        assert {one.after_seconds for one in waiting.again.values()} == {LOOK_AGAIN_SECONDS}
        clock.move(minutes=6)
        assert RECHECK.read(api, later(asked, waiting)).gone == (ids["hello"],)
        assert paths(network, "POST").count("/2/compliance/jobs") == 2


def test_a_run_that_died_takes_over_the_job_it_had_begun(clock: Clock) -> None:
    with fake(clock=clock, compliance_delay=timedelta(minutes=5)) as network, access(network, clock) as api:
        play(network)
        reading = read_lists(api, Reading())
        asked = refs(reading)
        first = RECHECK.read(api, asked)
        assert RECHECK.read(api, asked).again == first.again
        assert paths(network, "POST").count("/2/compliance/jobs") == 2


def test_a_job_that_was_made_but_got_no_ids_gets_them(network: X, api: Api) -> None:
    app = client_of_app(api)
    network.fail(status=503, times=1, path="/storage/compliance/{id}/upload")
    with pytest.raises(RetryLaterError):
        begin(api, app, "tweets", ["1", "2"])
    begin(api, app, "tweets", ["2", "1"])
    assert paths(network, "POST").count("/2/compliance/jobs") == 1


def test_a_finished_job_is_not_asked_for_what_happened_later(network: X, clock: Clock, api: Api) -> None:
    ids = play(network)
    reading = read_lists(api, Reading())
    asked = refs(reading)
    assert RECHECK.read(api, later(asked, RECHECK.read(api, asked))).gone == ()
    network.delete(ids["hello"], at=minute(49))
    clock.move(hours=20)
    assert RECHECK.read(api, later(asked, RECHECK.read(api, asked))).gone == (ids["hello"],)


def test_another_job_of_the_app_is_waited_for(clock: Clock) -> None:
    with fake(clock=clock, compliance_delay=timedelta(minutes=5)) as network, access(network, clock) as api:
        app = client_of_app(api)
        begin(api, app, "tweets", ["1"])
        with pytest.raises(RetryLaterError) as why:
            begin(api, app, "tweets", ["2"])
        assert why.value.retry_after == 60


def test_a_job_that_ran_out_is_begun_again(network: X, clock: Clock, api: Api) -> None:
    app = client_of_app(api)
    network.fail(status=503, times=1, path="/storage/compliance/{id}/upload")
    with pytest.raises(RetryLaterError):
        begin(api, app, "tweets", ["1"])
    job = next(iter(network_jobs(app, api)))
    clock.move(hours=1)
    ref = ObjectRef(native_id="1", fetch_ref="post 1 2", cursor=f'{{"tweets": "{job}"}}')
    assert RECHECK.read(api, [ref]).again["1"].cursor is None


def network_jobs(app: Any, api: Api) -> list[str]:
    return [one["id"] for one in app.json(api, "/2/compliance/jobs", [("type", "tweets")])["data"]]


def test_objects_of_several_jobs_are_settled_one_job_after_the_other(network: X, api: Api) -> None:
    ids = play(network)
    reading = read_lists(api, Reading())
    asked = refs(reading)
    one, other = asked[:10], asked[10:]
    mixed = [*later(one, RECHECK.read(api, one)), *later(other, RECHECK.read(api, other))]
    network.delete(ids["hello"], at=minute(46))
    page = RECHECK.read(api, mixed)
    assert {ref.native_id for ref in other} == page.again.keys()
    assert RECHECK.read(api, later(mixed, page)).again == {}


def test_what_nobody_can_be_asked_about_is_not_watched(api: Api) -> None:
    page = RECHECK.read(api, [ObjectRef(native_id="7", fetch_ref=None)])
    assert page.ends == ("7",)


class Listening(GuardedSession):
    """Remembers which headers went where."""

    def __init__(self, allowed: str) -> None:
        super().__init__(allowed=[allowed])
        self.sent: list[tuple[str, dict[str, str]]] = []

    def call(self, method: str, url: str, **given: Any) -> Answer:
        self.sent.append((url, dict(given.get("headers") or {})))
        return super().call(method, url, **given)


def test_files_are_called_without_any_access_and_jobs_with_the_apps_own(network: X, api: Api) -> None:
    play(network)
    reading = read_lists(api, Reading())
    with Listening(network.base_url.removeprefix("http://")) as session:
        api.session = session
        read_objects(api, reading, "recheck")
    files = [headers for url, headers in session.sent if "/storage/" in url]
    jobs = [headers for url, headers in session.sent if "/compliance/jobs" in url]
    assert len(files) == 4
    assert not [name for headers in files for name in headers if name.lower() == "authorization"]
    assert {headers["Authorization"] for headers in jobs} == {f"Bearer {network.app()['bearer_token']}"}


@pytest.mark.parametrize("url", ["https://files.example/x", "http://storage.googleapis.com/x", "/x", "file:///x"])
def test_a_file_on_another_host_is_not_called(api: Api, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(GuardedSession, "call", lambda *_, **__: pytest.fail("it was called"))
    with pytest.raises(PayloadError):
        upload(api, url, ["1"])


def test_the_apps_access_is_made_from_its_key_and_secret(network: X, clock: Clock) -> None:
    play(network)
    with access(network, clock, bearer_token="") as api:
        reading = read_lists(api, Reading())
        read_objects(api, reading, "recheck")
    assert "/oauth2/token" in paths(network, "POST")


def test_an_access_of_the_app_that_is_refused_is_not_renewed(network: X, clock: Clock) -> None:
    with access(network, clock, bearer_token="nonsense") as api, pytest.raises(AccessRevokedError):
        RECHECK.read(api, [ObjectRef(native_id="1", fetch_ref="post 1 2")])
    assert "/2/oauth2/token" not in paths(network, "POST")
