"""Logs: one JSON object per line, a static event name plus fields; ids, never names, texts or tokens."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

SECRET_FIELDS = re.compile(r"token|secret|password|authorization|cookie|jwt|api_?key|signature", re.IGNORECASE)
SECRET_SHAPES = re.compile(
    r"(Bearer|Basic|DPoP)\s+\S+|eyJ[\w-]+\.[\w-]+\.[\w-]*|whsec_\S+|([?&](access_token|code|key|sig)=)[^&\s]+"
)
LONGEST = 2_000


def redact(_logger: object, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Blank fields with secret names and cut out known shapes of secrets."""
    for name, value in event.items():
        if SECRET_FIELDS.search(name) and name != "event":
            event[name] = "[redacted]"
        elif isinstance(value, str):
            event[name] = SECRET_SHAPES.sub("[redacted]", value)[:LONGEST]
    return event


def configure(level: str = "info") -> None:
    """Set up logging for this process; call once, at its entry."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            redact,
            structlog.processors.JSONRenderer(sort_keys=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


def get(name: str) -> structlog.stdlib.BoundLogger:
    """A logger for one module."""
    logger: structlog.stdlib.BoundLogger = structlog.get_logger(module=name)
    return logger
