"""Logs: one JSON object per line, a static event name plus fields; ids, never names, texts or tokens."""

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

SECRET_FIELDS = re.compile(r"token|secret|password|authorization|cookie|jwt|api_?key|signature", re.IGNORECASE)
SECRET_SHAPES = re.compile(
    r"(?i:Bearer|Basic|DPoP)\s+\S+|eyJ[\w-]+\.[\w-]+\.[\w-]*|whsec_\S+|(?<=://)[^/\s:@]*:[^/\s@]+(?=@)"
    r"|(?<![\w-])(?:\w+_token|\w+_secret|password|code|key|sig)=[^&\s]+"
)
LONGEST = 2_000


def redact(_logger: object, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Blank fields with secret names and cut out known shapes of secrets."""
    for name, value in event.items():
        event[name] = "[redacted]" if SECRET_FIELDS.search(name) and name != "event" else _clean(value)
    return event


def _clean(value: Any) -> Any:
    """The value without secrets, also deep inside; what JSON does not know becomes text first."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, Mapping):
        return redact(None, "", {str(name): part for name, part in value.items()})
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_clean(part) for part in value]
    text = SECRET_SHAPES.sub("[redacted]", str(value))
    if len(text) > LONGEST:
        text = f"{text[: LONGEST // 2]} […] {text[-LONGEST // 2 :]}"  # the end of a traceback says what it was
    return text


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
