"""What an admin chose for an org: version of the API, our share of the calls, fields of the organization's own."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from scrm.errors import ConfigError
from scrm.i18n import N_, gettext
from scrm.sync.crm.salesforce.org import API_VERSION
from scrm.sync.crm.salesforce.people import Extra
from scrm.sync.crm.salesforce.shape import READ

FIELD = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
OLDEST = 46  # an upsert tells whether it created


def _none() -> dict[str, Extra]:
    return {name: Extra() for name in READ}


@dataclass(frozen=True, kw_only=True)
class Options:
    """Nothing of this is secret."""

    api_version: str = API_VERSION
    share_percent: int = 20  # of the calls that the whole organization may make in 24 hours
    extras: Mapping[str, Extra] = field(default_factory=_none)  # by object
    organization_id: str = ""  # this and what follows as the org said when it was connected
    organization: str = ""
    is_sandbox: bool = False
    user_id: str = ""

    def check(self) -> None:
        """Raise ConfigError with everything that is wrong."""
        faults = []
        if not re.fullmatch(r"\d{2,3}\.0", self.api_version) or int(self.api_version[:-2]) < OLDEST:
            wrong = N_("API version: expected a number like %(current)s, at least %(oldest)s.0")
            faults.append(gettext(wrong, current=API_VERSION, oldest=OLDEST))
        if not 1 <= self.share_percent <= 100:
            faults.append(gettext(N_("share: expected 1 to 100 percent")))
        names = [name for extra in self.extras.values() for name in extra.names]
        wrong = N_("%(name)s: expected the name of a field")
        faults += [gettext(wrong, name=name) for name in names if not FIELD.fullmatch(name)]
        if faults:
            raise ConfigError(faults)

    def stored(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_stored(cls, held: Mapping[str, Any]) -> "Options":
        extras = {name: Extra(**values) for name, values in held.get("extras", {}).items()}
        return cls(**(dict(held) | {"extras": _none() | extras}))
