"""Names made to hurt: what one profile costs that shows them, and that none of them is linked.

    python -m bench.hostile_names [--profiles 100000]

Two hundred contacts, some of whom are called as badly themselves; then as many profiles called "Facebook User" as
asked for, and a fiftieth of that of every other kind. Each is keyed, looked up, compared and decided on, in memory.
Prints milliseconds of processor time, the most keys and comparisons of one profile, links, and what memory grew by.
"""

import argparse
import json
import random
import resource
import time
from collections.abc import Callable

from scrm.matching.keys import profile_keys
from scrm.matching.model import SHIPPED
from scrm.matching.pool import Pool
from scrm.matching.score import Action, score
from scrm.matching.views import ContactId, ContactView, ProfileId, ProfileView

FEWER = 50
CALLED = ("Jane Doe", "Facebook User", "Maria Schmidt", "Li Wei", "", "🚀", "a" * 10_000, "\u202e\u200b")
SPOOF = "J\u0430n\u0435 Quickenborough"  # Cyrillic letters among Latin ones
DICE = random.Random(4)


def marked(text: str) -> str:
    """Thirty marks above and below every letter."""
    return "".join(letter + "".join(chr(0x300 + DICE.randrange(60)) for _ in range(30)) for letter in text)


KINDS: dict[str, Callable[[int], str]] = {
    "Facebook User": lambda _number: "Facebook User",
    "empty": lambda _number: "",
    "10,000 letters, one word": lambda _number: "a" * 10_000,
    "10,000 letters, many words": lambda number: f"Ann {'Lorem ' * 1666}{number}",
    "10,000 letters, hyphens": lambda _number: "a-" * 5000,
    "marks on every letter": lambda _number: marked("Jane Doe"),
    "emoji only": lambda _number: "🚀" * DICE.randrange(1, 9),
    "two alphabets in a word": lambda _number: SPOOF,
    "nothing that is seen": lambda _number: "\u202e\u200b\u0000",
    "digits": str,
}


def contacts() -> list[ContactView]:
    names = [*CALLED * 25, "Jane Quickenborough"]
    return [ContactView(contact_id=ContactId(number), full_name=name) for number, name in enumerate(names, start=1)]


def shown(kind: str, number: int) -> ProfileView:
    name = KINDS[kind](number)
    return ProfileView(
        profile_id=ProfileId(number + 1),
        network="facebook",
        native_id=f"{kind} {number}",
        display_name=name,
        handle=name,
        bio=name,
        location=name,
        company=name,
    )


def measure(pool: Pool, kind: str, profiles: int) -> dict[str, object]:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    spent, keys, compared, links = [], 0, 0, 0
    for number in range(profiles):
        started = time.process_time()
        profile = shown(kind, number)
        found = pool.candidates(profile)
        links += score(profile, found, SHIPPED, pool.frequencies).decision.action is Action.LINK
        spent.append((time.process_time() - started) * 1000)
        keys, compared = max(keys, len(profile_keys(profile))), max(compared, len(found))
    return {
        "kind": kind,
        "profiles": profiles,
        "ms_mean": round(sum(spent) / profiles, 2),
        "ms_worst": round(max(spent), 2),
        "keys": keys,
        "compared": compared,
        "links": links,
        "grown_mb": round((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--profiles", type=int, default=100_000)
    asked = parser.parse_args()
    pool = Pool(contacts())
    for kind in KINDS:
        many = asked.profiles if kind == "Facebook User" else max(asked.profiles // FEWER, 1)
        print(json.dumps(measure(pool, kind, many), ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()
