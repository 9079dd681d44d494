"""Everything about a person comes along: for machines, for people, and with where it is from."""

import io
import json
import zipfile
from collections.abc import Callable

from sqlalchemy import select

from scrm.models import AuditEntry, Basis, Contact, Purpose
from scrm.privacy.export import packed, person
from scrm.purposes import Entry, record
from scrm.runtime import Core
from tests.privacy.canaries import EMAIL, MARK, NETWORKS, plant
from tests.web.conftest import Browser, app, browse, seeded  # noqa: F401 - fixtures
from tests.web.seed import Seeded


def test_everything_of_five_networks_and_the_crm_is_in_both_files(core: Core) -> None:
    planted = plant(core)
    now = core.db.clock.now()
    entry = Entry(purpose=Purpose.SALES, basis=Basis.CONTRACT, source="Vertrag <9>", given_at=now)
    with core.db.write("test.ground") as session:
        record(session, planted.profile_ids["facebook"], entry, now)
        session.get_one(Contact, planted.contact_id).full_name = "Erika <script>alert(1)</script>"
    with core.db.read() as session:
        file = zipfile.ZipFile(io.BytesIO(packed(person(session, planted.contact_id, now))))
    told = json.loads(file.read("person.json"))
    assert told["contact"][0]["emails"] == [EMAIL]
    assert sorted(row["network"] for row in told["profiles"]) == sorted(NETWORKS)
    assert len(told["interactions"]) == 2 * len(NETWORKS)
    assert {row["text"] for row in told["interactions"]} == {f"Frage von {MARK} an @nordwerk", f"@{MARK} Gern."}
    assert [row["source"] for row in told["purposes"]] == ["Vertrag <9>"]
    assert len(told["received"]) == len(NETWORKS)
    assert len(told["sources"]) == len(NETWORKS)
    assert told["journal"]
    page = file.read("person.html").decode()
    assert EMAIL in page
    assert "<script>" not in page
    assert "Vertrag &lt;9&gt;" in page


def test_an_admin_downloads_it_and_that_stands_in_the_audit(
    core: Core,
    browse: Callable[[str], Browser],  # noqa: F811 - the fixture
    seeded: Seeded,  # noqa: F811 - the fixture
) -> None:
    admin, contact = browse("admin"), seeded.contacts[3]
    path = f"/contacts/{contact.public_id}/export"
    answer = admin.post(f"/contacts/{contact.public_id}", path)
    assert (answer.status_code, answer.mimetype) == (200, "application/zip")
    told = json.loads(zipfile.ZipFile(io.BytesIO(answer.data)).read("person.json"))
    assert told["contact"][0]["full_name"] == contact.full_name
    with core.db.read() as session:
        row = session.scalars(select(AuditEntry).where(AuditEntry.action == "person.exported")).one()
    assert (row.user_id, row.object) == (seeded.admin.id, f"contact/{contact.public_id}")
    assert browse("rep").post(f"/contacts/{contact.public_id}", path).status_code == 403
