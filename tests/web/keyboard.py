"""A steward who works by keyboard alone and reads each case from the page, timed from key press to next case."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from scrm.models import Candidate, Contact, Profile

WATCH = """
addEventListener("keydown", () => { window.pressed = performance.now(); }, true);
addEventListener("DOMContentLoaded", () => {
  const shown = () => document.querySelector("[data-case]")?.dataset.case;
  let last = shown();
  window.taken = [];
  new MutationObserver(() => {
    if (shown() === last) return;
    last = shown();
    requestAnimationFrame(() => window.taken.push(performance.now() - window.pressed));
  }).observe(document.documentElement, { childList: true, subtree: true });
});
"""
READ = """() => ({
  id: document.querySelector("[data-case]")?.dataset.case ?? "",
  name: document.querySelector("#profile-name")?.textContent.trim(),
  candidates: [...document.querySelectorAll("details[data-rank]")].map(one => [
    one.dataset.rank, one.querySelector("summary b").textContent.trim()]),
})"""
PATIENCE = 10_000  # milliseconds
STRANGER = "Nobody We Know"


@dataclass
class Steward:
    """One browser page, what was decided by profile, and the milliseconds that each next case took."""

    page: Any
    address: str
    decided: dict[str, str] = field(default_factory=dict)  # public id of the profile → name of the contact, or ""
    taken: list[float] = field(default_factory=list)

    def begin(self) -> None:
        self.page.add_init_script(WATCH)
        self.page.goto(f"{self.address}/review")

    def read(self) -> dict[str, Any]:
        found: dict[str, Any] = self.page.evaluate(READ)
        return found

    def is_ahead(self) -> None:
        """Wait as long as somebody reads: until the next case is there, or there is none."""
        self.page.wait_for_function(
            "() => document.body.dataset.ahead === 'ready' || !document.querySelector('[data-next]')",
            timeout=PATIENCE,
        )

    def decide(self) -> dict[str, Any]:
        """Read the case, press what it asks for, and wait for the next one."""
        case = self.read()
        self.is_ahead()
        ranks = [rank for rank, name in case["candidates"] if name == case["name"]]
        before = len(self.page.evaluate("window.taken"))
        for key in [*ranks[:1], "l"] if ranks else ["0"]:
            self.page.keyboard.press(key)
        self.page.wait_for_function("before => window.taken.length > before", arg=before, timeout=PATIENCE)
        self.taken.append(self.page.evaluate("window.taken.at(-1)"))
        self.decided[case["id"]] = case["name"] if ranks else ""
        return case

    def settled(self) -> None:
        """Wait until the server has said that the last decision is stored."""
        self.page.wait_for_function("() => document.body.dataset.sending === ''", timeout=PATIENCE)


def confuse(session: Session) -> dict[str, str]:
    """Make every fifth profile a stranger and every fifth one the second candidate; gives who is right."""
    right = {}
    for number, profile in enumerate(session.scalars(select(Profile).where(Profile.native_id.startswith("w")))):
        ranked = session.scalars(
            select(Contact.full_name)
            .join(Candidate, Candidate.contact_id == Contact.id)
            .where(Candidate.profile_id == profile.id)
            .order_by(Candidate.bits.desc())
        ).all()
        name = {3: STRANGER, 4: ranked[1]}.get(number % 5, ranked[0])
        profile.display_name = name
        right[str(profile.public_id)] = "" if name == STRANGER else name
    return right


def work(
    steward: Steward, decisions: int, *, undo_at: int, conflict_at: int, colleague: Callable[[str], None]
) -> str:
    """Decide so many cases, take one back, and meet one that a colleague settled first; gives the latter's id."""
    met = ""
    steward.begin()
    for number in range(decisions):
        if number == conflict_at:
            met = steward.read()["id"]
            colleague(met)
            steward.page.keyboard.press("0")
            steward.page.get_by_text("Your decision was not stored").wait_for(timeout=PATIENCE)
            steward.page.keyboard.press("s")
            steward.page.wait_for_function(
                "() => document.querySelector('[data-case]')?.dataset.case", timeout=PATIENCE
            )
        case = steward.decide()
        if number == undo_at:
            steward.settled()
            steward.page.keyboard.press("z")
            steward.page.wait_for_function(
                "id => document.querySelector('[data-case]')?.dataset.case === id", arg=case["id"], timeout=PATIENCE
            )
            del steward.decided[case["id"]]
            steward.decide()
    steward.settled()
    return met
