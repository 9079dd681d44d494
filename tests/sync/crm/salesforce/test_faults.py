import json
from typing import Any

import pytest

from scrm.errors import CrmAuthError, CrmBudgetSpentError, CrmError, CrmRetryLaterError
from scrm.sync.crm.base import Fault, Result
from scrm.sync.crm.salesforce.faults import SalesforceRefusedError, call_error, row_error


def body(code: str, message: str = "") -> list[dict[str, Any]]:
    return [{"errorCode": code, "message": message}]


@pytest.mark.parametrize(
    ("status", "content", "expected"),
    [
        (401, body("INVALID_SESSION_ID"), CrmAuthError),
        (401, {}, CrmAuthError),
        (401, "<errors><errorCode>INVALID_AUTH_HEADER</errorCode></errors>", CrmAuthError),
        (403, body("API_DISABLED_FOR_ORG"), CrmAuthError),
        (410, "<html>", CrmAuthError),
        (403, body("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."), CrmBudgetSpentError),
        (403, body("REQUEST_LIMIT_EXCEEDED", "ConcurrentPerOrgLongTxn Limit exceeded."), CrmRetryLaterError),
        (403, body("STORAGE_LIMIT_EXCEEDED"), CrmBudgetSpentError),
        (400, body("TOO_MANY_JOBS"), CrmBudgetSpentError),
        (503, "<html>We are down for maintenance.</html>", CrmRetryLaterError),
        (500, body("UNKNOWN_EXCEPTION"), CrmRetryLaterError),
        (400, body("QUERY_TIMEOUT"), CrmRetryLaterError),
        (400, body("UNABLE_TO_LOCK_ROW"), CrmRetryLaterError),
        (400, body("INVALID_FIELD"), SalesforceRefusedError),
        (404, body("NOT_FOUND"), SalesforceRefusedError),
        (400, [], SalesforceRefusedError),
        (400, None, SalesforceRefusedError),
    ],
)
def test_the_answer_to_a_call_says_what_to_do_next(status: int, content: Any, expected: type[CrmError]) -> None:
    assert type(call_error(status, content)) is expected


def test_the_day_is_looked_at_once_an_hour_and_a_busy_moment_soon() -> None:
    day = call_error(403, body("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."))
    busy = call_error(403, body("REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests Limit exceeded."))
    assert isinstance(day, CrmRetryLaterError)
    assert isinstance(busy, CrmRetryLaterError)
    assert (day.retry_after, busy.retry_after) == (3600.0, 10.0)


@pytest.mark.parametrize(
    ("code", "message", "result", "fault"),
    [
        ("UNABLE_TO_LOCK_ROW", "", Result.RETRY, Fault.LOCKED),
        ("ALL_OR_NONE_OPERATION_ROLLED_BACK", "", Result.RETRY, Fault.LOCKED),
        ("CANNOT_EXECUTE_FLOW_TRIGGER", "... UNABLE_TO_LOCK_ROW ...", Result.RETRY, Fault.LOCKED),
        ("CANNOT_EXECUTE_FLOW_TRIGGER", "their flow", Result.REJECTED, Fault.RULE),
        ("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "their trigger", Result.REJECTED, Fault.RULE),
        ("FIELD_CUSTOM_VALIDATION_EXCEPTION", "their rule", Result.REJECTED, Fault.RULE),
        ("FIELD_CUSTOM_VALIDATION_EXCEPTION", "scrm: older version", Result.STALE, None),
        ("ENTITY_IS_DELETED", "", Result.CONTACT_GONE, Fault.CONTACT_GONE),
        ("INVALID_CROSS_REFERENCE_KEY", "", Result.CONTACT_GONE, Fault.CONTACT_GONE),
        ("CANNOT_UPDATE_CONVERTED_LEAD", "", Result.CONTACT_GONE, Fault.CONTACT_GONE),
        ("DUPLICATES_DETECTED", "", Result.REJECTED, Fault.DUPLICATE),
        ("DUPLICATE_EXTERNAL_ID", "", Result.REJECTED, Fault.DUPLICATE),
        ("STRING_TOO_LONG", "", Result.REJECTED, Fault.VALUE),
        ("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "", Result.REJECTED, Fault.VALUE),
        ("INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", "", Result.REJECTED, Fault.RIGHTS),
        ("INACTIVE_OWNER_OR_USER", "", Result.REJECTED, Fault.RIGHTS),
        ("INVALID_FIELD_FOR_INSERT_UPDATE", "", Result.REJECTED, Fault.FIELD),
        ("STORAGE_LIMIT_EXCEEDED", "", Result.REJECTED, Fault.FULL),
        ("SOMETHING_NEW", "", Result.REJECTED, Fault.VALUE),
    ],
)
def test_the_answer_to_a_row_says_what_became_of_it(
    code: str, message: str, result: Result, fault: Fault | None
) -> None:
    found = row_error([{"statusCode": code, "message": message, "fields": []}])
    assert found[:2] == (result, fault)


def test_what_a_person_reads_names_fields_and_never_values() -> None:
    error = {
        "statusCode": "STRING_TOO_LONG",
        "message": "Subject: data value too large: Ada's secret",
        "fields": ["Subject__c"],
    }
    _result, _fault, words = row_error([error])
    assert words is not None
    assert "Subject__c" in words
    assert "secret" not in words
    assert "secret" not in str(call_error(400, json.loads(json.dumps(body("INVALID_FIELD", "Ada's secret")))))
