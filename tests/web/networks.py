"""Two invented networks, registered like real connectors: one that allows everything, one that forbids the CRM."""

from datetime import date

from scrm.connectors.base import Account, Api, Client, Connector, Stream
from scrm.connectors.manifest import CredentialField, Manifest, RateLimit, Rule, Status, Terms
from scrm.connectors.registry import connectors
from scrm.errors import AccessRevokedError
from scrm.records import Key, ProfileRecord


def _terms(write: Rule) -> Terms:
    return Terms(
        match=Rule.ALLOWED,
        store=Rule.ALLOWED,
        show=Rule.ALLOWED,
        write_to_crm=write,
        keep_hours=None,
        recheck_hours=24,
        source="https://harbor.example/terms",
        read_on=date(2026, 1, 5),
    )


class _Notes(Stream):
    name = "notes"
    label = "Mentions"

    def read(self, api, cursor):
        raise NotImplementedError

    def translate(self, item, account):
        raise NotImplementedError


class _NoClient(Client):
    def headers(self, api):
        del api
        return {}

    def check(self, api, answer):
        del api, answer


class _Invented(Connector):
    streams = (_Notes(),)
    client = _NoClient()

    def __init__(self, key: str, label: str, mark: str, write: Rule) -> None:
        self.manifest = Manifest(
            key=key,
            label=label,
            mark=mark,
            status=Status.LIVE,
            terms=_terms(write),
            rate_limit=RateLimit(calls=10, seconds=60),
            credential_fields=(
                CredentialField(name="handle", label="Handle", example="nordwerk"),
                CredentialField(name="token", label="Access token", help="Made in the settings.", is_secret=True),
            ),
            default_base_url=f"https://{key}.example",
            reads=("Mentions", "Replies", "Likes"),
        )

    def sign_in(self, api: Api) -> tuple[Account, ProfileRecord]:
        """Knows one token; asks nobody."""
        if api.credentials["token"] != "right":
            raise AccessRevokedError("the token is not known", network=self.manifest.key)
        key = Key(network=self.manifest.key, native_id="own-1")
        handle = api.credentials["handle"]
        return Account(key=key, handle=handle, base_url=api.base_url), ProfileRecord(key=key, handle=handle)


def register() -> None:
    """Add the invented networks to the registry of this process."""
    connectors().setdefault("harbor", _Invented("harbor", "Harbor", "Hb", Rule.ALLOWED))
    connectors().setdefault("quay", _Invented("quay", "Quay", "Qy", Rule.FORBIDDEN))


def unregister() -> None:
    """Take them out again: other tests count the connectors there are."""
    for key in ("harbor", "quay"):
        connectors().pop(key, None)
