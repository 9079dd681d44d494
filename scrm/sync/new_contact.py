"""A contact made from here, where the CRM lets us: the built-in one. Others have pages of their own for it."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from scrm.db import Database
from scrm.models import Contact
from scrm.sync.contacts import take_over
from scrm.sync.crm import LOCAL, active_crm
from scrm.sync.crm.local import LocalCrm
from scrm.sync.crm.local_contacts import Statement, native_id_of, put_contacts


def may_create(session: Session) -> bool:
    """Whether contacts may be made from here."""
    return active_crm(session) == LOCAL


def create_contact(db: Database, source_id: str, fields: Mapping[str, Any]) -> Contact:
    """Make a contact and our copy of it; the same source twice makes one. In two transactions, the CRM's and ours."""
    now = db.clock.now()
    put_contacts(db, [Statement(source_id=source_id, fields=fields, at=now)])
    with db.read() as session:
        native_id = native_id_of(session, source_id)
    records = LocalCrm(db).read([native_id])
    with db.write("contacts.create") as session:
        take_over(session, LOCAL, records, now)
        mine = (Contact.crm_id == LOCAL) & (Contact.native_id == native_id)
        return session.scalars(select(Contact).where(mine)).one()
