"""Sign in at a network: send an admin there, take what comes back once, choose what to connect, connect it.

What travels through the browser is a random state; its hash finds the row, so a copy of the table finishes nothing. A
flow is good for one return of the person who began it. Codes live as little as 30 seconds, so they are redeemed at
once; what they bought waits, sealed, until the person has chosen.
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement, delete, select, update

from scrm.connectors.base import Api, Connector
from scrm.connectors.budget import Forecast
from scrm.connectors.oauth import Choice, OAuth
from scrm.connectors.registry import connector_for
from scrm.errors import AccessRevokedError, InputError
from scrm.failpoints import outside
from scrm.i18n import N_
from scrm.ingest.apps import default_base_url, missing, values_of
from scrm.ingest.connections import add, check_access, new_api, take_access
from scrm.models import Connection, SignInFlow
from scrm.runtime import Core

LIFE = timedelta(minutes=10)
STATE_BYTES = VERIFIER_BYTES = 32
RUN_OUT = N_("This sign-in has run out or was used already. Begin again.")


@dataclass(frozen=True, kw_only=True)
class Returned:
    """Somebody came back from the network: what can be connected now."""

    flow_id: int
    network: str
    connection_id: int | None  # signing in again on this one
    choices: tuple[Choice, ...]


def begin(core: Core, network: str, user_id: int, connection_id: int | None, redirect_uri: str) -> str:
    """The address to go to; raises InputError when the app is not filled in."""
    connector, oauth = _signing_in(network)
    app = values_of(core, network)
    if missing(connector.manifest, app):
        raise InputError(N_("First fill in your app's fields and save them."))
    state, verifier = secrets.token_urlsafe(STATE_BYTES), secrets.token_urlsafe(VERIFIER_BYTES)
    address = oauth.authorize_url(
        app, connector.manifest.scopes, redirect_uri=redirect_uri, state=state, verifier=verifier
    )
    now = core.db.clock.now()
    row = SignInFlow(
        state=_hash(state),
        network=network,
        user_id=user_id,
        connection_id=connection_id,
        created_at=now,
        expires_at=now + LIFE,
    )
    row.secrets = core.vault.seal({"verifier": verifier, "redirect_uri": redirect_uri}, _place(row))
    with core.db.write("sign_in.begin") as session:
        session.execute(delete(SignInFlow).where(SignInFlow.expires_at <= now))
        session.add(row)
    return address


def redeem(core: Core, network: str, state: str, code: str, user_id: int) -> Returned:
    """Exchange the code at once and keep what can be chosen.

    Raises InputError for a state that is unknown, used, run out, another network's or another person's, all alike,
    and for a code that the network does not take; NetworkError when it cannot be asked now.
    """
    row = _take(core, network, state, user_id)
    kept = core.vault.open(row.secrets, _place(row))
    connector, oauth = _signing_in(network)
    api = _api(core, connector, _row(core, row.connection_id), {})
    try:
        with outside("sign_in.redeem"):
            api.credentials = oauth.redeem(
                api, code=code, redirect_uri=kept["redirect_uri"], verifier=kept["verifier"]
            )
        with outside("sign_in.choices"):
            choices = oauth.choices(api)
    except AccessRevokedError as why:
        raise InputError(N_("The network did not complete the sign-in. Begin again.")) from why
    if not choices:
        raise InputError(N_("Whoever signed in manages nothing that can be connected. Sign in as somebody who does."))
    with core.db.write("sign_in.keep") as session:
        session.execute(
            update(SignInFlow)
            .where(SignInFlow.id == row.id)
            .values(
                secrets=core.vault.seal({"choices": _written(choices)}, _place(row)),
                expires_at=core.db.clock.now() + LIFE,
            )
        )
    return Returned(flow_id=row.id, network=network, connection_id=row.connection_id, choices=choices)


def subject(core: Core, network: str, state: str, user_id: int) -> Connection | None:
    """The connection that somebody who comes back wanted to sign in again on."""
    with core.db.read() as session:
        return session.scalars(
            select(Connection)
            .join(SignInFlow, SignInFlow.connection_id == Connection.id)
            .where(SignInFlow.state == _hash(state), _own(network, user_id))
        ).one_or_none()


def decline(core: Core, network: str, state: str, user_id: int) -> None:
    """The person or the network said no: the state is used up. Raises InputError like `redeem`."""
    row = _take(core, network, state, user_id)
    with core.db.write("sign_in.decline") as session:
        session.execute(delete(SignInFlow).where(SignInFlow.id == row.id))


def returned(core: Core, network: str, flow_id: int, user_id: int) -> Returned:
    """What can be chosen after coming back; raises InputError like `redeem`."""
    now = core.db.clock.now()
    with core.db.read() as session:
        row = session.scalars(
            select(SignInFlow).where(SignInFlow.id == flow_id, SignInFlow.is_redeemed, _own(network, user_id))
        ).one_or_none()
    if row is None or row.expires_at <= now:
        raise InputError(RUN_OUT)
    kept = core.vault.open(row.secrets, _place(row))
    if "choices" not in kept:  # the process died between taking the code and keeping what it bought
        raise InputError(RUN_OUT)
    return Returned(flow_id=row.id, network=network, connection_id=row.connection_id, choices=_read(kept["choices"]))


def forecast(core: Core, flow: Returned, native_id: str) -> tuple[Forecast, ...]:
    """What reading back will cost for one of the choices; raises InputError, NetworkError."""
    connector = connector_for(flow.network)
    api = _api(core, connector, None, _chosen(flow, native_id).credentials)
    with outside("sign_in.forecast"):
        api.account = check_access(connector, api).account
        return connector.forecast(api)


def finish(core: Core, flow: Returned, native_id: str, budget_cap: int | None, user_id: int) -> Connection:
    """Connect what was chosen, or give the connection its new access; the access is tested before it is stored."""
    connector = connector_for(flow.network)
    connection = _row(core, flow.connection_id)
    api = _api(core, connector, connection, _chosen(flow, native_id).credentials)
    with outside("sign_in.finish"):
        tested = check_access(connector, api)
    if connection is None:
        row = add(core, connector, tested, user_id, budget_cap)
    else:
        row = take_access(core, connection.public_id, tested, user_id)
    with core.db.write("sign_in.done") as session:
        session.execute(delete(SignInFlow).where(SignInFlow.id == flow.flow_id))
    return row


def choice_for(core: Core, flow: Returned) -> str | None:
    """The choice that needs no asking: the account that is signed in on again, or the only one without a name."""
    connection = _row(core, flow.connection_id)
    if len(flow.choices) == 1 and not flow.choices[0].native_id:
        return ""
    if connection is None:
        return None
    if connection.native_id not in {choice.native_id for choice in flow.choices}:
        raise InputError(N_("This access belongs to another account."))
    return connection.native_id


def _signing_in(network: str) -> tuple[Connector, OAuth]:
    connector = connector_for(network)
    if connector.oauth is None:
        raise InputError(N_("Nobody can sign in at this network from here."))
    return connector, connector.oauth


def _own(network: str, user_id: int) -> ColumnElement[bool]:
    return (SignInFlow.network == network) & (SignInFlow.user_id == user_id)


def _take(core: Core, network: str, state: str, user_id: int) -> SignInFlow:
    """Use the state up; of several who come with it only the first gets it."""
    now = core.db.clock.now()
    with core.db.write("sign_in.take") as session:
        row = session.scalars(
            update(SignInFlow)
            .where(
                SignInFlow.state == _hash(state),
                SignInFlow.is_redeemed.is_(False),
                SignInFlow.expires_at > now,
                _own(network, user_id),
            )
            .values(is_redeemed=True)
            .returning(SignInFlow)
        ).one_or_none()
    if row is None:
        raise InputError(RUN_OUT)
    return row


def _api(core: Core, connector: Connector, connection: Connection | None, credentials: Mapping[str, str]) -> Api:
    """HTTP without a renewal: what is tried here is new."""
    app = values_of(core, connector.manifest.key)
    base_url = connection.base_url if connection is not None else default_base_url(connector, {}, app)
    return new_api(core, connector, base_url, credentials, app)


def _row(core: Core, connection_id: int | None) -> Connection | None:
    with core.db.read() as session:
        return session.get(Connection, connection_id) if connection_id is not None else None


def _chosen(flow: Returned, native_id: str) -> Choice:
    for choice in flow.choices:
        if choice.native_id == native_id:
            return choice
    raise InputError(N_("Choose one of the accounts on the list."))


def _hash(state: str) -> str:
    return sha256(state.encode()).hexdigest()


def _place(row: SignInFlow) -> str:
    return f"sign_in_flow/{row.state}/secrets"


def _written(choices: tuple[Choice, ...]) -> str:
    rows = [{"id": one.native_id, "label": one.label, "credentials": dict(one.credentials)} for one in choices]
    return json.dumps(rows)


def _read(text: str) -> tuple[Choice, ...]:
    rows: list[dict[str, Any]] = json.loads(text)
    return tuple(Choice(native_id=row["id"], label=row["label"], credentials=row["credentials"]) for row in rows)
