"""X: what is said to and about an account, what it says itself, and what became of all that.

API v2 as in docs.x.com and openapi.json 2.167, read 2026-11-23. Reading is paid by what is returned, so lists are
asked only for what is new. Terms: developer policy and restricted use cases, read the same day.
"""

from collections.abc import Iterator
from datetime import date

from scrm.connectors.base import Account, Api, Connector
from scrm.connectors.budget import Budget, Forecast, Period, Unit
from scrm.connectors.manifest import (
    CredentialField,
    Manifest,
    RateLimit,
    Rule,
    Scope,
    Status,
    Terms,
)
from scrm.connectors.payload import Payload
from scrm.connectors.x import oauth
from scrm.connectors.x.archive import ARCHIVE
from scrm.connectors.x.client import CLIENT, client_of_app
from scrm.connectors.x.edits import Edits
from scrm.connectors.x.lists import Keywords, Mentions, OwnPosts
from scrm.connectors.x.messages import SCOPE as MESSAGES_SCOPE
from scrm.connectors.x.messages import Messages
from scrm.connectors.x.objects import Reactions, Replies
from scrm.connectors.x.people import profile
from scrm.connectors.x.prices import COUNT, OWNED, POST, PRICES, SOURCE, USER, is_owner
from scrm.connectors.x.push import XPush
from scrm.connectors.x.recheck import Recheck
from scrm.connectors.x.vocabulary import vocabulary, written
from scrm.i18n import N_
from scrm.records import ProfileRecord

ADDRESS = "https://api.x.com"
CAP = 50_000_000  # millionths of a US dollar
APP_FIELDS = (
    CredentialField(name="client_id", label=N_("Client ID"), help=N_("From your app's OAuth 2.0 settings.")),
    CredentialField(
        name="client_secret",
        label=N_("Client secret"),
        help=N_("From your app's OAuth 2.0 settings."),
        is_secret=True,
    ),
    CredentialField(name="consumer_key", label=N_("API key"), help=N_("From your app's page Keys and tokens.")),
    CredentialField(
        name="consumer_secret",
        label=N_("API key secret"),
        help=N_("Proves that a message really comes from X."),
        is_secret=True,
    ),
    CredentialField(
        name="direct_messages",
        label=N_("Read direct messages"),
        help=N_("X wants people's consent before their messages are stored. Sign in again after a change."),
        default="no",
        choices=("no", "yes"),
    ),
    CredentialField(
        name="keywords",
        label=N_("Keywords to look for"),
        help=N_("Every post found is paid for. Empty: nothing is looked for."),
        example='#nordwerk OR "Nordwerk gearbox"',
        is_advanced=True,
    ),
    CredentialField(
        name="owner_handle",
        label=N_("Account that owns the app"),
        help=N_("Reading this account's own posts and mentions costs less. Only for counting."),
        example="nordwerk",
        is_advanced=True,
    ),
    CredentialField(
        name="bearer_token",
        label=N_("Bearer token of the app"),
        help=N_("Empty: made from the API key and its secret."),
        is_secret=True,
        is_advanced=True,
    ),
    CredentialField(
        name="vocabulary",
        label=N_("Words of the API"),
        help=N_("What X calls a post in its API. Answers are understood in both."),
        default="post",
        choices=("post", "tweet"),
        is_advanced=True,
    ),
    CredentialField(name="api_url", label=N_("Address of the API"), default=ADDRESS, is_advanced=True),
    CredentialField(
        name="authorize_url",
        label=N_("Address of the sign-in page"),
        default="https://x.com/i/oauth2/authorize",
        is_advanced=True,
    ),
    CredentialField(
        name="token_url",
        label=N_("Address for tokens"),
        default=f"{ADDRESS}/2/oauth2/token",
        is_advanced=True,
    ),
    CredentialField(
        name="revoke_url",
        label=N_("Address for giving tokens back"),
        default=f"{ADDRESS}/2/oauth2/revoke",
        is_advanced=True,
    ),
    CredentialField(
        name="files_host",
        label=N_("Host of the compliance files"),
        help=N_("Lists of ids are sent there, without any access."),
        default="storage.googleapis.com",
        is_advanced=True,
    ),
)


class X(Connector):
    """What scrm knows of this network."""

    manifest = Manifest(
        key="x",
        label="X",
        mark="Xx",
        status=Status.LIVE,
        terms=Terms(
            match=Rule.CONSENT,
            store=Rule.ALLOWED,
            show=Rule.ALLOWED,
            write_to_crm=Rule.ALLOWED,
            keep_hours=None,
            recheck_hours=24,
            source="https://docs.x.com/developer-terms/policy",
            read_on=date(2026, 11, 23),
            note=N_(
                "X lets an account be matched with a person only by consent, or by a handle that the person gave you"
                " themselves. What is deleted at X must be deleted here within 24 hours, and direct messages are"
                " stored only with consent."
            ),
        ),
        scopes=(
            Scope(name="tweet.read", reason=N_("To read mentions, replies, quotes and your own posts")),
            Scope(name="users.read", reason=N_("To see who you are and who writes to you")),
            Scope(name="like.read", reason=N_("To see who likes your posts")),
            Scope(name=MESSAGES_SCOPE, reason=N_("To read direct messages, if you choose so")),
            Scope(name="offline.access", reason=N_("To keep reading without your signing in every two hours")),
        ),
        rate_limit=RateLimit(calls=300, seconds=900),
        credential_fields=(
            CredentialField(
                name="access_token",
                label=N_("Access token"),
                help=N_("Works for two hours only. Better sign in with X."),
                is_secret=True,
            ),
        ),
        app_fields=APP_FIELDS,
        budget=Budget(unit=Unit.MICRO_USD, period=Period.MONTH, cap=CAP, source=SOURCE),
        default_base_url=ADDRESS,
        reads=(
            N_("Mentions, replies and quotes of your account"),
            N_("The public profiles of the people who did that"),
            N_("Your account's own posts, replies and reposts"),
            N_("Answers below your posts, likes and reposts, for a week"),
            N_("Posts with your keywords, if you name any"),
            N_("Direct messages of the last 30 days, if you choose so"),
        ),
    )
    streams = (Mentions(), OwnPosts(), Keywords(), Messages())
    object_streams = (Replies(), Reactions(), Edits(), Recheck())
    archives = (ARCHIVE,)
    client = CLIENT
    oauth = oauth.XOAuth()
    push = XPush()

    def sign_in(self, api: Api) -> tuple[Account, ProfileRecord]:
        record = profile(_me(api))
        return Account(key=record.key, handle=record.handle or "", base_url=api.base_url), record

    def renew(self, api: Api) -> None:
        oauth.renew(api)

    def forecast(self, api: Api) -> tuple[Forecast, ...]:
        """The worst case: as deep as the lists go, and nobody twice."""
        return tuple(_forecast(api))


def _me(api: Api) -> Payload:
    found = Payload(CLIENT.json(api, "/2/users/me", vocabulary(api.app).people()), "answer")
    return found.child("data")


def _forecast(api: Api) -> Iterator[Forecast]:
    me = _me(api)
    metrics = me.optional_child("public_metrics") or Payload({})
    each = PRICES[OWNED] if is_owner(api, me.text("username")) else PRICES[POST]
    with_others = each + PRICES[USER] + PRICES[POST]  # whom it answers, and what
    posts = min(written(metrics), OwnPosts.depth)
    yield Forecast(stream=OwnPosts.name, items=posts, cost=posts * with_others + PRICES[USER])
    yield Forecast(stream=Mentions.name, items=Mentions.depth, cost=Mentions.depth * (with_others + PRICES[USER]))
    if keywords := api.app.get("keywords", "").strip():
        search = [("query", f"({keywords}) -is:retweet"), ("granularity", "day")]
        counted = Payload(client_of_app(api).json(api, "/2/tweets/counts/recent", search), "counts").child("meta")
        number = counted.number("total_post_count") or counted.number("total_tweet_count") or 0
        cost = number * (2 * PRICES[POST] + 2 * PRICES[USER]) + PRICES[COUNT]
        yield Forecast(stream=Keywords.name, items=number, cost=cost)
    if api.app.get("direct_messages") == "yes":
        yield Forecast(stream=Messages.name, items=None, cost=0)


connector = X()
