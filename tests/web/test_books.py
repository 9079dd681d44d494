"""The metrics: books that balance, for whom they are, and alert rules that name only what exists."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import select

from scrm.models import EntryState, InboxItem, InboxState, TimelineEntry, WebhookEndpoint
from scrm.runtime import Core
from scrm.web import create_app
from tests.web.seed import Seeded

ALERTS = Path(__file__).parents[2] / "docs" / "alerts.yml"
AWAY = {"REMOTE_ADDR": "203.0.113.9"}
Told = dict[str, dict[tuple[str, ...], float]]


def told(client: FlaskClient) -> Told:
    """Metric name → label values → number."""
    found: Told = {}
    for family in text_string_to_metric_families(client.get("/metrics").get_data(as_text=True)):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sample.labels.values())] = sample.value
    return found


@pytest.fixture
def busy(core: Core, seeded: Seeded) -> None:
    now = core.db.clock.now()
    with core.db.write("test.busy") as session:
        for number, state in enumerate([*InboxState, InboxState.DONE]):
            for source in ("crm", "network:harbor"):
                values = {"endpoint": source, "delivery_key": str(number), "received_at": now, "state": state.value}
                session.add(InboxItem(**values))
        session.add(WebhookEndpoint(name="crm", crm_id="local", secrets="-", created_at=now, refused=3))
        for number, row in enumerate(session.scalars(select(TimelineEntry))):
            row.version, row.state = 1 + number, list(EntryState)[number % len(EntryState)].value


def test_what_was_accepted_is_applied_waiting_or_set_aside(client: FlaskClient, busy: None) -> None:
    books = told(client)

    def total(name: str) -> float:
        return sum(books[f"scrm_{name}"].values())

    assert total("webhooks_accepted") == 2 * (len(InboxState) + 1)
    assert total("webhooks_accepted") == sum(
        total(f"webhooks_{name}") for name in ("applied", "pending", "quarantined")
    )
    assert total("webhooks_accepted") == total("webhooks_by_source")
    assert total("webhooks_refused_total") == 3
    accepted, superseded = total("timeline_versions_accepted"), total("timeline_versions_superseded")
    assert superseded > 0
    assert accepted == total("timeline_entries") + superseded


def test_queues_tell_how_much_waits_and_for_how_long(client: FlaskClient, busy: None, core: Core) -> None:
    books = told(client)
    assert books["scrm_queue_depth"][("inbox",)] == 2
    assert books["scrm_queue_oldest_seconds"][("inbox",)] >= 0
    assert books["scrm_queue_depth"].keys() == books["scrm_queue_oldest_seconds"].keys()


def test_every_metric_of_an_alert_exists(client: FlaskClient, busy: None) -> None:
    text = client.get("/metrics").get_data(as_text=True)
    known = set(re.findall(r"^# TYPE (scrm_\w+) ", text, re.MULTILINE))
    rules = [rule for group in yaml.safe_load(ALERTS.read_text("utf-8"))["groups"] for rule in group["rules"]]
    assert len(rules) >= 10
    for rule in rules:
        named = set(re.findall(r"scrm_\w+", rule["expr"]))
        assert named, rule["alert"]
        assert named <= known, rule["alert"]
        assert rule["annotations"]["summary"]


def test_a_scraper_elsewhere_needs_the_token(core: Core, seeded: Seeded) -> None:
    def asked(app_core: Core, header: str | None) -> int:
        headers = {"Authorization": header} if header else {}
        return create_app(app_core).test_client().get("/metrics", headers=headers, environ_base=AWAY).status_code

    with_token = replace(core, settings=replace(core.settings, metrics_token="t" * 32))
    assert asked(core, None) == asked(core, "Bearer ") == asked(core, f"Bearer {'t' * 32}") == 403
    assert asked(with_token, None) == asked(with_token, "Bearer no") == asked(with_token, "Bearer ü") == 403
    assert asked(with_token, f"Bearer {'t' * 32}") == 200


def test_no_metric_names_a_person(client: FlaskClient, busy: None, seeded: Seeded) -> None:
    text = client.get("/metrics").get_data(as_text=True)
    for contact in seeded.contacts:
        assert contact.full_name not in text
    for profile in seeded.waiting:
        assert not profile.handle or f'"{profile.handle}"' not in text
