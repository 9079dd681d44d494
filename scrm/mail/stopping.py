"""The address at the foot of a mail that ends it without signing in: a user's id, signed with a key of ours."""

import hashlib
import hmac
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from scrm.models import User
from scrm.runtime import Core


def token(core: Core, user: User) -> str:
    """What stands in the address; good as long as the key it was made with is in use."""
    name = user.public_id.hex
    return f"{name}.{_tags(core, name)[0]}"


def user_of(core: Core, session: Session, given: str) -> User | None:
    """Whose mail it ends; None when it is not ours."""
    name, _, tag = given.partition(".")
    if not any(hmac.compare_digest(tag.encode(), one.encode()) for one in _tags(core, name)):
        return None
    return session.scalars(select(User).where(User.public_id == UUID(name))).one_or_none()


def _tags(core: Core, name: str) -> list[str]:
    return [
        hmac.new(key, f"digest\n{name}".encode(), hashlib.sha256).hexdigest() for key in core.vault.derive("mail")
    ]
