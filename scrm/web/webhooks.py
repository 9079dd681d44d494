"""Where the CRM calls us: no session, no form token; its signature proves who sends (Standard Webhooks)."""

from flask import Blueprint, abort, jsonify, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError

from scrm import logs
from scrm.errors import ConfigError, EndpointUnknownError, SealError, WebhookRefusedError
from scrm.sync.webhook import LARGEST_BODY, receive
from scrm.web import current

log = logs.get(__name__)

blueprint = Blueprint("webhooks", __name__)


@blueprint.post("/webhooks/crm/<name>")
def receive_from_crm(name: str) -> ResponseReturnValue:
    """Store a delivery, then answer; 2xx only for what is on disk."""
    if request.mimetype != "application/json":
        abort(415)
    request.max_content_length = LARGEST_BODY
    body = request.get_data(cache=False)
    core = current.core()
    try:
        is_new = receive(core.db, core.vault, name, dict(request.headers), body, current.now())
    except EndpointUnknownError:
        abort(404)
    except WebhookRefusedError:
        return jsonify(error="the signature does not fit"), 401
    except (SealError, ConfigError, SQLAlchemyError) as why:
        log.warning("webhook_unavailable", error=type(why).__name__)
        return jsonify(error="not now"), 503
    if is_new:
        current.wake("inbox")
    return jsonify(stored=is_new), 202 if is_new else 200
