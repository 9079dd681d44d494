"""What changed in an org: accounts, contacts and leads, in portions, deleted and merged ones included."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from simple_salesforce.format import format_soql

from scrm.sync.crm.base import Changes, ContactRecord
from scrm.sync.crm.salesforce import cursor as cursors
from scrm.sync.crm.salesforce.backfill import BULK_FROM, Backfill, JobLostError
from scrm.sync.crm.salesforce.cursor import Place, as_soql, in_ms
from scrm.sync.crm.salesforce.ids import full_id, object_of
from scrm.sync.crm.salesforce.org import Org
from scrm.sync.crm.salesforce.people import Extra, record, selected, when
from scrm.sync.crm.salesforce.shape import READ, Shape

MOST_IDS = 200  # in one query: about 6,000 characters of its address
LONGEST_CHAIN = 50


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Reads people of one org."""

    org: Org
    shape: Shape
    extras: Mapping[str, Extra]
    page: int
    backfill: Backfill
    bulk_from: int = field(default=BULK_FROM)

    def changes(self, cursor: str | None, now: datetime) -> Changes:
        """The next portion; see `Crm.read_changes`."""
        places = cursors.load(cursor)
        names = self._names(places)
        for name in names:
            if name not in places:
                places[name] = self._first_place(name)
        for name in names:
            if places[name].job is not None:
                bulk, places[name] = self._bulk(name, places[name])
                return Changes(contacts=tuple(bulk), cursor=cursors.dump(places), has_more=True)
        found: list[ContactRecord] = []
        # one that is in the middle most likely fills the portion, so the others are not asked for with it
        is_under_way = places[names[0]].is_mid_round if names else False
        for group in [names[:1], names[1:]] if is_under_way else [names]:
            for name, rows in zip(group, self._fetched(group, places), strict=True):
                taken, places[name], has_more = self._round(name, places[name], rows, self.page - len(found), now)
                found += taken
                if has_more:
                    return Changes(contacts=tuple(found), cursor=cursors.dump(places), has_more=True)
        return Changes(contacts=tuple(found), cursor=cursors.dump(places), has_more=False)

    def _names(self, places: Mapping[str, Place]) -> list[str]:
        """The objects still to be read in this round: one that is in the middle and those after it, else all."""
        names = [name for name in READ if name in self.shape.objects]
        under_way = [name for name in names if name in places and places[name].is_mid_round]
        return names[names.index(under_way[0]) :] if under_way else names

    def by_ids(self, native_ids: Sequence[str]) -> list[ContactRecord]:
        """These people as they are now, in the order asked for; unknown ones are left out."""
        found: dict[str, ContactRecord] = {}
        for name, ids in _by_object(native_ids).items():
            if name not in self.shape.objects:
                continue
            fields = ", ".join(selected(name, self.shape, self.extras[name]))
            for start in range(0, len(ids), MOST_IDS):
                soql = f"SELECT {fields} FROM {name} WHERE Id IN {{ids}}"  # noqa: S608 - names from describe
                for row in self.org.query(format_soql(soql, ids=ids[start : start + MOST_IDS]), deleted=True):
                    found[row["Id"]] = record(name, row, self.extras[name])
        wanted = dict.fromkeys(full_id(one) for one in native_ids)
        return [found[one] for one in wanted if one in found]

    def survivor(self, native_id: str) -> str | None:
        """Who lives on for this id; None when nobody does."""
        seen: set[str] = set()
        current = full_id(native_id)
        while current is not None and current not in seen and len(seen) < LONGEST_CHAIN:
            seen.add(current)
            found = self.by_ids([current])
            if not found or found[0].is_deleted:
                return None
            if found[0].merged_into is None:
                return current
            current = full_id(found[0].merged_into)
        return None

    def _first_place(self, name: str) -> Place:
        total = self.org.count(name)
        if total < self.bulk_from:
            return Place()
        fields = ", ".join(selected(name, self.shape, self.extras[name]))
        return Place(job=self.backfill.start(f"SELECT {fields} FROM {name}", total))  # noqa: S608 - from describe

    def _bulk(self, name: str, place: Place) -> tuple[list[ContactRecord], Place]:
        if place.job is None:
            return [], place
        try:
            portion = self.backfill.read(place.job, self.page)
        except JobLostError:
            return [], Place()
        rows = [record(name, row, self.extras[name]) for row in portion.rows]
        if portion.job is None:  # what changed since the job was made is read from there on
            return rows, Place(at=place.job.since, is_open=True)
        return rows, replace(place, job=portion.job)

    def _fetched(self, names: Sequence[str], places: Mapping[str, Place]) -> Sequence[Iterable[Mapping[str, Any]]]:
        """The next changes of these objects in one call, and of each one more than there is room for."""
        soqls = [self._soql(name, places[name]) for name in names]
        if len(soqls) > 1:
            return self.org.queries(soqls, deleted=True)
        return [self.org.query(soql, deleted=True) for soql in soqls]

    def _round(
        self, name: str, place: Place, rows: Iterable[Mapping[str, Any]], room: int, now: datetime
    ) -> tuple[list[ContactRecord], Place, bool]:
        """The next changes of one object, at most `room`; the last value says whether there are more."""
        taken: dict[str, int] = {}
        found: list[ContactRecord] = []
        last: tuple[int, str] | None = None
        for row in rows:
            stamp = in_ms(when(row["SystemModstamp"]))
            if not place.knows(row["Id"], stamp):
                if len(found) == room:
                    return found, place.after(taken, last), True
                found.append(record(name, row, self.extras[name]))
                taken[row["Id"]] = stamp
            last = (stamp, row["Id"])
        return found, place.ended(taken, last, now), False

    def _soql(self, name: str, place: Place) -> str:
        at, after_id = place.begins()
        most = self.page + 1 + len(place.seen)
        fields = ", ".join(selected(name, self.shape, self.extras[name]))
        where = ""
        if at is not None:
            since = as_soql(at)
            where = f" WHERE SystemModstamp >= {since}"
            if after_id:
                where = format_soql(
                    f" WHERE (SystemModstamp > {since} OR (SystemModstamp = {since} AND Id > {{id}}))", id=after_id
                )
        order = " ORDER BY SystemModstamp, Id"
        return f"SELECT {fields} FROM {name}{where}{order} LIMIT {most}"  # noqa: S608 - names from describe


def _by_object(native_ids: Sequence[str]) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for native_id in dict.fromkeys(native_ids):
        name, full = object_of(native_id), full_id(native_id)
        if name is not None and full is not None:
            found.setdefault(name, []).append(full)
    return found
