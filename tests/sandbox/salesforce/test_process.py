"""The org as a process of its own, with the cast in it, and many clients at once."""

import json
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import requests
from simple_salesforce.api import Salesforce as Client

from scrm.sandbox.cast import cast
from scrm.sandbox.salesforce import Salesforce
from tests.sandbox.salesforce.conftest import VERSION, Rest
from tests.sandbox.salesforce.doorway import Doorway

SOURCE = Path(__file__).parents[3] / "salesforce"


def test_a_process_serves_the_cast_and_stops_when_told(tmp_path: Path) -> None:
    access = tmp_path / "access.json"
    command = [sys.executable, "-m", "scrm.sandbox.salesforce", "--access", str(access), "--source", str(SOURCE)]
    process = subprocess.Popen([*command, "--assign", "scrm_Integration"])
    try:
        while not access.exists():
            assert process.poll() is None
            threading.Event().wait(0.05)
        facts = json.loads(access.read_text())
        session = requests.Session()
        session.mount("https://", Doorway(facts["base_url"], facts["ca_file"]))
        client: Any = Client(
            username=facts["username"],
            consumer_key=facts["consumer_key"],
            privatekey=facts["private_key"],
            version=VERSION,
            session=session,
        )
        people = [one for one in cast() if one.role == "contact"]
        found = client.query_all("SELECT Name, Mastodon__c, Account.Name FROM Contact")["records"]
        assert len(found) == len(people)
        assert any(record["Mastodon__c"] for record in found)
        assert client.Social_Profile__c.describe()["createable"]
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0


def test_many_clients_write_at_once_and_every_key_has_one_record(org: Salesforce, notes: Rest) -> None:
    answers: list[int] = []

    def write(number: int) -> None:
        rest = Rest(org)
        for key in range(10):
            answer = rest("PATCH", f"sobjects/Note__c/Key__c/{key}", {"Needed__c": str(number)})
            answers.append(answer.status_code)
        rest.session.close()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200] * 70 + [201] * 10
    assert len(notes.query("SELECT Id FROM Note__c")) == 10
    numbers = [line["number"] for line in org.ledger()]
    assert numbers == list(range(1, len(numbers) + 1))
