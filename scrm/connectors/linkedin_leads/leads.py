"""What people answered in lead forms.

leadForms and leadFormResponses (lead-sync/leadsync, learn.microsoft.com/linkedin, and LinkedIn's Postman collection
"Lead Sync", read 2026-11-24). Leads of an ad account are SPONSORED, those of a page are not, and each sort is a list
of its own, which is cut by time. LinkedIn keeps leads for 365 days.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from scrm.connectors.base import RECHECK, Account, Api, Gap, ObjectPage, ObjectRef, ObjectStream, Page, Stream
from scrm.connectors.linkedin_leads.translation import deleted, form_number, lead_records
from scrm.connectors.paging import unpack
from scrm.connectors.payload import Payload
from scrm.connectors.restli import CLIENT, Item, Window, encoded, milliseconds, part_of, record, whole_number
from scrm.errors import GoneError, PayloadError
from scrm.i18n import N_
from scrm.records import Record

LEADS = "leads"
OF_PAGE, OF_ACCOUNT = ("COMPANY", "EVENT", "ORGANIZATION_PRODUCT"), ("SPONSORED",)
KEPT = timedelta(days=365)
AHEAD = timedelta(hours=1)  # our clock may be behind LinkedIn's
COUNT = 20
FORGOTTEN = N_("LinkedIn keeps leads for 365 days.")


def own_account(api: Api) -> Account:
    """Whose leads these are; known since the sign-in."""
    if api.account is None:
        raise PayloadError("sign in before reading", network=api.network)
    return api.account


def owner_field(urn: str) -> str:
    """The name under which LinkedIn wants an owner."""
    return "organization" if urn.startswith("urn:li:organization:") else "sponsoredAccount"


def kinds_of(urn: str) -> tuple[str, ...]:
    """The sorts of leads that an owner can have."""
    return OF_PAGE if owner_field(urn) == "organization" else OF_ACCOUNT


def owned(urn: str) -> str:
    """The beginning of a query for what an owner has."""
    return f"q=owner&owner={record({owner_field(urn): urn})}"


@dataclass(kw_only=True)
class Place:
    """How far the leads of each sort were read, and where the run stands."""

    windows: dict[str, Window]
    kind: str
    start: int

    @classmethod
    def parse(cls, cursor: str | None, kinds: tuple[str, ...], since: datetime) -> "Place":
        fields = unpack(cursor)
        known = {kind: fields.optional_child(kind) or Payload({}) for kind in kinds}
        kind = fields.optional_text("kind") or kinds[0]
        if kind not in kinds:
            raise PayloadError("cursor.kind: expected a sort of leads that the owner can have")
        windows = {name: Window.parse(one, since=since) for name, one in known.items()}
        return cls(windows=windows, kind=kind, start=whole_number(fields, "start") or 0)

    def after(self, following: int | None, kinds: tuple[str, ...]) -> bool:
        """Go on to the next part or the next sort; False when the run is over.

        A sort that took several parts is looked at once more, for what came meanwhile.
        """
        if following is not None:
            self.start = following
            return True
        self.windows[self.kind].close()
        if self.start:
            self.start = 0
            return True
        number = (kinds.index(self.kind) + 1) % len(kinds)
        self.kind = kinds[number]
        return number > 0

    def text(self) -> str:
        fields: dict[str, object] = {name: window.fields() for name, window in self.windows.items()}
        return json.dumps(fields | {"kind": self.kind, "start": str(self.start)}, sort_keys=True)


class Leads(Stream):
    """One sort after the other; each lead brings its form along, which says what its answers mean."""

    name = LEADS
    label = N_("Lead answers")
    every_seconds = 900

    def read(self, api: Api, cursor: str | None) -> Page:
        owner, now = own_account(api).key.native_id, api.now()
        kinds = kinds_of(owner)
        place = Place.parse(cursor, kinds, now - KEPT)
        window = place.windows[place.kind]
        part = part_of(
            api,
            "/rest/leadFormResponses",
            f"{owned(owner)}&leadType={record({'leadType': place.kind})}"
            f"&submittedAtTimeRange=(start:{window.mark},end:{milliseconds(now + AHEAD)})",
            start=place.start,
            count=COUNT,
        )
        fresh = [one for one in part.items if window.takes_item(one, "id", "submittedAt")]
        has_more = place.after(part.next, kinds)
        return Page(
            items=tuple(with_forms(api, fresh)),
            cursor=place.text(),
            has_more=has_more,
            gaps=(Gap(since=None, until=now - KEPT, reason=FORGOTTEN),) if cursor is None else (),
        )

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        yield from lead_records(item, account)


class Recheck(ObjectStream):
    """Whether leads are still there; what they say does not change."""

    name = RECHECK
    label = N_("Deleted leads")
    batch = 10

    def read(self, api: Api, refs: Sequence[ObjectRef]) -> ObjectPage:
        leads, gone = [], []
        for ref in refs:
            path = f"/rest/leadFormResponses/{encoded(ref.fetch_ref or ref.native_id)}"
            try:
                leads.append(Payload(CLIENT.json(api, path), "lead").raw())
            except GoneError:
                gone.append(ref.native_id)
        told = [{"deleted": native_id} for native_id in gone]
        return ObjectPage(items=(*with_forms(api, leads), *told), gone=tuple(gone))

    def translate(self, item: Payload, account: Account) -> Iterator[Record]:
        if item.has("deleted"):
            yield from deleted(item.text("deleted"))
        else:
            yield from lead_records(item, account)


def with_forms(api: Api, leads: list[Item]) -> list[Item]:
    """Each lead with its form, as far as that still exists; every form is read once."""
    forms: dict[str, Item | None] = {}
    items = []
    for lead in leads:
        number = _number(lead)
        if number is not None and number not in forms:
            forms[number] = _form(api, number)
        form = forms.get(number or "")
        items.append({"lead": lead, **({"form": form} if form else {})})
    return items


def _number(lead: Item) -> str | None:
    try:
        return form_number(Payload(lead))
    except PayloadError:
        return None


def _form(api: Api, number: str) -> Item | None:
    """What translating an answer needs of a form."""
    try:
        form = Payload(CLIENT.json(api, f"/rest/leadForms/{number}"), "form")
    except GoneError:
        return None
    questions = [one.raw() for one in form.child("content").children("questions")]
    return {"name": form.optional_text("name"), "content": {"questions": questions}}
