"""Who is one of us: connected accounts, profiles named by the admin, hosts of our own."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from scrm.models import Connection, Preference
from scrm.records import Key, ProfileRecord

PREFERENCE = "internal"  # {"domains": [...], "profiles": [[network, scope, native_id], ...]}


@dataclass(frozen=True, kw_only=True)
class InternalCheck:
    """Who is one of us: connected accounts, profiles named by the admin, hosts of our own."""

    keys: frozenset[Key] = frozenset()
    domains: frozenset[str] = frozenset()

    def __call__(self, key: Key, record: ProfileRecord | None) -> bool:
        if key in self.keys:
            return True
        if record is None or not self.domains:
            return False
        # an address that anybody may write there proves nothing; one that the network vouches for does
        addresses = (record.handle, record.email if record.email_verified else None)
        hosts = {address.rpartition("@")[2].lower() for address in addresses if address}
        return any(host == domain or host.endswith("." + domain) for host in hosts for domain in self.domains)


def internal_check(session: Session, more: Iterable[Key] = ()) -> InternalCheck:
    """The check as connections and preferences stand now, `more` keys included."""
    own = session.execute(select(Connection.network, Connection.scope, Connection.native_id)).all()
    named = session.scalar(select(Preference.value).where(Preference.name == PREFERENCE)) or {}
    keys = {Key(network=n, scope=s, native_id=i) for n, s, i in (*own, *named.get("profiles", []))}
    return InternalCheck(keys=frozenset(keys | set(more)), domains=frozenset(named.get("domains", [])))
