"""The web process: gunicorn with threads; the application is made after the fork, so no handle crosses it."""

import os
from typing import Any

import click
from gunicorn.app.base import BaseApplication

from scrm.cli import state_folder
from scrm.cli.opening import open_prepared, settings_for_service
from scrm.cli.processes import end_with_parent
from scrm.config import Settings
from scrm.i18n import _


class Web(BaseApplication):  # type: ignore[misc]
    """gunicorn, told in code what it needs to know."""

    def __init__(self, settings: Settings, options: dict[str, Any]) -> None:
        self._settings = settings
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        fixed = {
            "worker_class": "gthread",
            "threads": 8,
            "timeout": 60,
            "graceful_timeout": 9,
            "keepalive": 5,
            "loglevel": "warning",
            "control_socket_disable": True,
            "post_fork": lambda arbiter, _worker: end_with_parent(arbiter.pid),
        }
        for name, value in (fixed | self._options).items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        from scrm.jobs import waker  # noqa: PLC0415 - imported by the process that serves, after the fork
        from scrm.web import create_app  # noqa: PLC0415

        return create_app(open_prepared(self._settings, wake=waker(self._settings.redis)))


@click.command(help=_("Serve the pages, the API and the webhooks."))
@click.option("--host", help=_("Address to listen on; SCRM_HOST otherwise."))
@click.option("--port", type=int, help=_("Port to listen on; SCRM_PORT otherwise."))
@click.option("--processes", type=click.IntRange(1, 64), default=1, show_default=True, help=_("Serving processes."))
@click.option("--reload", is_flag=True, help=_("Start again when the code changes."))
@click.option("--fd", type=int, hidden=True)
def web(host: str | None, port: int | None, processes: int, reload: bool, fd: int | None) -> None:
    settings = settings_for_service()
    state_folder.use(settings.state_dir)
    bind = f"fd://{fd}" if fd is not None else f"{host or settings.host}:{port or settings.port}"
    Web(
        settings, {"bind": bind, "workers": processes, "reload": reload, "proc_name": f"scrm web {os.getpid()}"}
    ).run()
