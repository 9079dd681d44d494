"""YouTube: a channel's videos, what is said below them, who subscribes, and on wish what a search finds.

Data API v3, revision 20261104; terms, prices and limits as read on 2026-11-23. It asks for nothing that it does not
need: comments cannot be read with less than `youtube.force-ssl`.
"""

from datetime import date

from scrm.connectors.base import Account, Api, Connector
from scrm.connectors.budget import Budget, Forecast, Period, Unit
from scrm.connectors.manifest import CredentialField, Manifest, RateLimit, Rule, Status, Terms
from scrm.connectors.payload import Payload
from scrm.connectors.youtube.archive import ARCHIVE
from scrm.connectors.youtube.client import CLIENT, ZONE, own_item
from scrm.connectors.youtube.comments import Comments, Replies
from scrm.connectors.youtube.forecast import forecasts
from scrm.connectors.youtube.oauth import SCOPES, GoogleOAuth, renew
from scrm.connectors.youtube.push import HubPush
from scrm.connectors.youtube.recheck import Recheck
from scrm.connectors.youtube.subscribers import Subscribers
from scrm.connectors.youtube.translation import profile
from scrm.connectors.youtube.videos import UPLOADS, Search, Uploads
from scrm.errors import UnavailableError
from scrm.i18n import N_
from scrm.records import ProfileRecord

API_URL = "https://youtube.googleapis.com"
BUDGET = Budget(
    unit=Unit.UNITS,
    period=Period.DAY,
    cap=9_000,  # of 10,000: the rest is for whoever signs in, and for what else the project does
    zone=ZONE,
    source="https://developers.google.com/youtube/v3/determine_quota_cost",
)
TERMS = Terms(
    match=Rule.ALLOWED,
    store=Rule.ALLOWED,
    show=Rule.ALLOWED,
    write_to_crm=Rule.ALLOWED,
    keep_hours=30 * 24,
    is_kept_by_refresh=True,
    source="https://developers.google.com/youtube/terms/developer-policies",
    read_on=date(2026, 11, 23),
    note=N_(
        "What is read must be read again or deleted within 30 days, which scrm does by itself. Show it, here and in"
        " your CRM, only to people who look after the channel. No figures or scores may be made from it. When the"
        " access is revoked everything must be deleted within seven days."
    ),
)
APP_FIELDS = (
    CredentialField(
        name="client_id",
        label=N_("ID of the Google client"),
        help=N_("From Google Cloud › Google Auth Platform › Clients."),
        example="123456789012-abc.apps.googleusercontent.com",
    ),
    CredentialField(
        name="client_secret",
        label=N_("Secret of the Google client"),
        help=N_("Shown once, when the client is created."),
        is_secret=True,
    ),
    CredentialField(
        name="api_key",
        label=N_("Google API key"),
        help=N_("Optional: reads public profiles and searches without your account's access."),
        is_secret=True,
        is_advanced=True,
    ),
    CredentialField(
        name="search_words",
        label=N_("Search words on YouTube"),
        help=N_("Optional: videos of others with these words are read too. Part alternatives with |."),
        example='nordwerk|"nord werk"',
        is_advanced=True,
    ),
    CredentialField(
        name="hub_secret", label=N_("Secret of the hub that tells of videos"), is_secret=True, is_generated=True
    ),
    CredentialField(
        name="api_url",
        label=N_("Address of YouTube's API"),
        default=API_URL,
        is_advanced=True,
    ),
    CredentialField(
        name="authorize_url",
        label=N_("Google's address for signing in"),
        default="https://accounts.google.com/o/oauth2/v2/auth",
        is_advanced=True,
    ),
    CredentialField(
        name="token_url",
        label=N_("Google's address for tokens"),
        default="https://oauth2.googleapis.com/token",
        is_advanced=True,
    ),
    CredentialField(
        name="revoke_url",
        label=N_("Google's address for revoking"),
        default="https://oauth2.googleapis.com/revoke",
        is_advanced=True,
    ),
    CredentialField(
        name="hub_url",
        label=N_("Address of the hub that tells of videos"),
        default="https://pubsubhubbub.appspot.com/subscribe",
        is_advanced=True,
    ),
)


class YouTube(Connector):
    """What scrm knows of this network."""

    manifest = Manifest(
        key="youtube",
        label="YouTube",
        mark="Yt",
        status=Status.LIVE,
        terms=TERMS,
        scopes=SCOPES,
        rate_limit=RateLimit(calls=100, seconds=60),  # ours: the network names none
        credential_fields=(
            CredentialField(
                name="access_token",
                label=N_("Google access token"),
                help=N_("With both rights named below; lives an hour."),
                is_secret=True,
            ),
            CredentialField(
                name="refresh_token",
                label=N_("Google refresh token"),
                help=N_("Granted to the app that is filled in here: it renews the access."),
                is_secret=True,
            ),
        ),
        app_fields=APP_FIELDS,
        budget=BUDGET,
        default_base_url=API_URL,
        reads=(
            N_("Your channel's videos with title and description"),
            N_("Comments on your videos and all answers to them"),
            N_("The public profiles of the people who comment or subscribe"),
            N_("Who subscribes to your channel and shows it"),
            N_("If you fill in search words: public videos that hold them"),
        ),
    )
    streams = (Uploads(), Comments(), Subscribers(), Search())
    object_streams = (Replies(), Recheck())
    archives = (ARCHIVE,)
    client = CLIENT
    oauth = GoogleOAuth()
    push = HubPush()

    def sign_in(self, api: Api) -> tuple[Account, ProfileRecord]:
        own = own_item(api)
        if own is None:
            raise UnavailableError("the Google account has no channel", network=api.network)
        channel = Payload(own, "channel")
        record = profile(channel)
        playlists = channel.child("contentDetails").child("relatedPlaylists")
        api.credentials[UPLOADS] = playlists.text("uploads")
        handle = record.handle or record.key.native_id
        return Account(key=record.key, handle=handle, base_url=api.base_url), record

    def renew(self, api: Api) -> None:
        renew(api)

    def forecast(self, api: Api) -> tuple[Forecast, ...]:
        return forecasts(api, BUDGET.cap)


connector = YouTube()
