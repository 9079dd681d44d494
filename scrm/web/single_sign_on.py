"""Sign in with the company's account (OpenID Connect): there, back, and who arrives.

Whoever comes back must be in the browser that went: state, nonce and PKCE verifier wait in its signed cookie and are
good for one return within ten minutes. An account here is found by issuer and subject, never by an e-mail address;
somebody who has an account already connects it once, signed in to it. The directory's groups give the role at each
arrival.
"""

from datetime import timedelta
from hmac import compare_digest
from typing import Any, Final

import structlog
from flask import Blueprint, Flask, abort, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from scrm.errors import DirectoryError, NetworkError
from scrm.i18n import N_, gettext
from scrm.models import User
from scrm.runtime import Core
from scrm.web import auth, current
from scrm.web.arrivals import Refusal, connect_to, find_or_add
from scrm.web.directory import Arrival, Directory, Trip, directory
from scrm.web.roles import EVERYBODY, allow

blueprint = Blueprint("single_sign_on", __name__, url_prefix="/sign-in/company")
log = structlog.get_logger()

LASTS: Final = timedelta(minutes=10)
TRIP: Final = "trip"  # in the browser's signed cookie
LONGEST_CODE: Final = 4096
RUN_OUT: Final = N_("This sign-in has run out or was used already. Begin again.")
NOT_IN_ORDER: Final = N_("The answer of the company's sign-in is not in order. The reason is in the log.")
OUT_OF_REACH: Final = N_("The company's sign-in cannot be reached now. Try again in a moment.")
SAID_NO: Final = N_("The company's sign-in did not let you in.")


def install(app: Flask) -> None:
    """Know the directory, if settings name one."""
    core: Core = app.extensions["scrm"]
    app.extensions["scrm_directory"] = Directory(core) if core.settings.oidc_issuer else None
    app.jinja_env.globals["has_directory"] = lambda: directory() is not None
    app.jinja_env.globals["has_passwords"] = lambda: current.core().settings.local_passwords


@blueprint.get("")
def begin() -> ResponseReturnValue:
    """Go to the company's sign-in."""
    onward = current.inside(request.args.get("next"))
    if current.maybe_user() is not None:
        return redirect(onward)
    address = _set_out(onward)
    return redirect(address) if address else _refused(OUT_OF_REACH, 502)


@blueprint.post("/connect")
@allow(*EVERYBODY)
def connect() -> ResponseReturnValue:
    """Go there to connect my account here with my company account.

    A form leads to ourselves alone (Content-Security-Policy, form-action), so a page goes on from there.
    """
    address = _set_out(url_for("account.show"))
    if address is None:
        flash(gettext(OUT_OF_REACH), "fault")
        return redirect(url_for("account.show"))
    return render_template("sign_in_going.html", address=address)


@blueprint.get("/back")
def come_back() -> ResponseReturnValue:
    """The browser returns, with a code or with a no."""
    found = _known()
    kept = session.pop(TRIP, None)
    if not _is_of_this_trip(kept, request.args.get("state", "")):
        return _refused(RUN_OUT)
    if "code" not in request.args:
        return _refused(SAID_NO)
    trip = Trip(state=kept["state"], nonce=kept["nonce"], verifier=kept["verifier"])
    try:
        arrival = found.redeem(request.args["code"][:LONGEST_CODE], trip, _back())
    except DirectoryError as why:
        log.warning("single_sign_on_refused", why=str(why))
        return _refused(NOT_IN_ORDER)
    except NetworkError as why:
        log.warning("single_sign_on_out_of_reach", why=str(why))
        return _refused(OUT_OF_REACH, 502)
    return _connected(arrival) if kept["owner"] else _arrived(arrival, kept["onward"])


def _set_out(onward: str) -> str | None:
    """Where the browser goes, with what it has to bring back; None when the directory is out of reach."""
    trip = Trip.new()
    try:
        address = _known().address(trip, _back())
    except (DirectoryError, NetworkError) as why:
        log.warning("single_sign_on_out_of_reach", why=str(why))
        return None
    session[TRIP] = {
        "state": trip.state,
        "nonce": trip.nonce,
        "verifier": trip.verifier,
        "onward": onward,
        "ends": (current.now() + LASTS).timestamp(),
        "owner": _owner(),
    }
    return address


def _is_of_this_trip(kept: Any, state: str) -> bool:
    """Whether this browser began it, not too long ago, as the person that is signed in now, if anybody."""
    if not isinstance(kept, dict) or kept["ends"] < current.now().timestamp() or kept["owner"] != _owner():
        return False
    return compare_digest(str(kept["state"]).encode(), state.encode())


def _owner() -> str:
    """Whose account is to be connected; empty for somebody who signs in."""
    who = current.maybe_user()
    return str(who.public_id) if who is not None else ""


def _connected(arrival: Arrival) -> ResponseReturnValue:
    with current.core().db.write("single_sign_on.connect") as db:
        refusal = connect_to(db, current.user(), arrival, current.now())
    if refusal is not None:
        flash(gettext(refusal.why), "fault")
    return redirect(url_for("account.show", saved=None if refusal else 1))


def _arrived(arrival: Arrival, onward: str) -> ResponseReturnValue:
    with current.core().db.write("single_sign_on.arrive") as db:
        found = find_or_add(db, arrival, current.now())
        token = auth.open_for(db, found, "company account") if isinstance(found, User) else ""
    if isinstance(found, Refusal):
        log.warning("single_sign_on_refused", why=found.why)
        return _refused(found.why, 403)
    response = auth.signed_in(token, onward)
    session[auth.BY_COMPANY] = True
    return response


def _known() -> Directory:
    return directory() or abort(404)


def _back() -> str:
    return current.core().settings.base_url + url_for("single_sign_on.come_back")


def _refused(why: str, status: int = 400) -> ResponseReturnValue:
    return render_template("sign_in.html", onward="/", refused=gettext(why)), status
