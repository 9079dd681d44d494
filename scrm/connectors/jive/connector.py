"""Jive: what is said, answered and liked in a company's community, and on wish private messages.

REST API v3 of Jive-n and Jive-x (developers.jivesoftware.com/api/v3, read 2026-11-23). The admin names the community;
the account is one of its members, and what it may not see is not read.
"""

from collections.abc import Mapping
from datetime import date

from scrm.connectors.base import Account, Api, Connector
from scrm.connectors.jive.client import CLIENT, labeled, own_person
from scrm.connectors.jive.contents import Contents, Likes, Messages
from scrm.connectors.jive.oauth import JiveOAuth, renew
from scrm.connectors.jive.places import Places
from scrm.connectors.jive.push import JivePush
from scrm.connectors.jive.recheck import Recheck
from scrm.connectors.jive.replies import Replies
from scrm.connectors.jive.translation import NETWORK, profile, scope_of
from scrm.connectors.manifest import CredentialField, Manifest, RateLimit, Rule, Status, Terms
from scrm.connectors.payload import Payload
from scrm.i18n import N_
from scrm.records import ProfileRecord

TERMS = Terms(
    match=Rule.ALLOWED,
    store=Rule.ALLOWED,
    show=Rule.ALLOWED,
    write_to_crm=Rule.ALLOWED,
    keep_hours=None,
    source="https://developers.jivesoftware.com/api/v3/cloud/rest",
    read_on=date(2026, 11, 23),
    note=N_(
        "The community is your company's own: its rules count, and those of your works council and your data"
        " protection officer. Ask them before you connect. What everybody there may read goes to the CRM; what closed"
        " groups and people among themselves say stays out of it unless you open it on the connection's page."
    ),
)
APP_FIELDS = (
    CredentialField(
        name="api_url",
        label=N_("Address of your Jive community"),
        help=N_("As it stands in the browser, without anything behind the host."),
        example="https://community.example",
    ),
    CredentialField(
        name="client_id",
        label=N_("Client ID of the Jive add-on"),
        help=N_("From Add-ons › your add-on › View client ID and secret. It ends in .i."),
        example="0123456789abcdef0123456789abcdef.i",
    ),
    CredentialField(
        name="client_secret",
        label=N_("Client secret of the Jive add-on"),
        help=N_("Stands beside the client ID. It ends in .s."),
        is_secret=True,
    ),
    CredentialField(
        name="direct_messages",
        label=N_("Read private messages on Jive"),
        help=N_("Only those in which the connected account takes part. Private messages never reach the CRM."),
        default="no",
        choices=("no", "yes"),
        is_advanced=True,
    ),
    CredentialField(
        name="title_label",
        label=N_("Name of the profile field with the job title"),
        default="Title",
        is_advanced=True,
    ),
    CredentialField(
        name="company_label",
        label=N_("Name of the profile field with the company"),
        default="Company",
        is_advanced=True,
    ),
    CredentialField(
        name="bio_label",
        label=N_("Name of the profile field with the biography"),
        default="Biography",
        is_advanced=True,
    ),
)


class Jive(Connector):
    """What scrm knows of this network."""

    manifest = Manifest(
        key=NETWORK,
        label="Jive",
        mark="Ji",
        status=Status.LIVE,
        terms=TERMS,
        rate_limit=RateLimit(calls=60, seconds=10),  # below the 70 at which a community lets an add-on in again
        credential_fields=(
            CredentialField(
                name="base_url",
                label=N_("Address of your Jive community"),
                help=N_("As it stands in the browser, without anything behind the host."),
                example="https://community.example",
            ),
            CredentialField(name="username", label=N_("User name on Jive")),
            CredentialField(
                name="password",
                label=N_("Password on Jive"),
                help=N_("Of an account made for this. Where people sign in through the company, use the add-on."),
                is_secret=True,
            ),
        ),
        app_fields=APP_FIELDS,
        reads=(
            N_("Discussions, posts, documents, ideas and updates in all places that the account may see"),
            N_("All answers and comments, and who likes what"),
            N_("Groups and spaces, who may read them, and who belongs to the groups"),
            N_("The profiles of the people who write and like, with e-mail, title and company where they show them"),
            N_("If you switch it on: private messages in which the account takes part"),
        ),
    )
    streams = (Contents(), Likes(), Messages(), Places())
    object_streams = (Replies(), Recheck())
    client = CLIENT
    oauth = JiveOAuth()
    push = JivePush()

    def sign_in(self, api: Api) -> tuple[Account, ProfileRecord]:
        record = profile(Payload(labeled(api.app, own_person(api)), "own"), scope_of(api.base_url))
        handle = record.handle or record.key.native_id
        return Account(key=record.key, handle=handle, base_url=api.base_url), record

    def renew(self, api: Api) -> None:
        renew(api)

    def base_url(self, form: Mapping[str, str]) -> str:
        return form.get("base_url", "")


connector = Jive()
