"""The admin sees what would go before it counts, and only what was looked at is saved."""

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import select

from scrm.models import RetentionRule
from scrm.runtime import Core
from tests.factories import make_interaction, make_profile
from tests.web.conftest import Browser

Browse = Callable[[str], Browser]
PAGE = "/admin/retention/mastodon"


def days(core: Core) -> dict[str, int]:
    with core.db.read() as session:
        return {row.kind: row.days for row in session.scalars(select(RetentionRule))}


def test_one_looks_first_and_then_saves_what_one_saw(core: Core, browse: Browse) -> None:
    with core.db.write("test.said") as session:
        make_interaction(session, make_profile(session), occurred_at=core.db.clock.now() - timedelta(days=400))
    admin = browse("admin")
    page = admin.post(PAGE, PAGE, said="365").get_data(as_text=True)
    assert "What would go" in page
    assert 'name="looked" value="said=365"' in page
    assert "<b>1</b>" in page
    assert days(core) == {}
    assert admin.post(PAGE, PAGE, act="save", said="30", looked="said=365").status_code == 200
    assert days(core) == {}
    assert admin.post(PAGE, PAGE, act="save", said="365", looked="said=365").status_code == 302
    assert days(core) == {"said": 365}
    assert "365 days" in admin.get("/admin/retention")
    assert admin.post(PAGE, PAGE, act="save", looked="-").status_code == 302
    assert days(core) == {}


def test_what_the_terms_forbid_and_what_is_no_number_is_told(core: Core, browse: Browse) -> None:
    admin, youtube = browse("admin"), "/admin/retention/youtube"
    answer = admin.post(youtube, youtube, said="90")
    assert (answer.status_code, "30 days at most" in answer.get_data(as_text=True)) == (400, True)
    for nonsense in ("-1", "1e3", "0", "99999999", "½", "soon"):
        assert admin.post(youtube, youtube, said=nonsense).status_code == 400
    assert admin.client.get("/admin/retention/no-such").status_code == 404
    assert days(core) == {}
