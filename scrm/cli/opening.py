"""How commands open an installation: settings, logs, and a core whose trouble is told in plain words."""

from sqlalchemy.exc import SQLAlchemyError

from scrm import logs
from scrm.config import Settings
from scrm.errors import ConfigError
from scrm.i18n import _
from scrm.runtime import Core, Wake, open_core, sleepers


def settings_for_service() -> Settings:
    """The settings of a process that stays: its logs are JSON lines on standard error."""
    settings = Settings.from_env()
    logs.configure(settings.log_level)
    return settings


def open_prepared(settings: Settings, *, wake: Wake = sleepers) -> Core:
    """Open a database that `scrm migrate` has prepared; raises ConfigError."""
    try:
        return open_core(settings, wake=wake)
    except SQLAlchemyError as why:
        raise ConfigError(
            [_("The database cannot be used. Run `scrm migrate`; if that does not help, `scrm doctor`.")]
        ) from why


def open_for_command() -> Core:
    """What a command that does one thing works with; wakes the workers when it has changed something."""
    from scrm.jobs import waker  # noqa: PLC0415 - brings half the product along

    settings = Settings.from_env()
    logs.configure("warning" if settings.log_level == "info" else settings.log_level)
    return open_prepared(settings, wake=waker(settings.redis))
