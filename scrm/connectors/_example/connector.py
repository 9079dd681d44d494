"""Example, an imaginary network: who mentions an account, and what became of it.

Its API is invented, so no page describes it: newest first, pages of two notes, `next` names the page after. A real
connector names here where its network's API is described, and when somebody last read that.
"""

from collections.abc import Iterator, Sequence
from datetime import date

from scrm.connectors.base import (
    RECHECK,
    Account,
    Api,
    Client,
    Connector,
    ObjectPage,
    ObjectRef,
    ObjectStream,
    Page,
    Stream,
    raise_for_status,
)
from scrm.connectors.manifest import CredentialField, Manifest, RateLimit, Rule, Scope, Status, Terms
from scrm.connectors.paging import NewestFirst
from scrm.connectors.payload import Payload
from scrm.connectors.text import html_to_text
from scrm.errors import GoneError
from scrm.http import Answer
from scrm.i18n import N_
from scrm.records import InteractionKind, InteractionRecord, Key, ProfileRecord, Record, WebLink

NETWORK = "example"


class ExampleClient(Client):
    """A bearer token; statuses and Retry-After as the standards have them."""

    def headers(self, api: Api) -> dict[str, str]:
        return {"Authorization": f"Bearer {api.credentials['access_token']}"}

    def check(self, api: Api, answer: Answer) -> None:
        raise_for_status(api, answer)


CLIENT = ExampleClient()


class Mentions(Stream):
    """Each note brings its author along, so one pass fills both tables."""

    name = "mentions"
    label = N_("Notes that mention us")

    def read(self, api: Api, cursor: str | None) -> Page:
        state = NewestFirst.parse(cursor)
        answer = Payload(CLIENT.json(api, "/api/mentions", {"page": state.next} if state.next else None), "answer")
        notes = [item.raw() for item in answer.children("items")]
        ids = [Payload(note).text("id") for note in notes]
        fresh = ids.index(state.mark) if state.mark in ids else len(ids)
        after = state.after_page(
            newest=ids[0] if ids else None,
            next_=answer.optional_text("next"),
            has_reached_mark=fresh < len(ids),
        )
        return Page(items=tuple(notes[:fresh]), cursor=after.text(), has_more=after.next is not None)

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        del account
        yield from note_records(item)


class Recheck(ObjectStream):
    """Edits and deletions, one note per call because this network has no other way."""

    name = RECHECK
    label = N_("Edits and deletions")

    def read(self, api: Api, refs: Sequence[ObjectRef]) -> ObjectPage:
        items, gone = [], []
        for ref in refs:
            try:
                items.append(Payload(CLIENT.json(api, f"/api/notes/{ref.fetch_ref}"), "note").raw())
            except GoneError:
                gone.append(ref.native_id)
        return ObjectPage(items=tuple(items), gone=tuple(gone))

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        del account
        yield from note_records(item)


def note_records(note: Payload) -> Iterator[Record]:
    """The author, then the note. What answers another note is a reply, on whatever way it came."""
    author = profile(note.child("author"))
    answers = note.optional_text("answers")
    yield author
    yield InteractionRecord(
        key=Key(network=NETWORK, native_id=note.text("uri")),
        kind=InteractionKind.REPLY if answers else InteractionKind.MENTION,
        author=author.key,
        occurred_at=note.time("written_at"),
        text=html_to_text(note.text("html")),
        url=note.optional_text("url"),
        in_reply_to=answers,
        edited_at=note.optional_time("edited_at"),
        fetch_ref=note.text("id"),
    )


def profile(person: Payload) -> ProfileRecord:
    """Everything the network shows of a person."""
    site = person.optional_text("site")
    return ProfileRecord(
        key=Key(network=NETWORK, native_id=person.text("uri")),
        handle=person.text("handle"),
        display_name=person.optional_text("name"),
        url=person.optional_text("url"),
        bio=html_to_text(person.optional_text("about") or "") or None,
        links=(WebLink(url=site, verified=person.flag("site_verified")),) if site else (),
        is_bot=person.flag("bot"),
    )


class Example(Connector):
    """What scrm knows of this network."""

    manifest = Manifest(
        key=NETWORK,
        label="Example",
        mark="Ex",
        status=Status.LIVE,
        terms=Terms(
            match=Rule.ALLOWED,
            store=Rule.ALLOWED,
            show=Rule.ALLOWED,
            write_to_crm=Rule.ALLOWED,
            keep_hours=None,
            source="https://social.test/terms",
            read_on=date(2026, 11, 24),
        ),
        scopes=(Scope(name="read", reason=N_("To read the notes that mention you")),),
        rate_limit=RateLimit(calls=100, seconds=60),
        credential_fields=(CredentialField(name="access_token", label=N_("Access token"), is_secret=True),),
        default_base_url="https://social.test",
        reads=(N_("Notes that mention us"), N_("Edits and deletions")),
    )
    streams = (Mentions(),)
    object_streams = (Recheck(),)
    client = CLIENT

    def sign_in(self, api: Api) -> tuple[Account, ProfileRecord]:
        own = profile(Payload(CLIENT.json(api, "/api/me"), "me"))
        return Account(key=own.key, handle=own.handle or "", base_url=api.base_url), own


connector = Example()
