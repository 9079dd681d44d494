"""Error pages in the reader's language: what happened, what it means, what to do. JSON for our own script."""

from typing import Final

from flask import Flask, Response, current_app, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException, MethodNotAllowed, SecurityError

from scrm import i18n, logs
from scrm.errors import ConflictError, InputError
from scrm.i18n import N_
from scrm.web.frame import choose_language

log = logs.get(__name__)

WORDS: Final = {
    400: (N_("This request cannot be read"), N_("Something in the address or the form is not as expected.")),
    401: (N_("Sign in first"), N_("Your session has ended, or you are not signed in.")),
    403: (N_("Not for your role"), N_("You may look at other pages; this one is for somebody else.")),
    404: (N_("Nothing here"), N_("There is no such page, or what it showed is gone.")),
    405: (N_("Not this way"), N_("This address exists, but does not take this kind of request.")),
    409: (N_("Somebody was first"), N_("This was changed meanwhile. Look at what stands now.")),
    410: (N_("No longer valid"), N_("This was used or has run out.")),
    413: (N_("Too large"), N_("What you sent is larger than we take.")),
    415: (N_("Not this kind of content"), N_("This address takes another kind of content.")),
    422: (N_("This request cannot be read"), N_("Something in the address or the form is not as expected.")),
    429: (N_("Too often"), N_("Wait a minute, then go on more slowly.")),
    500: (N_("Something broke on our side"), N_("Nothing was changed. The failure was written to the log.")),
    503: (N_("Out of reach for a moment"), N_("The database does not answer. Nothing was changed.")),
}
STALE_FORM: Final = (
    N_("This form is no longer valid"),
    N_("You signed in again or it was open for very long. Go back, reload the page, and send it again."),
)
WRONG_HOST: Final = (
    N_("This address is not ours"),
    N_("We answer only under our own name. Whoever runs scrm sets it as SCRM_PUBLIC_URL."),
)


def install(app: Flask) -> None:
    """Answer every error with a page of ours."""
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(ConflictError, _conflict)
    app.register_error_handler(InputError, _input)
    app.register_error_handler(OperationalError, _database)
    app.register_error_handler(Exception, _broken)


def page(code: int, words: tuple[str, str] | None = None) -> ResponseReturnValue:
    """The page for a status."""
    title, text = words or WORDS.get(code, WORDS[500 if code >= 500 else 400])
    if request.path.startswith("/api/"):
        return _problem(code, title, text)
    if request.path.endswith(".json") or request.path.startswith("/webhooks/"):
        return jsonify(error=title), code
    if words is WRONG_HOST:  # without a host of ours no address can be made for the page's parts
        return Response("\n\n".join(words), code, mimetype="text/plain")
    i18n.language.set(choose_language())
    return render_template("error.html", code=code, title=title, text=text), code


def _problem(code: int, title: str, text: str, **more: object) -> ResponseReturnValue:
    """Problem details as RFC 9457 has them, in English: programs read them."""
    body = {"type": "about:blank", "title": title, "status": code, "detail": text, **more}
    answer = jsonify(body)
    answer.content_type = "application/problem+json"
    if code == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    if code == 429:
        answer.headers["Retry-After"] = "60"
    return answer, code


def _http(why: HTTPException) -> ResponseReturnValue:
    if why.response is not None:
        return why.response  # a redirect to the address with a slash
    found = getattr(why, "data", None)  # what was wrong with which field, by name and never with its value
    if found and request.path.startswith("/api/"):
        code = why.code or 422
        title, text = WORDS.get(code, WORDS[400])
        return _problem(code, title, text, errors=found.get("messages", {}))
    words = STALE_FORM if isinstance(why, CSRFError) else WRONG_HOST if isinstance(why, SecurityError) else None
    answer = current_app.make_response(page(why.code or 500, words))
    if isinstance(why, MethodNotAllowed):
        answer.headers["Allow"] = ", ".join(sorted(why.valid_methods or ()))
    return answer


def _conflict(why: ConflictError) -> ResponseReturnValue:
    del why
    return page(409)


def _input(why: InputError) -> ResponseReturnValue:
    """What a person gave us cannot be used; the message says so in the catalogue's words."""
    return page(400, (WORDS[400][0], str(why)))


def _database(why: Exception) -> ResponseReturnValue:
    log.warning("database_unavailable", error=type(why).__name__)
    return page(503)


def _broken(why: Exception) -> ResponseReturnValue:
    log.error("request_failed", endpoint=request.endpoint, error=type(why).__name__, exc_info=why)
    return page(500)
