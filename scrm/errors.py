"""Every exception of ours, grouped by what the caller does next.

Messages say what was expected and where, never personal values or tokens.
"""

from datetime import datetime


class ScrmError(Exception):
    """Whatever scrm raises on purpose."""


class ConfigError(ScrmError):
    """The installation cannot start like this; lists every fault it found."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


class InputError(ScrmError):
    """What a person or a file gave us cannot be used; the message says where and what was expected."""


class ConflictError(ScrmError):
    """Somebody else was first; the caller shows what stands now."""


class WebhookRefusedError(ScrmError):
    """A delivery is forged, stale or malformed: answer 401 and keep nothing of it."""


class EndpointUnknownError(ScrmError):
    """Nobody may call this address: answer 404."""


class LostLeaseError(ScrmError):
    """Another process took this work over; write nothing and stop."""


class SealError(ScrmError):
    """A sealed value cannot be opened: wrong key, or moved to another row."""


class NetworkError(ScrmError):
    """A network did not give us what we asked for."""

    def __init__(self, message: str, *, network: str = "", stream: str = "") -> None:
        super().__init__(message)
        self.network = network
        self.stream = stream


class RetryLaterError(NetworkError):
    """Come back later with the cursor unmoved; `retry_after` in seconds when the network named it."""

    def __init__(
        self,
        message: str,
        *,
        network: str = "",
        stream: str = "",
        retry_after: float | None = None,
        throttled: bool = False,
    ) -> None:
        super().__init__(message, network=network, stream=stream)
        self.retry_after = retry_after
        self.throttled = throttled


class BudgetSpentError(RetryLaterError):
    """The budget of the connection does not allow another call before `resets_at`."""

    def __init__(self, message: str, *, network: str = "", resets_at: datetime) -> None:
        super().__init__(message, network=network)
        self.resets_at = resets_at


class AccessExpiredError(NetworkError):
    """The short-lived token ran out: refresh once, then go on."""


class AccessRevokedError(NetworkError):
    """Access seems to be gone: confirm with a second cheap call, then suspend and tell the owner."""


class UnavailableError(NetworkError):
    """The network no longer offers this, or not to us: skip the stream and show it."""


class VersionDeadError(UnavailableError):
    """The network no longer serves the version of its API that we speak: an admin has to choose a newer one."""


class GoneError(NetworkError):
    """This one object no longer exists (or is no longer visible) at the network."""


class PayloadError(NetworkError):
    """One item is not as documented: quarantine it and go on."""


class HostRefusedError(NetworkError):
    """An address we must not talk to: private, loopback or not on the allow-list."""


class DirectoryError(ScrmError):
    """What the company's directory says of somebody is not in order: nobody comes in, and the log says why."""


class CrmError(ScrmError):
    """The CRM does not take or give anything now; what it refuses of one entry is an outcome, not an error."""


class CrmRetryLaterError(CrmError):
    """The CRM is out of reach or asks to wait: costs the row no attempt."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class CrmBudgetSpentError(CrmRetryLaterError):
    """The CRM's budget of calls is used up, but for what is left to others."""


class CrmAuthError(CrmError):
    """The CRM no longer knows us: stop all writing to it and raise the alarm."""
