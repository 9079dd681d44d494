"""How an org refuses: a status word, a sentence and the fields it concerns; and the HTTP status that goes with it.

Words as in the Partner WSDL, statuses as in https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/
api_rest/errorcodes.htm, read 2026-11-24; those of maintenance from memory.
"""

from __future__ import annotations

from typing import Any

STATUS = {
    "INVALID_SESSION_ID": 401,
    "REQUEST_LIMIT_EXCEEDED": 403,
    "API_DISABLED_FOR_ORG": 403,
    "INSUFFICIENT_ACCESS": 403,
    "INSUFFICIENT_ACCESS_OR_READONLY": 403,
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": 403,
    "NOT_FOUND": 404,
    "ENTITY_IS_DELETED": 404,
    "METHOD_NOT_ALLOWED": 405,
    "UNSUPPORTED_API_VERSION": 410,
    "UNSUPPORTED_MEDIA_TYPE": 415,
    "URI_TOO_LONG": 414,
    "UNKNOWN_EXCEPTION": 500,
    "SERVER_UNAVAILABLE": 503,
}


class RefusedError(Exception):
    """What the org answers in place of doing it.

    `more` are further members of the error in a REST body, such as `duplicateResult`.
    """

    def __init__(
        self, code: str, sentence: str, fields: tuple[str, ...] = (), *, more: dict[str, Any] | None = None
    ) -> None:
        super().__init__(f"{code}: {sentence}")
        self.code = code
        self.sentence = sentence
        self.fields = fields
        self.more = more or {}

    @property
    def status(self) -> int:
        return STATUS.get(self.code, 400)

    def rest(self) -> list[dict[str, Any]]:
        """Return the error as the body of a REST answer."""
        error: dict[str, Any] = {"message": self.sentence, "errorCode": self.code}
        if self.fields:
            error["fields"] = list(self.fields)
        return [{**self.more, **error}]

    def row(self) -> dict[str, Any]:
        """Return the error as one row of a list of results has it."""
        return {"statusCode": self.code, "message": self.sentence, "fields": list(self.fields)}

    def csv(self) -> str:
        """Return the error as Bulk 2.0 writes it in `sf__Error`."""
        return f"{self.code}:{self.sentence}:{','.join(self.fields)} --"
