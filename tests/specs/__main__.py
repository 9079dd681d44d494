"""Hold what the connectors ask against the networks' public descriptions: `python -m tests.specs FOLDER`.

FOLDER holds x-api-v2.openapi.json, youtube-v3.openapi.json and meta-graph-v26.objects.json. Prints every stream with
the operations it uses; exits with 1 when a request is not allowed.
"""

import sys
from collections.abc import Callable
from pathlib import Path

from tests.cli.running import free_port
from tests.specs import meta
from tests.specs.asked import Call, calls_of
from tests.specs.prism import operation, prism, refusal

OPENAPI = {"x": ("x-api-v2.openapi.json", "/2/"), "youtube": ("youtube-v3.openapi.json", "/youtube/v3/")}
GRAPH = ("facebook", "instagram")


def main(folder: Path) -> int:
    faults = 0
    for network, (name, prefix) in OPENAPI.items():
        document = folder / name
        with prism(document, free_port()) as address:
            faults += _check(
                f"{network}: {name}",
                [call for call in calls_of(network) if call.path.startswith(prefix)],
                lambda call, address=address, document=document: refusal(address, call, document),
                lambda call, document=document: operation(document, call) or "?",
            )
    for network in GRAPH:
        document = folder / "meta-graph-v26.objects.json"
        faults += _check(
            f"{network}: {document.name}",
            list(calls_of(network)),
            lambda call, document=document: meta.refusal(call, document),
            lambda call: (
                "/".join(part for part in call.path.split("/") if part and not meta.ID.fullmatch(part)) or "/"
            ),
        )
    print("every request is allowed" if not faults else f"{faults} requests are not allowed")
    return 1 if faults else 0


def _check(title: str, calls: list[Call], why: Callable[[Call], str | None], name: Callable[[Call], str]) -> int:
    print(title)
    faults = 0
    rows: dict[tuple[str, str, str], int] = {}
    for call in calls:
        rows[call.stream, call.occasion, name(call)] = rows.get((call.stream, call.occasion, name(call)), 0) + 1
        if fault := why(call):
            faults += 1
            print(f"  NOT ALLOWED {call.stream}, {call.occasion}: {call.method} {call.path}: {fault}")
    for (stream, occasion, used), count in rows.items():
        print(f"  {stream:16} {occasion:14} {used} ({count})")
    return faults


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
