"""Where the CRM and networks call us: no session, no form token; a signature proves who sends."""

from flask import Blueprint, Response, abort, jsonify, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError

from scrm import logs
from scrm.errors import ConfigError, EndpointUnknownError, PayloadError, SealError, WebhookRefusedError
from scrm.ingest import push
from scrm.models.inbox import LARGEST_BODY
from scrm.sync import outbound
from scrm.sync.webhook import receive
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
        return _not_now(why)
    if is_new:
        current.wake("inbox")
    return jsonify(stored=is_new), 202 if is_new else 200


@blueprint.post("/webhooks/outbound/<name>/<secret>")
def receive_outbound(name: str, secret: str) -> ResponseReturnValue:
    """Store an outbound message of Salesforce, then answer as its WSDL demands; all else makes it come again."""
    request.max_content_length = outbound.LARGEST_MESSAGE
    body = request.get_data(cache=False)
    try:
        is_new = outbound.receive_message(current.core(), name, secret, body)
    except EndpointUnknownError:
        abort(404)
    except PayloadError:
        abort(400)
    except WebhookRefusedError:
        abort(403)
    except (SealError, ConfigError, SQLAlchemyError) as why:
        return _not_now(why)
    if is_new:
        current.wake("inbox")
    return Response(outbound.ACKNOWLEDGMENT, content_type="text/xml; charset=utf-8")


@blueprint.get("/webhooks/<network>")
def shake_hands(network: str) -> ResponseReturnValue:
    """A network asks whether this address is ours before it calls it."""
    try:
        answer = push.shake_hands(current.core(), network, request.args.to_dict())
    except EndpointUnknownError:
        abort(404)
    except (SealError, ConfigError, SQLAlchemyError) as why:
        return _not_now(why)
    return Response(answer.body, content_type=answer.content_type)


@blueprint.post("/webhooks/<network>")
def receive_from_network(network: str) -> ResponseReturnValue:
    """Store a delivery, then answer 200, which is all that networks understand.

    Some ask by POST whether the address is ours: then there is a query and nothing to store.
    """
    request.max_content_length = LARGEST_BODY
    body = request.get_data(cache=False)
    if request.args and not body:
        return shake_hands(network)
    try:
        is_new = push.receive(current.core(), network, dict(request.headers), body)
    except EndpointUnknownError:
        abort(404)
    except WebhookRefusedError:
        return jsonify(error="the signature does not fit"), 401
    except (SealError, ConfigError, SQLAlchemyError) as why:
        return _not_now(why)
    if is_new:
        current.wake("push")
    return jsonify(stored=is_new)


def _not_now(why: Exception) -> ResponseReturnValue:
    log.warning("webhook_unavailable", error=type(why).__name__)
    return jsonify(error="not now"), 503
