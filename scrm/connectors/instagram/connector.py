"""Instagram: posts of a professional account and their comments, tags, mentions and private messages.

The set-up "Instagram API with Instagram Login" of Meta's page "Overview" (2026-06-30, read 2026-11-23): its own host,
no Facebook Page needed, but no search and no look at other businesses' profiles. Who likes a post is shown to nobody.
"""

from datetime import date

from scrm.connectors.base import Account, Api, Connector
from scrm.connectors.graph import VERSION, VERSIONS
from scrm.connectors.instagram.archive import ARCHIVE
from scrm.connectors.instagram.client import CLIENT, ME, node
from scrm.connectors.instagram.comments import Comments
from scrm.connectors.instagram.media import OwnMedia, Tags
from scrm.connectors.instagram.messages import Conversations, People
from scrm.connectors.instagram.oauth import InstagramOAuth, renewed, times_of_pasted
from scrm.connectors.instagram.push import InstagramPush
from scrm.connectors.instagram.recheck import Recheck
from scrm.connectors.instagram.told import Told
from scrm.connectors.instagram.translation import own_profile
from scrm.connectors.manifest import CredentialField, Manifest, RateLimit, Rule, Scope, Status, Terms
from scrm.i18n import N_
from scrm.records import ProfileRecord

API_URL = "https://graph.instagram.com"

APP_FIELDS = (
    CredentialField(
        name="client_id",
        label=N_("Instagram app ID"),
        help=N_("In Meta's app dashboard under Instagram › API setup with Instagram login."),
    ),
    CredentialField(
        name="client_secret",
        label=N_("Instagram app secret"),
        help=N_("Beside the Instagram app ID; not the secret of the Meta app itself."),
        is_secret=True,
    ),
    CredentialField(
        name="verify_token",
        label=N_("Verify token"),
        help=N_("Enter it in the dashboard under Configure webhooks, beside the address."),
        is_generated=True,
    ),
    CredentialField(
        name="version",
        label=N_("Version of the API"),
        default=VERSION,
        choices=tuple(one.name for one in VERSIONS),
        is_advanced=True,
    ),
    CredentialField(name="api_url", label=N_("Address of the API"), default=API_URL, is_advanced=True),
    CredentialField(
        name="authorize_url",
        label=N_("Address of the sign-in page"),
        default="https://www.instagram.com/oauth/authorize",
        is_advanced=True,
    ),
    CredentialField(
        name="token_url",
        label=N_("Address that gives out access"),
        default="https://api.instagram.com/oauth/access_token",
        is_advanced=True,
    ),
)


class Instagram(Connector):
    """What scrm knows of this network."""

    manifest = Manifest(
        key="instagram",
        label="Instagram",
        mark="Ig",
        status=Status.LIVE,
        terms=Terms(
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
        ),
        scopes=(
            Scope(name="instagram_business_basic", reason=N_("To see your account and its posts")),
            Scope(
                name="instagram_business_manage_comments",
                reason=N_("To read comments and who wrote them; scrm never answers or deletes any"),
            ),
            Scope(
                name="instagram_business_manage_messages",
                reason=N_("To read private messages with you; scrm never sends any"),
            ),
        ),
        rate_limit=RateLimit(calls=4800, seconds=86_400),
        app_fields=APP_FIELDS,
        credential_fields=(
            CredentialField(
                name="access_token",
                label=N_("Access token"),
                help=N_("From the dashboard: Generate access tokens, beside your account. It is good for 60 days."),
                is_secret=True,
            ),
        ),
        versions=VERSIONS,
        default_base_url=API_URL,
        reads=(
            N_("Your own posts, and the comments and answers below them"),
            N_("Posts in which you are tagged, and comments and captions that name you"),
            N_("Private messages with you, never copied into the CRM"),
            N_("The user names of the people who do that, and the names of those who write to you"),
        ),
    )
    streams = (OwnMedia(), Tags(), Conversations())
    object_streams = (Comments(), Told(), People(), Recheck())
    archives = (ARCHIVE,)
    client = CLIENT
    oauth = InstagramOAuth()
    push = InstagramPush()

    def sign_in(self, api: Api) -> tuple[Account, ProfileRecord]:
        record = own_profile(node(api, "me", ME))
        if "renew_at" not in api.credentials:
            api.credentials |= times_of_pasted(api)
        return Account(key=record.key, handle=record.handle or "", base_url=api.base_url), record

    def renew(self, api: Api) -> None:
        api.credentials |= renewed(api)


connector = Instagram()
