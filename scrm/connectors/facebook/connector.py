"""Facebook pages: what is said on a page of ours, about it and to it, and what the page says itself.

Meta's documentation and its own library (Graph API v26.0), read 2026-11-23; each module names what it rests on.
There is no search, and people's profiles are never shown: a name and an id that holds for one page is all.
"""

from datetime import date
from typing import Final

from scrm.connectors.base import Account, Api, Connector
from scrm.connectors.facebook.archive import ARCHIVE
from scrm.connectors.facebook.below import Comments, Reactions
from scrm.connectors.facebook.client import CLIENT, RefusedError
from scrm.connectors.facebook.conversations import Conversations
from scrm.connectors.facebook.feed import Feed
from scrm.connectors.facebook.fields import OWN_PAGE
from scrm.connectors.facebook.oauth import FacebookLogin, note_access
from scrm.connectors.facebook.push import PagePush
from scrm.connectors.facebook.ratings import Ratings
from scrm.connectors.facebook.recheck import Recheck
from scrm.connectors.facebook.translation import own_profile
from scrm.connectors.graph import VERSION, VERSIONS
from scrm.connectors.manifest import CredentialField, Manifest, RateLimit, Rule, Scope, Status, Terms
from scrm.connectors.payload import Payload
from scrm.errors import UnavailableError
from scrm.i18n import N_
from scrm.records import ProfileRecord

API_URL: Final = "https://graph.facebook.com"
DIALOG_URL: Final = "https://www.facebook.com/dialog/oauth"

# 3.d.i of the Platform Terms as a study quotes it; nothing in what was read forbids matching or a CRM
TERMS: Final = Terms(
    match=Rule.ALLOWED,
    store=Rule.ALLOWED,
    show=Rule.ALLOWED,
    write_to_crm=Rule.ALLOWED,
    keep_hours=None,
    source="https://developers.facebook.com/terms/",
    read_on=date(2026, 11, 23),
    note=N_(
        "Meta wants data deleted when it is no longer needed for the purpose that people were told of, and"
        " when somebody asks for it. Name that purpose in your privacy policy. scrm follows deletions and"
        " keeps private messages out of the CRM."
    ),
)
SCOPES: Final = (
    Scope(name="pages_show_list", reason=N_("To list the pages that you run, so that you can choose one")),
    Scope(name="pages_read_engagement", reason=N_("To read your page's own posts")),
    Scope(
        name="pages_read_user_content",
        reason=N_("To read what people write on your page: posts, comments, recommendations, and by whom"),
    ),
    Scope(name="pages_manage_metadata", reason=N_("To be told at once when something happens on your page")),
    Scope(name="pages_messaging", reason=N_("To read the messages between people and your page")),
)
APP_FIELDS: Final = (
    CredentialField(
        name="client_id",
        label=N_("App ID"),
        help=N_("From developers.facebook.com › My Apps › your app › App settings › Basic."),
    ),
    CredentialField(
        name="client_secret",
        label=N_("App secret"),
        help=N_("On the same page, below Show."),
        is_secret=True,
    ),
    CredentialField(
        name="verify_token",
        label=N_("Verify token"),
        help=N_("Copy it into the field of this name under Webhooks of your app."),
        is_generated=True,
    ),
    CredentialField(
        name="config_id",
        label=N_("Configuration ID"),
        help=N_("Only with Facebook Login for Business; leave it empty otherwise."),
        is_advanced=True,
    ),
    CredentialField(
        name="version",
        label=N_("Version of the API"),
        default=VERSION,
        choices=tuple(version.name for version in VERSIONS),
        is_advanced=True,
    ),
    CredentialField(name="api_url", label=N_("Address of the API"), default=API_URL, is_advanced=True),
    CredentialField(
        name="authorize_url", label=N_("Address of the sign-in page"), default=DIALOG_URL, is_advanced=True
    ),
)


class FacebookPages(Connector):
    """What scrm knows of this network."""

    manifest = Manifest(
        key="facebook",
        label="Facebook",
        mark="Fb",
        status=Status.LIVE,
        terms=TERMS,
        scopes=SCOPES,
        rate_limit=RateLimit(calls=200, seconds=3600),
        credential_fields=(
            CredentialField(
                name="access_token",
                label=N_("Page access token"),
                help=N_("The access of the page itself, not yours: /me/accounts shows it beside the page's name."),
                is_secret=True,
            ),
        ),
        app_fields=APP_FIELDS,
        versions=VERSIONS,
        default_base_url=API_URL,
        reads=(
            N_("Your page's posts, what visitors post on it, and posts elsewhere that name it"),
            N_("Comments and answers below these posts, and reactions to them"),
            N_("Recommendations of your page"),
            N_("Private messages between people and your page"),
            N_("The names of the people who did that; Facebook shows nothing else of them"),
        ),
    )
    streams = (Feed(), Conversations(), Ratings())
    object_streams = (Comments(), Reactions(), Recheck())
    archives = (ARCHIVE,)
    client = CLIENT
    oauth = FacebookLogin()
    push = PagePush()

    def sign_in(self, api: Api) -> tuple[Account, ProfileRecord]:
        try:
            own = Payload(CLIENT.json(api, "/me", {"fields": OWN_PAGE.text}), "page")
        except RefusedError as why:
            message = "expected the access of a page, not of a person"
            raise UnavailableError(message, network=api.network) from why
        record = own_profile(own)
        note_access(api)
        handle = own.optional_text("username") or own.text("name")
        return Account(key=record.key, handle=handle, base_url=api.base_url), record


connector = FacebookPages()
