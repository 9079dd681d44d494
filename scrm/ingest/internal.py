"""Who is one of us: connected accounts, profiles named by the admin, hosts of our own."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from scrm.models import Connection, Preference
from scrm.records import Key

PREFERENCE = "internal"  # {"domains": [...], "profiles": [[network, scope, native_id], ...]}


@dataclass(frozen=True, kw_only=True)
class InternalCheck:
    """Who is one of us: connected accounts, profiles named by the admin, hosts of our own."""

    keys: frozenset[Key] = frozenset()
    domains: frozenset[str] = frozenset()

    def __call__(self, key: Key, handle: str | None) -> bool:
        if key in self.keys:
            return True
        host = (handle or "").rpartition("@")[2].lower() if self.domains else ""
        return bool(host) and any(host == domain or host.endswith("." + domain) for domain in self.domains)


def internal_check(session: Session, more: Iterable[Key] = ()) -> InternalCheck:
    """The check as connections and preferences stand now, `more` keys included."""
    own = session.execute(select(Connection.network, Connection.scope, Connection.native_id)).all()
    stored = session.get(Preference, PREFERENCE)
    named = stored.value if stored else {}
    keys = {Key(network=n, scope=s, native_id=i) for n, s, i in (*own, *named.get("profiles", []))}
    return InternalCheck(keys=frozenset(keys | set(more)), domains=frozenset(named.get("domains", [])))
