"""The books balance: whatever happens, in whatever order, in the end the CRM holds what it should."""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scrm.config import Settings
from scrm.db import Database
from scrm.models import EntryState
from scrm.runtime import Core
from scrm.sync.timeline import expand_due
from scrm.vault import Vault
from tests.sync.town import Town
from tests.unreliable_crm import Weather

PEOPLE = st.integers(0, 1)
EVENTS = st.one_of(
    st.tuples(st.just("say"), PEOPLE, st.sampled_from(["public", "private"])),
    st.tuples(st.just("edit"), st.integers(0, 9), st.sampled_from(["public", "private"])),
    st.tuples(st.just("delete"), st.integers(0, 9)),
    st.tuples(st.just("link"), PEOPLE, PEOPLE),
    st.tuples(st.just("unlink"), PEOPLE, PEOPLE),
    st.tuples(st.just("undo"), PEOPLE),
    st.tuples(st.just("expand")),
    st.tuples(st.just("deliver"), st.sampled_from(list(Weather))),
    st.tuples(st.just("wait"), st.sampled_from([1.0, 31.0, 3601.0])),
)


class Story:
    """Plays events in a town of two profiles and two contacts."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.profiles = [town.profile(), town.profile()]
        self.contacts = [town.contact("Ada Example"), town.contact("Bo Example")]
        self.said: list[int] = []

    def play(self, event: tuple[object, ...]) -> None:
        name, *rest = event
        getattr(self, f"_{name}")(*rest)

    def _say(self, who: int, audience: str) -> None:
        self.said += self.town.say(self.profiles[who], audience=audience)

    def _edit(self, which: int, audience: str) -> None:
        if self.said:
            target = self.said[which % len(self.said)]
            self.town.change(target, text=f"edited {self.town.clock.now()}", audience=audience)

    def _delete(self, which: int) -> None:
        if self.said:
            self.town.delete(self.said[which % len(self.said)])

    def _link(self, who: int, whom: int) -> None:
        self.town.link(self.profiles[who], self.contacts[whom])

    def _unlink(self, who: int, whom: int) -> None:
        self.town.unlink(self.profiles[who], self.contacts[whom])

    def _undo(self, who: int) -> None:
        last = self.town.last_judgment(self.profiles[who])
        if last is not None:
            self.town.undo(last)

    def _expand(self) -> None:
        expand_due(self.town.core)

    def _deliver(self, weather: Weather) -> None:
        self.town.crm.forecast.append(weather)
        self.town.deliver()
        self.town.crm.forecast.clear()

    def _wait(self, seconds: float) -> None:
        self.town.wait(seconds)

    def end(self) -> None:
        """Good weather, time enough, and somebody has signed in at the CRM again."""
        self.town.know_us_again()
        for _ in range(3):
            self.town.settle()
            self.town.wait()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(events=st.lists(EVENTS, max_size=30))
def test_in_the_end_the_crm_holds_what_it_should(events: list[tuple[object, ...]], sqlite_template: Path) -> None:
    with TemporaryDirectory() as folder:
        shutil.copy(sqlite_template, Path(folder) / "scrm.db")
        database = Database(f"sqlite:///{folder}/scrm.db")
        made = Settings(state_dir=Path(folder))
        town = Town(Core(settings=made, db=database, vault=Vault.load("", Path(folder))))
        try:
            story = Story(town)
            for event in events:
                story.play(event)
            story.end()
            assert town.records() == town.wanted()
            assert town.open_entries() == 0
            assert {row.state for row in town.entries()} <= {EntryState.DONE, EntryState.HELD}
            assert town.due() == 0
        finally:
            database.close()
