"""The timeline as a Canvas app in Salesforce: a signed request says who asks, and from which record.

Salesforce posts `signed_request`: a signature and a JSON body, both in base64, joined by a dot. The signature is
HMAC-SHA256 over the body as it was sent, with the consumer secret of the app. The algorithm that the body names is
compared and never chosen by (Salesforce's own kit trusts it). Canvas Developer Guide, read 2026-11.
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from scrm.sync.crm.salesforce.ids import full_id
from scrm.web import current, embed

NAME: Final = "salesforce"  # the embed whose origins may hold the frame
ALGORITHM: Final = "HMACSHA256"
FRESH: Final = timedelta(minutes=5)
LARGEST: Final = 200_000
PARAMETERS: Final = ("recordId", "record", "id")  # what a Visualforce page or a component may hand over

blueprint = Blueprint("canvas", __name__, url_prefix="/embed/salesforce")
blueprint.register_error_handler(embed.RefusedError, embed.refused)


@blueprint.post("/canvas")
def receive() -> ResponseReturnValue:
    """Check the signed request and go on to the record's timeline, as a rep sees it."""
    embed.allow_frame(NAME)
    settings = current.core().settings
    asked = verify(request.form.get("signed_request", ""), settings.canvas_secrets, current.now())
    _check_organization(asked, settings.canvas_organization)
    record = _record(asked)
    with current.core().db.read() as db:
        contact = embed.contact_of(db, record, crm_id="salesforce")
    who = _part(asked, "context", "user")
    return embed.enter(
        NAME, contact, str(who.get("language") or who.get("locale") or "")[:2], str(who.get("timeZone") or "")
    )


def verify(signed: str, secrets: Sequence[str], now: datetime) -> Mapping[str, Any]:
    """The body of a request that Salesforce signed lately; raises RefusedError."""
    given, dot, body = signed[:LARGEST].partition(".")
    if not (secrets and dot and body and signed.isascii()):
        raise embed.RefusedError(403, embed.REFUSED)
    signature = _decoded(given)
    wanted = [hmac.digest(secret.encode(), body.encode(), hashlib.sha256) for secret in secrets]
    if not any(hmac.compare_digest(signature, one) for one in wanted):
        raise embed.RefusedError(403, embed.REFUSED)
    try:
        asked = json.loads(_decoded(body))
    except ValueError as why:
        raise embed.RefusedError(403, embed.REFUSED) from why
    if not isinstance(asked, dict) or asked.get("algorithm") not in (None, ALGORITHM):
        raise embed.RefusedError(403, embed.REFUSED)
    _check_fresh(asked.get("issuedAt"), now)
    return asked


def _check_fresh(issued: object, now: datetime) -> None:
    """Seconds or milliseconds. An app of an older kind sends none: then the signature alone has to do."""
    if issued is None:
        return
    if isinstance(issued, bool) or not isinstance(issued, int | float) or not 0 < issued < 10**14:
        raise embed.RefusedError(403, embed.REFUSED)
    at = datetime.fromtimestamp(issued / 1000 if issued > 10**11 else issued, UTC)
    if abs(now - at) > FRESH:
        raise embed.RefusedError(410, embed.EXPIRED)


def _check_organization(asked: Mapping[str, Any], wanted: str) -> None:
    given = _part(asked, "context", "organization").get("organizationId")
    if wanted and full_id(str(given)) != full_id(wanted):
        raise embed.RefusedError(403, embed.REFUSED)


def _record(asked: Mapping[str, Any]) -> str:
    environment = _part(asked, "context", "environment")
    parameters = _part(environment, "parameters")
    named = [_part(environment, "record").get("Id"), *(parameters.get(name) for name in PARAMETERS)]
    found = next((record for one in named if isinstance(one, str) and (record := full_id(one))), None)
    if found is None:
        raise embed.RefusedError(404, embed.UNKNOWN)
    return found


def _part(asked: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    for name in names:
        inner = asked.get(name)
        asked = inner if isinstance(inner, dict) else {}
    return asked


def _decoded(text: str) -> bytes:
    plain = text.strip().replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError) as why:
        raise embed.RefusedError(403, embed.REFUSED) from why
