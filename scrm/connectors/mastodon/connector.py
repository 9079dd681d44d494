"""Mastodon: what is said to and about an account, what it says itself, and what became of all that.

API: https://docs.joinmastodon.org/methods/ (server 4.7, read 2026-11-24). With `min_id` lists come from the oldest
on, so every stored page may move the cursor. Servers have rules of their own; the largest one forbids collecting
people's data wholesale, which reading one's own conversations is not.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from urllib.parse import urlsplit

from scrm.connectors.base import (
    RECHECK,
    Account,
    Api,
    Connector,
    ObjectPage,
    ObjectRef,
    ObjectStream,
    Page,
    Stream,
    WatchOrder,
)
from scrm.connectors.manifest import CredentialField, Manifest, RateLimit, Rule, Scope, Status, Terms
from scrm.connectors.mastodon.archive import ARCHIVE
from scrm.connectors.mastodon.client import CLIENT, Item, page_above, reacting_accounts, statuses_by_id
from scrm.connectors.mastodon.threads import THREADS, is_answered, own_account, thread_order, threads_of, with_parents
from scrm.connectors.mastodon.translation import (
    REACTED,
    TRANSLATED,
    WRITTEN,
    domain_of,
    full_handle,
    notification_records,
    profile,
    status_item_records,
)
from scrm.connectors.payload import Payload
from scrm.errors import GoneError, UnavailableError
from scrm.i18n import N_
from scrm.records import ProfileRecord, Record

PAGE = (("limit", "40"),)  # notifications would come by 80, but a page is stored in one short transaction
NOTIFICATION_PAGE = (*PAGE, *(("types[]", kind) for kind in TRANSLATED))


class Notifications(Stream):
    """Each item brings its author along, so one pass fills both tables."""

    name = "notifications"
    label = N_("Mentions, quotes, favourites, boosts and follows")

    def read(self, api: Api, cursor: str | None) -> Page:
        return page_above(api, "/api/v1/notifications", cursor, NOTIFICATION_PAGE)

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        yield from notification_records(item, account)

    def watch(self, item: Payload, account: Account) -> Iterator[WatchOrder]:
        status = item.optional_child("status")
        if status and item.text("type") in WRITTEN | REACTED:
            yield from thread_order(status, account)


class Statuses(Stream):
    """What the account itself says; whom it answers is read along."""

    name = "statuses"
    label = N_("Our own posts, replies and boosts")

    def read(self, api: Api, cursor: str | None) -> Page:
        page = page_above(api, f"/api/v1/accounts/{own_id(api)}/statuses", cursor, PAGE)
        items = with_parents(api, [dict(item) for item in page.items])
        return Page(items=tuple(items), cursor=page.cursor, has_more=page.has_more)

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        yield from status_item_records(item, account)

    def watch(self, item: Payload, account: Account) -> Iterator[WatchOrder]:
        yield from thread_order(item.child("status"), account)


class Threads(ObjectStream):
    """What stands above and below a status: replies that do not name us are found nowhere else."""

    name = THREADS
    label = N_("Conversations")
    batch = 5

    def read(self, api: Api, refs: Sequence[ObjectRef]) -> ObjectPage:
        by_ref = {ref.fetch_ref: ref.native_id for ref in refs if ref.fetch_ref}
        statuses = statuses_by_id(api, by_ref)
        items, vanished = threads_of(api, statuses)
        gone = [by_ref[native] for native in by_ref if native in vanished or native not in statuses]
        return ObjectPage(items=tuple(items), gone=tuple(gone), ends=tuple(ref.native_id for ref in refs))

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        yield from status_item_records(item, account)


class Recheck(ObjectStream):
    """Edits, deletions and reactions taken back; and replies below our posts that nothing else told us of."""

    name = RECHECK
    label = N_("Edits, deletions and what was taken back")
    batch = 20

    def read(self, api: Api, refs: Sequence[ObjectRef]) -> ObjectPage:
        asked = {ref.native_id: (ref.fetch_ref or "").split(" ") for ref in refs}
        texts = {place[0]: native_id for native_id, place in asked.items() if len(place) == 1 and place[0]}
        items, vanished = _statuses_now(api, texts)
        gone = [texts[native] for native in vanished]
        reactions: dict[tuple[str, str], dict[str, str]] = {}
        for native_id, place in asked.items():
            if len(place) == 3:
                reactions.setdefault((place[0], place[1]), {})[place[2]] = native_id
        for (who, status), accounts in reactions.items():
            found, missing = _reactions_now(api, who, status, accounts)
            items += found
            gone += missing
        # Mastodon offers no cheap way to ask whether a follower is still one
        ends = [native_id for native_id, place in asked.items() if place == [""]]
        return ObjectPage(items=tuple(items), gone=tuple(gone), ends=tuple(ends))

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        if item.has("status"):
            yield from status_item_records(item, account)
        else:
            yield profile(item.child("account"), domain_of(account))


def _statuses_now(api: Api, ids: dict[str, str]) -> tuple[list[Item], list[str]]:
    """The statuses, our answered ones with their threads; and the ids of those that are gone."""
    if not ids:
        return [], []
    found = statuses_by_id(api, ids)
    account = own_account(api)
    answered = {native: one for native, one in found.items() if is_answered(one, account)}
    items, vanished = threads_of(api, answered)
    read = {Payload(item["status"]).optional_text("id") for item in items}
    items += [{"status": one} for native, one in found.items() if native not in read]
    return items, [native for native in ids if native not in found or native in vanished]


def _reactions_now(api: Api, who: str, status: str, accounts: dict[str, str]) -> tuple[list[Item], list[str]]:
    """Who still reacts, and the native ids of the reactions that were taken back."""
    try:
        found, is_complete = reacting_accounts(api, status, who, accounts)
    except GoneError:
        return [], list(accounts.values())
    missing = [native_id for account, native_id in accounts.items() if account not in found] if is_complete else []
    return [{"account": person} for person in found.values()], missing


def own_id(api: Api) -> str:
    """The server's own id of our account, kept with the credentials since the sign-in."""
    if "account_id" not in api.credentials:
        connector.sign_in(api)
    return api.credentials["account_id"]


class Mastodon(Connector):
    """What scrm knows of this network."""

    manifest = Manifest(
        key="mastodon",
        label="Mastodon",
        mark="Ma",
        status=Status.LIVE,
        terms=Terms(
            match=Rule.ALLOWED,
            store=Rule.ALLOWED,
            show=Rule.ALLOWED,
            write_to_crm=Rule.ALLOWED,
            keep_hours=None,
            source="https://mastodon.social/terms-of-service",
            read_on=date(2026, 11, 24),
            note=N_(
                "Every server has rules of its own: read those of yours before you connect. scrm reads only what your"
                " account may see, in conversations with you, and follows deletions."
            ),
        ),
        scopes=(
            Scope(name="read:accounts", reason=N_("To see who you are and who writes to you")),
            Scope(name="read:notifications", reason=N_("To read mentions, favourites, boosts and follows")),
            Scope(name="read:statuses", reason=N_("To read your own posts and the conversations below them")),
        ),
        rate_limit=RateLimit(calls=300, seconds=300),
        credential_fields=(
            CredentialField(
                name="base_url",
                label=N_("Address of the server"),
                help=N_("The server on which your account lives."),
                example="https://social.example",
            ),
            CredentialField(
                name="access_token",
                label=N_("Access token"),
                help=N_("From Preferences › Development › your application."),
                is_secret=True,
            ),
        ),
        reads=(
            N_("Mentions, replies, quotes, favourites, boosts and follows of your account"),
            N_("The public profiles of the people who did that"),
            N_("Your account's own posts, replies and boosts"),
            N_("Conversations below your posts"),
        ),
    )
    streams = (Notifications(), Statuses())
    object_streams = (Threads(), Recheck())
    archives = (ARCHIVE,)
    client = CLIENT

    def sign_in(self, api: Api) -> tuple[Account, ProfileRecord]:
        own = Payload(CLIENT.json(api, "/api/v1/accounts/verify_credentials"), "account")
        if not own.has("uri"):
            raise UnavailableError("the server is too old: it does not name the uri of accounts", network=api.network)
        domain = self._domain(api) or urlsplit(own.text("uri")).netloc
        api.credentials["account_id"] = own.text("id")
        record = profile(own, domain)
        return Account(key=record.key, handle=full_handle(own.text("acct"), domain), base_url=api.base_url), record

    def _domain(self, api: Api) -> str | None:
        """The domain in the server's handles, which need not be the host of its addresses."""
        try:
            return Payload(CLIENT.json(api, "/api/v2/instance"), "instance").optional_text("domain")
        except (GoneError, UnavailableError):
            return None


connector = Mastodon()
