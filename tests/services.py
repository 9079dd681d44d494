"""Finds what tests need beside Python: a PostgreSQL server and Chromium.

A server named by SCRM_TEST_POSTGRES comes first, then one on this machine that trusts us, then a cluster of our own,
started from Debian's binaries in a temporary folder and stopped with the test run. What is missing is installed
through apt only as root and only when SCRM_TEST_REQUIRE names it.
"""

import atexit
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from functools import cache
from pathlib import Path

from sqlalchemy import create_engine
from sqlalchemy.exc import SQLAlchemyError

DRIVER = "postgresql+psycopg"
NEARBY = (
    f"{DRIVER}://postgres@127.0.0.1:5432/postgres",
    f"{DRIVER}://postgres@/postgres?host=/var/run/postgresql",
    f"{DRIVER}:///postgres?host=/var/run/postgresql",
)
BINARIES = Path("/usr/lib/postgresql")
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def required(name: str) -> bool:
    """Whether a missing service is a failure rather than a reason to skip."""
    return name in os.environ.get("SCRM_TEST_REQUIRE", "").replace(",", " ").split()


@cache
def postgres_url() -> tuple[str | None, str]:
    """Address of a server on which we may create databases, else None and the reason."""
    named = os.environ.get("SCRM_TEST_POSTGRES", "")
    if named:
        url = named.replace("postgresql://", f"{DRIVER}://", 1)
        return (url, "") if _answers(url) else (None, "the server named by SCRM_TEST_POSTGRES does not answer")
    for url in NEARBY:
        if _answers(url):
            return url, ""
    if not list(BINARIES.glob("*/bin/postgres")) and required("postgres"):
        _install("postgresql")
    if not list(BINARIES.glob("*/bin/postgres")):
        return None, "no PostgreSQL server on this machine and none to start (Debian: apt-get install postgresql)"
    return _own_cluster()


@cache
def chromium_path() -> tuple[str | None, str]:
    """Path of a Chromium, else None and the reason."""
    if not _chromium() and required("browser"):
        _install("chromium")
    found = _chromium()
    return (found, "") if found else (None, "no Chromium on this machine (Debian: apt-get install chromium)")


def _chromium() -> str | None:
    return next((path for name in CHROMIUM if (path := shutil.which(name))), None)


def _answers(url: str) -> bool:
    engine = create_engine(url, connect_args={"connect_timeout": 3})
    try:
        engine.connect().close()
    except SQLAlchemyError:
        return False
    finally:
        engine.dispose()
    return True


def _install(package: str) -> None:
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    environment = {"DEBIAN_FRONTEND": "noninteractive", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
    for arguments in (["update", "-q"], ["install", "-qy", "--no-install-recommends", package]):
        subprocess.run(["apt-get", *arguments], check=False, capture_output=True, env=environment, timeout=400)


def _own_cluster() -> tuple[str | None, str]:
    binaries = max(BINARIES.glob("*/bin"), key=lambda path: float(path.parent.name))
    as_root = os.geteuid() == 0
    try:
        owner = pwd.getpwnam("postgres") if as_root else pwd.getpwuid(os.getuid())
    except KeyError:
        return None, "a PostgreSQL server does not run as root and there is no user postgres"
    folder = Path(tempfile.mkdtemp(prefix="scrm-pg-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.chown(folder, owner.pw_uid, owner.pw_gid)
    become = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []} if as_root else {}
    data = str(folder / "data")
    made = subprocess.run(
        [binaries / "initdb", "-D", data, "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "-N"],
        capture_output=True,
        check=False,
        cwd=folder,
        **become,
    )
    if made.returncode:
        return None, "initdb failed: " + made.stderr.decode(errors="replace").strip()[-200:]
    options = ["-c", "listen_addresses=", "-c", f"unix_socket_directories={folder}", "-c", "fsync=off"]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            # a killed test run must leave no server behind
            ["setpriv", "--pdeathsig", "QUIT", binaries / "postgres", "-D", data, *options],
            stdout=log,
            stderr=log,
            cwd=folder,
            **become,
        )
    atexit.register(_stop, server)
    url = f"{DRIVER}://postgres@/postgres?host={folder}"
    for _ in range(100):
        if _answers(url):
            return url, ""
        if server.poll() is not None:
            break
        time.sleep(0.1)
    return None, "a PostgreSQL server of our own did not start: " + (folder / "log").read_text(errors="replace")[
        -200:
    ]


def _stop(server: subprocess.Popen[bytes]) -> None:
    server.send_signal(signal.SIGQUIT)  # nothing in it is worth a checkpoint
    server.wait(10)
