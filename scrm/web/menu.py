"""What gathers under Administration: the page that lists it, and the second row of sections on each of these pages.

A page that belongs there adds one line to PLACES; its blueprint shows the row by itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from flask import Blueprint, Flask, current_app, render_template, request
from flask.typing import ResponseReturnValue

from scrm.i18n import N_
from scrm.models import Role
from scrm.web.roles import allow, may

blueprint = Blueprint("menu", __name__, url_prefix="/admin")


@dataclass(frozen=True, kw_only=True)
class Place:
    """A page of the administration: its endpoint, its short name, and what one does there."""

    endpoint: str
    label: str
    words: str
    also: tuple[str, ...] = ()  # other blueprints or endpoints that belong to it


PLACES: Final = (
    Place(
        endpoint="dashboard.show",
        label=N_("Health"),
        words=N_("How the connections are, what waits, what was done last."),
    ),
    Place(
        endpoint="users.index",
        label=N_("People"),
        words=N_("Who may sign in, with which role, and where they are signed in."),
    ),
    Place(
        endpoint="own.show",
        label=N_("Own people"),
        words=N_("Who is one of us and never a candidate."),
    ),
    Place(
        endpoint="crm.show",
        label=N_("Salesforce"),
        words=N_("Connect an organization, set it up, and decide whether contacts and timelines live there."),
        also=("crm_fields",),
    ),
    Place(
        endpoint="imports.contacts",
        label=N_("Import contacts"),
        words=N_("From a CSV or vCard file."),
    ),
    Place(
        endpoint="archives.index",
        label=N_("Archives"),
        words=N_("What a network lets its people take along."),
    ),
    Place(
        endpoint="hooks.index",
        label=N_("Webhooks"),
        words=N_("Who is told what happens here, and who tells us."),
        also=("incoming",),
    ),
    Place(
        endpoint="api_tokens.index",
        label=N_("API tokens"),
        words=N_("Which systems may ask us, and for what."),
    ),
    Place(
        endpoint="purposes.terms",
        label=N_("Terms and purposes"),
        words=N_("What each network's terms allow, what goes to the CRM for which purpose, and what is held."),
        also=("purposes.terms",),
    ),
    Place(
        endpoint="retention.index",
        label=N_("Retention"),
        words=N_("How long what each network gave may stay, within its terms."),
    ),
    Place(
        endpoint="forgetting.index",
        label=N_("Forgotten people"),
        words=N_("Who asked to be forgotten, how far that is, and what was done."),
    ),
    Place(
        endpoint="audit_log.index",
        label=N_("Audit log"),
        words=N_("Who changed what, and when; searched and exported."),
    ),
)


@blueprint.get("")
@allow(Role.ADMIN, Role.STEWARD)
def index() -> ResponseReturnValue:
    """Every page of the administration with what one does there."""
    return render_template("administration.html")


def install(app: Flask) -> None:
    """Let the frame of every page draw the menu."""
    app.jinja_env.globals.update(places=places, place_shown=place_shown, is_administration=is_administration)


def places() -> Sequence[Place]:
    """The pages that the person signed in may open."""
    return [place for place in PLACES if place.endpoint in current_app.view_functions and may(place.endpoint)]


def place_shown() -> Place | None:
    """The place that the page shown belongs to."""
    here = request.endpoint or ""
    for place in PLACES:
        own = (place.endpoint.rpartition(".")[0], *place.also)
        if any(here == name or here.startswith(f"{name}.") for name in own):
            return place
    return None


def is_administration() -> bool:
    """Whether the page shown is one of the administration."""
    return request.endpoint == "menu.index" or place_shown() is not None
