"""What Salesforce's error codes mean to us: wait, stop, spare the quota, try the row again, or park it.

Codes after the lists of exception and status codes of the partner API; classes after the public documents, read
2026-11-24. Texts of Salesforce are not passed on where they may hold values of records.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from scrm.errors import CrmAuthError, CrmBudgetSpentError, CrmError, CrmRetryLaterError
from scrm.i18n import N_, gettext
from scrm.sync.crm.base import Fault, Result

PROBE_SECONDS = 3600.0  # the budget refills over a rolling day; it is looked at once an hour
BUSY_SECONDS = 10.0
VERSION_RULE = "scrm: older version"  # the error text of our validation rule, see salesforce/

STOP = frozenset(
    {
        "API_CURRENTLY_DISABLED",
        "API_DISABLED_FOR_ORG",
        "CLIENT_NOT_ACCESSIBLE_FOR_USER",
        "INVALID_AUTH_HEADER",
        "INVALID_LOGIN",
        "INVALID_SESSION_ID",
        "LOGIN_CHALLENGE_ISSUED",
        "LOGIN_DURING_RESTRICTED_DOMAIN",
        "LOGIN_DURING_RESTRICTED_TIME",
        "LOGIN_MUST_USE_SECURITY_TOKEN",
        "ORG_LOCKED",
        "PASSWORD_LOCKOUT",
        "TXN_SECURITY_METERING_ERROR",
        "TXN_SECURITY_RUNTIME_EXCEPTION",
        "UNSUPPORTED_API_VERSION",
    }
)
AGAIN = frozenset(
    {
        "ALL_OR_NONE_OPERATION_ROLLED_BACK",
        "FUNCTIONALITY_TEMPORARILY_UNAVAILABLE",
        "INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE",
        "ORG_IN_MAINTENANCE",
        "PROCESSING_HALTED",
        "QUERY_TIMEOUT",
        "REQUEST_RUNNING_TOO_LONG",
        "SERVER_UNAVAILABLE",
        "UNABLE_TO_LOCK_ROW",
        "UNKNOWN_EXCEPTION",
    }
)
AUTOMATION = frozenset(
    {
        "APEX_ERROR",
        "CANNOT_EXECUTE_FLOW_TRIGGER",
        "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
        "CUSTOM_APEX_ERROR",
        "FIELD_CUSTOM_VALIDATION_EXCEPTION",
        "FIELD_FILTER_VALIDATION_EXCEPTION",
        "FLOW_EXCEPTION",
    }
)
GONE = frozenset({"CANNOT_UPDATE_CONVERTED_LEAD", "ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY", "NOT_FOUND"})
DOUBLES = frozenset({"DUPLICATES_DETECTED", "DUPLICATE_EXTERNAL_ID", "DUPLICATE_VALUE"})
RIGHTS = frozenset(
    {
        "ENTITY_IS_LOCKED",
        "INACTIVE_OWNER_OR_USER",
        "INSUFFICIENT_ACCESS",
        "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY",
        "INSUFFICIENT_ACCESS_OR_READONLY",
    }
)
FIELDS = frozenset({"INVALID_FIELD", "INVALID_FIELD_FOR_INSERT_UPDATE", "INVALID_TYPE"})
FULL = frozenset({"EXCEEDED_QUOTA", "STORAGE_LIMIT_EXCEEDED"})

SAID = {
    Fault.VALUE: N_("Salesforce does not take the value of %(fields)s (%(code)s)."),
    Fault.FIELD: N_("A field or object is missing in Salesforce or not open to us: %(fields)s (%(code)s)."),
    Fault.RIGHTS: N_("Our user in Salesforce may not do this (%(code)s)."),
    Fault.RULE: N_("A rule or an automation of the organization refused it (%(code)s)."),
    Fault.DUPLICATE: N_("A rule against duplicates refused it, or the key exists twice (%(code)s)."),
    Fault.FULL: N_("Salesforce has no room left (%(code)s)."),
}


def call_error(status: int, content: Any) -> CrmError:
    """The error that a whole call's answer means. `content`: parsed JSON or text, as Salesforce sent it."""
    code, message = _first(content)
    if code == "REQUEST_LIMIT_EXCEEDED" and "concurrent" in message.lower():
        return CrmRetryLaterError("Salesforce: too many long calls at once", retry_after=BUSY_SECONDS)
    if code in FULL | {"REQUEST_LIMIT_EXCEEDED", "TOO_MANY_JOBS"}:
        return CrmBudgetSpentError(f"Salesforce: a quota is used up ({code})", retry_after=PROBE_SECONDS)
    if status == 410:
        return CrmAuthError("Salesforce no longer serves this version of its API")
    if status == 401 or code in STOP:
        return CrmAuthError(f"Salesforce refuses us ({code or status})")
    if status == 429 or status >= 500 or code in AGAIN:
        return CrmRetryLaterError(f"Salesforce does not answer as it should ({code or status})")
    return SalesforceRefusedError(status, code)


class SalesforceRefusedError(CrmError):
    """A call that is wrong in itself: an unknown field or object, a right that is missing, a malformed query."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(f"Salesforce refused a call ({code or status})")
        self.status = status
        self.code = code


def row_error(errors: Sequence[Mapping[str, Any]]) -> tuple[Result, Fault | None, str | None]:
    """What became of a row that came back with errors: result, kind of fault, plain words without any value."""
    first = errors[0] if errors else {}
    code, message = str(first.get("statusCode") or first.get("errorCode") or ""), str(first.get("message") or "")
    fields = ", ".join(str(name) for name in first.get("fields") or ()) or "?"
    if VERSION_RULE in message:
        return Result.STALE, None, None
    if code in AGAIN or (code in AUTOMATION and "UNABLE_TO_LOCK_ROW" in message):
        return Result.RETRY, Fault.LOCKED, code
    if code in GONE:
        return Result.CONTACT_GONE, Fault.CONTACT_GONE, None
    fault = _fault(code)
    return Result.REJECTED, fault, gettext(SAID[fault], fields=fields, code=code)


def _fault(code: str) -> Fault:
    for codes, fault in (
        (AUTOMATION, Fault.RULE),
        (DOUBLES, Fault.DUPLICATE),
        (RIGHTS, Fault.RIGHTS),
        (FIELDS, Fault.FIELD),
        (FULL, Fault.FULL),
    ):
        if code in codes:
            return fault
    return Fault.VALUE


def _first(content: Any) -> tuple[str, str]:
    """Code and text of the first error; Salesforce sends a list, an object, XML or nothing at all."""
    first = content[0] if isinstance(content, list) and content else content
    if isinstance(first, Mapping):
        return str(first.get("errorCode") or first.get("error") or ""), str(first.get("message") or "")
    text = first if isinstance(first, str) else ""
    _before, tag, rest = text.partition("<errorCode>")
    return (rest.partition("<")[0], text[:200]) if tag else ("", text[:200])
