"""Items per second and memory of reading a Google+ archive, beside plain `json` parsing of the same files.

    python -m bench.archives [--items 1000000] [--kind zip|tgz] [--keep FOLDER] [--letters 0] [--kills 0]

Three ways over one generated archive, each in a process of its own so that its peak of memory is its own: the peer
unpacks every file and gives it to `json.loads`; ours reads and translates every item; the whole import also stores
them in SQLite. The archive holds as many posts as ten items each make: itself, six comments, two +1s, a reshare.

With `--kills`, the import alone, killed -9 so often on its way and begun again each time: what is stored at the end
is held against what was generated. `--letters` lengthens every text by so many letters that do not pack well.
"""

import argparse
import base64
import json
import multiprocessing
import os
import random
import resource
import signal
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from bench.timing import processor_seconds
from scrm.config import Settings
from scrm.connectors.googleplus.archive import ARCHIVE
from scrm.connectors.payload import Payload
from scrm.db import METADATA, Database
from scrm.ingest.archives import import_archive
from scrm.models import ArchiveFile, Interaction
from scrm.runtime import Core
from scrm.vault import Vault

EACH = 10  # items of a post
COMMENTS, LIKES = 6, 2
PEOPLE = 50_000
MOST_POSTS = 99_000  # of one archive: more files than these are refused
SITE = "https://plus.google.com"
US = 10**20
WORDS = ("the", "gearbox", "arrived", "today", "runs", "quietly", "who", "can", "tell", "when", "parts", "for")


def person(number: int) -> dict[str, Any]:
    return {
        "displayName": f"Person {number}",
        "profilePageUrl": f"{SITE}/{US + number}",
        "avatarImageUrl": "https://photos.example/p.jpg",
        "resourceName": f"users/{US + number}",
    }


def post(rng: random.Random, number: int, scale: int, letters: int = 0) -> dict[str, Any]:
    """A post as Takeout saves it, by an invented account; `scale` times as much hangs on it."""
    at = f"20{12 + number % 7}-{1 + number % 12:02}-{1 + number % 28:02} 1{number % 10}:{number % 60:02}:00+0000"

    def text() -> str:
        more = base64.b64encode(rng.randbytes(letters * 3 // 4)).decode()
        return " ".join(rng.choices(WORDS, k=20)) + "<br>and so on " + more

    def someone() -> dict[str, Any]:
        return person(1 + rng.randrange(PEOPLE))

    code = f"P{number:010}"
    return {
        "url": f"{SITE}/{US}/posts/{code}",
        "creationTime": at,
        "updateTime": at,
        "author": person(0),
        "content": text(),
        "resourceName": f"users/{US}/posts/U{code}",
        "comments": [
            {
                "creationTime": f"2019-01-01 {part // 3600:02}:{part // 60 % 60:02}:{part % 60:02}+0000",
                "author": someone(),
                "content": text(),
                "postUrl": f"{SITE}/{US}/posts/{code}",
                "resourceName": f"users/{US}/posts/U{code}/comments/{part}",
            }
            for part in range(COMMENTS * scale + scale - 1)
        ],
        "plusOnes": [{"plusOner": person(1 + (number + part) % PEOPLE)} for part in range(LIKES * scale)],
        "reshares": [{"resharer": person(1 + (number + part) % PEOPLE)} for part in range(scale)],
        "postAcl": {"visibleToStandardAcl": {"circles": [{"type": "CIRCLE_TYPE_PUBLIC"}]}},
    }


def generate(file: Path, items: int, kind: str, letters: int = 0) -> int:
    """Write the archive; gives the number of items in it."""
    scale = -(-items // EACH // MOST_POSTS) or 1
    rng, posts = random.Random(1), items // EACH // scale
    if kind == "zip":
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as made:
            for number in range(posts):
                made.writestr(_name(number), json.dumps(post(rng, number, scale, letters)))
    else:
        with tarfile.open(file, "w:gz", compresslevel=1) as packed:
            for number in range(posts):
                body = json.dumps(post(rng, number, scale, letters)).encode()
                entry = tarfile.TarInfo(_name(number))
                entry.size = len(body)
                packed.addfile(entry, BytesIO(body))
    return posts * EACH * scale


def _name(number: int) -> str:
    return f"Takeout/Google+ Stream/Posts/20140630 - {number}.json"


def plain(file: Path) -> int:
    """The peer: every file parsed, nothing made of it."""
    count = 0
    if zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as archive:
            for name in archive.namelist():
                count += _count(json.loads(archive.read(name)))
        return count
    with tarfile.open(file, "r|gz") as packed:
        for entry in packed:
            inside = packed.extractfile(entry)
            if inside is not None:
                count += _count(json.loads(inside.read()))
    return count


def _count(found: dict[str, Any]) -> int:
    return 1 + sum(len(found[name]) for name in ("comments", "plusOnes", "reshares"))


def translated(file: Path) -> int:
    """Read and translate, as an import does before it stores."""
    owner = ARCHIVE.owner(file)
    count = 0
    for item, _ in ARCHIVE.items(file, None):
        count += 1
        if not list(ARCHIVE.translate(Payload(item), owner)):
            raise SystemExit("the generated archive is not as documented")
    return count


def imported(file: Path) -> int:
    """All of it, into an empty SQLite database beside the archive."""
    with tempfile.TemporaryDirectory(dir=file.parent) as folder:
        core = _core(Path(folder))
        METADATA.create_all(core.db.engine)
        report = import_archive(core, file)
        core.db.close()
    if report.quarantined or report.new != report.items:
        raise SystemExit(f"not all of it was new: {report}")
    return report.items


def _core(folder: Path) -> Core:
    url = f"sqlite:///{folder / 'scrm.db'}"
    settings = Settings(database_url=url, state_dir=folder)
    return Core(settings=settings, db=Database(url), vault=Vault({"k": bytes(32)}))


WAYS: dict[str, Callable[[Path], int]] = {"plain json": plain, "read and translate": translated, "import": imported}


def _measure(way: str, file: Path, answer: Any) -> None:
    before, began = _peak(), processor_seconds([os.getpid()])
    started = time.perf_counter()
    count = WAYS[way](file)
    seconds = time.perf_counter() - started
    answer.send((count, seconds, processor_seconds([os.getpid()]) - began, before, _peak()))


def _peak() -> int:
    """The most memory of this process so far, in KB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def measure(way: str, file: Path) -> dict[str, Any]:
    """One way in a fresh process: items, seconds, and by how much its memory grew, in MB."""
    here, process = _begin(_measure, way, file)
    count, seconds, processor, before, peak = here.recv()
    process.join()
    return {
        "way": way,
        "items": count,
        "seconds": round(seconds, 2),
        "per_second": round(count / seconds),
        "per_processor_second": round(count / processor),
        "peak_mb": round(peak / 1024),
        "grown_mb": round((peak - before) / 1024),
    }


def _begin(work: Callable[..., None], *arguments: Any) -> tuple[Any, Any]:
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=work, args=(*arguments, there))
    process.start()
    there.close()
    return here, process


def _import_and_tell(folder: Path, file: Path, answer: Any) -> None:
    before = _peak()
    import_archive(_core(folder), file, lambda items: answer.send((items, before, _peak())))


def killed(file: Path, items: int, kills: int) -> dict[str, Any]:
    """Import it, killed -9 at so many places spread over its length; what is stored at the end, and memory in MB."""
    started, peak, grown, again = time.perf_counter(), 0, 0, 0
    with tempfile.TemporaryDirectory(dir=file.parent) as name:
        folder = Path(name)
        core = _core(folder)
        METADATA.create_all(core.db.engine)
        for place in range(1, kills + 2):
            here, process = _begin(_import_and_tell, folder, file)
            done = 0
            try:
                while done < items * place // (kills + 1) or place > kills:
                    done, before, now = here.recv()
                    peak, grown = max(peak, now), max(grown, now - before)
                os.kill(process.pid, signal.SIGKILL)
            except EOFError:  # it came to its end
                pass
            process.join()
            again += process.exitcode == -signal.SIGKILL
            print(f"{done:,} items told when attempt {place} ended with {process.exitcode}", flush=True)
        with core.db.read() as session:
            row = session.scalars(select(ArchiveFile)).one()
            stored = session.scalar(select(func.count()).select_from(Interaction))
        core.db.close()
    return {
        "generated": items,
        "megabytes": round(file.stat().st_size / 1024**2),
        "kills": again,
        "told": row.items,
        "new": row.new,
        "state": row.state,
        "interactions": stored,
        "seconds": round(time.perf_counter() - started),
        "peak_mb": round(peak / 1024),
        "grown_mb": round(grown / 1024),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--kind", choices=["zip", "tgz"], default="zip")
    parser.add_argument("--keep", type=Path, help="a folder that the archive stays in")
    parser.add_argument("--letters", type=int, default=0, help="by which every text is longer")
    parser.add_argument("--kills", type=int, default=0, help="how often the import is killed on its way")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=".") as folder:
        file = (options.keep or Path(folder)) / f"takeout-{options.items}-{options.letters}.{options.kind}"
        if not file.exists():
            count = generate(file, options.items, options.kind, options.letters)
            print(f"generated {count:,} items, {file.stat().st_size / 1024**2:,.1f} MB packed", flush=True)
        if options.kills:
            print(json.dumps(killed(file, options.items, options.kills)))
            return
        plain_rate = 0
        for way in WAYS:
            result = measure(way, file)
            plain_rate = plain_rate or result["per_processor_second"]
            result["share_of_plain"] = round(result["per_processor_second"] / plain_rate, 3)
            print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
